"""`corpora/RESULTS.md`: each measurement owns one section and replaces nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
"""The page that `--write` updates."""

_INTRODUCTION = "# Results\n\nEach section is written by the command it names; run it again to replace the section.\n"


def with_section(page: str, title: str, body: str) -> str:
    """The page with the section of that title replaced, or added at the end; other sections stay as they are."""
    sections = (page or _INTRODUCTION).rstrip().split("\n## ")
    mine = f"{title}\n\n{body.strip()}\n"
    for number, section in enumerate(sections[1:], start=1):
        if section.split("\n", 1)[0] == title:
            sections[number] = mine
            break
    else:
        sections[-1] += "\n"
        sections.append(mine)
    return "\n## ".join(sections).rstrip() + "\n"


def write_section(title: str, body: str, page: Path = RESULTS) -> None:
    """Replace one section of the page on disk."""
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    page.write_text(with_section(before, title, body), encoding="utf-8")


def at_the_top(page: str, title: str, body: str) -> str:
    """The page with the section of that title as its first one."""
    introduction, *sections = (page or _INTRODUCTION).rstrip().split("\n## ")
    others = [section.rstrip() + "\n" for section in sections if section.split("\n", 1)[0] != title]
    return "\n## ".join([introduction.rstrip() + "\n", f"{title}\n\n{body.strip()}\n", *others]).rstrip() + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines.extend(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
    return "\n".join(lines)
