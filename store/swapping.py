"""Taking files out of a vault. The one order: what replaces them is durable, the log says they went, they go.

Death before the record changes nothing; death behind it leaves files that the log does not hold, and the next turn
takes them back into the log: so nothing is ever lost half-way, only not yet deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codevault.ids import PackId
from codevault.store.records import LoggedFile
from codevault.store.turns import Turn


def retire(
    turn: Turn, packs: Iterable[PackId], *, records: Iterable[Path] = (), added: Iterable[LoggedFile] = ()
) -> None:
    """Removes packs, with their parity, that nothing needs any more, and `records`: whatever else named their content.

    What of them is still needed must lie in other packs, published and durable; `added` are the files of this step
    that no record names yet. Records go, durably, before the first pack does. Afterwards the catalog knows only what
    is left.

    Raises:
        VaultBusy: the lock file was taken away; nothing was removed.
        StorageFull, StorageError: as much as the log says was removed, or less.
    """
    layout = turn.state.layout
    gone = sorted(set(packs))
    first = sorted(set(records))
    there = [path for path in first if turn.state.files.read(path, 0, 0) is not None]  # else removed, maybe not durably
    removed = [*there, *(layout.pack(pack) for pack in gone)]
    came = tuple(added)
    if removed or came:
        turn.log(came, map(layout.relative, removed))
    _delete(turn, first)
    sidecars = [layout.sidecar(pack) for pack in gone if pack in turn.state.sidecars]
    _delete(turn, (*sidecars, *(layout.pack(pack) for pack in gone)))
    turn.state.rescan()


def _delete(turn: Turn, paths: Iterable[Path]) -> None:
    folders: dict[Path, None] = {}
    for path in paths:
        turn.state.files.remove(path)
        folders[path.parent] = None
    for folder in folders:
        turn.state.files.sync_folder(folder)
