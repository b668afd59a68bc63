"""Thinning a vault: plan, keep the last texts of functions that would be gone, prune, tell the index; and undo."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from codevault.analysis.languages import language_hint
from codevault.cataloguing import catch_up
from codevault.errors import CodeVaultError, StorageFull
from codevault.ids import ProjectId, SnapshotId
from codevault.index.index import Index
from codevault.index.model import FileVersion, IndexState, SymbolVersion
from codevault.indexing import IndexKeeper
from codevault.jobs import Reporter
from codevault.policy import Keeping, Policy
from codevault.projects.registry import Projects
from codevault.sharing import Sharing, sharing_of
from codevault.store.attribution import Attribution
from codevault.store.keepsakes import Span
from codevault.store.model import Snapshot, StoreStats
from codevault.store.pruning import Pruned, PrunePlan
from codevault.store.store import Store
from codevault.store.thinning import Retention

MOST_KEPT = 10_000
"""Texts kept by one prune: enough for any project's life; a run that would keep more says so in its problems."""


_TELLING = 12  # tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStats(StoreStats):
    """Sizes of the vault, and who they are of: see `Attribution`. `languages` are bytes by language, "" for others.

    `sharing` says what the vault saves because code is shared; None while there is no index to tell it.
    """

    attribution: Attribution
    languages: Mapping[str, int] = field(hash=False)
    sharing: Sharing | None = None


class Thinner:
    """Prunes one vault and keeps its index in step."""

    def __init__(
        self, store: Store, index: IndexKeeper, projects: Projects, policy_of: Callable[[ProjectId], Policy]
    ) -> None:
        self._policy_of = policy_of
        self._store = store
        self._index = index
        self._projects = projects

    def plan(self, retention: Retention | None, projects: Collection[ProjectId] | None, report: Reporter) -> PrunePlan:
        """What a prune would do; see `Vault.prune`."""
        return self._store.housekeeping.plan(retention, projects=projects, report=report)

    def prune(self, plan: PrunePlan, acknowledged: Collection[str], report: Reporter) -> Pruned:
        """Does a plan, after keeping what only its snapshots know; see `Vault.prune`."""
        spans, problem = self._last_texts(plan)
        pruned = self._store.housekeeping.prune(plan, acknowledged=acknowledged, keep=spans, report=report)
        problems = [*pruned.problems, *([problem] if problem else []), *self._tell_index()]
        return replace(pruned, problems=tuple(problems))

    def undo(self, snapshots: Collection[SnapshotId]) -> tuple[Snapshot, ...]:
        """Puts thinned snapshots back; see `Vault.undo_prune`."""
        back = self._store.housekeeping.undo(snapshots)
        self._tell_index()
        return back

    def stats(self, report: Reporter | None = None) -> VaultStats:
        """Sizes and whose they are."""
        stats = self._store.stats()
        found = self._store.housekeeping.attribution(report=report)
        languages: dict[str, int] = {}
        for suffix, size in found.suffixes.items():
            language = language_hint(f"file{suffix}")
            languages[language] = languages.get(language, 0) + size
        return VaultStats(
            packs=stats.packs,
            pack_bytes=stats.pack_bytes,
            blobs=stats.blobs,
            content_bytes=stats.content_bytes,
            other_bytes=stats.other_bytes,
            snapshots=stats.snapshots,
            attribution=found,
            languages=languages,
            sharing=self._sharing(),
        )

    def _sharing(self) -> Sharing | None:
        if not self._index.exists:
            return None
        try:
            return sharing_of(self._store, self._index.reading())
        except CodeVaultError:
            return None  # sizes are asked for in trouble too

    def _last_texts(self, plan: PrunePlan) -> tuple[list[Span], str]:
        leaving: dict[ProjectId, set[int]] = {}
        for snapshot in (*plan.thin, *plan.expire):
            leaving.setdefault(snapshot.project, set()).add(snapshot.sequence)
        if not leaving or not self._index.exists:
            return [], ""
        try:
            index = self._index_on_a_full_disk()
            files = (s for p, gone in leaving.items() for s in kept_versions(index, p, gone, self._policy_of(p)))
            texts = (span for project, gone in leaving.items() for span in last_texts(index, project, gone))
            found = (*files, *texts)
            spans = [span for span in found if self._store.contains(span.blob)]  # others are in their repository
            waiting = sum(not_analysed(index, project, gone) for project, gone in leaving.items())
        except CodeVaultError as exc:
            return [], f"no last texts of functions were kept, for the index cannot be read: {exc}"
        if len(spans) > MOST_KEPT:
            return spans[:MOST_KEPT], f"only {MOST_KEPT} of {len(spans)} last texts of functions were kept"
        return spans, f"{waiting} file versions went before they were analysed" if waiting else ""

    def _index_on_a_full_disk(self) -> Index:
        """The index, which needs a little space even to be read: the reserve is there for that."""
        try:
            index = self._index.reading()
            index.project_ids()
        except StorageFull:
            if not self._store.housekeeping.release_reserve():
                raise
            index = self._index.reading()
        return index

    def _tell_index(self) -> list[str]:
        if not self._index.exists:
            return []  # it learns all when it is made
        try:
            with self._index.writing() as index:
                catch_up(self._store, index, self._projects)
        except CodeVaultError as exc:
            return [f"the index still knows what was thinned, until it is used again: {exc}"]
        return []


