"""Turning blobs into packs: groups, compression in other threads, pack files written, read back and published."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from codevault.errors import CodeVaultError, StorageError
from codevault.ids import BlobId, PackId
from codevault.store.filesystem import FileSystem, NewFile
from codevault.store.layout import Layout
from codevault.store.pack import BASE_BYTES, Frame, FrameKind, Header, encode_header
from codevault.store.publishing import ensure_folder, read_back_failed
from codevault.store.zstd_codec import FrameDamaged, compress, compress_delta

GROUP = 2 << 20
"""Content bytes from which a solid frame is closed: larger saves little and costs each reader of one file."""
PACK = 64 << 20
"""Bytes from which a pack is closed."""
_WAITING = 14 << 20  # three groups: with one in work and one waiting, the reader stood still a fifth of the time
_BLOCK = 1 << 20
_OVERHEAD = 64
_LEVELS = ((512 << 10, 17), (2 << 20, 9))  # what one commit adds is small: 0.1 s at most, and 6 % of flask's history
_LEVEL = 3

Publish = Callable[[PackId, int, tuple[Frame, ...]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    members: tuple[tuple[BlobId, int], ...]
    frame: Future[bytes | None]
    kind: FrameKind
    held: int
    base: bytes = b""
    content: bytes = b""


class Packer:
    """Takes blobs, makes frames in worker threads, writes them in order. One thread calls it.

    `published` is told of each pack once it is durable and verified, `admit` of the length of each frame before it is
    written: it may refuse by raising `LimitReached`. Content held at any time is about 16 MiB plus the largest blob.
    """

    def __init__(
        self,
        files: FileSystem,
        layout: Layout,
        published: Publish,
        admit: Callable[[int], None] = lambda _: None,
        *,
        threads: int = 4,
    ) -> None:
        self._files = files
        self._layout = layout
        self._published = published
        self._admit = admit
        self._pool = ThreadPoolExecutor(max(1, min(threads, os.cpu_count() or 1)), thread_name_prefix="codevault-pack")
        self._group: list[tuple[BlobId, bytes]] = []
        self._group_bytes = 0
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._packs: dict[bool, PackFile] = {}
        self._count = 0

    def add(self, blob: BlobId, content: bytes) -> None:
        """Takes a blob to be stored whole, together with its neighbours."""
        self._group.append((blob, content))
        self._group_bytes += len(content)
        if self._group_bytes >= GROUP:
            self.close_group()

    def add_group(self, group: Sequence[tuple[BlobId, bytes]], level: int) -> None:
        """Takes blobs that are to share one frame with nothing else."""
        self._put_group(group, level)

    def add_delta(
        self, blob: BlobId, content: bytes, base: BlobId, load: Callable[[], bytes | None], *, patient: bool = False
    ) -> None:
        """Takes a blob to be stored as difference from `base`, or whole if that does not pay.

        `load` gives the base's content, None if it is of no use; it is called in a worker thread.
        """
        frame = self._pool.submit(_delta_if_it_pays, content, load, patient)
        self._put(
            _Job(
                members=((blob, len(content)),),
                frame=frame,
                kind=FrameKind.DELTA,
                base=bytes.fromhex(base)[:BASE_BYTES],
                content=content,
                held=2 * len(content),
            )
        )

    def add_list(self, blob: BlobId, length: int, listing: bytes) -> None:
        """Takes the list of chunks that a large blob is."""
        frame = self._pool.submit(_alone, (listing,), None)
        self._put(_Job(members=((blob, length),), frame=frame, kind=FrameKind.LIST, held=len(listing)))

    def close_group(self) -> None:
        """Ends the current solid frame, so that what comes next does not share it."""
        if self._group:
            group, self._group, self._group_bytes = self._group, [], 0
            self._put_group(group)

    def add_frame(self, header: Header, frame: bytes) -> None:
        """Takes a frame as it stands in another pack, proven sound by the caller."""
        self._append(header, frame)

    def flush(self) -> None:
        """Returns when everything taken so far is in published packs.

        Raises:
            StorageFull, StorageError: the packer must be given up.
        """
        self._write_jobs(0)
        self.close_group()  # after the jobs: deltas that did not pay have joined the group
        self._write_jobs(0)
        for kind in list(self._packs):
            self._packs.pop(kind).finish(self._published)

    def close(self) -> None:
        """Ends the threads and forgets what was not flushed. Never raises: it is the way out of an error, too."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for pack in self._packs.values():
            pack.abandon()
        self._packs.clear()

    def _put_group(self, group: Sequence[tuple[BlobId, bytes]], level: int | None = None) -> None:
        contents = tuple(content for _, content in group)
        members = tuple((blob, len(content)) for blob, content in group)
        frame = self._pool.submit(_alone, contents, level)  # joined there: copying here would keep the reader waiting
        self._put(_Job(members=members, frame=frame, kind=FrameKind.SOLID, held=sum(map(len, contents))))

    def _put(self, job: _Job) -> None:
        self._jobs.append(job)
        self._waiting += job.held
        self._write_jobs(_WAITING)

    def _write_jobs(self, allowed: int) -> None:
        while self._jobs and (self._waiting > allowed or not allowed):
            job = self._jobs.popleft()
            self._waiting -= job.held
            try:
                frame = job.frame.result()
            except FrameDamaged as exc:
                raise StorageError(self._layout.packs, OSError(errno.EIO, str(exc))) from exc
            if frame is None:
                self.add(job.members[0][0], job.content)
            else:
                self._write(job, frame)

    def _write(self, job: _Job, frame: bytes) -> None:
        members = tuple((bytes.fromhex(blob), length) for blob, length in job.members)
        self._append(Header(kind=job.kind, stored=len(frame), members=members, base=job.base), frame)

    def _append(self, header: Header, frame: bytes) -> None:
        self._admit(len(frame))
        solid = header.kind is FrameKind.SOLID
        pack = self._packs.get(solid)
        if pack is None:
            self._count += 1
            pack = self._packs[solid] = PackFile(self._files, self._layout, f"{self._count:06d}.pack.tmp")
        pack.append(header, frame)
        if pack.size >= PACK:
            self._packs.pop(solid).finish(self._published)


