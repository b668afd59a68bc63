"""One edit of a file on the desk: each function applies one operator, records it, and says whether it could.

Within a step no symbol is touched twice, so that an event's names hold at the end of the step as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from corpora.generator import operators
from corpora.generator.bodies import Trade
from corpora.generator.code import Found, Function, SourceFile, Type, replaced, symbols
from corpora.generator.invention import invent_function
from corpora.generator.measured import HISTORY_PROFILE
from corpora.generator.profile import Draw
from corpora.generator.projects import Corpus, Entry, Project
from corpora.generator.syntax import IN_TYPES
from corpora.generator.truth import Event, Operator
from corpora.generator.vocabulary import functions, pick, types, variables

_LINES = Draw(HISTORY_PROFILE.lines_per_file)
_LINES_A_CHANGE = 4  # a statement put in, taken out or replaced shows as about so many added and removed lines
_MOST_CHANGES = 12
_COPIES_CHANGED = 0.3


class Bench(Protocol):
    """The step that is being made: it lends other files and takes events."""

    random: Random

    def another(self, project: Project, not_this: str) -> Desk | None:
        """Some other file of the project."""
        ...

    def record(self, event: Event) -> None:
        """Note an event of this step."""
        ...

    def was_there_before(self, project: Project, path: str, name: str) -> bool:
        """Whether nothing happened to a symbol of that file and name in this step."""
        ...


@dataclass(slots=True)
class Desk:
    """One file being edited in one step; a sealed one takes no further edits."""

    bench: Bench
    corpus: Corpus
    project: Project
    position: int
    file: SourceFile
    changed: bool = False
    sealed: bool = False
    touched: set[str] = field(default_factory=set)

    @property
    def entry(self) -> Entry:
        """The file's place in its project."""
        return self.project.entries[self.position]

    def closed(self) -> bytes | None:
        """The file's new bytes, now also the project's; `None` when nothing was changed."""
        if not self.changed:
            return None
        self.project.entries[self.position] = self.entry._replace(file=self.file)
        return self.corpus.content(self.entry, self.file)

    def trade(self) -> Trade:
        """What statements of this file are made from."""
        making = self.project.making
        calls = tuple(each.name for each in self.functions()) or ("check",)
        names = tuple(name.rpartition(".")[2] for name in calls)
        return Trade(making.syntax, variables(making.syntax.camel), names, 0.0, 0.0)

    def functions(self) -> list[Found]:
        """All functions and methods of the file."""
        return [found for found in symbols(self.file.items) if isinstance(found.symbol, Function)]

    def free(self) -> list[Found]:
        """Functions that this step has not touched."""
        return [found for found in self.functions() if not self.is_touched(found.name)]

    def is_touched(self, name: str) -> bool:
        """Whether this step did something to the symbol or to one around or inside it."""
        return any(name == each or each.startswith(f"{name}.") or name.startswith(f"{each}.") for each in self.touched)

    def simple_names(self) -> set[str]:
        """Names without their owners: all differ within a file, so that renaming one meets no other."""
        return {found.symbol.name for found in symbols(self.file.items)}

    def replace(self, found: Found, *new: Function | Type) -> None:
        """Put `new` in the place of a symbol."""
        self.file = self.file._replace(items=replaced(self.file.items, found.at, new))
        self.changed = True

    def append(self, function: Function) -> str:
        """Add a function at the end, in Java and C# of the first type; its qualified name."""
        items = self.file.items
        self.changed = True
        first = items[0] if items else None
        if self.project.language in IN_TYPES and isinstance(first, Type):
            first = first._replace(members=(*first.members, function))
            self.file = self.file._replace(items=(first, *items[1:]))
            return f"{first.name}.{function.name}"
        self.file = self.file._replace(items=(*items, function))
        return function.name

    def note(
        self,
        operator: Operator,
        name: str,
        source: tuple[str, str, str] = ("", "", ""),
        *,
        exact: bool = True,
        because: str = "",
    ) -> None:
        """Record what was done to a symbol here, `source` being project, path and name before; it counts as touched."""
        project, path, before = source
        event = Event(
            step=0,
            operator=operator,
            project=self.project.name,
            path=self.entry.path if name else "",
            name=name,
            from_project=project,
            from_path=path,
            from_name=before,
            exact=exact,
            because=because,
        )
        self.touched.update(each for each in (name, before) if each)
        self.bench.record(event)

    def here(self, name: str) -> tuple[str, str, str]:
        """A symbol of this file as the source of an event."""
        return self.project.name, self.entry.path, name

    def unused_name(self) -> str:
        """A function name that the file does not use yet."""
        taken = self.simple_names()
        vocabulary = functions(self.project.making.syntax.camel)
        name = pick(self.bench.random, vocabulary)
        while name in taken:
            name = pick(self.bench.random, vocabulary)
        return name


def _some(desk: Desk, found: list[Found]) -> Found | None:
    return pick(desk.bench.random, found) if found else None


