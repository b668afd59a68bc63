"""From what a caller gives to where a replica lies: a folder of this machine, or what fsspec reaches."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from blake3 import blake3

from codevault.errors import InvalidArgument
from codevault.replicas.disk_objects import DiskObjects
from codevault.replicas.fsspec_objects import FsspecObjects
from codevault.replicas.ports import Objects
from codevault.vcs.urls import public_url

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::|://)")


def is_url(target: object) -> bool:
    """True for what says where a replica lies in another way than by a path."""
    return isinstance(target, str) and _URL.match(target) is not None


def shown(target: str | os.PathLike[str]) -> str:
    """The target for people: without user, password and query."""
    return (public_url(target) or "a replica") if isinstance(target, str) and is_url(target) else os.fspath(target)


def objects_at(target: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> Objects:
    """The objects at a path, a `file://` URL, or any URL of fsspec; `options` are for its file system.

    Raises:
        ExtraMissing: fsspec, or what it needs for that scheme, is not installed.
        ReplicaUnreachable: no connection.
        InvalidArgument: no such scheme.
    """
    if not isinstance(target, str) or not is_url(target):
        return DiskObjects(Path(os.path.abspath(os.path.expanduser(os.fspath(target)))))
    if target.startswith("file://"):
        parts = urlsplit(target)
        if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
            raise InvalidArgument(f"{shown(target)} names another machine, or no absolute path")
        return DiskObjects(Path(_local(unquote(parts.path))))
    return FsspecObjects(target, options)


def default_cache(target: str) -> Path:
    """Where a user's programs keep what can be made again, and in it the folder for that replica."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    name = blake3(shown(target).encode()).hexdigest(8)
    return Path(base).expanduser() / "codevault" / "replicas" / name


def _local(path: str) -> str:
    """`/C:/vault` as Windows writes it."""
    return path[1:] if re.match(r"/[A-Za-z]:", path) and sys.platform == "win32" else path
