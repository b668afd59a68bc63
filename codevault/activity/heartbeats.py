"""Heartbeats in WakaTime's protocol, as its editor plugins send them: read with suspicion, mapped to projects. Pure.

Protocol: POST `…/users/current/heartbeats` with an object, `….bulk` with a list (wakatime.com/developers).
A beat says where somebody works. It is never a reason to read anything that is not read anyway.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codevault.activity.model import Signal, SignalKind, Watched
from codevault.ids import ProjectId

LARGEST = 1 << 20
"""Bytes of a request's body; the clients send some kilobytes."""

MOST = 100
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Somebody works on the file at `path`, absolute; with `write` it was just saved."""

    path: str
    write: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What a request held: for each that it sent a beat, or None for one that means nothing; `many`: as a list."""

    beats: tuple[Beat | None, ...]
    many: bool = True

    @property
    def refused(self) -> int:
        """How many mean nothing."""
        return self.beats.count(None)


def read_beats(body: bytes) -> Read | None:
    """The beats of a request's body, one or a list of them; None when it is no such thing at all."""
    if len(body) > LARGEST:
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    many = not isinstance(told, dict)
    if not many:
        told = [told]
    if not isinstance(told, list) or len(told) > MOST:
        return None
    return Read(tuple(_beat(one) for one in told), many)


def signals_of(beats: Iterable[Beat], projects: Sequence[Watched], now_ns: int) -> tuple[list[Signal], int]:
    """The beats that lie in projects as signals, and how many do not. Paths are compared as text; nothing is opened."""
    by_root: Mapping[str, ProjectId] = {watched.root: watched.project for watched in projects}
    found: list[Signal] = []
    outside = 0
    for beat in beats:
        root = _root_of(beat.path, by_root)
        if root is None:
            outside += 1
            continue
        relative = os.path.relpath(beat.path, root).replace(os.sep, "/")
        kinds = (SignalKind.BEAT, SignalKind.CHANGED) if beat.write else (SignalKind.BEAT,)
        found += (Signal(project=by_root[root], at_ns=now_ns, kind=kind, path=relative) for kind in kinds)
    return found, outside


def _beat(told: Any) -> Beat | None:
    """One object of the client's; every field is looked at before it is believed."""
    if not isinstance(told, dict) or told.get("type", "file") != "file":
        return None
    path, at = told.get("entity"), told.get("time")
    if not isinstance(path, str) or not 0 < len(path) <= _LONGEST_PATH or "\0" in path or not os.path.isabs(path):
        return None
    if not isinstance(at, int | float) or isinstance(at, bool) or not math.isfinite(at):
        return None
    return Beat(path=os.path.normpath(path), write=told.get("is_write") is True)


def _root_of(path: str, roots: Mapping[str, ProjectId]) -> str | None:
    above = os.path.dirname(path)
    while above not in roots:
        higher = os.path.dirname(above)
        if higher == above:
            return None
        above = higher
    return above
