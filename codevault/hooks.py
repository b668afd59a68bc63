"""Hooks that tell the vault when something happened in a repository: one line into its spool, nothing more.

They are put in only when asked for, chained behind what is there, and leave no trace when taken out. A hook is a shell
script of a few lines that starts no program but what was there before; it never fails by itself, so it never stops the
user's command.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import RepositoryUnreadable, SourceError
from codevault.projects.model import Project
from codevault.vcs.places import git_hooks_folder, hg_settings, svn_hooks_folder

GIT_HOOKS = ("post-commit", "post-merge", "post-checkout", "post-rewrite", "pre-rebase", "reference-transaction")
HG_HOOKS = ("commit", "update", "changegroup", "strip")
SVN_HOOKS = ("post-commit",)
EVENTS = "vcs-events"
"""The file in the spool: one line an event, `project hook`, appended."""

_MARK = "# written by CodeVault; remove_hooks() takes it out again"
_END = "# end of what CodeVault wrote"
_CHAINED = ".before-codevault"
_FOLDER_MADE = " (the folder as well)"
_FILE_MADE = " (the file as well)"
_LINE_ENDED = " (the line end before it as well)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledHooks:
    """Which files hold hooks of ours now; none after they were taken out."""

    project: Project
    files: tuple[Path, ...]


def install_hooks(project: Project, spool: Path) -> InstalledHooks:
    """Puts hooks into the project's repository; they write into `spool`, which is made. Twice is the same as once.

    Git's honour `core.hooksPath` where it lies in the project. Mercurial's are lines of the repository's hgrc.
    Subversion has none in a working copy: a server in a local folder gets its post-commit.

    Raises:
        RepositoryUnreadable: there is no repository, or none that hooks can be put into.
        SourceError: its files cannot be written; nothing is half done.
    """
    try:
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = [_chained(path, project, spool) for path in _scripts(project)]
        settings = hg_settings(Path(project.root))
        if settings is not None:
            _into_settings(settings, project, spool)
            files.append(settings)
    except OSError as exc:
        raise SourceError(exc.strerror or type(exc).__name__, Path(project.root)) from exc
    if not files:
        raise RepositoryUnreadable(f"project {project.name!r} has no repository that hooks can be put into")
    return InstalledHooks(project=project, files=tuple(files))


def remove_hooks(project: Project) -> InstalledHooks:
    """Takes out what `install_hooks` put in; what was there before is there again, byte for byte.

    Raises:
        SourceError: a file cannot be written; the others are done.
    """
    try:
        for path in _scripts(project):
            if _MARK.encode() in _read(path):
                _unchained(path)
        settings = hg_settings(Path(project.root))
        if settings is not None and _MARK.encode() in _read(settings):
            left = _without(_read(settings))
            if left is None:
                settings.unlink()
            else:
                _write(settings, left, settings.stat().st_mode & 0o777)
    except OSError as exc:
        raise SourceError(exc.strerror or type(exc).__name__, Path(project.root)) from exc
    return InstalledHooks(project=project, files=())


def _scripts(project: Project) -> Iterator[Path]:
    root = Path(project.root)
    for folder, names in ((git_hooks_folder(root), GIT_HOOKS), (svn_hooks_folder(root), SVN_HOOKS)):
        if folder is not None:
            yield from (folder / name for name in names)


def _chained(path: Path, project: Project, spool: Path) -> Path:
    """Our script in the place of what was there, which it runs first, with its arguments, input and verdict."""
    before = path.with_name(path.name + _CHAINED)
    if path.exists() and _MARK.encode() not in _read(path):
        os.replace(path, before)
    ours = [_read(path.with_name(name)) for name in GIT_HOOKS]  # the first of them made the folder, the last goes last
    made = not path.parent.exists() or any(_FOLDER_MADE.encode() in script for script in ours)
    path.parent.mkdir(exist_ok=True)
    lines = (
        "#!/bin/sh",
        _MARK + (_FOLDER_MADE if made else ""),
        f"before={shlex.quote(str(before))}",
        # The event first: the hook that was there may take long, or refuse.
        f"{{ {_telling(project, spool, path.name)}; }} 2>/dev/null",
        'if [ -x "$before" ]; then exec "$before" "$@"; fi',
        "exit 0",
        "",
    )
    _write(path, "\n".join(lines).encode("utf-8", "surrogateescape"), 0o755)
    return path


def _unchained(path: Path) -> None:
    made = _FOLDER_MADE.encode() in _read(path)
    before = path.with_name(path.name + _CHAINED)
    if before.exists():
        os.replace(before, path)
        return
    path.unlink()
    if made:
        with suppress(OSError):  # somebody else's hooks are in it by now, or another one of ours still is
            path.parent.rmdir()


def _telling(project: Project, spool: Path, hook: str) -> str:
    return f"echo {project.id} {hook} >>{shlex.quote(str(spool / EVENTS))}"


def _into_settings(settings: Path, project: Project, spool: Path) -> None:
    there = settings.exists()
    content = _without(_read(settings))
    how = "" if content is not None and there else _FILE_MADE
    if content and not content.endswith(b"\n"):
        how = _LINE_ENDED
    lines = [f"{_MARK}{how}", "[hooks]"]
    lines += [f"{hook}.codevault = {_telling(project, spool, hook)} 2>/dev/null || true" for hook in HG_HOOKS]
    added = "\n".join([*lines, _END, ""]).encode("utf-8", "surrogateescape")
    mode = settings.stat().st_mode & 0o777 if there else 0o600
    _write(settings, (content or b"") + (b"\n" if how == _LINE_ENDED else b"") + added, mode)


def _without(content: bytes) -> bytes | None:
    """Settings as they were before our lines, None when there was no file."""
    head, marked, rest = content.partition(_MARK.encode())
    if not marked:
        return content
    how = rest.partition(b"\n")[0].decode("ascii", "replace")
    if how == _LINE_ENDED:
        head = head.removesuffix(b"\n")
    left = head + rest.partition(f"{_END}\n".encode())[2]
    return None if how == _FILE_MADE and not left else left


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