def kept_versions(index: Index, project: ProjectId, leaving: Collection[int], policy: Policy) -> Iterable[Span]:
    """File versions that only snapshots on their way out hold, and that the policy's retention keeps all the same."""
    lost, held = _sorted_out(index, project, leaving)
    seen = {version.path for version in held}
    for version in sorted(lost, key=_age, reverse=True):
        retention = policy.file(version.path, version.size).retention
        last = version.path not in seen
        seen.add(version.path)
        if version.size and (retention is Keeping.EVERY or (retention is Keeping.LAST and last)):
            label = f"policy: {'last' if last else 'every'} version"
            yield Span(blob=version.blob, start=0, length=version.size, project=project, path=version.path, label=label)


def last_texts(index: Index, project: ProjectId, leaving: Collection[int]) -> Iterable[Span]:
    """The last text of each symbol that only snapshots on their way out hold, the newest first.

    A symbol lives on where its qualified name or its body does, wherever that is in the project: then it was moved or
    renamed, not lost. Of nested symbols the outermost is kept, its text holds the others.
    """
    lost, held = _sorted_out(index, project, leaving)
    candidates = _candidates(index, sorted(lost, key=_age, reverse=True))
    names: dict[str, list[str]] = {}
    for name, (_, symbol) in candidates.items():
        for body in _bodies(symbol):
            names.setdefault(body, []).append(name)
    for version in held:
        if not candidates:
            return
        for symbol in index.symbols_of(version.blob, version.path):
            candidates.pop(symbol.qualified_name, None)
            for name in (name for body in _bodies(symbol) for name in names.get(body, ())):
                candidates.pop(name, None)
    covered: dict[tuple[str, str], int] = {}
    for name, (version, symbol) in sorted(candidates.items(), key=_position):
        place = (version.path, version.blob)
        if symbol.start_byte >= covered.get(place, 0) and symbol.end_byte > symbol.start_byte:
            covered[place] = symbol.end_byte
            length = symbol.end_byte - symbol.start_byte
            yield Span(
                blob=version.blob,
                start=symbol.start_byte,
                length=length,
                project=project,
                path=version.path,
                label=name,
            )


def not_analysed(index: Index, project: ProjectId, leaving: Collection[int]) -> int:
    """How many file versions that only snapshots on their way out hold still wait for analysis."""
    lost, _ = _sorted_out(index, project, leaving)
    return sum(index.content_state(version.blob, version.path).state is IndexState.PENDING for version in lost)


def _sorted_out(
    index: Index, project: ProjectId, leaving: Collection[int]
) -> tuple[list[FileVersion], list[FileVersion]]:
    """The file versions that go with the snapshots that leave, and those that stay."""
    staying = [seen.sequence for seen in index.steps(project) if seen.sequence not in leaving]
    lost: list[FileVersion] = []
    held: list[FileVersion] = []
    for version in index.file_versions(project):
        first = bisect_left(staying, version.first.sequence)
        stays = first < len(staying) and (version.last is None or staying[first] <= version.last.sequence)
        (held if stays else lost).append(version)
    return lost, held


def _candidates(index: Index, newest_first: Iterable[FileVersion]) -> dict[str, tuple[FileVersion, SymbolVersion]]:
    found: dict[str, tuple[FileVersion, SymbolVersion]] = {}
    for version in newest_first:
        for symbol in index.symbols_of(version.blob, version.path):
            found.setdefault(symbol.qualified_name, (version, symbol))
    return found


def _bodies(symbol: SymbolVersion) -> tuple[str, ...]:
    """What tells that a symbol is another one under a new name; of short ones many are alike by chance."""
    return (f"exact {symbol.exact}", f"body {symbol.body}") if symbol.tokens >= _TELLING else ()


def _position(candidate: tuple[str, tuple[FileVersion, SymbolVersion]]) -> tuple[int, str, int, int]:
    version, symbol = candidate[1]
    return -_age(version), version.path, symbol.start_byte, -symbol.end_byte


def _age(version: FileVersion) -> int:
    return version.last.sequence if version.last is not None else version.first.sequence
