"""Looking for what must not be there any more: in headers of packs, in names, in copies, in quarantine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from codevault.ids import BlobId
from codevault.store.copies import decode_copy
from codevault.store.layout import copy_of, pack_of
from codevault.store.pack import hop
from codevault.store.records import RecordMalformed
from codevault.store.sifting import is_clean
from codevault.store.tree import files_of
from codevault.store.vaultstate import VaultState
from codevault.store.waste import frame_bytes, frames_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StillThere:
    """What a look found, and how many packs and copies it looked at."""

    found: tuple[str, ...]
    packs: int
    copies: int


def still_there(state: VaultState, blobs: Collection[BlobId], goes: Callable[[str], bool]) -> StillThere:
    """Looks through the whole vault, from the disk and not from what is remembered, for erased contents and files."""
    state.rescan()
    found: list[str] = []
    gone = {bytes.fromhex(blob) for blob in blobs}
    packs = sorted(state.packs_present())
    for pack in packs:
        frames = frames_of(state, pack) if pack in state.catalog.packs else None
        if frames is None:
            found.append(f"pack {pack} holds what is no frame: nobody knows what is in it")
        elif any(member in gone for frame in frames for member, _ in frame.header.members):
            found.append(f"pack {pack} still holds erased content")
    names = (*(one.name for one in files_of(state.files, state.layout)), *_shelved(state))
    found += [f"{name} is still there" for name in names if goes(name)]
    copies = state.generations.copies()
    for sequence in copies:
        content = state.files.read(state.layout.copy(sequence)) or b""
        if _copy_holds(content, goes):
            found.append(f"log/{state.layout.copy(sequence).name} may still hold erased records")
    return StillThere(found=tuple(found), packs=len(packs), copies=len(copies))


def _shelved(state: VaultState) -> Iterator[str]:
    for folder in state.files.list(state.layout.vcs) or ():
        for file in state.files.list(state.layout.vcs / folder.name) or ():
            yield f"vcs/{folder.name}/{file.name}"


def suspect_quarantine(state: VaultState, kept: AbstractSet[bytes], goes: Callable[[str], bool]) -> Iterator[str]:
    """Files in quarantine/ that hold something that `kept` does not name, or that nobody can say it of."""
    for listed in state.files.list(state.layout.quarantine) or ():
        path = state.layout.quarantine / listed.name
        original = listed.name.rpartition(".")[0].replace("~", "/")
        if listed.is_file and _is_suspect(state, path, original, listed.size, kept, goes):
            yield state.layout.relative(path)


def _is_suspect(
    state: VaultState, path: Path, original: str, size: int, kept: AbstractSet[bytes], goes: Callable[[str], bool]
) -> bool:
    name = original.rpartition("/")[2]
    if original.startswith("packs/"):
        return pack_of(name) is None or not _holds_only(state, path, size, kept)
    if copy_of(name) is not None:
        return _copy_holds(state.files.read(path) or b"", goes)
    return goes(original)


def _holds_only(state: VaultState, path: Path, size: int, kept: AbstractSet[bytes]) -> bool:
    """True for a pack of frames from end to end, all of them of what is kept."""
    frames = tuple(hop(lambda at, length: state.files.read(path, at, length) or b"", size))
    return sum(map(frame_bytes, frames)) == size and all(is_clean(frame.header, kept) for frame in frames)


def _copy_holds(content: bytes, goes: Callable[[str], bool]) -> bool:
    try:
        return any(map(goes, decode_copy(content).files))
    except RecordMalformed:
        return True
