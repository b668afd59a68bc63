from __future__ import annotations

from datetime import UTC, datetime

import pytest

from codevault.analysis.model import SymbolKind
from codevault.errors import InvalidArgument, UnknownSnapshot
from codevault.history import Event
from codevault.ids import BlobId, ProjectId, SnapshotId, UnitId
from codevault.index.model import Hit, Seen, SymbolVersion
from codevault.projects.model import Project
from codevault.references import FoundSymbol, SnapshotKey, find_snapshot, version_of
from codevault.store.model import Snapshot

DAY = 86_400_000_000_000
OWNER = ProjectId("0123456789abcdef")


def snapshot(sequence: int, created_ns: int) -> Snapshot:
    return Snapshot(
        id=SnapshotId(f"{sequence:064x}"),
        project=OWNER,
        sequence=sequence,
        parent=None,
        manifest=BlobId("0" * 64),
        created_ns=created_ns,
        utc_offset_s=0,
        reason="",
        kind="manual",
    )


ONE, TWO, THREE = snapshot(1, 0), snapshot(2, 10 * DAY), snapshot(3, 20 * DAY)
ALL = (ONE, TWO, THREE)
SYMBOL = SymbolVersion(
    blob=BlobId("1" * 64),
    name="rate",
    qualified_name="TaxTable.rate",
    kind=SymbolKind.METHOD,
    language="python",
    start_byte=0,
    end_byte=4,
    start_line=2,
    end_line=3,
    signature="def rate(self)",
    exact="e",
    renamed="r",
    tokens=9,
    unit=UnitId("2" * 32),
)
SEEN = Seen(project=OWNER, sequence=1, snapshot=ONE.id, created_ns=0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (None, THREE),
        (2, TWO),
        (TWO.id, TWO),
        ("1970-01-11", TWO),
        ("1970-01-11T00:00:00Z", TWO),
        ("1970-01-10T23:59:59Z", ONE),
        ("1970-01-01", ONE),
        (datetime(1970, 1, 15, tzinfo=UTC), TWO),
        ("2026-11-22", THREE),
    ],
)
def test_names_a_snapshot_by_id_number_or_time(
    key: SnapshotId | int | str | datetime | None, expected: Snapshot
) -> None:
    assert find_snapshot(ALL, key, any_project=False) == expected


@pytest.mark.parametrize("key", [0, 4, -1, "f" * 64, "1969-12-31", datetime(1969, 12, 31, tzinfo=UTC)])
def test_what_names_no_snapshot_is_an_error(key: SnapshotId | int | str | datetime) -> None:
    with pytest.raises(UnknownSnapshot):
        find_snapshot(ALL, key, any_project=False)


def test_a_project_without_snapshots_has_no_newest_one() -> None:
    with pytest.raises(UnknownSnapshot, match="any snapshot"):
        find_snapshot((), None, any_project=False)


def test_without_a_project_only_an_id_will_do() -> None:
    assert find_snapshot(ALL, TWO.id, any_project=True) == TWO
    with pytest.raises(UnknownSnapshot, match="no snapshot has the id"):
        find_snapshot(ALL, "e" * 64, any_project=True)


@pytest.mark.parametrize("key", [None, 2, "2026-01-01"])
def test_a_number_or_a_time_needs_a_project(key: int | str | None) -> None:
    with pytest.raises(InvalidArgument, match="project="):
        find_snapshot(ALL, key, any_project=True)


def test_what_is_no_point_in_time_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="not a date or time"):
        find_snapshot(ALL, "last week", any_project=False)


def test_a_clock_that_jumped_back_hides_nothing_that_came_later() -> None:
    later = snapshot(4, 5 * DAY)

    assert find_snapshot((*ALL, later), "1970-01-12", any_project=False) == later


def test_a_snapshot_key_may_be_many_things() -> None:
    keys: tuple[SnapshotKey, ...] = (ONE, ONE.id, 1, "1970-01-01", datetime(1970, 1, 1, tzinfo=UTC), None)

    assert len(keys) == 6


def found() -> FoundSymbol:
    owner = Project(id=OWNER, name="shop", root="/shop")
    return FoundSymbol(project=owner, path="tax.py", snapshot=ONE.id, symbol=SYMBOL)


def test_a_found_symbol_tells_its_symbols_names_and_lines() -> None:
    symbol = found()

    assert (symbol.name, symbol.qualified_name, symbol.kind) == ("rate", "TaxTable.rate", "method")
    assert (symbol.start_line, symbol.end_line) == (2, 3)


def event(before: SymbolVersion | None, after: SymbolVersion | None) -> Event:
    return Event(kinds=("body",), at=SEEN, path="tax.py", qualified_name="TaxTable.rate", before=before, after=after)


def hit(symbol: SymbolVersion | None) -> Hit:
    return Hit(
        project=OWNER,
        path="tax.py",
        blob=SYMBOL.blob,
        start_line=2,
        end_line=3,
        snippet="",
        first_seen=SEEN,
        last_seen=None,
        symbol=symbol,
    )


@pytest.mark.parametrize("answer", [found(), event(None, SYMBOL), event(SYMBOL, None), hit(SYMBOL)])
def test_every_answer_about_a_symbol_leads_to_its_version(answer: FoundSymbol | Event | Hit) -> None:
    assert version_of(answer) == SYMBOL


def test_a_line_of_text_is_no_symbol() -> None:
    with pytest.raises(InvalidArgument, match="line of text"):
        version_of(hit(None))
