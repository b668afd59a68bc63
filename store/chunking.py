"""Large files: content-defined chunks, so that an insertion moves only the chunk it lies in. Pure.

Boundaries are FastCDC's (Xia et al., USENIX ATC 2016). The library would map a file by itself and die with it when
it shrinks, so it is only ever fed bytes that we hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codevault.ids import BlobId
from codevault.store.records import is_id

LARGE = 8 << 20
"""From here on a blob is stored as a list of chunks."""
SMALLEST = 256 << 10
AVERAGE = 1 << 20
LARGEST = 4 << 20
_FILLED = 2 * LARGEST
_ZEROS = bytes(LARGEST)


class ListMalformed(Exception):  # noqa: N818 - never leaves the store: becomes BlobDamaged
    """A chunk list that does not parse or does not add up."""


def cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks of a stream that comes in pieces of any size; depends on content only, not on the pieces.

    Holds about 20 MiB plus the largest piece.
    """
    held = bytearray()
    for piece in sliced(pieces):
        held += piece
        while len(held) >= _FILLED and held.startswith(_ZEROS):  # where FastCDC cuts zeros, for a fifth of the time
            yield _ZEROS
            del held[:LARGEST]
        if len(held) >= _FILLED:
            done = 0
            for offset, length in _boundaries(bytes(held)):
                if offset + LARGEST > len(held):
                    break  # more bytes might move this boundary
                yield bytes(held[offset : offset + length])
                done = offset + length
            del held[:done]
    for offset, length in _boundaries(bytes(held)):
        yield bytes(held[offset : offset + length])


def sliced(pieces: Iterable[bytes]) -> Iterator[memoryview]:
    """The same stream in pieces of at most 1 MiB, without copying: a large piece must not be held several times."""
    for piece in pieces:
        view = memoryview(piece)
        for at in range(0, len(view), AVERAGE):
            yield view[at : at + AVERAGE]


def encode_list(chunks: Iterable[tuple[BlobId, int]]) -> bytes:
    """The content of a list frame: a line `<id> <length>` a chunk, to be read by people and shells."""
    return b"".join(f"{chunk} {length}\n".encode() for chunk, length in chunks)


def decode_list(content: bytes, total: int) -> tuple[tuple[BlobId, int], ...]:
    """The inverse of `encode_list` for a blob of `total` bytes.

    Raises:
        ListMalformed: a line that is none, or lengths that do not add up.
    """
    chunks = []
    for line in content.decode("ascii", "replace").split("\n")[:-1]:
        chunk, blank, length = line.partition(" ")
        if not (blank and is_id(chunk) and length.isascii() and length.isdigit() and len(length) < 19):
            raise ListMalformed("a line of the chunk list does not parse")
        chunks.append((BlobId(chunk), int(length)))
    if sum(length for _, length in chunks) != total or encode_list(chunks) != content:
        raise ListMalformed("the chunk list does not add up")
    return tuple(chunks)


def _boundaries(held: bytes) -> Iterator[tuple[int, int]]:
    from fastcdc import fastcdc

    if held:
        for chunk in fastcdc(held, SMALLEST, AVERAGE, LARGEST):
            yield chunk.offset, chunk.length
