"""The projects of a vault: `vault.projects`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from codevault.errors import InvalidArgument, RecordDamaged, UnknownProject
from codevault.ids import ProjectId
from codevault.projects.model import Project, ProjectChange, edited, from_document, to_document
from codevault.projects.stack import detect_stack
from codevault.store.store import Store

ProjectKey = Project | ProjectId | str | os.PathLike[str]


class Projects:
    """Registers projects and finds them by id, name or path. Every change is written at once, with its log."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        changed: Callable[[Project], None] = lambda _project: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._changed = changed

    def add(
        self,
        root: str | os.PathLike[str],
        *,
        name: str = "",
        client: str = "",
        phase: str = "",
        tags: Iterable[str] = (),
        notes: str = "",
    ) -> Project:
        """Registers the folder `root` as a project; its stack is detected from the names in it.

        Raises:
            InvalidArgument: not a folder, inside the vault, or already a project (by root or name).
            VaultBusy: a backup is being written.
        """
        folder = _absolute(root)
        if not folder.is_dir():
            raise InvalidArgument(f"{folder} is not a folder; give the root folder of a project")
        if folder.is_relative_to(_absolute(self._store.root)):
            raise InvalidArgument(f"{folder} lies in the vault itself")
        chosen = name or folder.name
        for other in self:
            if other.root == str(folder):
                raise InvalidArgument(f"{folder} is already project {other.name!r}")
            if other.name == chosen:
                raise InvalidArgument(f"there is already a project named {chosen!r} at {other.root}; give name=")
        project = Project(
            id=ProjectId(self._new_id()),
            name=chosen,
            root=str(folder),
            client=client,
            phase=phase,
            stack=detect_stack(os.listdir(folder)),
            tags=_tags(tags),
            notes=notes,
            created_ns=self._clock(),
        )
        self._write(project, ())
        return project

    def update(self, project: ProjectKey, **changes: str | Iterable[str]) -> Project:
        """Changes fields (name, root, client, phase, stack, tags, notes) and logs each; the id stays.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: no such field.
        """
        found, log = self._entry(self.get(project).id)
        values = {field: value if isinstance(value, str) else _tags(value) for field, value in changes.items()}
        if "root" in values:
            values["root"] = str(_absolute(str(values["root"])))
        after, new = edited(found, self._clock(), **values)
        if new:
            self._write(after, log + new)
        return after

    def undo(self, project: ProjectKey) -> Project:
        """Takes the newest logged change of a project back; the undoing is itself logged.

        Raises:
            InvalidArgument: there is nothing to undo.
        """
        found, log = self._entry(self.get(project).id)
        if not log:
            raise InvalidArgument(f"project {found.name!r} has no change to undo")
        last = log[-1]
        after, new = edited(found, self._clock(), **{last.field: last.before})
        self._write(after, log + new)
        return after

    def log(self, project: ProjectKey) -> tuple[ProjectChange, ...]:
        """All changes of a project, oldest first."""
        return self._entry(self.get(project).id)[1]

    def get(self, key: ProjectKey) -> Project:
        """The project with that id, name or root folder.

        Raises:
            UnknownProject: there is none.
        """
        if isinstance(key, Project):
            return self._entry(key.id)[0]
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
        owners = [project for project in self if absolute.is_relative_to(project.root)]
        if not owners:
            raise UnknownProject(f"{absolute} lies in no project of this vault; projects.add() registers its root")
        owner = max(owners, key=lambda project: len(project.root))
        relative = absolute.relative_to(owner.root).as_posix()
        return owner, "" if relative == "." else relative

    def __iter__(self) -> Iterator[Project]:
        """All projects, by name."""
        found = [_decoded(self._store.root, name, document)[0] for name, document in self._store.documents().items()]
        return iter(sorted(found, key=lambda project: (project.name, project.id)))

    def __len__(self) -> int:
        return len(self._store.documents())

    def _entry(self, project: ProjectId) -> tuple[Project, tuple[ProjectChange, ...]]:
        document = self._store.documents().get(project)
        if document is None:
            raise UnknownProject(f"no project {project!r} in this vault")
        return _decoded(self._store.root, project, document)

    def _write(self, project: Project, log: tuple[ProjectChange, ...]) -> None:
        with self._store.writer() as writer:
            writer.put_document(project.id, to_document(project, log))
        self._changed(project)


def _decoded(root: Path, name: str, document: object) -> tuple[Project, tuple[ProjectChange, ...]]:
    try:
        return from_document(document)  # type: ignore[arg-type]  # whatever it is, it is checked field by field
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise RecordDamaged(root / "projects" / f"{name}.json", str(exc)) from exc


def _absolute(path: str | os.PathLike[str]) -> Path:
    # Links in the path are resolved for identity; a project root that is itself a link names its target.
    return Path(os.path.realpath(os.path.expanduser(path)))


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise InvalidArgument("tags is a collection of texts, not one text")
    return tuple(sorted(set(tags)))
