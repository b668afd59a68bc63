"""What conditions of a query mean: tests of symbols and of lines, and what the text index can look up for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import OSA

from codevault.index.expressions import required
from codevault.index.matching import Matcher, WordMatcher, literal_matcher, regex_matcher
from codevault.index.names import glob_matcher, has_initials, is_glob, rank, words_of
from codevault.index.patterns import ANYTHING, AllOf, Need, Shape, Word, literal
from codevault.queries import Condition, How, Kind, Name, Regex, Signature, Text, Words

PREFIX, INITIALS, WORDS, FUZZY, BODY = 0.5, 0.4, 0.3, 0.2, 0.1
"""How well an answer answers by a name's beginning, its initials, its words, a few edits, by its lines alone."""

LONG_NAME = 6
"""Letters from which a fuzzy name may be two edits away; shorter ones one."""

Score = Callable[[str, str], float]
"""How well a name, given with its qualified name, answers: 1 exact, down to 0 not at all."""


class Declared(NamedTuple):
    """What a condition on symbols is asked of."""

    name: str
    qualified: str
    kind: str
    parameters: Sequence[str] = ()
    returns: str = ""
    decorators: Sequence[str] = ()
    visibility: str = ""


def edits(asked: str) -> int:
    """How many edits away a fuzzy name may be."""
    return 2 if len(asked) >= LONG_NAME else 1


def scorer(asked: str, how: How) -> Score:
    """How names answer."""
    if how == "any" and is_glob(asked):
        how = "glob"
    return _SCORERS[how](asked)


def _any(asked: str) -> Score:
    begins = _prefix(asked)
    upper = any(char.isupper() for char in asked)

    def score(name: str, qualified: str) -> float:
        best = max(rank(asked, name, qualified), begins(name, qualified))
        return max(best, INITIALS) if upper and best < INITIALS and has_initials(asked, name) else best

    return score


def _exact(asked: str) -> Score:
    inside = "." + asked
    return lambda name, qualified: (
        1.0 if name == asked else 0.9 if qualified == asked or qualified.endswith(inside) else 0.0
    )


def _prefix(asked: str) -> Score:
    container, _, start = asked.lower().rpartition(".")

    def score(name: str, qualified: str) -> float:
        folded = qualified.lower()
        if not name.lower().startswith(start):
            return 0.0
        around = folded[: len(folded) - len(name) - 1]
        if container and around != container and not around.endswith("." + container):
            return 0.0
        return max(PREFIX, rank(asked, name, qualified))

    return score


def _glob(asked: str) -> Score:
    dotted = "." in asked
    exact = [glob_matcher(asked), glob_matcher("*." + asked)][: 1 + dotted]
    folded = [glob_matcher(asked.lower()), glob_matcher("*." + asked.lower())][: 1 + dotted]

    def score(name: str, qualified: str) -> float:
        subject = qualified if dotted else name
        if any(matches(subject) for matches in exact):
            return 0.6
        return 0.4 if any(matches(subject.lower()) for matches in folded) else 0.0

    return score


def _words(asked: str) -> Score:
    wanted = set(words_of(asked))
    return lambda name, qualified: (
        max(WORDS, rank(asked, name, qualified)) if wanted and wanted <= set(words_of(name)) else 0.0
    )


def _fuzzy(asked: str) -> Score:
    container, _, last = asked.lower().rpartition(".")
    most = edits(last)

    def score(name: str, qualified: str) -> float:
        folded = name.lower()
        far = OSA.distance(last, folded, score_cutoff=most)
        around = qualified.lower()[: len(qualified) - len(name) - 1]
        if far > most or (container and around != container and not around.endswith("." + container)):
            return 0.0
        return max(FUZZY - 0.02 * far, rank(asked, name, qualified))

    return score


_SCORERS: dict[How, Callable[[str], Score]] = {
    "any": _any,
    "exact": _exact,
    "qualified": lambda asked: lambda name, qualified: float(qualified == asked),  # noqa: ARG005 - a Score
    "prefix": _prefix,
    "glob": _glob,
    "words": _words,
    "initials": lambda asked: lambda name, qualified: INITIALS if has_initials(asked, name) else 0.0,  # noqa: ARG005
    "fuzzy": _fuzzy,
}