def _change_count(desk: Desk) -> int:
    lines = _LINES.at(desk.bench.random.random())
    return min(max(lines // _LINES_A_CHANGE, 1), _MOST_CHANGES)


def _function(found: Found) -> Function:
    if not isinstance(found.symbol, Function):  # pragma: no cover - callers chose among functions
        raise TypeError(found.name)
    return found.symbol


def edit_body(desk: Desk) -> bool:
    """Statements of one function change."""
    found = _some(desk, desk.free())
    if found is None:
        return False
    new = operators.edited_body(desk.bench.random, desk.trade(), _function(found), _change_count(desk))
    desk.replace(found, new)
    desk.note(Operator.EDIT_BODY, found.name, desk.here(found.name))
    return True


def change_signature(desk: Desk) -> bool:
    """One function takes other parameters."""
    found = _some(desk, desk.free())
    if found is None:
        return False
    vocabulary = variables(desk.project.making.syntax.camel)
    desk.replace(found, operators.changed_signature(desk.bench.random, vocabulary, _function(found)))
    desk.note(Operator.CHANGE_SIGNATURE, found.name, desk.here(found.name))
    return True


def change_comment(desk: Desk) -> bool:
    """One function is documented differently."""
    found = _some(desk, desk.free())
    if found is None:
        return False
    desk.replace(found, operators.changed_comment(desk.bench.random, _function(found)))
    desk.note(Operator.CHANGE_COMMENT, found.name, desk.here(found.name))
    return True


def rename_symbol(desk: Desk) -> bool:
    """A function, or a type with all its members, gets another name; its uses in the file follow."""
    found = _some(desk, [each for each in symbols(desk.file.items) if not desk.is_touched(each.name)])
    if found is None or (desk.project.language in IN_TYPES and found.at == (0,)):
        return False  # a Java file is named by its first type
    is_type = isinstance(found.symbol, Type)
    new = _unused_type(desk) if is_type else desk.unused_name()
    desk.file = operators.renamed_symbol(desk.file, found.symbol.name, new)
    desk.changed = True
    owner, dot, _ = found.name.rpartition(".")
    outer = f"{owner}{dot}{new}"
    desk.note(Operator.RENAME_SYMBOL, outer, desk.here(found.name))
    if isinstance(found.symbol, Type):
        for member in symbols(found.symbol.members, f"{found.name}."):
            after = outer + member.name[len(found.name) :]
            desk.note(Operator.RENAME_SYMBOL, after, desk.here(member.name), because=outer)
    return True


def _unused_type(desk: Desk) -> str:
    taken = desk.simple_names()
    name = pick(desk.bench.random, types())
    while name in taken:
        name = pick(desk.bench.random, types())
    return name


def add_symbol(desk: Desk) -> bool:
    """A new function at the end of the file."""
    random, making = desk.bench.random, desk.project.making
    name = desk.unused_name()
    function = invent_function(random, making, name, (name, *desk.trade().callees), 4.0)
    if function.name in desk.simple_names():
        return False
    desk.note(Operator.ADD_SYMBOL, desk.append(function))
    return True


def delete_symbol(desk: Desk) -> bool:
    """One function goes."""
    found = _some(desk, desk.free())
    if found is None:
        return False
    desk.replace(found)
    desk.project.gone_functions.append((desk.entry.path, found.name, _function(found)))
    desk.note(Operator.DELETE_SYMBOL, "", desk.here(found.name))
    return True


def restore_symbol(desk: Desk) -> bool:
    """The function deleted last, and in another step, comes back at the end of this file, whichever it was in."""
    gone = desk.project.gone_functions
    if not gone or gone[-1][2].name in desk.simple_names() or desk.is_touched(gone[-1][1]):
        return False
    path, name, function = gone[-1]
    if not desk.bench.was_there_before(desk.project, path, name):
        return False
    gone.pop()
    desk.note(Operator.RESTORE_SYMBOL, desk.append(function), (desk.project.name, path, name))
    return True


def extract_function(desk: Desk) -> bool:
    """Some statements of a function become a function of their own, beside it."""
    found = _some(desk, desk.free())
    if found is None:
        return False
    name = desk.unused_name()
    owner, dot, _ = found.name.rpartition(".")
    prefix = desk.project.making.syntax.method_prefix if owner else ""
    made = operators.extracted(desk.bench.random, _function(found), name, prefix)
    if made is None:
        return False
    desk.replace(found, *made)
    desk.note(Operator.EXTRACT_FUNCTION, f"{owner}{dot}{name}", desk.here(found.name))
    return True


def move_symbol(desk: Desk) -> bool:
    """One function goes to another file of the project."""
    other = desk.bench.another(desk.project, desk.entry.path)
    found = _some(desk, desk.free())
    if other is None or found is None or found.symbol.name in other.simple_names() or other.is_touched(found.name):
        return False
    source = desk.here(found.name)
    desk.replace(found)
    desk.touched.add(found.name)
    other.note(Operator.MOVE_SYMBOL, other.append(_function(found)), source)
    return True


def copy_function(desk: Desk) -> bool:
    """A function is copied into another project of the language, sometimes changed on the way."""
    random = desk.bench.random
    kin = [each for each in desk.corpus.projects if each.language == desk.project.language and each is not desk.project]
    found = _some(desk, desk.free())
    other = desk.bench.another(pick(random, kin), "") if kin else None
    if found is None or other is None or found.symbol.name in other.simple_names():
        return False
    function, exact = _function(found), random.random() >= _COPIES_CHANGED
    if not exact:
        function = operators.edited_body(random, desk.trade(), function, 1)
    desk.touched.add(found.name)
    other.note(Operator.COPY_FUNCTION, other.append(function), desk.here(found.name), exact=exact)
    return True


def reformat(desk: Desk) -> bool:
    """The file is laid out differently; nothing else changes."""
    if desk.changed or not desk.file.items:
        return False
    layout = operators.reformatted(desk.bench.random, desk.file.layout, desk.project.making.syntax)
    before = desk.corpus.content(desk.entry, desk.file)
    file = desk.file._replace(layout=layout)
    if desk.corpus.content(desk.entry, file) == before:
        return False
    desk.file, desk.changed, desk.sealed = file, True, True
    desk.note(Operator.REFORMAT, "", desk.here(""))
    return True
