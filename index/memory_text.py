"""A text index in plain dictionaries: for vaults in memory and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import translate
from re import compile as compile_regex

from rapidfuzz.distance import OSA

from codevault.index.patterns import AnyOf, Need, Word, grams, lower


class MemoryText:
    """Implements `TextIndex`; every question looks at every document."""

    def __init__(self) -> None:
        self._lines: dict[int, str] = {}
        self._names: dict[int, tuple[str, frozenset[str]]] = {}
        self._added: list[tuple[int, str]] = []
        self._named: list[tuple[int, str, frozenset[str]]] = []

    def add_lines(self, document: int, lines: Iterable[str]) -> None:
        """See `TextIndex`."""
        self._added.append((document, lower("\n".join(lines))))

    def add_name(self, declaration: int, name: str, words: Iterable[str]) -> None:
        """See `TextIndex`."""
        self._named.append((declaration, name, frozenset(words)))

    def commit(self, generation: int, drop: Iterable[int]) -> None:  # noqa: ARG002 - nothing outlives the object
        """See `TextIndex`."""
        for document in drop:
            self._lines.pop(document, None)
        self._lines.update(self._added)
        self._names.update((declaration, (name, words)) for declaration, name, words in self._named)
        self.close()

    def documents(self, need: Need, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        found = (document for document, text in list(self._lines.items()) if _meets(text, need))
        return tuple(sorted(found, reverse=True)[:limit])

    def declarations(self, name: str, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        matches = compile_regex(translate(name.replace("[", "[[]"))).match
        found = (key for key, (text, _) in list(self._names.items()) if matches(text))
        return tuple(sorted(found, reverse=True)[:limit])

    def declarations_with(self, words: Iterable[str], limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        wanted = frozenset(words)
        found = (key for key, (_, has) in list(self._names.items()) if wanted <= has)
        return tuple(sorted(found, reverse=True)[:limit])

    def declarations_near(self, name: str, edits: int, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        found = (key for key, (text, _) in list(self._names.items()) if OSA.distance(name, text) <= edits)
        return tuple(sorted(found, reverse=True)[:limit])

    def close(self) -> None:
        """See `TextIndex`."""
        self._added.clear()
        self._named.clear()


def _meets(text: str, need: Need) -> bool:
    if isinstance(need, Word):
        return all(gram in text for gram in grams(need))
    parts = (_meets(text, part) for part in need.parts)
    return any(parts) if isinstance(need, AnyOf) else all(parts)
