"""The log: one record a generation, each holding the hash of the one before, of the files that came and went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout, pack_of, record_of, snapshot_of
from codevault.store.publishing import publish
from codevault.store.records import LoggedFile, LogRecord, RecordMalformed, decode_log, encode_log, hash_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The end of the log: where it stands, and what it knows of (None when the newest record is damaged)."""

    sequence: int = 0
    hash: str | None = None
    record: LogRecord | None = None


class Generations:
    """Reads and extends the log. Only the holder of the writer's lock appends."""

    def __init__(self, files: FileSystem, layout: Layout, clock: Callable[[], int]) -> None:
        self._files = files
        self._layout = layout
        self._clock = clock

    def sequences(self) -> list[int]:
        """The numbers of the records there are, in order."""
        listed = self._files.list(self._layout.log) or ()
        return sorted(number for name in listed if (number := record_of(name.name)) is not None)

    def newest(self) -> Newest:
        """The end of the log."""
        sequences = self.sequences()
        content = self._files.read(self._layout.record(sequences[-1])) if sequences else None
        if content is None:
            return Newest()
        try:
            return Newest(sequence=sequences[-1], hash=hash_of(content), record=decode_log(content))
        except RecordMalformed:  # the chain goes on over it: verify() reports the record, not its successors
            return Newest(sequence=sequences[-1], hash=hash_of(content))

    def records(self) -> Iterator[tuple[Path, bytes]]:
        """Each record's file and bytes, in order."""
        for sequence in self.sequences():
            path = self._layout.record(sequence)
            content = self._files.read(path)
            if content is not None:
                yield path, content

    def append(self, added: Iterable[LoggedFile], removed: Iterable[str] = ()) -> None:
        """Adds a generation.

        Raises:
            StorageFull, StorageError: the files it speaks of stay; the next record will name them.
        """
        newest = self.newest()
        came, went = tuple(added), tuple(removed)
        known = newest.record
        record = LogRecord(
            sequence=newest.sequence + 1,
            previous=newest.hash,
            time_ns=self._clock(),
            packs=(known.packs if known else 0) + _count(came, went, "packs/", pack_of),
            snapshots=(known.snapshots if known else 0) + _count(came, went, "snapshots/", snapshot_of),
            added=came,
            removed=went,
        )
        publish(self._files, self._layout, self._layout.record(record.sequence), encode_log(record))

    def unlogged(self, present: dict[str, int]) -> list[LoggedFile]:
        """Packs and snapshots (name to length) that are there and that the log does not hold.

        A run died before its record, or after it and before it had deleted them: then they count again, and the next
        prune may judge them anew. Costs one read when the counts agree, else one a record.
        """
        newest = self.newest().record
        packs = sum(1 for name in present if pack_of(_last(name)))
        if newest is not None and (newest.packs, newest.snapshots) == (packs, len(present) - packs):
            return []
        named: set[str] = set()
        for _, content in self.records():
            try:
                record = decode_log(content)
            except RecordMalformed:
                continue
            named.update(new.file for new in record.added)
            named.difference_update(record.removed)
        return [LoggedFile(file=name, bytes=length) for name, length in sorted(present.items()) if name not in named]


def _count(
    came: Iterable[LoggedFile], went: Iterable[str], folder: str, named: Callable[[str], object]
) -> int:  # the folder counts: thinned/ holds the names of snapshots/ again
    def counts(file: str) -> bool:
        return file.startswith(folder) and named(_last(file)) is not None

    return sum(counts(new.file) for new in came) - sum(map(counts, went))


def _last(name: str) -> str:
    return name.rpartition("/")[2]
