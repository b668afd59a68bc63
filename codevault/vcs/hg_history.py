"""Mercurial's commits as values, out of one answer of `hg log` and the contents that `hg cat` gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from codevault.vcs.hg_server import HgServer
from codevault.vcs.model import Commit, CommitChange, CommitId, ObjectId, Signature

_FIELDS = ("node", "p1node", "p2node", "author|person", "author|email", "date|hgdate", "desc")
_LISTS = ("file_adds", "file_mods", "file_dels")
LOG = "".join(f"{{{field}}}\\0" for field in _FIELDS) + "".join(f"{{{one} % '{{file}}\\n'}}\\0" for one in _LISTS)
"""The template whose answer `records_of` takes apart."""

_NONE = "0" * 40
Remembered = Callable[[str, bytes, bytes], ObjectId]


def records_of(said: bytes) -> Iterator[list[bytes]]:
    """The fields of each commit in an answer made with `LOG`."""
    fields = said.split(b"\0")
    width = len(_FIELDS) + len(_LISTS)
    for start in range(0, len(fields) - 1, width):
        yield fields[start : start + width]


def commit_of(hg: HgServer, record: Sequence[bytes], remembered: Remembered) -> Commit:
    """One record of the log as a value; the contents of what it changed are asked for and named.

    Raises:
        ProgramFailed: history is damaged.
        ValueError: the record is not one of `LOG`'s.
    """
    node, first, second, name, mail, date, words, added, changed, gone = record
    seconds, away = date.split()
    revision = node.decode("ascii")
    parents = [one.decode("ascii") for one in (first, second)]
    parents = [one for one in parents if one and one != _NONE]
    who = Signature(
        name=name.decode("utf-8", "replace"),
        mail=mail.decode("utf-8", "replace"),
        at_ns=int(seconds) * 10**9,
        utc_offset_s=-int(away),  # Mercurial counts westwards
    )
    here, was = _lines(added) + _lines(changed), _lines(changed) + _lines(gone)
    after = _objects(hg, revision, here, remembered)
    before = _objects(hg, parents[0], was, remembered) if parents else {}
    return Commit(
        id=CommitId(revision),
        parents=tuple(map(CommitId, parents)),
        author=who,
        committer=who,
        message=words.decode("utf-8", "replace"),
        changes=tuple(
            CommitChange(path=os.fsdecode(path), before=before.get(path), after=after.get(path))
            for path in sorted({*here, *was})
        ),
    )


def _objects(hg: HgServer, revision: str, paths: Sequence[bytes], remembered: Remembered) -> dict[bytes, ObjectId]:
    if not paths:
        return {}
    return {path: remembered(revision, path, content) for path, content in hg.contents(revision, paths)}


def _lines(listed: bytes) -> list[bytes]:
    return [path for path in listed.split(b"\n") if path]
