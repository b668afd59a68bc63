"""Names of symbols as people ask for them: words, globs, qualified names, and how well a name answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_PIECES = re.compile(r"[^\W_]+")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, split at case, digits and whatever is no letter: "parseHTTPHeader2"."""
    if name.isascii():
        return tuple(dict.fromkeys(map(str.lower, _WORD.findall(name))))
    words: dict[str, None] = {}
    for piece in _PIECES.findall(name):
        if piece.isascii():
            words.update(dict.fromkeys(word.lower() for word in _WORD.findall(piece)))
        else:
            words[piece.lower()] = None
    return tuple(words)


def is_glob(text: str) -> bool:
    """True when the text holds a wildcard."""
    return "*" in text or "?" in text


def glob_matcher(glob: str) -> Callable[[str], bool]:
    """A test for whole texts; `*` and `?` are the only wildcards, both match any character."""
    matches = re.compile(translate(glob.replace("[", "[[]"))).match
    return lambda text: matches(text) is not None


def rank(question: str, name: str, qualified: str) -> float:
    """How well a name answers a question without wildcards: 1 exact, down to 0 not at all."""
    if name == question:
        return 1.0
    if qualified == question or qualified.endswith("." + question):
        return 0.9
    folded, asked = name.lower(), question.lower()
    if folded == asked:
        return 0.8
    if qualified.lower() == asked or qualified.lower().endswith("." + asked):
        return 0.7
    if folded.startswith(asked):
        return 0.5
    return 0.3 if set(words_of(question)) <= set(words_of(name)) else 0.0
