"""The beginning of a vault and its identity: making the folder, reading vault.json, raising it to our format."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress

from codevault.errors import RecordDamaged, StorageError, VaultDiverged, VaultTooNew
from codevault.ids import VaultId
from codevault.store.filesystem import FileSystem
from codevault.store.generations import Generation, Generations
from codevault.store.layout import FORMAT_VERSION, Layout
from codevault.store.publishing import ensure_folder, publish
from codevault.store.readme import readme_text, rescue_text
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, seal, unseal
from codevault.store.vaultstate import VaultState


def is_free(files: FileSystem, layout: Layout) -> bool:
    """True for a missing or empty folder, or one where making a vault was interrupted."""
    try:
        listed = files.list(layout.root)
        if listed is None:
            files.make_folder(layout.root)
            return True
    except StorageError as exc:
        if isinstance(exc.__cause__, FileExistsError):
            return False
        raise
    ours = {"README.txt", "rescue.py", "packs", "snapshots", "projects", "log", "incoming"}
    kept = (layout.packs, layout.snapshots, layout.projects)
    return {entry.name for entry in listed} <= ours and not any(files.list(folder) for folder in kept)


def make_vault(files: FileSystem, layout: Layout, clock: Callable[[], int]) -> None:
    """Makes a new, empty vault in a folder that is free; vault.json, which makes it one, comes last.

    Raises:
        StorageFull, StorageError: there is no vault; the folder is still free.
    """
    root = layout.root
    for folder in (layout.packs, layout.snapshots, layout.projects, layout.log, layout.incoming):
        ensure_folder(files, folder)
    with suppress(StorageError):  # the vault's own name: some systems refuse to sync a foreign folder
        files.sync_folder(root.parent)
    identity = seal({"format": FORMAT_VERSION, "vault": secrets.token_hex(16)})
    made = ((root / "README.txt", readme_text()), (root / "rescue.py", rescue_text()), (layout.identity, identity))
    for path, content in made[:2]:
        publish(files, layout, path, content)
    files.remove(layout.record(1))
    files.remove(layout.copy(1))
    logged = (LoggedFile(file=path.name, bytes=len(held), blake3=hash_of(held)) for path, held in made)
    Generations(files, layout, clock).append(logged, held={path.name: held for path, held in made})
    publish(files, layout, layout.identity, identity)


def decode_identity(layout: Layout, content: bytes) -> tuple[int, VaultId]:
    """The format and id that vault.json says.

    Raises:
        RecordDamaged: it was changed.
        VaultTooNew: a newer CodeVault wrote it.
    """
    try:
        value = unseal(content)
    except RecordMalformed as exc:
        raise RecordDamaged(layout.identity, str(exc)) from exc
    version, vault_id = value.get("format"), value.get("vault")
    if not isinstance(version, int) or not isinstance(vault_id, str):
        raise RecordDamaged(layout.identity, "it holds no version and id")
    if version > FORMAT_VERSION:
        raise VaultTooNew(
            f"{layout.root} has format {version}, this CodeVault knows {FORMAT_VERSION}: upgrade CodeVault",
            layout.root,
            version,
            FORMAT_VERSION,
        )
    return version, VaultId(vault_id)


def expect(state: VaultState, expected: Generation, *, acknowledge: bool) -> None:
    """Compares a vault with the generation last seen of it; acknowledged, it gives no number again.

    Raises:
        VaultDiverged: it is older, went another way or is another one, and that is not acknowledged.
    """
    how = "other" if expected.vault != state.vault_id else state.generations.compare(expected)
    if how and not acknowledge:
        raise VaultDiverged(state.layout.root, how, expected.sequence, state.generations.newest().sequence)
    if how in {"older", "diverged"}:
        last = {project: state.snapshot_names(project)[-1][0] for project in state.projects()}
        state.generations.acknowledge(expected, last)


def raise_format(state: VaultState) -> None:
    """Takes a vault of an older format to ours: all of the older ones is part of it, so the mark is all there is.

    The mark goes last: what is written after it may need this version's readers.

    Raises:
        StorageFull, StorageError: it has the format it had.
    """
    files, layout = state.files, state.layout
    identity = seal({"format": FORMAT_VERSION, "vault": state.vault_id})
    made = ((layout.root / "README.txt", readme_text()), (layout.root / "rescue.py", rescue_text()))
    for path, content in made:
        publish(files, layout, path, content)
    held = {**{path.name: content for path, content in made}, layout.identity.name: identity}
    logged = (LoggedFile(file=name, bytes=len(new), blake3=hash_of(new)) for name, new in held.items())
    state.generations.append(logged, held=held)
    publish(files, layout, layout.identity, identity)
