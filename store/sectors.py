"""Reading what a medium still gives of a file some sectors of which are gone."""

from __future__ import annotations

import errno
import os

_AT_ONCE = 1 << 26
_SECTOR = 4096
_MOST_REFUSED = 64  # sectors in a row


def read_range(descriptor: int, offset: int, length: int | None) -> bytes:
    """Up to `length` bytes from `offset` of an open file; what a sector refuses reads as zeros.

    Raises:
        OSError: anything else than sectors that are gone.
    """
    if length is None:
        length = max(0, os.fstat(descriptor).st_size - offset)
    if offset:
        os.lseek(descriptor, offset, os.SEEK_SET)
    parts = []
    while length > 0:
        try:
            part = os.read(descriptor, min(length, _AT_ONCE))
        except OSError as exc:
            if exc.errno != errno.EIO:
                raise
            part = _salvaged(descriptor, offset, min(length, _AT_ONCE))
        if not part:
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _salvaged(descriptor: int, offset: int, length: int) -> bytes:
    """What is left of a stretch that the medium refuses, zeros for the rest, so that its hash names what it costs.

    Where nothing at all answers it is not a sector that is gone but the disk: that stays an error.
    """
    end = min(offset + length, os.fstat(descriptor).st_size)
    parts, refused = [], 0
    while offset < end:
        block = min(_SECTOR - offset % _SECTOR, end - offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
        try:
            part = os.read(descriptor, block)
            refused = 0
        except OSError as exc:
            refused += 1
            if exc.errno != errno.EIO or refused > _MOST_REFUSED:
                raise
            part = bytes(block)
        parts.append(part.ljust(block, b"\0"))
        offset += block
    os.lseek(descriptor, offset, os.SEEK_SET)
    return b"".join(parts)
