"""Git behind the port: files read here as plain files, objects through a scratch git folder of ours."""

# A little over 400 lines: one repository with all that is asked of it; parsing, deciding and running are modules apart.

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path

from blake3 import blake3

from codevault.errors import RepositoryUnreadable
from codevault.vcs.git import common_folder, git_folder, read_git
from codevault.vcs.git_config import ConfigEntry, parse_config
from codevault.vcs.git_history import commits_of
from codevault.vcs.git_index import FOLDER, LINK, SUBMODULE, IndexEntry, IndexUnreadable, parse_index
from codevault.vcs.git_refs import Moved, RefsUnreadable, logged_refs, read_log, read_refs
from codevault.vcs.git_safety import SUBMODULE_MARK, Safety, tree_objects
from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.git_trust import doubts, object_format, remotes_of
from codevault.vcs.model import Commit, CommitId, ObjectId, RepositoryFacts, RepositoryState, Stash, System, Tracked
from codevault.vcs.programs import Limits, ProgramFailed
from codevault.vcs.reading import SMALL, ReadFolder
from codevault.vcs.remembering import HeapMemory, Memory, keep_tracked, recall_tracked

_LARGEST_INDEX = 512 << 20
POINTERS = (
    *("HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "FETCH_HEAD"),
    *("MERGE_AUTOSTASH", "BISECT_EXPECTED_REV", "sequencer/head", "sequencer/abort-safety"),
    *(f"rebase-{way}/{name}" for way in ("merge", "apply") for name in ("autostash", "onto", "orig-head")),
    *("rebase-merge/amend", "rebase-merge/stopped-sha", "rebase-apply/abort-safety"),
)
_MERGED = "AUTO_MERGE"  # a tree: what a merge wrote into the files that are in conflict
_ID = re.compile(rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?)\b", re.MULTILINE)
_COUNTING = Limits(seconds=10.0, output=1 << 16)
_WALKING = Limits(seconds=600.0, output=4 << 30)


class GitRepository:
    """A git work tree, or a bare repository, as a `Repository`; see there.

    `program` None: git is not installed, so only what plain files tell is told and nothing counts as safe elsewhere.
    """

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
        """`work` is a folder of ours for scratch; `kept` are the commits whose bundles the vault holds."""
        self._cleanup = ExitStack()
        self._program = program
        self._root = root.path
        self._work = work
        self._memory = memory or HeapMemory()
        self._kept = tuple(kept)
        self._alone = False
        self._scratch: ScratchGit | None = None
        self._tracked: Mapping[str, Tracked] | None = None
        self._safe: frozenset[ObjectId] | None = None
        self.notes: list[str] = []
        self.facts = read_git(root, within) or RepositoryFacts(system=System.GIT)
        folder = git_folder(root, within, root.kind(".git"), [])
        self._own = self._cleanup.enter_context(folder) if folder is not None else None
        self._common: ReadFolder | None = None
        self._config: Sequence[ConfigEntry] = ()
        self.remotes = remotes_of(())
        self.refs: Mapping[str, str] = {}
        if self._own is not None:
            self._read(root, within, self._own, own_names)
        else:
            self.notes.append("its repository lies outside of the project, where it is not followed, or is not there")

    def _read(self, root: ReadFolder, within: ReadFolder, own: ReadFolder, own_names: Collection[str]) -> None:
        missing: list[str] = []
        self._common = self._cleanup.enter_context(common_folder(own, within, missing))
        self.notes.extend(missing)
        self._config = parse_config((self._common.read("config", SMALL) or b"").decode("utf-8", "surrogateescape"))
        self.remotes = remotes_of(self._config, own_names)
        self.notes.extend(doubts(self._config, root, self._common, within))
        try:
            self.refs = read_refs(self._common)
        except RefsUnreadable as exc:
            self.notes.append(str(exc))

    @property
    def trusted(self) -> bool:
        """True while nothing was found that makes its word doubtful."""
        return not self.notes

    # the port

    def state(self) -> RepositoryState:
        """See `Repository.state`."""
        self.tracked()
        self.safe()
        upstream = self._upstream()
        ahead, behind = self._distance(upstream)
        return RepositoryState(
            facts=self.facts,
            upstream=upstream.removeprefix("refs/remotes/"),
            ahead=ahead,
            behind=behind,
            unpublished=self._count(self._branches(), self.safe_tips()) if self.trusted else None,
            stashes=tuple(reversed([Stash(commit=CommitId(m.after), message=m.message) for m in self._stash_log()])),
            fetched_ns=self._fetched_ns(upstream),
            trusted=self.trusted,
            notes=(*self.facts.notes, *self.notes),
            tips=tuple(map(CommitId, sorted(self.roots()))),
        )

    def tracked(self) -> Mapping[str, Tracked]:
        """See `Repository.tracked`."""
        if self._tracked is None:
            content = self._index_content()
            self.safe()  # finds damage, which makes all of it doubtful
            key = self.facts.head.encode("ascii") + hashlib.sha256(content).digest()
            self._tracked = recall_tracked(self._memory, key)
            if self._tracked is None:
                self._tracked = self._expected(content)
                if self.trusted:
                    keep_tracked(self._memory, key, self._tracked)
        return self._tracked if self.trusted else {}

    def _expected(self, content: bytes) -> Mapping[str, Tracked]:
        committed = self._head_tree()
        found: dict[str, Tracked] = {}
        for path, named, mode, stage in self._entries(content):
            if mode == FOLDER:
                continue
            module = mode == SUBMODULE
            found[os.fsdecode(path)] = Tracked(
                object=ObjectId("" if module else named),
                committed=committed.get(path) == (SUBMODULE_MARK + named if module else named),
                conflict=stage > 0,
                link=mode == LINK,
            )
        return found

    def object_id(self, content: bytes) -> ObjectId:
        """See `Repository.object_id`."""
        hasher = hashlib.sha256 if object_format(self._config) == "sha256" else hashlib.sha1
        return ObjectId(hasher(b"blob %d\0" % len(content) + content).hexdigest())

    def safe(self) -> AbstractSet[ObjectId]:
        """See `Repository.safe`."""
        if self._safe is None:
            self._safe = self._find_safe()
        return self._safe if self.trusted else frozenset()

    def read(self, id: ObjectId) -> bytes | None:  # noqa: A002
        """See `Repository.read`."""
        try:
            content = self.scratch().read_one(id)
        except ProgramFailed:
            return None
        return content if content is not None and self.object_id(content) == id else None

    def commits(self, known: Collection[CommitId] = ()) -> Iterator[Commit]:
        """See `Repository.commits`."""
        if not self.trusted:
            raise RepositoryUnreadable("; ".join(self.notes))
        try:
            yield from commits_of(self.scratch(), self.roots(), known)
        except ProgramFailed as exc:
            raise RepositoryUnreadable(f"history cannot be read: {exc}") from exc

    def close(self) -> None:
        """See `Repository.close`."""
        self._scratch = None
        self._cleanup.close()

    # what else the bridge asks git for

    def scratch(self) -> ScratchGit:
        """The scratch folder over this repository's objects, with all its refs, made when first needed.

        Raises:
            ProgramFailed: git is missing, or the repository is not to be trusted.
        """
        if self._program is None:
            raise ProgramFailed("git is not installed")
        if not self.trusted or self._common is None:
            raise ProgramFailed("the repository is not to be trusted")
        if self._scratch is None:
            self._scratch = self._cleanup.enter_context(
                ScratchGit(
                    self._program,
                    self._work,
                    os.path.join(self._common.path, "objects"),
                    sha256=object_format(self._config) == "sha256",
                    shallow=self._shallow(),
                    refs=self.refs,
                    head=self.facts.head,
                )
            )
        return self._scratch

    def roots(self) -> list[str]:
        """Every commit that something leads to: refs, this and other work trees' heads, operations, stashes."""
        found = dict.fromkeys(self.refs.values())
        for content in self._pointers(POINTERS).values():
            found.update(dict.fromkeys(one.decode("ascii") for one in _ID.findall(content)))
        found.update(dict.fromkeys(moved.after for moved in self._stash_log()))
        return list(found)

    def _branches(self) -> list[str]:
        """The commits that branches are on, and heads that are on none; of this and other work trees."""
        found = dict.fromkeys(value for ref, value in self.refs.items() if ref.startswith("refs/heads/"))
        for content in self._pointers(("HEAD",)).values():
            found.update(dict.fromkeys(one.decode("ascii") for one in _ID.findall(content)))
        return list(found)

    def staged(self) -> list[str]:
        """Contents and trees that only an index, or a merge that stopped, leads to, of every work tree and stage.

        Raises:
            ProgramFailed: git fails.
        """
        committed = set(self._head_tree().values())
        indexes = [self._index_content(), *self._pointers(("index",), own=False).values()]
        entries = (entry for content in indexes for entry in self._entries(content))
        found = dict.fromkeys(named for _, named, mode, _ in entries if mode not in {FOLDER, SUBMODULE})
        for content in self._pointers((_MERGED,)).values():
            found.update(dict.fromkeys(one.decode("ascii") for one in _ID.findall(content)))
        kinds = self.scratch().kinds([named for named in found if named not in committed])
        return sorted(named for named, kind in kinds.items() if kind in {"blob", "tree"})

    def fingerprint(self) -> bytes:
        """Another one whenever what the repository leads to, or where it says it is published, may be another."""
        hasher = blake3(repr((self.facts.head, self.facts.branch)).encode())
        for name, value in self.refs.items():
            hasher.update(f"{value} {name}\n".encode("utf-8", "surrogateescape"))
        for name, content in self._pointers((*POINTERS, _MERGED, "index")).items():
            hasher.update(f"{len(content)} {name}\n".encode("utf-8", "surrogateescape") + content)
        if self._own is not None and self._common is not None:
            for folder, log in [(self._own, "HEAD"), *((self._common, log) for log in logged_refs(self._common))]:
                status = folder.status(f"logs/{log}")
                if status is not None:
                    hasher.update(repr((log, status.st_size, status.st_mtime_ns, status.st_ino)).encode())
            hasher.update(self._common.read("config", SMALL) or b"")
            hasher.update(self._shallow())
        return hasher.digest()

    def _pointers(self, names: Sequence[str], *, own: bool = True) -> dict[str, bytes]:
        """What files of these names hold, of this work tree (unless `own` is False) and of its others."""
        if self._own is None or self._common is None:
            return {}
        places = [(self._common, f"worktrees/{name}/") for name, _ in self._common.names("worktrees")]
        found = {}
        for folder, prefix in [*([(self._own, "")] if own else []), *places]:
            for name in names:
                content = folder.read(prefix + name, _LARGEST_INDEX)
                if content is not None:
                    found[prefix + name] = content
        return found

    def _shallow(self) -> bytes:
        return (self._common.read("shallow", _LARGEST_INDEX) if self._common else None) or b""

    def logs(self) -> dict[str, list[Moved]]:
        """What each ref went through, by name; what is only found there is history that git will forget."""
        if self._own is None or self._common is None:
            return {}
        found = {ref: read_log(self._common, ref) for ref in logged_refs(self._common)}
        return found | {"HEAD": read_log(self._own, "HEAD")}

    def rely_on(self, kept: Collection[str], *, alone: bool = False) -> None:
        """From now on these commits, which bundles in the vault hold, stand for another machine, too, or `alone`."""
        self._kept = tuple(CommitId(one) for one in sorted(kept))
        self._alone = alone
        self._safe = self._tracked = None

    def leads_to(self, there: Collection[str], wanted: Collection[str]) -> bool:
        """True when each of the commits `wanted` is one of `there` or in the past of one; False when git fails."""
        others = set(wanted) - set(there)
        if not others:
            return True
        try:
            kinds = self.scratch().kinds([*others, *there])
        except ProgramFailed:
            return False
        if not all(kinds[one] for one in others):
            return False
        return self._count(sorted(others), [one for one in there if kinds[one]]) == 0

    def below(self, commits: Collection[str]) -> Iterator[str]:
        """Every object that the commits lead to. Linear in the history.

        Raises:
            ProgramFailed: git fails.
        """
        given = "".join(f"{one}\n" for one in commits).encode("ascii")
        rest = b""
        arguments = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--ignore-missing", "--stdin")
        for block in self.scratch().stream(*arguments, given=given, limits=_WALKING):
            *lines, rest = (rest + block).split(b"\n")
            yield from (line.decode("ascii") for line in lines)

    @property
    def published(self) -> tuple[str, ...]:
        """The commits that are on other machines, as far as remote-tracking refs know; sorted."""
        tips = {value for ref, value in self.refs.items() if self.remotes.tracking(ref) in self.remotes.elsewhere}
        return tuple(sorted(tips))

    @property
    def in_place(self) -> bool:
        """True for a work tree whose repository is its own folder `.git`."""
        if self._own is None or self._common is None:
            return False
        return self._own.path == self._common.path == os.path.join(self._root, ".git")

    @property
    def shallow(self) -> bool:
        """True when history was cut off when it was cloned."""
        return bool(self._shallow())

    @property
    def partial(self) -> bool:
        """True when objects may be missing by design, or are borrowed from another repository."""
        promised = any(e.key in {"promisor", "partialclonefilter", "partialclone"} for e in self._config)
        return promised or self._common is None or bool(self._common.kind("objects/info/alternates"))

    @property
    def fetched_ns(self) -> int | None:
        """When the other side was last heard of, in nanoseconds (UTC); None: never, or unknown."""
        return self._fetched_ns(self._upstream())

    def held(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the objects that are here; none when git fails. Whether they are sound is seen on reading."""
        try:
            return frozenset(named for named, kind in self.scratch().kinds(ids).items() if kind)
        except ProgramFailed:
            return frozenset()

    def safe_tips(self) -> list[str]:
        """The commits that stand for another machine: remote-tracking refs of remotes elsewhere; and kept bundles."""
        return [*(() if self._alone else self.published), *self._kept]

    def _find_safe(self) -> frozenset[ObjectId]:
        tips = self.safe_tips()
        if not tips or not self.facts.head or not self.trusted:
            return frozenset()
        safety = Safety(self.scratch, self._memory, self.object_id)
        try:
            return safety.of_head(self.facts.head, tips, self._shallow())
        except ProgramFailed as exc:
            self.notes.append(f"objects cannot be read: {exc}")
            return frozenset()

    def _head_tree(self) -> Mapping[bytes, str]:
        if not self.facts.head or not self.trusted:
            return {}
        try:
            return tree_objects(self.scratch, self._memory, self.facts.head)
        except ProgramFailed as exc:
            self.notes.append(f"the current commit cannot be read: {exc}")
            return {}

    def _index_content(self) -> bytes:
        """The index's bytes, none when there is no index yet."""
        kind = self._own.kind("index") if self._own is not None else ""
        content = self._own.read("index", _LARGEST_INDEX) if self._own is not None and kind == "file" else None
        if kind and not content:
            self.notes.append("the index cannot be read")
        return content or b""

    def _entries(self, content: bytes) -> list[IndexEntry]:
        if not content:
            return []
        width = 32 if object_format(self._config) == "sha256" else 20
        try:
            return parse_index(content, width)
        except IndexUnreadable as exc:
            self.notes.append(f"the index cannot be read: {exc}")
            return []

    def _upstream(self) -> str:
        remote, merge = self.remotes.follows.get(self.facts.branch, ("", ""))
        ref = f"refs/remotes/{remote}/{merge.removeprefix('refs/heads/')}" if remote and merge else ""
        return ref if ref in self.refs else ""

    def _distance(self, upstream: str) -> tuple[int | None, int | None]:
        if not upstream or not self.facts.head:
            return None, None
        there = self.refs[upstream]
        return self._count([self.facts.head], [there]), self._count([there], [self.facts.head])

    def _count(self, revisions: Sequence[str], but: Sequence[str]) -> int | None:
        """How many commits `revisions` lead to and `but` do not."""
        if not revisions:
            return 0
        given = "".join((*(f"{one}\n" for one in revisions), *(f"^{one}\n" for one in but))).encode("ascii")
        try:
            return int(
                self.scratch().run("rev-list", "--count", "--ignore-missing", "--stdin", given=given, limits=_COUNTING)
                or b"0"
            )
        except (ProgramFailed, ValueError):
            return None

    def _stash_log(self) -> list[Moved]:
        if self._common is None:
            return []
        return read_log(self._common, "refs/stash")

    def _fetched_ns(self, upstream: str) -> int | None:
        if self._own is None or self._common is None:
            return None
        times = [self._own.changed_ns("FETCH_HEAD") or 0]
        if upstream:
            times.extend(moved.at_s * 10**9 for moved in read_log(self._common, upstream)[-1:])
        return max(times) or None
