"""Looking through folders that are left out, on a disk that fails here and there."""

from __future__ import annotations

from codevault.policy import DEFAULT, PathClass, Verdict
from codevault.rescuing import Rescue
from codevault.source import Folder, Listed, MemoryFile, MemoryFolder

OUT = Verdict(path_class=PathClass.BUILD_OUTPUT, keep=False)
CLONE = MemoryFolder({".git": MemoryFolder({"HEAD": MemoryFile(b"ref")}), "a.c": MemoryFile(b"a")})


class Unlisted(MemoryFolder):
    def entries(self) -> list[Listed]:
        raise PermissionError(13, "no")


class Locked(MemoryFolder):
    def enter(self, name: str) -> MemoryFolder:
        raise PermissionError(13, "no", name)


def rescued(folder: Folder) -> Rescue:
    rescue = Rescue(DEFAULT, None, folder.status().device)
    rescue.sweep("out", folder, OUT)
    return rescue


def test_remembers_the_ways_to_what_is_kept() -> None:
    inner = MemoryFolder({"dev.db": MemoryFile(b"rows"), "main.o": MemoryFile(b"o")})
    rescue = rescued(MemoryFolder({"a": MemoryFolder({"b": inner}), "c": MemoryFolder({"x.o": MemoryFile(b"x")})}))

    assert [rescue.kept_in(path) for path in ("out", "out/a", "out/a/b", "out/c")] == [{"a"}, {"b"}, {"dev.db"}, None]
    assert [rescue.leads_through(path) for path in ("out/a/b", "out/c")] == [True, False]


def test_keeps_a_clone_whole() -> None:
    rescue = rescued(MemoryFolder({"work": CLONE, "b.o": MemoryFile(b"b")}))

    assert rescue.kept_in("out") == {"work"}
    assert rescue.leads_through("out/work")
    assert rescue.kept_in("out/work") is None


def test_passes_over_what_cannot_be_listed_or_entered() -> None:
    assert rescued(Unlisted({".env": MemoryFile(b"x")})).kept_in("out") is None
    assert rescued(MemoryFolder({"a": Unlisted({".env": MemoryFile(b"x")})})).kept_in("out") is None
    assert rescued(Locked({"a": CLONE, ".env": MemoryFile(b"x")})).kept_in("out") == {".env"}
