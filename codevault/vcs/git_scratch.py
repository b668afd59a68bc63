"""A git folder of our own that borrows a client's objects: git runs here, and nothing the client configured does.

Configuration, refs and index are ours; only `objects` is the client's, through `objects/info/alternates`. Measured in
FAULTS.md 3.1: no hook, filter, monitor, pager, signature program or transport of the client's runs this way.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.vcs.programs import USUAL, Answers, Limits, Program, ProgramFailed, ask, clean_environment

_AHEAD = 256  # ids asked for before the first answer is read: 17 KB, which a pipe takes without anybody reading
LARGEST_OBJECT = 512 << 20
_BLOCK = 1 << 20

_SETTINGS = (
    "core.commitGraph=false",  # files beside the objects that may say other than the objects
    "core.multiPackIndex=false",
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "",
}


class ScratchGit:
    """Runs git's plumbing over a client's objects. Use it in a `with` statement; the folder goes with it."""

    def __init__(
        self,
        program: str,
        parent: Path,
        objects: str,
        *,
        sha256: bool = False,
        shallow: bytes = b"",
        refs: Mapping[str, str] | None = None,
        head: str = "",
    ) -> None:
        """`objects` is the absolute path of the client's folder of objects, already found trustworthy.

        Raises:
            ProgramFailed: the disk refuses the folder.
        """
        self._cleanup = ExitStack()
        try:
            self.folder = self._made(parent)
            (self.folder / "objects/info/alternates").write_bytes(_quoted(os.fsencode(objects)) + b"\n")
            (self.folder / "config").write_text(_config(sha256=sha256), encoding="ascii")
            if shallow:
                (self.folder / "shallow").write_bytes(shallow)
            (self.folder / "HEAD").write_text(f"{head or 'ref: refs/heads/none'}\n", encoding="ascii")
            self.put_refs(refs or {})
        except OSError as exc:
            self._cleanup.close()
            raise ProgramFailed(f"a folder for git cannot be made: {exc}") from exc
        environment = clean_environment(program, self.folder, GIT_DIR=str(self.folder), **_ENVIRONMENT)
        self._program = Program(path=program, environment=environment, folder=self.folder)
        self._reader: ObjectReader | None = None
        self._asking = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends what runs and removes the folder; closing twice is harmless."""
        self._reader = None
        self._cleanup.close()

    def _made(self, parent: Path) -> Path:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix="git-", dir=parent))
        self._cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in ("objects/info", "objects/pack", "refs"):
            (folder / name).mkdir(parents=True)
        return folder

    def put_refs(self, refs: Mapping[str, str]) -> None:
        """Makes these all the refs there are."""
        lines = (f"{value} {name}\n".encode("utf-8", "surrogateescape") for name, value in sorted(refs.items()))
        (self.folder / "packed-refs").write_bytes(b"".join(lines))

    def run(self, *arguments: str, given: bytes = b"", limits: Limits = USUAL) -> bytes:
        """The output of one git command.

        Raises:
            ProgramFailed: git refused, or passed a limit.
        """
        return self._program.run(_full(arguments), given=given, limits=limits)

    def stream(self, *arguments: str, given: bytes = b"", limits: Limits = USUAL) -> Iterator[bytes]:
        """The same in blocks, good only when it ended without an error."""
        return self._program.stream(_full(arguments), given=given, limits=limits)

    def kinds(self, ids: Iterable[str]) -> dict[str, str]:
        """What each of the ids is ("blob", "tree", "commit", "tag"), "" for what is not here.

        Raises:
            ProgramFailed: git fails.
        """
        asked = list(dict.fromkeys(ids))
        given = "".join(f"{one}\n" for one in asked).encode("ascii")
        lines = self.run("cat-file", "--batch-check=%(objecttype)", given=given).split(b"\n") if asked else []
        return {one: "" if b" " in line else line.decode("ascii") for one, line in zip(asked, lines, strict=False)}

    def new_reader(self) -> ObjectReader:
        """A reader of the objects there are now, for a `with` statement."""
        return ObjectReader(self._program)

    def read_one(self, id: str) -> bytes | None:  # noqa: A002 - the word callers use
        """The bytes of a file, None when it is not here, is none, or is damaged: others can still be read then.

        May be called from several threads: a restore fills two folders at once, and one program answers both.
        """
        with self._asking:
            try:
                found = next(iter(self.objects.read_all((id,))), None)
            except ProgramFailed:
                self._reader = None
                return None
        return found[2] if found is not None and found[1] == "blob" else None

    @property
    def objects(self) -> ObjectReader:
        """The one reader of objects, started when first asked for.

        Raises:
            ProgramFailed: git cannot be started.
        """
        if self._reader is None:
            self._reader = self._cleanup.enter_context(ObjectReader(self._program))
        return self._reader


class ObjectReader:
    """One `git cat-file --batch` that answers as long as it is open. After an error it is of no more use."""

    def __init__(self, program: Program, *, largest: int = LARGEST_OBJECT) -> None:
        self._program = program
        self._largest = largest
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        running = self._closing.enter_context(self._program.started(_full(("cat-file", "--batch"))))
        self._running, self._answers = running, Answers(running)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def read_all(self, ids: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
        """(id, type, content) for each id in order; type "" and no content for a missing or overlong object.

        Raises:
            ProgramFailed: an object is damaged, or git does not answer.
        """
        waiting = iter(ids)
        while batch := list(islice(waiting, _AHEAD)):
            asked = "".join(f"{one}\n" for one in batch)
            ask(self._running, asked.encode("ascii"))
            yield from (self._answer(one) for one in batch)

    def _answer(self, asked: str) -> tuple[str, str, bytes]:
        header = self._answers.until(b"\n").split()
        if len(header) != 3:
            return asked, "", b""
        size = int(header[2])
        if size > self._largest:
            left = size + 1
            while left:
                left -= len(self._answers.exactly(min(left, _BLOCK)))
            return asked, "", b""
        content = self._answers.exactly(size + 1)
        return asked, header[1].decode("ascii"), content[:-1]


def _full(arguments: Sequence[str]) -> list[str]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ["--no-pager", *settings, *arguments]


def _config(*, sha256: bool) -> str:
    if not sha256:
        return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
    return "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"


def _quoted(path: bytes) -> bytes:
    """In C's quotes, as an alternates file may hold any path."""
    plain = bytes(byte for byte in range(0x20, 0x7F) if byte not in b'"\\')
    return b'"' + b"".join(bytes((byte,)) if byte in plain else b"\\%03o" % byte for byte in path) + b'"'
