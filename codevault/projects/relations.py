"""How projects belong together: by ids, so that moving, renaming, splitting and merging leave it alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from codevault.errors import InvalidArgument
from codevault.ids import ProjectId
from codevault.projects.model import Project


class RelationKind(StrEnum):
    """What a project is to another one; each kind reads "this project is … that one"."""

    SUCCESSOR_OF = "successor of"
    SPLIT_FROM = "split from"
    MERGED_INTO = "merged into"
    SHARES_CODE_WITH = "shares code with"
    SUCCEEDED_BY = "succeeded by"
    SPLIT_INTO = "split into"
    MERGED_FROM = "merged from"


_SEEN_FROM_THERE = {
    RelationKind.SUCCESSOR_OF: RelationKind.SUCCEEDED_BY,
    RelationKind.SPLIT_FROM: RelationKind.SPLIT_INTO,
    RelationKind.MERGED_INTO: RelationKind.MERGED_FROM,
    RelationKind.SHARES_CODE_WITH: RelationKind.SHARES_CODE_WITH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """`project` is … `other`. `symbols` counts what they share where that was looked for; else 0."""

    project: ProjectId
    kind: RelationKind
    other: ProjectId
    symbols: int = 0


def kind_of(kind: str) -> RelationKind:
    """The kind that a word names, of those that can be recorded.

    Raises:
        InvalidArgument: none.
    """
    given = kind.replace("_", " ") if isinstance(kind, str) else kind
    if given not in set(_SEEN_FROM_THERE):
        raise InvalidArgument(f"a project is {', '.join(_SEEN_FROM_THERE)} another one, not {kind!r}")
    return RelationKind(given)


def with_relation(project: Project, kind: RelationKind, other: ProjectId) -> tuple[str, ...]:
    """A project's relations with one more.

    Raises:
        InvalidArgument: it would be one to itself.
    """
    if other == project.id:
        raise InvalidArgument(f"project {project.name!r} cannot be {kind} itself")
    return tuple(sorted({*project.relations, f"{kind}:{other}"}))


def without_relation(project: Project, kind: RelationKind, other: ProjectId) -> tuple[str, ...]:
    """A project's relations without one."""
    return tuple(one for one in project.relations if one != f"{kind}:{other}")


def told_of(project: Project) -> tuple[Relation, ...]:
    """What a project's own document says; kinds that this version does not know are passed over."""
    found = []
    for one in project.relations:
        kind, _, other = one.rpartition(":")
        if kind in set(_SEEN_FROM_THERE):
            found.append(Relation(project=project.id, kind=RelationKind(kind), other=ProjectId(other)))
    return tuple(found)


def relations_of(project: Project, everything: Iterable[Project]) -> tuple[Relation, ...]:
    """What is told of a project from both sides, by kind and project; ends that are gone are left out."""
    known = {one.id: one for one in everything}
    found = {(one.kind, one.other): one for one in told_of(project) if one.other in known}
    for other in known.values():
        for one in told_of(other):
            if one.other == project.id and other.id != project.id:
                kind = _SEEN_FROM_THERE[one.kind]
                found.setdefault((kind, other.id), Relation(project=project.id, kind=kind, other=other.id))
    return tuple(found[key] for key in sorted(found))


def pointed_anew(relations: Iterable[str], old: ProjectId, new: ProjectId) -> tuple[str, ...]:
    """Relations in which `new` stands where `old` stood."""
    return tuple(sorted({f"{kind}:{new if other == old else other}" for kind, _, other in map(_parts, relations)}))


def _parts(relation: str) -> tuple[str, str, str]:
    return relation.rpartition(":")
