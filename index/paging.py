"""Pages of answers: which come next is told by a cursor that names what was shown, so it holds while the vault grows.

A cursor is URL-safe base64 of a version byte, eight bytes of BLAKE3 of the question, and six of each hit shown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from blake3 import blake3

from codevault.errors import InvalidArgument

T = TypeVar("T")
LARGEST_PAGE = 10_000
_VERSION = b"\x01"
_QUESTION, _HIT = 8, 6


@dataclass(frozen=True, slots=True)
class Page:
    """At most so many hits, those behind a cursor; "" is the beginning.

    Raises:
        InvalidArgument: no hit is asked for, or too many.
    """

    limit: int = 50
    after: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.limit, int) or not 1 <= self.limit <= LARGEST_PAGE:
            raise InvalidArgument(f"limit must lie between 1 and {LARGEST_PAGE}, not {self.limit!r}")
        if not isinstance(self.after, str):
            raise InvalidArgument(f"after is the cursor of an earlier answer, not {type(self.after).__name__}")


def page_of(ordered: Sequence[T], page: Page, question: str, named: Callable[[T], str]) -> tuple[list[T], str]:
    """The best hits that were not shown before, and the cursor behind them, "" at the end.

    Raises:
        InvalidArgument: the cursor is none, or of another question.
    """
    asked = blake3(question.encode("utf-8", "surrogatepass")).digest(_QUESTION)
    before = _shown(page.after, asked)
    known = {before[at : at + _HIT] for at in range(0, len(before), _HIT)}
    shown: list[T] = []
    names: list[bytes] = []
    for one in ordered:
        name = _name(named(one))
        if name in known:
            continue
        if len(shown) == page.limit:
            return shown, base64.urlsafe_b64encode(_VERSION + asked + before + b"".join(names)).decode().rstrip("=")
        shown.append(one)
        names.append(name)
    return shown, ""


def shown_before(cursor: str) -> int:
    """How many hits a cursor has behind it, as far as it is one."""
    return max(0, len(cursor) * 3 // 4 - _QUESTION - 1) // _HIT


def _shown(cursor: str, asked: bytes) -> bytes:
    if not cursor:
        return b""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidArgument("after is the cursor of an earlier answer, as it was given") from exc
    if packed[:1] != _VERSION or (len(packed) - _QUESTION - 1) % _HIT:
        raise InvalidArgument("after is the cursor of an earlier answer, as it was given")
    if packed[1 : _QUESTION + 1] != asked:
        raise InvalidArgument("that cursor belongs to another question: ask the same one again with it")
    return packed[_QUESTION + 1 :]


def _name(text: str) -> bytes:
    return blake3(text.encode("utf-8", "surrogatepass")).digest(_HIT)
