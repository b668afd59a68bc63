"""The spool: what hooks wrote into the vault, taken out once. Whoever may write there may write anything into it.

Hooks append lines to one file. A reader takes that file away by renaming it, so the next hook begins a new one, and
reads it; a hook that had opened it before may still add a line, so it stays, the length read in its name, until the
next reading has looked at its end once more.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import StorageError
from codevault.ids import ProjectId
from codevault.store.filesystem import DiskFileSystem

EVENTS = "vcs-events"
"""The file hooks append to: one line an event, `project hook` or `project hook word`."""

HOOKS = frozenset(
    (
        *("post-commit", "post-merge", "post-checkout", "post-rewrite", "pre-rebase", "reference-transaction"),
        *("commit", "update", "changegroup", "pre-histedit", "pre-strip"),
    )
)
LARGEST = 1 << 20
"""Bytes that hooks let the file become; from then on nothing is told until it is taken."""

_BLOCK = 512  # what `ulimit -f` counts in
_READ_MOST = 4 * LARGEST  # a shell without `ulimit -f` goes on writing
_LINE = re.compile(rb"([0-9a-z]{1,64}) ([a-z-]{1,32})(?: (preparing|prepared|committed|aborted|amend|rebase))?")
_TAKING = f"{EVENTS}.taking"
_TAKEN = re.compile(re.escape(EVENTS) + r"\.taken-([0-9]{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """A hook ran in a project's repository. `word` is what git says of it: "prepared", "committed", "amend", or ""."""

    project: ProjectId
    hook: str
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvents:
    """What hooks told since the last reading, in their order. They only hint: truth is what a backup finds.

    `lost`: the spool was full, so more may have happened than is told. `foreign` counts lines that no hook of ours
    writes, or of projects that are none of the vault's.
    """

    events: tuple[HookEvent, ...] = ()
    lost: bool = False
    foreign: int = 0


def telling(project: ProjectId, spool: Path, hook: str, word: str = "") -> str:
    """The shell's words that append an event. They start no program, say nothing, and stop at `LARGEST`.

    `command` keeps a shell that does not know the signal from ending there.
    """
    line = f"echo {project} {hook}{word} >>{shlex.quote(str(spool / EVENTS))}"
    return f"( umask 077; command trap '' XFSZ; ulimit -f {LARGEST // _BLOCK}; {line} ) 2>/dev/null"


def take_events(spool: Path, known: Collection[ProjectId]) -> HookEvents:
    """Takes what hooks wrote: an event is given once, to one caller, and what is no event of `known` is dropped.

    Raises:
        VaultBusy: another process is taking them.
        StorageError: the spool cannot be read or written.
    """
    if not _is_folder(spool):
        return HookEvents()
    lock = DiskFileSystem(spool.parent).lock(spool / "lock", f"process {os.getpid()} takes the events of hooks")
    try:
        content, lost = _taken(spool)
    except OSError as exc:
        raise StorageError(spool, exc) from exc
    finally:
        lock.release()
    lines = content.split(b"\n")
    found = [event for event in map(_event, lines) if event is not None and event.project in known]
    return HookEvents(events=tuple(found), lost=lost, foreign=sum(map(bool, lines)) - len(found))


def _taken(spool: Path) -> tuple[bytes, bool]:
    """Everything not given before, and whether more may have been refused."""
    parts = []
    before = list(_earlier(spool))
    for path, length in before:
        parts.append(_read(path)[length:])
    taking = spool / _TAKING
    if not os.path.lexists(taking):  # else one that died there: nothing of it was given
        with suppress(FileNotFoundError):
            os.rename(spool / EVENTS, taking)
    content = _read(taking)
    if os.path.lexists(taking):
        os.replace(taking, spool / f"{EVENTS}.taken-{len(content)}")
    for path, _ in before:
        if path.name != f"{EVENTS}.taken-{len(content)}":
            _drop(path)
    return b"".join((*parts, content)), len(content) > LARGEST - _BLOCK


def _earlier(spool: Path) -> Iterator[tuple[Path, int]]:
    for name in sorted(os.listdir(spool)):
        found = _TAKEN.fullmatch(name)
        if found:
            yield spool / name, int(found[1])


def _drop(path: Path) -> None:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        path.rmdir()
    else:
        path.unlink()


def _read(path: Path) -> bytes:
    """A regular file's beginning; empty for anything else, which is never waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return b""
    with closing(os.fdopen(descriptor, "rb")) as file:
        return file.read(_READ_MOST) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def _event(line: bytes) -> HookEvent | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    project, hook, word = ((part or b"").decode("ascii") for part in found.groups())
    return HookEvent(project=ProjectId(project), hook=hook, word=word) if hook in HOOKS else None


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
