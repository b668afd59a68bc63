"""Pairs of texts, as numbers of lines, and which of these git's difference names."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from codevault.index.difference import touches

Text = list[int]


def pair(seed: int, *, size: int, lines: int, edits: int) -> tuple[Text, Text]:
    """A text of so many lines, drawn from `lines` different ones, and what becomes of it: cut, grown, moved about."""
    rng = random.Random(seed)
    before = [rng.randrange(lines) for _ in range(size)]
    after = list(before)
    for _ in range(edits):
        first = rng.randrange(len(after) + 1)
        last = min(len(after), first + rng.randrange(1, 30))
        block, after[first:last] = after[first:last], [rng.randrange(lines) for _ in range(rng.randrange(6))]
        at = rng.randrange(len(after) + 1)
        after[at:at] = block if rng.random() < 0.5 else []
    return before, after


def named_by_git(folder: Path, before: Text, after: Text) -> set[int]:
    """The lines that were added or removed."""
    for name, text in (("before", before), ("after", after)):
        (folder / name).write_text("".join(f"{line}\n" for line in text))
    told = subprocess.run(
        ["git", "diff", "--no-index", "--diff-algorithm=myers", "before", "after"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(line[1:]) for line in told.stdout.split("\n")[4:] if line[:1] in {"+", "-"}}


def named_by_us(before: Text, after: Text) -> set[int]:
    """The same, each line asked about; of many lines a hundred."""
    return {
        line
        for line in asked(before, after)
        if touches(
            before,
            after,
            [at for at, other in enumerate(before) if other == line],
            [at for at, other in enumerate(after) if other == line],
        )
    }


def asked(before: Text, after: Text) -> set[int]:
    """The lines that are asked about: at most so many that it takes a moment."""
    lines = sorted({*before, *after})
    return set(lines[:: len(lines) // 12 + 1])
