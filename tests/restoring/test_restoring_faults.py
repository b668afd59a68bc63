"""Restores that are killed, run out of space, or meet somebody who rearranges the target meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import BlobDamaged, Cancelled, RestoreRefused
from codevault.ids import BlobId
from codevault.jobs import CancelToken, Reporter
from codevault.restoring import plan_restore, restore
from codevault.store.model import EntryKind
from codevault.store.store import Store
from codevault.target import UNFINISHED
from tests.nobody import AS_ROOT
from tests.restoring.scenes import MTIME, POSIX, Archive, appeared, folder, link, mounted, small_disk, tree

pytestmark = POSIX
ROOT = Path(__file__).parents[2]


def test_a_kill_at_any_call_leaves_whole_files_and_the_next_restore_finishes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.restoring.killed", str(tmp_path)], capture_output=True, text=True, cwd=ROOT
    )

    assert done.returncode == 0, done.stderr
    (calls,) = done.stdout.splitlines()
    assert int(calls.split()[0]) > 30


def test_a_folder_is_not_to_be_seen_by_its_name_before_its_files_are_whole(archive: Archive, target: Path) -> None:
    seen: list[list[str]] = []

    class Watching(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            seen.append(sorted(name for name in os.listdir(target) if not name.startswith(".")))
            return super().read_chunks(blob)

    store = Watching(archive.store._state, 1)
    snapshot = archive.snapshot(folder("d"), archive.file("d/a"), archive.file("d/b", b"other"))
    restore(store, plan_restore(store, snapshot, target))

    assert seen == [[], []]
    assert set(tree(target)) == {"d/a", "d/b"}


def test_what_a_killed_process_left_in_any_folder_is_cleared_away(archive: Archive, target: Path) -> None:
    left = target / "d" / ".codevault-restoring-0"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"half")
    (target / "d" / ".codevault-restoring").write_bytes(b"half")
    (target / ".codevault-restoring-1").symlink_to("nowhere")
    (target / "d" / "mine").write_bytes(b"mine")

    archive.restored(target, archive.file("d/a"))

    assert set(tree(target)) == {"d/a", "d/mine"}


def test_what_only_looks_left_over_and_holds_folders_is_left_alone(archive: Archive, target: Path) -> None:
    (target / ".codevault-restoring-0" / "folder").mkdir(parents=True)

    archive.restored(target, folder("d"), archive.file("d/a"))

    assert (target / ".codevault-restoring-0" / "folder").is_dir()
    assert (target / "d" / "a").is_file()


def test_a_restore_that_was_broken_off_gets_its_folders_right_in_the_end(archive: Archive, target: Path) -> None:
    entries = (folder("d", mode=0o750), folder("d/e"), archive.file("d/e/f"))
    (target / "d" / "e").mkdir(parents=True)
    (target / UNFINISHED).touch()

    done = archive.restored(target, *entries)

    assert (done.files, done.kept) == (1, 2)
    assert stat.S_IMODE((target / "d").stat().st_mode) == 0o750
    assert (target / "d").stat().st_mtime_ns == MTIME
    assert not (target / UNFINISHED).exists()


def test_a_folder_of_the_users_keeps_its_mode(archive: Archive, target: Path) -> None:
    (target / "d").mkdir(parents=True, mode=0o700)

    archive.restored(target, folder("d", mode=0o777), archive.file("d/a"))

    assert stat.S_IMODE((target / "d").stat().st_mode) == 0o700


def test_a_cancel_in_the_middle_of_a_file_takes_only_that_file(archive: Archive, target: Path) -> None:
    token = CancelToken()
    cancelled = threading.Event()

    class Slow(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            for block in super().read_chunks(blob):
                yield block[:2]
                if block == b"second":
                    token.cancel()
                    assert cancelled.wait(60)
                yield block[2:]

    class Telling(Reporter):
        def step(self, phase: str, done: int, total: int | None = None, content_bytes: int = 0) -> None:
            try:
                super().step(phase, done, total, content_bytes)
            except Cancelled:
                cancelled.set()
                raise

    store = Slow(archive.store._state, 1)
    snapshot = archive.snapshot(folder("d"), archive.file("d/a", b"first"), folder("e"), archive.file("e/b", b"second"))

    with pytest.raises(Cancelled):
        restore(store, plan_restore(store, snapshot, target), report=Telling(cancel=token))

    assert set(tree(target)) <= {"d/a", "e/b", UNFINISHED}
    assert all(content in {b"first", b"second", b""} for content in tree(target).values())


@AS_ROOT
def test_a_full_disk_leaves_whole_files_and_names_the_others(archive: Archive, tmp_path: Path) -> None:
    files = [archive.file(f"{name}/f", bytes([65 + at]) * 300_000) for at, name in enumerate("abcdef")]
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        done = archive.restored(disk / "target", *files)
        left = tree(disk / "target")

    assert 0 < done.files < 6
    assert len(done.problems) == 6 - done.files
    assert {why for _, why in done.problems} == {"No space left on device"}
    assert {len(content) for content in left.values()} == {300_000}
    assert len(left) == done.files


@AS_ROOT
def test_a_disk_without_inodes_leaves_whole_files_and_names_the_others(archive: Archive, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "nr_inodes=8") as disk:
        done = archive.restored(disk, *(archive.file(f"f{at}") for at in range(10)))

    assert 0 < done.files < 10
    assert {why for _, why in done.problems} == {"No space left on device"}


@AS_ROOT
def test_a_target_that_is_read_only_is_refused(archive: Archive, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m,ro") as disk, pytest.raises(RestoreRefused, match="Read-only"):
        archive.restored(disk, archive.file("a"))


@AS_ROOT
def test_a_file_that_cannot_be_replaced_is_named_and_stays(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "a").write_bytes(b"differs")
    held = subprocess.run(["chattr", "+i", str(target / "a")], capture_output=True, text=True)
    if held.returncode:
        pytest.skip("no immutable files here")
    try:
        done = archive.restored(target, archive.file("a"), archive.file("b"), overwrite=True)
    finally:
        subprocess.run(["chattr", "-i", str(target / "a")], check=True)

    assert [path for path, _ in done.problems] == ["a"]
    assert tree(target) == {"a": b"differs", "b": b"content"}


def test_something_that_appears_after_the_plan_is_not_overwritten(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "old").write_bytes(b"")
    snapshot = archive.snapshot(archive.file("a"), link("l", "a"), archive.file("f/x"), archive.file("z"))
    plan = plan_restore(archive.store, snapshot, target)
    for name in ("a", "l", "f"):
        (target / name).write_bytes(b"mine")

    done = restore(archive.store, plan)

    assert [path for path, _ in done.problems] == ["a", "f/x", "l"]
    assert tree(target) == {"old": b"", "a": b"mine", "l": b"mine", "f": b"mine", "z": b"content"}


class Swapping(Store):
    """While a file of `d` is being read, somebody puts a link in the folder's place, whatever its name is by then."""

    target: Path
    outside: Path
    moved: Path

    def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
        for block in super().read_chunks(blob):
            yield block[:1]
            if not self.moved.exists():
                (inner,) = (p for p in self.target.iterdir() if p.is_dir())
                inner.rename(self.moved)
                inner.symlink_to(self.outside)
            yield block[1:]


