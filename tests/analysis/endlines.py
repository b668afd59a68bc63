"""How far the last lines of functions and types agree with the languages' own parsers, by name and last line.

Run as `python -m tests.analysis.endlines LANGUAGE FOLDER [FILES] [NODE_MODULES]`: Python against `ast`, the others
against the programs of endlines_peers.py; JavaScript, TypeScript and TSX need the TypeScript compiler in NODE_MODULES.
"""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import language_hint
from codevault.analysis.model import Symbol, SymbolKind
from tests.analysis.endlines_peers import GO, JAVA, PHP, RUBY, TYPESCRIPT, R

Ends = Counter[tuple[str, int]]

COMMENT = "comment or blank lines behind the last statement (ours)"

CALLABLE = {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR}
TYPES = {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A language's own parser: the command that runs the program, and which of our kinds it tells."""

    command: tuple[str, ...]
    file: str = ""
    program: str = ""
    kinds: set[SymbolKind]
    left_out: Mapping[str, Callable[[Symbol], bool]] = field(default_factory=dict)


def _is_made_by_call(symbol: Symbol) -> bool:
    """A member that a call gives, `A.prototype.f = wrap(…)`: TypeScript's tree has no function for it."""
    return not symbol.body and "=" in symbol.signature


_NODE = Peer(
    command=("node",),
    file="ends.js",
    program=TYPESCRIPT,
    kinds=TYPES | {SymbolKind.FUNCTION, SymbolKind.METHOD},
    left_out={
        "member made by a call": _is_made_by_call,
        "name that is no identifier": lambda one: not one.name.isidentifier(),
    },
)
PEERS = {
    "python": Peer(command=(), kinds=TYPES | CALLABLE),
    "java": Peer(command=("java",), file="Ends.java", program=JAVA, kinds=TYPES | CALLABLE - {SymbolKind.FUNCTION}),
    "typescript": _NODE,
    "tsx": _NODE,
    "javascript": _NODE,
    "go": Peer(
        command=("go", "run"),
        file="ends.go",
        program=GO,
        kinds=CALLABLE | {SymbolKind.STRUCT, SymbolKind.INTERFACE},
    ),
    "ruby": Peer(command=("ruby", "-W0"), file="ends.rb", program=RUBY, kinds=TYPES | CALLABLE | {SymbolKind.MODULE}),
    "php": Peer(command=("php",), file="ends.php", program=PHP, kinds=TYPES | CALLABLE | {SymbolKind.TRAIT}),
    "r": Peer(command=("Rscript",), file="ends.R", program=R, kinds={SymbolKind.FUNCTION}),
}


@dataclass(slots=True)
class Score:
    """What both have, what only one has, and what the rules leave out."""

    shared: int = 0
    missed: int = 0
    extra: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    raw_missed: int = 0
    raw_extra: int = 0


def main(arguments: Sequence[str]) -> None:
    """Compare one language over one folder."""
    language, folder = arguments[0], Path(arguments[1])
    limit = int(arguments[2]) if len(arguments) > 2 else 300
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and language_hint(path.name) == language]
    random.Random(7).shuffle(paths)
    paths = paths[:limit]
    peer, score = PEERS[language], Score()
    modules = arguments[3] if len(arguments) > 3 else ""
    theirs = list(told(peer, paths, modules)) if peer.command else [python_ends(path) for path in paths]
    for path, ends in zip(paths, theirs, strict=True):
        if ends is not None:
            compare(peer, path, ends, score)
    sys.stdout.write(row(language, len(paths), score) + "\n")


def row(language: str, files: int, score: Score) -> str:
    """A row of the table: raw agreement, agreement by the rules, what they leave out."""
    left_out = ", ".join(f"{count} {rule}" for rule, count in score.rules.most_common()) or "nothing"
    return (
        f"| {language} | {_shares(score.shared, score.raw_missed, score.raw_extra)} "
        f"| {_shares(score.shared, score.missed, score.extra)} "
        f"| {files} files, {score.shared} symbols; left out: {left_out} |"
    )


def _shares(shared: int, missed: int, extra: int) -> str:
    return f"{100 * shared / max(shared + missed, 1):.2f} % / {100 * shared / max(shared + extra, 1):.2f} %"


def compare(peer: Peer, path: Path, ends: Ends, score: Score) -> None:
    """Add one file to the score and tell on the standard error what no rule explains."""
    content = path.read_bytes()
    symbols = [symbol for symbol in analyse(path.name, content).symbols if symbol.kind in peer.kinds]
    own = Counter((symbol.name, symbol.end_line) for symbol in symbols)
    missed, extra = ends - own, own - ends
    score.shared += (own & ends).total()
    score.raw_missed += missed.total()
    score.raw_extra += extra.total()
    for name, line in list(extra):
        shorter = next((end for other, end in missed if other == name and _nothing_between(content, end, line)), None)
        rule = next(
            (
                rule
                for symbol in symbols
                for rule, applies in peer.left_out.items()
                if (symbol.name, symbol.end_line) == (name, line) and applies(symbol)
            ),
            None,
        )
        if shorter is not None:
            missed -= Counter([(name, shorter)])
            extra -= Counter([(name, line)])
            score.rules[COMMENT] += 1
        elif rule is not None:
            score.rules[rule] += extra.pop((name, line))
    score.missed += missed.total()
    score.extra += extra.total()
    for name, line in sorted(missed | extra):
        sys.stderr.write(f"{'ours' if (name, line) in extra else 'peer'} {path}:{line} {name}\n")


def _nothing_between(content: bytes, end: int, line: int) -> bool:
    between = content.split(b"\n")[end:line]
    return end < line and all(not text.strip() or text.lstrip().startswith((b"#", b"//")) for text in between)


def python_ends(path: Path) -> Ends | None:
    """What `ast` finds, None where it refuses the file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
    wanted = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return Counter((node.name, node.end_lineno or 0) for node in ast.walk(tree) if isinstance(node, wanted))


def told(peer: Peer, paths: Sequence[Path], modules: str) -> Iterator[Ends | None]:
    """What the peer's program finds, a line of JSON for each path; None where it refuses the file."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / peer.file
        script.write_text(peer.program)
        done = subprocess.run(
            [*peer.command, str(script)],
            input="\n".join(map(str, paths)) + "\n",
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NODE_PATH": modules},
        )
    for line in done.stdout.splitlines():
        found = json.loads(line)
        yield None if found is None else Counter((name, end) for name, end in found)


if __name__ == "__main__":
    main(sys.argv[1:])
