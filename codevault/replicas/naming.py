"""Which names of a vault a replica has, what each is, and the order in which they are sent and removed. Pure."""

from __future__ import annotations

import re
from enum import IntEnum

from codevault.store.layout import copy_of, document_of, is_project, pack_of, record_of, sidecar_of, snapshot_of


class Role(IntEnum):
    """What a file of a vault is, in the order of sending: nothing is sent before what it rests on."""

    HELP = 0
    PACK = 1
    PARITY = 2
    SHELF = 3
    THINNED = 4
    KEEPSAKE = 5
    SNAPSHOT = 6
    DOCUMENT = 7
    SETTINGS = 8
    COPY = 9
    RECORD = 10
    IDENTITY = 11


HEADS = frozenset({Role.HELP, Role.KEEPSAKE, Role.DOCUMENT, Role.SETTINGS, Role.COPY, Role.IDENTITY})
"""Roles whose files are replaced; all others never change under their name."""

PRECIOUS = frozenset({Role.SNAPSHOT, Role.THINNED, Role.SHELF, Role.DOCUMENT, Role.KEEPSAKE})
"""Roles that a source may only lose if its log says so."""

_SINGLE = {
    "README.txt": Role.HELP,
    "rescue.py": Role.HELP,
    "policy.toml": Role.SETTINGS,
    "limits.json": Role.SETTINGS,
    "vault.json": Role.IDENTITY,
}
_SHELVED = re.compile(r"[0-9]{8}-[a-z]+-([0-9a-f]{64})\.[a-z0-9.]+")
_DIGITS = re.compile(r"[0-9a-f]{2}")


def role_of(name: str) -> Role | None:
    """What a file of that name is; None for what no replica has, be it ours or foreign."""
    parts = name.split("/")
    if len(parts) == 1:
        return _SINGLE.get(name)
    if len(parts) == 2:
        return _shallow(parts[0], parts[1])
    return _deep(*parts) if len(parts) == 3 else None


def digest_of(name: str) -> str:
    """The BLAKE3 of a file whose name says it, in hexadecimal; empty for others."""
    last = name.rpartition("/")[2]
    named = snapshot_of(last)
    shelved = _SHELVED.fullmatch(last)
    return pack_of(last) or (named[1] if named else "") or (shelved[1] if shelved else "")


def _shallow(folder: str, last: str) -> Role | None:
    if folder == "log":
        return Role.RECORD if record_of(last) is not None else Role.COPY if copy_of(last) is not None else None
    if folder == "projects" and document_of(last) is not None:
        return Role.DOCUMENT
    if folder == "keepsakes" and is_project(last.removesuffix(".json")) and last.endswith(".json"):
        return Role.KEEPSAKE
    return None


def _deep(top: str, folder: str, last: str) -> Role | None:
    if top == "packs" and _DIGITS.fullmatch(folder) and last.startswith(folder):
        return Role.PACK if pack_of(last) else Role.PARITY if sidecar_of(last) else None
    if not is_project(folder):
        return None
    if top == "vcs":
        return Role.SHELF if _SHELVED.fullmatch(last) else None
    if snapshot_of(last) is None:
        return None
    return {"snapshots": Role.SNAPSHOT, "thinned": Role.THINNED}.get(top)
