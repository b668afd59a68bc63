"""A project and its changes as values, and their form on disk (`projects/<id>.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from codevault.errors import InvalidArgument
from codevault.ids import ProjectId

DOCUMENT_FORMAT = 1
EDITABLE = frozenset({"name", "root", "client", "phase", "stack", "tags", "notes", "protection"})


class Protection(StrEnum):
    """How much of a project's repository the vault holds itself."""

    TRUST_REMOTE = "trust_remote"  # what no other machine has
    MIRROR = "mirror"  # all of its history
    COPY = "copy"  # its files as plain files, whatever they mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project. `id` never changes; `root` is where it lies now; `stack` is detected, sorted, lower case.

    `protection` says what of its repository is left to the repository: see `Protection`.
    """

    id: ProjectId
    name: str
    root: str
    client: str = ""
    phase: str = ""
    stack: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""
    protection: Protection = Protection.TRUST_REMOTE
    created_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """One edit of one field of a project: what it was, what it became, when (nanoseconds, UTC)."""

    at_ns: int
    field: str
    before: str | tuple[str, ...]
    after: str | tuple[str, ...]


def edited(project: Project, at_ns: int, **changes: str | tuple[str, ...]) -> tuple[Project, tuple[ProjectChange, ...]]:
    """The project with the changes applied, and the log entries for those that differ.

    Raises:
        InvalidArgument: a field that cannot be edited.
    """
    unknown = sorted(set(changes) - EDITABLE)
    if unknown:
        raise InvalidArgument(
            f"a project has no editable field {unknown[0]!r}; there are {', '.join(sorted(EDITABLE))}"
        )
    log = tuple(
        ProjectChange(at_ns=at_ns, field=name, before=getattr(project, name), after=after)
        for name, after in changes.items()
        if getattr(project, name) != after
    )
    if "protection" in changes:
        changes["protection"] = protection_of(changes["protection"])
    return replace(project, **changes), log  # type: ignore[arg-type]  # the names were checked above


def protection_of(value: object) -> Protection:
    """The protection that a word names.

    Raises:
        InvalidArgument: none.
    """
    if not isinstance(value, str) or value not in tuple(Protection):
        raise InvalidArgument(f"a repository is protected by {', '.join(Protection)}, not {value!r}")
    return Protection(value)


def to_document(project: Project, log: tuple[ProjectChange, ...]) -> dict[str, Any]:
    """The project and its log as a JSON object; text that is not UTF-8 keeps its bytes through surrogate escapes."""
    document: dict[str, Any] = {"format": DOCUMENT_FORMAT}
    for field in fields(project):
        value = getattr(project, field.name)
        document[field.name] = list(value) if isinstance(value, tuple) else _bare(value)
    document["log"] = [
        {"at_ns": c.at_ns, "field": c.field, "before": _plain(c.before), "after": _plain(c.after)} for c in log
    ]
    return document


def from_document(document: Mapping[str, Any]) -> tuple[Project, tuple[ProjectChange, ...]]:
    """Reads what `to_document` wrote.

    Raises:
        ValueError: a field is missing or of the wrong type.
    """
    if document.get("format") != DOCUMENT_FORMAT:
        raise ValueError(f"project format {document.get('format')!r} is not {DOCUMENT_FORMAT}")
    texts = {name: _text(document, name) for name in ("id", "name", "root", "client", "phase", "notes")}
    created = document.get("created_ns")
    if not isinstance(created, int):
        raise ValueError("created_ns is not a number")
    project = Project(
        id=ProjectId(texts.pop("id")),
        stack=_texts(document.get("stack")),
        tags=_texts(document.get("tags")),
        protection=protection_of(document.get("protection", Protection.TRUST_REMOTE)),
        created_ns=created,
        **texts,
    )
    log = tuple(
        ProjectChange(
            at_ns=int(c["at_ns"]), field=str(c["field"]), before=_value(c["before"]), after=_value(c["after"])
        )
        for c in document.get("log", ())
    )
    return project, log


def _bare(value: object) -> object:
    return str(value) if isinstance(value, StrEnum) else value


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return str(value) if isinstance(value, str) else list(value)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of texts")
    return tuple(value)


def _value(value: object) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else _texts(value)
