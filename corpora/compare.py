"""Holds generated projects against the real corpora whose distributions they follow.

    python -m corpora.compare [--seed 1] [--files 7000] [--steps 2000] [--write]

Both sides were measured by the same code (`corpora/generator/measure.py`); the real side is stored in
`corpora/generator/measured.py`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from corpora.distributions import SUFFIXES
from corpora.generate import generate
from corpora.generator.languages import LANGUAGES
from corpora.generator.measure import measure_files
from corpora.generator.measured import HISTORY_PROFILE, LANGUAGE_PROFILES
from corpora.generator.profile import POINTS, HistoryProfile, LanguageProfile, quantiles
from corpora.generator.truth import Operator, Step
from corpora.measuring import machine
from corpora.results import table, write_section

TITLE = "Generated projects against real ones"

Generated = tuple[dict[str, LanguageProfile], HistoryProfile]
"""What was measured of a generated corpus: each language, and how it moves."""

_SHOWN = tuple(POINTS.index(point) for point in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99))
_WHOLE_FILE = {
    Operator.ADD_FILE: "A",
    Operator.RESTORE_FILE: "A",
    Operator.DELETE_FILE: "D",
    Operator.RENAME_FILE: "R",
}


def measure_generated(seed: int, files: int, steps: int) -> Generated:
    """The profiles of a generated corpus of two projects a language: its first state, and its steps."""
    founding: dict[str, list[bytes]] = {language: [] for language in LANGUAGES}
    history = _History()
    by_suffix = {suffix: language for language, suffix in SUFFIXES.items()}
    for step in generate(seed, projects=2 * len(LANGUAGES), files=files, steps=steps):
        if step.founding:
            for change in step.changes:
                language = by_suffix.get(f".{change.path.rpartition('.')[2]}")
                if language is not None and change.content is not None:
                    founding[language].append(change.content)
        history.see(step)
    profiles = {name: measure_files("generated", name, contents) for name, contents in founding.items()}
    return profiles, history.profile()


class _History:
    """Gathers what `measure_history` gathers from git, from steps; a rename counts as one touched file."""

    def __init__(self) -> None:
        self._contents: dict[tuple[str, str], bytes] = {}
        self._files_per_step: list[int] = []
        self._lines: list[int] = []
        self._kinds: Counter[str] = Counter()

    def see(self, step: Step) -> None:
        """Take in one step; founding steps only for what they leave behind."""
        if not step.founding:
            whole = [_WHOLE_FILE[event.operator] for event in step.events if event.operator in _WHOLE_FILE]
            touched = len(step.changes) - whole.count("R")
            if touched:
                self._files_per_step.append(touched)
            self._kinds.update(whole)
            self._kinds["M"] += touched - len(whole)
        renamed = {
            (event.project, path)
            for event in step.events
            if event.operator is Operator.RENAME_FILE
            for path in (event.path, event.from_path)
        }
        for change in step.changes:
            before = self._contents.pop((change.project, change.path), b"")
            if change.content is not None:
                self._contents[change.project, change.path] = change.content
            if not step.founding and (change.project, change.path) not in renamed:
                self._lines.append(_changed_lines(before, change.content or b""))

    def profile(self) -> HistoryProfile:
        """What was seen so far."""
        whole = max(sum(self._kinds.values()), 1)
        return HistoryProfile(
            corpus="generated",
            commits=len(self._files_per_step),
            files_per_step=quantiles(self._files_per_step),
            lines_per_file=quantiles(self._lines),
            modified=round(self._kinds["M"] / whole, 4),
            added=round(self._kinds["A"] / whole, 4),
            deleted=round(self._kinds["D"] / whole, 4),
            renamed=round(self._kinds["R"] / whole, 4),
        )


def _changed_lines(before: bytes, after: bytes) -> int:
    """Lines added and removed, as a diff counts them when no line moves."""
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return (old - new).total() + (new - old).total()


def speed(seed: int, files: int) -> str:
    """A sentence on how fast projects are generated, without writing them."""
    began = time.process_time()
    size = count = 0
    for step in generate(seed, projects=2 * len(LANGUAGES), files=files, steps=0):
        count += len(step.changes)
        size += sum(len(change.content or b"") for change in step.changes)
    spent = time.process_time() - began
    return (
        f"Generating {count:,} files, {size / 1e6:.0f} MB, takes {spent:.1f} s of processor time without writing them:"
        f" {spent / count * 1000:.2f} ms a file on one core ({machine()})."
    )


def report(generated: dict[str, LanguageProfile], history: HistoryProfile, seed: int, said: str) -> str:
    """The section of RESULTS.md."""
    head = ("language", "what", *(f"{POINTS[at]:.0%}" for at in _SHOWN))
    rows: list[tuple[str, ...]] = []
    for name, made in generated.items():
        rows.extend(_language_rows(name, LANGUAGE_PROFILES[name], made))
    shares = (
        ("duplicate files", "duplicate_files"),
        ("duplicate functions of 5 lines and more", "duplicate_functions"),
        ("lines of comment", "comment_lines"),
        ("functions that are methods", "methods"),
    )
    share_rows = [(what, *(_share(name, made, key) for name, made in generated.items())) for what, key in shares]
    names = ", ".join(f"{name}: {LANGUAGE_PROFILES[name].corpus}" for name in generated)
    return "\n".join(
        (
            "`python -m corpora.compare --write`",
            "",
            f"Each cell: real / generated (seed {seed}). Real corpora: {names}; history: {HISTORY_PROFILE.corpus}.",
            said,
            "",
            table(head, rows),
            "",
            table(("share", *generated), share_rows),
            "",
            table(("a step", *head[2:]), _history_rows(HISTORY_PROFILE, history)),
            "",
            table(
                ("touched files", "modified", "added", "deleted", "renamed"),
                [(each.corpus, *_shares(each)) for each in (HISTORY_PROFILE, history)],
            ),
        )
    )


def _share(language: str, made: LanguageProfile, key: str) -> str:
    return f"{getattr(LANGUAGE_PROFILES[language], key):.1%} / {getattr(made, key):.1%}"


def _language_rows(name: str, real: LanguageProfile, made: LanguageProfile) -> list[tuple[str, ...]]:
    return [
        (name, "bytes a file", *_cells(real.file_bytes, made.file_bytes)),
        ("", "lines a file", *_cells(real.file_lines, made.file_lines)),
        ("", "functions a file", *_cells(real.functions_per_file, made.functions_per_file)),
        ("", "lines a function", *_cells(real.function_lines, made.function_lines)),
        ("", "tokens a function", *_cells(real.function_tokens, made.function_tokens)),
    ]


def _history_rows(real: HistoryProfile, made: HistoryProfile) -> list[tuple[str, ...]]:
    return [
        ("files touched", *_cells(real.files_per_step, made.files_per_step)),
        ("lines added and removed a file", *_cells(real.lines_per_file, made.lines_per_file)),
    ]


def _cells(real: Sequence[int], made: Sequence[int]) -> Iterable[str]:
    return (f"{real[at]:,} / {made[at]:,}" for at in _SHOWN)


def _shares(history: HistoryProfile) -> Iterable[str]:
    return (f"{share:.1%}" for share in (history.modified, history.added, history.deleted, history.renamed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=7000)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    asked = parser.parse_args(arguments)
    body = report(*measure_generated(asked.seed, asked.files, asked.steps), asked.seed, speed(asked.seed, asked.files))
    print(body)
    if asked.write:
        write_section(TITLE, body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
