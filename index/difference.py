"""Which lines a difference of two texts names: those that git's would, with its ties broken as it breaks them.

E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986), section 4b, with the shortcuts by which libxdiff,
and so `git log -G`, ends early on texts that have little in common: which of two equal lines moved is theirs to say.
What slides without being another difference is left where it is, since the lines named are equal then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_MOST_EQUAL = 1024  # so many equal lines on the other side, or the root of all, make a line common
_WINDOW = 100  # lines on each side by which a common line is judged
_KEPT = 4  # a common line is kept unless lines without counterpart around it are so many times the common ones
_SNAKE = 20  # equal lines in a row that promise a way
_PATIENCE = 256  # steps from which such a way is taken, and the fewest after which any is
_WORTH = 4  # lines a promising way has to have gained for each step
_FAR = 1 << 60


def touches(before: Sequence[int], after: Sequence[int], in_before: Collection[int], in_after: Collection[int]) -> bool:
    """Whether a difference of two texts names one of certain lines, given as numbers of equal lines and as places.

    O(d * n) where d lines differ, at most some hundred steps at a time; boxes without such lines are left out.
    """
    first, last = _ends(before, after)
    one = _kept(before, Counter(after), first, len(before) - last)
    other = _kept(after, Counter(before), first, len(after) - last)
    old = _Wanted(one, in_before, first, len(before) - last)
    new = _Wanted(other, in_after, first, len(after) - last)
    if old.left_out or new.left_out:
        return True
    return _walked([before[at] for at in one], [after[at] for at in other], old, new)


class _Wanted:
    """The places asked about, among the lines that are compared."""

    def __init__(self, kept: Sequence[int], places: Collection[int], first: int, end: int) -> None:
        wanted = {at for at in places if first <= at < end}
        self._at = [number for number, place in enumerate(kept) if place in wanted]
        self.left_out = len(self._at) < len(wanted)

    def within(self, first: int, end: int) -> bool:
        """Whether one of them lies there."""
        at = bisect_left(self._at, first)
        return at < len(self._at) and self._at[at] < end


def _ends(one: Sequence[int], other: Sequence[int]) -> tuple[int, int]:
    """How many lines are equal at the beginning, and behind that at the end."""
    most = min(len(one), len(other))
    first = next((at for at in range(most) if one[at] != other[at]), most)
    last = next((at for at in range(most - first) if one[-1 - at] != other[-1 - at]), most - first)
    return first, last


def _root(number: int) -> int:
    """About the square root, as a power of two."""
    found = 1
    while number > 0:
        found, number = found << 1, number >> 2
    return found


def _kept(lines: Sequence[int], elsewhere: Counter[int], first: int, end: int) -> list[int]:
    """Places of the lines that are compared: of those between equal ends, all but lines that tell nothing."""
    common = min(_root(len(lines)), _MOST_EQUAL)
    # 0: has no counterpart, 1: has some, 2: has very many
    sorts = [0 if not (equal := elsewhere[line]) else 1 + (equal >= common) for line in lines[first:end]]
    return [first + at for at, sort in enumerate(sorts) if sort == 1 or (sort == 2 and not _tells_nothing(sorts, at))]


def _tells_nothing(sorts: Sequence[int], at: int) -> bool:
    """Whether a common line stands among lines that have no counterpart."""
    alone, many = 0, 2
    for side in (sorts[max(0, at - _WINDOW) : at][::-1], sorts[at + 1 : at + 1 + _WINDOW]):
        run = next((number for number, sort in enumerate(side) if sort == 1), len(side))
        without = side[:run].count(0)
        if not without:
            return False
        alone += without
        many += run - without
    return many * _KEPT < many + alone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """Lines of both texts that are still to be compared; with `least` no way through them may be a shortcut."""

    left: int
    right: int
    top: int
    bottom: int
    least: bool


def _walked(one: Sequence[int], other: Sequence[int], old: _Wanted, new: _Wanted) -> bool:
    patience = max(_PATIENCE, _root(len(one) + len(other) + 3))
    boxes = [_Box(left=0, right=len(one), top=0, bottom=len(other), least=False)]
    while boxes:
        box = _shrunk(one, other, boxes.pop())
        wanted = old.within(box.left, box.right) or new.within(box.top, box.bottom)
        if not wanted:
            continue
        if box.left == box.right or box.top == box.bottom:
            return True
        boxes.extend(_Search(one, other, box, patience).halves())
    return False


def _shrunk(one: Sequence[int], other: Sequence[int], box: _Box) -> _Box:
    left, right, top, bottom = box.left, box.right, box.top, box.bottom
    while left < right and top < bottom and one[left] == other[top]:
        left, top = left + 1, top + 1
    while left < right and top < bottom and one[right - 1] == other[bottom - 1]:
        right, bottom = right - 1, bottom - 1
    return _Box(left=left, right=right, top=top, bottom=bottom, least=box.least)


class _Front:
    """How far paths of so many steps have come, by diagonal, from one corner of a box towards the other."""

    def __init__(self, start: int, lowest: int, highest: int, place: int, beyond: int) -> None:
        self.start = self.low = self.high = start
        self._lowest, self._highest, self._beyond = lowest, highest, beyond
        self.reach = {start: place}

    def widen(self) -> None:
        """One diagonal more on each side; at the edge of the box one less."""
        if self.low > self._lowest:
            self.low -= 1
            self.reach[self.low - 1] = self._beyond
        else:
            self.low += 1
        if self.high < self._highest:
            self.high += 1
            self.reach[self.high + 1] = self._beyond
        else:
            self.high -= 1

    def diagonals(self) -> range:
        """Those reached with this number of steps."""
        return range(self.high, self.low - 1, -2)


class _Search:
    """Looks for the point at which a box is divided, from both of its corners."""

    def __init__(self, one: Sequence[int], other: Sequence[int], box: _Box, patience: int) -> None:
        self._one, self._other, self._box, self._patience = one, other, box, patience
        lowest, highest = box.left - box.bottom, box.right - box.top
        self._ahead = _Front(box.left - box.top, lowest, highest, box.left, -1)
        self._back = _Front(box.right - box.bottom, lowest, highest, box.right, _FAR)
        self._odd = bool((self._ahead.start - self._back.start) & 1)
        self._promising = False

    def halves(self) -> tuple[_Box, _Box]:
        """The two boxes to compare instead."""
        box = self._box
        left, top, least_before, least_behind = self._point()
        return (
            _Box(left=box.left, right=left, top=box.top, bottom=top, least=least_before),
            _Box(left=left, right=box.right, top=top, bottom=box.bottom, least=least_behind),
        )

    def _point(self) -> tuple[int, int, bool, bool]:
        steps = 0
        while True:
            steps += 1
            self._promising = False
            met = self._forwards() or self._backwards()
            if met is not None:
                return (*met, True, True)
            if self._box.least:
                continue
            if self._promising and steps > _PATIENCE:
                if (found := self._best(self._gains_ahead(steps))) is not None:
                    return (*found, True, False)
                if (found := self._best(self._gains_back(steps))) is not None:
                    return (*found, False, True)
            if steps >= self._patience:
                return self._furthest()

    def _forwards(self) -> tuple[int, int] | None:
        one, other, reach, box = self._one, self._other, self._ahead.reach, self._box
        self._ahead.widen()
        for diagonal in self._ahead.diagonals():
            below, above = reach[diagonal - 1], reach[diagonal + 1]
            at = begun = below + 1 if below >= above else above
            across = at - diagonal
            while at < box.right and across < box.bottom and one[at] == other[across]:
                at, across = at + 1, across + 1
            self._promising |= at - begun > _SNAKE
            reach[diagonal] = at
            back = self._back
            if self._odd and back.low <= diagonal <= back.high and back.reach[diagonal] <= at:
                return at, across
        return None

    def _backwards(self) -> tuple[int, int] | None:
        one, other, reach, box = self._one, self._other, self._back.reach, self._box
        self._back.widen()
        for diagonal in self._back.diagonals():
            below, above = reach[diagonal - 1], reach[diagonal + 1]
            at = begun = below if below < above else above - 1
            across = at - diagonal
            while at > box.left and across > box.top and one[at - 1] == other[across - 1]:
                at, across = at - 1, across - 1
            self._promising |= begun - at > _SNAKE
            reach[diagonal] = at
            ahead = self._ahead
            if not self._odd and ahead.low <= diagonal <= ahead.high and at <= ahead.reach[diagonal]:
                return at, across
        return None

    def _gains_ahead(self, steps: int) -> Iterator[tuple[int, int, int]]:
        """What paths from the beginning have gained that end in a long run of equal lines, and where."""
        box, front = self._box, self._ahead
        for diagonal in front.diagonals():
            at = front.reach[diagonal]
            across = at - diagonal
            gain = at - box.left + across - box.top - abs(diagonal - front.start)
            inside = box.left + _SNAKE <= at < box.right and box.top + _SNAKE <= across < box.bottom
            if gain > _WORTH * steps and inside and self._equal(at - _SNAKE, across - _SNAKE):
                yield gain, at, across

    def _gains_back(self, steps: int) -> Iterator[tuple[int, int, int]]:
        """The same of paths from the end, which begin there."""
        box, front = self._box, self._back
        for diagonal in front.diagonals():
            at = front.reach[diagonal]
            across = at - diagonal
            gain = box.right - at + box.bottom - across - abs(diagonal - front.start)
            inside = box.left < at <= box.right - _SNAKE and box.top < across <= box.bottom - _SNAKE
            if gain > _WORTH * steps and inside and self._equal(at, across):
                yield gain, at, across

    def _equal(self, at: int, across: int) -> bool:
        return self._one[at : at + _SNAKE] == self._other[across : across + _SNAKE]

    @staticmethod
    def _best(gains: Iterator[tuple[int, int, int]]) -> tuple[int, int] | None:
        """The first of those that gained most."""
        best = max(gains, key=lambda one: one[0], default=None)
        return None if best is None else best[1:]

    def _furthest(self) -> tuple[int, int, bool, bool]:
        """Where the longer of all paths ends, when it took too many steps to find more."""
        box = self._box
        ahead, at_ahead = -1, -1
        for diagonal in self._ahead.diagonals():
            at = min(self._ahead.reach[diagonal], box.right)
            across = at - diagonal
            if box.bottom < across:
                at, across = box.bottom + diagonal, box.bottom
            if ahead < at + across:
                ahead, at_ahead = at + across, at
        back, at_back = _FAR, _FAR
        for diagonal in self._back.diagonals():
            at = max(box.left, self._back.reach[diagonal])
            across = at - diagonal
            if across < box.top:
                at, across = box.top + diagonal, box.top
            if at + across < back:
                back, at_back = at + across, at
        if box.right + box.bottom - back < ahead - (box.left + box.top):
            return at_ahead, ahead - at_ahead, True, False
        return at_back, back - at_back, False, True
