"""A freelancer's desk: folders of projects for several clients, and the vault that keeps them."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

import codevault
from codevault.store.store import Store

DAY = 86_400_000_000_000
MARCH_FIRST = 1_772_323_200_000_000_000  # 2026-03-01, midnight UTC


class Office:
    """Work lies in `work`, the vault in `vault`; `day` is today, counted from the first of March 2026."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        self.away = folder / "away"
        self.day = 0
        ticks = count(1)
        self.vault = codevault.Vault(
            Store.create(folder / "vault"), clock=lambda: MARCH_FIRST + self.day * DAY + next(ticks), workers=1
        )

    def project(self, place: str, client: str = "", phase: str = "", notes: str = "") -> codevault.Project:
        """A registered project with some files of its own."""
        self.write(place, "main.py", f"NAME = {place!r}\n")
        return self.vault.projects.add(self.work / place, client=client, phase=phase, notes=notes)

    def write(self, place: str, name: str, content: str | bytes) -> None:
        path = self.work / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def names(self, **context: str) -> list[str]:
        return [project.name for project in self.vault.projects.find(**context)]

    def everything_in_the_vault(self) -> bytes:
        """Every byte of every file of the vault."""
        return b"\0".join(path.read_bytes() for path in sorted(self.vault.path.rglob("*")) if path.is_file())


def noise(seed: int, size: int = 4000) -> bytes:
    """Bytes that no compression hides."""
    return random.Random(seed).randbytes(size)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
