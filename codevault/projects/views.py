"""`vault.projects.views` and `vault.projects.rules`: ways of looking at projects, and tags that give themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from codevault.arguments import check_type
from codevault.errors import InvalidArgument
from codevault.projects.documents import Documents
from codevault.projects.organisation import Organisation, OrganisationChange, TagRule, View


class Views:
    """Saved views, by name. `vault.projects.browse(view="…")` opens one."""

    def __init__(self, documents: Documents, clock: Callable[[], int]) -> None:
        self._documents = documents
        self._clock = clock

    def save(
        self,
        name: str,
        *,
        by: tuple[str, ...] = ("client",),
        client: str = "",
        stack: str = "",
        phase: str = "",
        tag: str = "",
    ) -> View:
        """Keeps a way of looking at projects, in place of the one of that name.

        Raises:
            InvalidArgument: no name, or an order that projects cannot be browsed by.
            VaultBusy, StorageFull, StorageError: it was not kept.
        """
        view = View(
            name=name,
            by=tuple(by) if not isinstance(by, str) else (by,),
            client=client,
            stack=stack,
            phase=phase,
            tag=tag,
        )  # fmt: skip - one line would be too long
        known = self._documents.organisation()
        others = (one for one in known.views if one.name != name)
        if view not in known.views:
            self._documents.write_organisation(known.with_views((*others, view), self._clock()))
        return view

    def remove(self, name: str) -> None:
        """Forgets one; `undo` brings it back.

        Raises:
            InvalidArgument: there is none of that name.
        """
        gone = self.get(name)
        known = self._documents.organisation()
        kept = (one for one in known.views if one != gone)
        self._documents.write_organisation(known.with_views(kept, self._clock()))

    def get(self, name: str) -> View:
        """The one of that name.

        Raises:
            InvalidArgument: there is none.
        """
        for view in self:
            if view.name == name:
                return view
        raise InvalidArgument(f"there is no view {name!r}; there are: {', '.join(v.name for v in self) or 'none yet'}")

    def __iter__(self) -> Iterator[View]:
        """All of them, by name."""
        return iter(self._documents.organisation().views)


class TagRules:
    """Rules by which projects get tags (`Project.auto_tags`): by path, stack, branch or client.

    They never take one that somebody gave. They are looked at anew when they, or a project, change, and at backups.
    """

    def __init__(self, documents: Documents, clock: Callable[[], int], changed: Callable[[], None]) -> None:
        self._documents = documents
        self._clock = clock
        self._changed = changed

    def add(self, tag: str, *, path: str = "", stack: str = "", branch: str = "", client: str = "") -> TagRule:
        """Tags every project that fits all that is given, now and later. `path` and `branch` are patterns (`*/shop*`).

        Raises:
            InvalidArgument: no tag, or nothing to go by.
            VaultBusy, StorageFull, StorageError: the rule was not kept.
        """
        rule = TagRule(tag=tag, path=path, stack=stack, branch=branch, client=client)
        known = self._documents.organisation()
        if rule not in known.rules:
            self._replace(known.with_rules((*known.rules, rule), self._clock()))
        return rule

    def remove(self, rule: TagRule) -> None:
        """Drops a rule, and the tags that only it gave.

        Raises:
            InvalidArgument: there is no such rule.
        """
        check_type("rule", rule, TagRule)
        known = self._documents.organisation()
        if rule not in known.rules:
            raise InvalidArgument("there is no such rule")
        self._replace(known.with_rules((one for one in known.rules if one != rule), self._clock()))

    def undo(self) -> None:
        """Takes the newest change of rules or views back; the undoing is itself logged, and can be undone.

        Raises:
            InvalidArgument: there is none.
        """
        self._replace(self._documents.organisation().undone(self._clock()))

    def log(self) -> tuple[OrganisationChange, ...]:
        """All changes of rules and views, oldest first."""
        return self._documents.organisation().log

    def __iter__(self) -> Iterator[TagRule]:
        """All rules, in the order in which they were made."""
        return iter(self._documents.organisation().rules)

    def _replace(self, organisation: Organisation) -> None:
        self._documents.write_organisation(organisation)
        self._changed()
