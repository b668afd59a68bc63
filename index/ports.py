"""What the index asks of a text index: find documents by the text of their lines, declarations by their names.

A document is a group of neighbouring fragments (FORMAT.md); answers may name too many documents, never too few.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from codevault.index.patterns import Need


class TextIndex(Protocol):
    """Terms to numbers. One writer; what was added is found after `commit`, by this object and by others."""

    def add_lines(self, document: int, lines: Iterable[str]) -> None:
        """Adds a document; the terms of a line are the runs of three characters in it, ASCII letters folded."""
        ...

    def add_name(self, declaration: int, name: str, words: Iterable[str]) -> None:
        """Adds a declaration under its name and its words, all in lower case."""
        ...

    def commit(self, generation: int, drop: Iterable[int]) -> None:
        """Makes everything added since durable under `generation`, and forgets the documents in `drop`.

        Raises:
            IndexDamaged: the writer is gone; what was committed before stays.
        """
        ...

    def documents(self, need: Need, limit: int) -> tuple[int, ...]:
        """Documents that may meet `need`, highest number first, at most `limit`; numbers may be of dropped ones."""
        ...

    def declarations(self, name: str, limit: int) -> tuple[int, ...]:
        """Declarations whose name in lower case is `name`, where `*` stands for anything and `?` for one character."""
        ...

    def declarations_with(self, words: Iterable[str], limit: int) -> tuple[int, ...]:
        """Declarations whose name has all those words."""
        ...

    def declarations_near(self, name: str, edits: int, limit: int) -> tuple[int, ...]:
        """Declarations whose name in lower case is 1 or 2 edits away at most: letters more, less, other, swapped."""
        ...

    def close(self) -> None:
        """Gives up the writer's lock and forgets what was not committed."""
        ...
