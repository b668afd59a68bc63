"""What a file has besides content, mode and times: extended attributes, ACLs and capabilities among them, and holes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import NamedTuple

MOST_BYTES = 128 << 10
"""Most bytes of names and values kept for one file: its line of the manifest has to hold them."""

_KEPT = frozenset({"system.posix_acl_access", "system.posix_acl_default", "security.capability"})
_NONE_HERE = {errno.ENOTSUP, errno.ENODATA, errno.ENOSYS, errno.EOPNOTSUPP}
_LISTS = getattr(os, "listxattr", None) is not None
_FINDS_HOLES = hasattr(os, "SEEK_HOLE")
_LEAST_HOLE = 4096


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
    xattrs, lost = _bounded(descriptor, sorted(name for name in names if name.startswith("user.") or name in _KEPT))
    return Extras(xattrs=xattrs, sparse=sparse, lost=lost)


def has_holes(descriptor: int, size: int) -> bool:
    """True when part of the file was never written: reading it would give zeros that lie nowhere."""
    if not _FINDS_HOLES:
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except OSError:
        return False  # a file system that cannot tell: read as any other file


def segments(descriptor: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """A file's parts in order as (begin, end, is a hole), up to `size`. The descriptor's position moves."""
    at = 0
    while at < size:
        begin = _next_content(descriptor, at, size)
        if begin > at:
            yield at, begin, True
        if begin >= size:
            return
        at = min(os.lseek(descriptor, begin, os.SEEK_HOLE), size)
        yield begin, at, False


def _next_content(descriptor: int, at: int, size: int) -> int:
    try:
        return min(os.lseek(descriptor, at, os.SEEK_DATA), size)
    except OSError as exc:
        if exc.errno == errno.ENXIO:
            return size  # nothing but a hole up to the end
        raise


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
