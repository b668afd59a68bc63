"""What a run may leave to a repository, and when it has to take it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.bridging import VersionedFiles
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.left import LeftContent
from codevault.store.model import Entry, EntryKind
from codevault.store.records import hash_of
from codevault.vcs.memory_repository import MemoryRepository
from codevault.vcs.model import System, Tracked
from codevault.vcs.remembering import FolderMemory, HeapMemory
from codevault.versioned import NothingVersioned

FIRST, SECOND = SnapshotId("1" * 64), SnapshotId("2" * 64)


class Scene:
    def __init__(self) -> None:
        self.repository = MemoryRepository()
        self.memory = HeapMemory()

    def put(self, name: str, content: bytes, *, safe: bool = True) -> str:
        named = self.repository.put(name, content)
        if safe:
            self.repository.published.add(named)
        return f"git:{named}"

    def versioned(self, token: str = "") -> VersionedFiles:
        return VersionedFiles(self.repository, System.GIT, self.memory, token=token)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.repository.close()


def entry(reference: str) -> Entry:
    return Entry(path="a", kind=EntryKind.FILE, mode=0o644, mtime_ns=0, reference=reference)


def left(reference: str, content: bytes) -> LeftContent:
    blob = BlobId(hash_of(content))
    return LeftContent(project=ProjectId("0" * 16), reference=reference, blob=blob, path="a")


def test_only_tracked_files_whose_bytes_are_elsewhere_are_left_there(scene: Scene) -> None:
    named = scene.put("safe", b"safe")
    scene.put("mine", b"mine", safe=False)
    versioned = scene.versioned()

    answers = [versioned.reference(*one) for one in (("safe", b"safe"), ("mine", b"mine"), ("copy", b"safe"))]

    assert answers == [named, None, None]


def test_the_bytes_decide(scene: Scene) -> None:
    scene.put("safe", b"safe\n")

    assert scene.versioned().reference("safe", b"safe\r\n") is None


def test_links_are_stored(scene: Scene) -> None:
    scene.put("link", b"safe")
    scene.repository.expected["link"] = Tracked(scene.repository.expected["link"].object, link=True)

    assert scene.versioned().reference("link", b"safe") is None


def test_verdicts_hold_for_the_run_they_were_given_in_until_something_moves(scene: Scene) -> None:
    before = scene.versioned("tips")
    before.remember(FIRST)

    assert before.unchanged_since(FIRST)
    assert not scene.versioned("tips").unchanged_since(SECOND)
    assert not scene.versioned("other tips").unchanged_since(FIRST)


def test_a_verdict_that_no_longer_holds_is_withdrawn(scene: Scene) -> None:
    named = scene.put("safe", b"safe")

    assert scene.versioned().stands(entry(named))
    assert not scene.versioned().stands(entry(named.replace("git", "hg")))
    assert not scene.versioned().stands(replace(entry(named), reference=None))

    scene.repository.published.clear()

    assert not scene.versioned().stands(entry(named))


def test_what_is_lost_elsewhere_is_taken_back_if_the_repository_still_has_it_right(scene: Scene) -> None:
    named = scene.put("a", b"content")
    versioned = scene.versioned()
    versioned.lost = (left(named, b"content"), left("git:" + "0" * 40, b"gone"), left(named, b"something else"))

    assert list(versioned.taken_back()) == [("a", b"content")]


def test_only_what_keeps_something_apart_can_move(scene: Scene) -> None:
    versioned = scene.versioned()
    versioned.look_again = lambda: b"moved"

    assert not versioned.moved()

    versioned.apart = {".git/objects": "in bundles"}

    assert versioned.moved()


def test_without_a_repository_everything_is_stored() -> None:
    nothing = NothingVersioned()

    assert nothing.reference("a", b"a") is None
    assert not nothing.stands(entry("git:1"))
    assert not nothing.unchanged_since(FIRST)
    assert not nothing.moved()
    assert (list(nothing.taken_back()), dict(nothing.apart)) == ([], {})


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
