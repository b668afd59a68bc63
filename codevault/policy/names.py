"""Sets of file names, written as `"package.json|*.csproj"`: exact names and globs, case-sensitive."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Names:
    """Alternatives separated by `|`. An empty text matches nothing."""

    text: str
    exact: tuple[str, ...] = field(init=False, repr=False, compare=False)
    globs: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        alternatives = self.text.split("|") if self.text else []
        object.__setattr__(self, "exact", tuple(name for name in alternatives if not _is_glob(name)))
        object.__setattr__(self, "globs", tuple(name for name in alternatives if _is_glob(name)))

    def match(self, name: str) -> bool:
        """True when one alternative is this name."""
        return name in self.exact or any(fnmatchcase(name, glob) for glob in self.globs)

    def first_in(self, names: Collection[str]) -> str | None:
        """One of `names` that matches, the same one whatever their order, or None. Linear only for globs."""
        for name in self.exact:
            if name in names:
                return name
        if not self.globs:
            return None
        return min((name for name in names if self.match(name)), default=None)

    def first_outside(self, names: Collection[str]) -> str | None:
        """One of `names` that matches no alternative, or None when all match. Linear."""
        return min((name for name in names if not self.match(name)), default=None)


def shown(name: str) -> str:
    """The name as it may stand in a report: no control characters, no lone surrogates, not endless."""
    printable = name if name.isprintable() else ascii(name)[1:-1]
    return printable if len(printable) <= _LONGEST_SHOWN else printable[: _LONGEST_SHOWN - 1] + "…"


def _is_glob(name: str) -> bool:
    return "*" in name or "[" in name
