"""What a report looks like, before it is Markdown or HTML: sections of sentences, tables, charts, graphs and diffs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from codevault.moments import iso

Cell = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings; numbers are set to the right, columns named in `code` as code."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    code: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over the same labels; `unit` is what the numbers count, None in a series: no value there."""

    kind: Literal["bar", "stacked", "line", "area", "pie"]
    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    label_title: str = ""
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A graph to look at: nodes by key with their labels, edges with theirs."""

    nodes: tuple[tuple[str, str], ...]
    edges: tuple[tuple[str, str, str], ...]
    directed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Moments in order, each with what happened: a line of time."""

    title: str
    moments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A unified diff; long ones are cut off by who made them."""

    text: str


Part = str | Table | Chart | Picture | Events | Diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report: title, sentences that say it in short, sections, and how its numbers are meant."""

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    method: tuple[str, ...] = field(default=())


def day(created_ns: int) -> str:
    """The date of a moment, UTC."""
    return iso(created_ns)[:10]


def percent(share: float) -> str:
    """A share of one as a whole number of percent, small ones with a digit more."""
    return f"{share:.0%}" if share >= 0.1 or not share else f"{share:.1%}"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def person(author: str) -> str:
    """An author as shown: the name without the address."""
    name = author.partition("<")[0].strip()
    return name or author.strip("<> ") or "not committed"


def shortened(text: str, most: int = 60) -> str:
    """A long name with its middle left out."""
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most // 2) :]}"


def joined(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence, the first few of many."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return ", ".join(names)
