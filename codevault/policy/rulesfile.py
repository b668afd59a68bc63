"""The rules file: `policy.toml` of a vault, `.codevault.toml` of a project. TOML in, rules out, every mistake named.

A project's own file may come from a client, or from anybody whose repository was cloned. It is bounded in size, in
patterns and in their cost, and its rules are `weak`: they never leave anything out nor show what is private. Only a
vault that says `trust = true` of the project takes its file at its word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from codevault.errors import InvalidPolicy
from codevault.policy.rules import PatternRefused, Rule, RuleBook, compiled
from codevault.policy.tomllines import KeyPath, line_of, lines_of
from codevault.policy.verdicts import Keeping, PathClass, Priority

VAULT_FILE, PROJECT_FILE = "policy.toml", ".codevault.toml"
LARGEST_FILE = 256 << 10  # bytes
LARGEST_PROJECT_FILE = 64 << 10
_MOST_PATTERNS, _MOST_WEAK_PATTERNS = 10_000, 200
_MOST_WILD, _MOST_WEAK_WILD = 32, 8  # `*`, `?`, `[` in a pattern: with these limits no path costs a millisecond
_LONGEST_PATTERN = 256
_LONGEST_TEXT = 500
_LONGEST_WAIT_S = 366 * 86_400
_LARGEST_SIZE = 1 << 62
_WORDS = {"every": 0, "hourly": 3600, "daily": 86_400, "weekly": 604_800}
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SETTINGS = ("priority", "cadence", "retention", "largest", "above", "index")
_Word = TypeVar("_Word", bound=StrEnum)
_AMOUNT = re.compile(r"(\d{1,12}) ?([A-Za-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFile:
    """What one file says. `projects` are the parts of a vault's file that hold for one project, by name or id."""

    presets: tuple[str, ...] | None = None
    rules: tuple[Rule, ...] = ()
    classes: tuple[Rule, ...] = ()
    trust: bool = False
    projects: Mapping[str, RulesFile] = field(default_factory=dict)

    @property
    def book(self) -> RuleBook:
        """Its rules alone, compiled."""
        return RuleBook(self.rules, self.classes)


def read_rules(content: bytes, name: str, *, weak: bool = False, origin: str = "") -> RulesFile:
    """Reads a rules file; `weak` for a project's own, which may hold no `[project.…]` of its own.

    Raises:
        InvalidPolicy: with file, line and key of the first thing that is wrong.
    """
    limit = LARGEST_PROJECT_FILE if weak else LARGEST_FILE
    if len(content) > limit:
        raise InvalidPolicy(name, 1, "", f"{len(content)} bytes are more than the {limit} that are read")
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except UnicodeDecodeError as exc:
        raise InvalidPolicy(name, content[: exc.start].count(b"\n") + 1, "", "it is not UTF-8") from exc
    except (ValueError, RecursionError) as exc:  # no TOML, a number of thousands of digits
        found = re.search(r"at line (\d+)", str(exc))
        line = int(found[1]) if found else text.count("\n") + 1
        raise InvalidPolicy(name, line, "", f"it is no TOML: {exc}") from exc
    return _Reader(name, lines_of(text), weak, origin).file(document, ())


