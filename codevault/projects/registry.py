"""The projects of a vault: `vault.projects`."""

# Longer than 400 lines: one namespace of calls, half of it what they take and raise; the work is in the modules beside.

from __future__ import annotations

import os
import secrets
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codevault.arguments import check_texts, check_type, checked_path
from codevault.errors import InvalidArgument, UnknownProject
from codevault.ids import ProjectId
from codevault.jobs import CancelToken, ProgressCallback, Reporter
from codevault.projects.browsing import Group, chosen, grouped
from codevault.projects.documents import Documents, Entry
from codevault.projects.model import (
    EDITABLE,
    LISTS,
    Look,
    PhaseSpan,
    Project,
    ProjectChange,
    Protection,
    edited,
    from_document,
    phases_of,
    protection_of,
    to_document,
    to_take_back,
)
from codevault.projects.organisation import check_orders
from codevault.projects.ports import MemorySurroundings, Proposal, Surroundings
from codevault.projects.relations import (
    Relation,
    RelationKind,
    kind_of,
    pointed_anew,
    relations_of,
    with_relation,
    without_relation,
)
from codevault.projects.views import TagRules, Views
from codevault.store.store import Store

if TYPE_CHECKING:
    from codevault.commits import ImportedHistory

ProjectKey = Project | ProjectId | str | os.PathLike[str]
Values = Mapping[str, str | os.PathLike[str] | Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorganisation:
    """Several changes that were made together, and are taken back together by `undo_reorganisation`."""

    action: str
    projects: tuple[Project, ...]


class Projects:
    """Registers projects and finds them by id, name or path. Every change is written at once, with its log."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        changed: Callable[[Project], None] = lambda _project: None,
        importer: Callable[[Project, Reporter], ImportedHistory] | None = None,
        surroundings: Surroundings | None = None,
        all_changed: Callable[[Collection[Project]], None] | None = None,
    ) -> None:
        self._documents = Documents(store)
        self._clock = clock
        self._surroundings = surroundings or MemorySurroundings(names=_names)
        self._changed = changed
        self._all_changed = all_changed
        self.views = Views(self._documents, clock)
        self.rules = TagRules(self._documents, clock, self._apply_rules)
        self._new_id = new_id
        self._importer = importer

    def add(
        self,
        root: str | os.PathLike[str],
        *,
        name: str = "",
        client: str = "",
        phase: str = "",
        tags: Iterable[str] = (),
        notes: str = "",
        protection: Protection | str = Protection.TRUST_REMOTE,
        components: Mapping[str, str] | None = None,
    ) -> Project:
        """Registers the folder `root` as a project; its stack is detected from manifests, names and languages in it.

        `components` are its parts: the folder of each, relative to `root`, by name.

        `protection` says what of its repository is left to it: "trust_remote" what another machine has, "mirror"
        what the vault's own bundles hold, which are then of all history, "copy" nothing.

        Raises:
            InvalidArgument: not a folder, inside the vault, or already a project (by root or name), no protection.
            VaultBusy: a backup is being written.
        """
        folder = _absolute(root)
        if not os.path.isdir(folder):
            raise InvalidArgument(f"{folder} is not a folder; give the root folder of a project")
        project = Project(
            id=ProjectId(self._new_id()),
            name=name or folder.name,
            root=str(folder),
            client=client,
            phase=phase,
            tags=_tags(tags),
            notes=notes,
            protection=protection_of(protection),
            created_ns=self._clock(),
            components=_components(components or {}),
        )
        look = self._surroundings.look(folder) or Look()
        project = replace(project, stack=look.stack, versions=look.versions, remotes=look.remotes)
        self._check((project,))
        project = replace(project, auto_tags=self._documents.organisation().tags_for(project, look.branch))
        self._write(((project, ()),))
        return project

    def update(self, project: ProjectKey, **changes: str | os.PathLike[str] | Iterable[str]) -> Project:
        """Changes fields and logs each; the id stays. What is changed in one call is undone in one.

        They are name, root, client, phase, stack, tags, notes, protection and components.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: no such field, not a value for it, or a name or root that another project has.
        """
        action = self._new_id() if len(changes) > 1 else ""
        return self._change({self.get(project).id: changes}, action=action).projects[0]

    def reorganise(self, changes: Mapping[ProjectKey, Values]) -> Reorganisation:
        """Changes fields of several projects at once, as `update` does of one; `undo_reorganisation` takes all back.

        Everything is checked before anything is written, so projects may swap names.

        Raises:
            UnknownProject, InvalidArgument: as `update`; nothing was changed.
            VaultBusy, StorageFull, StorageError: some of the changes were written, or none: give them again.
        """
        if not isinstance(changes, Mapping) or not changes:
            raise InvalidArgument("give the changes of each project: {project: {field: value}}")
        return self._change({self.get(key).id: values for key, values in changes.items()}, action=self._new_id())

    def undo(self, project: ProjectKey, change: ProjectChange | None = None) -> Project:
        """Takes the newest change of a project back, or a `change` of its log; the undoing is itself logged.

        So undoing twice is redoing: the second one takes the first back. Earlier changes are taken back by naming them.
        Changes that were made together are taken back together, in this project; what a look at its folder told, or a
        rule gave, is nobody's change.

        Raises:
            InvalidArgument: there is nothing to undo, or another project has that name or root by now.
        """
        found, log = self._documents.entry(self.get(project).id)
        if change is not None and change not in log:
            raise InvalidArgument(f"project {found.name!r} has no such change in its log")
        back = (change,) if change is not None else to_take_back(log)
        if not back:
            raise InvalidArgument(f"project {found.name!r} has no change to undo")
        action = self._new_id() if len(back) > 1 else ""
        return self._take_back({found.id: back}, action).projects[0]

    def undo_reorganisation(self, made: Reorganisation | str) -> Reorganisation:
        """Takes all changes back that were made together: of a reorganisation, a split or a merge. Undoing is one, too.

        Raises:
            InvalidArgument: no such reorganisation, or another project has a name or root by now.
        """
        action = made.action if isinstance(made, Reorganisation) else made
        logs = {found.id: log for found, log in self._documents.entries()}
        back = {one: tuple(c for c in reversed(log) if c.action == action and not c.by) for one, log in logs.items()}
        back = {one: found for one, found in back.items() if found}
        if not back or not action:
            raise InvalidArgument("no changes were made together under that name")
        return self._take_back(back, self._new_id())

    def phases(self, project: ProjectKey) -> tuple[PhaseSpan, ...]:
        """The phases a project went through, oldest first, and when; the last one is its present one."""
        return phases_of(*self._documents.entry(self.get(project).id))

    def look_again(self, project: ProjectKey) -> Project:
        """Detects a project's stack, and the tags that rules give it, anew; every backup that finds a change does so.

        A stack that somebody set stays. Where its folder is, and its repository's other side, is never changed here:
        see `proposals`.

        Raises:
            UnknownProject: no such project.
            VaultBusy, StorageFull, StorageError: all is as it was.
        """
        found, log = self._documents.entry(self.get(project).id)
        look = self._surroundings.look(Path(found.root))
        if look is None:
            return found
        detected: dict[str, str | tuple[str, ...]] = {"versions": look.versions}
        if not any(change.field == "stack" and not change.by for change in log):
            detected["stack"] = look.stack
        if not found.remotes:
            detected["remotes"] = look.remotes
        after, new = edited(found, self._clock(), detected, by="detected")
        tags = self._documents.organisation().tags_for(after, look.branch)
        after, given = edited(after, self._clock(), {"auto_tags": tags}, by="rule")
        if new or given:
            self._write(((after, log + new + given),))
        return after

    def find(self, *, client: str = "", stack: str = "", phase: str = "", tag: str = "") -> tuple[Project, ...]:
        """The projects that fit all that is given, by name. Tags that rules gave count as others do."""
        check_texts(client=client, stack=stack, phase=phase, tag=tag)
        return chosen(self, client=client, stack=stack, phase=phase, tag=tag)

    def browse(
        self,
        by: Collection[str] = ("client",),
        *,
        view: str = "",
        client: str = "",
        stack: str = "",
        phase: str = "",
        tag: str = "",
    ) -> tuple[Group, ...]:
        """Projects in groups within groups: `by` is any order of "client", "stack", "phase", "tag" and "time".

        Only those that fit what is given are shown. With `view` the order, and what is not given, are a saved view's.

        Raises:
            InvalidArgument: no such order, or no such view.
        """
        check_texts(view=view, client=client, stack=stack, phase=phase, tag=tag)
        if view:
            saved = self.views.get(view)
            by = saved.by
            client, stack = client or saved.client, stack or saved.stack
            phase, tag = phase or saved.phase, tag or saved.tag
        check_orders(by)
        shown = self.find(client=client, stack=stack, phase=phase, tag=tag)
        return grouped(shown, tuple(by), self._last_ns)

    def relate(self, project: ProjectKey, kind: RelationKind | str, other: ProjectKey) -> Project:
        """Records that a project is "successor of", "split from", "merged into" or "shares code with" another one.

        Relations go by identity: moving, renaming, splitting and merging leave them alone.

        Raises:
            UnknownProject, InvalidArgument: no such project or kind, or the project itself.
        """
        found, wanted = self.get(project), self.get(other)
        return self._change({found.id: {"relations": with_relation(found, kind_of(kind), wanted.id)}}).projects[0]

    def unrelate(self, project: ProjectKey, kind: RelationKind | str, other: ProjectKey) -> Project:
        """Takes a recorded relation away; one that is not there is passed over.

        Raises:
            UnknownProject, InvalidArgument: as `relate`.
        """
        found, wanted = self.get(project), self.get(other)
        return self._change({found.id: {"relations": without_relation(found, kind_of(kind), wanted.id)}}).projects[0]

    def relations(
        self, project: ProjectKey, *, code: bool = False, across_clients: bool = False
    ) -> tuple[Relation, ...]:
        """What is recorded of a project, seen from both sides; with `code` also the projects that it shares code with.

        These are found by what was analysed, and of other clients only with `across_clients`.

        Raises:
            UnknownProject: no such project.
            IndexDamaged: run `rebuild()`.
        """
        found = self.get(project)
        told = relations_of(found, self)
        shared = self._surroundings.sharing(found.id, across_clients=across_clients) if code else {}
        counted = (
            Relation(project=found.id, kind=RelationKind.SHARES_CODE_WITH, other=other, symbols=count)
            for other, count in sorted(shared.items(), key=lambda item: (-item[1], item[0]))
        )
        rest = (one for one in told if one.kind is not RelationKind.SHARES_CODE_WITH or one.other not in shared)
        return (*rest, *counted)

    def split(self, project: ProjectKey, folder: str | os.PathLike[str], *, name: str = "") -> Project:
        """Makes a part of a project one of its own: a folder in it, or one moved out of it under its name.

        The new project has the old one's client, phase and tags, and is "split from" it; its backups begin now, and
        earlier versions stay where they are. A component with that folder becomes the project.

        Raises:
            UnknownProject, InvalidArgument: as `add`, or the folder is no part of it.
        """
        old = self.get(project)
        root = _absolute(Path(old.root, os.path.expanduser(checked_path(folder))))
        inside = root.relative_to(old.root).as_posix() if root.is_relative_to(old.root) else ""
        if not inside and not self._documents.had_folder(old, root.name):
            raise InvalidArgument(
                f"{root} is no part of {old.name!r}: give a folder in it, or one that was moved from it"
            )
        part = next((known for known, place in old.parts.items() if place == inside), "")
        new = self.add(root, name=name or part, client=old.client, phase=old.phase, tags=old.tags)
        action = self._new_id()
        rest = {known: place for known, place in old.parts.items() if known != part}
        changes: dict[ProjectId, Values] = {new.id: {"relations": with_relation(new, RelationKind.SPLIT_FROM, old.id)}}
        if part:
            changes[old.id] = {"components": _components(rest)}
        return next(one for one in self._change(changes, action=action).projects if one.id == new.id)

    def merge(self, project: ProjectKey, into: ProjectKey) -> Reorganisation:
        """Records that a project has become part of another one, which takes over its tags and relations.

        Its backups stay its own, and can be restored as ever.

        Raises:
            UnknownProject, InvalidArgument: no such project, or one into itself.
        """
        gone, rest = self.get(project), self.get(into)
        if gone.id == rest.id:
            raise InvalidArgument(f"project {gone.name!r} cannot be merged into itself")
        taken = (one for one in (*rest.relations, *gone.relations) if not one.endswith((f":{rest.id}", f":{gone.id}")))
        changes: dict[ProjectId, Values] = {
            gone.id: {"relations": with_relation(gone, RelationKind.MERGED_INTO, rest.id)},
            rest.id: {"relations": tuple(sorted(set(taken))), "tags": (*rest.tags, *gone.tags)},
        }
        for other in self:
            if other.id not in changes and any(one.endswith(f":{gone.id}") for one in other.relations):
                anew = {*other.relations, *pointed_anew(other.relations, gone.id, rest.id)}
                changes[other.id] = {"relations": tuple(sorted(anew))}
        return self._change(changes, action=self._new_id())

    def proposals(
        self, project: ProjectKey | None = None, *, within: Collection[str | os.PathLike[str]] = ()
    ) -> tuple[Proposal, ...]:
        """What seems to have changed and nobody has said: folders that were moved, repositories with a new address.

        A project whose folder is gone is looked for beside the known ones and `within` the folders given: it is known
        again by its files' content and its repository. Nothing is changed; `accept` does it. Surest first.

        Raises:
            UnknownProject: no such project.
        """
        if isinstance(within, str | os.PathLike):
            raise InvalidArgument("within is a collection of folders")
        wanted = tuple(self) if project is None else (self.get(project),)
        found = self._surroundings.proposals(wanted, [_absolute(folder) for folder in within])
        return tuple(sorted(found, key=lambda one: (-one.confidence, one.project.name, str(one.after))))

    def accept(self, proposal: Proposal) -> Project:
        """Makes what was proposed so, as a change that is logged and can be undone.

        Raises:
            UnknownProject, InvalidArgument: as `update`, or the project has changed since.
        """
        check_type("proposal", proposal, Proposal)
        found = self.get(proposal.project)
        if getattr(found, proposal.field) != proposal.before:
            raise InvalidArgument(f"project {found.name!r} was changed since this was proposed: look again")
        return self._change({found.id: {proposal.field: proposal.after}}).projects[0]

    def import_history(
        self, project: ProjectKey, *, progress: ProgressCallback | None = None, cancel: CancelToken | None = None
    ) -> ImportedHistory:
        """Reads the commits of a project's repository that the vault does not know yet: they become versions too.

        Once `vault.analyse()` has understood them, searches, histories, versions and `vault.symbols()` answer over
        commits and snapshots alike; `vault.repositories.timeline()` tells both. No content is stored: what was
        understood of it outlives the repository, its text does not. What cannot be read is one of `.problems`.

        Raises:
            UnknownProject: no such project.
            RepositoryUnreadable: it has no repository, or one that is damaged or not to be trusted.
            VaultBusy, StorageFull, StorageError: nothing was kept.
            Cancelled: the token was set; nothing was kept.
        """
        if self._importer is None:
            raise InvalidArgument("these projects belong to no vault that could read commits")
        return self._importer(self.get(project), Reporter(progress, cancel))

    def log(self, project: ProjectKey) -> tuple[ProjectChange, ...]:
        """All changes of a project, oldest first."""
        return self._documents.entry(self.get(project).id)[1]

    def get(self, key: ProjectKey) -> Project:
        """The project with that id, name or root folder.

        Raises:
            UnknownProject: there is none.
        """
        if isinstance(key, Project):
            return self._documents.entry(key.id)[0]
        if not isinstance(key, (str, os.PathLike)):
            raise InvalidArgument(f"{key!r} is no project: give one, its id, name or root folder")
        wanted = os.fspath(key)
        everything = tuple(self)
        for project in everything:
            if wanted in (project.id, project.name):
                return project
        folder = str(_absolute(wanted))
        for project in everything:
            if project.root == folder:
                return project
        names = ", ".join(sorted(project.name for project in everything)) or "none yet"
        raise UnknownProject(f"no project {wanted!r} in this vault; it has: {names}")

    def containing(self, path: str | os.PathLike[str]) -> tuple[Project, str]:
        """The innermost project that holds `path`, and the path relative to its root ("" for the root).

        Raises:
            UnknownProject: the path lies in no project.
        """
        absolute = _absolute(path)
        plain = os.path.abspath(os.path.expanduser(path))
        itself = _absolute(os.path.dirname(plain)) / os.path.basename(plain)
        everything = tuple(self)
        if any(_lies_in(itself, project.root) for project in everything):
            absolute = itself  # a link in a project is that project's, wherever it leads
        owners = [project for project in everything if _lies_in(absolute, project.root)]
        if not owners:
            raise UnknownProject(f"{absolute} lies in no project of this vault; projects.add() registers its root")
        owner = max(owners, key=lambda project: len(project.root))
        relative = absolute.relative_to(owner.root).as_posix()
        return owner, "" if relative == "." else relative

    def __iter__(self) -> Iterator[Project]:
        """All projects, by name. One whose document is damaged is left out; `verify()` names it."""
        return (project for project, _ in self._documents.entries())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _change(self, changes: Mapping[ProjectId, Values], *, action: str = "") -> Reorganisation:
        """Applies changes by project, all checked before any is written."""
        now = self._clock()
        organisation = self._documents.organisation()
        entries: list[Entry] = []
        after: list[Project] = []
        for project, values in changes.items():
            found, log = self._documents.entry(project)
            plain = {field: _value(field, value) for field, value in values.items()}
            changed, new = edited(found, now, plain, action=action)
            if organisation.rules and new:
                branch = self._surroundings.branch(Path(changed.root))
                tags = changed.auto_tags if branch is None else organisation.tags_for(changed, branch)
                changed, given = edited(changed, now, {"auto_tags": tags}, by="rule")
                new += given
            after.append(changed)
            entries += [(changed, log + new)] if new else []
        if entries:
            self._check(tuple(project for project, _ in entries))
            self._write(entries)
        return Reorganisation(action=action, projects=tuple(after))

    def _take_back(self, back: Mapping[ProjectId, Iterable[ProjectChange]], action: str) -> Reorganisation:
        return self._change(
            {project: {change.field: change.before for change in changes} for project, changes in back.items()},
            action=action,
        )

    def _apply_rules(self) -> None:
        """Gives every project the tags that rules give it now."""
        now = self._clock()
        organisation = self._documents.organisation()
        entries: list[Entry] = []
        for project, log in self._documents.entries():
            branch = self._surroundings.branch(Path(project.root))
            if branch is not None:
                after, new = edited(project, now, {"auto_tags": organisation.tags_for(project, branch)}, by="rule")
                entries += [(after, log + new)] if new else []
        if entries:
            self._write(entries)

    def _last_ns(self, project: Project) -> int:
        last = self._documents.last_backup_ns(project.id)
        return project.created_ns if last is None else last

    def _check(self, projects: Collection[Project]) -> None:
        vault = _absolute(self._documents.vault)
        for project in projects:
            if Path(project.root).is_relative_to(vault):
                raise InvalidArgument(f"{project.root} lies in the vault itself")
            try:
                from_document(to_document(project, ()))
            except ValueError as exc:
                raise InvalidArgument(f"a project's {exc}") from exc
            check_texts(name=project.name, client=project.client, phase=project.phase, notes=project.notes)
            _check_lines(project)
        changed = {project.id for project in projects}
        others = [other for other in self if other.id not in changed]
        roots = {other.root: other for other in others}
        names = {other.name: other for other in others}
        for project in projects:
            if project.root in roots:
                raise InvalidArgument(f"{project.root} is already project {roots[project.root].name!r}")
            if project.name in names:
                where = names[project.name].root
                raise InvalidArgument(f"there is already a project named {project.name!r} at {where}; give name=")
            roots[project.root] = names[project.name] = project

    def _write(self, entries: Collection[Entry]) -> None:
        self._documents.write(entries)
        projects = [project for project, _ in entries]
        if self._all_changed is not None:
            self._all_changed(projects)
        for project in projects:
            self._changed(project)


def _check_lines(project: Project) -> None:
    """What stands in lists, reports and folder names is one line. Notes may be longer."""
    lines = {"name": (project.name,), "client": (project.client,), "phase": (project.phase,), "tags": project.tags}
    for field, texts in lines.items():
        if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for text in texts for letter in text):
            raise InvalidArgument(f"a project's {field} is one line without control characters, not {texts!r}")


def _lies_in(path: Path, root: str) -> bool:
    """As `Path.is_relative_to`, for paths that are absolute and plain, at a tenth of its cost."""
    text = str(path)
    return text == root or text.startswith(root.rstrip(os.sep) + os.sep)


def _absolute(path: str | os.PathLike[str]) -> Path:
    # Links in the path are resolved for identity; a project root that is itself a link names its target.
    return Path(os.path.realpath(os.path.expanduser(checked_path(path))))


def _names(folder: Path) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return ()  # what cannot be listed now is the next backup's to report


def _value(field: str, value: object) -> str | tuple[str, ...]:
    if field not in EDITABLE | {"relations", "remotes", "versions", "auto_tags"}:
        edited_fields = ", ".join(sorted(EDITABLE))
        raise InvalidArgument(f"a project has no editable field {field!r}; there are {edited_fields}")
    if field == "components":
        return _components(value)
    if field in LISTS:
        return _tags(value)  # type: ignore[arg-type]  # anything else than texts is refused there
    if field == "root" and isinstance(value, str | os.PathLike):
        return str(_absolute(value))
    if not isinstance(value, str):
        raise InvalidArgument(f"{field} is one text, not {value!r}")
    if field == "name" and not value.strip():
        raise InvalidArgument("a project's name is not empty")
    return value


def _components(value: object) -> tuple[str, ...]:
    """Texts "name=folder", by name: from a mapping, or as they stand in the log."""
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        value = dict(one.partition("=")[::2] for one in value)
    if not isinstance(value, Mapping):
        raise InvalidArgument("components are folders by name: {'api': 'services/api'}")
    found = []
    for name, folder in value.items():
        check_texts(name=name, folder=folder)
        place = Path(os.path.normpath(folder)).as_posix()
        if not name or "=" in name or place.startswith(("/", "../")) or place in {"..", "."}:
            raise InvalidArgument(f"{name!r}: {folder!r} is no component: give a name without =, and a folder below")
        found.append(f"{name}={place}")
    return tuple(sorted(found))


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str | os.PathLike) or not isinstance(tags, Iterable):
        raise InvalidArgument("give a collection of texts, not one text")
    found = tuple(tags)
    if not all(isinstance(tag, str) for tag in found):
        raise InvalidArgument("give a collection of texts")
    return tuple(sorted(set(found)))
