"""How fast files are understood, against Universal Ctags and against tree-sitter's bare parse of the same files.

Run as `python -m tests.analysis.throughput LANGUAGE FOLDER [MEGABYTES]`; prints a row of RESULTS.md.
Everything on one core, in processor time (ctags with its children). Parse and analysis take turns file by file, so that
a busy machine slows both alike; of five rounds each file's best time counts, and the spread of the rounds is shown.
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from codevault.analysis.analyse import analyse, bare_parse
from codevault.analysis.languages import language_hint

ROUNDS = 5
_CTAGS = {"c-sharp": "C#", "cpp": "C++", "c": "C", "bash": "Sh", "php": "PHP"}


def main(arguments: Sequence[str]) -> None:
    """Measure one language over one folder."""
    language, folder = arguments[0], Path(arguments[1])
    limit = float(arguments[2]) * 1e6 if len(arguments) > 2 else 4e6
    files = chosen(language, folder, limit)
    size = sum(len(content) for _, content in files)
    gc.freeze()
    gc.set_threshold(50_000)  # as the workers do
    analyse(files[0][0].name, files[0][1])
    rounds = [[both(language, path.name, content) for path, content in files] for _ in range(ROUNDS)]
    tags = statistics.median(ctags(language, [path for path, _ in files]) for _ in range(3))
    of_files = list(zip(*rounds, strict=True))
    parse = sum(min(parse for parse, _ in times) for times in of_files)
    whole = sum(min(whole for _, whole in times) for times in of_files)
    ratios = [sum(whole for _, whole in times) / sum(parse for parse, _ in times) for times in rounds]
    sys.stdout.write(
        f"| {language} | {len(files)} files, {size / 1e6:.1f} MB "
        f"| {size / whole / 1e6:.1f} MB/s, {len(files) / whole:.0f} files/s "
        f"| {size / parse / 1e6:.1f} MB/s | {whole / parse:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
        f"| {size / tags / 1e6:.1f} MB/s |\n"
    )


def chosen(language: str, folder: Path, limit: float) -> list[tuple[Path, bytes]]:
    """Files of the language in a seeded order, up to so many bytes together."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and language_hint(path.name) == language]
    random.Random(3).shuffle(paths)
    files: list[tuple[Path, bytes]] = []
    size = 0
    for path in paths:
        if size >= limit:
            break
        files.append((path, path.read_bytes()))
        size += len(files[-1][1])
    return files


def both(language: str, name: str, content: bytes) -> tuple[float, float]:
    """Processor seconds of this process for the bare parse of one file, and for its whole analysis."""
    begin = time.process_time()
    bare_parse(language, content)
    middle = time.process_time()
    analyse(name, content)
    return middle - begin, time.process_time() - middle


def ctags(language: str, paths: Sequence[Path]) -> float:
    """Processor seconds of ctags over the files."""
    name = _CTAGS.get(language, language.capitalize())
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["ctags", f"--language-force={name}", "--fields=+neKSt", "-L", "-", "-f", "-"],
        input="\n".join(map(str, paths)).encode(),
        capture_output=True,
        check=False,
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime, 1e-6)


if __name__ == "__main__":
    main(sys.argv[1:])
