"""Gathering a project's state: scan, compare with the previous snapshot, read what differs, hand it to the store.

Nothing here parses code, and nothing commits: `codevault.backup` does, once everything is gathered. A file that cannot
be read never stops a run; it becomes a `Problem`, and its last known content is carried on.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from codevault.databases import databases
from codevault.index.model import FileChange
from codevault.jobs import Reporter
from codevault.linking import Links
from codevault.policy import Verdict
from codevault.relating import Relative
from codevault.scanning import Scan, ScannedFolder
from codevault.source import Folder, Listed
from codevault.store.listing import Listing, Revision
from codevault.store.model import Entry, EntryKind
from codevault.store.writing import Writer
from codevault.storing import Storing
from codevault.versioned import NothingVersioned, Versioned

_SUSPECT_SHARE = 0.5
_SUSPECT_LEAST = 20

_KINDS = {
    stat.S_IFREG: EntryKind.FILE,
    stat.S_IFDIR: EntryKind.DIRECTORY,
    stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFIFO: EntryKind.FIFO,
    stat.S_IFSOCK: EntryKind.SOCKET,
    stat.S_IFCHR: EntryKind.CHARACTER_DEVICE,
    stat.S_IFBLK: EntryKind.BLOCK_DEVICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a run could not do as asked, with what it did instead; `kind` is one word for programs.

    "unreadable" (last known content carried on), "unstable" (changed while it was read), "vanished" (gone between
    listing and reading), "attributes" (kept without some of its extended attributes), "suspect" (most of the project is
    gone), "damaged" (the last snapshot: nothing could be compared with it), "index" (stored, but not yet searchable),
    "given-up" (too large for what the vault may still take; last known content carried on), "thinned" (older snapshots
    made room for this one), "limit" (a limit was reached and they could not), "gone" (an earlier content that was left
    to the repository, which has it no more).
    """

    path: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the index has to learn: paths with new content, and paths that are gone.

    `whole`: nothing was compared, `changed` is all there is, and every other path is gone.
    """

    changed: tuple[FileChange, ...]
    removed: tuple[str, ...]
    whole: bool = False


class Gathering:
    """One pass over one project. `revision`, `changes` and `problems` are complete once `gather()` has returned."""

    def __init__(
        self,
        writer: Writer,
        scan: Scan,
        *,
        previous: Callable[[], Listing],
        report: Reporter,
        whole: bool = False,
        largest: int | None = None,
        versioned: Versioned | None = None,
        withdrawn: Iterable[str] = (),
        relative: Relative | None = None,
        now_ns: int | None = None,
    ) -> None:
        """`withdrawn` are paths whose content was left to a repository and may be so no more: they are read again.

        With `now_ns`, of a run that nobody asked for, changed files wait as long as the policy's cadence says.
        """
        self._now_ns = now_ns
        self.waiting: list[str] = []
        self._versioned = versioned or NothingVersioned()
        self._storing = Storing(writer, self._versioned, relative)
        self._withdrawn = frozenset(withdrawn)
        self._again = frozenset(path.rpartition("/")[0] for path in self._withdrawn)
        self._whole = whole
        self._largest = largest
        self._scan = scan
        self._previous = previous
        self._report = report
        self._revision: Revision | None = None
        self._lost: list[str] = []
        self._links = Links()
        self.visited: set[str] = set()
        self._done = 0
        self.read_files = self.read_bytes = 0
        self.added = self.updated = 0
        self.left_out = self._unnamed = 0  # lines, and contents, that are kept in another way from now on
        self._changed: list[FileChange] = []
        self._removed: list[str] = []
        self.problems: list[Problem] = []

    def gather(self) -> bool:
        """Scans and stores; False when nothing at all differs from the previous snapshot.

        Raises:
            OSError: the root cannot be listed.
        """
        with contextlib.closing(self._scan.folders()) as folders:
            for scanned in folders:
                self.visited.add(scanned.path)
                if scanned.settled and scanned.path not in self._again:
                    self._done += len(scanned.entries)
                    self._report.step("comparing", self._done, content_bytes=self.read_bytes)
                elif scanned.error is not None:
                    self._unlisted(scanned)
                else:
                    self._folder(scanned)
        known = self._scan.known
        if self._revision is None and known and not self._lost and self.visited == known.keys():
            return False
        self._gone()
        self._links.settle(self.revision)
        return bool(self.revision.changes)

    @property
    def revision(self) -> Revision:
        """What is to be recorded; the previous snapshot's manifest is read when this is first asked for."""
        if self._revision is None:
            self._revision = Revision(self._previous())
        return self._revision

    @property
    def changes(self) -> Changes:
        """What differs from the previous snapshot, contents only."""
        return Changes(changed=tuple(self._changed), removed=tuple(self._removed), whole=self._whole)

    def _folder(self, scanned: ScannedFolder) -> None:
        before = self.revision.listing.folder(scanned.path)
        together = databases(scanned.names)
        apart = frozenset().union(*together.values(), scanned.excluded)
        for listed in scanned.entries:
            if listed.name not in apart:
                self._take(listed, self._entry(scanned, listed, before.get(listed.name)), before)
        for database, names in together.items():
            for listed, entry in self._group(scanned, database, names - scanned.excluded, before):
                self._take(listed, entry, before)
        self._drop(before.values())

    def _take(self, listed: Listed, entry: Entry | None, before: dict[str, Entry]) -> None:
        old = before.get(listed.name)
        if entry is not None:
            self._keep(entry, old)
            if old is not None:
                del before[listed.name]
                if old.blob is not None and entry.blob is None:
                    self._removed.append(entry.path)
        self._done += 1
        self._report.step("reading", self._done, content_bytes=self.read_bytes)

    def _group(
        self, scanned: ScannedFolder, database: str, names: Collection[str], before: dict[str, Entry]
    ) -> list[tuple[Listed, Entry | None]]:
        """A database and its log or journal, read again together when the database was written meanwhile."""
        listed = {each.name: each for each in scanned.entries if each.name in names}
        for _ in range(3):
            found = [(each, self._entry(scanned, each, before.get(each.name))) for each in listed.values()]
            try:
                now = {e.name: e for e in (scanned.folder or _missing()).entries() if e.name in names}
            except OSError:
                return found
            if now.get(database) == listed.get(database):
                return found
            listed = now
        scanned.retry.update(names)
        path = f"{scanned.path}/{database}".lstrip("/")
        self._problem(path, "unstable", "a database that was written each time it was read; log and copy may not fit")
        return found

    def _drop(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.revision.drop(entry)
            if entry.blob is not None:
                self._removed.append(entry.path)

    def _entry(self, scanned: ScannedFolder, listed: Listed, old: Entry | None) -> Entry | None:
        kind = _KINDS.get(stat.S_IFMT(listed.mode))
        path = f"{scanned.path}/{listed.name}" if scanned.path else listed.name
        if kind is None:
            self._problem(path, "unreadable", "a kind of file this system has no name for")
            return None
        if (
            old is not None
            and old.kind is kind
            and (kind is not EntryKind.FILE or _whole(old))
            and scanned.same(listed)
            and path not in self._withdrawn
        ):
            if listed.links > 1 and kind is EntryKind.FILE:
                self._links.note(listed, old)
            return old
        if kind is EntryKind.FILE:
            return self._file(scanned, listed, path, old)
        target = None
        if kind is EntryKind.SYMLINK:
            try:
                target = (scanned.folder or _missing()).link_target(listed.name)
            except OSError as exc:
                self._unread(scanned, listed, path, exc)
                return old
        return Entry(
            path=path,
            kind=kind,
            mode=stat.S_IMODE(listed.mode),
            mtime_ns=listed.mtime_ns,
            target=target,
            owner=self._owner(listed),
            xattrs=self._folder_xattrs(scanned, listed, path) if kind is EntryKind.DIRECTORY else (),
        )

    def _file(self, scanned: ScannedFolder, listed: Listed, path: str, old: Entry | None) -> Entry | None:
        hint = old.blob if old is not None else None
        if self._largest is not None and listed.size > self._largest:
            return self._given_up(scanned, listed, path, old)
        private = scanned.private
        if old is not None or listed.links > 1:  # a new file is asked about once, when its first bytes are known
            verdict = self._scan.policy.file(path, listed.size, in_doubt=scanned.in_doubt)
            if old is not None and self._waits(verdict, listed, old) and path not in self._withdrawn:
                scanned.retry.add(listed.name)
                self.waiting.append(path)
                return old
            private = private or not verdict.index
        twin = self._links.met(listed) if listed.links > 1 else None
        if twin is not None:
            same = replace(twin, path=path, hardlink=twin.hardlink or twin.path, note="private" if private else None)
            self._links.note(listed, same)
            return same
        try:
            stored = self._storing.stored(scanned.folder or _missing(), listed, path, hint)
        except FileNotFoundError:
            self._problem(path, "vanished", "it was gone when its turn came")
            scanned.retry.add(listed.name)
            return None
        except OSError as exc:
            self._unread(scanned, listed, path, exc)
            return _carried(old) if old is not None and old.blob is not None else _unreadable(listed, path)
        private = private or not self._scan.policy.file(path, stored.size, stored.head).index
        notes = ["private"] if private else []
        if not stored.stable:
            notes.append("unstable")
            scanned.retry.add(listed.name)
            self._problem(path, "unstable", "it changed each time it was read; its last reading is kept")
        if stored.extras.lost:
            self._problem(path, "attributes", stored.extras.lost)
        self.read_files += 1
        self.read_bytes += stored.size
        entry = Entry(
            path=path,
            kind=EntryKind.FILE,
            mode=stat.S_IMODE(listed.mode),
            mtime_ns=listed.mtime_ns,
            size=stored.size,
            blob=stored.blob,
            reference=stored.reference,
            note=" ".join(notes) or None,
            owner=self._owner(listed),
            xattrs=stored.extras.xattrs,
            sparse=stored.extras.sparse,
        )
        if listed.links > 1:
            self._links.note(listed, entry)
        return entry

    def _waits(self, verdict: Verdict, listed: Listed, old: Entry) -> bool:
        """True for a file whose last version is younger than its cadence, by the time that version was written."""
        pause = verdict.treatment.for_size(listed.size)
        if self._now_ns is None or not pause or not _whole(old) or is_private(old) == verdict.index:
            return False
        return 0 <= self._now_ns - old.mtime_ns < pause * 1_000_000_000

    def _owner(self, listed: Listed) -> tuple[int, int] | None:
        owner = listed.user, listed.group
        return None if owner == self._scan.owner else owner

    def _folder_xattrs(self, scanned: ScannedFolder, listed: Listed, path: str) -> tuple[tuple[str, bytes], ...]:
        try:
            extras = (scanned.folder or _missing()).extras(listed.name)
        except OSError:
            return ()  # the scan enters it next, and says what is wrong
        if extras.lost:
            self._problem(path, "attributes", extras.lost)
        return extras.xattrs

    def _given_up(self, scanned: ScannedFolder, listed: Listed, path: str, old: Entry | None) -> Entry:
        scanned.retry.add(listed.name)
        self._problem(path, "given-up", f"its {listed.size} bytes are more than the vault's limits leave room for")
        return _carried(old) if old is not None and old.blob is not None else _unreadable(listed, path)

    def _keep(self, entry: Entry, old: Entry | None) -> None:
        self.revision.put(entry, old)
        if entry.kind is not EntryKind.FILE or entry.blob is None:
            return
        before = old.blob if old is not None else None
        if before is None:
            self.added += 1
        elif before != entry.blob:
            self.updated += 1
        else:
            return
        self._changed.append(
            FileChange(path=entry.path, blob=entry.blob, size=entry.size, indexed=not is_private(entry))
        )

    def _unlisted(self, scanned: ScannedFolder) -> None:
        error = scanned.error or OSError()
        if isinstance(error, FileNotFoundError):
            self._problem(scanned.path, "vanished", "the folder was gone when its turn came")
            self.visited.discard(scanned.path)
            return
        self._problem(scanned.path, "unreadable", _plain(error))
        self._lost.append(scanned.path)

    def _unread(self, scanned: ScannedFolder, listed: Listed, path: str, error: OSError) -> None:
        scanned.retry.add(listed.name)
        self._problem(path, "unreadable", _plain(error))

    def _gone(self) -> None:
        """What the previous snapshot held in folders that were not met: carried when unreadable, removed otherwise."""
        listing, lost = self.revision.listing, tuple(self._lost)
        for folder in listing.folders:
            if folder in lost or any(folder.startswith(f"{path}/") for path in lost):
                for entry in listing.folder(folder).values():
                    self.revision.put(_carried(entry), entry)
            elif folder not in self.visited:
                dropped = listing.folder(folder)
                if self._is_apart(folder):
                    self.left_out += len(dropped)
                    self._unnamed += sum(1 for entry in dropped.values() if entry.blob is not None)
                self._drop(dropped.values())

    def _is_apart(self, folder: str) -> bool:
        return any(folder == path or folder.startswith(f"{path}/") for path in self._versioned.apart)

    def _problem(self, path: str, kind: str, why: str) -> None:
        self.problems.append(Problem(path=path, kind=kind, why=why))

    def suspicious(self) -> bool:
        """True when most of the previous snapshot is gone and nothing has come instead: marked, not hidden."""
        held = self.revision.listing.contents - self._unnamed
        gone = len(self._removed) - self._unnamed
        emptied = gone == held > 0 and not self.added  # as an empty mount point looks
        if not emptied and (held < _SUSPECT_LEAST or gone < held * _SUSPECT_SHARE or self.added >= gone // 2):
            return False
        self._problem("", "suspect", f"{gone} of {held} files are gone; nothing is thinned because of it")
        return True


def is_private(entry: Entry) -> bool:
    """True for content that is kept but never indexed (a secret, or inside version control's own folder)."""
    return entry.note is not None and "private" in entry.note.split()


def _whole(entry: Entry) -> bool:
    return entry.blob is not None and (entry.note is None or entry.note == "private")


def _carried(entry: Entry) -> Entry:
    words = set((entry.note or "").split()) | {"carried"}
    return replace(entry, note=" ".join(sorted(words)))


def _unreadable(listed: Listed, path: str) -> Entry:
    return Entry(
        path=path,
        kind=EntryKind.FILE,
        mode=stat.S_IMODE(listed.mode),
        mtime_ns=listed.mtime_ns,
        size=listed.size,
        note="unreadable",
    )


def _plain(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _missing() -> Folder:
    raise FileNotFoundError(2, "the folder is gone")
