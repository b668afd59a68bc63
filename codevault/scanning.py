"""Which folders and files of a project differ from the last run.

Pure but for the `Folder` port. One signature a folder (a few bytes an entry, as listed) is compared with the one kept
from the last run: an equal one settles the whole folder with one comparison of bytes, so an unchanged project costs
little more than listing it. Times alone are never trusted: inode and ctime are part of the signature, and an entry that
was touched within `RACY_NS` of being listed gets a signature that never matches, so it is read again next time
(the racy problem of git's index, Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import Final

import msgspec

from codevault.policy import Policy, Verdict
from codevault.policy.configured import Output
from codevault.rescuing import Rescue
from codevault.source import Folder, Listed, Unstable
from codevault.surroundings import Surroundings

RACY_NS = 2_000_000_000  # the coarsest time stamp in use: FAT's two seconds
LARGEST_TAG = 4096  # bytes; a CACHEDIR.TAG is a few lines
_MOST_OPEN = 128  # folders kept open at a time; the rest are reached again from the root

_Signature = tuple[int, int, int, int, int]
_Row = tuple[str, int, int, int, int, int]
_SIGNED: Final = 6  # the fields of `Listed` from the name to the inode; a device's number changes with a restart
_NEVER: _Signature = (-1, -1, -1, -1, -1)
_TYPE = stat.S_IFMT(0xFFFF)
_name, _ctime = attrgetter("name"), attrgetter("ctime_ns")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Row]).decode
_decode_exact = msgspec.msgpack.Decoder(list[tuple[bytes, int, int, int, int, int]]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A folder that the policy leaves out, or that belongs to someone else; `why` is fit for a report.

    `rebuild` is the command that makes it again, `deliberate`: a rule of the vault's owner leaves it out (such a rule
    may name single files too).
    """

    path: str
    why: str
    rebuild: str = ""
    deliberate: bool = False


@dataclass(slots=True, kw_only=True)
class ScannedFolder:
    """One folder of a scan, open while it is yielded.

    `path` is relative to the project's root, "" for the root itself. With `error` set nothing else is known of it.
    `private`: policy keeps everything below but allows no indexing; `in_doubt`: it may be a tool's. Names that could
    not be read whole are put into `retry` by the consumer, so that the next run reads them again.
    """

    path: str
    folder: Folder | None
    entries: list[Listed]
    names: frozenset[str] = frozenset()
    private: bool = False
    in_doubt: bool = False
    settled: bool = False
    signature: bytes = b""
    listed_ns: int = 0
    known: Mapping[str, _Signature] = field(default_factory=dict)
    error: OSError | None = None
    excluded: set[str] = field(default_factory=set)
    retry: set[str] = field(default_factory=set)

    def same(self, entry: Listed) -> bool:
        """True when the entry is as it was when it was last read whole."""
        return self.settled or self.known.get(entry.name) == entry.signature


