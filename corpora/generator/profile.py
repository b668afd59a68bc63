"""Distributions measured on a corpus, as values, and how to draw from them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

POINTS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""The shares at which a distribution is recorded; beyond the last one it is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageProfile:
    """What the files of one language look like in a named corpus; quantiles stand at `POINTS`.

    Shares lie between 0 and 1. `duplicate_files` counts files whose bytes an earlier file of the corpus has,
    `duplicate_functions` the same of functions of at least five lines. `comment_lines` is the share of lines that
    comments and documentation strings cover, `methods` the share of functions that lie inside a type.
    """

    corpus: str
    files: int
    file_bytes: tuple[int, ...]
    file_lines: tuple[int, ...]
    functions_per_file: tuple[int, ...]
    function_lines: tuple[int, ...]
    function_tokens: tuple[int, ...]
    duplicate_files: float
    duplicate_functions: float
    comment_lines: float
    methods: float
    bytes_per_line: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryProfile:
    """How a repository moves from one first-parent commit to the next; quantiles stand at `POINTS`.

    The four shares say what happens to a touched file and sum to 1.
    """

    corpus: str
    commits: int
    files_per_step: tuple[int, ...]
    lines_per_file: tuple[int, ...]
    modified: float
    added: float
    deleted: float
    renamed: float


def quantiles(values: list[int]) -> tuple[int, ...]:
    """The values at `POINTS`; zeros for an empty list. Sorts its argument's copy."""
    ordered = sorted(values) or [0]
    return tuple(ordered[min(int(point * len(ordered)), len(ordered) - 1)] for point in POINTS)


class Draw:
    """A quantile table spread over 1,024 cells, so that one number in [0, 1) becomes one draw without arithmetic."""

    __slots__ = ("_cells",)

    def __init__(self, table: tuple[int, ...], points: tuple[float, ...] = POINTS) -> None:
        top = points[-1]
        self._cells = [interpolate(table, points, min((cell + 0.5) / 1024, top)) for cell in range(1024)]

    def at(self, share: float) -> int:
        """The value that `share` of all draws stay below."""
        return self._cells[int(share * 1024)]


def interpolate(table: tuple[int, ...], points: tuple[float, ...], share: float) -> int:
    """The value at `share`, on the line between the two recorded points around it."""
    right = min(bisect_right(points, share), len(points) - 1)
    low, high = points[right - 1], points[right]
    at = (share - low) / (high - low)
    return round(table[right - 1] + (table[right] - table[right - 1]) * at)
