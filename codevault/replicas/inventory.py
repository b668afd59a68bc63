"""`replica.json`: whose copy a replica is, how far it came, who writes it, and what only it can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codevault.store.records import RecordMalformed, seal, unseal

INVENTORY = "replica.json"
"""The one object that is never encrypted."""

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An object as it was sent: `bytes` and `blake3` of what lies there, `length` of the file it holds.

    `mark` tells the sender whether the file has changed since; it says nothing to anybody else.
    """

    bytes: int
    blake3: str
    length: int
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a replica says of itself. `sequence` and `hash` are the generation it holds at most; `run` is its writer."""

    vault: str
    run: str
    sequence: int = 0
    hash: str | None = None
    recipients: tuple[str, ...] = ()
    complete: bool = False
    held: Mapping[str, Held] = field(default_factory=dict)

    @property
    def encrypted(self) -> bool:
        """True when all other objects are encrypted, for the `recipients`."""
        return bool(self.recipients)


def encode_inventory(inventory: Inventory) -> bytes:
    """The bytes of replica.json."""
    return seal(
        {
            "complete": inventory.complete,
            "format": FORMAT,
            "hash": inventory.hash,
            "objects": {
                name: f"{held.bytes} {held.blake3} {held.length} {held.mark}".rstrip()
                for name, held in inventory.held.items()
            },
            "recipients": list(inventory.recipients),
            "run": inventory.run,
            "sequence": inventory.sequence,
            "vault": inventory.vault,
        }
    )


def decode_inventory(content: bytes) -> Inventory:
    """The inverse of `encode_inventory`.

    Raises:
        RecordMalformed: a byte changed, or a newer CodeVault wrote it.
    """
    value = unseal(content)
    try:
        if value["format"] != FORMAT:
            raise RecordMalformed("a format that this CodeVault does not know")
        return Inventory(
            vault=str(value["vault"]),
            run=str(value["run"]),
            sequence=int(value["sequence"]),
            hash=None if value["hash"] is None else str(value["hash"]),
            recipients=tuple(str(recipient) for recipient in value["recipients"]),
            complete=value["complete"] is True,
            held={str(name): _held(line) for name, line in value["objects"].items()},
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as exc:
        raise RecordMalformed("unexpected keys or types") from exc


def _held(line: Any) -> Held:
    parts = line.split(" ")
    return Held(bytes=int(parts[0]), blake3=parts[1], length=int(parts[2]), mark=parts[3] if len(parts) > 3 else "")
