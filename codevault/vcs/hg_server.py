"""Talks to Mercurial's command server, started once, in a repository folder of ours that borrows a client's store.

The folder holds no hgrc, so nothing the client configured is loaded; caches that Mercurial writes go here and not into
the client's `.hg`. `HGRCSKIPREPO`, `HGPLAIN` and an empty `HGRCPATH` stand guard as well (FAULTS.md 3.1).
"""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.vcs.programs import Answers, Program, ProgramFailed, ask, clean_environment

_LARGEST_ANSWER = 1 << 30
_AT_ONCE = 1000


class HgServer:
    """One `hg serve --cmdserver pipe`. After an error it is of no more use. Use it in a `with` statement."""

    def __init__(self, program: str, parent: Path, store: Path, files: dict[str, bytes]) -> None:
        """`store` is the client's folder of history; `files` go into our `.hg` as they are (requires, bookmarks).

        Raises:
            ProgramFailed: the disk refuses the folder.
        """
        self._cleanup = ExitStack()
        try:
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder = Path(tempfile.mkdtemp(prefix="hg-", dir=parent))
            self._cleanup.callback(shutil.rmtree, self.folder, ignore_errors=True)
            (self.folder / ".hg").mkdir()
            for name, content in files.items():
                (self.folder / ".hg" / name).write_bytes(content)
            (self.folder / ".hg" / "store").symlink_to(store, target_is_directory=True)
        except OSError as exc:
            self._cleanup.close()
            raise ProgramFailed(f"a folder for hg cannot be made: {exc}") from exc
        self._program = hg_program(program, self.folder)

    def __enter__(self) -> Self:
        try:
            foreign = ("--config", "subrepos.git:allowed=no", "--config", "subrepos.svn:allowed=no")
            command = (
                "--config",
                "ui.report_untrusted=false",
                *foreign,
                "serve",
                "--cmdserver",
                "pipe",
                "-R",
                str(self.folder),
            )
            self._running = self._cleanup.enter_context(self._program.started(command))
            self._answers = Answers(self._running)
            self._frame()  # its greeting
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def run(self, *arguments: str | bytes) -> bytes:
        """The output of one command.

        Raises:
            ProgramFailed: Mercurial refused, ended or said too much.
        """
        parts = [part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part for part in arguments]
        joined = b"\0".join(parts)
        ask(self._running, b"runcommand\n" + struct.pack(">I", len(joined)) + joined)
        said = []
        size = 0
        while True:
            channel, content = self._frame()
            if channel == b"o":
                size += len(content)
                if size > _LARGEST_ANSWER:
                    raise ProgramFailed("hg said too much")
                said.append(content)
            elif channel == b"r":
                (status,) = struct.unpack(">i", content)
                if status:
                    raise ProgramFailed(f"hg ended with status {status}")
                return b"".join(said)
            elif channel in {b"I", b"L"}:
                ask(self._running, struct.pack(">I", 0))  # it has nobody to ask

    def contents(self, revision: str, paths: Sequence[bytes]) -> Iterable[tuple[bytes, bytes]]:
        """(path, content) of files at a revision, as far as it has them.

        Raises:
            ProgramFailed: history is damaged, or as `run`.
        """
        listing = self.folder / "paths"
        for start in range(0, len(paths), _AT_ONCE):
            listing.write_bytes(b"".join(b"path:%s\0" % path for path in paths[start : start + _AT_ONCE]))
            # Quiet: it would mix words about subrepositories, which are none of this store's, into the answer.
            said = self.run("cat", "-q", "-r", revision, "-T", "cbor", f"listfile0:{listing}")
            for record in decode_records(said):
                yield record[b"path"], record[b"data"]

    def _frame(self) -> tuple[bytes, bytes]:
        channel, length = struct.unpack(">cI", self._answers.exactly(5))
        if channel in {b"I", b"L"}:  # a question; the number is how much it would take
            return channel, b""
        if length > _LARGEST_ANSWER:
            raise ProgramFailed("hg speaks in another way than it should")
        return channel, self._answers.exactly(length)


def hg_program(program: str, folder: Path) -> Program:
    """Mercurial, ready to run in a folder of ours and with nobody's settings."""
    environment = clean_environment(
        program, folder, HGRCSKIPREPO="1", HGPLAIN="1", HGRCPATH="", HGENCODING="utf-8", PYTHONSAFEPATH="1"
    )
    return Program(path=program, environment=environment, folder=folder)


def decode_records(content: bytes) -> list[dict[bytes, bytes]]:
    """The part of CBOR (RFC 8949) that `-T cbor` writes for `cat`: a list of maps of byte strings.

    Raises:
        ProgramFailed: it is something else.
    """
    records = []
    try:
        if content[0] != 0x9F:
            raise ProgramFailed("hg speaks in another way than it should")
        at = 1
        while content[at] != 0xFF:
            kind, count, at = _head(content, at)
            if kind != 5:
                raise ProgramFailed("hg speaks in another way than it should")
            record = {}
            for _ in range(count):
                key, at = _bytes(content, at)
                record[key], at = _bytes(content, at)
            records.append(record)
    except IndexError as exc:
        raise ProgramFailed("hg was cut short") from exc
    return records


def _bytes(content: bytes, at: int) -> tuple[bytes, int]:
    kind, count, at = _head(content, at)
    if kind not in {2, 3} or at + count > len(content):
        raise ProgramFailed("hg speaks in another way than it should")
    return content[at : at + count], at + count


def _head(content: bytes, at: int) -> tuple[int, int, int]:
    kind, short = content[at] >> 5, content[at] & 0x1F
    if short < 24:
        return kind, short, at + 1
    width = 1 << (short - 24)
    if width > 8:
        raise ProgramFailed("hg speaks in another way than it should")
    return kind, int.from_bytes(content[at + 1 : at + 1 + width], "big"), at + 1 + width
