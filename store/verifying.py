"""Finding all damage: every byte outside cache/ is read, every blob decoded, every chain followed.

Three ways to look: "quick" reads only what is small and compares lengths; "full" reads everything; "budget" is quick
plus as many packs as a number of bytes allows, the next ones each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from codevault.errors import CodeVaultError, DamageError, InvalidArgument, RecordDamaged
from codevault.ids import BlobId, PackId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.store.catalog import Location
from codevault.store.findings import Findings, reason
from codevault.store.keepsakes import keepsake_blobs
from codevault.store.layout import pack_of, sidecar_of, snapshot_of
from codevault.store.logcheck import Logged, check_log, check_presence, check_small_files
from codevault.store.losses import Losses
from codevault.store.manifest import ManifestMalformed
from codevault.store.model import Damage, LostVersion, Snapshot, VerifyReport
from codevault.store.pack import BASE_BYTES, FrameKind
from codevault.store.packcheck import Content, check_everything, check_some
from codevault.store.publishing import ensure_folder
from codevault.store.reachability import needed_by_vault
from codevault.store.records import RecordMalformed, decode_snapshot, seal, unseal
from codevault.store.tree import files_of
from codevault.store.vaultstate import VaultState

VerifyMode = Literal["full", "quick"]
_LOOKS = 3


def verify(
    state: VaultState, report: Reporter, mode: VerifyMode = "full", budget_bytes: int | None = None
) -> VerifyReport:
    """All damage of a vault, and what it costs. Looks again when the vault changed meanwhile and something was found.

    Raises:
        InvalidArgument: no such mode, or a budget that is no number of bytes.
    """
    if mode not in {"full", "quick"}:
        raise InvalidArgument(f"verify() knows the modes 'full' and 'quick', not {mode!r}")
    if budget_bytes is not None and (mode == "quick" or isinstance(budget_bytes, bool) or budget_bytes < 0):
        raise InvalidArgument("a budget is a number of bytes for the mode 'full'")
    for look in range(_LOOKS):
        before = state.generations.newest()
        found = _Verification(state, report, mode, budget_bytes).run()
        if found.ok or look == _LOOKS - 1 or state.generations.newest() == before:
            break
        state.rescan()  # a writer or a prune was at work: what is missing may have been moved or taken out
    return found


def survey(state: VaultState, report: Reporter) -> tuple[VerifyReport, Content]:
    """One full look, with where everything lies: what a repair begins with."""
    looking = _Verification(state, report, "full", None)
    return looking.run(), looking.content


def damaged_packs(report: VerifyReport) -> tuple[PackId, ...]:
    """The packs whose own bytes are damaged or gone, by what a report says."""
    named = (pack_of(damage.file.rpartition("/")[2]) for damage in report.damages if damage.kind != "lost")
    return tuple(dict.fromkeys(pack for pack in named if pack is not None))


class _Verification:
    def __init__(self, state: VaultState, report: Reporter, mode: VerifyMode, budget: int | None) -> None:
        self._state = state
        self._report = report
        self._mode = mode
        self._budget = budget
        self._findings = Findings()
        self.content = Content(state.catalog)
        self._affected: dict[SnapshotId, None] = {}
        self._lost: list[LostVersion] = []

    def run(self) -> VerifyReport:
        small, total = self._walk()
        logged = check_log(self._state, self._findings)
        check_small_files(self._state, logged, self._findings, small)
        present = {
            self._state.layout.relative(self._state.layout.pack(p)): n for p, n in self._state.catalog.packs.items()
        }
        present |= dict.fromkeys(self._snapshot_files(), 0)
        check_presence(logged, self._findings, present.get, sizes=self._mode == "quick")
        self.content = content = self._check_content()
        self._set_waste_apart()
        costly = self._mode == "full" and self._budget is None
        for project in self._state.projects():
            self._check_project(project, logged, content, everything=costly or bool(self._findings.damages))
        if costly or self._findings.damages:
            self._check_keepsakes(content)
        self._affected.update(dict.fromkeys(self._missing_snapshots()))
        told = (damage for damage in self._findings.damages if self._counts(damage))
        damages = tuple(sorted(told, key=lambda damage: (damage.file, damage.offset)))
        return VerifyReport(
            files=self._findings.files,
            bytes=self._findings.bytes,
            blobs=content.catalog.totals()[0],
            damages=damages,
            affected=tuple(self._affected),
            lost=tuple(self._lost),
            notices=tuple(sorted(self._findings.notices, key=lambda notice: notice.file)),
            mode="budget" if self._budget is not None else self._mode,
            total_bytes=total,
        )

    def _counts(self, damage: Damage) -> bool:
        """False for a frame of a sound pack that rests on lost content, when its blobs have other, sound copies."""
        return damage.kind != "lost" or not damage.blobs or not all(map(self.content.holds, damage.blobs))

    def _walk(self) -> tuple[set[str], int]:
        """Names of the small files that are there (records and packs apart), and the bytes of everything of ours."""
        small: set[str] = set()
        total = 0
        for found in files_of(self._state.files, self._state.layout):
            if not found.ours:
                self._findings.notice("foreign", found.name, "not a file of the vault")
                continue
            total += found.bytes
            if not found.name.startswith(("packs/", "snapshots/", "log/")):
                small.add(found.name)
            elif (pack := sidecar_of(found.name.rpartition("/")[2])) and pack not in self._state.catalog.packs:
                self._findings.notice("foreign", found.name, "the parity of a pack that is not there")
        small.add("vault.json")
        return small, total

    def _missing_snapshots(self) -> Iterator[SnapshotId]:
        """Those whose record is gone: what they held nobody can say, only that they do not restore."""
        for damage in self._findings.damages:
            named = snapshot_of(damage.file.rpartition("/")[2])
            if damage.kind == "missing" and named is not None and damage.file.startswith("snapshots/"):
                yield named[1]

    def _snapshot_files(self) -> Iterator[str]:
        for project in self._state.projects():
            for sequence, named in self._state.snapshot_names(project):
                yield self._state.layout.relative(self._state.layout.snapshot(project, sequence, named))

    def _check_content(self) -> Content:
        state = self._state
        if state.parity.percent:
            for pack in state.catalog.packs:
                if pack not in state.sidecars:
                    self._findings.notice("unprotected", state.layout.relative(state.layout.sidecar(pack)), "no parity")
        if self._mode == "quick":
            return Content(state.catalog)
        if self._budget is None:
            return check_everything(state, self._findings, self._report)
        turn = _Rotation.load(state)
        packs, at = turn.next_packs(state, self._budget)
        content = check_some(state, self._findings, self._report, packs)
        turn.save(state, at)
        return content

    def _set_waste_apart(self) -> None:
        """What lost its base and is named by nothing is no damage: prune was kept from taking both."""
        damages = self._findings.damages
        adrift = [one for one in damages if one.kind == "lost" and one.blobs and all(map(self._is_adrift, one.blobs))]
        if not adrift:
            return
        reach = needed_by_vault(self._state, report=self._report)
        if reach.lost:
            return  # it may be what is named where nobody can read
        for damage in adrift:
            if not any(blob in reach for blob in damage.blobs):
                damages.remove(damage)
                self._findings.notice("waste", damage.file, f"at {damage.offset}: nothing names it, and {damage.why}")

    def _is_adrift(self, blob: BlobId) -> bool:
        """True when something that the blob rests on is in no pack, whatever else may be wrong with it."""
        catalog = self.content.catalog
        waiting, seen = list(catalog.find(blob)), {bytes.fromhex(blob)[:BASE_BYTES]}
        while waiting:
            for beginning in set(self._rests_on(waiting.pop())) - seen:
                seen.add(beginning)
                found = catalog.find_base(beginning)
                if not found:
                    return True
                waiting += found
        return False

    def _rests_on(self, place: Location) -> Iterator[bytes]:
        if place.base:
            yield place.base
        elif place.kind is FrameKind.LIST:
            with suppress(DamageError):  # a list that cannot be read is damaged, whatever becomes of its chunks
                yield from (bytes.fromhex(chunk)[:BASE_BYTES] for chunk, _ in self._state.reader.parts(place.blob))

    def _check_project(self, project: ProjectId, logged: Logged, content: Content, *, everything: bool) -> None:
        losses = Losses(project, content.holds)
        before: SnapshotId | None = None
        for sequence, named in self._state.snapshot_names(project):
            self._report.step("verify", self._findings.files, content_bytes=self._findings.bytes)
            path = self._state.layout.snapshot(project, sequence, named)
            name = self._state.layout.relative(path)
            self._findings.read(len(self._state.files.read(path) or b""), 1)
            try:
                snapshot = self._state.read_snapshot(project, sequence, named)
            except RecordDamaged as exc:
                self._findings.damage(name, reason(exc))
                self._affected[named] = None
            else:
                if snapshot.parent != before and not _explained(snapshot, logged):
                    self._findings.damage(name, "the chain is broken before it: a snapshot is missing or was changed")
                if everything:
                    self._check_manifest(snapshot, name, losses)
            before = named
        if everything:
            self._check_thinned(project, losses)
        self._lost += losses.lost()

    def _check_keepsakes(self, content: Content) -> None:
        """What outlives its file is in no manifest: its list and its texts must be there all the same."""
        lost: dict[str, None] = {}
        for project, blobs in keepsake_blobs(self._state, lost):
            name = self._state.layout.relative(self._state.layout.keepsake(project))
            for blob in blobs:
                if not content.holds(blob):
                    self._findings.damage(name, "a text that is kept is lost", blobs=(blob,), kind="lost")
        for why in lost:
            self._findings.damage("keepsakes", why, kind="lost")

    def _check_thinned(self, project: ProjectId, losses: Losses) -> None:
        """Thinned snapshots can be put back, so what they hold must be there; their chain is the log's to explain."""
        folder = self._state.layout.thinned / project
        for listed in self._state.files.list(folder) or ():
            if snapshot_of(listed.name) is not None:
                with suppress(RecordMalformed):  # told already, as a small file
                    snapshot = decode_snapshot(self._state.files.read(folder / listed.name) or b"")
                    self._check_manifest(snapshot, self._state.layout.relative(folder / listed.name), losses)

    def _check_manifest(self, snapshot: Snapshot, name: str, losses: Losses) -> None:
        try:
            whole = losses.check(snapshot, self._state.reader.chunks(snapshot.manifest))
        except (DamageError, ManifestMalformed) as exc:
            self._findings.damage(name, f"its manifest: {reason(exc)}", blobs=(snapshot.manifest,), kind="lost")
            whole = False
        if not whole:
            self._affected[snapshot.id] = None


