"""Finding all damage: every byte outside cache/ is read, every blob decoded, every chain followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from blake3 import blake3

from codevault.errors import DamageError, RecordDamaged
from codevault.ids import BlobId, PackId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.store.catalog import Location
from codevault.store.layout import document_of, pack_of
from codevault.store.manifest import ManifestMalformed, decode_line, split_lines
from codevault.store.model import Damage, EntryKind, Snapshot, VerifyReport
from codevault.store.pack import Frame, hop
from codevault.store.records import LogRecord, RecordMalformed, decode_log, hash_of, unseal
from codevault.store.vaultstate import VaultState

_BLOCK = 4 << 20


def verify(state: VaultState, reporter: Reporter) -> VerifyReport:
    """All damage of a vault, and the snapshots it costs. Memory: one blob and its chain, and the blob ids."""
    return _Verification(state, reporter).run()


class _Verification:
    def __init__(self, state: VaultState, reporter: Reporter) -> None:
        self._state = state
        self._reporter = reporter
        self._damages: list[Damage] = []
        self._lost: set[BlobId] = set()
        self._sound: set[BlobId] = set()
        self._affected: dict[SnapshotId, None] = {}
        self._files = 0
        self._bytes = 0

    def run(self) -> VerifyReport:
        logged = self._check_log()
        self._check_small_files(logged)
        for pack, size in sorted(self._state.catalog.packs.items()):
            self._check_pack(pack, size)
        for name in sorted(logged):
            if self._state.files.list((self._state.layout.root / name).parent) is None or not self._exists(name):
                self._damage(name, "the file is gone")
        for project in self._state.projects():
            self._check_project(project)
        return VerifyReport(
            files=self._files,
            bytes=self._bytes,
            blobs=len(self._sound | self._lost),
            damages=tuple(self._damages),
            affected=tuple(self._affected),
        )

    def _check_log(self) -> dict[str, str]:
        """Follows the chain; gives the files that should exist, with their hashes."""
        there: dict[str, str] = {}
        expected, previous = 1, None
        for path, content in self._state.generations.records():
            self._count(content)
            name = self._state.layout.relative(path)
            try:
                record = decode_log(content)
            except RecordMalformed as exc:
                self._damage(name, str(exc))
            else:
                if record.sequence != expected or (record.previous != previous and previous is not None):
                    self._damage(name, f"the chain is broken before it: record {expected} is missing or was changed")
                _apply(there, record)
            sequence = int(path.stem)
            expected, previous = sequence + 1, hash_of(content)
        if previous is None:
            self._damage("log", "the log is gone")
        return there

    def _check_small_files(self, logged: dict[str, str]) -> None:
        layout = self._state.layout
        for path in (layout.root / "README.txt", layout.root / "rescue.py"):
            content = self._state.files.read(path)
            if content is not None:
                self._count(content)
                if logged.get(path.name, hash_of(content)) != hash_of(content):
                    self._damage(path.name, "its bytes are not those the log recorded")
        documents = self._state.files.list(layout.projects) or ()
        sealed = [layout.projects / file.name for file in documents if document_of(file.name) is not None]
        for path in (layout.identity, *sealed):
            content = self._state.files.read(path) or b""
            self._count(content)
            try:
                unseal(content)
            except RecordMalformed as exc:
                self._damage(layout.relative(path), str(exc))

    def _check_pack(self, pack: PackId, size: int) -> None:
        path = self._state.layout.pack(pack)
        name = self._state.layout.relative(path)
        hasher = blake3()
        for at in range(0, size, _BLOCK):
            block = self._state.files.read(path, at, _BLOCK) or b""
            hasher.update(block)
            self._bytes += len(block)
            self._reporter.step("verify", self._files, content_bytes=self._bytes)
        self._files += 1
        before = len(self._damages)
        end = 0
        for frame in hop(self._reads(path), size):
            self._check_frame(pack, frame)
            end = frame.at + frame.header.stored
        if hasher.hexdigest() != pack and len(self._damages) == before:
            self._damage(name, "its bytes do not hash to its name", offset=min(end, size))

    def _check_frame(self, pack: PackId, frame: Frame) -> None:
        inner = 0
        bad: list[BlobId] = []
        why = ""
        for raw, length in frame.header.members:
            blob = BlobId(raw.hex())
            place = Location(
                blob=blob,
                kind=frame.header.kind,
                pack=pack,
                at=frame.at,
                stored=frame.header.stored,
                inner=inner,
                length=length,
                base=frame.header.base,
            )
            inner += length
            try:
                self._state.reader.check(place)
                self._sound.add(blob)
            except DamageError as exc:
                bad.append(blob)
                why = why or _reason(exc)
        if bad:
            self._damage(self._state.layout.relative(self._state.layout.pack(pack)), why, frame.at, tuple(bad))
            self._lost.update(bad)

    def _check_project(self, project: ProjectId) -> None:
        expected, previous = 1, None
        lines = _Lines(self._holds)
        for sequence, named in self._state.snapshot_names(project):
            path = self._state.layout.snapshot(project, sequence, named)
            self._count(self._state.files.read(path) or b"")
            self._reporter.step("verify", self._files, content_bytes=self._bytes)
            name = self._state.layout.relative(path)
            try:
                snapshot = self._state.read_snapshot(project, sequence, named)
            except RecordDamaged as exc:
                self._damage(name, _reason(exc))
                self._affected[named] = None
            else:
                if sequence != expected or snapshot.parent != previous:
                    self._damage(name, f"the chain is broken before it: snapshot {expected} is missing or was changed")
                self._check_manifest(snapshot, name, lines)
            expected, previous = sequence + 1, named

    def _check_manifest(self, snapshot: Snapshot, name: str, lines: _Lines) -> None:
        try:
            whole = lines.check(self._state.reader.chunks(snapshot.manifest))
        except (DamageError, ManifestMalformed) as exc:
            self._damage(name, f"its manifest: {_reason(exc)}")
            whole = False
        if not whole:
            self._affected[snapshot.id] = None

    def _holds(self, blob: BlobId) -> bool:
        return blob in self._sound

    def _exists(self, name: str) -> bool:
        path = self._state.layout.root / name
        if pack_of(path.name) in self._state.catalog.packs:
            return True
        return self._state.files.read(path, 0, 0) is not None

    def _reads(self, path: Path) -> Callable[[int, int], bytes]:
        return lambda offset, length: self._state.files.read(path, offset, length) or b""

    def _count(self, content: bytes) -> None:
        self._files += 1
        self._bytes += len(content)

    def _damage(self, file: str, why: str, offset: int = 0, blobs: tuple[BlobId, ...] = ()) -> None:
        self._damages.append(Damage(file=file, offset=offset, why=why, blobs=blobs))


class _Lines:
    """Checks manifest lines, each only once however many snapshots of a project hold it."""

    def __init__(self, holds: Callable[[BlobId], bool]) -> None:
        self._holds = holds
        self._good: set[bytes] = set()

    def check(self, chunks: Iterator[bytes]) -> bool:
        """True when every line parses and every blob it names is held."""
        good: set[bytes] = set()
        whole = True
        for line in split_lines(chunks):
            if line in self._good or self._is_good(line):
                good.add(line)
            else:
                whole = False
        self._good = good
        return whole

    def _is_good(self, line: bytes) -> bool:
        entry = decode_line(line)
        return entry.kind is not EntryKind.FILE or entry.blob is None or self._holds(entry.blob)


def _apply(there: dict[str, str], record: LogRecord) -> None:
    for new in record.added:
        there[new.file] = new.blake3
    for name in record.removed:
        there.pop(name, None)


def _reason(error: Exception) -> str:
    return str(error).removesuffix("; run verify()")
