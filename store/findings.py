"""What a verification gathers while it goes: damages, notices, and how much was read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from codevault.ids import BlobId
from codevault.store.model import Damage, Notice


@dataclass(slots=True)
class Findings:
    """Any thread adds to it."""

    damages: list[Damage] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def read(self, length: int, files: int = 0) -> None:
        """Counts bytes, and files when one was read to its end."""
        with self._guard:
            self.files += files
            self.bytes += length

    def damage(
        self, file: str, why: str, offset: int = 0, blobs: tuple[BlobId, ...] = (), kind: str = "damaged"
    ) -> None:
        """Notes a damage."""
        self.damages.append(Damage(file=file, offset=offset, why=why, blobs=blobs, kind=kind))

    def notice(self, kind: str, file: str, why: str) -> None:
        """Notes something that is no damage."""
        self.notices.append(Notice(kind=kind, file=file, why=why))


def reason(error: Exception) -> str:
    """An error's text without the advice to verify."""
    return str(error).removesuffix("; run verify()")
