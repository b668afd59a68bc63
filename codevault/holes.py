"""Holes of sparse files: found so that they need not be read, and left where a page of zeros would be written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator

_FINDS_HOLES = hasattr(os, "SEEK_HOLE")
_PAGE = 4096
_ZEROS = bytes(4 << 20)


def has_holes(descriptor: int, size: int) -> bool:
    """True when part of the file was never written: reading it would give zeros that lie nowhere."""
    if not _FINDS_HOLES:
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except OSError:
        return False  # a file system that cannot tell: read as any other file
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


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


def write(descriptor: int, blocks: Iterable[bytes]) -> int:
    """Writes all of it; gives how many bytes that were."""
    size = 0
    for block in blocks:
        written = os.write(descriptor, block)
        size += len(block)
        while written < len(block):  # a disk that is nearly full takes a part first
            written += os.write(descriptor, memoryview(block)[written:])
    return size


def write_around_holes(descriptor: int, blocks: Iterable[bytes]) -> int:
    """Writes all but the pages of zeros: where nothing was written, the file has a hole."""
    size = 0
    for block in blocks:
        if block != _ZEROS[: len(block)]:
            for begin, end in _filled(block):
                os.lseek(descriptor, size + begin, os.SEEK_SET)
                write(descriptor, (block[begin:end],))
        size += len(block)
    os.ftruncate(descriptor, size)
    return size


def _filled(block: bytes) -> Iterator[tuple[int, int]]:
    """The runs of pages that are not all zeros."""
    begin = None
    for at in range(0, len(block), _PAGE):
        page = block[at : at + _PAGE]
        empty = page == _ZEROS[: len(page)]
        if empty and begin is not None:
            yield begin, at
            begin = None
        elif not empty and begin is None:
            begin = at
    if begin is not None:
        yield begin, len(block)


def _next_content(descriptor: int, at: int, size: int) -> int:
    try:
        return min(os.lseek(descriptor, at, os.SEEK_DATA), size)
    except OSError as exc:
        if exc.errno == errno.ENXIO:
            return size  # nothing but a hole up to the end
        raise
