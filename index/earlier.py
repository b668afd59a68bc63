"""What was known of contents that are analysed again: taken out of the lists of who holds what as the new goes in."""

from __future__ import annotations

import sqlite3

from codevault.index import postings
from codevault.index.contents import fragment_list
from codevault.index.symbols import positions

Held = dict[int, list[int]]
"""Contents by what they hold."""


class Earlier:
    """The fragments and symbols of contents before an analysis, by content; nothing for one that was never analysed."""

    def __init__(self) -> None:
        self._fragments: dict[int, set[int]] = {}
        self._symbols: dict[int, set[int]] = {}

    def note(self, content: int, fragments: bytes, symbols: bytes) -> None:
        """Remembers the packed lists of a content."""
        if fragments:
            self._fragments[content] = {number for number, _ in fragment_list(fragments)[1]}
        if symbols:
            self._symbols[content] = {number for number, _, _ in positions(symbols)}

    def replace(self, db: sqlite3.Connection, fragments: Held, symbols: Held) -> None:
        """Takes contents out of the lists of what they hold no more, and out of what is to be added what they hold."""
        _replace(db, "fragment_in", self._fragments, fragments)
        _replace(db, "symbol_in", self._symbols, symbols)


def _replace(db: sqlite3.Connection, table: postings.Table, before: dict[int, set[int]], added: Held) -> None:
    if not before:
        return
    gone: dict[int, set[int]] = {}
    for content, items in before.items():
        for item in items:
            holders = added.get(item)
            if holders is not None and content in holders:
                holders.remove(content)
            else:
                gone.setdefault(item, set()).add(content)
    for item in [item for item, holders in added.items() if not holders]:
        del added[item]
    postings.remove(db, table, gone)
