"""Whose the stored bytes are: by project, folder, suffix and run. What several projects hold is said apart."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from codevault.errors import DamageError
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.store.manifest import ManifestMalformed, decode_line
from codevault.store.model import Snapshot
from codevault.store.pack import BASE_BYTES, FrameKind
from codevault.store.reachability import ManifestSteps
from codevault.store.vaultstate import VaultState

K = TypeVar("K")
_Owner = tuple[int, int, int, bool]  # numbers of project, place and run; held by another project too


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Stored bytes (as compressed in packs) by who first brought them, each byte once.

    A run, its project, the folder (the first part of the path; "" for the root's own files) and the suffix (lower case,
    with its dot) are those under which content was first seen, projects in the order of their runs' times. `shared` is
    the part of `total` that more than one project holds, whoever brought it; `own` is, for each project, what only it
    holds: what would come back at most if it went. `manifests` are lists of paths; `unclaimed` belongs to nothing that
    counts: thinned snapshots, keepsakes, and what `prune()` would free.
    """

    total: int
    shared: int
    manifests: int
    unclaimed: int
    projects: Mapping[ProjectId, int] = field(hash=False)
    own: Mapping[ProjectId, int] = field(hash=False)
    folders: Mapping[tuple[ProjectId, str], int] = field(hash=False)
    suffixes: Mapping[str, int] = field(hash=False)
    runs: Mapping[SnapshotId, int] = field(hash=False)


def attribute(state: VaultState, *, report: Reporter | None = None) -> Attribution:
    """Attributes all packs' bytes. Costs one reading of each manifest and a walk over the catalog.

    Of a solid frame each member counts by its share of the content. Damaged snapshots are passed over.
    """
    return _Attributing(state, report or Reporter()).attributed()


class _Attributing:
    def __init__(self, state: VaultState, report: Reporter) -> None:
        self._state = state
        self._report = report
        self._owners: dict[bytes, _Owner] = {}
        self._projects: dict[ProjectId, int] = {}
        self._places: dict[tuple[ProjectId, str, str], int] = {}
        self._runs: dict[SnapshotId, int] = {}

    def attributed(self) -> Attribution:
        steps = {project: ManifestSteps(self._state) for project in self._state.projects()}
        for done, snapshot in enumerate(_in_order(self._state), 1):
            self._report.step("attributing", done)
            try:
                self._take(snapshot, steps[snapshot.project])
            except (DamageError, ManifestMalformed):
                continue
        return self._summed()

    def _take(self, snapshot: Snapshot, steps: ManifestSteps) -> None:
        project = self._projects.setdefault(snapshot.project, len(self._projects))
        run = self._runs.setdefault(snapshot.id, len(self._runs))
        manifest = self._places.setdefault((snapshot.project, "", "\0"), len(self._places))
        self._claim(snapshot.manifest, (project, manifest, run, False))
        for line in steps.step(snapshot).fresh:
            entry = decode_line(line)
            if entry.blob is not None:
                folder, _, name = entry.path.partition("/")
                key = (snapshot.project, folder if name else "", posixpath.splitext(entry.path)[1].lower())
                self._claim(entry.blob, (project, self._places.setdefault(key, len(self._places)), run, False))

    def _claim(self, blob: BlobId, owner: _Owner) -> None:
        beginning = bytes.fromhex(blob[: 2 * BASE_BYTES])
        known = self._owners.get(beginning)
        if known is None:
            self._owners[beginning] = owner
            for place in self._state.catalog.find(blob)[:1]:
                if place.kind is FrameKind.LIST:
                    for chunk, _ in self._state.reader.parts(blob):
                        self._claim(chunk, owner)
        elif known[0] != owner[0] and not known[3]:
            self._owners[beginning] = (*known[:3], True)

    def _summed(self) -> Attribution:
        claimed = [0.0] * len(self._places)
        runs = [0.0] * len(self._runs)
        own = [0.0] * len(self._projects)
        total = shared = unclaimed = 0.0
        for identity, stored in self._stored():
            total += stored
            owner = self._owners.get(identity)
            if owner is None:
                unclaimed += stored
                continue
            project, place, run, is_shared = owner
            claimed[place] += stored
            runs[run] += stored
            if is_shared:
                shared += stored
            else:
                own[project] += stored
        projects: dict[ProjectId, float] = dict.fromkeys(self._projects, 0.0)
        folders: dict[tuple[ProjectId, str], float] = {}
        suffixes: dict[str, float] = {}
        manifests = 0.0
        for (project_id, folder, suffix), number in self._places.items():
            projects[project_id] += claimed[number]
            if suffix == "\0":
                manifests += claimed[number]
            else:
                folders[project_id, folder] = folders.get((project_id, folder), 0.0) + claimed[number]
                suffixes[suffix] = suffixes.get(suffix, 0.0) + claimed[number]
        return Attribution(
            total=round(total),
            shared=round(shared),
            manifests=round(manifests),
            unclaimed=round(unclaimed),
            projects=_whole(projects),
            own={project: round(own[number]) for project, number in self._projects.items()},
            folders=_whole(folders),
            suffixes=_whole(suffixes),
            runs={snapshot: round(runs[number]) for snapshot, number in self._runs.items()},
        )

    def _stored(self) -> Iterable[tuple[bytes, float]]:
        """Each place of a blob with its part of the frame, by the beginning of its id; headers count to the frames."""
        content: dict[tuple[str, int], int] = {}
        members: dict[tuple[str, int], int] = {}
        for place in self._state.catalog:
            if place.kind is FrameKind.SOLID:
                key = (place.pack, place.at)
                content[key] = content.get(key, 0) + place.length
                members[key] = members.get(key, 0) + 1
        for place in self._state.catalog:
            share = 1.0
            if place.kind is FrameKind.SOLID:
                whole = content[place.pack, place.at]
                share = place.length / whole if whole else 1 / members[place.pack, place.at]
            yield bytes.fromhex(place.blob[: 2 * BASE_BYTES]), place.stored * share


def _in_order(state: VaultState) -> Iterable[Snapshot]:
    """All readable snapshots by time, but never against a project's own order."""
    found = []
    for project in state.projects():
        latest = 0
        for sequence, named in state.snapshot_names(project):
            try:
                snapshot = state.snapshot(project, named)
            except DamageError:
                continue
            latest = max(latest, snapshot.created_ns)
            found.append((latest, project, sequence, snapshot))
    return (snapshot for *_, snapshot in sorted(found, key=lambda one: one[:3]))


def _whole(sums: Mapping[K, float]) -> dict[K, int]:
    return {key: round(value) for key, value in sums.items()}
