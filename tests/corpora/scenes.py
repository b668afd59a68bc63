"""What the tests of the generator look at: a corpus played through, with what was true after each step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from codevault.analysis.analyse import analyse
from codevault.analysis.model import SymbolKind
from corpora.distributions import SUFFIXES
from corpora.generate import generate
from corpora.generator.code import Function, symbols
from corpora.generator.grammars import is_valid
from corpora.generator.invention import craft, invent_file
from corpora.generator.profile import quantiles
from corpora.generator.rendering import render
from corpora.generator.truth import Event, Step

Place = tuple[str, str]
_NOT_RECORDED = {SymbolKind.CONSTANT, SymbolKind.TYPE}
_NOT_RECORDED |= {SymbolKind.TABLE, SymbolKind.SECTION, SymbolKind.KEY, SymbolKind.RULE}  # of pages and settings
_LANGUAGES = {suffix: language for language, suffix in SUFFIXES.items()}


@dataclass(frozen=True, slots=True)
class Scene:
    """A step with all files as they stood before and after it."""

    step: Step
    before: Mapping[Place, bytes]
    after: Mapping[Place, bytes]


@cache
def scenes() -> tuple[Scene, ...]:
    """A corpus in all languages, two projects each, with 250 steps of work."""
    return tuple(_played(generate(5, projects=14, files=210, steps=250)))


def _played(steps: Iterable[Step]) -> Iterator[Scene]:
    now: dict[Place, bytes] = {}
    for step in steps:
        before = dict(now)
        for change in step.changes:
            now.pop((change.project, change.path), None)
            if change.content is not None:
                now[change.project, change.path] = change.content
        yield Scene(step, before, dict(now))


def worked() -> list[Scene]:
    """The steps after the founding."""
    return [scene for scene in scenes() if not scene.step.founding]


def events(*operators: str) -> list[tuple[Scene, Event]]:
    """Every event of these operators with its scene."""
    return [(scene, event) for scene in scenes() for event in scene.step.events if event.operator in operators]


@cache
def names(path: str, content: bytes) -> frozenset[str]:
    """Qualified names that the analysis finds in a file version."""
    return frozenset(s.qualified_name for s in analyse(path, content).symbols if s.kind not in _NOT_RECORDED)


@cache
def prints(path: str, content: bytes) -> Mapping[str, str]:
    """The exact fingerprint of every symbol of a file version."""
    return {symbol.qualified_name: symbol.exact for symbol in analyse(path, content).symbols}


@cache
def skeletons(path: str, content: bytes) -> Mapping[str, str]:
    """The fingerprint that renaming leaves alone of every symbol of a file version."""
    return {symbol.qualified_name: symbol.renamed for symbol in analyse(path, content).symbols}


def only_renamed(event: Event, scene: Scene) -> bool:
    """Whether the symbol is, but for names and literals, what its source was before the step."""
    old = skeletons(event.from_path, scene.before[event.from_project, event.from_path])[event.from_name]
    return skeletons(event.path, scene.after[event.project, event.path])[event.name] == old


def missing_after(*operators: str) -> list[Event]:
    """Events whose symbol the file lacks when the step is done."""
    return [
        event
        for scene, event in events(*operators)
        if event.name not in names(event.path, scene.after[event.project, event.path])
    ]


def missing_before(*operators: str) -> list[Event]:
    """Events whose source the file lacked before the step."""
    return [
        event
        for scene, event in events(*operators)
        if event.from_name not in names(event.from_path, scene.before[event.from_project, event.from_path])
    ]


def left_behind(*operators: str) -> list[Event]:
    """Events whose source is still there when the step is done."""
    return [
        event
        for scene, event in events(*operators)
        if event.from_name in names(event.from_path, scene.after.get((event.from_project, event.from_path), b""))
    ]


def same_print(event: Event, scene: Scene) -> bool:
    """Whether the symbol is, token by token, what its source was before the step."""
    old = prints(event.from_path, scene.before[event.from_project, event.from_path])[event.from_name]
    return prints(event.path, scene.after[event.project, event.path])[event.name] == old


@cache
def sizes(language: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Quantiles of lines and of functions a file, over 500 invented files that nobody parses."""
    making = craft(language, 3)
    files = [invent_file(making, f"3:{number}", "some_file", ()) for number in range(500)]
    lines = quantiles([render(file, making.syntax, "p").count(b"\n") for file in files])
    counts = [sum(isinstance(found.symbol, Function) for found in symbols(file.items)) for file in files]
    return lines, quantiles(counts)


def code(scene: Scene) -> list[tuple[str, bytes]]:
    """Language and content of each file of code that a step brought."""
    found = [(_LANGUAGES.get(f".{change.path.rpartition('.')[2]}"), change.content) for change in scene.step.changes]
    return [(language, content) for language, content in found if language is not None and content is not None]


def invalid() -> list[tuple[str, int]]:
    """Language and step number of every generated file version that does not parse cleanly."""
    return [
        (language, scene.step.number)
        for scene in scenes()
        for language, content in code(scene)
        if not is_valid(language, content)
    ]


def digest(steps: Iterable[Step]) -> str:
    """One hash over all bytes, paths and events of these steps."""
    whole = hashlib.blake2b(digest_size=16)
    for step in steps:
        for change in step.changes:
            whole.update(f"{change.project}/{change.path}\0".encode())
            whole.update(b"gone" if change.content is None else change.content)
        for event in step.events:
            whole.update(event.to_json().encode())
    return whole.hexdigest()
