"""Hooks that tell the vault when something happened in a repository: one line into its spool, nothing more.

They are put in only when asked for, chained behind what is there, and leave no trace when taken out. A hook is a shell
script of a few lines that starts no program but what was there before; it never fails by itself, so it never stops the
user's command. One script tells several projects where they share a repository.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import CodeVaultError, RepositoryUnreadable, SourceError
from codevault.projects.model import Project
from codevault.spool import telling
from codevault.vcs.places import git_hooks_folder, hg_settings, svn_hooks_folder

GIT_HOOKS = ("post-commit", "post-merge", "post-checkout", "post-rewrite", "pre-rebase", "reference-transaction")
HG_HOOKS = ("commit", "update", "changegroup", "pre-rebase", "pre-histedit", "pre-strip")
SVN_HOOKS = ("post-commit",)

_MARK = "# written by CodeVault; remove_hooks() takes it out again"
_END = "# end of what CodeVault wrote"
_CHAINED = ".before-codevault"
_FOLDER_MADE = " (the folder as well)"
_FILE_MADE = " (the file as well)"
_LINE_ENDED = " (the line end before it as well)"
_WITH_WORD = {"reference-transaction", "post-rewrite"}  # whose first argument says what is going on
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledHooks:
    """Which files hold hooks of ours now; none after they were taken out."""

    project: Project
    files: tuple[Path, ...]


def install_hooks(project: Project, spool: Path) -> InstalledHooks:
    """Puts hooks into the project's repository; they write into `spool`, which is made. Twice is the same as once.

    Git's honour `core.hooksPath` of the repository's own settings where it lies in the project. Mercurial's are lines
    of the repository's hgrc. Subversion has none in a working copy: a server in a local folder gets its post-commit.

    Raises:
        RepositoryUnreadable: there is no repository, or none that hooks can be put into.
        SourceError: its files cannot be written; nothing is half done.
    """
    try:
        files = _installed(project, spool)
    except OSError as exc:
        with suppress(CodeVaultError):  # a disk that refuses both ways keeps whole hooks, which do no harm
            remove_hooks(project)
        raise SourceError(exc.strerror or type(exc).__name__, Path(project.root)) from exc
    if not files:
        raise RepositoryUnreadable(f"project {project.name!r} has no repository that hooks can be put into")
    return InstalledHooks(project=project, files=files)


def remove_hooks(project: Project) -> InstalledHooks:
    """Takes out what `install_hooks` put in; what was there before is there again, byte for byte.

    Raises:
        SourceError: a file cannot be written; the others are done.
    """
    failed: OSError | None = None
    settings = hg_settings(Path(project.root))
    for path in (*_scripts(project, wherever=True), *([settings] if settings is not None else [])):
        try:
            if path == settings:
                _out_of_settings(path)
            elif _is_ours(path):
                _unchained(path, project)
        except OSError as exc:
            failed = exc
    if failed is not None:
        raise SourceError(failed.strerror or type(failed).__name__, Path(project.root)) from failed
    return InstalledHooks(project=project, files=())


def _installed(project: Project, spool: Path) -> tuple[Path, ...]:
    scripts = tuple(_scripts(project))
    settings = hg_settings(Path(project.root))
    if settings is not None and "\n" in str(spool):
        raise OSError("the vault's path has a line break, which a line of settings cannot hold")
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in scripts:
        _chain(path, project, spool)
    if settings is not None:
        _into_settings(settings, project, spool)
    return (*scripts, *([settings] if settings is not None else []))


def _scripts(project: Project, *, wherever: bool = False) -> Iterator[Path]:
    """Where hooks of ours belong; `wherever` they may be as well, from before the settings named another folder."""
    root = Path(project.root)
    places = [(git_hooks_folder(root), GIT_HOOKS), (svn_hooks_folder(root), SVN_HOOKS)]
    if wherever:
        places.append((git_hooks_folder(root, configured=False), GIT_HOOKS))
    for folder, names in places:
        if folder is not None:
            yield from (folder / name for name in names)


def _chain(path: Path, project: Project, spool: Path) -> None:
    """Puts our script in the place of what was there, which it runs first, with its arguments, input and verdict."""
    made = not path.parent.exists() or _ours_made(path.parent)
    path.parent.mkdir(exist_ok=True)
    word = ' "$1"' if path.name in _WITH_WORD else ""
    told = {**_told(path), project.id: telling(project.id, spool, path.name, word)}
    if not _is_ours(path):
        _set_aside(path)
    _write(path, _script(told.values(), made=made), 0o755)


def _set_aside(path: Path) -> None:
    """Gives what is there its second name while it keeps the first: at no moment is it without effect."""
    if not os.path.lexists(path):
        return
    before = path.with_name(path.name + _CHAINED)
    before.unlink(missing_ok=True)  # of an earlier time: whoever wrote over our script meant to replace it
    try:
        os.link(path, before, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without second names
        os.replace(path, before)


def _script(told: Collection[str], *, made: bool) -> bytes:
    lines = (
        "#!/bin/sh",
        _MARK + (_FOLDER_MADE if made else ""),
        *told,  # first: the hook that was there may take long, or refuse
        f'if [ -f "$0{_CHAINED}" ] && [ -x "$0{_CHAINED}" ]; then exec "$0{_CHAINED}" "$@"; fi',
        "exit 0",
        "",
    )
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _told(path: Path) -> dict[str, str]:
    """The lines of our script, by the project they tell of."""
    text = _read(path).decode("utf-8", "surrogateescape") if _is_ours(path) else ""
    # A vault's path may hold line breaks: a line of ours begins as one and goes on to the next that does.
    parts = text.split("\n( umask 077;")[1:]
    lines = ["( umask 077;" + part.partition("\nif [ -f ")[0] for part in parts]
    return {line.partition("; echo ")[2].partition(" ")[0]: line for line in lines}


def _unchained(path: Path, project: Project) -> None:
    made = _FOLDER_MADE.encode() in _read(path)
    left = {name: line for name, line in _told(path).items() if name != project.id}
    if left:
        _write(path, _script(left.values(), made=made), 0o755)
        return
    before = path.with_name(path.name + _CHAINED)
    if os.path.lexists(before):
        if stat.S_ISDIR(before.lstat().st_mode):  # takes no file's place by itself
            path.unlink()
        os.replace(before, path)
        return
    path.unlink()
    if made:
        with suppress(OSError):  # somebody else's hooks are in it by now, or another one of ours still is
            path.parent.rmdir()


def _ours_made(folder: Path) -> bool:
    """True when the folder of hooks is there because of us: the first of our hooks made it, the last goes last."""
    return any(_FOLDER_MADE.encode() in _read(folder / name) for name in GIT_HOOKS if _is_ours(folder / name))


def _into_settings(settings: Path, project: Project, spool: Path) -> None:
    there = os.path.lexists(settings)
    content = _without(_read(settings))
    how = "" if content is not None and there else _FILE_MADE
    if content and not content.endswith(b"\n"):
        how = _LINE_ENDED
    lines = [f"{_MARK}{how}", "[hooks]"]
    lines += [f"{hook}.codevault = {telling(project.id, spool, hook)} || true" for hook in HG_HOOKS]
    added = "\n".join([*lines, _END, ""]).encode("utf-8", "surrogateescape")
    mode = stat.S_IMODE(settings.stat().st_mode) if there else 0o600
    _write(settings, (content or b"") + (b"\n" if how == _LINE_ENDED else b"") + added, mode)


def _out_of_settings(settings: Path) -> None:
    held = _read(settings)
    if _MARK.encode() not in held:
        return
    left = _without(held)
    if left is None:
        settings.unlink()
    else:
        _write(settings, left, stat.S_IMODE(settings.stat().st_mode))


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


def _is_ours(path: Path) -> bool:
    return _MARK.encode() in _read(path)


def _read(path: Path) -> bytes:
    """A regular file's content; empty for links and all else: what a project put there is not ours, nor waited for.

    Raises:
        OSError: it cannot be read, or is longer than hooks and settings are.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST and path.name == "hgrc":
        raise OSError("the settings are too long to be changed")
    return content


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and whose it was: Mercurial believes no settings of another user, nor does git's owner."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    whose = (path if os.path.lexists(path) else path.parent).lstat()
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(temporary, whose.st_uid, whose.st_gid, follow_symlinks=False)
        temporary.chmod(mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
