"""The writer's turn: what everything that changes a vault does first, and what it may rely on while it holds it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.errors import CodeVaultError, StorageFull, VaultBusy
from codevault.store.filesystem import FileSystem, HeldLock
from codevault.store.layout import Layout, snapshot_of
from codevault.store.publishing import ensure_folder
from codevault.store.records import LoggedFile
from codevault.store.vaultstate import VaultState
from codevault.store.yielding import lock_in_turn


class Turn:
    """The vault's one lock, held, with the state just looked at again. Backup, prune, compact and repair take it.

    `Store.turn()` gives one; a context manager that gives the lock back. Whatever is deleted meanwhile goes through
    `codevault.store.swapping.retire`.
    """

    def __init__(self, state: VaultState, lock: HeldLock, unlogged: Iterable[LoggedFile] = ()) -> None:
        self.state = state
        self.lock = lock
        self._unlogged = tuple(unlogged)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                settle(self.state, self.lock)
        finally:
            self.close()

    def close(self) -> None:
        """Gives the lock back; closing twice is harmless."""
        self.lock.release()

    def lend(self) -> HeldLock:
        """The lock for a `Writer` that works within this turn: its end does not end the turn."""
        return _Lent(self.lock)

    def check(self) -> None:
        """To be called before every commit and every deletion.

        Raises:
            VaultBusy: the lock file was taken away, and somebody else may be writing.
        """
        require_held(self.lock, self.state.layout.root)

    def look_again(self) -> None:
        """Takes up the vault as a step left it that was refused half-way, as if a run had died there.

        Raises:
            StorageFull, StorageError: nothing was taken up.
        """
        _sync_all_folders(self.state.files, self.state.layout.root)
        self.state.generations.begin_turn()
        self.state.rescan()
        self._unlogged = tuple(self.state.generations.unlogged(_logged_names(self.state)))

    def take_unlogged(self) -> tuple[LoggedFile, ...]:
        """What a dead run left without a log record, for the next record; only the first call gives it."""
        found, self._unlogged = self._unlogged, ()
        return found

    def log(self, added: Iterable[LoggedFile] = (), removed: Iterable[str] = ()) -> None:
        """Adds a generation, with what a dead run left unlogged in front.

        Raises:
            VaultBusy: as `check`.
            StorageFull, StorageError: nothing was recorded.
        """
        self.check()
        self.state.generations.append((*self._unlogged, *added), removed)
        self._unlogged = ()


class _Lent:
    def __init__(self, lock: HeldLock) -> None:
        self._lock = lock

    def held(self) -> bool:
        return self._lock.held()

    def release(self) -> None:
        """The turn releases it."""


def take_turn(state: VaultState) -> Turn:
    """Locks the vault, looks at it again and sweeps what a dead run left half written.

    Raises:
        VaultBusy: somebody else is writing; at once, but for a service, which makes way within seconds.
        StorageFull, StorageError: the vault cannot be written.
    """
    lock = lock_in_turn(state.files, state.layout.root, state.layout.lock)
    try:
        _begin(state.files, state.layout)
        state.generations.begin_turn()
        state.rescan()
        return Turn(state, lock, state.generations.unlogged(_logged_names(state)))
    except BaseException:
        lock.release()
        raise


def require_held(lock: HeldLock, root: Path) -> None:
    """Called last before anything that others will see.

    Raises:
        VaultBusy: the lock file was taken away, and somebody else may be writing.
    """
    if not lock.held():
        raise VaultBusy("the vault's lock file was removed while we were writing; nothing was recorded", root)


def settle(state: VaultState, lock: HeldLock) -> None:
    """Ends a turn that went well: nothing is left that the next one would have to make durable. Never raises."""
    if not isinstance(lock, _Lent):
        with suppress(CodeVaultError):
            state.files.remove(_mark(state.layout))


def _begin(files: FileSystem, layout: Layout) -> None:
    """Sweeps incoming/ and leaves a mark there until the turn is over.

    Something in it means a run that died or was refused: names it gave, which we see and build upon, may never have
    reached the disk, and would be missing after a power loss although all we wrote ourselves was synced.
    """
    ensure_folder(files, layout.incoming)
    leftovers = files.list(layout.incoming) or ()
    if leftovers:
        _sync_all_folders(files, layout.root)
    for leftover in leftovers:
        if not leftover.is_folder:  # links and specials with it, which would be in the way for ever
            files.remove(layout.incoming / leftover.name)
    with suppress(StorageFull):  # a full disk: whoever frees it must be able to
        files.create(_mark(layout)).close()


def _mark(layout: Layout) -> Path:
    return layout.incoming / "turn.tmp"


def _sync_all_folders(files: FileSystem, folder: Path) -> None:
    for listed in files.list(folder) or ():
        if listed.is_folder:
            _sync_all_folders(files, folder / listed.name)
    files.sync_folder(folder)


def _logged_names(state: VaultState) -> dict[str, int]:
    layout = state.layout
    names = {layout.relative(layout.pack(pack)): size for pack, size in state.catalog.packs.items()}
    for project in state.projects():
        for file in state.files.list(layout.snapshots / project) or ():
            if file.is_file and snapshot_of(file.name):
                names[layout.relative(layout.snapshots / project / file.name)] = file.size
    return names