class Scan:
    """Walks a project once. `known` is what the last run saw; `signatures` afterwards what the next compares with."""

    def __init__(
        self,
        root: Folder,
        policy: Policy,
        *,
        previous: Mapping[str, bytes],
        foreign: Collection[tuple[int, int]] = (),
        apart: Mapping[str, str] = MappingProxyType({}),
        surroundings: Surroundings | None = None,
        clock: Callable[[], int],
    ) -> None:
        """`apart` are folders that are passed over, by path, with the reason; `foreign` those of others.

        `surroundings` tell what the project's build files name; None: they are not looked at.
        """
        self._root = root
        self.policy = policy
        self.known = previous
        self._foreign = foreign
        self._apart = apart
        self._surroundings = surroundings
        self._rescue = Rescue(policy, surroundings, root.status().device)
        self._drops_files = policy.rules.drops_files
        self._clock = clock
        own = root.status()
        self.owner = own.user, own.group
        self._device = own.device
        self._visited = {(own.device, own.inode)}
        self.signatures: dict[str, bytes] = {}
        self.excluded: list[Excluded] = []

    def folders(self) -> Generator[ScannedFolder]:
        """Every kept folder, parents first, siblings in order of name; each is closed when the next one is asked for.

        Raises:
            OSError: the root itself cannot be listed.
        """
        queue = _Open(self._root)
        pending: list[tuple[str, str, bool, bool]] = []  # (parent, name, private, in doubt)
        scanned = self._listed("", self._root, private=False, in_doubt=False)
        if scanned.error is not None:
            raise scanned.error
        while True:
            kept = list(self._kept(scanned))
            try:
                yield scanned
            except GeneratorExit:  # the consumer gave up: nothing is left open
                queue.close(scanned)
                raise
            self._remember(scanned)
            queue.opened(scanned, children=len(kept))
            pending.extend(reversed(kept))
            if not pending:
                return
            parent, name, private, in_doubt = pending.pop()
            scanned = self._enter(queue, parent, name, private=private, in_doubt=in_doubt)

    def _enter(self, queue: _Open, parent: str, name: str, *, private: bool, in_doubt: bool) -> ScannedFolder:
        path = f"{parent}/{name}" if parent else name
        try:
            folder = queue.enter(parent, name)
        except OSError as exc:
            return ScannedFolder(path=path, folder=None, entries=[], private=private, error=exc)
        return self._listed(path, folder, private=private, in_doubt=in_doubt)

    def _listed(self, path: str, folder: Folder, *, private: bool, in_doubt: bool) -> ScannedFolder:
        listed_ns = self._clock()
        try:
            entries = folder.entries()
        except OSError as exc:
            if path:
                folder.close()
            return ScannedFolder(path=path, folder=None, entries=[], private=private, error=exc)
        names = frozenset(map(_name, entries))
        if self._surroundings is not None:
            self._surroundings.look(path, names)
        if path:
            entries, private = self._unless_tagged(path, folder, entries, names, private=private)
        if self._drops_files:
            entries = [e for e in entries if not self._is_dropped(_join(path, e.name), e.mode)]
        now = _pack([e[:_SIGNED] for e in entries])
        before = self.known.get(path)
        scanned = ScannedFolder(
            path=path,
            folder=folder,
            entries=entries,
            names=names,
            private=private,
            in_doubt=in_doubt,
            settled=now == before,
            signature=now,
            listed_ns=listed_ns,
        )
        if before is not None and not scanned.settled:
            scanned.known = _unpack(before)
        return scanned

    def _remember(self, scanned: ScannedFolder) -> None:
        if scanned.error is not None:
            return
        newest = scanned.listed_ns - RACY_NS  # not of now: a change after the listing may carry the same time
        if not scanned.retry and (scanned.settled or max(map(_ctime, scanned.entries), default=newest) <= newest):
            self.signatures[scanned.path] = scanned.signature
            return
        self.signatures[scanned.path] = _pack(
            [
                (e.name, *_NEVER) if e.ctime_ns > newest or e.name in scanned.retry else e[:_SIGNED]
                for e in scanned.entries
            ]
        )

    def _kept(self, scanned: ScannedFolder) -> Iterator[tuple[str, str, bool, bool]]:
        for entry in [e for e in scanned.entries if e.mode & _TYPE == stat.S_IFDIR]:
            out, private, in_doubt = self._verdict(scanned, entry)
            if out is None:
                yield scanned.path, entry.name, private or scanned.private, in_doubt or scanned.in_doubt
                continue
            if out.path not in self._apart:  # the folder itself is recorded, empty
                scanned.excluded.add(entry.name)
            self.excluded.append(out)

    def _unless_tagged(
        self, path: str, folder: Folder, entries: list[Listed], names: Collection[str], *, private: bool
    ) -> tuple[list[Listed], bool]:
        """A folder whose own marker says that it can be made again counts as empty but for what is saved from it."""
        kept = self._rescue.kept_in(path)
        if kept is not None:
            return [e for e in entries if e.name in kept], private
        verdict = self.policy.tagged(names, lambda name: _head(folder, entries, name), path)
        if verdict is None:
            return entries, private
        if verdict.keep:
            return entries, private or not verdict.index
        self.excluded.append(_excluded(path, verdict))
        self._rescue.sweep(path, folder, verdict)
        kept = self._rescue.kept_in(path) or ()
        return [e for e in entries if e.name in kept], private

    def _is_dropped(self, path: str, mode: int) -> bool:
        if mode & _TYPE == stat.S_IFDIR or not self.policy.drops(path):
            return False
        why = "; ".join(map(str, self.policy.file(path, 0).reasons[-1:]))
        self.excluded.append(Excluded(path=path, why=why, deliberate=True))
        return True

    def _verdict(self, scanned: ScannedFolder, entry: Listed) -> tuple[Excluded | None, bool, bool]:
        """Why it is left out, or None; whether it is private, and whether it may be a tool's."""
        path = _join(scanned.path, entry.name)
        why = self._elsewhere(path, entry)
        if why:
            return Excluded(path=path, why=why), False, False
        if self._rescue.leads_through(path):
            return None, False, False
        folder = scanned.folder
        output = self._surroundings.output(path) if self._surroundings is not None else None
        verdict = self.policy.folder(path, entry.name, scanned.names, lambda: _children(folder, entry.name), output)
        if verdict.keep:
            return None, not verdict.index, not verdict.certain
        if self._saved(path, folder, entry.name, verdict, output):
            self.excluded.append(_excluded(path, verdict, "; some of it is kept all the same"))
            return None, False, False
        return _excluded(path, verdict), not verdict.index, False

    def _elsewhere(self, path: str, entry: Listed) -> str:
        """Why a folder is not this project's to keep file by file, "" when it is."""
        identity = (entry.device, entry.inode)
        if (why := self._apart.get(path)) is not None:
            return why
        if identity in self._foreign:
            return "belongs to the vault or to another project"
        if entry.device != self._device:
            return "another file system is mounted here"
        if entry.inode and identity in self._visited:
            return "the same folder was met before (a loop of mounts)"
        self._visited.add(identity)
        return ""

    def _saved(self, path: str, parent: Folder | None, name: str, verdict: Verdict, output: Output | None) -> bool:
        """Looks through a folder that is to be left out; True when something in it is kept."""
        if parent is None:
            return False
        try:
            inner = parent.enter(name)
        except OSError:
            return False
        try:
            return self._rescue.sweep(path, inner, verdict, output)
        finally:
            inner.close()