class _Reader:
    """One file being read: every value is checked where it stands."""

    def __init__(self, name: str, lines: dict[KeyPath, int], weak: bool, origin: str) -> None:
        self._name = name
        self._lines = lines
        self._weak = weak
        self._origin = origin
        self._patterns = 0

    def file(self, document: Mapping[str, Any], at: KeyPath) -> RulesFile:
        allowed = {"presets", "rule", "classes", "secrets", "always"}
        allowed |= {"trust"} if at else {"format"} if self._weak else {"format", "project"}
        self._known(document, allowed, at)
        if document.get("format", 1) != 1:
            raise self._wrong((*at, "format"), f"this CodeVault reads format 1, not {document['format']!r}")
        rules = [
            self._rule(each, (*at, "rule", number)) for number, each in enumerate(self._list(document, "rule", at))
        ]
        rules += self._secrets(self._table(document, "secrets", at), (*at, "secrets"))
        rules += self._always(self._table(document, "always", at), (*at, "always"))
        classes = self._table(document, "classes", at)
        self._known(classes, set(PathClass), (*at, "classes"))
        presets = self._texts(document, "presets", at) if "presets" in document else None
        projects = self._table(document, "project", at)
        return RulesFile(
            presets=presets,
            rules=tuple(rules),
            classes=tuple(self._class(name, classes[name], (*at, "classes", name)) for name in classes),
            trust=self._yes(document, "trust", at) or False,
            projects={
                name: self.file(self._table(projects, name, (*at, "project")), (*at, "project", name))
                for name in projects
            },
        )

    def _rule(self, table: object, at: KeyPath) -> Rule:
        if not isinstance(table, Mapping):
            raise self._wrong(at, "a rule is a table: write [[rule]]")
        self._known(table, {"paths", "class", "keep", "rebuild", "why", *_SETTINGS}, at)
        rule = self._settings(table, at)
        class_name = self._text(table, "class", at)
        return replace(
            rule,
            patterns=self._paths(table, "paths", at),
            path_class=self._word(PathClass, class_name, (*at, "class")) if class_name else None,
            keep=self._yes(table, "keep", at),
            rebuild=self._text(table, "rebuild", at),
            why=self._text(table, "why", at),
        )

    def _class(self, name: str, table: object, at: KeyPath) -> Rule:
        if not isinstance(table, Mapping):
            raise self._wrong(at, "settings of a class are a table")
        self._known(table, set(_SETTINGS), at)
        return replace(self._settings(table, at), path_class=PathClass(name))

    def _settings(self, table: Mapping[str, Any], at: KeyPath) -> Rule:
        priority, retention = self._text(table, "priority", at), self._text(table, "retention", at)
        return Rule(
            patterns=(),
            origin=self._place(at),
            priority=self._word(Priority, priority, (*at, "priority")) if priority else None,
            cadence_s=self._amount(table, "cadence", at, _seconds, _LONGEST_WAIT_S),
            retention=self._word(Keeping, retention, (*at, "retention")) if retention else None,
            largest=self._amount(table, "largest", at, _bytes, _LARGEST_SIZE),
            above_s=self._amount(table, "above", at, _seconds, _LONGEST_WAIT_S),
            index=self._yes(table, "index", at),
            weak=self._weak,
        )

    def _secrets(self, table: Mapping[str, Any], at: KeyPath) -> list[Rule]:
        self._known(table, {"paths", "except"}, at)
        found = []
        if "paths" in table:
            secret = Rule(patterns=self._paths(table, "paths", at), origin=self._place((*at, "paths")), weak=self._weak)
            found.append(replace(secret, path_class=PathClass.SECRET, index=False, why="a secret"))
        if "except" in table:
            shown = Rule(patterns=self._paths(table, "except", at), origin=self._place((*at, "except")))
            found.append(replace(shown, path_class=PathClass.CONFIG, index=True, why="no secret", weak=self._weak))
        return found

    def _always(self, table: Mapping[str, Any], at: KeyPath) -> list[Rule]:
        self._known(table, {"paths"}, at)
        if "paths" not in table:
            return []
        paths = self._paths(table, "paths", at)
        return [Rule(patterns=paths, origin=self._place((*at, "paths")), keep=True, why="always", weak=self._weak)]

    def _paths(self, table: Mapping[str, Any], key: str, at: KeyPath) -> tuple[str, ...]:
        patterns = self._texts(table, key, at)
        if not patterns:
            raise self._wrong((*at, key), "give at least one pattern, as in .gitignore")
        if all(pattern.startswith("!") for pattern in patterns):
            raise self._wrong(
                (*at, key), "all patterns take paths out with !: give one that takes some in, before them"
            )
        self._patterns += len(patterns)
        most = _MOST_WEAK_PATTERNS if self._weak else _MOST_PATTERNS
        if self._patterns > most:
            raise self._wrong((*at, key), f"more than {most} patterns")
        for pattern in patterns:
            if len(pattern) > _LONGEST_PATTERN:
                raise self._wrong((*at, key), f"a pattern of {len(pattern)} characters; {_LONGEST_PATTERN} are taken")
            if sum(map(pattern.count, "*?[")) > (_MOST_WEAK_WILD if self._weak else _MOST_WILD):
                raise self._wrong((*at, key), f"{pattern!r} has too many wildcards")
            try:
                compiled(pattern)
            except PatternRefused as exc:
                raise self._wrong((*at, key), str(exc)) from exc
        return patterns

    def _amount(
        self, table: Mapping[str, Any], key: str, at: KeyPath, read: Callable[[object], int], most: int
    ) -> int | None:
        if key not in table:
            return None
        try:
            amount = read(table[key])
        except ValueError as exc:
            raise self._wrong((*at, key), str(exc)) from None
        if amount > most:
            raise self._wrong((*at, key), f"{table[key]!r} is too much")
        return amount

    def _word(self, kind: type[_Word], text: str, at: KeyPath) -> _Word:
        try:
            return kind(text)
        except ValueError:
            raise self._wrong(at, f"{text!r} is none of {', '.join(kind)}") from None

    def _text(self, table: Mapping[str, Any], key: str, at: KeyPath) -> str:
        value = table.get(key, "")
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not all(map(str.isprintable, value)):
            raise self._wrong((*at, key), "it is no short line of text")
        return value

    def _texts(self, table: Mapping[str, Any], key: str, at: KeyPath) -> tuple[str, ...]:
        value = table.get(key)
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self._wrong((*at, key), 'it is no list of texts: ["one", "two"]')
        return tuple(value)

    def _yes(self, table: Mapping[str, Any], key: str, at: KeyPath) -> bool | None:
        value = table.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong((*at, key), f"it is true or false, not {value!r}")
        return value

    def _table(self, table: Mapping[str, Any], key: str, at: KeyPath) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, Mapping):
            raise self._wrong((*at, key), f"it is a table: write [{key}]")
        return value

    def _list(self, table: Mapping[str, Any], key: str, at: KeyPath) -> list[Any]:
        value = table.get(key, [])
        if not isinstance(value, list):
            raise self._wrong((*at, key), f"there may be several: write [[{key}]]")
        return value

    def _known(self, table: Mapping[str, Any], allowed: Collection[str], at: KeyPath) -> None:
        for key in table:
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                advice = f"; {near[0]!r} is near" if near else f"; there are {', '.join(sorted(allowed))}"
                raise self._wrong((*at, key), f"no such key{advice}")

    def _place(self, at: KeyPath) -> str:
        return self._origin or f"{self._name} line {line_of(self._lines, at)}"

    def _wrong(self, at: KeyPath, why: str) -> InvalidPolicy:
        key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in at).lstrip(".")
        return InvalidPolicy(self._name, line_of(self._lines, at), key, why)


def _seconds(value: object) -> int:
    """Seconds, from "every", "hourly", "daily", "weekly", or a number and a unit."""
    if isinstance(value, str):
        if value in _WORDS:
            return _WORDS[value]
        amount = _AMOUNT.fullmatch(value)
        if amount is not None and amount[2] in _UNITS:
            return int(amount[1]) * _UNITS[amount[2]]
    raise ValueError(f"{value!r} is none of {', '.join(_WORDS)}, nor a number with {', '.join(_UNITS)}")


def _bytes(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    amount = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if amount is not None and amount[2] in _SIZES:
        return int(amount[1]) * _SIZES[amount[2]]
    raise ValueError(f"{value!r} is no size: a number of bytes, or text such as '20 MiB'")
