"""Opens a vault from a replica, for reading, and sends one there."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codevault.errors import InvalidArgument, ReplicaLocked, StorageError, StorageFull, VaultMissing
from codevault.jobs import Reporter
from codevault.replicas.inventory import INVENTORY, decode_inventory
from codevault.replicas.listed import VaultFiles
from codevault.replicas.model import Replicated
from codevault.replicas.places import default_cache, objects_at, shown
from codevault.replicas.ports import Objects
from codevault.replicas.reading import ReplicaFiles
from codevault.replicas.sealing import AgeKey, AgeSeal
from codevault.replicas.sending import Replication, Wishes
from codevault.store.filesystem import DiskFileSystem
from codevault.store.records import RecordMalformed
from codevault.store.store import Store

_POLICY = "policy.toml"


@dataclass(frozen=True, slots=True)
class OpenedReplica:
    """A store that is only read, and the connection it is read through."""

    store: Store
    objects: Objects


def open_replica(
    target: str,
    *,
    identity: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> OpenedReplica:
    """Opens the vault that a replica is a copy of; `cache` is the folder for what is derived, else the user's.

    Raises:
        VaultMissing: there is none, or its first replication has not ended.
        ReplicaLocked: it is encrypted, and the identity is missing or another's.
        ReplicaUnreachable, ExtraMissing, InvalidArgument: as `objects_at`.
    """
    url = shown(target)
    root = Path(os.path.abspath(os.path.expanduser(os.fspath(cache)))) if cache is not None else default_cache(target)
    objects = objects_at(target, options)
    try:
        key = AgeKey(identity, url) if identity is not None and _is_encrypted(objects) else None
        if key is None and _is_encrypted(objects):
            raise ReplicaLocked(f"{url} is encrypted: give the identity that opens it", url)
        local = DiskFileSystem(root)
        for folder in (root / "cache", root / "incoming"):
            local.make_folder(folder)
        files = ReplicaFiles(objects, root, url, key=key, local=local)
        try:
            store = Store.open(root, filesystem=files)
        except VaultMissing as exc:
            raise VaultMissing(f"there is no replica of a vault at {url}", root) from exc
        with suppress(StorageError, StorageFull):
            _take_rules(files, root)
            store.state.save_catalog()
    except BaseException:
        objects.close()
        raise
    return OpenedReplica(store, objects)


def send_replica(
    store: Store,
    target: str | os.PathLike[str],
    *,
    recipients: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 - a frozen value
    bytes_per_second: int | None = None,
    report: Reporter | None = None,
) -> Replicated:
    """Brings the replica at `target` up to date: see `Vault.replicate`."""
    if bytes_per_second is not None and (isinstance(bytes_per_second, bool) or bytes_per_second < 1):
        raise InvalidArgument("bytes_per_second is a number of 1 or more")
    if isinstance(recipients, str):
        raise InvalidArgument("recipients is a collection of public keys: give [key]")
    state = store.state
    seal = AgeSeal(recipients) if recipients else None
    pace = Pace(bytes_per_second) if bytes_per_second is not None else _at_once
    objects = objects_at(target, options)
    try:
        _require_apart(objects, target, store.root)
        return Replication(
            VaultFiles(state.files, state.layout, state.generations),
            objects,
            url=shown(target),
            vault=state.vault_id,
            run=secrets.token_hex(16),
            seal=seal,
            wishes=wishes,
            report=report,
            pace=pace,
        ).replicate()
    finally:
        objects.close()


class Pace:
    """Waits so that no more than so many bytes a second go; told of each block before it does."""

    def __init__(
        self,
        bytes_per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def __call__(self, size: int) -> None:
        """Returns when a block of that size may go."""
        now = self._clock()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + size / self._rate


def _at_once(_: int) -> None:
    return None


def _require_apart(objects: Objects, target: str | os.PathLike[str], root: Path) -> None:
    """A replica within its own vault, or around it, would be no copy elsewhere."""
    place = getattr(objects, "root", None)
    if place is None:
        return
    ours, theirs = Path(os.path.realpath(root)), Path(os.path.realpath(place))
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        raise InvalidArgument(f"{shown(target)} and the vault lie in one another: a replica lies elsewhere")


def _is_encrypted(objects: Objects) -> bool:
    try:
        return decode_inventory(objects.read(INVENTORY) or b"").encrypted
    except RecordMalformed:
        return False


def _take_rules(files: ReplicaFiles, root: Path) -> None:
    """The owner's rules, which are read as a plain file."""
    content = files.read(root / _POLICY)
    local = DiskFileSystem(root)
    local.remove(root / _POLICY)
    if content is not None:
        new = local.create(root / _POLICY)
        try:
            new.write(content)
        finally:
            new.close()
