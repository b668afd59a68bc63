"""Puts a git repository's objects together again: those of a fresh clone, and those that bundles bring."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.store.filesystem import storage_error
from codevault.vcs.git_bundle import parse_head
from codevault.vcs.git_config import parse_config
from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.programs import Limits, ProgramFailed

_TAKING = Limits(seconds=3600.0, output=1 << 20)
_LONGEST_HEAD = 64 << 20
_HARMLESS = {
    "core": {
        "repositoryformatversion",
        "bare",
        "filemode",
        "ignorecase",
        "symlinks",
        "precomposeunicode",
        "logallrefupdates",
    },
    "extensions": {"objectformat", "noop"},
    "remote": {"url", "fetch", "pushurl"},
    "branch": {"remote", "merge", "rebase"},
}


_STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}(?:[0-9a-f]{24})?|pack/pack-[0-9a-f]{40}(?:[0-9a-f]{24})?\.(?:pack|idx)")
"""Files of objects as git names them; what else lies beside them can be made again."""


class GitReturn:
    """Collects objects in a folder of ours. Use it in a `with` statement; then nothing has been written elsewhere."""

    def __init__(self, program: str, work: Path, *, clone: Path | None = None, sha256: bool = False) -> None:
        """`clone` is the git folder of a fresh clone, made by the caller, who trusts it.

        Raises:
            StorageFull, StorageError: the disk has no room to put anything together.
        """
        self._clone = clone
        empty = work / "no-objects"
        objects = str(clone / "objects") if clone is not None else str(empty)
        try:
            empty.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git = ScratchGit(program, work, objects, sha256=sha256)
        except OSError as exc:
            raise storage_error(work, exc) from exc
        except ProgramFailed as exc:  # which is all that it says of a disk that refuses
            cause = exc.__cause__
            raise storage_error(work, cause if isinstance(cause, OSError) else OSError(str(exc))) from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._git.close()

    def take(self, bundle: Iterable[bytes]) -> None:
        """Takes in what a bundle brings; those it stands on come first.

        Raises:
            ValueError: it is no bundle.
            ProgramFailed: what it stands on is not here, or git fails.
        """
        content = b"".join(bundle)
        head = parse_head(content[:_LONGEST_HEAD])
        if head is None:
            raise ValueError("it is no bundle of git's")
        pack = content[content.index(b"\n\n") + 2 :]
        self._git.run("index-pack", "--stdin", "--fix-thin", given=pack, limits=_TAKING)

    def lay(self, name: str, blocks: Iterable[bytes]) -> bool:
        """Adds a file of a repository's folder of objects, by its name there; False for a name that is none of one."""
        if not _STORED.fullmatch(name):
            return False
        target = self._git.folder / "objects" / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(target, "xb") as file:
                file.writelines(blocks)
        return True

    def held(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that the clone or a bundle has; none when git fails."""
        try:
            return frozenset(named for named, kind in self._git.kinds(ids).items() if kind)
        except ProgramFailed:
            return frozenset()

    def read(self, id: str) -> bytes | None:  # noqa: A002 - the word callers use
        """A file's bytes, None when they cannot be had; to be checked against what they should hash to."""
        return self._git.read_one(id)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that neither the clone nor a bundle has."""
        with self._git.new_reader() as reader:
            return [named for named, kind, _ in reader.read_all(ids) if not kind]

    def missing_below(self, ids: Iterable[str]) -> bool:
        """True when something that the commits lead to is not there."""
        given = "".join(f"{one}\n" for one in ids).encode("ascii")
        try:
            for _ in self._git.stream("rev-list", "--objects", "--quiet", "--stdin", given=given, limits=_TAKING):
                pass
        except ProgramFailed:
            return True
        return False

    def write_to(self, objects: Path) -> None:
        """Copies everything collected into a repository's folder of objects, without replacing what is there."""
        sources = [self._git.folder / "objects"]
        if self._clone is not None:
            sources.append(self._clone / "objects")
        for source in sources:
            for file in _files(source):
                target = objects / file.relative_to(source)
                if target.name in {"alternates", "http-alternates"} or target.exists():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copyfile(file, target, follow_symlinks=False)
                target.chmod(0o444)


def objects_folder(clone: Path) -> Path | None:
    """The git folder of a clone that was given by its top, by its `.git`, or that is bare."""
    folders = (clone, clone / ".git")
    return next((folder for folder in folders if (folder / "objects").is_dir()), None)


def harmless_config(content: bytes) -> bytes:
    """A configuration of those settings that only describe: format, remotes, branches. Nothing in it runs a program."""
    lines = []
    for entry in parse_config(content.decode("utf-8", "surrogateescape")):
        if entry.key not in _HARMLESS.get(entry.section, ()) or (entry.key.endswith("url") and "::" in entry.value):
            continue
        name = f'{entry.section} "{_escaped(entry.subsection)}"' if entry.subsection else entry.section
        lines.append(f'[{name}]\n\t{entry.key} = "{_escaped(entry.value)}"\n')
    return "".join(lines).encode("utf-8", "surrogateescape")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _files(folder: Path) -> Iterator[Path]:
    for above, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(above, name)
            if path.is_file() and not path.is_symlink():
                yield path
