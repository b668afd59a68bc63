"""How fast files are understood, against Universal Ctags and against tree-sitter's bare parse of the same files.

Run as `python -m tests.analysis.throughput LANGUAGE FOLDER [MEGABYTES]`; prints a row of RESULTS.md.
Everything on one core, in processor time (ctags with its children), the median of three rounds that take turns.
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from codevault.analysis.analyse import analyse, bare_parse
from codevault.analysis.languages import language_hint

ROUNDS = 3
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
    seconds: dict[str, list[float]] = {"parse": [], "analyse": [], "ctags": []}
    for _ in range(ROUNDS):
        seconds["parse"].append(timed(lambda: [bare_parse(language, content) for _, content in files]))
        seconds["analyse"].append(timed(lambda: [analyse(path.name, content) for path, content in files]))
        seconds["ctags"].append(ctags(language, [path for path, _ in files]))
    parse, whole, tags = (statistics.median(seconds[what]) for what in ("parse", "analyse", "ctags"))
    ratios = [one / other for one, other in zip(seconds["analyse"], seconds["parse"], strict=True)]
    sys.stdout.write(
        f"| {language} | {len(files)} files, {size / 1e6:.1f} MB "
        f"| {size / whole / 1e6:.1f} MB/s, {len(files) / whole:.0f} files/s "
        f"| {size / parse / 1e6:.1f} MB/s | {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
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


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


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
