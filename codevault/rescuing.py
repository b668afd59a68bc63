"""Looks through the folders that a scan leaves out for what is kept all the same, and remembers the ways to it."""

from __future__ import annotations

import stat
from collections.abc import Collection

from codevault.policy import Policy, Verdict
from codevault.policy.around import Around, Nowhere
from codevault.policy.configured import Output
from codevault.policy.sweep import Sweep
from codevault.source import Folder
from codevault.surroundings import Surroundings

_TYPE = stat.S_IFMT(0xFFFF)


class Rescue:
    """What one scan keeps of the folders that policy leaves out: names by folder, or whole folders in them."""

    def __init__(self, policy: Policy, surroundings: Surroundings | None, device: int) -> None:
        self._policy = policy
        self._around: Around = surroundings if surroundings is not None else Nowhere()
        self._device = device
        self._kept: dict[str, set[str]] = {}
        self._whole: set[str] = set()

    def kept_in(self, path: str) -> Collection[str] | None:
        """The names to be kept of a folder that is otherwise left out; None for a folder of no such kind."""
        return self._kept.get(path) if self._kept else None

    def leads_through(self, path: str) -> bool:
        """True for a folder within one that is left out, which is kept or leads to something that is."""
        return path in self._kept or path in self._whole

    def sweep(self, path: str, folder: Folder, verdict: Verdict, output: Output | None = None) -> bool:
        """Looks through one folder; True when something is kept. Costs its listing where nothing has to be kept."""
        sweep = self._policy.sweep(path, verdict, output, self._around)
        return sweep.needed and self._through(sweep, path, folder, 1)

    def _through(self, sweep: Sweep, path: str, folder: Folder, depth: int) -> bool:
        try:
            entries = folder.entries()
        except OSError:
            return False
        if depth > 1 and sweep.takes_folder(path, {entry.name: entry for entry in entries}, depth - 1):
            self._whole.add(path)
            return True
        kept = set()
        for entry in entries:
            inner = f"{path}/{entry.name}"
            if entry.mode & _TYPE == stat.S_IFREG:
                taken = sweep.takes_file(inner, depth, entry)
            elif entry.mode & _TYPE == stat.S_IFDIR and entry.device == self._device:
                taken = sweep.enters(entry.name, depth) and self._below(sweep, inner, folder, entry.name, depth)
            else:
                taken = False
            if taken:
                kept.add(entry.name)
        if kept:
            self._kept[path] = kept
        return bool(kept)

    def _below(self, sweep: Sweep, path: str, folder: Folder, name: str, depth: int) -> bool:
        try:
            inner = folder.enter(name)
        except OSError:
            return False
        try:
            return self._through(sweep, path, inner, depth + 1)
        finally:
            inner.close()
