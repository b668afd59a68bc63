"""How small files are put in place."""

from __future__ import annotations

from pathlib import Path

from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.publishing import publish
from tests.store.faulty import Fault, FaultyFileSystem

ROOT = Path("/vault")
LAYOUT = Layout(ROOT)


def made() -> MemoryFileSystem:
    """A disk with the folders that are always there."""
    files = MemoryFileSystem()
    files.make_folder(LAYOUT.incoming)
    files.make_folder(LAYOUT.snapshots)
    return files


def test_a_missing_folder_is_made_durably() -> None:
    files = made()
    files.sync_folder(Path("/"))
    files.sync_folder(ROOT)
    publish(files, LAYOUT, LAYOUT.snapshots / "shop" / "1.json", b"{}\n")
    assert files.after_power_loss().read(LAYOUT.snapshots / "shop" / "1.json") == b"{}\n"


def test_a_folder_that_grows_is_not_listed_for_each_file() -> None:
    files = made()
    publish(files, LAYOUT, LAYOUT.snapshots / "shop" / "1.json", b"{}\n")
    listings = Fault(0, only="list")
    publish(FaultyFileSystem(files, listings), LAYOUT, LAYOUT.snapshots / "shop" / "2.json", b"{}\n")
    assert listings.calls == 0