def symbol_test(condition: Condition) -> Callable[[Declared], float]:
    """How well a symbol answers a condition; 0 not at all."""
    if isinstance(condition, Name):
        score = scorer(condition.asked, condition.how)
        return lambda one: score(one.name, one.qualified)
    if isinstance(condition, Kind):
        wanted = condition.kind
        return lambda one: float(one.kind == wanted)
    if isinstance(condition, Signature):
        part, holds = condition.part, _signature_test(condition.asked)
        return lambda one: float(any(map(holds, _signature_parts(one, part))))
    raise TypeError(condition)


def _signature_parts(one: Declared, part: str) -> Iterable[str]:
    if part == "parameter":
        return one.parameters
    if part == "decorator":
        return one.decorators
    return (one.returns if part == "returns" else one.visibility,)


def _signature_test(asked: str) -> Callable[[str], bool]:
    if is_glob(asked):
        matches = glob_matcher(asked)
        return lambda text: bool(text) and (matches(text) or any(map(matches, re.findall(r"[\w.]+", text))))
    begin, end = (r"(?<!\w)" if asked[:1].isalnum() else ""), (r"(?!\w)" if asked[-1:].isalnum() else "")
    found = re.compile(begin + re.escape(asked) + end).search
    return lambda text: found(text) is not None


@dataclass(frozen=True, slots=True)
class Probe:
    """A way to find lines: what they need, and what finds it in text."""

    need: Need
    matcher: Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTest:
    """Something that is to be found in some run of lines.

    `ways` are alternatives to find candidates: each is a list of probes of which one finds a line of whatever answers;
    without ways everything has to be looked at. `one_line`: nothing looks beyond one line, and the only way is certain.
    """

    matcher: Matcher
    ways: tuple[tuple[Probe, ...], ...]
    one_line: bool
    note: str = ""

    def holds(self, runs: Iterable[bytes]) -> bool:
        """Whether it is found in runs of lines."""
        return any(next(iter(self.matcher.spans(run)), None) for run in runs)


def line_tests(condition: Condition) -> tuple[LineTest, ...]:
    """What a condition asks of lines: all of the tests, each of which may be met by other lines.

    Raises:
        InvalidPattern: no such pattern can be run.
    """
    if isinstance(condition, Words):
        asked = (condition.words,) if condition.in_order else tuple((word,) for word in condition.words)
        return tuple(map(_words_test, asked))
    if isinstance(condition, Text):
        matcher = literal_matcher(condition.asked, case_sensitive=condition.case_sensitive)
        return (_pattern_test(matcher, literal(condition.asked, case_sensitive=condition.case_sensitive)),)
    if isinstance(condition, Regex):
        matcher = regex_matcher(condition.pattern, case_sensitive=condition.case_sensitive)
        return (_pattern_test(matcher, required(condition.pattern, case_sensitive=condition.case_sensitive)),)
    raise TypeError(condition)


def _pattern_test(matcher: Matcher, shape: Shape) -> LineTest:
    ways = ((Probe(shape.need, matcher),),) if shape.one_line else tuple(ways_to(shape.need))
    return LineTest(matcher=matcher, ways=ways, one_line=shape.one_line, note=shape.note)


def ways_to(need: Need) -> list[tuple[Probe, ...]]:
    """Ways to find a line that holds a word of whatever meets a need."""
    if isinstance(need, Word):
        return [(Probe(need, literal_matcher(need.text, case_sensitive=not need.folded)),)]
    if isinstance(need, AllOf):
        return [way for part in need.parts for way in ways_to(part)]
    parts = [ways_to(part) for part in need.parts]
    return [tuple(probe for ways in parts for probe in ways[0])] if all(parts) else []


def word_ways(words: Iterable[str]) -> list[tuple[Probe, ...]]:
    """Ways to find lines that hold a word, as it is written, in whatever has all of them."""
    return ways_to(AllOf(tuple(Word(word) for word in words)))


def _words_test(words: Sequence[str]) -> LineTest:
    ways = []
    for word in words:
        shape = literal(word, case_sensitive=False)
        ways.append((Probe(shape.need if shape.one_line else ANYTHING, WordMatcher((word,))),))
    return LineTest(matcher=WordMatcher(words), ways=tuple(ways), one_line=len(words) == 1)
