"""Giving a snapshot back: exactly, only where it was asked for, and as much of it as can be had."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codevault import places
from codevault import target as target_module
from codevault.errors import BlobDamaged, Cancelled, InvalidArgument, RestoreRefused
from codevault.ids import BlobId
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.restore_model import Restored, Step
from codevault.restoring import plan_restore, restore
from codevault.store.model import Entry, EntryKind, SnapshotDraft
from codevault.store.store import Store
from codevault.target import UNFINISHED
from tests.restoring.scenes import MTIME, POSIX, PROJECT, VAULT, Archive, appeared, folder, link, tree


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "target"
    yield place
    for found, _, _ in os.walk(place):
        Path(found).chmod(0o700)


def test_gives_back_content_modes_times_links_and_empty_folders(archive: Archive, target: Path) -> None:
    done = archive.restored(
        target,
        folder("bin", mode=0o750),
        archive.file("bin/run", b"#!/bin/sh\n", mode=0o755),
        folder("empty"),
        archive.file("nothing", b"", mode=0o600),
        link("way", "bin/run"),
    )

    assert done == Restored(target=target, files=2, bytes=10, kept=0)
    assert tree(target) == {"bin/run": b"#!/bin/sh\n", "nothing": b"", "way": b"#!/bin/sh\n"}
    assert {
        p.name: stat.S_IMODE(p.lstat().st_mode) for p in (target / "bin", target / "bin/run", target / "nothing")
    } == {
        "bin": 0o750,
        "run": 0o755,
        "nothing": 0o600,
    }
    assert {p.lstat().st_mtime_ns for p in target.rglob("*")} == {MTIME}
    assert os.readlink(target / "way") == "bin/run"


@POSIX
def test_folders_that_may_not_be_written_are_filled_first(archive: Archive, target: Path) -> None:
    archive.restored(
        target,
        folder("a", mode=0o555),
        folder("a/b", mode=0o500),
        archive.file("a/b/c", mode=0o400),
        archive.file("a/d"),
    )

    assert [stat.S_IMODE((target / p).stat().st_mode) for p in ("a", "a/b", "a/b/c")] == [0o555, 0o500, 0o400]
    assert (target / "a").stat().st_mtime_ns == MTIME


@POSIX
def test_set_id_and_sticky_bits_are_not_given_back(archive: Archive, target: Path) -> None:
    archive.restored(target, folder("d", mode=0o3777), archive.file("f", mode=0o6755))

    assert stat.S_IMODE((target / "f").stat().st_mode) == 0o755
    assert stat.S_IMODE((target / "d").stat().st_mode) == 0o777


@POSIX
def test_any_name_a_system_allows_comes_back(archive: Archive, target: Path) -> None:
    names = [os.fsdecode(b"\xff\xfe"), "line\nbreak", " ", "-rf", "n" * 255, "back\\slash", "Makefile", "makefile"]

    archive.restored(target, *(archive.file(name, name.encode(errors="surrogateescape")) for name in sorted(names)))

    assert sorted(os.listdir(target)) == sorted(names)
    assert (target / "Makefile").read_bytes() == b"Makefile"


@POSIX
def test_times_before_1970_and_far_away_come_back(archive: Archive, target: Path) -> None:
    archive.restored(target, archive.file("old", mtime_ns=-1_000_000_001), archive.file("late", mtime_ns=10**19))

    assert (target / "old").stat().st_mtime_ns == -1_000_000_001
    assert (target / "late").stat().st_mtime_ns == 10**19


def test_a_plan_says_what_would_happen_and_does_nothing(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "same").write_bytes(b"same")
    (target / "other").write_bytes(b"mine!!!")
    (target / "extra").write_bytes(b"untouched")
    snapshot = archive.snapshot(
        archive.file("same", b"same"), archive.file("other", b"theirs"), archive.file("new", b"newest")
    )

    plan = plan_restore(archive.store, snapshot, target)

    assert {p.entry.path: p.step for p in plan.entries} == {
        "new": Step.CREATE,
        "other": Step.REPLACE,
        "same": Step.KEEP,
    }
    assert plan.conflicts == ("other",)
    assert plan.bytes == 12
    assert tree(target) == {"same": b"same", "other": b"mine!!!", "extra": b"untouched"}


def test_a_plan_for_a_missing_folder_does_not_make_it(archive: Archive, target: Path) -> None:
    plan = plan_restore(archive.store, archive.snapshot(archive.file("a")), target)

    assert [p.step for p in plan.entries] == [Step.CREATE]
    assert not target.exists()


@pytest.mark.parametrize("content", [b"differs", b"other length"])
def test_differing_files_are_refused_before_anything_is_written(archive: Archive, target: Path, content: bytes) -> None:
    target.mkdir()
    (target / "a").write_bytes(content)

    with pytest.raises(RestoreRefused, match=r"1 paths differ .* \(a\)"):
        archive.restored(target, archive.file("a"), archive.file("b"))

    assert tree(target) == {"a": content}


def test_differing_files_are_replaced_when_asked_and_others_left_alone(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "a").write_bytes(b"differs")
    (target / "same").write_bytes(b"same")
    (target / "extra").write_bytes(b"stays")

    done = archive.restored(target, archive.file("a"), archive.file("same", b"same"), overwrite=True)

    assert (done.files, done.kept) == (1, 1)
    assert tree(target) == {"a": b"content", "same": b"same", "extra": b"stays"}


@POSIX
def test_kinds_replace_each_other_when_asked(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "file-now").mkdir()
    (target / "folder-now").write_bytes(b"file")
    (target / "link-now").write_bytes(b"file")
    (target / "other-link").symlink_to("before")

    done = archive.restored(
        target,
        archive.file("file-now"),
        folder("folder-now"),
        archive.file("folder-now/inner", b"inner"),
        link("link-now", "file-now"),
        link("other-link", "after"),
        overwrite=True,
    )

    assert done.problems == ()
    assert (target / "file-now").read_bytes() == b"content"
    assert (target / "folder-now" / "inner").read_bytes() == b"inner"
    assert os.readlink(target / "link-now") == "file-now"
    assert os.readlink(target / "other-link") == "after"


def test_a_filled_folder_in_a_files_place_is_never_removed(archive: Archive, target: Path) -> None:
    (target / "a").mkdir(parents=True)
    (target / "a" / "precious").write_bytes(b"mine")

    done = archive.restored(target, archive.file("a"), archive.file("b"), overwrite=True)

    assert [path for path, _ in done.problems] == ["a"]
    assert tree(target) == {"a/precious": b"mine", "b": b"content"}


@POSIX
def test_equal_links_and_folders_are_kept(archive: Archive, target: Path) -> None:
    (target / "d").mkdir(parents=True)
    (target / "l").symlink_to("d")

    done = archive.restored(target, folder("d"), link("l", "d"))

    assert done.kept == 2


def test_restoring_again_finds_everything_in_place(archive: Archive, target: Path) -> None:
    entries = (folder("d"), archive.file("d/a"))
    archive.restored(target, *entries)

    done = archive.restored(target, *entries)

    assert (done.files, done.kept) == (0, 2)


def test_only_the_paths_asked_for_come_back_with_the_folders_above_them(archive: Archive, target: Path) -> None:
    entries = (
        folder("src", mode=0o750),
        archive.file("src/a.py"),
        folder("src/deep"),
        archive.file("src/deep/b.py"),
        folder("src2"),
        archive.file("src2/c.py"),
    )

    archive.restored(target, *entries, paths=("src/deep/", "src2/c.py"))

    assert set(tree(target)) == {"src/deep/b.py", "src2/c.py"}
    assert stat.S_IMODE((target / "src").stat().st_mode) == 0o750


def test_the_whole_is_a_path_too(archive: Archive, target: Path) -> None:
    archive.restored(target, archive.file("a"), paths=("",))

    assert set(tree(target)) == {"a"}


def test_a_path_the_snapshot_does_not_hold_is_an_error(archive: Archive, target: Path) -> None:
    with pytest.raises(InvalidArgument, match="holds nothing under 'b'"):
        archive.restored(target, archive.file("a"), paths=("a", "b"))

    assert not target.exists()


@POSIX
@pytest.mark.parametrize(
    "path", ["../outside", "/etc/outside", "a/../../outside", "a//b", "./a", "..", ".", "a/..", "nul\0byte", "\ud800"]
)
def test_a_path_that_could_leave_the_target_is_refused_alone(
    archive: Archive, tmp_path: Path, target: Path, path: str
) -> None:
    lying = archive.lying(archive.file("good"), replace(archive.file("placeholder"), path=path))

    done = restore(lying, plan_restore(lying, archive.snapshot(), target))

    assert [found for found, _ in done.problems] == [path]
    assert set(tree(tmp_path)) == {"target/good"}


@POSIX
def test_a_link_of_the_archive_cannot_lead_its_own_files_out(archive: Archive, tmp_path: Path, target: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    done = archive.restored(target, link("d", str(outside)), archive.file("d/passwd", b"evil"))

    assert list(outside.iterdir()) == []
    assert [path for path, _ in done.problems] == ["d"]


@POSIX
def test_a_link_planted_in_the_target_is_not_followed(archive: Archive, tmp_path: Path, target: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target.mkdir()
    (target / "d").symlink_to(outside)
    entries = (archive.file("d/a", b"x"), archive.file("d/b", b"x"))

    with pytest.raises(RestoreRefused, match="2 paths differ"):
        archive.restored(target, *entries)
    done = archive.restored(target, *entries, overwrite=True)

    assert [path for path, _ in done.problems] == ["d/a", "d/b"]
    assert list(outside.iterdir()) == []


@POSIX
def test_a_link_planted_where_a_folder_belongs_is_a_conflict_and_replaced_when_asked(
    archive: Archive, tmp_path: Path, target: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    target.mkdir()
    (target / "d").symlink_to(outside)
    entries = (folder("d", mode=0o777), archive.file("d/a", b"x"))

    with pytest.raises(RestoreRefused):
        archive.restored(target, *entries)
    done = archive.restored(target, *entries, overwrite=True)

    assert done.problems == ()
    assert list(outside.iterdir()) == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700
    assert not (target / "d").is_symlink()


@POSIX
def test_a_folder_swapped_for_a_link_during_the_restore_is_not_followed(
    archive: Archive, tmp_path: Path, target: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    snapshot = archive.snapshot(folder("d", mode=0o777), archive.file("d/a"), archive.file("z"))

    def swap(progress: Progress) -> None:
        if progress.done == progress.total:
            return
        if (target / "d").is_dir() and not (target / "d").is_symlink():
            (target / "d").rename(tmp_path / "moved")
            (target / "d").symlink_to(outside)

    restore(archive.store, plan_restore(archive.store, snapshot, target), report=Reporter(swap))

    assert list(outside.iterdir()) == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700


@POSIX
@pytest.mark.parametrize("says", ["", "nul\0byte", "\ud800"])
def test_a_link_that_says_no_path_is_left_out(archive: Archive, target: Path, says: str) -> None:
    lying = archive.lying(link("l", says))

    done = restore(lying, plan_restore(lying, archive.snapshot(), target))

    assert [path for path, _ in done.problems] == ["l"]


def test_specials_and_files_never_read_are_named_not_made(archive: Archive, target: Path) -> None:
    done = archive.restored(
        target,
        Entry(path="lost", kind=EntryKind.FILE, mode=0o644, mtime_ns=0, size=3, note="unreadable"),
        Entry(path="pipe", kind=EntryKind.FIFO, mode=0o644, mtime_ns=0),
        Entry(path="tty", kind=EntryKind.CHARACTER_DEVICE, mode=0o644, mtime_ns=0),
        archive.file("z"),
    )

    assert [path for path, _ in done.problems] == ["lost", "pipe", "tty"]
    assert os.listdir(target) == ["z"]


def test_content_left_to_a_repository_is_listed_first(archive: Archive, target: Path) -> None:
    left = Entry(path="r", kind=EntryKind.FILE, mode=0o644, mtime_ns=0, size=3, reference="git:0123")

    done = archive.restored(target, archive.file("a"), left)

    assert done.references == (left,)
    assert set(tree(target)) == {"a"}


class Damaged(Store):
    """A store one of whose blobs is damaged."""

    bad = BlobId("")

    def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
        if blob == self.bad:
            yield b"half of "
            raise BlobDamaged(blob, Path("a.pack"), 7, "a flipped bit")
        yield from super().read_chunks(blob)


def test_a_damaged_file_is_named_the_rest_comes_back_and_no_half_file_stays(archive: Archive, target: Path) -> None:
    bad = archive.file("b", b"half of it")
    snapshot = archive.snapshot(archive.file("a"), bad, archive.file("c"))
    store = Damaged(archive.store._state, 1)
    store.bad = bad.blob or BlobId("")

    done = restore(store, plan_restore(store, snapshot, target))

    assert done.files == 2
    assert [(path, "flipped bit" in why) for path, why in done.problems] == [("b", True)]
    assert sorted(os.listdir(target)) == ["a", "c"]


def test_damage_in_the_vault_does_not_stop_a_plan(archive: Archive, target: Path) -> None:
    bad = archive.file("b", b"half of it")
    snapshot = archive.snapshot(bad)
    target.mkdir()
    (target / "b").write_bytes(b"half of it")
    store = Damaged(archive.store._state, 1)
    store.bad = bad.blob or BlobId("")

    assert [p.step for p in plan_restore(store, snapshot, target).entries] == [Step.KEEP]


def test_a_killed_restore_leaves_whole_files_only_and_can_be_taken_up(archive: Archive, target: Path) -> None:
    snapshot = archive.snapshot(archive.file("a", b"first"), archive.file("b", b"second"), archive.file("c"))

    class Dying(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            for block in super().read_chunks(blob):
                yield block[:3]
                if block == b"second":
                    raise KeyboardInterrupt
                yield block[3:]

    dying = Dying(archive.store._state, 1)
    with pytest.raises(KeyboardInterrupt):
        restore(dying, plan_restore(dying, snapshot, target))
    left = tree(target)

    done = restore(archive.store, plan_restore(archive.store, snapshot, target))

    assert left == {"a": b"first", UNFINISHED: b""}
    assert (done.files, done.kept) == (2, 1)
    assert tree(target) == {"a": b"first", "b": b"second", "c": b"content"}


def test_what_a_killed_process_left_is_cleared_away(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / ".codevault-restoring").write_bytes(b"half")

    archive.restored(target, archive.file("a"))

    assert os.listdir(target) == ["a"]


def test_a_cancelled_restore_keeps_what_is_whole(archive: Archive, target: Path) -> None:
    token = CancelToken()
    snapshot = archive.snapshot(archive.file("a"), archive.file("b"))
    plan = plan_restore(archive.store, snapshot, target)
    token.cancel()

    with pytest.raises(Cancelled):
        restore(archive.store, plan, report=Reporter(cancel=token))

    assert tree(target) == {UNFINISHED: b""}


@pytest.mark.parametrize("inside", [VAULT, VAULT / "packs", VAULT.parent])
def test_nothing_is_restored_into_or_around_the_vault(archive: Archive, inside: Path) -> None:
    with pytest.raises(RestoreRefused, match="in one another"):
        plan_restore(archive.store, archive.snapshot(archive.file("a")), inside)


@POSIX
def test_the_vault_is_recognised_through_a_link(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    (tmp_path / "way").symlink_to("vault")
    with store.writer() as writer:
        snapshot = writer.commit(SnapshotDraft(project=PROJECT, created_ns=1), ())

    with pytest.raises(RestoreRefused):
        plan_restore(store, snapshot, tmp_path / "way" / "packs")


def test_a_target_that_is_a_file_is_refused(archive: Archive, target: Path) -> None:
    target.write_bytes(b"")

    with pytest.raises(RestoreRefused, match="cannot restore to"):
        archive.restored(target, archive.file("a"))


def test_a_target_that_cannot_be_made_is_refused(archive: Archive, target: Path) -> None:
    target.write_bytes(b"")

    with pytest.raises(RestoreRefused, match="cannot"):
        archive.restored(target / "below", archive.file("a"))


def test_a_file_that_cannot_be_written_is_a_problem_of_that_file(archive: Archive, target: Path) -> None:
    done = archive.restored(target, archive.file("a"), archive.file("a/b"), archive.file("c", mtime_ns=2**100))

    assert sorted(path for path, _ in done.problems) == ["a/b", "c"]
    assert tree(target) == {"a": b"content"}


def test_a_folder_that_cannot_be_settled_is_a_problem(archive: Archive, target: Path) -> None:
    done = archive.restored(target, folder("d", mtime_ns=2**100))

    assert [path for path, _ in done.problems] == ["d"]


def test_a_folder_that_vanished_before_the_end_is_a_problem(archive: Archive, target: Path) -> None:
    class Removing(Store):
        def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
            appeared(target / "d00").rmdir()
            return super().read_chunks(blob)

    store = Removing(archive.store._state, 1)
    folders = (folder("d00"), link("d00/l", "x"), *(folder(f"d{n:02}") for n in range(1, 70)))
    snapshot = archive.snapshot(*folders, folder("z"), archive.file("z/z"))

    done = restore(store, plan_restore(store, snapshot, target))

    assert done.problems == (("d00", "No such file or directory"), ("d00/l", "No such file or directory"))


@POSIX
def test_folders_in_one_another_beyond_what_is_kept_open(archive: Archive, target: Path) -> None:
    paths = ["/".join(["d"] * depth) for depth in range(1, 301)]

    done = archive.restored(target, *(folder(path, mode=0o700) for path in paths), archive.file(f"{paths[-1]}/f"))

    assert done.problems == ()
    assert (target / paths[-1] / "f").read_bytes() == b"content"
    assert (target / "d").stat().st_mtime_ns == MTIME


def test_without_directory_descriptors_every_parent_is_checked(
    archive: Archive, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_module, "BY_DESCRIPTOR", False)
    monkeypatch.setattr(places, "BY_DESCRIPTOR", False)
    outside = tmp_path / "outside"
    outside.mkdir()
    target.mkdir()
    (target / "planted").symlink_to(outside)

    done = archive.restored(
        target,
        folder("d", mode=0o750),
        archive.file("d/a"),
        archive.file("planted/x"),
        link("l", "d/a"),
        overwrite=True,
    )
    again = archive.restored(target, folder("d"), archive.file("d/a"), link("l", "d/a"))

    assert [path for path, _ in done.problems] == ["planted/x"]
    assert (target / "d" / "a").read_bytes() == b"content"
    assert stat.S_IMODE((target / "d").stat().st_mode) == 0o750
    assert list(outside.iterdir()) == []
    assert again.kept == 3
