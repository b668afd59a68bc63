"""Generates projects in eight languages that evolve step by step, with their true history as data.

    python -m corpora.generate FOLDER [--seed N] [--projects N] [--files N] [--steps N] [--languages a,b]

lays every project into FOLDER/<project>/ and writes FOLDER/truth.jsonl, one event a line. Equal arguments give equal
bytes on every Python version and machine. Sizes, tokens, duplicates and how much a step touches follow real corpora
(`corpora/generator/measured.py`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpora.generator.evolution import evolving, founding
from corpora.generator.languages import LANGUAGES
from corpora.generator.projects import found_corpus
from corpora.generator.truth import Event, FileChange, Step

TRUTH = "truth.jsonl"
"""The file that `write` appends events to, beside the projects."""


def generate(
    seed: int, *, projects: int = 8, files: int = 400, steps: int = 50, languages: Sequence[str] = LANGUAGES
) -> Iterator[Step]:
    """First the steps that found the projects, then `steps` steps of work on them.

    `files` is how many files of code there are in all at first. Memory holds one step's bytes and the code of the
    files that were edited so far; the rest is invented again when it is needed.
    """
    corpus = found_corpus(seed, projects, files, languages)
    number = -1
    for step in founding(corpus):
        number = step.number
        yield step
    yield from evolving(corpus, number + 1, steps)


def write(step: Step, folder: Path) -> None:
    """Lay a step's files over what the folder holds, and add its events to `truth.jsonl`. Steps must come in order."""
    for change in step.changes:
        _lay(folder / change.project / change.path, change)
    with (folder / TRUTH).open("a", encoding="ascii") as truth:
        truth.writelines(f"{event.to_json()}\n" for event in step.events)


def _lay(path: Path, change: FileChange) -> None:
    if change.content is None:
        path.unlink()
        return
    try:
        path.write_bytes(change.content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.content)


def read_truth(folder: Path) -> Iterator[Event]:
    """The events that `write` recorded there, oldest first."""
    with (folder / TRUTH).open(encoding="ascii") as truth:
        yield from map(Event.from_json, truth)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a whole corpus into a new or empty folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--projects", type=int, default=8)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    if any(asked.folder.iterdir()):
        parser.error(f"{asked.folder} is not empty")
    made = generate(
        asked.seed, projects=asked.projects, files=asked.files, steps=asked.steps, languages=asked.languages.split(",")
    )
    for step in made:
        write(step, asked.folder)


if __name__ == "__main__":
    main()
