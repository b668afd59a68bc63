"""The backup run over a project in memory and a store in memory: what is read, kept, reported and committed."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from codevault.backup import Run, back_up
from codevault.errors import Cancelled, SourceError, StorageFull, VaultBusy
from codevault.ids import ProjectId
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.policy import DEFAULT
from codevault.source import MemoryFile, MemoryFolder
from codevault.store.filesystem import FileSystem, NewFile
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, EntryKind, SnapshotDraft
from codevault.store.store import Store
from codevault.storing import LARGE

SECOND = 1_000_000_000
NOW = 1_000 * SECOND
PROJECT = ProjectId("0123456789abcdef")
DENIED = PermissionError(13, "Permission denied")


def file(content: bytes = b"content", **kwargs: object) -> MemoryFile:
    return MemoryFile(content, **kwargs)  # type: ignore[arg-type]


def edit(root: MemoryFolder, name: str, content: bytes) -> None:
    """Changes a file as an editor does: the time of change moves on."""
    item = root.items[name]
    assert isinstance(item, MemoryFile)
    item.content = content
    item.ctime_ns += 1
    item.mtime_ns += 1


def entry(entries: Iterable[Entry], path: str) -> Entry:
    return next(e for e in entries if e.path == path)


@dataclass
class World:
    """One project and one store, and what the last run saw."""

    root: MemoryFolder
    disk: FileSystem = field(default_factory=MemoryFileSystem)
    now: int = NOW
    signatures: Mapping[str, bytes] = field(default_factory=dict)
    foreign: frozenset[tuple[int, int]] = frozenset()

    def __post_init__(self) -> None:
        self.store = Store.create(Path("/vault"), filesystem=self.disk, clock=lambda: self.now)

    def run(self, *, kind: str = "manual", report: Reporter | None = None) -> Run:
        done = back_up(
            self.store,
            SnapshotDraft(project=PROJECT, created_ns=self.now, kind=kind),
            self.root,
            DEFAULT,
            signatures=lambda _: self.signatures,
            foreign=self.foreign,
            clock=lambda: self.now,
            report=report,
        )
        self.signatures = done.signatures
        return done

    def entries(self, run: Run) -> tuple[Entry, ...]:
        return tuple(self.store.manifest(run.backup.snapshot))

    def paths(self, run: Run) -> list[str]:
        return [e.path for e in self.entries(run)]

    def content(self, run: Run, path: str) -> bytes:
        blob = entry(self.entries(run), path).blob
        assert blob is not None
        return self.store.read(blob)


def problems(run: Run) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in run.backup.problems]


def changed(run: Run) -> set[str]:
    return {change.path for change in run.changes.changed}


def test_keeps_files_folders_and_their_content() -> None:
    world = World(MemoryFolder({"src": MemoryFolder({"a.py": file(b"x = 1\n")}), "empty": MemoryFolder()}))

    run = world.run()

    assert world.paths(run) == ["empty", "src", "src/a.py"]
    assert world.content(run, "src/a.py") == b"x = 1\n"
    assert run.backup.complete
    assert run.backup.id == run.backup.snapshot.id


def test_counts_what_was_done() -> None:
    world = World(MemoryFolder({"a": file(b"one"), "b": file(b"four"), "d": MemoryFolder({"c": file(b"")})}))
    world.run()
    edit(world.root, "a", b"three")
    del world.root.items["b"]
    world.root.items["new"] = file(b"n")

    stats = world.run().backup.stats

    assert (stats.files, stats.folders, stats.bytes) == (3, 2, 6)
    assert (stats.added, stats.changed, stats.removed) == (1, 1, 1)
    assert (stats.read_files, stats.read_bytes) == (2, 6)
    assert stats.seconds >= 0


def test_an_empty_project_is_a_snapshot_too() -> None:
    run = World(MemoryFolder()).run(kind="automatic")

    assert run.recorded
    assert run.backup.stats.files == 0


def test_keeps_empty_files_and_files_named_like_the_vaults_own() -> None:
    world = World(MemoryFolder({"empty": file(b""), "vault.json": file(b"{}"), "packs": MemoryFolder()}))

    run = world.run()

    assert world.paths(run) == ["empty", "packs", "vault.json"]
    assert world.content(run, "empty") == b""


def test_an_unchanged_project_is_not_read_again() -> None:
    world = World(MemoryFolder({"a": file(), "src": MemoryFolder({"b": file()})}))
    world.run()

    run = world.run()

    assert (run.backup.stats.read_files, run.backup.stats.files) == (0, 2)
    assert run.recorded
    assert not run.changes.changed


def test_only_the_changed_file_is_read() -> None:
    world = World(MemoryFolder({"a": file(), "b": file(), "src": MemoryFolder({"c": file()})}))
    world.run()
    edit(world.root, "b", b"other")

    run = world.run()

    assert run.backup.stats.read_files == 1
    assert changed(run) == {"b"}
    assert world.paths(run) == ["a", "b", "src", "src/c"]


def test_an_automatic_run_without_change_makes_no_snapshot() -> None:
    world = World(MemoryFolder({"a": file()}))
    first = world.run()

    run = world.run(kind="automatic")

    assert not run.recorded
    assert run.backup.snapshot == first.backup.snapshot
    assert len(world.store.snapshots()) == 1


def test_an_automatic_run_that_only_read_a_file_again_makes_no_snapshot() -> None:
    world = World(MemoryFolder({"a": file(ctime_ns=NOW), "b": file(error=DENIED)}))
    world.run()
    world.now += 60 * SECOND

    run = world.run(kind="automatic")

    assert run.backup.stats.read_files == 1
    assert not run.recorded
    assert problems(run) == [("b", "unreadable")]


def test_an_automatic_run_after_the_scans_memory_was_lost_makes_no_snapshot() -> None:
    world = World(MemoryFolder({"a": file(), "src": MemoryFolder({"b": file()})}))
    world.run()
    world.signatures = {}

    run = world.run(kind="automatic")

    assert run.backup.stats.read_files == 2
    assert not run.recorded


def test_an_automatic_run_records_that_a_folder_is_gone() -> None:
    world = World(MemoryFolder({"a": file(), "empty": MemoryFolder()}))
    world.run()
    del world.root.items["empty"]

    run = world.run(kind="automatic")

    assert run.recorded
    assert world.paths(run) == ["a"]


@pytest.mark.parametrize("field", ["ctime_ns", "inode"])
def test_equal_size_and_time_do_not_hide_a_change(field: str) -> None:
    world = World(MemoryFolder({"a": file(b"one", inode=1)}))
    world.run()
    world.root.items["a"] = file(b"two", **{"inode": 1, field: 2})

    run = world.run()

    assert world.content(run, "a") == b"two"


def test_a_file_touched_while_it_was_scanned_is_read_again_next_time() -> None:
    world = World(MemoryFolder({"a": file(b"one", ctime_ns=NOW - SECOND)}))
    world.run()
    world.root.items["a"].content = b"two"  # type: ignore[union-attr]  # within the same tick of a coarse clock

    run = world.run()

    assert world.content(run, "a") == b"two"


def test_what_counts_for_that_is_the_time_of_listing_not_the_end_of_the_run() -> None:
    slow = file(b"slow")
    world = World(MemoryFolder({"a": file(b"one", ctime_ns=NOW - SECOND), "b": slow}))
    slow.on_read = lambda: setattr(world, "now", NOW + 60 * SECOND)
    world.run()
    world.root.items["a"].content = b"two"  # type: ignore[union-attr]

    run = world.run()

    assert world.content(run, "a") == b"two"


def test_a_change_of_mode_alone_is_recorded_without_new_content() -> None:
    world = World(MemoryFolder({"a": file(mode=stat.S_IFREG | 0o644)}))
    first = world.run()
    blobs = world.store.stats().blobs
    world.root.items["a"] = file(mode=stat.S_IFREG | 0o755, ctime_ns=1)

    run = world.run(kind="automatic")

    assert run.recorded
    assert entry(world.entries(run), "a").mode == 0o755
    assert entry(world.entries(run), "a").blob == entry(world.entries(first), "a").blob
    assert not run.changes.changed
    assert world.store.stats().blobs == blobs + 1  # the manifest


def test_a_changed_file_costs_its_difference_only() -> None:
    lines = [f"line {number} {number * 7919 % 10007}\n" for number in range(5_000)]
    world = World(MemoryFolder({"a": file("".join(lines).encode())}))
    world.run()
    before = world.store.stats().pack_bytes
    edit(world.root, "a", "".join([*lines, "one more\n"]).encode())

    world.run()

    assert world.store.stats().pack_bytes - before < 1_000


def test_a_secret_is_kept_but_marked_as_not_to_be_indexed() -> None:
    world = World(MemoryFolder({".env": file(b"TOKEN=canary\n"), "a.py": file()}))

    run = world.run()

    assert world.content(run, ".env") == b"TOKEN=canary\n"
    assert entry(world.entries(run), ".env").note == "private"
    assert {change.path: change.indexed for change in run.changes.changed} == {".env": False, "a.py": True}


def test_an_unchanged_secret_is_not_read_again() -> None:
    world = World(MemoryFolder({".env": file(), "a": file()}))
    world.run()
    edit(world.root, "a", b"x")

    assert world.run().backup.stats.read_files == 1


def test_version_controls_own_folder_is_kept_but_not_indexed() -> None:
    world = World(MemoryFolder({".git": MemoryFolder({"refs": MemoryFolder({"main": file()})})}))

    run = world.run()

    assert entry(world.entries(run), ".git/refs/main").note == "private"


def test_a_folder_that_can_be_made_again_is_left_out_and_named() -> None:
    world = World(
        MemoryFolder(
            {
                "package.json": file(b"{}"),
                "package-lock.json": file(b"{}"),
                "node_modules": MemoryFolder({"left-pad": MemoryFolder({"package.json": file(b"{}"), "x.js": file()})}),
            }
        )
    )

    run = world.run()

    assert world.paths(run) == ["package-lock.json", "package.json"]
    (left_out,) = run.backup.excluded
    assert left_out.path == "node_modules"
    assert "package.json" in left_out.why
    assert run.backup.stats.excluded == 1


def test_files_of_a_folder_that_comes_to_be_left_out_count_as_removed() -> None:
    modules = MemoryFolder({"x": MemoryFolder({"package.json": file(b"{}")})})
    world = World(MemoryFolder({"node_modules": modules}))
    world.run()
    world.root.items["package.json"] = file(b"{}")
    world.root.items["package-lock.json"] = file(b"{}")

    run = world.run()

    assert run.changes.removed == ("node_modules/x/package.json",)
    assert world.paths(run) == ["package-lock.json", "package.json"]


def test_folders_that_belong_to_others_are_left_out() -> None:
    world = World(MemoryFolder({"vault": MemoryFolder({"packs": file()}, inode=77), "a": file()}))
    world.foreign = frozenset({(0, 77)})

    run = world.run()

    assert world.paths(run) == ["a"]
    assert [(e.path, e.why) for e in run.backup.excluded] == [("vault", "belongs to the vault or to another project")]


def test_a_folder_met_twice_is_entered_once() -> None:
    inner = MemoryFolder({"a": file()}, inode=5)
    world = World(MemoryFolder({"one": inner, "two": inner}))

    run = world.run()

    assert world.paths(run) == ["one", "one/a"]
    assert "loop" in run.backup.excluded[0].why


def test_links_and_specials_are_recorded_and_never_read() -> None:
    world = World(
        MemoryFolder(
            {
                "dangling": file(b"", mode=stat.S_IFLNK | 0o777, target="/nowhere"),
                "pipe": file(b"", mode=stat.S_IFIFO | 0o600),
                "sock": file(b"", mode=stat.S_IFSOCK | 0o600),
                "tty": file(b"", mode=stat.S_IFCHR | 0o600),
                "disk": file(b"", mode=stat.S_IFBLK | 0o600),
            }
        )
    )

    run = world.run()

    assert {e.path: e.kind for e in world.entries(run)} == {
        "dangling": EntryKind.SYMLINK,
        "disk": EntryKind.BLOCK_DEVICE,
        "pipe": EntryKind.FIFO,
        "sock": EntryKind.SOCKET,
        "tty": EntryKind.CHARACTER_DEVICE,
    }
    assert entry(world.entries(run), "dangling").target == "/nowhere"
    assert run.backup.stats.read_files == 0
    assert run.backup.complete


def test_a_kind_of_file_nobody_knows_is_a_problem_not_an_error() -> None:
    world = World(MemoryFolder({"door": file(b"", mode=0o150000), "a": file()}))

    run = world.run()

    assert problems(run) == [("door", "unreadable")]
    assert world.paths(run) == ["a"]


def test_a_link_that_cannot_be_read_is_a_problem() -> None:
    link = file(b"", mode=stat.S_IFLNK | 0o777, target="somewhere")
    world = World(MemoryFolder({"l": link}))
    world.run()
    link.error, link.ctime_ns = DENIED, 1

    run = world.run()

    assert problems(run) == [("l", "unreadable")]
    assert entry(world.entries(run), "l").target == "somewhere"


def test_an_unreadable_file_keeps_its_last_content() -> None:
    world = World(MemoryFolder({"a": file(b"known"), "b": file()}))
    world.run()
    world.root.items["a"] = file(b"unknown", ctime_ns=1, error=DENIED)

    run = world.run()

    assert problems(run) == [("a", "unreadable")]
    assert not run.backup.complete
    assert world.content(run, "a") == b"known"
    assert entry(world.entries(run), "a").note == "carried"
    assert not run.changes.removed


def test_a_file_that_could_never_be_read_is_still_listed() -> None:
    world = World(MemoryFolder({"a": file(b"unknown", error=DENIED)}))

    run = world.run()

    assert [(e.path, e.size, e.blob, e.note) for e in world.entries(run)] == [("a", 7, None, "unreadable")]
    assert run.backup.problems[0].why == "Permission denied"


def test_a_file_is_read_as_soon_as_it_can_be() -> None:
    locked = file(b"unknown", error=DENIED)
    world = World(MemoryFolder({"a": locked}))
    world.run()
    locked.error = None

    run = world.run()

    assert world.content(run, "a") == b"unknown"
    assert run.backup.complete


def test_an_unreadable_folder_carries_everything_below_it() -> None:
    deep = MemoryFolder({"b": file(b"deep"), ".env": file(b"s")})
    src = MemoryFolder({"a": file(b"one"), "deep": deep})
    world = World(MemoryFolder({"src": src}))
    world.run()
    src.error = DENIED

    run = world.run()

    assert problems(run) == [("src", "unreadable")]
    assert world.paths(run) == ["src", "src/a", "src/deep", "src/deep/.env", "src/deep/b"]
    assert world.content(run, "src/deep/b") == b"deep"
    assert entry(world.entries(run), "src/deep/.env").note == "carried private"
    assert not run.changes.removed


def test_a_folder_that_stays_unreadable_makes_no_further_automatic_snapshots() -> None:
    src = MemoryFolder({"a": file(b"one")})
    world = World(MemoryFolder({"src": src}))
    world.run()
    src.error = DENIED
    world.run()

    run = world.run(kind="automatic")

    assert not run.recorded
    assert problems(run) == [("src", "unreadable")]


def test_a_folder_that_can_be_read_again_is() -> None:
    src = MemoryFolder({"a": file(b"one")})
    world = World(MemoryFolder({"src": src}))
    world.run()
    src.error = DENIED
    world.run()
    src.error = None

    run = world.run()

    assert run.backup.complete
    assert entry(world.entries(run), "src/a").note is None


def test_a_file_that_vanishes_before_its_turn_is_reported_and_counts_as_removed() -> None:
    world = World(MemoryFolder({"a": file(b"first"), "b": file(b"second")}))
    world.run()
    edit(world.root, "a", b"changed")
    edit(world.root, "b", b"changed")
    world.root.items["a"].on_read = lambda: world.root.items.pop("b", None)  # type: ignore[union-attr]

    run = world.run()

    assert problems(run) == [("b", "vanished")]
    assert world.paths(run) == ["a"]
    assert run.changes.removed == ("b",)


class Vanishing(MemoryFolder):
    def entries(self) -> list[object]:  # type: ignore[override]
        raise FileNotFoundError(2, "No such file or directory")


def test_a_folder_that_vanishes_before_its_turn_is_reported_and_counts_as_removed() -> None:
    world = World(MemoryFolder({"b": file(), "src": MemoryFolder({"a": file()}, inode=9)}))
    world.run()
    world.root.items["src"] = Vanishing(inode=10)

    run = world.run()

    assert problems(run) == [("src", "vanished")]
    assert run.changes.removed == ("src/a",)


def test_a_file_that_became_a_link_counts_as_removed() -> None:
    world = World(MemoryFolder({"a": file()}))
    world.run()
    world.root.items["a"] = file(b"", mode=stat.S_IFLNK | 0o777, target="b", ctime_ns=1)

    run = world.run()

    assert run.changes.removed == ("a",)
    assert entry(world.entries(run), "a").kind is EntryKind.SYMLINK


def test_a_link_that_became_a_file_counts_as_added() -> None:
    world = World(MemoryFolder({"a": file(b"", mode=stat.S_IFLNK | 0o777, target="b")}))
    world.run()
    world.root.items["a"] = file(b"x", ctime_ns=1)

    run = world.run()

    assert changed(run) == {"a"}
    assert run.backup.stats.added == 1


def test_a_file_that_became_a_folder_counts_as_removed() -> None:
    world = World(MemoryFolder({"a": file()}))
    world.run()
    world.root.items["a"] = MemoryFolder({"b": file(b"new")})

    run = world.run()

    assert run.changes.removed == ("a",)
    assert changed(run) == {"a/b"}


def test_a_file_that_keeps_changing_is_kept_marked_and_tried_again() -> None:
    turns = iter(range(100))
    noisy = file(b"a")
    noisy.on_read = lambda: setattr(noisy, "content", b"%d" % next(turns))
    world = World(MemoryFolder({"noisy": noisy}))
    run = world.run()
    noisy.on_read = None

    again = world.run()

    assert problems(run) == [("noisy", "unstable")]
    assert entry(world.entries(run), "noisy").note == "unstable"
    assert again.backup.complete
    assert world.content(again, "noisy") == noisy.content


def test_a_large_file_is_streamed_whole() -> None:
    content = bytes(range(256)) * (LARGE // 256 + 1)
    world = World(MemoryFolder({"big.bin": file(content)}))

    run = world.run()

    assert world.content(run, "big.bin") == content
    assert run.backup.stats.read_bytes == len(content)


def test_a_large_file_that_changed_once_while_it_was_streamed_is_read_again() -> None:
    big = file(b"a" * LARGE)

    def change() -> None:
        big.content, big.on_read = b"b" * LARGE, None

    big.on_read = change
    world = World(MemoryFolder({"big": big}))

    run = world.run()

    assert run.backup.complete
    assert world.content(run, "big") == b"b" * LARGE


def test_a_large_file_that_keeps_changing_is_marked() -> None:
    turns = iter(range(100))
    big = file(b"a" * LARGE)
    big.on_read = lambda: setattr(big, "content", bytes([next(turns)]) * LARGE)
    world = World(MemoryFolder({"big": big}))

    run = world.run()

    assert problems(run) == [("big", "unstable")]
    assert entry(world.entries(run), "big").size == LARGE


def test_a_large_file_that_fails_half_way_is_a_problem_of_that_file() -> None:
    big = file(b"a" * LARGE)

    def fail() -> None:
        raise OSError(5, "Input/output error")

    big.on_read = fail
    world = World(MemoryFolder({"big": big, "c": file()}))

    run = world.run()

    assert [(p.path, p.why) for p in run.backup.problems] == [("big", "Input/output error")]
    assert world.paths(run) == ["big", "c"]
    assert world.store.verify().ok


def many(count: int) -> dict[str, MemoryFile | MemoryFolder]:
    return {f"f{number}": file(b"%d" % number) for number in range(count)}


def test_a_mass_disappearance_is_marked_as_suspect() -> None:
    world = World(MemoryFolder(many(30)))
    world.run()
    world.root.items = many(10)

    run = world.run()

    assert problems(run) == [("", "suspect")]
    assert run.backup.snapshot.facts["suspect"] is True
    assert "20 of 30" in run.backup.problems[0].why


@pytest.mark.parametrize("left", [many(20), many(30) | {"new": file()}])
def test_ordinary_changes_are_not_suspect(left: dict[str, MemoryFile | MemoryFolder]) -> None:
    world = World(MemoryFolder(many(30)))
    world.run()
    world.root.items = left

    run = world.run()

    assert run.backup.complete
    assert "suspect" not in run.backup.snapshot.facts


def test_a_mass_rename_is_not_suspect() -> None:
    world = World(MemoryFolder(many(30)))
    world.run()
    world.root.items = {"moved": MemoryFolder(many(30))}

    assert world.run().backup.complete


def test_a_small_project_that_is_suddenly_empty_is_suspect() -> None:
    world = World(MemoryFolder(many(3)))
    world.run()
    world.root.items = {}

    assert problems(world.run()) == [("", "suspect")]


def test_a_root_that_cannot_be_listed_records_nothing() -> None:
    world = World(MemoryFolder({"a": file()}))
    world.run()
    world.root.error = OSError(5, "Input/output error")

    with pytest.raises(SourceError, match="Input/output error"):
        world.run()

    assert len(world.store.snapshots()) == 1


def test_a_second_writer_is_told_at_once() -> None:
    world = World(MemoryFolder({"a": file()}))

    with world.store.writer(), pytest.raises(VaultBusy):
        world.run()

    assert world.run().recorded


def test_a_cancelled_run_records_nothing_and_leaves_the_vault_free() -> None:
    token = CancelToken()
    world = World(MemoryFolder({"a": file(on_read=token.cancel), "b": file()}))

    with pytest.raises(Cancelled):
        world.run(report=Reporter(cancel=token))

    assert world.store.snapshots() == ()
    assert world.run().recorded


def test_progress_is_told_and_a_callback_that_raises_costs_nothing() -> None:
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        raise RuntimeError("broken callback")

    run = World(MemoryFolder({"a": file()})).run(report=Reporter(tell))

    assert run.recorded
    assert [p.phase for p in told] == ["reading"]


class Full(MemoryFileSystem):
    """A disk that is full as soon as `full` is set."""

    full = False

    def create(self, path: Path) -> NewFile:
        if self.full:
            raise StorageFull(path, OSError(28, "No space left on device"))
        return super().create(path)


def test_a_full_disk_is_an_error_of_the_vault_not_of_a_file() -> None:
    disk = Full()
    world = World(MemoryFolder({"a": file()}), disk=disk)
    first = world.run()
    edit(world.root, "a", b"more")
    disk.full = True

    with pytest.raises(StorageFull):
        world.run()

    disk.full = False
    assert world.store.snapshots() == (first.backup.snapshot,)
    assert world.content(world.run(), "a") == b"more"


def remove_packs(world: World) -> None:
    """Loses all content that the vault holds."""
    for folder in world.disk.list(Path("/vault/packs")) or ():
        for pack in world.disk.list(Path("/vault/packs") / folder.name) or ():
            world.disk.remove(Path("/vault/packs") / folder.name / pack.name)
    world.store = Store.open(Path("/vault"), filesystem=world.disk, clock=lambda: world.now)


@pytest.mark.parametrize("kind", ["manual", "milestone"])
def test_lost_content_is_read_again_from_the_project(kind: str) -> None:
    world = World(MemoryFolder({"a": file(b"one"), "src": MemoryFolder({"b": file(b"two")})}))
    world.run()
    remove_packs(world)

    run = world.run(kind=kind)

    assert problems(run) == [("", "damaged")]
    assert world.content(run, "src/b") == b"two"
    assert run.changes.whole


def test_lost_content_is_read_again_when_another_file_changes() -> None:
    world = World(MemoryFolder({"a": file(b"one"), "src": MemoryFolder({"b": file(b"two")})}))
    world.run()
    remove_packs(world)
    edit(world.root, "a", b"three")

    run = world.run(kind="automatic")

    assert world.content(run, "src/b") == b"two"


def test_a_stale_memory_of_the_scan_never_leaves_files_out() -> None:
    world = World(MemoryFolder({"src": MemoryFolder({"b": file(b"two")})}))
    world.run()
    world.signatures = {**world.signatures, "gone": b"\x90"}

    run = world.run()

    assert world.paths(run) == ["src", "src/b"]
