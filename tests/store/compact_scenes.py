"""A small vault with every kind of frame, and what compacting is put to on it."""

from __future__ import annotations

from blake3 import blake3

from codevault.ids import BlobId, PackId
from codevault.store.chunking import encode_list
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.pack import Frame, FrameKind, hop
from codevault.store.packing import Packer
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.scenes import (
    FIRST,
    LIBRARY,
    ROOT,
    SHOP,
    SOURCE,
    all_files,
    back_up,
    draft,
    file_entry,
    new_store,
)

BLOCK = b"".join(blake3(b"%d" % n).hexdigest().encode() + b"\n" for n in range(64))
LARGE = BLOCK * 150  # more than a large member, and quick to compress
LARGER = LARGE.replace(b"\n", b"\r\n", 3) + b"an end\n"
CHUNKS = tuple(blake3(b"chunk %d" % n).digest(length=3000) for n in range(3))
LISTED = b"".join(CHUNKS)


def version(number: int) -> dict[str, bytes]:
    """The tree of snapshot `number`."""
    source = SOURCE.replace(b"argument + %d\n" % number, b"argument - %d\n" % number)
    return {
        "main.py": source,
        f"moved_{number // 3}/twin.py": source.replace(b"function_9", b"twin_9"),
        "large.bin": (LARGE, LARGER)[min(number, 1)],
        "docs/readme.txt": b"read me\n",
    }


def history(snapshots: int = 4) -> MemoryFileSystem:
    """Two projects; one has a list and its chunks, a large file of two versions, a file that moves."""
    store, files = new_store()
    for number in range(snapshots):
        back_up(store, version(number))
    back_up(store, FIRST, LIBRARY)
    _add_list(store)
    return files


def _add_list(store: Store) -> None:
    """What a blob of 8 MiB and more is, in small: a list in a pack of its own, and a snapshot that names it."""
    blob = BlobId(hash_of(LISTED))
    with store.writer() as writer:
        parts = [(writer.add(chunk), len(chunk)) for chunk in CHUNKS]
    with store.turn() as turn:
        packer = Packer(turn.state.files, turn.state.layout, lambda _pack, _size, _frames: None)
        packer.add_list(blob, len(LISTED), encode_list(parts))
        packer.flush()
        packer.close()
    with store.writer() as writer:
        writer.commit(draft(SHOP), [file_entry("listed.bin", blob, len(LISTED))])


def frames(files: MemoryFileSystem) -> dict[PackId, list[Frame]]:
    """The frames of all packs."""
    found = {}
    for path in all_files(files, ROOT / "packs"):
        if path.suffix == ".pack":
            content = files.read(path) or b""
            found[PackId(path.stem)] = list(hop(lambda at, length, c=content: c[at : at + length], len(content)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return found


def kinds(files: MemoryFileSystem) -> set[FrameKind]:
    """The kinds of frame there are."""
    return {frame.header.kind for held in frames(files).values() for frame in held}
