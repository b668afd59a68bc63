"""Lets projects evolve: which files a step touches, which operators it applies to them, what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from corpora.generator import edits
from corpora.generator.code import symbols
from corpora.generator.edits import Desk
from corpora.generator.measured import HISTORY_PROFILE
from corpora.generator.profile import Draw
from corpora.generator.projects import Corpus, Entry, Project, manifest, path_in, readme
from corpora.generator.syntax import IN_TYPES
from corpora.generator.truth import Event, FileChange, Operator, Step
from corpora.generator.vocabulary import file_stem, pick

FILES_A_FOUNDING_STEP = 400
"""How many files a founding step brings at most: what is held in memory at once."""

_FILES_PER_STEP = Draw(HISTORY_PROFILE.files_per_step)
_RESTORES_AMONG_ADDS = 0.25
_ANOTHER_EDIT = 0.3
_MOST_EDITS = 4

# How often which edit is made to a touched file is our choice: no corpus at hand records it.
_EDITS: tuple[tuple[Callable[[Desk], bool], int], ...] = (
    (edits.edit_body, 42),
    (edits.add_symbol, 11),
    (edits.change_comment, 9),
    (edits.change_signature, 8),
    (edits.rename_symbol, 6),
    (edits.delete_symbol, 5),
    (edits.extract_function, 5),
    (edits.move_symbol, 4),
    (edits.copy_function, 4),
    (edits.restore_symbol, 3),
    (edits.reformat, 3),
)
_CHOICES = tuple(edit for edit, weight in _EDITS for _ in range(weight))


def founding(corpus: Corpus) -> Iterator[Step]:
    """The steps that bring every project's files, project after project; memory is bounded by one step."""
    number = 0
    for project in corpus.projects:
        changes = [
            FileChange(project=project.name, path="README.md", content=readme(project)),
            FileChange(project=project.name, path=project.making.syntax.manifest, content=manifest(project)),
        ]
        events = [
            Event(step=number, operator=Operator.ADD_FILE, project=project.name, path=change.path) for change in changes
        ]
        for position in range(project.size):
            change, event = _added(corpus, project, corpus.found(project), number, Operator.ADD_FILE)
            changes.append(change)
            events.append(event)
            if len(changes) >= FILES_A_FOUNDING_STEP or position == project.size - 1:
                yield Step(number=number, founding=True, changes=tuple(changes), events=tuple(events))
                number += 1
                changes, events = [], []


def _added(corpus: Corpus, project: Project, entry: Entry, number: int, operator: Operator) -> tuple[FileChange, Event]:
    file = corpus.source(entry)
    names = tuple(found.name for found in symbols(file.items))
    content = corpus.content(entry, file)
    return (
        FileChange(project=project.name, path=entry.path, content=content),
        Event(step=number, operator=operator, project=project.name, path=entry.path, symbols=names),
    )


def evolving(corpus: Corpus, first: int, steps: int) -> Iterator[Step]:
    """`steps` steps from number `first` on; each is one commit's worth of work in one project."""
    for number in range(first, first + steps):
        random = Random(f"{corpus.seed}:step:{number - first}")
        project = corpus.projects[int(random.random() * len(corpus.projects))]
        work = _Work(corpus, random, project, number)
        work.run()
        yield Step(number=number, founding=False, changes=work.changes(), events=tuple(work.events))


