"""Carrying a restore out: folder by folder, as a backup reads them, so that every frame is decoded once, in order.

Two threads each fill a folder: decoding, hashing and writing release the interpreter. Then come hard links, then
symbolic links (while files are written, nothing that we made can lead anywhere else), then what is left of the folders'
modes and times, deepest first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from codevault.errors import Cancelled, DamageError, StorageError
from codevault.extras import FileAttribute
from codevault.ids import BlobId
from codevault.jobs import Reporter
from codevault.places import Place
from codevault.restore_model import PlannedEntry, Step
from codevault.store.model import EntryKind
from codevault.target import Target

_FAILURES = (OSError, DamageError, StorageError, OverflowError)
_THREADS = 2
_LOOK_UP_S = 0.2


@dataclass(slots=True, eq=False)
class _Folder:
    """A folder of the plan; without `own` it is only there because something below it is."""

    name: str
    above: _Folder | None
    own: PlannedEntry | None = None
    files: list[PlannedEntry] = field(default_factory=list)
    links: list[PlannedEntry] = field(default_factory=list)
    folders: list[_Folder] = field(default_factory=list)
    place: Place | None = None
    settled: bool = False
    done: Future[None] = field(default_factory=Future)


class RestoreRun:
    """One restore into one target. The counts and `problems` are complete once `carry_out` has returned."""

    def __init__(
        self,
        target: Target,
        read: Callable[[BlobId], Iterator[bytes]],
        *,
        written_as: Mapping[str, str],
        attributes: Collection[FileAttribute],
        report: Reporter,
    ) -> None:
        self._target = target
        self._read = read
        self._written_as = written_as
        self._attributes = attributes
        self._report = report
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._firsts: dict[str, PlannedEntry] = {}
        self._at: dict[str, Place] = {}
        self.files = self.bytes = 0
        self.problems: list[tuple[str, str]] = []

    def carry_out(self, entries: Sequence[PlannedEntry]) -> None:
        """Writes everything that is to be created or replaced.

        Raises:
            Cancelled: the caller's token was set; what was written is whole.
        """
        kept = {Step.CREATE, Step.REPLACE}
        asked = [p for p in entries if p.step in kept or (self._target.unfinished and _is_kept_folder(p))]
        wanted = {p.entry.hardlink for p in asked}
        self._firsts = {p.entry.path: p for p in entries if p.entry.path in wanted and _is_first(p)}
        folders = _in_order(self._tree(asked))
        total = sum(1 for p in asked if p.step in kept)
        self._report.step("restoring", 0, total)
        done = self._fill_all(folders, total)
        for folder in folders:
            for planned in sorted(folder.links, key=_links_last):
                self._report.step("restoring", done, total, self.bytes)
                self._link(folder, planned)
                done += 1
        self._settle_all(folders)
        self._report.step("restoring", total, total, self.bytes)

    def _tree(self, entries: Iterable[PlannedEntry]) -> _Folder:
        folders = {"": _Folder("", None)}
        for planned in entries:
            entry = planned.entry
            if entry.kind is EntryKind.DIRECTORY:
                self._folder(folders, entry.path).own = planned
                continue
            parent = self._folder(folders, entry.path.rpartition("/")[0])
            plain = entry.kind is EntryKind.FILE and entry.hardlink not in self._firsts
            (parent.files if plain else parent.links).append(planned)
        return folders[""]

    def _folder(self, folders: dict[str, _Folder], path: str) -> _Folder:
        missing = []
        while path not in folders:
            missing.append(path)
            path = path.rpartition("/")[0]
        folder = folders[path]
        for deeper in reversed(missing):
            made = folders[deeper] = _Folder(self._name(deeper), folder)
            folder.folders.append(made)
            folder = made
        return folder

    def _name(self, path: str) -> str:
        return self._written_as.get(path, path).rpartition("/")[2]

    def _fill_all(self, folders: Sequence[_Folder], total: int) -> int:
        done = 0
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="codevault-restore") as pool:
            try:
                for folder in folders:  # parents first: whoever waits for one waits for somebody at work
                    folder.done = pool.submit(self._fill, folder)
                for folder in folders:
                    self._await(folder, done, total)
                    done += len(folder.files) + (folder.own is not None and folder.own.step is not Step.KEEP)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return done

    def _await(self, folder: _Folder, done: int, total: int) -> None:
        """Waits for a folder, looking up now and then: a large file must not keep a cancel waiting."""
        while not folder.done.done():
            self._report.step("restoring", done, total, self.bytes)
            wait((folder.done,), timeout=_LOOK_UP_S)
        self._report.step("restoring", done, total, self.bytes)
        folder.done.result()

    def _fill(self, folder: _Folder) -> None:
        if self._stop.is_set():
            return
        try:
            folder.place = self._entered(folder)
        except OSError as exc:
            self._lost(folder, exc)
            return
        try:
            sizes = [self._file(folder.place, planned) for planned in folder.files]
        finally:
            self._complete(folder)
        written = [size for size in sizes if size is not None]
        if folder.place is not None:
            with self._guard:
                self.files += len(written)
                self.bytes += sum(written)
            if not folder.folders and not folder.links:
                self._settle(folder)

    def _entered(self, folder: _Folder) -> Place:
        if folder.above is None:
            return self._target.root
        folder.above.done.result()
        if folder.above.place is None:
            raise FileNotFoundError(2, "the folder above it could not be made")
        replace = folder.own is not None and folder.own.step is Step.REPLACE
        return self._target.folder(folder.above.place, folder.name, filled=bool(folder.files), replace=replace)

    def _complete(self, folder: _Folder) -> None:
        try:
            if folder.place is not None:
                self._target.complete(folder.place)
        except OSError as exc:
            folder.place = None
            self._lost(folder, exc)

    def _lost(self, folder: _Folder, exc: OSError) -> None:
        for planned in (*([folder.own] if folder.own is not None else []), *folder.files):
            self._problem(planned, exc)

    def _file(self, place: Place, planned: PlannedEntry) -> int | None:
        if self._stop.is_set():
            return None
        entry = planned.entry
        replace = planned.step is Step.REPLACE
        blocks = self._blocks(entry.blob or BlobId(""))
        try:
            size, lost = self._target.file(
                place, self._name(entry.path), entry, blocks, replace=replace, attributes=self._attributes
            )
        except _FAILURES as exc:
            self._problem(planned, exc)
            return None
        if lost:
            self.problems.append((entry.path, lost))
        if entry.path in self._firsts:
            self._at[entry.path] = place
        return size

    def _blocks(self, blob: BlobId) -> Iterator[bytes]:
        for block in self._read(blob):
            if self._stop.is_set():
                raise Cancelled("the restore was stopped; what it wrote is whole")
            yield block

    def _link(self, folder: _Folder, planned: PlannedEntry) -> None:
        if folder.place is None:
            self._problem(planned, FileNotFoundError(2, "the folder above it could not be made"))
            return
        entry, replace = planned.entry, planned.step is Step.REPLACE
        if entry.kind is EntryKind.FILE:
            self._hardlink(folder.place, planned)
            return
        try:
            self._target.link(folder.place, self._name(entry.path), entry, replace=replace)
        except _FAILURES as exc:
            self._problem(planned, exc)

    def _hardlink(self, place: Place, planned: PlannedEntry) -> None:
        """Another name of the file that was restored first; a copy where that is not to be had."""
        entry = planned.entry
        first = self._firsts[entry.hardlink or ""]
        name, replace = self._name(entry.path), planned.step is Step.REPLACE
        size: int | None = 0
        try:
            source = self._first_place(first)
            if source is None or first.entry.blob != entry.blob:
                raise FileNotFoundError(2, "the file it is another name of is not there")
            self._target.hardlink((source, self._name(first.entry.path)), place, name, entry, replace=replace)
        except OSError:
            size = self._file(place, planned)
        if size is not None:
            self.files += 1
            self.bytes += size

    def _first_place(self, first: PlannedEntry) -> Place | None:
        if first.step is not Step.KEEP:
            return self._at.get(first.entry.path)
        path = first.entry.path
        return self._target.find(self._written_as.get(path, path).rpartition("/")[0])

    def _settle_all(self, folders: Sequence[_Folder]) -> None:
        below: Place | None = None
        for folder in reversed(folders):
            if folder.place is not None and not folder.settled:
                self._settle(folder, below)
            below = folder.place

    def _settle(self, folder: _Folder, below: Place | None = None) -> None:
        folder.settled = True
        if folder.own is None or folder.place is None:
            return
        try:
            lost = self._target.settle(folder.place, folder.own.entry, self._attributes, below=below)
        except (OSError, OverflowError) as exc:
            self._problem(folder.own, exc)
            return
        if lost:
            self.problems.append((folder.own.entry.path, lost))

    def _problem(self, planned: PlannedEntry, error: Exception) -> None:
        self.problems.append((planned.entry.path, plain(error)))


def plain(error: Exception) -> str:
    """An error in words fit for a result."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


def _is_kept_folder(planned: PlannedEntry) -> bool:
    return planned.step is Step.KEEP and planned.entry.kind is EntryKind.DIRECTORY


def _is_first(planned: PlannedEntry) -> bool:
    """A file that others may be further names of: nothing that leads elsewhere, nothing that was left out."""
    return planned.entry.kind is EntryKind.FILE and planned.entry.hardlink is None and planned.step is not Step.SKIP


def _links_last(planned: PlannedEntry) -> bool:
    return planned.entry.kind is EntryKind.SYMLINK


def _in_order(root: _Folder) -> list[_Folder]:
    """Every folder before what is below it, as a backup walks; without recursion, trees may be very deep."""
    ordered, waiting = [], [root]
    while waiting:
        folder = waiting.pop()
        ordered.append(folder)
        waiting.extend(reversed(folder.folders))
    return ordered
