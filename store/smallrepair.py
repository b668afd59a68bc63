"""Putting small files back: from the copies in log/, from a twin, or from themselves with the line endings they had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from codevault.errors import VaultMissing
from codevault.store.filesystem import FileSystem
from codevault.store.generations import Generations
from codevault.store.layout import Layout, snapshot_of
from codevault.store.logcheck import read_log
from codevault.store.publishing import ensure_folder
from codevault.store.readme import readme_text, rescue_text
from codevault.store.records import RecordMalformed, decode_log, hash_of, unseal
from codevault.store.switching import switch
from codevault.store.vaultstate import VaultState

Candidate = tuple[bytes, str]  # what the file may have held, and where that comes from


def small_candidates(state: VaultState, names: set[str]) -> dict[str, list[Candidate]]:
    """For each name, what may have been its content, the best first. Reads every copy once."""
    found: dict[str, list[Candidate]] = {name: [] for name in sorted(names)}
    if not found:
        return found
    for sequence in state.generations.copies():
        try:
            copy = state.generations.copy(sequence)
        except RecordMalformed:
            continue
        for name in names & copy.files.keys():
            found[name].insert(0, (copy.files[name], state.layout.relative(state.layout.copy(sequence))))
    for name, candidates in found.items():
        candidates[:0] = _from_itself(state, name)
    return found


def _from_itself(state: VaultState, name: str) -> Iterator[Candidate]:
    content = state.files.read(state.layout.root.joinpath(*name.split("/"))) or b""
    if b"\r" in content:
        yield content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), "itself, with its line endings put right"
    if name.startswith(("snapshots/", "thinned/")):
        old, new = ("snapshots", "thinned") if name.startswith("snapshots/") else ("thinned", "snapshots")
        twin = state.layout.root.joinpath(*name.replace(old, new, 1).split("/"))
        yield state.files.read(twin) or b"", "its twin"
    own = {"README.txt": readme_text, "rescue.py": rescue_text}.get(name)
    if own is not None:
        yield own(), "CodeVault"


def mended_small_file(state: VaultState, name: str, candidates: list[Candidate]) -> tuple[bytes, str, bool] | None:
    """The content to put back, where it is from, and whether the log has to learn of it; None when all is lost.

    Of a document whose newest version is lost the newest copy there is comes back: better than none.
    """
    named = snapshot_of(name.rpartition("/")[2]) if name.startswith(("snapshots/", "thinned/")) else None
    if named is not None:
        return next(((content, by, False) for content, by in candidates if hash_of(content) == named[1]), None)
    if name.startswith("log/"):
        return next(((content, by, False) for content, by in candidates if _is_record(content, name)), None)
    entry = read_log(state.generations).there.get(name)
    for content, by in candidates:
        if entry is not None and entry.blake3 == hash_of(content):
            return content, by, False
    sealed = ((content, by, True) for content, by in candidates if by == "CodeVault" or _is_sealed(content))
    return next(sealed, None)


def recover_identity(files: FileSystem, layout: Layout, clock: Callable[[], int]) -> None:
    """Puts vault.json back, from itself with its line endings put right or from the newest copy; a sound one stays.

    Raises:
        VaultMissing: no copy holds it.
        VaultBusy, StorageFull, StorageError: nothing was changed.
    """
    present = files.read(layout.identity)
    if present is not None and _is_identity(present):
        return
    generations = Generations(files, layout, clock)
    candidates = [(present or b"").replace(b"\r\n", b"\n")]
    for sequence in reversed(generations.copies()):
        with suppress(RecordMalformed):
            candidates.append(generations.copy(sequence).files.get(layout.identity.name, b""))
    content = next(filter(_is_identity, candidates), None)
    if content is None:
        raise VaultMissing(f"no copy of vault.json is left at {layout.root}", layout.root)
    lock = files.lock(layout.lock, "recovering vault.json")
    try:
        ensure_folder(files, layout.incoming)
        switch(files, layout, layout.identity, (content,), lambda digest: digest == hash_of(content))
    finally:
        lock.release()


def _is_identity(content: bytes) -> bool:
    try:
        return {"format", "vault"} <= unseal(content).keys()
    except RecordMalformed:
        return False


def _is_record(content: bytes, name: str) -> bool:
    try:
        return decode_log(content).sequence == int(name[4:-5])
    except RecordMalformed:
        return False


def _is_sealed(content: bytes) -> bool:
    try:
        unseal(content)
    except RecordMalformed:
        return False
    return True
