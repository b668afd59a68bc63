"""What was erased from a vault: a sealed document that says so, and copies of small files without what went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from codevault.errors import RecordDamaged
from codevault.ids import ProjectId
from codevault.store.copies import SmallFiles, encode_copy
from codevault.store.drafts import clean_text
from codevault.store.layout import FORMAT_VERSION
from codevault.store.publishing import publish
from codevault.store.records import RecordMalformed, hash_of, seal, unseal
from codevault.store.vaultstate import VaultState

if TYPE_CHECKING:
    from codevault.store.erasing import ErasePlan

ERASURES = "_erasures"
"""Name of the document: no project's, which are hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure, as the vault remembers it: when, of which projects by id, and how much; nothing of what it was.

    `digest` is the BLAKE3 of the sorted ids of all contents that went, one a line: who still has them can prove it.
    `shared` maps projects that stay to how many contents they have in common with what went.
    """

    at_ns: int
    projects: tuple[ProjectId, ...]
    note: str
    snapshots: int
    files: int
    blobs: int
    bytes: int
    shared: tuple[tuple[ProjectId, int], ...]
    packs: int
    freed: int
    digest: str

    @classmethod
    def of(cls, plan: ErasePlan, at_ns: int, note: str, freed: int) -> Erasure:
        """The record of a plan that was carried out."""
        return cls(
            at_ns=at_ns,
            projects=plan.projects,
            note=clean_text(note),
            snapshots=plan.snapshots,
            files=len(plan.files),
            blobs=plan.unique.blobs + plan.waste.blobs,
            bytes=plan.unique.bytes + plan.waste.bytes,
            shared=tuple((one.project, one.content.blobs) for one in plan.shared),
            packs=len(plan.sifted.goes),
            freed=freed,
            digest=hash_of("".join(f"{blob}\n" for blob in sorted(plan.blobs)).encode()),
        )


def erasures_of(state: VaultState) -> tuple[Erasure, ...]:
    """Everything that was erased, oldest first.

    Raises:
        RecordDamaged: the document was changed.
    """
    path = state.layout.document(ERASURES)
    content = state.files.read(path)
    if content is None:
        return ()
    try:
        return tuple(map(_decoded, unseal(content)["document"]["erasures"]))
    except (AttributeError, KeyError, TypeError, ValueError, RecordMalformed) as exc:
        raise RecordDamaged(path, str(exc)) from exc


def encode_erasures(erasures: Iterable[Erasure]) -> bytes:
    """The document's bytes."""
    return seal({"document": {"erasures": [_encoded(one) for one in erasures]}, "format": FORMAT_VERSION})


def take_out_of_copies(state: VaultState, goes: Callable[[str], bool]) -> tuple[str, ...]:
    """Writes the copies under log/ anew that hold files which `goes` names; says which it could not.

    Raises:
        StorageFull, StorageError: some are written, each whole.
    """
    problems = []
    for sequence in state.generations.copies():
        try:
            held = state.generations.copy(sequence).files
            kept = {name: content for name, content in held.items() if not goes(name)}
            if len(kept) < len(held):
                target = state.layout.copy(sequence)
                publish(state.files, state.layout, target, encode_copy(SmallFiles(sequence, kept)))
        except RecordMalformed as exc:
            problems.append(f"{state.layout.relative(state.layout.copy(sequence))} cannot be read: {exc}; run repair()")
    return tuple(problems)


def _encoded(erasure: Erasure) -> dict[str, Any]:
    found = asdict(erasure)
    return {**found, "projects": list(erasure.projects), "shared": dict(erasure.shared)}


def _decoded(value: dict[str, Any]) -> Erasure:
    numbers = {name: int(value[name]) for name in ("at_ns", "snapshots", "files", "blobs", "bytes", "packs", "freed")}
    return Erasure(
        projects=tuple(ProjectId(one) for one in value["projects"]),
        shared=tuple((ProjectId(project), int(count)) for project, count in sorted(value["shared"].items())),
        note=str(value["note"]),
        digest=str(value["digest"]),
        **numbers,
    )
