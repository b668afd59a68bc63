"""What editors leave beside a file while they work on it, told from its name: pure.

Such files are no edits. What they say is that somebody has a file open, or typed without saving yet. Rules by program:
vim (`:help swap-file`, `:help 'backupcopy'`: `4913` is its probe of a folder), emacs (lock `.#x`, auto-save `#x#`,
backup `x~`), JetBrains (`x___jb_tmp___`, `x___jb_old___`: its safe write), VS Code (writes in place; with atomic saves
`x.tmp-…`), Kate, gedit and everything on GLib (`.goutputstream-XXXXXX`), LibreOffice (`.~lock.x#`), Microsoft Office
(`~$x`), KDE (`x.part`), sed in place, network file systems (`.nfs…`, `.fuse_hidden…`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Leaving(StrEnum):
    """What kind of file an editor left."""

    SWAP = "swap"  # text that was typed and not saved
    LOCK = "lock"  # the file is open
    BACKUP = "backup"  # as it was before
    TEMPORARY = "temporary"  # on its way to becoming the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A file that an editor made beside `original`, a name in the same folder; "" where the name does not tell."""

    leaving: Leaving
    original: str


_RULES: tuple[tuple[re.Pattern[str], Leaving], ...] = tuple(
    (re.compile(pattern, re.DOTALL), leaving)
    for pattern, leaving in (
        (r"\.~lock\.(?P<of>.+)#", Leaving.LOCK),
        (r"\.#(?P<of>.+)", Leaving.LOCK),
        (r"~\$(?P<of>.+)", Leaving.LOCK),
        (r"#(?P<of>.+)#", Leaving.SWAP),
        (r"\.(?P<of>.+)\.sw[a-z]", Leaving.SWAP),
        (r"\.(?P<of>.+)\.kate-swp", Leaving.SWAP),
        (r"\.(?P<of>.+)\.un~", Leaving.SWAP),
        (r"4913|5036|5159", Leaving.TEMPORARY),
        (r"(?P<of>.+)___jb_tmp___", Leaving.TEMPORARY),
        (r"(?P<of>.+)___jb_(?:old|bak)___", Leaving.BACKUP),
        (r"\.goutputstream-[0-9A-Z]{6}", Leaving.TEMPORARY),
        (r"sed[0-9A-Za-z]{6}", Leaving.TEMPORARY),
        (r"\.(?P<of>.+\.[0-9A-Za-z]+)\.[0-9A-Za-z]{6,8}", Leaving.TEMPORARY),  # rsync, and what is built on mkstemp
        (r"(?P<of>.+)\.tmp(?:[.-][0-9A-Za-z._-]+)?", Leaving.TEMPORARY),
        (r"(?P<of>.+)\.(?:part|crswap|temp)", Leaving.TEMPORARY),
        (r"\.nfs[0-9a-f]{8,}|\.fuse_hidden[0-9a-f]+", Leaving.TEMPORARY),
        (r"(?P<of>.+)~", Leaving.BACKUP),
    )
)
_HINT = frozenset("~#$")
_HINTS = (".sw", "-swp", "___jb_", "goutputstream", ".tmp", ".part", ".temp", ".crswap", ".nfs", ".fuse_hidden")
_LONGEST = 255


def trace_of(name: str) -> Trace | None:
    """What the last component of a path says; None for an ordinary file. Linear in its length."""
    if len(name) > _LONGEST or not _may_be(name):
        return None
    for pattern, leaving in _RULES:
        found = pattern.fullmatch(name)
        if found:
            return Trace(leaving=leaving, original=found.groupdict().get("of") or "")
    return None


def _may_be(name: str) -> bool:
    """A cheap look first: in a storm this is asked fifty thousand times."""
    return (
        not _HINT.isdisjoint(name)
        or any(hint in name for hint in _HINTS)
        or name.isdigit()
        or name.startswith(("sed", "."))
    )
