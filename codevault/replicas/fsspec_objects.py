"""A replica wherever fsspec reaches: SFTP, S3, WebDAV, memory and more."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from codevault.errors import ExtraMissing, InvalidArgument, ReplicaUnreachable, StorageFull
from codevault.replicas.ports import INCOMING
from codevault.vcs.urls import public_url

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SSH = ("sftp://", "ssh://")
_SSH_OPTIONS: Mapping[str, Any] = {
    "known_hosts": (),  # those the user knows; without it sshfs believes every host
    "keepalive_interval": 15,  # a connection that went silent ends after a minute
    "keepalive_count_max": 4,
    "connect_timeout": 30,
}


class FsspecObjects:
    """Implements `Objects`; `options` go to the file system of the URL's scheme, as fsspec documents them.

    An object is written under another name, measured, and moved: so it is whole or absent wherever a move is one step.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self._url = public_url(url)
        given = {**(_SSH_OPTIONS if url.startswith(_SSH) else {}), **(options or {})}
        try:
            from fsspec.core import url_to_fs
        except ImportError as exc:
            raise ExtraMissing(f"a replica at {self._url}", "fsspec", "replica") from exc
        try:
            with self._told():
                self._fs, self._root = url_to_fs(url, skip_instance_cache=True, **given)
        except ReplicaUnreachable as exc:
            if isinstance(exc.__cause__, ImportError):
                raise ExtraMissing(f"a replica at {self._url}", str(exc.__cause__), "replica") from exc
            if isinstance(exc.__cause__, ValueError):
                raise InvalidArgument(f"{self._url} is no URL that fsspec knows") from exc
            raise
        self._root = self._root.rstrip("/")
        self._private = {"permissions": 0o700} if url.startswith(_SSH) else {}
        self._known: set[str] = set()

    def sizes(self) -> Mapping[str, int]:
        """See `Objects.sizes`. Costs a call a folder where the place has folders."""
        with self._told():
            self._fs.invalidate_cache()
            try:
                found = self._fs.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
            at = len(self._root) + 1
            return {path[at:]: int(facts["size"]) for path, facts in found.items() if facts["type"] == "file"}

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `Objects.read`."""
        with self._told():
            try:
                with self._fs.open(self._at(name), "rb") as file:
                    file.seek(offset)
                    return bytes(file.read() if length is None else file.read(length))
            except FileNotFoundError:
                return None

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        """See `Objects.write`."""
        temporary = self._at(f"{INCOMING}{name.rpartition('/')[2]}.tmp")
        with self._told():
            for folder in ("", INCOMING.rstrip("/"), name.rpartition("/")[0]):
                self._make(folder)
            file = self._fs.open(temporary, "wb")
        length = 0
        try:
            for block in blocks:
                with self._told():
                    file.write(block)
                length += len(block)
        except BaseException:
            with suppress(Exception):  # the next run sweeps what stays
                file.close()
                self._fs.rm_file(temporary)
            raise
        with self._told():
            file.close()
            self._fs.invalidate_cache()
            came = self._fs.info(temporary)["size"]
            if came != length:
                raise OSError(errno.EIO, f"{came} of {length} bytes of {name} arrived")
            self._fs.mv(temporary, self._at(name))
        return length

    def remove(self, name: str) -> None:
        """See `Objects.remove`."""
        with self._told(), suppress(FileNotFoundError):
            self._fs.rm_file(self._at(name))

    def close(self) -> None:
        """See `Objects.close`."""
        self._fs = None

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _make(self, folder: str) -> None:
        if folder not in self._known:
            self._fs.makedirs(self._at(folder), exist_ok=True, **self._private)
            self._known.add(folder)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Makes whatever a file system raises an error of ours; each has its own kinds."""
        try:
            yield
        except OSError as exc:
            if exc.errno in _FULL:
                raise StorageFull(Path(self._url), exc, "free some space there and try again") from exc
            raise self._unreachable(exc) from exc
        except Exception as exc:
            raise self._unreachable(exc) from exc

    def _unreachable(self, cause: Exception) -> ReplicaUnreachable:
        why = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
        return ReplicaUnreachable(f"the replica at {self._url}: {why}; what was sent stays there", self._url)
