"""What may be recorded about a snapshot: checked before anything is written, so that every reader can take it. Pure.

Text becomes clean text, which is UTF-8 without NUL: databases, terminals and other languages take it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from codevault.errors import InvalidArgument
from codevault.store.layout import is_project
from codevault.store.model import SNAPSHOT_KINDS, SnapshotDraft

MAX_TEXT = 1 << 20
"""Characters of a reason, or of a fact's name or value: a label, not a place for content."""


def clean_text(text: str) -> str:
    """The text with `?` for every lone surrogate and NUL; the same object when it has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "?") if "\0" in text else text


def checked_draft(draft: SnapshotDraft) -> SnapshotDraft:
    """The draft as it will be recorded: its reason and its facts' texts are clean text, all else is as given.

    Raises:
        InvalidArgument: something cannot be recorded; the message says what.
    """
    if not isinstance(draft.project, str) or not is_project(draft.project):
        raise InvalidArgument(f"not a project id: {draft.project!r}")
    if not isinstance(draft.kind, str) or draft.kind not in SNAPSHOT_KINDS:
        raise InvalidArgument(f"the kind of a snapshot is one of {', '.join(SNAPSHOT_KINDS)}, not {_shown(draft.kind)}")
    for name, number in (("created_ns", draft.created_ns), ("utc_offset_s", draft.utc_offset_s)):
        if not _whole(number):
            raise InvalidArgument(f"{name} must be a whole number of at most 64 bits, not {_shown(number)}")
    return replace(draft, reason=_text(draft.reason, "the reason"), facts=_facts(draft.facts))


def _facts(given: object) -> dict[str, str | int | bool | None]:
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"facts must be a mapping, not {_shown(given)}")
    facts: dict[str, str | int | bool | None] = {}
    for name, value in given.items():
        known = _text(name, "the name of a fact")
        if known in facts:
            raise InvalidArgument(f"two facts are called {_shown(known)} once their names are clean text")
        facts[known] = _fact(known, value)
    return facts


def _fact(name: str, value: object) -> str | int | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not _whole(value):
            raise InvalidArgument(f"the fact {_shown(name)} has more than 64 bits")
        return int(value)
    if not isinstance(value, str):
        raise InvalidArgument(f"facts must be text, whole numbers, booleans or None; {_shown(name)} is {_shown(value)}")
    return _text(value, f"the fact {_shown(name)}")


def _text(given: object, what: str) -> str:
    if not isinstance(given, str):
        raise InvalidArgument(f"{what} must be text, not {_shown(given)}")
    if len(given) > MAX_TEXT:
        raise InvalidArgument(f"{what} has {len(given)} characters, at most {MAX_TEXT} can be recorded")
    return clean_text(str.__str__(given))  # of an enumeration its text, not its name


def _whole(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and -(1 << 63) <= given < 1 << 63


def _shown(given: object) -> str:
    """A value in a message: text shortened and quoted, of everything else only its type, as a repr may be anything."""
    return ascii(given[:40]) if isinstance(given, str) else type(given).__name__
