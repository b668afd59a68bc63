"""Names of symbols as people ask for them: words, globs, qualified names, and how well a name answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_HUMP = re.compile(r"[A-Z][a-z]*|[a-z]+|[0-9]|[^\W\d_a-zA-Z]")
_PIECES = re.compile(r"[^\W_]+")


INITIALS = "^"
"""What no word has: begins an indexed run of initials."""

MOST_INITIALS = 5


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


def humps(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, in order, repeated ones too."""
    if name.isascii():
        return tuple(map(str.lower, _WORD.findall(name)))
    pieces = _PIECES.findall(name)
    return tuple(word.lower() for piece in pieces for word in (_WORD.findall(piece) if piece.isascii() else (piece,)))


def index_words(name: str) -> tuple[str, ...]:
    """What a name is indexed by: its words, and the first two to five initials of them behind a mark."""
    initials = "".join(word[0] for word in humps(name)[:MOST_INITIALS])
    return (*words_of(name), *(INITIALS + initials[:count] for count in range(2, len(initials) + 1)))


def initials_term(asked: str) -> str:
    """The indexed word that every name has which answers to initials such as "HMBC" or "HaMaBuCa"."""
    return INITIALS + "".join(hump[0] for hump in asked_humps(asked)[:MOST_INITIALS])


def asked_humps(asked: str) -> tuple[str, ...]:
    """What each word of a name has to begin with; in small letters only, each letter is one: "hmbc"."""
    found = _HUMP.findall(asked)
    return tuple(asked.lower()) if asked.isalpha() and asked.islower() else tuple(map(str.lower, found))


def has_initials(asked: str, name: str) -> bool:
    """Whether the words of a name, from the first one on, begin with what was asked for: HMBC, HaMaBuCa, hmbc."""
    wanted, held = asked_humps(asked), humps(name)
    return 1 < len(wanted) <= len(held) and all(word.startswith(hump) for hump, word in zip(wanted, held, strict=False))


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
