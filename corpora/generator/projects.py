"""The projects of a corpus: where their files lie and from which random stream each one comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from corpora.generator.code import Function, SourceFile
from corpora.generator.invention import Craft, craft, invent_file
from corpora.generator.rendering import render
from corpora.generator.syntax import IN_TYPES
from corpora.generator.vocabulary import camel, file_stem, folder_name, pascal, pick, sentence

_FILES_PER_FOLDER = 14
_DEEPEST = 9
_REMEMBERED = 64
_LICENCE_LINES = {"c": 1, "c_sharp": 25, "java": 22, "go": 3, "python": 0, "javascript": 4, "typescript": 0, "rust": 0}


class Entry(NamedTuple):
    """One file of a project. Only edited files keep their code; others are invented again when they are needed."""

    path: str
    stem: str
    origin: int
    number: int
    file: SourceFile | None = None


@dataclass(slots=True)
class Project:
    """A project as it stands now.

    `paths` holds every path a file ever had: none is given to another file. `gone_files` and `gone_functions` (with
    the path and qualified name they had) are what may be restored; the oldest are forgotten.
    """

    position: int
    name: str
    package: str
    making: Craft
    licence: tuple[str, ...]
    folders: tuple[str, ...]
    size: int
    born: int = 0
    entries: list[Entry] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    gone_files: deque[Entry] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    gone_functions: deque[tuple[str, str, Function]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    @property
    def language(self) -> str:
        """The language of all its code."""
        return self.making.syntax.name


@dataclass(frozen=True, slots=True)
class Corpus:
    """All projects of one seed."""

    seed: int
    projects: tuple[Project, ...]

    def source(self, entry: Entry) -> SourceFile:
        """The code of a file as it stands."""
        if entry.file is not None:
            return entry.file
        origin = self.projects[entry.origin]
        return invent_file(origin.making, f"{self.seed}:{entry.origin}:{entry.number}", entry.stem, origin.licence)

    def content(self, entry: Entry, file: SourceFile) -> bytes:
        """The bytes of a file with that code."""
        origin = self.projects[entry.origin]
        return render(file, origin.making.syntax, origin.package)

    def found(self, project: Project) -> Entry:
        """The project's next file, added to it: a new one, or as often as measured a copy of an earlier one."""
        random = Random(f"{self.seed}:{project.position}:{project.born}:place")
        if random.random() < project.making.profile.duplicate_files:
            entry = self._duplicate(random, project)
            if entry is not None:
                return entry
        return self.add_new(random, project)

    def add_new(self, random: Random, project: Project) -> Entry:
        """A new file somewhere in the project, added to it."""
        stem = file_stem(random)
        folder = pick(random, project.folders)
        path, attempt = _path(project, folder, stem), 2
        while path in project.paths:
            path = _path(project, folder, f"{stem}_{attempt}")
            attempt += 1
        own = stem if attempt == 2 else f"{stem}_{attempt - 1}"
        return self._added(project, Entry(path, own, project.position, project.born))

    def _duplicate(self, random: Random, project: Project) -> Entry | None:
        kin = [each for each in self.projects if each.language == project.language and each.entries]
        if not kin:
            return None
        original = pick(random, pick(random, kin).entries)
        path = _path(project, f"third_party/{pick(random, project.folders)}", original.stem)
        if original.file is not None or path in project.paths:
            return None
        return self._added(project, original._replace(path=path))

    @staticmethod
    def _added(project: Project, entry: Entry) -> Entry:
        project.born += 1
        project.entries.append(entry)
        project.paths.add(entry.path)
        return entry


def _path(project: Project, folder: str, stem: str) -> str:
    syntax = project.making.syntax
    if syntax.name in IN_TYPES:
        stem = pascal(stem)
    elif syntax.camel and syntax.name != "go":
        stem = camel(stem)
    return f"{folder}/{stem}{syntax.suffix}"


def path_in(project: Project, folder: str, entry: Entry, stem: str) -> str:
    """Where a file would lie in that folder; in Java it keeps its own name, since its first type is named so."""
    return _path(project, folder, entry.stem if project.language in IN_TYPES else stem)


def found_corpus(seed: int, projects: int, files: int, languages: Sequence[str]) -> Corpus:
    """Projects without files yet; sizes fall like 1, 1/2, 1/3… as sizes of real projects do, and add up to `files`."""
    weights = [1 / (position // len(languages) + 2) for position in range(projects)]
    whole = sum(weights)
    ends = [round(sum(weights[: position + 1]) / whole * files) for position in range(projects)]
    sizes = [end - (ends[position - 1] if position else 0) for position, end in enumerate(ends)]
    taken: set[str] = set()
    made = tuple(
        _project(seed, position, languages[position % len(languages)], max(size, 1), taken)
        for position, size in enumerate(sizes)
    )
    return Corpus(seed, made)


def _project(seed: int, position: int, language: str, size: int, taken: set[str]) -> Project:
    random = Random(f"{seed}:{position}:project")
    name = f"{file_stem(random)}_{folder_name(random)}".replace("_", "-")
    while name in taken:
        name += f"-{folder_name(random)}"
    taken.add(name)
    package = folder_name(random)
    making = craft(language, seed)
    base = making.syntax.folder.format(package=package)
    parts = {base: None}
    while len(parts) < 1 + size // _FILES_PER_FOLDER:
        under = pick(random, list(parts)[-8:]) if random.random() < 0.5 else base
        if under.count("/") >= _DEEPEST:
            under = under.rsplit("/", 1 + int(random.random() * 5))[0]
        parts[f"{under}/{folder_name(random)}" if random.random() < 0.9 else f"tests/{folder_name(random)}"] = None
    licence = tuple(sentence(random) for _ in range(_LICENCE_LINES[language]))
    return Project(position, name, package, making, licence, tuple(parts), size)


def readme(project: Project) -> bytes:
    """A page about the project."""
    random = Random(f"{project.making.seed}:{project.position}:readme")
    lines = [f"# {project.name}", "", sentence(random) + ".", "", "## Use", ""]
    lines.extend(f"- {sentence(random)}." for _ in range(3 + int(random.random() * 20)))
    return ("\n".join(lines) + "\n").encode()


def manifest(project: Project) -> bytes:
    """The file by which build tools know the project's kind."""
    forms = {
        "pyproject.toml": '[project]\nname = "{0}"\nversion = "1.0.0"\n',
        "package.json": '{{\n  "name": "{0}",\n  "version": "1.0.0"\n}}\n',
        "pom.xml": "<project>\n  <artifactId>{0}</artifactId>\n  <version>1.0.0</version>\n</project>\n",
        "Directory.Build.props": "<Project>\n  <PropertyGroup Label='{0}' />\n</Project>\n",
        "go.mod": "module example.org/{0}\n\ngo 1.19\n",
        "Makefile": "all: {0}\n\n{0}: $(wildcard src/*.c)\n\t$(CC) -o $@ $^\n",
        "Cargo.toml": '[package]\nname = "{0}"\nversion = "1.0.0"\nedition = "2021"\n',
    }
    return forms[project.making.syntax.manifest].format(project.name).encode()
