"""What an analysis depends on beside the text: the parser's package and version, the language's rules, the algorithm.

An edition is written `distribution version/ALGORITHM.rules`, `rules` being eight digits of the BLAKE3 of the language's
`symbols.scm`: an analysis made with another one is made again. Of a page that holds scripts it is the page's own.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache
from typing import Final

from blake3 import blake3

from codevault.analysis.fingerprints import ALGORITHM
from codevault.analysis.languages import LanguageSpec, specs

_LEXERS: Final = "Pygments"
_RULES_BYTES: Final = 4


def edition_of(spec: LanguageSpec) -> str:
    """The edition of analyses in a language; PackageNotFoundError when its grammar is not installed."""
    rules = blake3(spec.patterns.encode()).hexdigest(length=_RULES_BYTES)
    return f"{spec.distribution} {importlib.metadata.version(spec.distribution)}/{ALGORITHM}.{rules}"


@cache
def lexers_edition() -> str:
    """The edition of what Pygments' lexers gave; of texts that no lexer knows, too."""
    return f"{_LEXERS} {importlib.metadata.version(_LEXERS)}/{ALGORITHM}"


def is_current(edition: str) -> bool:
    """Whether an analysis of this edition would come out the same today, what failed or lacks included.

    One without an edition would, and one whose grammar is not installed any more is kept.
    """
    distribution = edition.partition(" ")[0]
    editions = _editions()
    return edition in editions.get(distribution, (edition,))


@cache
def _editions() -> dict[str, set[str]]:
    """Today's editions, by distribution: some hold the grammars of several languages."""
    found = {_LEXERS: {lexers_edition()}}
    for spec in specs().values():
        try:
            found.setdefault(spec.distribution, set()).add(edition_of(spec))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
