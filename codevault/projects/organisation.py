"""What organises projects beyond themselves: saved views and rules for tags; values, and their form on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from codevault.arguments import check_texts
from codevault.errors import InvalidArgument
from codevault.projects.model import Project

DOCUMENT = "_organisation"
"""Name of the document: no project's, which are hexadecimal."""

ORDERS = ("client", "stack", "phase", "tag", "time")
"""What projects can be browsed by, in any order. "time" is the month of the last backup."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A way of looking at projects, under a name: in which order they are grouped, and which of them are shown."""

    name: str
    by: tuple[str, ...] = ("client",)
    client: str = ""
    stack: str = ""
    phase: str = ""
    tag: str = ""

    def __post_init__(self) -> None:
        check_texts(name=self.name, client=self.client, stack=self.stack, phase=self.phase, tag=self.tag)
        if not self.name:
            raise InvalidArgument("a view needs a name")
        check_orders(self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """Projects that fit get the tag: `path` and `branch` are patterns with * and ?, all that is given has to fit."""

    tag: str
    path: str = ""
    stack: str = ""
    branch: str = ""
    client: str = ""

    def __post_init__(self) -> None:
        check_texts(tag=self.tag, path=self.path, stack=self.stack, branch=self.branch, client=self.client)
        if not self.tag or not (self.path or self.stack or self.branch or self.client):
            raise InvalidArgument("a rule needs a tag, and a path, stack, branch or client that it goes by")
        for pattern in (self.path, self.branch):
            if pattern.count("[") != pattern.count("]") or "\0" in pattern:
                raise InvalidArgument(f"{pattern!r} matches nothing as a pattern: each [ needs its ]")

    def fits(self, project: Project, branch: str) -> bool:
        """True when a project on that branch gets the tag."""
        return (
            (not self.path or fnmatchcase(project.root, self.path) or fnmatchcase(f"{project.root}/", self.path))
            and (not self.stack or self.stack in project.stack)
            and (not self.branch or fnmatchcase(branch, self.branch))
            and self.client in {"", project.client}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChange:
    """What somebody changed about views ("views") or rules ("rules"), as the plain values before and after."""

    at_ns: int
    field: str
    before: tuple[Mapping[str, Any], ...]
    after: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Views by name, rules in their order, and the log of their changes, oldest first."""

    views: tuple[View, ...] = ()
    rules: tuple[TagRule, ...] = ()
    log: tuple[OrganisationChange, ...] = ()

    def with_views(self, views: Iterable[View], at_ns: int) -> Organisation:
        """With these views, logged."""
        after = tuple(sorted(views, key=lambda view: view.name))
        return replace(self, views=after, log=(*self.log, _change(at_ns, "views", self.views, after)))

    def with_rules(self, rules: Iterable[TagRule], at_ns: int) -> Organisation:
        """With these rules, logged."""
        after = tuple(rules)
        return replace(self, rules=after, log=(*self.log, _change(at_ns, "rules", self.rules, after)))

    def undone(self, at_ns: int) -> Organisation:
        """With the newest change taken back, which is itself logged.

        Raises:
            InvalidArgument: there is none.
        """
        if not self.log:
            raise InvalidArgument("views and rules have no change to undo")
        last = self.log[-1]
        if last.field == "views":
            return self.with_views(map(_view, last.before), at_ns)
        return self.with_rules((TagRule(**rule) for rule in last.before), at_ns)

    def tags_for(self, project: Project, branch: str) -> tuple[str, ...]:
        """The tags that rules give a project, sorted."""
        return tuple(sorted({rule.tag for rule in self.rules if rule.fits(project, branch)}))


def check_orders(by: Iterable[str]) -> None:
    """Refuses what projects cannot be browsed by.

    Raises:
        InvalidArgument: none, no such order, or one twice.
    """
    given = tuple(by) if not isinstance(by, str) else (by,)
    wrong = [one for one in given if one not in ORDERS]
    if wrong or not given or len(set(given)) < len(given) or isinstance(by, str):
        raise InvalidArgument(f"projects are browsed by some of {ORDERS}, each once, not by {by!r}")


def organisation_to(organisation: Organisation) -> dict[str, Any]:
    """The document."""
    return {
        "format": _FORMAT,
        "views": [_plain(view) for view in organisation.views],
        "rules": [_plain(rule) for rule in organisation.rules],
        "log": [
            {"at_ns": c.at_ns, "field": c.field, "before": list(c.before), "after": list(c.after)}
            for c in organisation.log
        ],
    }


def organisation_from(document: Mapping[str, Any]) -> Organisation:
    """Reads what `organisation_to` wrote.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is something else.
    """
    if document.get("format") != _FORMAT:
        raise ValueError(f"organisation format {document.get('format')!r} is not {_FORMAT}")
    log = tuple(
        OrganisationChange(
            at_ns=int(c["at_ns"]), field=str(c["field"]), before=tuple(c["before"]), after=tuple(c["after"])
        )
        for c in document["log"]
    )
    rules = tuple(TagRule(**rule) for rule in document["rules"])
    return Organisation(views=tuple(map(_view, document["views"])), rules=rules, log=log)


def _change(
    at_ns: int, field: str, before: Iterable[View | TagRule], after: Iterable[View | TagRule]
) -> OrganisationChange:
    return OrganisationChange(
        at_ns=at_ns, field=field, before=tuple(map(_plain, before)), after=tuple(map(_plain, after))
    )


def _plain(value: View | TagRule) -> dict[str, Any]:
    found = {name: item for name, item in asdict(value).items() if item}
    return {**found, "by": list(value.by)} if isinstance(value, View) else found


def _view(value: Mapping[str, Any]) -> View:
    return View(**{**value, "by": tuple(value["by"])})
