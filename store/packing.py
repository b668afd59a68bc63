"""Turning blobs into packs: groups, compression in other threads, frames written in order, full packs finished aside.

A pack that is full while more is to come is synced, read back and published in a thread of its own, so that the reader
of a large tree does not wait for the disk; `flush` waits for all of them. A run too small to fill a pack has no such
thread: its calls come in one order, which the tests that fail each of them rely on.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from codevault.errors import StorageError
from codevault.ids import BlobId, PackId
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout
from codevault.store.pack import BASE_BYTES, Frame, FrameKind, Header
from codevault.store.packfile import Finished, PackFile
from codevault.store.zstd_codec import FrameDamaged, compress, compress_delta

GROUP = 2 << 20
"""Content bytes from which a solid frame is closed: larger saves little and costs each reader of one file."""
PACK = 64 << 20
"""Bytes from which a pack is closed."""
_WAITING = 14 << 20  # three groups: with one in work and one waiting, the reader stood still a fifth of the time
_OVERHEAD = 64
_LEVELS = ((512 << 10, 17), (2 << 20, 9))  # what one commit adds is small: 0.1 s at most, and 6 % of flask's history
_LEVEL = 3

Publish = Callable[[PackId, int, tuple[Frame, ...]], None]
Protect = Callable[[PackId, int], None]


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
    written: it may refuse by raising `LimitReached`. `protect` is called in another thread for packs that were full
    before the end, after `published`; it must not raise. A pack is full at `full` bytes. Content held at any time is
    about 16 MiB plus the largest blob.
    """

    def __init__(
        self,
        files: FileSystem,
        layout: Layout,
        published: Publish,
        admit: Callable[[int], None] = lambda _: None,
        *,
        protect: Protect = lambda _pack, _size: None,
        threads: int = 4,
        full: int = PACK,
    ) -> None:
        self._files = files
        self._layout = layout
        self._published = published
        self._admit = admit
        self._protect = protect
        self._full = full
        self._pool = ThreadPoolExecutor(max(1, min(threads, os.cpu_count() or 1)), thread_name_prefix="codevault-pack")
        self._group: list[tuple[BlobId, bytes]] = []
        self._group_bytes = 0
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._packs: dict[bool, PackFile] = {}
        self._aside: ThreadPoolExecutor | None = None
        self._finishing: deque[tuple[PackFile, Future[Finished]]] = deque()
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
        self._reap(wait=True)
        for kind in list(self._packs):
            self._publish(self._packs.pop(kind).finish())

    def close(self) -> None:
        """Ends the threads and forgets what was not flushed. Never raises: it is the way out of an error, too."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._aside is not None:
            self._aside.shutdown(wait=True, cancel_futures=True)
        for pack in (*self._packs.values(), *(pack for pack, future in self._finishing if future.cancelled())):
            pack.abandon()
        self._packs.clear()
        self._finishing.clear()

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
        if pack.size >= self._full:
            self._finish_aside(self._packs.pop(solid))
        self._reap(wait=False)

    def _finish_aside(self, pack: PackFile) -> None:
        if self._aside is None:
            self._aside = ThreadPoolExecutor(1, thread_name_prefix="codevault-finish")
        self._finishing.append((pack, self._aside.submit(pack.finish)))

    def _reap(self, *, wait: bool) -> None:
        """Publishes the packs that were finished aside, in order; what went wrong there is raised here."""
        while self._finishing and (wait or self._finishing[0][1].done()):
            finished = self._finishing.popleft()[1].result()
            self._publish(finished)
            if self._aside is not None:
                self._aside.submit(self._protect, finished.pack, finished.size)

    def _publish(self, finished: Finished) -> None:
        self._published(finished.pack, finished.size, finished.frames)


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
