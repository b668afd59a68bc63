"""The documents under projects/: read once for as long as they stay as they are, written several at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from codevault.errors import InvalidArgument, RecordDamaged, UnknownProject
from codevault.ids import ProjectId
from codevault.projects.model import Project, ProjectChange, from_document, to_document
from codevault.projects.organisation import DOCUMENT, Organisation, organisation_from, organisation_to
from codevault.store.layout import is_project
from codevault.store.store import Store

_TICK_NS = 2_000_000_000
"""Longer than the steps of any file system's clock."""

Entry = tuple[Project, tuple[ProjectChange, ...]]


class Documents:
    """Projects with their logs, and what organises them. What another process wrote is seen at the next call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoded: dict[str, tuple[object, Entry]] = {}
        self._listed: tuple[int, tuple[Entry, ...]] = (0, ())

    @property
    def vault(self) -> Path:
        """The vault's folder."""
        return self._store.root

    def entries(self) -> Iterator[Entry]:
        """All projects that can be read, by name. While the folder stays as it is, nothing is read again."""
        stamp = self._stamp()
        if stamp and stamp == self._listed[0]:
            yield from self._listed[1]
            return
        began = time.time_ns()
        found = []
        for name, document in self._store.documents().items():
            if is_project(name) or "id" in document:
                with suppress(RecordDamaged):
                    found.append(self._entry(name, document))
        entries = tuple(sorted(found, key=lambda entry: (entry[0].name, entry[0].id)))
        if stamp + _TICK_NS < began:  # else it may yet change, and have the same time
            self._listed = (stamp, entries)
        yield from entries

    def _stamp(self) -> int:
        """When a document was last replaced; 0 where no disk tells."""
        try:
            return os.stat(self._store.root / "projects").st_mtime_ns
        except OSError:
            return 0

    def entry(self, project: ProjectId) -> Entry:
        """One project.

        Raises:
            UnknownProject: there is none with that id.
            RecordDamaged: its document was changed.
        """
        try:
            document = self._store.document(project)
        except InvalidArgument as exc:
            raise UnknownProject(f"no project {project!r} in this vault") from exc
        return self._entry(project, document)

    def write(self, entries: Iterable[Entry]) -> None:
        """Replaces documents, in one turn of the writer; each is whole, and durable on return.

        Raises:
            VaultBusy, StorageFull, StorageError: some are replaced, or none.
        """
        with self._store.writer() as writer:
            for project, log in entries:
                writer.put_document(project.id, to_document(project, log))

    def organisation(self) -> Organisation:
        """Saved views and rules for tags.

        Raises:
            RecordDamaged: their document was changed.
        """
        try:
            document = self._store.document(DOCUMENT)
        except InvalidArgument:
            return Organisation()
        try:
            return organisation_from(document)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise RecordDamaged(self._store.root / "projects" / f"{DOCUMENT}.json", str(exc)) from exc

    def write_organisation(self, organisation: Organisation) -> None:
        """Replaces it.

        Raises:
            VaultBusy, StorageFull, StorageError: the old one stays.
        """
        with self._store.writer() as writer:
            writer.put_document(DOCUMENT, organisation_to(organisation))

    def had_folder(self, project: Project, name: str) -> bool:
        """True when a part of the project is called so, or a folder in its newest snapshot. Linear in its paths."""
        if any(place.rpartition("/")[2] == name for place in project.parts.values()):
            return True
        newest = self._store.newest(project.id)
        return newest is not None and any(
            name in entry.path.split("/")[:-1] for entry in self._store.manifest(newest) if name in entry.path
        )

    def last_backup_ns(self, project: ProjectId) -> int | None:
        """When its newest snapshot was made, None without one."""
        newest = self._store.newest(project)
        return None if newest is None else newest.created_ns

    def _entry(self, name: str, document: Mapping[str, Any]) -> Entry:
        known = self._decoded.get(name)
        if known is not None and known[0] is document:
            return known[1]
        try:
            found = from_document(document)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise RecordDamaged(self._store.root / "projects" / f"{name}.json", str(exc)) from exc
        self._decoded[name] = (document, found)
        return found
