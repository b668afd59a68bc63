"""Puts a Mercurial repository's history together again: a fresh clone's, what bundles bring, or the store itself."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha1
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.vcs.hg_server import HgServer, hg_program
from codevault.vcs.programs import Limits

STORE = ".hg/store/"
_TAKING = Limits(seconds=3600.0, output=1 << 20)
_ID = re.compile(rb"\b[0-9a-f]{40}\b")
_NONE = b"0" * 40
_REMADE = re.compile(r"\.hg/(?:w?cache/.*|store/(?:00changelog|00manifest|data/|meta/|dh/|fncache|undo).*)", re.DOTALL)


def is_remade(path: str) -> bool:
    """True for what comes back with the history by itself: revision logs, caches. All else in `.hg` is only there."""
    return _REMADE.fullmatch(path) is not None


class HgReturn:
    """Collects history in a folder of ours. Use it in a `with` statement; then nothing has been written elsewhere."""

    def __init__(self, program: str, work: Path, requires: bytes, held: Mapping[str, bytes]) -> None:
        """`requires` is what the repository's own file of that name says, `held` files of its store, by name."""
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._cleanup = ExitStack()
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="hg-return-", dir=work))
        self._cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._store = self._folder / ".hg" / "store"
        self._store.mkdir(parents=True)
        needed = requires.splitlines(keepends=True)
        self._files = {
            "requires": b"".join(line for line in needed if not line.startswith(b"dirstate"))
        }  # ours has none
        for name, content in self._files.items():
            (self._store.parent / name).write_bytes(content)
        for name, content in held.items():
            (self._store / name).write_bytes(content)
        self._server: HgServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def put(self, path: str, blocks: Iterable[bytes]) -> None:
        """Puts a file of the store in its place, as it was."""
        target = self._store / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(blocks)

    def pull(self, clone: Path) -> None:
        """Takes in the history of a clone, made by the caller, who trusts it: its top folder, or the `.hg` in it.

        Raises:
            ProgramFailed: it is none, or Mercurial fails.
        """
        self._run("pull", "-q", str(clone.parent if clone.name == ".hg" else clone))

    def take(self, bundle: Iterable[bytes]) -> None:
        """Takes in what a bundle brings; those it stands on come first.

        Raises:
            ProgramFailed: what it stands on is not here, or it is damaged.
        """
        path = self._folder / "bundle"
        with path.open("wb") as file:
            file.writelines(bundle)
        self._run("unbundle", "-q", str(path))

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of the commits that are not here.

        Raises:
            ProgramFailed: Mercurial fails.
        """
        wanted = list(dict.fromkeys(ids))
        found = set()
        for start in range(0, len(wanted), 1000):
            asked = "+".join(f"present({one})" for one in wanted[start : start + 1000])
            found |= set(self._asked().run("log", "--hidden", "-r", asked, "-T", "{node}\n").decode("ascii").split())
        return [one for one in wanted if one not in found]

    def contents(self, revision: str, paths: Sequence[bytes]) -> Iterator[tuple[str, Path]]:
        """(SHA-1, where it lies) of files of a commit, as far as they are here; they lie there until the end.

        Raises:
            ProgramFailed: history is damaged, or the commit is not here.
        """
        for _, content in self._asked().contents(revision, paths):
            named = sha1(content, usedforsecurity=False).hexdigest()
            target = self._folder / f"file-{named}"
            target.write_bytes(content)
            yield named, target

    def write_to(self, store: Path) -> None:
        """Copies the history into a repository's store, without replacing what is there."""
        self._end()
        for source in sorted(self._store.rglob("*")):
            target = store / source.relative_to(self._store)
            if source.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def _run(self, *arguments: str) -> None:
        self._end()
        hg_program(self._program, self._folder).run(("-R", str(self._folder), *arguments), limits=_TAKING)

    def _asked(self) -> HgServer:
        if self._server is None:
            server = HgServer(self._program, self._folder, self._store, self._files)
            self._server = self._cleanup.enter_context(server)
        return self._server

    def _end(self) -> None:
        """A server keeps what it has read; the next question is for a new one."""
        if self._server is not None:
            self._server.__exit__(None, None, None)
            self._server = None


def wanted_commits(read: Callable[[str], bytes | None]) -> Iterator[tuple[str, str]]:
    """(name, commit) of what a repository's own files point to; `read` gives a file below `.hg`."""
    parents = read("dirstate") or b""
    start, width = (12, 32) if parents.startswith(b"dirstate-v2\n") else (0, 20)
    for name, at in (("working copy", start), ("working copy, merged with", start + width)):
        node = parents[at : at + 20].hex()
        if len(node) == 40 and node != _NONE.decode("ascii"):
            yield name, node
    for file, what in (("bookmarks", "bookmark"), ("store/bookmarks", "bookmark")):
        for line in (read(file) or b"").split(b"\n"):
            node_, _, called = line.partition(b" ")
            if _ID.fullmatch(node_):
                yield f"{what} {called.decode('utf-8', 'replace')}", node_.decode("ascii")
    for file, what in (("store/phaseroots", "commit"), ("rebasestate", "commit of the half-done rebase")):
        for found in _ID.findall(read(file) or b""):
            if found != _NONE:
                yield f"{what} {found[:12].decode('ascii')}", found.decode("ascii")


def harmless_hgrc(content: bytes) -> bytes:
    """Of a repository's settings those of where other sides are: nothing in them runs anything."""
    lines = [b"[paths]\n"]
    section = b""
    for line in content.splitlines():
        if line.startswith(b"["):
            section = line.strip()
        elif section == b"[paths]" and re.match(rb"[\w.-]+\s*=\s*[^\s-]", line) and line.isascii():
            lines.append(line + b"\n")
    return b"".join(lines) if len(lines) > 1 else b""
