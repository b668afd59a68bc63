"""A backup that meets the vault's limits: what it gives up, what it thins, and what it never deletes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from codevault.errors import LimitReached, StorageFull
from codevault.store.limits import Limits
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.thinning import Retention
from tests.vault.scenes import Desk

KIB = 1 << 10


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def taken(desk: Desk) -> int:
    """What the vault takes by now, its own programs and pages too."""
    stats = desk.vault.stats()
    return stats.pack_bytes + stats.other_bytes


def held(desk: Desk, snapshot: object) -> set[str]:
    """Paths whose content a snapshot holds."""
    return {entry.path for entry in desk.vault.files(snapshot) if entry.blob is not None}  # type: ignore[arg-type]


def test_small_files_are_taken_first_and_what_is_given_up_is_said(desk: Desk) -> None:
    desk.vault.set_limits(Limits(reserve=0, ceiling=500 * KIB))
    shop = desk.project("shop")
    backup = desk.day(shop, {"model.bin": noise(1, 2000 * KIB), "a.py": "A = 1\n", "logo.png": noise(2, 30 * KIB)})
    assert held(desk, backup.snapshot) == {"a.py", "logo.png"}
    assert [(problem.path, problem.kind) for problem in backup.problems] == [("model.bin", "given-up")]
    assert not backup.complete


def test_the_last_content_of_a_file_that_is_given_up_is_carried_on(desk: Desk) -> None:
    shop = desk.project("shop")
    first = desk.day(shop, {"model.bin": noise(1, 200 * KIB)})
    desk.vault.set_limits(Limits(reserve=0, ceiling=desk.vault.stats().pack_bytes + 100 * KIB))
    second = desk.day(shop, {"model.bin": noise(2, 200 * KIB), "a.py": "A = 1\n"})
    assert held(desk, second.snapshot) == {"a.py", "model.bin"}
    blobs = [{entry.path: entry.blob for entry in desk.vault.files(one)} for one in (first, second)]
    assert blobs[0]["model.bin"] == blobs[1]["model.bin"]


def test_what_was_given_up_is_taken_once_there_is_room(desk: Desk) -> None:
    desk.vault.set_limits(Limits(reserve=0, ceiling=100 * KIB))
    shop = desk.project("shop")
    desk.day(shop, {"model.bin": noise(1, 200 * KIB), "a.py": "A = 1\n"})
    desk.vault.set_limits(Limits())
    backup = desk.day(shop)
    assert backup.complete
    assert held(desk, backup.snapshot) == {"a.py", "model.bin"}


def test_older_snapshots_make_room_where_their_owner_allowed_it(desk: Desk) -> None:
    shop = desk.project("shop")
    for number in range(4):
        desk.day(shop, {"model.bin": noise(number, 100 * KIB)}, kind="automatic")
    rules = Retention(newest=1, floor=1)
    desk.vault.set_limits(Limits(reserve=0, ceiling=desk.vault.stats().pack_bytes + 80 * KIB, thin=rules))
    backup = desk.day(shop, {"model.bin": noise(9, 100 * KIB)}, kind="automatic")
    assert [problem.kind for problem in backup.problems] == ["thinned"]
    assert [snapshot.sequence for snapshot in desk.vault.snapshots(shop)] == [4, 5]
    assert desk.vault.verify().ok


def test_nothing_is_thinned_that_its_owner_did_not_allow(desk: Desk) -> None:
    shop = desk.project("shop")
    for number in range(4):
        desk.day(shop, {"model.bin": noise(number, 100 * KIB)}, kind="automatic")
    desk.vault.set_limits(Limits(reserve=0, ceiling=taken(desk) + 30 * KIB))
    backup = desk.day(shop, {"model.bin": noise(9, 100 * KIB)}, kind="automatic")
    assert [problem.kind for problem in backup.problems] == ["given-up"]
    assert len(desk.vault.snapshots(shop)) == 5


def test_a_suspect_project_is_not_thinned_for_room(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.day(shop, {f"file{number}.bin": noise(number, 9 * KIB) for number in range(30)}, kind="automatic")
    desk.day(shop, {f"file{number}.bin": None for number in range(28)}, kind="automatic")
    rules = Retention(newest=1, floor=1)
    desk.vault.set_limits(Limits(reserve=0, ceiling=taken(desk) + 30 * KIB, thin=rules))
    backup = desk.day(shop, {"model.bin": noise(9, 100 * KIB)}, kind="automatic")
    assert {problem.kind for problem in backup.problems} == {"given-up", "limit"}
    assert len(desk.vault.snapshots(shop)) == 3


def test_a_limit_that_leaves_no_room_at_all_is_an_error(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.vault.set_limits(Limits(reserve=0, ceiling=1))
    with pytest.raises(LimitReached):
        desk.day(shop, {"a.py": "A = 1\n"})
    assert desk.vault.snapshots(shop) == ()


def test_a_project_keeps_to_its_share(desk: Desk) -> None:
    shop, blog = desk.project("shop"), desk.project("blog")
    desk.vault.set_limits(Limits(shares={shop.id: 50 * KIB}))
    assert not desk.day(shop, {"model.bin": noise(1, 100 * KIB), "a.py": "A = 1\n"}).complete
    assert desk.day(blog, {"model.bin": noise(2, 100 * KIB)}).complete
    assert desk.day(shop, {"small.bin": noise(3, 30 * KIB), "model.bin": None}).complete
    assert not desk.day(shop, {"more.bin": noise(4, 30 * KIB)}).complete


def test_a_full_disk_is_an_error_unless_thinning_is_allowed(tmp_path: Path) -> None:
    disk = MemoryFileSystem()
    desk = Desk(tmp_path, disk)
    shop = desk.project("shop")
    for number in range(4):
        desk.day(shop, {"model.bin": noise(number, 100 * KIB)}, kind="automatic")
    disk.capacity = sum(len(content.visible) for content in disk._files.values()) + 70 * KIB
    with pytest.raises(StorageFull):
        desk.day(shop, {"model.bin": noise(9, 100 * KIB)}, kind="automatic")
    desk.vault.set_limits(Limits(thin=Retention(newest=1, floor=1)))
    assert [problem.kind for problem in desk.day(shop, kind="automatic").problems] == ["thinned"]
    desk.vault.close()
