"""A real folder under a real system's tricks: files that change, are swapped, or have names nothing prints."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from codevault import source
from codevault.source import MemoryFile, MemoryFolder, RealFolder, Unstable
from tests.nobody import AS_ROOT, printed_as_nobody, public_folder

POSIX = pytest.mark.skipif(os.name != "posix", reason="names and kinds of file of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RealFolder]:
    with closing(RealFolder.root(str(tmp_path))) as opened:
        yield opened


def names(folder: RealFolder) -> list[str]:
    return [entry.name for entry in folder.entries()]


class Meddler:
    """Does something to the disk each time a block has been read."""

    def __init__(self, meddle: Callable[[int], object]) -> None:
        self._meddle = meddle
        self._turns = count(1)

    def __call__(self, descriptor: int, size: int) -> bytes:
        block = os.read(descriptor, size)
        self._meddle(next(self._turns))
        return block


def meddled(root: Path, meddle: Callable[[int], object]) -> RealFolder:
    return RealFolder.root(str(root), read_block=Meddler(meddle))


@POSIX
@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe not utf-8",
        b"line\nbreak",
        b"tab\tcr\r esc\x1b",
        b" leading and trailing ",
        b"-rf",
        b"quote\"'",
        b"back\\slash",
        b"colon:percent%",
        "rtl \u202e".encode(),
        b"n" * 255,
        b"trailing.",
        b"CON",
    ],
)
def test_lists_and_reads_any_name_the_system_allows(tmp_path: Path, folder: RealFolder, name: bytes) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"content")

    (listed,) = folder.entries()

    assert os.fsencode(listed.name) == name
    assert folder.read(listed.name).content == b"content"


@POSIX
def test_keeps_names_apart_that_differ_in_case_or_composition_only(tmp_path: Path, folder: RealFolder) -> None:
    twins = ["Makefile", "makefile", "caf\u00e9", "cafe\u0301"]
    for name in twins:
        (tmp_path / name).write_text(name)

    assert sorted(names(folder)) == sorted(twins)
    assert [folder.read(name).content.decode() for name in twins] == twins


@POSIX
def test_a_root_may_be_a_link_but_nothing_below_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"x")
    (tmp_path / "way").symlink_to("real")
    (tmp_path / "real" / "loop").symlink_to(".")

    with closing(RealFolder.root(str(tmp_path / "way"))) as root:
        assert names(root) == ["a", "loop"]
        with pytest.raises(OSError, match=r"directory|symbolic|links"):
            root.enter("loop")


@POSIX
def test_never_opens_sockets_or_pipes(tmp_path: Path, folder: RealFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the name of a socket has room for a hundred bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        listed = {e.name: stat.S_IFMT(e.mode) for e in folder.entries()}

    assert listed == {"pipe": stat.S_IFIFO, "sock": stat.S_IFSOCK}
    with pytest.raises(OSError, match="not a regular file"):
        folder.read("pipe")
    with pytest.raises(OSError, match="No such device"):
        folder.read("sock")


@POSIX
def test_a_pipe_that_took_a_files_place_does_not_stop_the_reader(tmp_path: Path, folder: RealFolder) -> None:
    (tmp_path / "a").write_bytes(b"x")
    folder.entries()
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(folder.read, "a").exception(timeout=60)

    assert isinstance(refused, OSError)


@POSIX
def test_a_link_that_took_a_files_place_is_not_followed(tmp_path: Path, folder: RealFolder) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_bytes(b"secret")
    (tmp_path / "a").symlink_to(outside)

    with pytest.raises(OSError, match="links"):
        folder.read("a")


def test_a_file_that_changed_once_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")
    changes = iter([b"newer"])
    folder = meddled(tmp_path, lambda _: [file.write_bytes(content) for content in changes])

    assert folder.read("a").content == b"newer"


def test_a_file_that_keeps_changing_is_given_with_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"0")
    folder = meddled(tmp_path, lambda turn: os.utime(file, ns=(turn, turn)))

    with pytest.raises(Unstable) as caught:
        folder.read("a")

    assert caught.value.content == b"0"


def test_a_file_that_grows_as_fast_as_it_is_read_has_an_end(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"x" * 10)

    def grow(turn: int) -> None:
        assert turn < 50
        with file.open("ab") as log:
            log.write(b"y" * (2 << 20))

    folder = meddled(tmp_path, grow)

    with pytest.raises(Unstable):
        folder.read("log")
    with pytest.raises(Unstable):
        list(folder.blocks("log"))


def test_a_file_that_changes_while_it_is_streamed_says_so_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * (3 << 20))
    folder = meddled(tmp_path, lambda _: os.truncate(file, 2 << 20))

    with pytest.raises(Unstable):
        list(folder.blocks("big"))


def test_a_name_that_vanishes_while_listing_is_left_out(
    tmp_path: Path, folder: RealFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(b"")
    entries = list(os.scandir(tmp_path))
    (tmp_path / "a").unlink()
    monkeypatch.setattr(os, "scandir", lambda _: _Listing(entries))

    assert names(folder) == ["b"]


class _Listing:
    def __init__(self, entries: list[os.DirEntry[str]]) -> None:
        self._entries = entries

    def __enter__(self) -> list[os.DirEntry[str]]:
        return self._entries

    def __exit__(self, *exc: object) -> None:
        pass


@AS_ROOT
def test_reads_what_belongs_to_somebody_else_as_far_as_allowed() -> None:
    with public_folder() as root:
        (root / "shared").write_bytes(b"readable")
        (root / "mine").write_bytes(b"not readable")
        (root / "mine").chmod(0o600)
        (root / "closed").mkdir(mode=0o700)

        printed = printed_as_nobody(
            "from codevault.source import RealFolder\nfolder = RealFolder.root(sys.argv[1])",
            "print([entry.name for entry in folder.entries()], folder.read('shared').content)\n"
            "try: folder.read('mine')\n"
            "except PermissionError: print('refused')\n"
            "try: folder.enter('closed')\n"
            "except PermissionError: print('refused too')\n",
            str(root),
        )

    assert printed == ["['closed', 'mine', 'shared'] b'readable'", "refused", "refused too"]


@POSIX
def test_does_not_touch_the_access_time_of_its_own_files(tmp_path: Path, folder: RealFolder) -> None:
    (tmp_path / "a").write_bytes(b"x")
    os.utime(tmp_path / "a", ns=(1, 2))

    folder.read("a")

    assert (tmp_path / "a").stat().st_atime_ns == (1 if source._NOATIME else (tmp_path / "a").stat().st_atime_ns)


def test_without_directory_descriptors_paths_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_BY_DESCRIPTOR", False)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a").write_bytes(b"content")
    (tmp_path / "src" / "l").symlink_to("a")
    (tmp_path / "file").write_bytes(b"")

    root = RealFolder.root(str(tmp_path))
    inner = root.enter("src")

    assert names(root) == ["file", "src"]
    assert inner.read("a").content == b"content"
    assert inner.link_target("l") == "a"
    assert inner.status().inode == (tmp_path / "src").stat().st_ino
    with pytest.raises(NotADirectoryError):
        root.enter("file")
    root.close()


def test_memory_files_can_refuse_and_change() -> None:
    turns = count()
    noisy = MemoryFile(b"a")
    noisy.on_read = lambda: setattr(noisy, "content", b"%d" % next(turns))
    root = MemoryFolder({"bad": MemoryFile(error=OSError(5, "Input/output error")), "noisy": noisy})

    with pytest.raises(OSError, match="Input/output"):
        root.read("bad")
    with pytest.raises(Unstable):
        root.read("noisy")
    with pytest.raises(Unstable):
        list(root.blocks("noisy"))


def test_a_memory_folder_can_refuse_to_be_listed() -> None:
    root = MemoryFolder()
    root.error = PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError):
        root.entries()


VIRTUAL = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")


@VIRTUAL
def test_a_file_whose_size_says_nothing_is_read_to_its_end() -> None:
    with closing(RealFolder.root("/proc/self")) as folder:
        content = folder.read("cmdline").content

    assert content == Path("/proc/self/cmdline").read_bytes()
    assert len(content) > 1


def test_a_file_that_gives_less_than_its_size_twice_alike_is_what_it_gives(tmp_path: Path) -> None:
    (tmp_path / "virtual").write_bytes(bytes(4096))
    given = count()

    def short(descriptor: int, size: int) -> bytes:
        return b"" if next(given) % 2 else b"on\n"

    with closing(RealFolder.root(str(tmp_path), read_block=short)) as folder:
        assert folder.read("virtual").content == b"on\n"


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "endless").touch()
    calls = count()

    def endless(descriptor: int, size: int) -> bytes:
        assert next(calls) < 100
        return b"y" * size

    with (
        closing(RealFolder.root(str(tmp_path), read_block=endless)) as folder,
        pytest.raises(OSError, match="more bytes than its size"),
    ):
        folder.read("endless")


def test_a_read_that_gives_a_part_is_continued(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")

    with closing(RealFolder.root(str(tmp_path), read_block=lambda fd, size: os.read(fd, min(size, 3)))) as folder:
        assert folder.read("a").content == b"0123456789"


@AS_ROOT
def test_devices_are_listed_and_never_opened(tmp_path: Path) -> None:
    os.mknod(tmp_path / "endless", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    with closing(RealFolder.root(str(tmp_path))) as folder:
        (listed,) = folder.entries()
        with pytest.raises(OSError, match=r"regular|permitted"):
            folder.read("endless")

    assert stat.S_ISCHR(listed.mode)


@pytest.mark.parametrize(
    ("bits", "elsewhere"),
    [
        ({}, False),
        ({"st_file_attributes": stat.FILE_ATTRIBUTE_ARCHIVE}, False),
        ({"st_file_attributes": 0x400000}, True),
        ({"st_file_attributes": stat.FILE_ATTRIBUTE_OFFLINE}, True),
        ({"st_flags": 0x40000000}, True),
    ],
    ids=["linux", "archive", "onedrive", "offline", "icloud"],
)
def test_a_file_whose_content_is_in_a_cloud_is_not_fetched(
    folder: RealFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: dict[str, int], elsewhere: bool
) -> None:
    (tmp_path / "a.txt").write_bytes(b"here")
    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda descriptor: SimpleNamespace(**seen_of(fstat(descriptor)), **bits))

    assert outcome(lambda: folder.read("a.txt").content) == (BlockingIOError if elsewhere else b"here")


def seen_of(status: os.stat_result) -> dict[str, int]:
    return {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except OSError as exc:
        return type(exc)
