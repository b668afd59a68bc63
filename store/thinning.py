"""Which snapshots of a project to keep: by counts of what exists and by what it means, never by age alone. Pure.

"Now" is the newest snapshot: a vault that nobody touched for a year loses nothing by it. Snapshots are ordered by their
sequence; times only tell which hour, day, week, month or year a snapshot stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from codevault.errors import InvalidArgument
from codevault.ids import SnapshotId
from codevault.store.model import Snapshot

DAY_NS = 86_400_000_000_000
_TOLERANCE_NS = 5 * 60 * 1_000_000_000
_JUMP_NS = 366 * DAY_NS
_COUNTS = ("newest", "hourly", "daily", "weekly", "monthly", "yearly", "branches")


def _check_count(name: str, count: object, *, least: int) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count < least:
        raise InvalidArgument(f"{name} must be a whole number of at least {least}, not {count!r:.40}")


@dataclass(frozen=True, slots=True)
class UndoWindow:
    """How long a thinned snapshot can be put back: until that many generations came after *and* that many days passed.

    `UndoWindow(0, 0)` frees at once.
    """

    generations: int = 20
    days: int = 30

    def __post_init__(self) -> None:
        for name in ("generations", "days"):
            _check_count(name, getattr(self, name), least=0)

    @property
    def closed(self) -> bool:
        """True when nothing can be put back."""
        return self.generations == 0 and self.days == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What thinning keeps of each project; a snapshot goes only when no rule keeps it.

    `newest`: that many last snapshots. `hourly`, `daily`, `weekly`, `monthly`, `yearly`: the last snapshot of each of
    that many hours (days, …) *that hold one*. `branches`: the last snapshot of each of that many branches last worked
    on. `milestones`: that many last milestones, None for all. Manual snapshots stay unless `manual` is set. `pinned`
    stay. `floor` snapshots stay whatever the rules say, and the newest always does. None switches a rule off; a zero
    is refused, for it could mean either.

    Raises:
        InvalidArgument: a count below one, or no rule that keeps anything.
    """

    newest: int | None = None
    hourly: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None
    branches: int | None = None
    milestones: int | None = None
    manual: bool = False
    pinned: tuple[SnapshotId, ...] = ()
    floor: int = 5
    undo: UndoWindow = UndoWindow()

    def __post_init__(self) -> None:
        for name in (*_COUNTS, "milestones"):
            if getattr(self, name) is not None:
                _check_count(name, getattr(self, name), least=1)
        _check_count("floor", self.floor, least=1)
        if not any(getattr(self, name) for name in _COUNTS):
            raise InvalidArgument(f"a retention needs a rule: give a count for one of {', '.join(_COUNTS)}")
        if not isinstance(self.manual, bool) or not isinstance(self.undo, UndoWindow):
            raise InvalidArgument("manual is True or False, undo an UndoWindow")
        if not isinstance(self.pinned, tuple) or not all(isinstance(named, str) for named in self.pinned):
            raise InvalidArgument("pinned is a tuple of snapshot ids")

    @classmethod
    def of(cls, rules: Mapping[str, Any]) -> Self:
        """A retention from plain names and counts, as a file of settings holds them.

        Raises:
            InvalidArgument: it is empty, or holds a name or a count that means nothing.
        """
        unknown = set(rules) - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidArgument(f"a retention has no rule called {', '.join(sorted(map(str, unknown)))}")
        given = dict(rules)
        if isinstance(given.get("undo"), Mapping):
            given["undo"] = _undo_window(given["undo"])
        if isinstance(given.get("pinned"), list):
            given["pinned"] = tuple(given["pinned"])
        return cls(**given)

    def rules(self) -> dict[str, Any]:
        """The inverse of `of`: names and counts only."""
        plain = {name: value for name, value in asdict(self).items() if value is not None}
        return {**plain, "pinned": list(self.pinned)}


STANDARD = Retention(newest=50, hourly=48, daily=60, weekly=104, monthly=120, yearly=100, branches=20)
"""What `prune()` keeps unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What becomes of a snapshot, and why: the rules that keep it, or that none does."""

    snapshot: Snapshot
    keep: bool
    reasons: tuple[str, ...]


def judge(snapshots: Iterable[Snapshot], retention: Retention) -> tuple[Judgement, ...]:
    """Judges the snapshots of one project, given in any order; the answer is by sequence.

    Keeps more when a count grows, and never removes a milestone that it would keep as an automatic snapshot.
    """
    newest_first = sorted(snapshots, key=lambda snapshot: snapshot.sequence, reverse=True)
    reasons: dict[SnapshotId, list[str]] = {snapshot.id: [] for snapshot in newest_first}
    for kept, reason in _kept(newest_first, retention):
        reasons[kept.id].append(reason)
    return tuple(
        Judgement(
            snapshot=snapshot,
            keep=bool(reasons[snapshot.id]),
            reasons=tuple(reasons[snapshot.id]) or ("no rule keeps it",),
        )
        for snapshot in reversed(newest_first)
    )


