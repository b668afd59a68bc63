"""Holds the vault's answers against the true history of a generated corpus.

    python -m corpora.against_truth [--seed 1] [--files 280] [--steps 300] [--write]

Every step is laid into the projects' folders and backed up; afterwards each event of the truth is looked for in
`vault.history()` of the symbol it is about: at the step's own snapshot, with the kind that fits the operator.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codevault import CodeVaultError, Vault
from corpora.generate import generate, write
from corpora.generator.languages import LANGUAGES
from corpora.generator.truth import Event, Operator, Step
from corpora.results import table, write_section

TITLE = "Histories against the truth"

EXPECTED: Mapping[Operator, frozenset[str]] = {
    Operator.ADD_SYMBOL: frozenset({"introduced"}),
    Operator.EXTRACT_FUNCTION: frozenset({"extracted"}),
    Operator.COPY_FUNCTION: frozenset({"copied"}),
    Operator.EDIT_BODY: frozenset({"body"}),
    Operator.CHANGE_SIGNATURE: frozenset({"signature"}),
    Operator.RENAME_SYMBOL: frozenset({"renamed"}),
    Operator.MOVE_SYMBOL: frozenset({"moved"}),
    Operator.DELETE_SYMBOL: frozenset({"removed"}),
    Operator.RESTORE_SYMBOL: frozenset({"restored", "introduced", "copied"}),
}
"""The kinds of event of which the vault has to name one, for each operator on a symbol."""

CARRIED = frozenset({"container-moved"})
"""The same for a symbol whose qualified name changed because one around it was renamed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the vault said about one event: the kinds it gave at that snapshot, "nothing", or the error it raised."""

    event: Event
    answer: str
    right: bool


def back_up_all(vault: Vault, steps: Iterator[Step], folder: Path) -> tuple[list[Event], dict[tuple[int, str], int]]:
    """Lay and back up every step; its events, and the snapshot's number by step and project."""
    folder.mkdir(exist_ok=True)
    known: set[str] = set()
    events: list[Event] = []
    sequences: dict[tuple[int, str], int] = {}
    for step in steps:
        write(step, folder)
        for name in dict.fromkeys(change.project for change in step.changes):
            if name not in known:
                vault.projects.add(folder / name)
                known.add(name)
            made = vault.backup(folder / name, reason=f"step {step.number}")
            sequences[step.number, name] = made.snapshot.sequence
        events.extend(step.events)
    return events, sequences


def judge(
    vault: Vault, folder: Path, events: Sequence[Event], sequences: Mapping[tuple[int, str], int]
) -> list[Verdict]:
    """What the vault says about every event that `EXPECTED` knows."""
    verdicts = []
    for event in events:
        if event.operator in EXPECTED:
            answer = _answer(vault, folder, event, sequences[event.step, event.project])
            expected = CARRIED if event.because else EXPECTED[event.operator]
            right = bool(expected & set(answer.split(", ")))
            verdicts.append(Verdict(event, answer, right))
    return verdicts


def _answer(vault: Vault, folder: Path, event: Event, sequence: int) -> str:
    path, name = (event.path, event.name) if event.name else (event.from_path, event.from_name)
    try:
        history = vault.history(folder / event.project, path, name)
    except CodeVaultError as error:
        return type(error).__name__
    kinds = [kind for each in history.events if each.at.sequence == sequence for kind in each.kinds]
    return ", ".join(kinds) or "nothing"


def report(verdicts: Sequence[Verdict], facts: str) -> str:
    """The section of RESULTS.md."""
    rows = []
    for operator in EXPECTED:
        mine = [verdict for verdict in verdicts if verdict.event.operator is operator]
        right = sum(verdict.right for verdict in mine)
        wrong = sorted({verdict.answer for verdict in mine if not verdict.right})
        share = f"{right / len(mine):.1%}" if mine else "-"
        rows.append((operator.value, len(mine), right, share, "; ".join(wrong)))
    right = sum(verdict.right for verdict in verdicts)
    rows.append(("all", len(verdicts), right, f"{right / max(len(verdicts), 1):.1%}", ""))
    head = ("operator", "events", "found at their snapshot with the right kind", "share", "otherwise said")
    return f"`python -m corpora.against_truth --write`\n\n{facts}\n\n{table(head, rows)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, back up, analyse, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=280)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    parser.add_argument("--wrong", action="store_true", help="print every event that the vault missed")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="truth-") as name, Vault.create(Path(name, "vault")) as vault:
        folder = Path(name, "projects").resolve()
        steps = generate(asked.seed, projects=2 * len(LANGUAGES), files=asked.files, steps=asked.steps)
        events, sequences = back_up_all(vault, steps, folder)
        vault.analyse()
        verdicts = judge(vault, folder, events, sequences)
    facts = f"Seed {asked.seed}, {2 * len(LANGUAGES)} projects, {asked.files} files at first, {asked.steps} steps."
    body = report(verdicts, facts)
    print(body)
    for verdict in verdicts:
        if asked.wrong and not verdict.right:
            print(f"{verdict.answer}: {verdict.event.to_json()}", file=sys.stderr)
    if asked.write:
        write_section(TITLE, body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
