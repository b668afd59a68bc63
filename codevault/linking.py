"""Hard links of one run: which paths are the same file, so that it is read once and comes back as one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from codevault.source import Listed
from codevault.store.listing import Revision
from codevault.store.manifest import path_bytes
from codevault.store.model import Entry


class Links:
    """Collects the files with several names as they are met; `settle` then says in every entry which comes first.

    A link made or removed changes the file's time of change, thus that of all its names: they are met together or, in
    folders that nothing happened in, stay as the last snapshot has them.
    """

    def __init__(self) -> None:
        self._met: dict[tuple[int, int], tuple[Listed, Entry]] = {}
        self._names: dict[tuple[int, int], list[Entry]] = {}

    def met(self, listed: Listed) -> Entry | None:
        """What was recorded of the same file under another name, if it has not changed since."""
        listed_before, entry = self._met.get((listed.device, listed.inode), (None, None))
        return entry if listed_before is not None and listed_before.signature == listed.signature else None

    def note(self, listed: Listed, entry: Entry) -> None:
        """Takes up one name of a file that has several."""
        identity = (listed.device, listed.inode)
        self._names.setdefault(identity, []).append(entry)
        if entry.blob is not None and (entry.note is None or entry.note == "private"):
            self._met.setdefault(identity, (listed, entry))

    def settle(self, revision: Revision) -> None:
        """Corrects `hardlink` where it has to be: the first path of a file in the manifest's order has none."""
        aliases = self._aliases()
        linked = [*revision.listing.linked(), *(e for e in revision.changes.values() if e is not None and e.hardlink)]
        if not aliases and not linked:
            return
        named = {entry.hardlink for entry in linked if entry.hardlink} | aliases.keys()
        groups: dict[str, list[Entry]] = {}
        for path in {*named, *(entry.path for entry in linked)}:
            entry = revision.find(path)
            if entry is not None:
                known = entry.hardlink or path
                groups.setdefault(aliases.get(known, known), []).append(entry)
        for group in groups.values():
            for entry in _agreed(sorted(group, key=lambda entry: path_bytes(entry.path))):
                revision.amend(entry)

    def _aliases(self) -> dict[str, str]:
        """Every path that a file met in this run is known by, to one of them."""
        aliases: dict[str, str] = {}
        for names in self._names.values():
            known = [entry.hardlink or entry.path for entry in names]
            aliases.update(dict.fromkeys((*known, *(entry.path for entry in names)), known[0]))
        return aliases


def _agreed(group: Iterable[Entry]) -> Iterator[Entry]:
    """The entries whose `hardlink` was another."""
    first: dict[str | None, Entry] = {}  # by content: names that were read at different moments are files of their own
    for entry in group:
        before = first.setdefault(entry.blob, entry)
        hardlink = before.path if before is not entry and entry.blob is not None else None
        if entry.hardlink != hardlink:
            yield replace(entry, hardlink=hardlink)
