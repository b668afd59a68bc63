"""Which names a restoring system can hold, and what a name becomes that it cannot. Pure.

A vault keeps every name as it was. Windows reserves some, and some systems take names for one another that differ in
case or in Unicode's normal form only: such a file is written under an escaped name rather than over its twin.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codevault.arguments import is_path

_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
_DEVICES |= {f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789\u00b9\u00b2\u00b3"}
_FORBIDDEN = frozenset('<>:"|?*\\') | {chr(code) for code in range(32)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """What the system that is written to does with names."""

    windows: bool = sys.platform == "win32"
    folds_case: bool = False
    folds_form: bool = False

    @property
    def plain(self) -> bool:
        """True where every name is kept and stands for itself only, as on Linux."""
        return not (self.windows or self.folds_case or self.folds_form)


def leads_down(path: str) -> bool:
    """True for a path that can only lead downwards: relative, no empty, `.` or `..` component, no NUL."""
    between = f"/{path}/"
    return is_path(path) and not ("//" in between or "/./" in between or "/../" in between)


def written_paths(paths: Iterable[str], rules: NameRules) -> Mapping[str, str]:
    """The paths that cannot be written as they are, with what to write instead; the folders above them included.

    Give all paths of a restore, parents first. Of two that the system takes for one the first keeps its name.
    """
    if rules.plain:
        return {}
    written: dict[str, str] = {}
    owners: dict[tuple[str, str], str] = {}
    for path in paths:
        at = -1
        while at < len(path):
            end = path.find("/", at + 1)
            end = len(path) if end < 0 else end
            _assign(path[:end], rules, written, owners)
            at = end
    return {path: other for path, other in written.items() if path != other}


def _assign(path: str, rules: NameRules, written: dict[str, str], owners: dict[tuple[str, str], str]) -> None:
    if path in written:
        return
    parent, _, name = path.rpartition("/")
    above = written.get(parent, parent)
    candidate, escaped = _allowed(name, rules), 0
    while owners.setdefault((above, _folded(candidate, rules)), path) != path:
        escaped += 1
        candidate = _allowed(_percent(name[:escaped]) + name[escaped:], rules)
    written[path] = f"{above}/{candidate}" if above else candidate


def _allowed(name: str, rules: NameRules) -> str:
    if not rules.windows:
        return name
    if name.split(".", maxsplit=1)[0].rstrip(" ").upper() in _DEVICES:
        name = _percent(name[0]) + name[1:]
    if name[-1] in ". ":
        name = name[:-1] + _percent(name[-1])
    return "".join(_percent(c) if c in _FORBIDDEN else c for c in name)


def _folded(name: str, rules: NameRules) -> str:
    if rules.folds_form:
        name = unicodedata.normalize("NFC", name)
    return name.casefold() if rules.folds_case else name


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogateescape"))
