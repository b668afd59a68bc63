"""Mercurial behind the port: dirstate and settings read as plain files, history through a command server of ours.

A file's object id is the SHA-1 of its bytes: Mercurial's own ids depend on a file's past and cannot be told from bytes.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, suppress
from pathlib import Path

from codevault.errors import RepositoryUnreadable
from codevault.vcs.elsewhere import is_elsewhere
from codevault.vcs.git import inside
from codevault.vcs.hg import read_hg
from codevault.vcs.hg_dirstate import V2_MARK, DirstateEntry, DirstateUnreadable, parse_docket, parse_v1, parse_v2
from codevault.vcs.hg_history import LOG, commit_of, records_of
from codevault.vcs.hg_server import HgServer
from codevault.vcs.model import Commit, CommitId, ObjectId, RepositoryFacts, RepositoryState, System, Tracked
from codevault.vcs.programs import ProgramFailed
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import HeapMemory, Memory, keep_tracked, recall_tracked

_LARGEST_DIRSTATE = 512 << 20
_INERT = ("requires", "bookmarks", "localtags")  # of the client's .hg, what reading history needs


class HgRepository:
    """A Mercurial working copy as a `Repository`; see there, and `GitRepository` for the arguments."""

    def __init__(
        self,
        root: ReadFolder,
        within: ReadFolder,
        *,
        program: str | None,
        work: Path,
        memory: Memory | None = None,
        own_names: Collection[str] = (),
        kept: Collection[CommitId] = (),
    ) -> None:
        self._cleanup = ExitStack()
        self._program = program
        self._work = work
        self._memory = memory or HeapMemory()
        self._own_names = own_names
        self._kept = tuple(kept)
        self._notes: list[str] = []
        self._facts = read_hg(root) or RepositoryFacts(system=System.HG)
        self._tracked: Mapping[str, Tracked] | None = None
        self._committed: Mapping[bytes, ObjectId] | None = None
        self._safe: AbstractSet[ObjectId] | None = None
        self._server: HgServer | None = None
        self._places: dict[ObjectId, tuple[str, bytes]] = {}
        self._walked = False
        folder = root.enter(".hg")
        self._own = self._cleanup.enter_context(folder) if folder is not None else None
        self._common = self._shared(within)
        self._doubts(root)

    def _shared(self, within: ReadFolder) -> ReadFolder | None:
        """The `.hg` that has the history: another one's for a share, when that lies inside."""
        if self._own is None:
            return None
        pointer = (self._own.read("sharedpath") or b"").decode("utf-8", "surrogateescape").rstrip("\n")
        if not pointer:
            return self._own
        common = inside(within, os.path.join(self._own.path, pointer))
        if common is None:
            self._notes.append("the history is shared with a repository that is missing or outside: not followed")
            return None
        return self._cleanup.enter_context(common)

    def _doubts(self, root: ReadFolder) -> None:
        if self._own is None or self._common is None:
            self._notes = self._notes or ["there is no repository to be followed to"]
            return
        if self._common.kind("store") != "folder":
            self._notes.append("the folder of history is missing or a link")
            return
        work, held = root.status(""), self._common.status("store")
        if sys.platform != "win32" and (work is None or held is None or held.st_uid not in {work.st_uid, os.geteuid()}):
            self._notes.append("the repository belongs to another user than its working copy")

    # the port

    def state(self) -> RepositoryState:
        """See `Repository.state`."""
        self.tracked()
        self.safe()
        unpublished = None
        tips: list[str] = []
        if not self._notes:
            try:
                tips = self.server().run("log", "-r", "head()", "-T", "{node} ").decode("ascii").split()
                unpublished = len(self.server().run("log", "-r", f"all() - {self.elsewhere()}", "-T", "x"))
            except ProgramFailed as exc:
                self._notes.append(f"history cannot be read: {exc}")
        return RepositoryState(
            facts=self._facts,
            upstream="default" if self._facts.remote else "",
            unpublished=unpublished,
            trusted=not self._notes,
            notes=(*self._facts.notes, *self._notes),
            tips=tuple(map(CommitId, tips)),
        )

    def tracked(self) -> Mapping[str, Tracked]:
        """See `Repository.tracked`."""
        self.safe()  # finds damage, which makes all of it doubtful
        if self._tracked is None:
            entries, key = self._dirstate()
            self._tracked = recall_tracked(self._memory, key)
            if self._tracked is None:
                committed = self._head()
                self._tracked = {
                    os.fsdecode(path): Tracked(committed.get(path, ObjectId("")), not added, merged, link)
                    for path, added, merged, link in entries()
                }
                if not self._notes:
                    keep_tracked(self._memory, key, self._tracked)
        return {} if self._notes else self._tracked

    def object_id(self, content: bytes) -> ObjectId:
        """See `Repository.object_id`."""
        return ObjectId(hashlib.sha1(content, usedforsecurity=False).hexdigest())

    def safe(self) -> AbstractSet[ObjectId]:
        """See `Repository.safe`."""
        if self._safe is None:
            self._safe = self._find_safe()
        return self._safe if not self._notes else frozenset()

    def read(self, id: ObjectId) -> bytes | None:  # noqa: A002
        """See `Repository.read`."""
        if id not in self._places:
            for path, named in self._head().items():
                self._places.setdefault(named, (self._facts.head, path))
        if id not in self._places and not self._walked:
            self._walked = True  # Mercurial has no names for contents: what history held is found by going through it
            with suppress(RepositoryUnreadable):
                for _ in self.commits():
                    pass
        revision, path = self._places.get(id, ("", b""))
        if not revision:
            return None
        try:
            found = [content for _, content in self.server().contents(revision, [path])]
        except ProgramFailed:
            return None
        return found[0] if found and self.object_id(found[0]) == id else None

    def commits(self, known: Collection[CommitId] = ()) -> Iterator[Commit]:
        """See `Repository.commits`."""
        past = "+".join(f"present({one})" for one in known) or "none()"
        try:
            said = self.server().run("log", "-r", f"sort(all() - ::({past}), rev)", "-T", LOG)
            for record in records_of(said):
                yield commit_of(self.server(), record, self._remembered)
        except (ProgramFailed, ValueError) as exc:
            raise RepositoryUnreadable(f"history cannot be read: {exc}") from exc

    def close(self) -> None:
        """See `Repository.close`."""
        self._server = None
        self._cleanup.close()

    def _remembered(self, revision: str, path: bytes, content: bytes) -> ObjectId:
        named = self.object_id(content)
        self._places.setdefault(named, (revision, path))
        return named

    def server(self) -> HgServer:
        """The command server over this repository's history, started when first needed.

        Raises:
            ProgramFailed: Mercurial is missing, or the repository is not to be trusted.
        """
        if self._notes or self._common is None or self._own is None:
            raise ProgramFailed("the repository is not to be trusted")
        if self._program is None:
            raise ProgramFailed("hg is not installed")
        if self._server is None:
            files = {name: self._common.read(name) for name in _INERT}
            store = Path(self._common.path, "store")
            held = {name: content for name, content in files.items() if content is not None}
            needed = held.get("requires", b"").splitlines(keepends=True)
            held["requires"] = b"".join(line for line in needed if not line.startswith(b"dirstate"))  # ours has none
            self._server = self._cleanup.enter_context(HgServer(self._program, self._work, store, held))
        return self._server

    def _dirstate(self) -> tuple[Callable[[], list[DirstateEntry]], bytes]:
        """What reads the tracked paths, and what changes whenever they, or the current commit, do."""
        content = self._own.read("dirstate", _LARGEST_DIRSTATE) if self._own is not None else None
        if content is None and self._own is not None and self._own.kind("dirstate"):
            self._notes.append("dirstate cannot be read")
        held = content or b""
        more = b""
        if held.startswith(V2_MARK) and self._own is not None:
            with suppress(DirstateUnreadable):
                more = self._own.read(f"dirstate.{parse_docket(held).uuid}", _LARGEST_DIRSTATE) or b""
        key = b"hg" + hashlib.sha256(held).digest() + hashlib.sha256(more).digest()
        return (lambda: self._parsed(held, more)), key

    def _parsed(self, held: bytes, more: bytes) -> list[DirstateEntry]:
        try:
            if not held.startswith(V2_MARK):
                return parse_v1(held)
            return parse_v2(parse_docket(held), more)
        except DirstateUnreadable as exc:
            self._notes.append(f"dirstate cannot be read: {exc}")
            return []

    def _head(self) -> Mapping[bytes, ObjectId]:
        """What the current commit holds, by path."""
        if self._committed is None:
            self._committed = self._contents(self._facts.head, "hg-head")
        return self._committed

    def _contents(self, revision: str, name: str) -> Mapping[bytes, ObjectId]:
        if not revision or self._notes:
            return {}
        key = revision.encode("ascii")
        remembered = self._memory.recall(name, key)
        if remembered is not None:
            return {line[41:]: ObjectId(line[:40].decode("ascii")) for line in remembered.split(b"\n") if line}
        try:
            found = self._ask_contents(revision)
        except ProgramFailed as exc:
            self._notes.append(f"history cannot be read: {exc}")
            return {}
        listed = b"\n".join(b"%s %s" % (named.encode("ascii"), path) for path, named in found.items())
        self._memory.keep(name, key, listed)
        return found

    def _ask_contents(self, revision: str) -> dict[bytes, ObjectId]:
        nodes = _manifest(self.server().run("manifest", "--debug", "-r", revision))
        known = dict(
            line.split(b" ") for line in (self._memory.recall("hg-nodes", b"") or b"").split(b"\n") if b" " in line
        )
        new = [path for path, node in nodes.items() if node not in known]
        for path, content in self.server().contents(revision, new):
            known[nodes[path]] = self.object_id(content).encode("ascii")
        found = {path: ObjectId(known[node].decode("ascii")) for path, node in nodes.items() if node in known}
        if len(found) < len(nodes):
            raise ProgramFailed("some files of the current commit are missing")
        kept = {node: known[node] for node in nodes.values()}
        self._memory.keep("hg-nodes", b"", b"\n".join(b"%s %s" % pair for pair in kept.items()))
        return found

    def _find_safe(self) -> AbstractSet[ObjectId]:
        """Files of the current commit as the newest of its past that is elsewhere, or itself, has them."""
        if not self._facts.head or self._notes or not (self._paths_elsewhere() or self._kept):
            return frozenset()
        key = self._stamp()
        remembered = self._memory.recall("safe", key)
        if remembered is not None:
            return frozenset(remembered.decode("ascii").split())  # type: ignore[arg-type]  # as they were kept
        try:
            said = self.server().run("log", "-r", f"last(::{self._facts.head} and {self.elsewhere()})", "-T", "{node}")
        except ProgramFailed as exc:
            self._notes.append(f"history cannot be read: {exc}")
            return frozenset()
        public = said.decode("ascii")
        there = self._contents(public, "hg-public")
        safe = frozenset(named for path, named in self._head().items() if there.get(path) == named)
        if not self._notes:
            self._memory.keep("safe", key, "\n".join(sorted(safe)).encode("ascii"))
        return safe

    def _stamp(self) -> bytes:
        """What changes when a commit becomes public, or is taken back."""
        if self._common is None:
            return b""
        parts = [self._facts.head, str(self._kept), str(self._paths_elsewhere())]
        for name in ("store/phaseroots", "store/00changelog.i", "store/00changelog.d", "store/obsstore"):
            status = self._common.status(name)
            parts.append(repr((status.st_size, status.st_mtime_ns, status.st_ctime_ns) if status is not None else None))
        return "\n".join(parts).encode("utf-8", "replace") + (self._common.read("store/phaseroots", 1 << 20) or b"")

    def elsewhere(self) -> str:
        """A revset of the commits that other machines, or bundles in the vault, have."""
        kept = "+".join(f"present({one})" for one in self._kept)
        parts = ["public()"] if self._paths_elsewhere() else []
        parts += [f"::({kept})"] if kept else []
        return f"({' or '.join(parts)})" if parts else "none()"

    def _paths_elsewhere(self) -> bool:
        """True when there is another side, and every one that the repository names is another machine's."""
        if self._common is None:
            return False
        urls = _paths((self._common.read("hgrc") or b"").decode("utf-8", "replace"))
        return bool(urls) and all(is_elsewhere(url, self._own_names) for url in urls)


def _manifest(said: bytes) -> dict[bytes, bytes]:
    """File nodes by path from `manifest --debug`: node, mode, a sign or blank, path."""
    return {line[47:] if line[46:47] == b" " else line[46:]: line[:40] for line in said.split(b"\n") if len(line) > 47}


def _paths(text: str) -> Sequence[str]:
    """Every URL of the section `[paths]`; a file that includes others gives one that is nowhere."""
    section = ""
    urls = []
    for line in text.splitlines():
        if line.startswith("%include"):
            return [""]
        if line.startswith("["):
            section = line.strip()
            continue
        key, equals, value = line.partition("=")
        if section == "[paths]" and equals and (":" not in key or key.strip().endswith((":pushurl", ":url"))):
            urls.append(value.strip())
    return urls
