"""A disk that gives back other bytes than it took is found out before anything relies on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import StorageError
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from tests.store.scenes import FIRST, LIBRARY, ROOT, SECOND, SHOP, all_files, back_up, flipped, overwrite, restored


class Lying(MemoryFileSystem):
    """Turns a bit of whatever new file is read back, while `lies` is set."""

    lies = ""

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        content = super().read(path, offset, length)
        if not content or not self.lies or self.lies not in path.name or path.parent.name != "incoming":
            return content
        return flipped(content, 0)


def shelve(store: Store) -> object:
    return store.shelf.put(SHOP, "notes", "txt", [b"some words"])


def repair(store: Store) -> object:
    (pack,) = (path for path in list(all_files(store.state.files)) if path.suffix == ".pack")
    overwrite(store.state.files, pack, flipped(store.state.files.read(pack) or b"", 40))
    return store.repair()


ACTS: dict[str, tuple[Callable[[Store], object], str]] = {
    "a pack": (lambda store: back_up(store, SECOND), "pack"),
    "a record": (lambda store: back_up(store, SECOND), "json"),
    "a shelf": (shelve, ""),
    "a repair": (repair, "pack"),
    "a quarantine": (repair, "quarantine"),
}


@pytest.mark.parametrize(("act", "lies"), ACTS.values(), ids=ACTS)
def test_what_reads_back_otherwise_is_refused_and_nothing_is_lost(act: Callable[[Store], object], lies: str) -> None:
    files = Lying()
    store = Store.create(ROOT, filesystem=files, clock=lambda: 10**18)
    first = back_up(store, FIRST)
    files.lies = lies or "."

    with pytest.raises(StorageError):
        act(store)

    files.lies = ""
    again = Store.open(ROOT, filesystem=files, clock=lambda: 10**18)
    again.repair()
    assert restored(again, first) == FIRST
    assert restored(again, back_up(again, SECOND, LIBRARY)) == SECOND
