"""Which packages a package manager says it put into a folder: what else lies there, somebody put there by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

_LARGEST = 64 << 20  # bytes of a package manager's own list


class Around(Protocol):
    """What a policy may ask of the project around a path; paths are relative to its root."""

    def exists(self, path: str) -> bool:
        """True for a file that is there."""
        ...

    def read(self, path: str, limit: int) -> bytes | None:
        """At most so many bytes of a regular file; None when there is none."""
        ...


class Nowhere:
    """Nothing is there."""

    def exists(self, path: str) -> bool:  # noqa: ARG002
        """False."""
        return False

    def read(self, path: str, limit: int) -> bytes | None:  # noqa: ARG002
        """None."""
        return None


class _NpmList(msgspec.Struct):
    packages: dict[str, msgspec.Raw]


class _ComposerPackage(msgspec.Struct):
    name: str


class _ComposerList(msgspec.Struct):
    packages: list[_ComposerPackage]


def installed_in(folder: str, around: Around) -> Callable[[str], bool] | None:
    """Tells of a path relative to the folder whether it is a package's place that no list names; None without a list.

    npm's list is `.package-lock.json`, Composer's `composer/installed.json`.
    """
    name = folder.rpartition("/")[2]
    if name == "node_modules":
        content = around.read(f"{folder}/.package-lock.json", _LARGEST)
        return None if content is None else _npm(content)
    content = around.read(f"{folder}/composer/installed.json", _LARGEST)
    return None if content is None else _composer(content)


def _npm(content: bytes) -> Callable[[str], bool] | None:
    try:
        listed = msgspec.json.decode(content, type=_NpmList).packages
    except (msgspec.MsgspecError, RecursionError):
        return None
    names = {path.removeprefix("node_modules/") for path in listed}

    def by_hand(path: str) -> bool:
        scope, _, rest = path.partition("/")
        is_package = rest.count("/") == 0 and bool(rest) if scope.startswith("@") else not rest
        return is_package and not path.startswith(".") and path not in names

    return by_hand


def _composer(content: bytes) -> Callable[[str], bool] | None:
    try:
        listed = msgspec.json.decode(content, type=_ComposerList).packages
    except (msgspec.MsgspecError, RecursionError):
        return None
    names = {package.name.lower() for package in listed}

    def by_hand(path: str) -> bool:
        own = path.startswith(("composer/", "bin/"))
        return path.count("/") == 1 and not own and path.lower() not in names

    return by_hand
