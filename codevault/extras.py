"""What a file has besides content, mode and times: extended attributes, ACLs and capabilities among them, and holes."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from codevault.holes import has_holes
from codevault.store.model import Entry

MOST_BYTES = 128 << 10
"""Most bytes of names and values kept for one file: its line of the manifest has to hold them."""

_CAPABILITY = "security.capability"
_KEPT = frozenset({"system.posix_acl_access", "system.posix_acl_default", _CAPABILITY})
_NONE_HERE = {errno.ENOTSUP, errno.ENODATA, errno.ENOSYS, errno.EOPNOTSUPP}
_LISTS = getattr(os, "listxattr", None) is not None
_LEAST_HOLE = 4096


class FileAttribute(StrEnum):
    """What a restore gives back only when it is asked for."""

    XATTRS = "xattrs"  # extended attributes of users, and access control lists
    PRIVILEGES = "privileges"  # set-user-id, set-group-id and sticky bits, and capabilities
    OWNER = "owner"  # of files that were not the project's own; only root can


class Extras(NamedTuple):
    """`xattrs` in the order of their names; `sparse`: there are holes; `lost` says what could not be kept, and why."""

    xattrs: tuple[tuple[str, bytes], ...] = ()
    sparse: bool = False
    lost: str = ""


PLAIN = Extras()


def extras_of(descriptor: int, status: os.stat_result) -> Extras:
    """Those of an open file. For most files this is one system call that answers "none".

    The labels of a machine's own rules (SELinux, IMA) are not a project's and are left out.
    """
    sparse = status.st_size - _allocated(status) >= _LEAST_HOLE and has_holes(descriptor, status.st_size)
    if not _LISTS:
        return Extras(sparse=True) if sparse else PLAIN
    try:
        names = os.listxattr(descriptor)
    except OSError as exc:
        names = []
        if exc.errno not in _NONE_HERE:
            return Extras(sparse=sparse, lost=f"its extended attributes: {exc.strerror}")
    if not names:
        return Extras(sparse=True) if sparse else PLAIN
    xattrs, lost = _bounded(descriptor, sorted(filter(_is_kept, names)))
    return Extras(xattrs=xattrs, sparse=sparse, lost=lost)


def give_back(file: int | str, entry: Entry, attributes: Collection[FileAttribute]) -> str:
    """Gives a file or folder those of its recorded attributes that were asked for; says which it could not be given.

    Only what a backup keeps is ever set, whatever a manifest says.
    """
    lost = []
    if FileAttribute.OWNER in attributes and entry.owner is not None:
        try:
            os.chown(file, *entry.owner)
        except (OSError, OverflowError) as exc:
            lost.append(f"its owner ({exc})")
    for name, value in entry.xattrs:
        asked = FileAttribute.PRIVILEGES if name == _CAPABILITY else FileAttribute.XATTRS
        if asked in attributes and _is_kept(name):
            try:
                os.setxattr(file, name, value)
            except OSError as exc:
                lost.append(f"{name!a} ({exc.strerror})")
    return f"written without {', '.join(lost)}" if lost else ""


def _is_kept(name: str) -> bool:
    return name.startswith("user.") or name in _KEPT


def _allocated(status: os.stat_result) -> int:
    return getattr(status, "st_blocks", status.st_size // 512 + 1) * 512


def _bounded(descriptor: int, names: list[str]) -> tuple[tuple[tuple[str, bytes], ...], str]:
    """As many as fit, in order of name; the reason when any had to be left out."""
    kept, total, lost = [], 0, []
    for name in names:
        try:
            value = os.getxattr(descriptor, name)
            length = len(name.encode()) + len(value)
        except (OSError, UnicodeEncodeError) as exc:
            if not (isinstance(exc, OSError) and exc.errno in _NONE_HERE):  # else removed since it was listed
                lost.append(f"{name!a} cannot be read")
            continue
        if total + length > MOST_BYTES:
            lost.append(f"{name!a} is one too many or too large")
            continue
        total += length
        kept.append((name, value))
    if not lost:
        return tuple(kept), ""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return tuple(kept), f"the extended attribute {lost[0]}{more}"
