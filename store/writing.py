"""The one writer of a vault: takes content, chooses how to store it, and commits snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Self

from blake3 import blake3

from codevault.errors import (
    BlobMissing,
    CodeVaultError,
    DamageError,
    InvalidArgument,
    RecordDamaged,
    StorageError,
    StorageFull,
    UnknownSnapshot,
    VaultBusy,
    VaultClosed,
)
from codevault.ids import BlobId, PackId, SnapshotId
from codevault.store.chunking import LARGE, cut, encode_list
from codevault.store.drafts import checked_draft
from codevault.store.filesystem import HeldLock
from codevault.store.large import OldParts, blocks, hashed
from codevault.store.layout import FORMAT_VERSION, is_document_name, snapshot_of
from codevault.store.limits import keep_reserve
from codevault.store.listing import Revision
from codevault.store.manifest import decode_manifest, encode_manifest
from codevault.store.model import Entry, Snapshot, SnapshotDraft
from codevault.store.pack import Frame
from codevault.store.packing import Packer
from codevault.store.publishing import publish
from codevault.store.reading import MAX_DEPTH
from codevault.store.rechecking import Recheck
from codevault.store.records import LoggedFile, encode_snapshot, hash_of, seal
from codevault.store.relatives import LONGEST_BASE, Base, Relatives
from codevault.store.sidecars import protect, protect_one
from codevault.store.suspects import keep_suspects
from codevault.store.turns import require_held, settle
from codevault.store.vaultstate import VaultState

_WHOLE_MANIFEST = LONGEST_BASE


class Writer:
    """Adds blobs and snapshots. A context manager; leaving it by an exception leaves only unreferenced bytes.

    One thread uses it. After a `StorageError` or `StorageFull` it refuses further work: open a new one.
    """

    def __init__(self, state: VaultState, lock: HeldLock, admit: Callable[[int], None] = lambda _: None) -> None:
        self._state = state
        self._lock = lock
        self._packer = Packer(state.files, state.layout, self._published, admit, protect=partial(protect_one, state))
        self._pending: dict[BlobId, BlobId | None] = {}  # not yet in the catalog -> the base it may rest on
        self._recheck = Recheck(state)
        self._relatives = Relatives(state, self._pending)
        self._unlogged: list[LoggedFile] = []
        self._failure: CodeVaultError | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._failure is None and not self._closed:
                self.flush()
                self._log()
        finally:
            self._close(orderly=kind is None)

    def add(
        self,
        content: bytes,
        *,
        path: str = "",
        hint: BlobId | None = None,
        relative: Callable[[bytes], BlobId | None] | None = None,
    ) -> BlobId:
        """Stores `content` unless the vault holds it, and gives its id.

        `path` helps to find a relative to store it as a difference from; `hint` names one: the file's last version.
        Without one `relative` is asked for it, for content that the vault does not hold.

        Raises:
            StorageFull, StorageError: the vault keeps what was committed; this writer is finished.
        """
        if len(content) >= LARGE:
            return self._add_large((content,), hint)[0]
        with self._working():
            blob = BlobId(hash_of(content))
            if blob not in self._pending and not self._recheck.holds(blob):
                if hint is None and relative is not None:
                    hint = relative(content)
                self._store(blob, content, self._relatives.choose(content, path, hint))
            return blob

    def add_stream(self, chunks: Iterable[bytes], *, path: str = "", hint: BlobId | None = None) -> tuple[BlobId, int]:
        """Stores content that comes in pieces of at most some MiB, and gives its id and length.

        Memory stays bounded whatever the length. `chunks` may raise; then nothing refers to what was stored.

        Raises:
            StorageFull, StorageError: as `add`.
        """
        pieces = iter(chunks)
        beginning = bytearray()
        for piece in pieces:
            beginning += piece
            if len(beginning) >= LARGE:
                break
        else:
            return self.add(bytes(beginning), path=path, hint=hint), len(beginning)
        return self._add_large(chain((bytes(beginning),), pieces), hint)

    def put_document(self, name: str, document: Mapping[str, object]) -> None:
        """Writes projects/<name>.json, replacing what it was, durable on return.

        Raises:
            InvalidArgument: a name that is no file name, or a document that is no JSON.
            VaultBusy, StorageFull, StorageError: the old document stays.
        """
        if not is_document_name(name):
            raise InvalidArgument(f"not a document name: {name!r}")
        try:
            content = seal({"document": dict(document), "format": FORMAT_VERSION})
        except ValueError as exc:
            raise InvalidArgument(f"the document {name} cannot be written as JSON: {exc}") from exc
        target = self._state.layout.document(name)
        with self._working():
            require_held(self._lock, self._state.layout.root)
            publish(self._state.files, self._state.layout, target, content)
            self._note(self._state.layout.relative(target), len(content), hash_of(content))

    def commit(self, draft: SnapshotDraft, entries: Iterable[Entry]) -> Snapshot:
        """Records a snapshot of a project; when it returns, it survives a power loss.

        Raises:
            InvalidArgument: a draft that cannot be recorded, or two entries for one path.
            BlobMissing: an entry names a blob that was never added.
            VaultBusy: the lock file was taken away and somebody else may be writing.
            StorageFull, StorageError: no snapshot was recorded.
        """
        draft = checked_draft(draft)
        with self._working():
            return self._record(draft, (encode_manifest(self._checked(entries)),))

    def commit_revised(self, draft: SnapshotDraft, revision: Revision) -> Snapshot:
        """Records a snapshot that holds what another one does (see `Store.listing`) but for some changes.

        The same bytes as `commit` makes of all entries, at the cost of the changes.

        Raises:
            InvalidArgument: a draft or path that cannot be recorded.
            BlobMissing: an entry names a blob that was never added, or was lost.
            VaultBusy, StorageFull, StorageError: as `commit`.
        """
        draft = checked_draft(draft)
        with self._working():
            for _ in self._checked(entry for entry in revision.changes.values() if entry is not None):
                pass
            self._check_kept(revision)
            return self._record(draft, revision.listing.revised(revision.changes))

    def commit_again(self, draft: SnapshotDraft) -> Snapshot:
        """Records a snapshot that holds exactly what the project's newest one holds, without decoding its manifest.

        Raises:
            InvalidArgument: a draft that cannot be recorded.
            UnknownSnapshot: the project has none.
            DamageError: the newest one, or its manifest, is lost.
            VaultBusy, StorageFull, StorageError: as `commit`.
        """
        draft = checked_draft(draft)
        with self._working():
            names = self._state.snapshot_names(draft.project)
            if not names:
                raise UnknownSnapshot(f"project {draft.project!r} has no snapshot that could be recorded again")
            sequence, parent = names[-1]
            manifest = self._state.snapshot(draft.project, parent).manifest
            content = self._state.reader.chunks(manifest)
            if self._state.incomplete():  # packs vanished or were cut short: every blob is looked for
                for _ in self._checked(decode_manifest(content)):
                    pass
            for _ in content:
                pass  # read for its hash: a lost manifest must not be built upon
            self._packer.flush()
            return self._commit(draft, sequence + 1, parent, manifest)

    def flush(self) -> None:
        """Returns when everything added is durable. Nothing refers to it until a commit does.

        Raises:
            StorageFull, StorageError: as `add`.
        """
        with self._working():
            self._packer.flush()

    def _working(self) -> _Working:
        if self._closed:
            raise VaultClosed("this writer was closed; ask the store for a new one", self._state.layout.root)
        if self._failure is not None:
            raise self._failure
        return _Working(self)

    def fail(self, failure: CodeVaultError) -> None:
        """Refuses all further work with `failure`: what is pending may be lost."""
        self._failure = failure

    def interrupted(self) -> VaultClosed:
        """The error of a writer that was stopped half-way through a step."""
        return VaultClosed("this writer was interrupted; ask the store for a new one", self._state.layout.root)

    def _close(self, *, orderly: bool) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._packer.close()
            if self._failure is None:
                self._state.save_catalog()
                keep_suspects(self._state)
                protect(self._state)
                keep_reserve(self._state)
                if orderly:
                    settle(self._state, self._lock)
        finally:
            self._lock.release()

    def _known(self, blob: BlobId) -> bool:
        if blob in self._pending:
            return True
        if blob not in self._state.suspects:
            return self._state.catalog.stands(blob, MAX_DEPTH)
        if blob not in self._state.catalog:
            return False
        try:
            self._state.reader.read(blob)
        except DamageError:
            return False  # found damaged earlier: this content heals it
        return True

    def _store(self, blob: BlobId, content: bytes, base: Base | None) -> None:
        self._pending[blob] = base[0] if base else None
        if base:
            self._packer.add_delta(blob, content, *base)
        else:
            self._packer.add(blob, content)
        self._relatives.remember(blob, content)

    def _add_large(self, pieces: Iterable[bytes], hint: BlobId | None) -> tuple[BlobId, int]:
        hasher = blake3()
        parts: list[tuple[BlobId, int]] = []
        old = OldParts(self._parts_of(hint))
        for chunk in cut(hashed(pieces, hasher)):
            with self._working():
                blob = BlobId(hash_of(chunk))
                relative = old.beside(blob)
                if blob not in self._pending and not self._recheck.holds(blob):
                    self._store(blob, chunk, self._relatives.base(relative, len(chunk)) if relative else None)
                parts.append((blob, len(chunk)))
        whole, length = BlobId(hasher.hexdigest()), sum(size for _, size in parts)
        with self._working():
            if not self._known(whole):
                self._pending[whole] = None
                self._packer.add_list(whole, length, encode_list(parts))
        return whole, length

    def _parts_of(self, blob: BlobId | None) -> tuple[BlobId, ...]:
        if blob is None or blob not in self._state.catalog:
            return ()
        try:
            return tuple(part for part, _ in self._state.reader.parts(blob)) or (blob,)
        except DamageError:
            return ()

    def _record(self, draft: SnapshotDraft, manifest: Iterable[bytes | memoryview]) -> Snapshot:
        names = self._state.snapshot_names(draft.project)
        sequence, parent = names[-1] if names else (0, None)
        blob = self._add_manifest(tuple(manifest), self._manifest_of(draft, parent))
        self._packer.flush()
        return self._commit(draft, sequence + 1, parent, blob)

    def _add_manifest(self, pieces: Sequence[bytes | memoryview], previous: BlobId | None) -> BlobId:
        if sum(map(len, pieces)) > _WHOLE_MANIFEST:
            return self._add_large(blocks(pieces), previous)[0]
        content = b"".join(pieces)
        blob = BlobId(hash_of(content))
        if not self._known(blob):
            base = self._relatives.base(previous, len(content)) if previous else None
            if base is None:
                self._packer.close_group()  # a manifest is read alone, and often
            self._store(blob, content, base)
        return blob

    def _checked(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if entry.blob is not None and entry.reference is None and not self._known(entry.blob):
                raise BlobMissing(entry.blob)
            yield entry

    def _check_kept(self, revision: Revision) -> None:
        listing = revision.listing
        catalog, suspects = self._state.catalog, self._state.suspects
        strange = frozenset().union(*map(catalog.strange, listing.ids()))
        doubtful: Iterable[BlobId] = listing.blobs() if strange or suspects else ()
        lost = {blob for blob in doubtful if (blob not in catalog or blob in suspects) and not self._known(blob)}
        if lost:
            for entry in listing:
                if entry.blob in lost and entry.reference is None and entry.path not in revision.changes:
                    raise BlobMissing(entry.blob)

    def _manifest_of(self, draft: SnapshotDraft, parent: SnapshotId | None) -> BlobId | None:
        if parent is None:
            return None
        try:
            return self._state.snapshot(draft.project, parent).manifest
        except DamageError:
            return None

    def _commit(self, draft: SnapshotDraft, sequence: int, parent: SnapshotId | None, manifest: BlobId) -> Snapshot:
        sequence = max(sequence, self._state.generations.floor_of(draft.project) + 1)
        content, snapshot = encode_snapshot(draft, sequence, parent, manifest)
        require_held(self._lock, self._state.layout.root)
        target = self._state.layout.snapshot(draft.project, sequence, snapshot.id)
        if snapshot_of(target.name) is None:
            raise RecordDamaged(target, "a planted snapshot has the highest number there is: move its file away")
        publish(self._state.files, self._state.layout, target, content)
        self._state.take_snapshot(snapshot)
        self._note(self._state.layout.relative(target), len(content))
        self._log()
        return snapshot

    def _published(self, pack: PackId, size: int, frames: tuple[Frame, ...]) -> None:
        self._state.take_pack(pack, size, frames)
        self._recheck.trust(pack)
        for frame in frames:
            for member, _ in frame.header.members:
                blob = BlobId(member.hex())
                self._pending.pop(blob, None)
                self._state.suspects.discard(blob)
        self._note(self._state.layout.relative(self._state.layout.pack(pack)), size)

    def _note(self, file: str, size: int, digest: str = "") -> None:
        self._unlogged.append(LoggedFile(file=file, bytes=size, blake3=digest))

    def note_unlogged(self, found: Iterable[LoggedFile]) -> None:
        """Takes up files that a dead run left without a log record."""
        self._unlogged.extend(found)

    def _log(self) -> None:
        if self._unlogged:
            require_held(self._lock, self._state.layout.root)
            self._state.generations.append(self._unlogged)
            self._unlogged = []


class _Working:
    """Around each step that touches storage: its failure ends the writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, StorageError | StorageFull | VaultBusy):
            self._writer.fail(error)
        elif isinstance(error, MemoryError | KeyboardInterrupt):
            self._writer.fail(self._writer.interrupted())
