"""Secrets inside sources: kept to the byte, and in nothing that the index holds or answers."""

from __future__ import annotations

from codevault.index.groups import GroupCache, all_groups
from codevault.index.model import SearchResult
from tests.vault.scenes import Desk

TOKEN = "ghp_" + "c4N4" * 9
PASSWORD = "canary-9f31c7!"
SOURCE = f'''\
def connect(host, password="{PASSWORD}"):
    """Uses {TOKEN} unless told otherwise."""
    return host.open(token="{TOKEN}", password=password)
'''


def test_a_secret_in_a_source_is_in_nothing_that_the_index_holds(desk: Desk) -> None:
    shop = desk.project("shop", {"shop.py": SOURCE, "notes.txt": f"password = '{PASSWORD}'\n{TOKEN}\n"})
    snapshot = desk.day(shop).snapshot
    desk.vault.analyse()

    index = desk.vault._reading()
    with index._asking() as session:
        texts = b"".join(group.text for group in all_groups(session.db, GroupCache()))
    symbols = repr(list(desk.vault.symbols(snapshot)))
    raw = b"".join(file.read_bytes() for file in sorted((desk.place / "cache").rglob("*")) if file.is_file())

    assert b"unless told otherwise" in texts
    assert "connect" in symbols
    assert (TOKEN in symbols, PASSWORD in symbols) == (False, False)
    assert (TOKEN.encode() in texts + raw, PASSWORD.encode() in texts + raw) == (False, False)


def test_a_masked_line_is_found_by_what_stands_around_the_secret(desk: Desk) -> None:
    shop = desk.project("shop", {"shop.py": SOURCE})
    desk.day(shop)
    desk.vault.analyse()

    hit = desk.vault.search.text("host.open(token=").hits[0]
    nothing: list[SearchResult] = [desk.vault.search.text(TOKEN), desk.vault.search.regex(r"gh[p]_\w+")]

    assert hit.snippet == f'    return host.open(token="{"*" * len(TOKEN)}", password=password)'
    assert [result.hits for result in nothing] == [(), ()]
    assert desk.vault.read(hit.blob) == SOURCE.encode()