@pytest.mark.parametrize("there_before", [False, True])
def test_a_folder_swapped_for_a_link_while_its_file_is_written_is_not_followed(
    archive: Archive, tmp_path: Path, target: Path, *, there_before: bool
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    if there_before:
        (target / "d").mkdir(parents=True)
    store = Swapping(archive.store._state, 1)
    store.target, store.outside, store.moved = target, outside, tmp_path / "moved"
    snapshot = archive.snapshot(folder("d", mode=0o777), archive.file("d/a"), folder("d/e"), archive.file("d/e/f"))

    restore(store, plan_restore(store, snapshot, target))

    assert list(outside.iterdir()) == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700


def test_a_folder_that_is_another_one_when_it_is_reached_again_is_refused(
    archive: Archive, tmp_path: Path, target: Path
) -> None:
    class Exchanging(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            for block in super().read_chunks(blob):
                if block == b"gate":  # whatever is opened from here on is opened after d000
                    appeared(target / "d000")
                if block == b"last":  # by then d000 was closed to make room
                    appeared(target / "d069")
                    (target / "d000").rename(tmp_path / "moved")
                    (target / "d000").mkdir(mode=0o700)
                yield block

    store = Exchanging(archive.store._state, 1)
    folders = (folder("d000"), archive.file("d000/a"), link("d000/l", "x"), *(folder(f"d{n:03}") for n in range(1, 70)))
    gate = archive.file("d001/f", b"gate")
    snapshot = archive.snapshot(*folders, gate, folder("z"), archive.file("z/z", b"last"))

    done = restore(store, plan_restore(store, snapshot, target))

    assert done.problems == (
        ("d000", "another folder has taken its place"),
        ("d000/l", "another folder has taken its place"),
    )
    assert list((target / "d000").iterdir()) == []
    assert stat.S_IMODE((target / "d000").stat().st_mode) == 0o700


def test_a_name_that_is_taken_before_the_folder_gets_it_costs_that_folder_only(archive: Archive, target: Path) -> None:
    class Taking(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            for block in super().read_chunks(blob):
                if block == b"inner" and not (target / "d").exists():
                    (target / "d").write_bytes(b"mine")
                yield block

    store = Taking(archive.store._state, 1)
    snapshot = archive.snapshot(
        folder("d"),
        archive.file("d/a", b"inner"),
        folder("d/e"),
        archive.file("d/e/f"),
        link("d/l", "a"),
        archive.file("z"),
    )

    done = restore(store, plan_restore(store, snapshot, target))

    assert [path for path, _ in done.problems] == ["d", "d/a", "d/e", "d/e/f", "d/l"]
    assert tree(target) == {"d": b"mine", "z": b"content"}
    assert (done.files, done.bytes) == (1, 7)


@AS_ROOT
@pytest.mark.parametrize("inside", ["", "packs", "packs/below/that"])
def test_the_vault_is_recognised_through_a_mount(tmp_path: Path, inside: str) -> None:
    store = Store.create(tmp_path / "vault")
    archive = Archive()
    archive.store = store
    snapshot = archive.snapshot(archive.file("a"))
    source = tmp_path / "vault" / inside.split("/", maxsplit=1)[0]
    below = Path(*inside.split("/")[1:])
    with (
        mounted(tmp_path / "elsewhere", "--bind", str(source)) as place,
        pytest.raises(RestoreRefused, match="in one another"),
    ):
        plan_restore(store, snapshot, place / below)


@AS_ROOT
def test_a_mount_of_the_vault_below_the_target_is_not_entered(tmp_path: Path, target: Path) -> None:
    archive = Archive()
    archive.store = Store.create(tmp_path / "vault")
    (target / "d").mkdir(parents=True)
    with mounted(target / "d", "--bind", str(tmp_path / "vault" / "packs")):
        done = archive.restored(target, archive.file("d/a"), archive.file("b"), overwrite=True)

    assert done.problems == (("d/a", "it is the vault"),)
    assert "a" not in os.listdir(tmp_path / "vault" / "packs")


def test_files_take_the_umask_into_account_by_having_their_own_mode(archive: Archive, target: Path) -> None:
    before = os.umask(0o077)
    try:
        archive.restored(
            target, archive.file("a", mode=0o666), folder("d", mode=0o775), archive.file("d/b", mode=0o751)
        )
    finally:
        os.umask(before)

    assert [stat.S_IMODE((target / path).stat().st_mode) for path in ("a", "d", "d/b")] == [0o666, 0o775, 0o751]


def test_a_damaged_file_in_a_new_folder_costs_that_file_only(archive: Archive, target: Path) -> None:
    class Damaged(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            for block in super().read_chunks(blob):
                yield block[:3]
                if block == b"bad":
                    raise BlobDamaged(blob, Path("a.pack"), 7, "a flipped bit")
                yield block[3:]

    store = Damaged(archive.store._state, 1)
    snapshot = archive.snapshot(archive.file("d/a"), archive.file("d/b", b"bad"), archive.file("d/c"))

    done = restore(store, plan_restore(store, snapshot, target))

    assert [path for path, _ in done.problems] == ["d/b"]
    assert tree(target) == {"d/a": b"content", "d/c": b"content"}


def test_a_tree_deeper_than_any_path_goes_there_and_back(archive: Archive, tmp_path: Path) -> None:
    assert _bottom_after_a_round_trip(archive, tmp_path, levels=300, name="d" * 30) == ["bottom"]


@pytest.mark.scale
def test_twenty_thousand_levels_go_there_and_back(archive: Archive, tmp_path: Path) -> None:
    assert _bottom_after_a_round_trip(archive, tmp_path, levels=20_000, name="d") == ["bottom"]


def _bottom_after_a_round_trip(archive: Archive, place: Path, *, levels: int, name: str) -> list[str]:
    """What is found at the bottom of the restored tree."""
    (place / "project").mkdir()
    _descend(place / "project", levels, name, make=True)
    try:
        run = archive.backed_up(place / "project")
        done = archive.given_back(run, place / "target")
        assert done.problems == ()
        assert run.backup.problems == ()
        return _descend(place / "target", levels, name, make=False)
    finally:
        for root in ("project", "target"):
            _lift(place / root, levels, name)


def _descend(root: Path, levels: int, name: str, *, make: bool) -> list[str]:
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        if make:
            os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    if make:
        os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    found = os.listdir(here)
    os.close(here)
    return found


def _lift(root: Path, levels: int, name: str) -> None:
    """Removes a deep tree level by level, since no path reaches its bottom."""
    top, below = root / name, root / "below"
    for _ in range(levels - 1):
        os.rename(top / name, below)
        os.rmdir(top)
        os.rename(below, top)
    (top / "bottom").unlink()
    top.rmdir()


def test_every_time_a_file_system_holds_comes_back(archive: Archive, target: Path) -> None:
    times = {"zero": 0, "before": -86_400_000_000_000, "2038": 2**31 * 10**9, "2400": 13_569_465_600 * 10**9}
    files = [archive.file(name, mtime_ns=time) for name, time in times.items()]
    folders = [folder(f"d{name}", mtime_ns=time) for name, time in times.items()]

    done = archive.restored(target, *files, *folders, link("l", "zero"))

    assert done.problems == ()
    assert {name: (target / name).stat().st_mtime_ns for name in times} == times
    assert (target / "d2038").stat().st_mtime_ns == times["2038"]
    assert (target / "l").lstat().st_mtime_ns == MTIME


def test_a_time_that_the_file_system_does_not_hold_costs_no_content(archive: Archive, target: Path) -> None:
    archive.restored(target, archive.file("9999", mtime_ns=253_402_300_799 * 10**9))

    assert (target / "9999").read_bytes() == b"content"


def test_a_file_without_any_permission_comes_back_so(archive: Archive, target: Path) -> None:
    archive.restored(target, archive.file("none", mode=0), folder("d", mode=0), archive.file("d/inner", mode=0))

    assert stat.S_IMODE((target / "none").stat().st_mode) == 0
    assert stat.S_IMODE((target / "d").stat().st_mode) == 0


def test_kinds_are_what_they_were(archive: Archive, target: Path) -> None:
    run = archive.backed_up(_odd_project(target.parent / "odd"))

    archive.given_back(run, target)

    kinds = {path: entry.kind for path, entry in archive.entries(run).items()}
    assert kinds == {
        "empty": EntryKind.DIRECTORY,
        "loop": EntryKind.SYMLINK,
        "nothing": EntryKind.FILE,
        "pipe": EntryKind.FIFO,
        "self": EntryKind.SYMLINK,
    }
    assert sorted(os.listdir(target)) == ["empty", "loop", "nothing", "self"]
    assert os.readlink(target / "loop") == ".."


def _odd_project(root: Path) -> Path:
    (root / "empty").mkdir(parents=True)
    (root / "nothing").touch()
    (root / "loop").symlink_to("..")
    (root / "self").symlink_to("self")
    os.mkfifo(root / "pipe")
    return root
