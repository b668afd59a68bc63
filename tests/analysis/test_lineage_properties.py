from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.analysis.lineage import Change, ChangeKind, VersionedSymbol, match, match_merge, match_step
from codevault.analysis.model import SymbolKind

RELAXED = settings(deadline=None, max_examples=40)  # machines are shared
_WORDS = st.sampled_from(["a", "b", "c"])
_BODIES = (
    "return 1",
    "x = [y for y in p if y]\n    return sum(x) + len(p)",
    "for i in p:\n        go(i)\n    go(a, b)",
)
TEXTS = {
    f"{remark}{number}": f"# {remark}\ndef a(b):\n    {body}\n".encode()
    for number, body in enumerate(_BODIES)
    for remark in ("one", "two")
}
PLACES = {ChangeKind.MOVED, ChangeKind.CONTAINER_MOVED}


def text(name: str) -> bytes:
    return TEXTS.get(name, b"")


@st.composite
def symbols(draw: st.DrawFn) -> VersionedSymbol:
    name = draw(_WORDS)
    container = draw(st.sampled_from(["", "A", "B", "A.B"]))
    return VersionedSymbol(
        path=draw(st.sampled_from(["x.py", "y.py", "z/x.py"])),
        name=name,
        qualified_name=f"{container}.{name}" if container else name,
        kind=draw(st.sampled_from([SymbolKind.FUNCTION, SymbolKind.CLASS, SymbolKind.CONSTANT])),
        signature=f"def {name}({draw(_WORDS)})",
        exact=draw(_WORDS) + name,
        renamed=draw(_WORDS),
        tokens=draw(st.integers(1, 60)),
        start_line=draw(st.integers(1, 9)),
        body=draw(st.sampled_from(["", "p", "q"])),
        text=draw(st.sampled_from(["", *TEXTS])),
        language="python",
    )


VERSIONS = st.lists(symbols(), max_size=12)


def pairs(changes: tuple[Change, ...]) -> Counter[tuple[VersionedSymbol | None, VersionedSymbol | None]]:
    return Counter((change.before, change.after) for change in changes)


@RELAXED
@given(VERSIONS)
def test_finds_nothing_between_a_version_and_itself(version: list[VersionedSymbol]) -> None:
    assert match(version, version, text) == ()


@RELAXED
@given(VERSIONS, VERSIONS)
def test_uses_every_symbol_once(before: list[VersionedSymbol], after: list[VersionedSymbol]) -> None:
    step = match_step(before, after, text)
    changes = (*step.continued, *step.introduced, *step.removed)

    assert Counter(change.before for change in changes if change.before is not None) == Counter(before)
    assert Counter(change.after for change in changes if change.after is not None) == Counter(after)


@RELAXED
@given(VERSIONS, VERSIONS)
def test_gives_each_change_kinds_evidence_and_confidence(
    before: list[VersionedSymbol], after: list[VersionedSymbol]
) -> None:
    assert [
        change
        for change in match(before, after, text)
        if not change.kinds
        or not change.evidence
        or not 0 < change.confidence <= 1
        or len(set(change.kinds)) < len(change.kinds)
        or (ChangeKind.INTRODUCED in change.kinds) != (change.before is None)
        or (ChangeKind.REMOVED in change.kinds) != (change.after is None)
    ] == []


@RELAXED
@given(VERSIONS, VERSIONS, st.randoms(use_true_random=False))
def test_the_order_of_symbols_changes_nothing(
    before: list[VersionedSymbol], after: list[VersionedSymbol], random: Random
) -> None:
    shuffled = random.sample(before, len(before)), random.sample(after, len(after))

    assert match(*shuffled, text) == match(before, after, text)


@RELAXED
@given(VERSIONS, VERSIONS)
def test_the_step_backwards_gives_the_same_pairs(before: list[VersionedSymbol], after: list[VersionedSymbol]) -> None:
    forth = match_step(before, after, text).continued
    back = match_step(after, before, text).continued

    assert pairs(forth) == Counter((change.after, change.before) for change in back)


@RELAXED
@given(VERSIONS)
def test_a_renamed_file_only_moves_its_symbols(version: list[VersionedSymbol]) -> None:
    before = [replace(symbol, path="old.py") for symbol in version]
    after = [replace(symbol, path="new/name.py") for symbol in version]

    step = match_step(before, after, text)

    assert (step.introduced, step.removed) == ((), ())
    assert {kind for change in step.continued for kind in change.kinds} <= PLACES


@RELAXED
@given(VERSIONS, VERSIONS)
def test_a_merge_equal_to_one_parent_changes_nothing(
    before: list[VersionedSymbol], after: list[VersionedSymbol]
) -> None:
    assert [change for change in match_merge([(after, after), (before, after)], text) if change.after is not None] == []


@RELAXED
@given(VERSIONS, VERSIONS)
def test_a_merge_with_one_parent_is_a_step(before: list[VersionedSymbol], after: list[VersionedSymbol]) -> None:
    assert match_merge([(before, after)], text) == match(before, after, text)
