"""Arguments that callers got wrong, said at once and in words, before they become somebody else's TypeError."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from codevault.errors import InvalidArgument
from codevault.jobs import CancelToken


def check_texts(**arguments: object) -> None:
    """Refuses what is no text, or holds characters that no file could.

    Raises:
        InvalidArgument: naming the argument.
    """
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise InvalidArgument(f"{name} is a text, not {type(value).__name__}")
        try:
            os.fsencode(value)
        except UnicodeEncodeError as exc:
            raise InvalidArgument(f"{name} holds characters that cannot be written: {value!r}") from exc


def checked_path(path: object) -> str:
    """The path as text.

    Raises:
        InvalidArgument: it is none, or none that this system takes.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidArgument(f"a path is a text or a Path, not {type(path).__name__}")
    text = os.fspath(path)
    if not isinstance(text, str) or not is_path(text):
        raise InvalidArgument(f"{text!r} is no path on this system")
    return text


def checked_clone(path: object) -> Path | None:
    """The folder of a clone that a caller offers, None when none is offered.

    Raises:
        InvalidArgument: there is no such folder.
    """
    if path is None:
        return None
    folder = Path(os.path.abspath(os.path.expanduser(checked_path(path))))
    if not folder.is_dir():
        raise InvalidArgument(f"there is no folder {folder}: clone= is the folder of a fresh clone of the repository")
    return folder


def is_path(text: str) -> bool:
    """True for what the system takes as a path: no NUL, nothing that has no bytes here."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def check_type(name: str, value: object, *wanted: type) -> None:
    """Refuses a value of another type.

    Raises:
        InvalidArgument: naming the argument and what it may be.
    """
    if not isinstance(value, wanted):
        known = " or ".join(kind.__name__ for kind in wanted)
        raise InvalidArgument(f"{name} is a {known}, not {type(value).__name__}")


def check_all(name: str, values: object, *wanted: type) -> None:
    """Refuses what is no collection of such values.

    Raises:
        InvalidArgument: naming the argument and what it may hold.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidArgument(f"{name} is a collection, not {type(values).__name__}")
    for value in values:
        check_type(f"each of {name}", value, *wanted)


def check_cancel(cancel: object) -> None:
    """Refuses a cancel token that is none.

    Raises:
        InvalidArgument: anything but a `CancelToken` or None.
    """
    if cancel is not None and not isinstance(cancel, CancelToken):
        raise InvalidArgument(f"cancel is a CancelToken, not {type(cancel).__name__}")