class _Open:
    """Folders whose children are still to be entered. Few stay open; a closed one is reached again from the root."""

    def __init__(self, root: Folder) -> None:
        self._root = root
        self._folders: dict[str, Folder] = {}
        self._children: dict[str, int] = {}

    def opened(self, scanned: ScannedFolder, *, children: int) -> None:
        if scanned.folder is None or not scanned.path:
            return
        if not children:
            scanned.folder.close()
            return
        self._folders[scanned.path] = scanned.folder
        self._children[scanned.path] = children
        if len(self._folders) > _MOST_OPEN:
            oldest = next(iter(self._folders))
            self._folders.pop(oldest).close()

    def enter(self, parent: str, name: str) -> Folder:
        if not parent:
            return self._root.enter(name)
        try:
            folder = self._folders.get(parent)
            if folder is None:
                folder = self._folders[parent] = self._reached(parent)
            return folder.enter(name)
        finally:
            self._children[parent] -= 1
            if not self._children[parent]:
                del self._children[parent]
                done = self._folders.pop(parent, None)
                if done is not None:
                    done.close()

    def close(self, scanned: ScannedFolder) -> None:
        if scanned.folder is not None and scanned.path:
            scanned.folder.close()
        for folder in self._folders.values():
            folder.close()
        self._folders.clear()

    def _reached(self, path: str) -> Folder:
        folder = self._root
        for name in path.split("/"):
            try:
                deeper = folder.enter(name)
            finally:
                if folder is not self._root:
                    folder.close()
            folder = deeper
        return folder


def _children(folder: Folder | None, name: str) -> Collection[str]:
    if folder is None:
        return ()
    try:
        inner = folder.enter(name)
    except OSError:
        return ()
    try:
        return frozenset(e.name for e in inner.entries())
    except OSError:
        return ()
    finally:
        inner.close()


def _head(folder: Folder, entries: list[Listed], name: str) -> bytes:
    size = next((e.size for e in entries if e.name == name and stat.S_ISREG(e.mode)), LARGEST_TAG + 1)
    if size > LARGEST_TAG:
        return b""
    try:
        return folder.read(name).content
    except (OSError, Unstable):
        return b""


def _excluded(path: str, verdict: Verdict, besides: str = "") -> Excluded:
    why = "; ".join(reason.evidence for reason in verdict.reasons) or str(verdict.path_class)
    return Excluded(path=path, why=why + besides, rebuild=verdict.rebuild, deliberate=verdict.deliberate)


def _pack(rows: list[_Row]) -> bytes:
    try:
        return _encode(rows)
    except UnicodeEncodeError:  # a name that is not UTF-8
        return _encode([(os.fsencode(name), *signature) for name, *signature in rows])


def _unpack(signature: bytes) -> dict[str, _Signature]:
    try:
        return {row[0]: row[1:] for row in _decode(signature)}
    except msgspec.MsgspecError:
        pass
    try:
        return {os.fsdecode(row[0]): row[1:] for row in _decode_exact(signature)}
    except msgspec.MsgspecError:  # from a damaged cache: everything here is read again
        return {}


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
