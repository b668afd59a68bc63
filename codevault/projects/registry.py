"""The projects of a vault: `vault.projects`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from codevault.arguments import check_texts, checked_path
from codevault.errors import InvalidArgument, RecordDamaged, UnknownProject
from codevault.ids import ProjectId
from codevault.jobs import CancelToken, ProgressCallback, Reporter
from codevault.projects.model import (
    Project,
    ProjectChange,
    Protection,
    edited,
    from_document,
    protection_of,
    to_document,
)
from codevault.projects.stack import detect_stack
from codevault.store.store import Store

if TYPE_CHECKING:
    from codevault.commits import ImportedHistory

ProjectKey = Project | ProjectId | str | os.PathLike[str]


class Projects:
    """Registers projects and finds them by id, name or path. Every change is written at once, with its log."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        changed: Callable[[Project], None] = lambda _project: None,
        importer: Callable[[Project, Reporter], ImportedHistory] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._changed = changed
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
    ) -> Project:
        """Registers the folder `root` as a project; its stack is detected from the names in it.

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
            stack=detect_stack(_names(folder)),
            tags=_tags(tags),
            notes=notes,
            protection=protection_of(protection),
            created_ns=self._clock(),
        )
        self._check(project)
        self._write(project, ())
        return project

    def update(self, project: ProjectKey, **changes: str | os.PathLike[str] | Iterable[str]) -> Project:
        """Changes fields (name, root, client, phase, stack, tags, notes, protection) and logs each; the id stays.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: no such field, not a value for it, or a name or root that another project has.
        """
        found, log = self._entry(self.get(project).id)
        values = {field: _value(field, value) for field, value in changes.items()}
        after, new = edited(found, self._clock(), **values)
        if new:
            self._check(after)
            self._write(after, log + new)
        return after

    def undo(self, project: ProjectKey) -> Project:
        """Takes the newest logged change of a project back; the undoing is itself logged.

        Raises:
            InvalidArgument: there is nothing to undo, or another project has that name or root by now.
        """
        found, log = self._entry(self.get(project).id)
        if not log:
            raise InvalidArgument(f"project {found.name!r} has no change to undo")
        last = log[-1]
        after, new = edited(found, self._clock(), **{last.field: last.before})
        self._check(after)
        self._write(after, log + new)
        return after

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
        return self._entry(self.get(project).id)[1]

    def get(self, key: ProjectKey) -> Project:
        """The project with that id, name or root folder.

        Raises:
            UnknownProject: there is none.
        """
        if isinstance(key, Project):
            return self._entry(key.id)[0]
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
        if any(itself.is_relative_to(project.root) for project in everything):
            absolute = itself  # a link in a project is that project's, wherever it leads
        owners = [project for project in everything if absolute.is_relative_to(project.root)]
        if not owners:
            raise UnknownProject(f"{absolute} lies in no project of this vault; projects.add() registers its root")
        owner = max(owners, key=lambda project: len(project.root))
        relative = absolute.relative_to(owner.root).as_posix()
        return owner, "" if relative == "." else relative

    def __iter__(self) -> Iterator[Project]:
        """All projects, by name. One whose document is damaged is left out; `verify()` names it."""
        found = []
        for name, document in self._store.documents().items():
            with suppress(RecordDamaged):
                found.append(_decoded(self._store.root, name, document)[0])
        return iter(sorted(found, key=lambda project: (project.name, project.id)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _entry(self, project: ProjectId) -> tuple[Project, tuple[ProjectChange, ...]]:
        try:
            document = self._store.document(project)
        except InvalidArgument as exc:
            raise UnknownProject(f"no project {project!r} in this vault") from exc
        return _decoded(self._store.root, project, document)

    def _check(self, project: Project) -> None:
        if Path(project.root).is_relative_to(_absolute(self._store.root)):
            raise InvalidArgument(f"{project.root} lies in the vault itself")
        try:
            from_document(to_document(project, ()))
        except ValueError as exc:
            raise InvalidArgument(f"a project's {exc}") from exc
        check_texts(name=project.name, client=project.client, phase=project.phase, notes=project.notes)
        for other in self:
            if other.id == project.id:
                continue
            if other.root == project.root:
                raise InvalidArgument(f"{project.root} is already project {other.name!r}")
            if other.name == project.name:
                raise InvalidArgument(f"there is already a project named {other.name!r} at {other.root}; give name=")

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
    return Path(os.path.realpath(os.path.expanduser(checked_path(path))))


def _names(folder: Path) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return ()  # what cannot be listed now is the next backup's to report


def _value(field: str, value: str | os.PathLike[str] | Iterable[str]) -> str | tuple[str, ...]:
    if field in {"stack", "tags"}:
        return _tags(value)  # type: ignore[arg-type]  # anything else than texts is refused there
    if field == "root" and isinstance(value, str | os.PathLike):
        return str(_absolute(value))
    if not isinstance(value, str):
        raise InvalidArgument(f"{field} is one text, not {value!r}")
    return value


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str | os.PathLike):
        raise InvalidArgument("give a collection of texts, not one text")
    found = tuple(tags)
    if not all(isinstance(tag, str) for tag in found):
        raise InvalidArgument("give a collection of texts")
    return tuple(sorted(set(found)))