class PackFile:
    """A pack being written under a temporary name."""

    def __init__(self, files: FileSystem, layout: Layout, name: str) -> None:
        self._files = files
        self._layout = layout
        self._path: Path = layout.incoming / name
        self._new: NewFile = files.create(self._path)
        self._hasher = blake3()
        self._frames: list[Frame] = []
        self.size = 0

    def append(self, header: Header, frame: bytes) -> None:
        """Adds a frame and the header that announces it."""
        encoded = encode_header(header)
        self._new.write(encoded + frame)
        self._hasher.update(encoded)
        self._hasher.update(frame)
        self._frames.append(Frame(header=header, at=self.size + len(encoded)))
        self.size += len(encoded) + len(frame)

    def finish(self, published: Publish) -> None:
        """Syncs, reads back, compares, renames, syncs the folder, and only then tells `published`."""
        try:
            self._new.sync()
        finally:
            self._new.close()
        pack = PackId(self._hasher.hexdigest())
        if self._hash_on_disk() != pack:
            raise read_back_failed(self._path)
        target = self._layout.pack(pack)
        ensure_folder(self._files, target.parent)
        self._files.rename(self._path, target)
        self._files.sync_folder(target.parent)
        published(pack, self.size, tuple(self._frames))

    def abandon(self) -> None:
        """Gives the file up."""
        with suppress(CodeVaultError):  # the next writer sweeps what stays
            self._new.close()
            self._files.remove(self._path)

    def _hash_on_disk(self) -> str:
        hasher = blake3()
        for at in range(0, self.size, _BLOCK):
            hasher.update(self._files.read(self._path, at, _BLOCK) or b"")
        return hasher.hexdigest()


def _alone(contents: tuple[bytes, ...], level: int | None) -> bytes | None:
    content = b"".join(contents)
    return compress(content, level or next((level for size, level in _LEVELS if len(content) < size), _LEVEL))


def _delta_if_it_pays(content: bytes, load: Callable[[], bytes | None], patient: bool) -> bytes | None:
    base = load()
    if base is None:
        return None
    delta = compress_delta(content, base, patient=patient)
    if len(delta) + _OVERHEAD <= len(content) // 8:
        return delta
    return delta if len(delta) + _OVERHEAD <= len(compress(content, _LEVEL)) else None
