"""A project and its changes as values, and their form on disk (`projects/<id>.json`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from codevault.errors import InvalidArgument
from codevault.ids import ProjectId

DOCUMENT_FORMAT = 1
EDITABLE = frozenset({"name", "root", "client", "phase", "stack", "tags", "notes", "protection", "components"})
DETECTED = frozenset({"stack", "versions", "remotes"})
"""Fields that a look at the folder fills in."""

KEPT = EDITABLE | DETECTED | {"auto_tags", "relations"}
LISTS = frozenset({"stack", "tags", "components", "versions", "remotes", "auto_tags", "relations"})
_LATER = ("components", "versions", "remotes", "auto_tags", "relations")


class Protection(StrEnum):
    """How much of a project's repository the vault holds itself."""

    TRUST_REMOTE = "trust_remote"  # what no other machine has
    MIRROR = "mirror"  # all of its history
    COPY = "copy"  # its files as plain files, whatever they mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project. `id` never changes; `root` is where it lies now; `stack` is detected, sorted, lower case.

    `protection` says what of its repository is left to the repository: see `Protection`. `components` are its parts,
    "name=folder" each, see `parts`; `versions` tells of which version its technologies are ("python >=3.11");
    `remotes` are the addresses of its repository's other sides. `auto_tags` come from rules, `tags` from people.
    `relations` are "kind:project id", see `Projects.relations`.
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
    components: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ()
    auto_tags: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Its own tags and those that rules give it, sorted."""
        return tuple(sorted({*self.tags, *self.auto_tags}))

    @property
    def parts(self) -> Mapping[str, str]:
        """Its components: the folder of each, relative to the root, by name."""
        return dict(one.partition("=")[::2] for one in self.components)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """One edit of one field of a project: what it was, what it became, when (nanoseconds, UTC).

    `by` is "" for somebody's own doing, "detected" for what a look at the folder told, "rule" for tags that rules gave.
    `action` is the same for all changes that were made, and are undone, together.
    """

    at_ns: int
    field: str
    before: str | tuple[str, ...]
    after: str | tuple[str, ...]
    by: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a folder tells: technologies, their versions, its repository's other sides and branch."""

    stack: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """A phase that a project was in, from `since_ns` until `until_ns` (None: now); "" for none."""

    phase: str
    since_ns: int
    until_ns: int | None


def edited(
    project: Project, at_ns: int, changes: Mapping[str, str | tuple[str, ...]], *, by: str = "", action: str = ""
) -> tuple[Project, tuple[ProjectChange, ...]]:
    """The project with the changes applied, and the log entries for those that differ.

    Raises:
        InvalidArgument: a field that cannot be edited.
    """
    unknown = sorted(set(changes) - KEPT)
    if unknown:
        raise InvalidArgument(
            f"a project has no editable field {unknown[0]!r}; there are {', '.join(sorted(EDITABLE))}"
        )
    log = tuple(
        ProjectChange(at_ns=at_ns, field=name, before=getattr(project, name), after=after, by=by, action=action)
        for name, after in changes.items()
        if getattr(project, name) != after
    )
    protection = {"protection": protection_of(changes["protection"])} if "protection" in changes else {}
    return replace(project, **{**changes, **protection}), log  # type: ignore[arg-type]  # the names were checked above


def phases_of(project: Project, log: Iterable[ProjectChange]) -> tuple[PhaseSpan, ...]:
    """The phases that a project went through, oldest first; the last one is its present one."""
    changes = [change for change in log if change.field == "phase"]
    first = str(changes[0].before) if changes else project.phase
    steps = [(project.created_ns, first), *((change.at_ns, str(change.after)) for change in changes)]
    ends: list[int | None] = [*(at for at, _ in steps[1:]), None]
    return tuple(
        PhaseSpan(phase=phase, since_ns=at, until_ns=end) for (at, phase), end in zip(steps, ends, strict=True)
    )


def to_take_back(log: Iterable[ProjectChange]) -> tuple[ProjectChange, ...]:
    """What undoing takes back: the newest change that somebody made, with all that were made with it, newest first."""
    own = [change for change in log if not change.by]
    if not own:
        return ()
    last = own[-1]
    if not last.action:
        return (last,)
    return tuple(change for change in reversed(own) if change.action == last.action)


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
        if field.name in _LATER and not value:
            continue
        document[field.name] = list(value) if isinstance(value, tuple) else _bare(value)
    document["log"] = [_logged(change) for change in log]
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
        components=_texts(document.get("components", ())),
        versions=_texts(document.get("versions", ())),
        remotes=_texts(document.get("remotes", ())),
        auto_tags=_texts(document.get("auto_tags", ())),
        relations=_texts(document.get("relations", ())),
        **texts,
    )
    log = tuple(
        ProjectChange(
            at_ns=int(c["at_ns"]),
            field=str(c["field"]),
            before=_value(c["before"]),
            after=_value(c["after"]),
            by=str(c.get("by", "")),
            action=str(c.get("action", "")),
        )
        for c in document.get("log", ())
    )
    return project, log


def _logged(change: ProjectChange) -> dict[str, Any]:
    said = {name: value for name, value in (("by", change.by), ("action", change.action)) if value}
    values = {"before": _plain(change.before), "after": _plain(change.after)}
    return {"at_ns": change.at_ns, "field": change.field, **values, **said}


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
