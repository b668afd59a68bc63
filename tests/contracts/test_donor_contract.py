"""What every donor must do, whatever it is: offer what it has of what is asked for, and nothing it has not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from codevault.ids import BlobId, ProjectId
from codevault.repairing import LiveTree
from codevault.source import MemoryFile, MemoryFolder
from codevault.store.donors import Donor, MemoryDonor, VaultDonor, Wanted, found_at
from codevault.store.model import LostVersion
from codevault.store.records import hash_of
from tests.store.scenes import back_up, new_store

HELD = {"a.txt": b"first", "b.txt": b"second", "empty": b""}
PROJECT = ProjectId("00112233445566ff")


def _vault() -> Donor:
    store, _ = new_store()
    back_up(store, HELD)
    return VaultDonor(store)


def _tree() -> Donor:
    return LiveTree(PROJECT, lambda: MemoryFolder({name: MemoryFile(content) for name, content in HELD.items()}))


DONORS: dict[str, Callable[[], Donor]] = {
    "memory": lambda: MemoryDonor.of(*HELD.values()),
    "vault": _vault,
    "live tree": _tree,
}
every_donor = pytest.mark.parametrize("make", DONORS.values(), ids=DONORS.keys())


def _wanted(content: bytes, path: str) -> Wanted:
    blob = BlobId(hash_of(content))
    version = LostVersion(project=PROJECT, path=path, blob=blob, size=len(content), first=1, last=1, snapshots=1)
    return Wanted(blob=blob, versions=(version,))


@every_donor
@pytest.mark.parametrize("path", HELD)
def test_gives_what_it_has_as_often_as_it_is_asked(make: Callable[[], Donor], path: str) -> None:
    donor = make()
    wanted = _wanted(HELD[path], path)
    donor.prepare([wanted])
    pieces = found_at(donor, wanted)
    assert pieces is not None
    assert [b"".join(pieces()), b"".join(pieces())] == [HELD[path]] * 2


@every_donor
def test_gives_nothing_that_it_has_not(make: Callable[[], Donor]) -> None:
    donor = make()
    wanted = _wanted(b"unheard of", "a.txt")
    donor.prepare([wanted])
    assert found_at(donor, wanted) is None


@every_donor
def test_has_a_name_for_reports(make: Callable[[], Donor]) -> None:
    assert make().name
