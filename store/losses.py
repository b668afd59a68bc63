"""What damage costs: which snapshots no longer restore whole, and which versions of which files are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from codevault.ids import BlobId, ProjectId
from codevault.store.manifest import ManifestMalformed, decode_line, path_bytes, split_lines
from codevault.store.model import Entry, EntryKind, LostVersion, Snapshot


@dataclass(slots=True)
class _Span:
    size: int
    first: int
    last: int
    snapshots: int


class Losses:
    """Goes through the manifests of one project, in the order of its snapshots, each distinct line decoded once.

    Memory: the lines of one manifest, and what is lost.
    """

    def __init__(self, project: ProjectId, holds: Callable[[BlobId], bool]) -> None:
        self._project = project
        self._holds = holds
        self._good: dict[bytes, bytes] = {}  # line -> the bytes of its path
        self._bad: dict[bytes, Entry] = {}
        self._lost: dict[tuple[str, BlobId], _Span] = {}

    def check(self, snapshot: Snapshot, chunks: Iterable[bytes]) -> bool:
        """True when every line parses and every blob it names is held.

        Raises:
            DamageError, ManifestMalformed: the manifest is lost; nothing is known of the files in it.
        """
        good: dict[bytes, bytes] = {}
        bad: dict[bytes, Entry] = {}
        previous = b""
        for line in split_lines(chunks):
            key = self._good.get(line)
            if key is None:
                entry = self._bad.get(line) or decode_line(line)
                key = path_bytes(entry.path)
                if self._lacks(entry):
                    bad[line] = entry
            if line not in bad:
                good[line] = key
            if key <= previous:
                raise ManifestMalformed("lines out of order")
            previous = key
        for entry in bad.values():
            self._note(entry, snapshot.sequence)
        self._good, self._bad = good, bad
        return not bad

    def lost(self) -> Iterator[LostVersion]:
        """Each lost version once, in the order in which they were met."""
        for (path, blob), span in self._lost.items():
            yield LostVersion(
                project=self._project,
                path=path,
                blob=blob,
                size=span.size,
                first=span.first,
                last=span.last,
                snapshots=span.snapshots,
            )

    def _lacks(self, entry: Entry) -> bool:
        return entry.kind is EntryKind.FILE and entry.blob is not None and not self._holds(entry.blob)

    def _note(self, entry: Entry, sequence: int) -> None:
        key = (entry.path, entry.blob or BlobId(""))
        span = self._lost.get(key)
        if span is None:
            self._lost[key] = _Span(entry.size, sequence, sequence, 1)
        else:
            span.last = sequence
            span.snapshots += 1