@dataclass(slots=True)
class _Work:
    """One step in the making."""

    corpus: Corpus
    random: Random
    project: Project
    number: int
    desks: dict[tuple[int, str], Desk] = field(default_factory=dict)
    whole: dict[tuple[str, str], FileChange] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def run(self) -> None:
        """Touch as many files as the drawn number says; a big project's step may touch many."""
        for _ in range(min(_FILES_PER_STEP.at(self.random.random()), 1 + len(self.project.entries) // 2)):
            share = self.random.random() - HISTORY_PROFILE.added
            if share < 0:
                self._add_file()
            elif (share := share - HISTORY_PROFILE.deleted) < 0:
                self._delete_file()
            elif share - HISTORY_PROFILE.renamed < 0:
                self._rename_file()
            else:
                self._edit_file()

    def changes(self) -> tuple[FileChange, ...]:
        """What became of every touched file; files that were only looked at are left out."""
        edited = []
        for desk in self.desks.values():
            content = desk.closed()
            if content is not None:
                edited.append(FileChange(project=desk.project.name, path=desk.entry.path, content=content))
        return (*self.whole.values(), *edited)

    def desk(self, project: Project, position: int) -> Desk | None:
        """The file of that position on the desk; `None` when the whole file was changed in this step."""
        entry = project.entries[position]
        if (project.name, entry.path) in self.whole:
            return None
        key = (project.position, entry.path)
        if key not in self.desks:
            self.desks[key] = Desk(self, self.corpus, project, position, self.corpus.source(entry))
        desk = self.desks[key]
        return None if desk.sealed else desk

    def another(self, project: Project, not_this: str) -> Desk | None:
        """Some other file of the project, on the desk."""
        if not project.entries:
            return None
        position = int(self.random.random() * len(project.entries))
        return None if project.entries[position].path == not_this else self.desk(project, position)

    def record(self, event: Event) -> None:
        """Note an event of this step."""
        self.events.append(replace(event, step=self.number))

    def was_there_before(self, project: Project, path: str, name: str) -> bool:
        """Whether nothing happened to a symbol of that file and name in this step."""
        desk = self.desks.get((project.position, path))
        return desk is None or name not in desk.touched

    def _edit_file(self) -> None:
        entries = self.project.entries
        if not entries:
            self._add_file()
            return
        share = self.random.random()
        desk = self.desk(self.project, int(share * share * len(entries)))  # some files change much more often
        if desk is None:
            return
        done = 0
        while not desk.sealed and done < _MOST_EDITS and (done == 0 or self.random.random() < _ANOTHER_EDIT):
            if not pick(self.random, _CHOICES)(desk) and not edits.edit_body(desk) and not edits.add_symbol(desk):
                break
            done += 1

    def _untouched(self) -> int | None:
        """The position of a file that this step has not touched yet, if one try finds it."""
        entries = self.project.entries
        if len(entries) < 3:
            return None
        position = int(self.random.random() * len(entries))
        path = entries[position].path
        touched = (self.project.position, path) in self.desks or (self.project.name, path) in self.whole
        return None if touched else position

    def _add_file(self) -> None:
        project = self.project
        gone = project.gone_files
        deleted_before = bool(gone) and (project.name, gone[-1].path) not in self.whole
        if deleted_before and self.random.random() < _RESTORES_AMONG_ADDS:
            entry = gone.pop()
            project.entries.append(entry)
            operator = Operator.RESTORE_FILE
        else:
            entry = self.corpus.add_new(self.random, project)
            operator = Operator.ADD_FILE
        change, event = _added(self.corpus, project, entry, self.number, operator)
        self.whole[project.name, entry.path] = change
        self.events.append(event)

    def _delete_file(self) -> None:
        position = self._untouched()
        if position is None:
            self._edit_file()
            return
        project = self.project
        entry = self._removed(position)
        project.gone_files.append(entry)
        names = tuple(found.name for found in symbols(self.corpus.source(entry).items))
        self.whole[project.name, entry.path] = FileChange(project=project.name, path=entry.path, content=None)
        self.record(
            Event(
                step=0,
                operator=Operator.DELETE_FILE,
                project=project.name,
                path="",
                from_project=project.name,
                from_path=entry.path,
                symbols=names,
            )
        )

    def _removed(self, position: int) -> Entry:
        entry = self.project.entries.pop(position)
        for desk in self.desks.values():
            if desk.project is self.project and desk.position > position:
                desk.position -= 1
        return entry

    def _rename_file(self) -> None:
        position = self._untouched()
        if position is None:
            self._edit_file()
            return
        project = self.project
        entry = project.entries[position]
        folder, _, _ = entry.path.rpartition("/")
        if self.random.random() < 0.5 or project.language in IN_TYPES:
            folder = pick(self.random, project.folders)
        path = path_in(project, folder, entry, file_stem(self.random))
        if path in project.paths:
            return
        project.paths.add(path)
        project.entries[position] = entry._replace(path=path)
        content = self.corpus.content(entry, self.corpus.source(entry))
        self.whole[project.name, entry.path] = FileChange(project=project.name, path=entry.path, content=None)
        self.whole[project.name, path] = FileChange(project=project.name, path=path, content=content)
        self.record(
            Event(
                step=0,
                operator=Operator.RENAME_FILE,
                project=project.name,
                path=path,
                from_project=project.name,
                from_path=entry.path,
            )
        )
