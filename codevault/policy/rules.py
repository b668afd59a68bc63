"""Rules about paths, compiled: patterns as in `.gitignore`, each setting of a path told by the last rule that has it.

Patterns are pathspec's reading of gitignore(5), matched by RE2 in one pass over the path and in linear time, since they
may come from a client's folder. A negated pattern takes a path out of its own rule, also from below a matched folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import re2

from codevault.policy.verdicts import Keeping, PathClass, Priority

_AT_ONCE = 128  # patterns in one automaton
_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1  # bytes: names need not be UTF-8
_OPTIONS.log_errors = False
_OPTIONS.dot_nl = True
_OPTIONS.max_mem = 16 << 20


class PatternRefused(ValueError):  # noqa: N818 - wrapped by the reader of the file, never raised to callers
    """A pattern that means nothing, or costs too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one rule says of the paths it matches; None: nothing.

    `keep` True: whatever a tool's folder says; False: leave it out. `weak`: of a project's own file, which may come
    from anybody, and so cannot take anything away.
    """

    patterns: tuple[str, ...]
    origin: str
    path_class: PathClass | None = None
    priority: Priority | None = None
    cadence_s: int | None = None
    retention: Keeping | None = None
    largest: int | None = None
    above_s: int | None = None
    index: bool | None = None
    keep: bool | None = None
    rebuild: str = ""
    why: str = ""
    weak: bool = False

    @property
    def says(self) -> str:
        """The rule in a report."""
        return self.why or ", ".join(self.patterns[:3]) + (" …" if self.patterns[3:] else "")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules, the weakest first. `classes` are settings for whole classes, likewise; they have no patterns.

    Raises:
        PatternRefused: one of the patterns; its text says which and why.
    """

    rules: tuple[Rule, ...] = ()
    classes: tuple[Rule, ...] = ()
    _sets: tuple[tuple[re2.Set, tuple[tuple[int, bool], ...]], ...] = field(init=False, repr=False, compare=False)
    _by_class: Mapping[PathClass, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        flat = [(compiled(pattern), number) for number, rule in enumerate(self.rules) for pattern in rule.patterns]
        parts = []
        for start in range(0, len(flat), _AT_ONCE):
            part = flat[start : start + _AT_ONCE]
            together = re2.Set.SearchSet(_OPTIONS)
            for (expression, _), _ in part:
                together.Add(expression)
            try:
                together.Compile()
            except Exception as exc:  # re2 raises its own `error`, and RuntimeError when out of its memory
                raise PatternRefused("the patterns together cost too much") from exc
            parts.append((together, tuple((number, include) for (_, include), number in part)))
        object.__setattr__(self, "_sets", tuple(parts))
        by_class: dict[PathClass, tuple[Rule, ...]] = {}
        for rule in self.classes:
            if rule.path_class is not None:
                by_class[rule.path_class] = (*by_class.get(rule.path_class, ()), rule)
        object.__setattr__(self, "_by_class", by_class)

    @property
    def drops_files(self) -> bool:
        """True when a rule may leave out single files, so that each has to be asked about."""
        return any(rule.keep is False and not rule.weak for rule in self.rules)

    @property
    def makes_exceptions(self) -> bool:
        """True when something may have to be kept out of a folder that is left out."""
        return any(
            rule.keep or (rule.keep is False and any(pattern.startswith("!") for pattern in rule.patterns))
            for rule in self.rules
        )

    def matching(self, path: str, *, folder: bool = False) -> tuple[Rule, ...]:
        """The rules for a path (relative to the root, `/` between components), weakest first. Linear in the path."""
        if not self._sets:
            return ()
        told: dict[int, bool] = {}
        text = path.encode("utf-8", "surrogateescape") + (b"/" if folder else b"")
        for together, numbers in self._sets:
            for at in sorted(together.Match(text) or ()):
                number, include = numbers[at]
                told[number] = include
        return tuple(self.rules[number] for number in sorted(told) if told[number])

    def of_class(self, path_class: PathClass) -> tuple[Rule, ...]:
        """What is said of a whole class, weakest first."""
        return self._by_class.get(path_class, ())


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> tuple[bytes, bool]:
    """The expression for RE2, and whether it takes paths in (or, negated, out).

    Raises:
        PatternRefused: it matches nothing, leads out of the root, or RE2 does not take it.
    """
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if "\0" in pattern:
        raise PatternRefused(f"{pattern!r} holds a character that no name has")
    if ".." in pattern.lstrip("!").split("/"):
        raise PatternRefused(f"{pattern!r} leads out of the project")
    try:
        found = GitIgnoreSpecPattern(pattern.encode("utf-8", "surrogateescape"))
    except (GitIgnorePatternError, ValueError) as exc:
        raise PatternRefused(f"{pattern!r} is no pattern of gitignore") from exc
    if found.include is None or found.regex is None:
        raise PatternRefused(f"{pattern!r} matches nothing")
    expression = found.regex.pattern
    try:
        re2.compile(expression, options=_OPTIONS)
    except re2.error as exc:
        raise PatternRefused(f"{pattern!r} is too large or no pattern") from exc
    return expression, found.include


def last(rules: Iterable[Rule], name: str) -> tuple[Rule, object] | None:
    """The strongest rule that has something to say of one setting, and what."""
    found = None
    for rule in rules:
        value = getattr(rule, name)
        if value is not None and value != "":
            found = rule, value
    return found
