"""Sketches at rest: whatever bytes they are, they come back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.index.details import DetailCache, DetailWriter, inside_record
from codevault.index.schema import TABLES, connect
from tests.index.test_details import symbol

SKETCHES = st.lists(
    st.lists(st.binary(min_size=8, max_size=8), max_size=4).map(b"".join),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(SKETCHES)
def test_any_terms_come_back_as_they_were(sketches: list[bytes]) -> None:
    db = connect(None, writable=True)
    db.executescript(TABLES)
    writer = DetailWriter(db, "symbol_group")
    for number, sketch in enumerate(sketches, 1):
        writer.add(number, inside_record(symbol()), sketch)
    writer.flush()

    found = DetailCache().insides(db, range(1, len(sketches) + 1))
    assert [sketch for _, sketch in found.values()] == sketches
    db.close()
