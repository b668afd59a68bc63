"""How long one step of many changed files takes: `python -m tests.analysis.lineage_load [FILES …]`.

Four steps over the same made-up files of twenty functions: one function edited in each file; all files in another
folder and half of their functions edited; every function renamed and edited; all replaced by others.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from codevault.analysis.kinds import VersionedSymbol
from codevault.analysis.lineage import StepMatch, match_step
from codevault.analysis.model import SymbolKind

FUNCTIONS = 20
Versions = tuple[list[VersionedSymbol], list[VersionedSymbol], Mapping[str, bytes]]


def versions(files: int, change: str) -> Versions:
    """Symbols before and after, and their texts."""
    random = Random(7)
    texts: dict[str, bytes] = {}
    before = [_function(random, texts, file, number) for file in range(files) for number in range(FUNCTIONS)]
    after = [_CHANGES[change](random, texts, index, symbol) for index, symbol in enumerate(before)]
    return before, after, texts


def _function(random: Random, texts: dict[str, bytes], file: int, number: int) -> VersionedSymbol:
    words = [f"w{int(random.random() ** 3 * 20_000)}" for _ in range(40)]
    return _made(texts, f"pkg{file % 50}/file{file}.py", f"f{file}_{number}", words, number * 10 + 1)


def _made(texts: dict[str, bytes], path: str, name: str, words: list[str], line: int) -> VersionedSymbol:
    body = "\n    ".join(" + ".join(words[at : at + 5]) for at in range(0, len(words), 5))
    text = f"def {name}(a, b):\n    {body}\n"
    key = f"{name}{hash(tuple(words))}"
    texts[key] = text.encode()
    return VersionedSymbol(
        path=path,
        name=name,
        qualified_name=name,
        kind=SymbolKind.FUNCTION,
        signature=f"def {name}(a, b)",
        exact=key,
        renamed=str(hash(tuple(words))),
        tokens=90,
        start_line=line,
        body=str(hash(tuple(words))),
        text=key,
        language="python",
    )


def _edited(texts: dict[str, bytes], symbol: VersionedSymbol, name: str) -> VersionedSymbol:
    words = [word for word in texts[symbol.text].decode().replace("+", " ").split()[3:] if word.startswith("w")]
    return _made(texts, symbol.path, name, [*words[:-6], "new", "words", "here"], symbol.start_line)


def _one_of_each_file(_: Random, texts: dict[str, bytes], index: int, symbol: VersionedSymbol) -> VersionedSymbol:
    return symbol if index % FUNCTIONS else _edited(texts, symbol, symbol.name)


def _moved(_: Random, texts: dict[str, bytes], index: int, symbol: VersionedSymbol) -> VersionedSymbol:
    changed = _edited(texts, symbol, symbol.name) if index % 2 else symbol
    return replace(changed, path=f"src/{symbol.path}")


def _renamed(_: Random, texts: dict[str, bytes], __: int, symbol: VersionedSymbol) -> VersionedSymbol:
    return _edited(texts, symbol, f"new_{symbol.name}")


def _replaced(random: Random, texts: dict[str, bytes], index: int, _: VersionedSymbol) -> VersionedSymbol:
    return _function(random, texts, 1_000_000 + index // FUNCTIONS, index % FUNCTIONS)


_CHANGES: Mapping[str, Callable[[Random, dict[str, bytes], int, VersionedSymbol], VersionedSymbol]] = {
    "edited": _one_of_each_file,
    "moved": _moved,
    "renamed": _renamed,
    "replaced": _replaced,
}


def matched(files: int, change: str) -> tuple[float, StepMatch]:
    """Seconds of processor time, and the step."""
    before, after, texts = versions(files, change)
    begin = time.process_time()
    step = match_step(before, after, lambda name: texts.get(name, b""))
    return time.process_time() - begin, step


def main() -> None:
    """One row a size and change."""
    for files in [int(argument) for argument in sys.argv[1:]] or [500, 5_000]:
        for change in _CHANGES:
            seconds, step = matched(files, change)
            paired = len(step.continued)
            share = paired / (files * FUNCTIONS)
            sys.stdout.write(f"| {files:,} | {change} | {seconds:.2f} | {share:.1%} | {step.limit} |\n")


if __name__ == "__main__":
    main()
