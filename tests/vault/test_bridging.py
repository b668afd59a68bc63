"""What a run may leave to a repository, and when it has to take it back."""

from __future__ import annotations

import os
from pathlib import Path

from codevault.bridging import NothingVersioned, VersionedFiles
from codevault.source import Listed, RealFolder
from codevault.vcs.memory_repository import MemoryRepository
from codevault.vcs.model import System, Tracked
from codevault.vcs.remembering import FolderMemory, HeapMemory

LATER = 1 << 62


def listed(root: Path, name: str) -> Listed:
    folder = RealFolder.root(str(root))
    try:
        (found,) = [entry for entry in folder.entries() if entry.name == name]
    finally:
        folder.close()
    return found


class Scene:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = MemoryRepository()
        self.memory = HeapMemory()
        self.reads = 0

    def put(self, name: str, content: bytes, *, safe: bool = True) -> None:
        (self.root / name).write_bytes(content)
        named = self.repository.put(name, content)
        if safe:
            self.repository.published.add(named)

    def ask(self, versioned: VersionedFiles, name: str) -> str | None:
        def read() -> bytes:
            self.reads += 1
            return (self.root / name).read_bytes()

        return versioned.reference(name, listed(self.root, name), read)

    def versioned(self, now_ns: int = LATER) -> VersionedFiles:
        return VersionedFiles(self.repository, System.GIT, self.memory, now_ns=now_ns)


def test_only_tracked_files_whose_bytes_are_elsewhere_are_left_there(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("safe", b"safe")
    scene.put("mine", b"mine", safe=False)
    (tmp_path / "copy").write_bytes(b"safe")
    versioned = scene.versioned()

    answers = [scene.ask(versioned, name) for name in ("safe", "mine", "copy")]

    assert answers == [f"git:{scene.repository.object_id(b'safe')}", None, None]


def test_links_and_submodules_are_stored(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("link", b"safe")
    named = scene.repository.expected["link"].object
    scene.repository.expected["link"] = Tracked(named, link=True)

    assert scene.ask(scene.versioned(), "link") is None


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("safe", b"safe")
    first = scene.versioned()
    answer = scene.ask(first, "safe")
    first.save()

    assert scene.ask(scene.versioned(), "safe") == answer
    assert scene.reads == 1


def test_a_file_that_changed_is_read_again_however_alike_it_looks(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("safe", b"safe")
    first = scene.versioned()
    scene.ask(first, "safe")
    first.save()
    before = (tmp_path / "safe").stat()
    (tmp_path / "other").write_bytes(b"evil")
    os.utime(tmp_path / "other", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(tmp_path / "other", tmp_path / "safe")

    assert scene.ask(scene.versioned(), "safe") is None
    assert scene.reads == 2


def test_what_was_just_written_is_not_remembered(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("safe", b"safe")
    first = scene.versioned(now_ns=(tmp_path / "safe").stat().st_mtime_ns + 1)
    scene.ask(first, "safe")
    first.save()

    scene.ask(scene.versioned(), "safe")

    assert scene.reads == 2


def test_a_verdict_that_no_longer_holds_is_withdrawn(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.put("safe", b"safe")
    before = scene.versioned()
    answer = scene.ask(before, "safe")
    assert answer is not None
    assert before.stands(answer)
    scene.repository.published.clear()

    after = scene.versioned()

    assert not after.stands(answer)
    assert not after.stands(answer.replace("git", "hg"))
    assert before.token != after.token
    assert after.token == scene.versioned().token


def test_without_a_repository_everything_is_stored(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    nothing = NothingVersioned()

    assert nothing.reference("a", listed(tmp_path, "a"), lambda: b"a") is None
    assert not nothing.stands("git:1")
    assert nothing.token == ""


def test_memory_in_a_folder_is_private_and_forgets_damage(tmp_path: Path) -> None:
    memory = FolderMemory(tmp_path / "memory")
    memory.keep("name", b"key", b"content")
    file = tmp_path / "memory" / "name"

    assert (memory.recall("name", b"key"), memory.recall("name", b"other")) == (b"content", None)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"damaged")
    assert memory.recall("name", b"key") is None
    assert memory.recall("nothing", b"key") is None


def test_memory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    FolderMemory(tmp_path / "file" / "memory").keep("name", b"key", b"content")
