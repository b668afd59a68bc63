"""Measures what real sources look like, as the data that the generator draws from.

    python -m corpora.distributions LANGUAGE=CORPUS=FOLDER… [--history NAME=GIT_DIR] [--sample N]

prints the module `corpora/generator/measured.py`. Of each folder at most N files (default 3,000) are read, chosen by
the hash of their path so that the same tree gives the same sample.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpora.generator.measure import measure_files, measure_history
from corpora.generator.profile import HistoryProfile, LanguageProfile

SUFFIXES = {
    "python": ".py",
    "javascript": ".js",
    "typescript": ".ts",
    "java": ".java",
    "c_sharp": ".cs",
    "go": ".go",
    "c": ".c",
    "rust": ".rs",
}
"""The suffix of each language's files."""

LOG = ("log", "--first-parent", "-m", "-M", "--raw", "--numstat", "--no-abbrev", "--format=%x01%H", "HEAD")
"""What git is asked for to measure a history."""


def sources(folder: Path, language: str, sample: int) -> Iterator[bytes]:
    """Contents of at most `sample` files of the language below the folder, the same ones every time."""
    suffix = SUFFIXES[language]
    found = [path for path in folder.rglob(f"*{suffix}") if path.is_file() and not path.is_symlink()]
    found.sort(key=lambda path: hashlib.blake2b(path.relative_to(folder).as_posix().encode()).digest())
    return (path.read_bytes() for path in found[:sample])


def measure_language(argument: str, sample: int) -> tuple[str, LanguageProfile]:
    """The language and profile that one LANGUAGE=CORPUS=FOLDER argument asks for."""
    language, corpus, folder = argument.split("=", 2)
    return language, measure_files(corpus, language, sources(Path(folder), language, sample))


def measure_repository(argument: str) -> HistoryProfile:
    """The profile of the repository that a NAME=GIT_DIR argument names."""
    name, folder = argument.split("=", 1)
    command = ["git", "--git-dir", folder, *LOG]
    log = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    return measure_history(name, log.splitlines())


def as_module(languages: dict[str, LanguageProfile], history: HistoryProfile) -> str:
    """Python source that holds these profiles as data."""
    rows = "".join(f"    {name!r}: {profile!r},\n" for name, profile in languages.items())
    return (
        '"""Measured by `python -m corpora.distributions`; not written by hand."""\n\n'
        "from corpora.generator.profile import HistoryProfile, LanguageProfile\n\n"
        f"LANGUAGE_PROFILES = {{\n{rows}}}\n\nHISTORY_PROFILE = {history!r}\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line names and print the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="+", metavar="LANGUAGE=CORPUS=FOLDER")
    parser.add_argument("--history", required=True, metavar="NAME=GIT_DIR")
    parser.add_argument("--sample", type=int, default=3000)
    asked = parser.parse_args(arguments)
    languages = dict(measure_language(each, asked.sample) for each in asked.languages)
    print(as_module(languages, measure_repository(asked.history)), end="")


if __name__ == "__main__":
    main()
