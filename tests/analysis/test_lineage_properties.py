from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.analysis.lineage import ChangeKind, VersionedSymbol, match
from codevault.analysis.model import SymbolKind

RELAXED = settings(deadline=None)  # machines are shared
_WORDS = st.sampled_from(["a", "b", "c"])


@st.composite
def symbols(draw: st.DrawFn) -> VersionedSymbol:
    name = draw(_WORDS)
    container = draw(st.sampled_from(["", "A", "B", "A.B"]))
    return VersionedSymbol(
        path=draw(st.sampled_from(["x.py", "y.py"])),
        name=name,
        qualified_name=f"{container}.{name}" if container else name,
        kind=draw(st.sampled_from([SymbolKind.FUNCTION, SymbolKind.CLASS])),
        signature=f"def {name}({draw(_WORDS)})",
        exact=draw(_WORDS) + name,
        renamed=draw(_WORDS),
        tokens=draw(st.integers(1, 40)),
        start_line=draw(st.integers(1, 9)),
        body=draw(st.sampled_from(["", "p", "q"])),
        text=draw(st.sampled_from(["", "t", "u"])),
    )


VERSIONS = st.lists(symbols(), max_size=12)


@RELAXED
@given(VERSIONS)
def test_finds_nothing_between_a_version_and_itself(version: list[VersionedSymbol]) -> None:
    assert [change for change in match(version, version) if change.before is None or change.after is None] == []


@RELAXED
@given(VERSIONS, VERSIONS)
def test_uses_no_symbol_twice(before: list[VersionedSymbol], after: list[VersionedSymbol]) -> None:
    changes = match(before, after)
    olds = [id(change.before) for change in changes if change.before is not None]
    news = [id(change.after) for change in changes if change.after is not None]

    assert len(olds) == len(set(olds))
    assert len(news) == len(set(news))


@RELAXED
@given(VERSIONS, VERSIONS)
def test_accounts_for_every_symbol(before: list[VersionedSymbol], after: list[VersionedSymbol]) -> None:
    changes = match(before, after)
    introduced = sum(change.before is None for change in changes)
    removed = sum(change.after is None for change in changes)

    assert len(after) - introduced == len(before) - removed


@RELAXED
@given(VERSIONS, VERSIONS)
def test_gives_each_change_a_kind_evidence_and_confidence(
    before: list[VersionedSymbol], after: list[VersionedSymbol]
) -> None:
    assert [
        change
        for change in match(before, after)
        if not change.kinds
        or not change.evidence
        or not 0 < change.confidence <= 1
        or (ChangeKind.INTRODUCED in change.kinds) != (change.before is None)
        or (ChangeKind.REMOVED in change.kinds) != (change.after is None)
    ] == []


@RELAXED
@given(VERSIONS)
def test_follows_each_symbol_of_a_renamed_file(version: list[VersionedSymbol]) -> None:
    one_file = [symbol for symbol in version if symbol.path == "x.py"]
    kept = {symbol.qualified_name: symbol for symbol in one_file}
    moved = [
        VersionedSymbol(**{**{name: getattr(symbol, name) for name in symbol.__slots__}, "path": "z.py"})
        for symbol in kept.values()
    ]

    assert [change for change in match(list(kept.values()), moved) if change.before is None] == []