def _kept(newest_first: Sequence[Snapshot], retention: Retention) -> Iterable[tuple[Snapshot, str]]:
    for snapshot in newest_first[: retention.floor]:
        yield snapshot, f"one of the last {retention.floor}: the floor"
    for snapshot in newest_first[: retention.newest or 0]:
        yield snapshot, f"one of the last {retention.newest}"
    for snapshot in newest_first:
        if snapshot.id in retention.pinned:
            yield snapshot, "pinned"
        if (
            snapshot.kind not in {"automatic", "milestone"} and not retention.manual
        ):  # an unknown kind counts as asked for
            yield snapshot, "asked for by hand"
    marked = [snapshot for snapshot in newest_first if snapshot.kind == "milestone"]
    for snapshot in marked[: retention.milestones]:
        yield snapshot, "a milestone"
    for name, period in _PERIODS.items():
        for snapshot in _last_of_each(newest_first, period, getattr(retention, name) or 0):
            yield snapshot, f"last of its {period.__name__.removeprefix('_')}"
    yield from ((snapshot, "last of its branch") for snapshot in _branches(newest_first, retention.branches or 0))


def _last_of_each(
    newest_first: Sequence[Snapshot], period: Callable[[Snapshot], object], count: int
) -> Iterable[Snapshot]:
    last: object = None
    for snapshot in newest_first:
        if count <= 0:
            return
        current = period(snapshot)
        if current != last:
            last, count = current, count - 1
            yield snapshot


def _branches(newest_first: Sequence[Snapshot], count: int) -> Iterable[Snapshot]:
    seen: set[object] = set()
    for snapshot in newest_first:
        branch = snapshot.facts.get("branch")
        if len(seen) < count and branch is not None and branch not in seen:
            seen.add(branch)
            yield snapshot


def _hour(snapshot: Snapshot) -> int:
    return (snapshot.created_ns // 1_000_000_000 + snapshot.utc_offset_s) // 3600


def _day(snapshot: Snapshot) -> int:
    return _hour(snapshot) // 24


def _week(snapshot: Snapshot) -> int:
    return (_day(snapshot) + 3) // 7  # the epoch began on a Thursday


def _month(snapshot: Snapshot) -> tuple[int, int]:
    return civil(_day(snapshot))


def _year(snapshot: Snapshot) -> int:
    return civil(_day(snapshot))[0]


_PERIODS: Mapping[str, Callable[[Snapshot], object]] = {
    "hourly": _hour,
    "daily": _day,
    "weekly": _week,
    "monthly": _month,
    "yearly": _year,
}


def civil(days: int) -> tuple[int, int]:
    """Year and month of a day counted from the epoch, for any number of days; Python's own calendar ends in 9999.

    Howard Hinnant, chrono-Compatible Low-Level Date Algorithms (2013), `civil_from_days`.
    """
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """How much a snapshot changed: entries held before and now, entries that went or were replaced, new contents.

    `novel` counts contents that the snapshots looked at had not held before.
    """

    before: int
    now: int
    gone: int
    novel: int


def clock_suspicions(snapshots: Sequence[Snapshot], now_ns: int) -> tuple[str, ...]:
    """Why the times of a project's snapshots, by sequence, are not to be trusted; empty when nothing is odd.

    Looks at the newest one against all before it and against `now_ns`: what lies further back was looked at when it
    was new.
    """
    if not snapshots:
        return ()
    *earlier, newest = snapshots
    found = []
    if newest.created_ns > now_ns + _TOLERANCE_NS:
        found.append(f"snapshot {newest.sequence} is dated after the present time")
    if earlier:
        latest = max(snapshot.created_ns for snapshot in earlier)
        if newest.created_ns < latest - _TOLERANCE_NS:
            found.append(f"the clock went backwards before snapshot {newest.sequence}")
        if newest.created_ns - earlier[-1].created_ns > _JUMP_NS:
            found.append(f"the clock jumped by more than a year before snapshot {newest.sequence}")
    return tuple(found)


def change_suspicion(snapshot: Snapshot, turnover: Turnover) -> str | None:
    """Why a snapshot looks like an accident or an attack rather than work, None when it does not.

    Twenty files and half of all must be gone, or replaced by content never seen before: a checkout of another branch
    brings back known content, an import removes nothing, and what was left to bundles (`left_out`) is not gone.
    """
    if snapshot.facts.get("suspect"):
        return f"snapshot {snapshot.sequence} was marked as suspect when it was made: most files were gone"
    least = max(20, turnover.before // 2)
    if turnover.gone >= least and turnover.novel >= least:
        return f"snapshot {snapshot.sequence} replaced most of {turnover.before} entries by content never seen before"
    left_out = snapshot.facts.get("left_out")
    lost = turnover.before - turnover.now - (left_out if isinstance(left_out, int) else 0)
    if lost >= least:
        return f"snapshot {snapshot.sequence} lost {lost} of {turnover.before} entries"
    return None


def _undo_window(given: Mapping[str, Any]) -> UndoWindow:
    unknown = set(given) - {"generations", "days"}
    if unknown:
        raise InvalidArgument(f"an undo window has no {', '.join(sorted(map(str, unknown)))}")
    return UndoWindow(**given)
