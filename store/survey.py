"""What a vault's records name, and by which path and when each blob was last new: what compacting goes by."""

from __future__ import annotations

from collections.abc import Iterator

from codevault.errors import DamageError
from codevault.ids import BlobId
from codevault.jobs import Reporter
from codevault.store.catalog import Location
from codevault.store.grouping import Lines, Named
from codevault.store.keepsakes import keepsake_blobs
from codevault.store.manifest import ManifestMalformed, decode_line
from codevault.store.model import Snapshot
from codevault.store.pack import BASE_BYTES, FrameKind
from codevault.store.reachability import ManifestSteps, judged_snapshots
from codevault.store.vaultstate import VaultState


class Survey:
    """The blobs that snapshots, thinned ones and keepsakes name, and the chunks of large ones, with their lines.

    Kept by the first eight bytes of each id, about 250 bytes of memory a blob. `lost` says what could not be read:
    while it is not empty, every blob counts as wanted.
    """

    def __init__(self, state: VaultState) -> None:
        self._state = state
        self._named: dict[bytes, Named] = {}
        self.lines = Lines()
        self.lost: dict[str, None] = {}

    def look(self, report: Reporter) -> None:
        """Reads every manifest; a line that stands in many of them is looked at once."""
        steps = ManifestSteps(self._state)
        for age, snapshot in enumerate(judged_snapshots(self._state, self.lost), 1):
            report.step("looking", age)
            self._name(snapshot.manifest, Named(self.lines.manifests(snapshot.project), age))
            try:
                for path, blob in _fresh(steps, snapshot):
                    self._name(blob, Named(self.lines.path(snapshot.project, path), age))
            except (DamageError, ManifestMalformed) as exc:
                self.lost[str(exc)] = None
        loose = Named(self.lines.loose(), 0)
        for _, blobs in keepsake_blobs(self._state, self.lost):
            for blob in blobs:
                self._named.setdefault(_short(blob), loose)
        for place in self._state.catalog:
            if place.kind is FrameKind.LIST:
                self._chunks(place, loose)

    def wants(self, blob: bytes) -> bool:
        """True for a blob that has to stay, named by its id or the beginning of it."""
        return bool(self.lost) or blob[:BASE_BYTES] in self._named

    def named(self, blob: bytes) -> Named | None:
        """Where a blob was last new; None for what nothing names."""
        return self._named.get(blob[:BASE_BYTES])

    def _name(self, blob: BlobId, named: Named) -> None:
        known = self._named.get(_short(blob))
        if known is None or known.age != named.age or named.line < known.line:
            self._named[_short(blob)] = named

    def _chunks(self, place: Location, loose: Named) -> None:
        if self.wants(bytes.fromhex(place.blob)):
            try:
                for chunk, _ in self._state.reader.parts(place.blob):
                    self._named.setdefault(_short(chunk), self.named(bytes.fromhex(place.blob)) or loose)
            except DamageError as exc:
                self.lost[str(exc)] = None


def _fresh(steps: ManifestSteps, snapshot: Snapshot) -> Iterator[tuple[str, BlobId]]:
    for line in sorted(steps.step(snapshot).fresh):
        entry = decode_line(line)
        if entry.blob is not None:
            yield entry.path, entry.blob


def _short(blob: BlobId) -> bytes:
    return bytes.fromhex(blob[: 2 * BASE_BYTES])
