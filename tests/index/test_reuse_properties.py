"""Near-miss terms against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.ids import VaultId
from codevault.index import schema
from codevault.index.reuse_terms import TermWriter, lookup, segments

TERMS = st.integers(0, 30) | st.integers(0, (1 << 32) - 1)
BATCHES = st.lists(
    st.dictionaries(st.integers(1, 1 << 26), st.sets(TERMS, min_size=1, max_size=8), max_size=12), max_size=6
)


@given(BATCHES, st.sets(TERMS, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_symbol_of_a_term_is_found_whatever_was_merged(
    batches: list[dict[int, set[int]]], asked: set[int]
) -> None:
    db = schema.connect(None, writable=True)
    schema.create(db, VaultId("0" * 32))
    expected: dict[int, set[int]] = {term: set() for term in asked}
    for batch in batches:
        writer = TermWriter(db)
        for number, terms in batch.items():
            writer.add(number, np.array(sorted(terms), np.uint32))
            for term in terms & asked:
                expected[term].add(number)
        writer.flush()

    found, complete = lookup(db, segments(db), np.array(sorted(asked), np.uint32), 1 << 30)
    db.close()

    assert complete
    assert [set(one.tolist()) for one in found] == [expected[term] for term in sorted(asked)]
