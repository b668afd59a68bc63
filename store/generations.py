"""The log: one record a generation, each holding the hash of the one before, of the files that came and went.

Beside each record lies a copy of the small files it names, and of the record itself. So a lost record is noticed, the
newest one too, and whatever is small can be put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import CodeVaultError, RecordDamaged
from codevault.ids import ProjectId, VaultId
from codevault.store.copies import MOST_COPIED, SmallFiles, decode_copy, encode_copy
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout, copy_of, pack_of, record_of, snapshot_of
from codevault.store.publishing import publish
from codevault.store.records import LoggedFile, LogRecord, RecordMalformed, decode_log, encode_log, hash_of

_CAUGHT_UP = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A point in a vault's history: how far its log had come, and the hash of its newest record (None without one).

    Keep it outside the vault and give it to `open(expected=)`: a vault that is older, or went another way, says so.
    """

    vault: VaultId
    sequence: int
    hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The end of the log: where it stands, and what it knows of (None when the newest record is lost)."""

    sequence: int = 0
    hash: str | None = None
    record: LogRecord | None = None


class Generations:
    """Reads and extends the log. Only the holder of the writer's lock appends.

    Numbers that were given before are not given again, though this log may not know of them: see `acknowledge`.
    """

    def __init__(self, files: FileSystem, layout: Layout, clock: Callable[[], int]) -> None:
        self._files = files
        self._layout = layout
        self._clock = clock
        self._floor = 0
        self._floors: dict[str, int] = {}
        self._ours: Newest | None = None  # what this turn appended last: nobody else appends before it ends

    def begin_turn(self) -> None:
        """Forgets what an earlier turn appended: others may have since. The next `append` looks at log/ again."""
        self._ours = None

    def sequences(self) -> list[int]:
        """The numbers of the records there are, in order."""
        return sorted(self._listed()[0])

    def newest(self) -> Newest:
        """The end of the log, from the copies where the newest record is lost."""
        return self._newest(*self._listed())

    def records(self) -> Iterator[tuple[Path, bytes]]:
        """Each record's file and bytes, in order."""
        for sequence in self.sequences():
            path = self._layout.record(sequence)
            content = self._files.read(path)
            if content is not None:
                yield path, content

    def copies(self) -> list[int]:
        """The numbers of the generations that have a copy, in order."""
        return sorted(self._listed()[1])

    def copy(self, sequence: int) -> SmallFiles:
        """The small files of a generation, of which only the copy as a whole is proven.

        Raises:
            RecordMalformed: the copy is missing, damaged or another generation's.
        """
        content = self._files.read(self._layout.copy(sequence))
        if content is None:
            raise RecordMalformed("the copy is gone")
        found = decode_copy(content)
        if found.sequence != sequence:
            raise RecordMalformed("the copy of another generation")
        return found

    def record(self, sequence: int) -> tuple[bytes, LogRecord]:
        """A generation's record, from its copy where the file is lost.

        Raises:
            RecordMalformed: both are lost.
        """
        content = self._files.read(self._layout.record(sequence)) or b""
        with suppress(RecordMalformed):
            return content, decode_log(content)
        held = self.copy(sequence).files.get(self._layout.relative(self._layout.record(sequence)), b"")
        return held, decode_log(held)

    def append(
        self, added: Iterable[LoggedFile], removed: Iterable[str] = (), held: Mapping[str, bytes] | None = None
    ) -> None:
        """Adds a generation and copies of the small files it names; `held` are those that will only be published.

        Raises:
            StorageFull, StorageError: the files it speaks of stay; the next record will name them.
        """
        records, copies = self._listed() if self._ours is None else (set[int](), set[int]())
        newest = self._newest(records, copies) if self._ours is None else self._ours
        self._ours = None  # until all of this is done
        came, went = tuple(added), tuple(removed)
        known = newest.record
        record = LogRecord(
            sequence=max(newest.sequence, self._floor) + 1,
            previous=newest.hash,
            time_ns=self._clock(),
            packs=(known.packs if known else 0) + _count(came, went, "packs/", pack_of),
            snapshots=(known.snapshots if known else 0) + _count(came, went, "snapshots/", snapshot_of),
            added=came,
            removed=went,
            floors=self._still_needed(came),
        )
        target = self._layout.record(record.sequence)
        if record_of(target.name) is None:
            raise RecordDamaged(target, "a planted record has the highest number there is: move its file away")
        content = encode_log(record)
        publish(self._files, self._layout, target, content)
        with suppress(CodeVaultError):  # what is recorded is recorded; the next generation makes what is missing
            self._copy(record, content, held or {})
            without = sorted(records - copies, reverse=True)
            for sequence in without[:_CAUGHT_UP]:
                with suppress(RecordMalformed):
                    self.make_copy(sequence)
            if len(without) <= _CAUGHT_UP:
                self._ours = Newest(sequence=record.sequence, hash=hash_of(content), record=record)

    def compare(self, expected: Generation) -> str:
        """How this log stands to a generation that was seen: "" when it goes on from it, "older", or "diverged"."""
        newest = self.newest()
        if newest.sequence < expected.sequence:
            return "older"
        try:
            found = self.record(expected.sequence)[0] if expected.sequence else b""
        except RecordMalformed:
            return ""  # lost: verify()'s to tell, nobody can say more
        return "" if expected.hash in {None, hash_of(found)} else "diverged"

    def acknowledge(self, expected: Generation, snapshots: Mapping[ProjectId, int]) -> None:
        """Goes on all the same, and gives no number again that may have been given up to the `expected` generation.

        `snapshots` are the newest numbers of each project here. Each generation held at most one snapshot.
        """
        ahead = max(0, expected.sequence - self.newest().sequence)
        self._floor = expected.sequence
        self._floors = {project: number + ahead for project, number in snapshots.items()} if ahead else {}

    def floor_of(self, project: str) -> int:
        """The least number that a project's next snapshot must exceed, 0 for any."""
        return self._floors.get(project, 0)

    def make_copy(self, sequence: int) -> None:
        """Writes the copy of a generation anew, of what of it is still there.

        Raises:
            RecordMalformed: its record is lost.
            StorageFull, StorageError: there is none, or the old one.
        """
        content, record = self.record(sequence)
        self._copy(record, content, {})

    def unlogged(self, present: dict[str, int]) -> list[LoggedFile]:
        """Packs and snapshots (name to length) that are there and that the log does not hold.

        A run died before its record, or after it and before it had deleted them: then they count again, and the next
        prune may judge them anew. Costs one read when the counts agree, else one a record.
        """
        newest = self.newest().record
        if newest is not None:
            self._floors = {**newest.floors, **self._floors}
        packs = sum(1 for name in present if pack_of(_last(name)))
        if newest is not None and (newest.packs, newest.snapshots) == (packs, len(present) - packs):
            return []
        named: set[str] = set()
        for sequence in sorted(set.union(*self._listed())):
            try:
                _, record = self.record(sequence)
            except RecordMalformed:
                continue
            named.update(new.file for new in record.added)
            named.difference_update(record.removed)
        return [LoggedFile(file=name, bytes=length) for name, length in sorted(present.items()) if name not in named]

    def _still_needed(self, came: Iterable[LoggedFile]) -> dict[str, int]:
        """The floors that no snapshot of this generation has passed."""
        for new in came:
            folder, _, name = new.file.rpartition("/")
            named = snapshot_of(name)
            project = folder.removeprefix("snapshots/")
            if named is not None and self._floors.get(project, 0) <= named[0]:
                self._floors.pop(project, None)
        return dict(self._floors)

    def _listed(self) -> tuple[set[int], set[int]]:
        listed = self._files.list(self._layout.log) or ()
        records = {number for name in listed if (number := record_of(name.name)) is not None}
        return records, {number for name in listed if (number := copy_of(name.name)) is not None}

    def _newest(self, records: set[int], copies: set[int]) -> Newest:
        last = max(records | copies, default=0)
        if not last:
            return Newest()
        try:
            content, record = self.record(last)
        except RecordMalformed:  # the chain goes on over it: verify() reports the record, not its successors
            held = self._files.read(self._layout.record(last))
            return Newest(sequence=last, hash=None if held is None else hash_of(held))
        return Newest(sequence=last, hash=hash_of(content), record=record)

    def _copy(self, record: LogRecord, content: bytes, held: Mapping[str, bytes]) -> None:
        small = {self._layout.relative(self._layout.record(record.sequence)): content}
        for new in record.added:
            if pack_of(_last(new.file)) is None and new.bytes <= MOST_COPIED:
                found = held[new.file] if new.file in held else self._read(new.file)
                if found is not None and is_logged(new, found):
                    small[new.file] = found
        encoded = encode_copy(SmallFiles(record.sequence, small))
        publish(self._files, self._layout, self._layout.copy(record.sequence), encoded)

    def _read(self, name: str) -> bytes | None:
        path = self._layout.root.joinpath(*name.split("/"))
        return None if ".." in path.parts else self._files.read(path)


def is_logged(new: LoggedFile, content: bytes) -> bool:
    """True when the content is what the log says of the file: by its hash, or by that in a snapshot's name."""
    named = snapshot_of(_last(new.file))
    return hash_of(content) == (named[1] if named is not None and not new.blake3 else new.blake3)


def _count(
    came: Iterable[LoggedFile], went: Iterable[str], folder: str, named: Callable[[str], object]
) -> int:  # the folder counts: thinned/ holds the names of snapshots/ again
    def counts(file: str) -> bool:
        return file.startswith(folder) and named(_last(file)) is not None

    return sum(counts(new.file) for new in came) - sum(map(counts, went))


def _last(name: str) -> str:
    return name.rpartition("/")[2]