def _explained(snapshot: Snapshot, logged: Logged) -> bool:
    """True when the log says that the snapshot's parent was taken out."""
    start = f"snapshots/{snapshot.project}/"
    return any(name.startswith(start) and name.endswith(f"-{snapshot.parent}.json") for name in logged.removed)


@dataclass(frozen=True, slots=True)
class _Rotation:
    """Up to which pack, in the order of their ids, a verification with a budget has come; kept under cache/."""

    after: str

    @classmethod
    def load(cls, state: VaultState) -> _Rotation:
        try:
            return cls(str(unseal(state.files.read(state.layout.cache / "verified.json") or b"")["after"]))
        except (CodeVaultError, KeyError, RecordMalformed):
            return cls("")

    def next_packs(self, state: VaultState, budget: int) -> tuple[list[PackId], str]:
        """The packs whose turn it is, at least one, each at most once, and the last of them."""
        ordered = sorted(state.catalog.packs)
        begin = sum(1 for pack in ordered if pack <= self.after)
        chosen: list[PackId] = []
        for pack in ordered[begin:] + ordered[:begin]:
            budget -= state.catalog.packs[pack]
            if chosen and budget < 0:
                break
            chosen.append(pack)
        return chosen, chosen[-1] if chosen else ""

    def save(self, state: VaultState, after: str) -> None:
        """Keeps where the next one goes on; what cannot be kept costs a second look at the same packs."""
        temporary = state.layout.cache / "verified.json.tmp"
        with suppress(CodeVaultError):
            ensure_folder(state.files, state.layout.cache)
            state.files.remove(temporary)
            new = state.files.create(temporary)
            try:
                new.write(seal({"after": after}))
            finally:
                new.close()
            state.files.rename(temporary, state.layout.cache / "verified.json")
