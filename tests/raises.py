"""Which `raise` and which `except` body of the packages no test ever reached: `python -m tests.raises`, after coverage.

Every error path has to be shown by a test; pragmas that hide lines from coverage are refused. `UNREACHED.txt` lists
those for which nobody has written one yet, and is to become shorter; `python -m tests.raises DATA --list` gives it.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / "tests" / "UNREACHED.txt"
PACKAGES = ("codevault", "analysis", "index", "store")


def sources(root: Path = ROOT) -> list[Path]:
    """Every module of the packages, each once, links left out."""
    found = (path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return sorted(path for path in found if path.resolve() == path and "languages" not in path.parts)


def error_paths(text: str) -> list[int]:
    """The lines at which error paths begin: each `raise`, and the first statement of each `except` body."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Raise):
            lines.add(node.lineno)
        elif isinstance(node, ast.ExceptHandler):
            lines.add(_first(node))
    return sorted(lines)


def hidden(text: str) -> list[int]:
    """The lines that a pragma takes out of coverage."""
    pragma = "pragma: " + "no cover"
    return [number for number, line in enumerate(text.splitlines(), 1) if pragma in line]


def unreached(executed: dict[str, set[int]], root: Path = ROOT) -> Iterator[str]:
    """Where an error path was never taken, or hidden, as `path:line: code`."""
    for path in sources(root):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
        seen, lines = executed.get(name, set()), text.splitlines()
        for line in sorted({*error_paths(text)} - seen | {*hidden(text)}):
            yield f"{name}:{line}: {lines[line - 1].strip()}"


def _first(handler: ast.ExceptHandler) -> int:
    """A body that only passes has no line of its own in the bytecode of every Python; its `except` has."""
    first = handler.body[0]
    return handler.lineno if isinstance(first, ast.Pass) else first.lineno


def executed_lines(file: str, root: Path = ROOT) -> dict[str, set[int]]:
    """What coverage wrote down, by path below the root; links lead to the folders they stand for."""
    from coverage import CoverageData  # only where coverage is measured

    recorded = CoverageData(file)
    recorded.read()
    lines: dict[str, set[int]] = {}
    for name in recorded.measured_files():
        path = Path(name).resolve()
        if path.is_relative_to(root):
            lines.setdefault(path.relative_to(root).as_posix(), set()).update(recorded.lines(name) or ())
    return lines


def by_code(places: Iterable[str]) -> list[str]:
    """The same without line numbers, which every edit moves: `path: code`, in order."""
    parts = (place.split(":", 2) for place in places)
    return sorted(f"{path}:{code}" for path, _, code in parts)


def unknown(missed: Iterable[str], known: Iterable[str]) -> list[str]:
    """What is missed and not listed, as often as it is."""
    return sorted((Counter(by_code(missed)) - Counter(known)).elements())


def main(data: str, *, listing: bool = False) -> int:
    """Says what is missed; 1 when there is more than the list knows of."""
    missed = list(unreached(executed_lines(data)))
    if listing:
        sys.stdout.write("".join(f"{line}\n" for line in by_code(missed)))
        return 0
    new = unknown(missed, KNOWN.read_text(encoding="utf-8").splitlines())
    sys.stdout.write("".join(f"no test reaches {line}\n" for line in new))
    sys.stdout.write(f"error paths that no test reaches: {len(missed)}, of which {len(new)} are not listed\n")
    return int(bool(new))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], listing=sys.argv[2:] == ["--list"]))
