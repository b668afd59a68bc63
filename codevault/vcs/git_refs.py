"""Reads git's references and reflogs as plain files: loose refs over packed ones, logs newest last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codevault.vcs.reading import ReadFolder

_LARGEST_PACKED = 64 << 20  # a million refs
_LARGEST_LOG = 16 << 20
_MOST = 200_000
_DEEPEST = 16
_VALUE = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*\Z")
_PACKED = re.compile(rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?) (refs/[^\x00-\x20\x7f~^:?*\[\\]+)\r?$", re.MULTILINE)
_LOGGED = re.compile(
    rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?) ([0-9a-f]{40}(?:[0-9a-f]{24})?) "
    rb"[^\t\n]*?(?:> (\d{1,18}) [+-]\d{4})?(?:\t(.*))?$",
    re.MULTILINE,
)


class RefsUnreadable(Exception):  # noqa: N818 - never leaves this package
    """There are too many references, or they are kept in a way that only git reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One line of a reflog: what the ref was, what it became, when (seconds, UTC), and git's or the user's words."""

    before: str
    after: str
    at_s: int
    message: str


def read_refs(common: ReadFolder) -> dict[str, str]:
    """Every ref that is a commit or tag, by full name, sorted; symbolic ones are left to what they name.

    Raises:
        RefsUnreadable: reftable, or more than 200,000 loose refs.
    """
    if common.kind("reftable"):
        raise RefsUnreadable("references are in a reftable, which is not read")
    found = parse_packed(common.read("packed-refs", _LARGEST_PACKED) or b"")
    for name in _files(common, "refs"):
        value = parse_ref(common.read(name, 256) or b"")
        if value:
            found[name] = value
    return dict(sorted(found.items()))


def parse_packed(content: bytes) -> dict[str, str]:
    """The refs of a `packed-refs` file, by full name."""
    return {name.decode("utf-8", "surrogateescape"): value.decode("ascii") for value, name in _PACKED.findall(content)}


def parse_ref(content: bytes) -> str:
    """The commit or tag that a loose ref's file names, "" for a symbolic ref and anything else."""
    value = _VALUE.match(content)
    return value[1].decode("ascii") if value else ""


def read_log(folder: ReadFolder, ref: str) -> list[Moved]:
    """What a ref went through, oldest first, as far as its log reaches; at most its first 16 MiB are told."""
    return parse_log(folder.read(f"logs/{ref}", _LARGEST_LOG) or b"")


def parse_log(content: bytes) -> list[Moved]:
    """The lines of a reflog, oldest first; what is no such line is passed over."""
    return [
        Moved(
            before=before.decode("ascii"),
            after=after.decode("ascii"),
            at_s=int(seconds or 0),
            message=message.decode("utf-8", "replace"),
        )
        for before, after, seconds, message in _LOGGED.findall(content)
    ]


def logged_refs(folder: ReadFolder) -> list[str]:
    """Names of all refs that have a log, HEAD among them.

    Raises:
        RefsUnreadable: more than 200,000.
    """
    return [name.removeprefix("logs/") for name in _files(folder, "logs")]


def _files(folder: ReadFolder, top: str) -> Iterator[str]:
    waiting = [top]
    met = 0
    while waiting:
        path = waiting.pop()
        for name, kind in folder.names(path, _MOST):
            met += 1
            if met > _MOST:
                raise RefsUnreadable(f"there are more than {_MOST} references")
            full = f"{path}/{name}"
            if kind == "folder" and full.count("/") < _DEEPEST:
                waiting.append(full)
            elif kind == "file" and not name.endswith(".lock"):
                yield full
