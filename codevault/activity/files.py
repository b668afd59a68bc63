"""File events of all projects: folder by folder where the system allows, by looking again where it does not.

Only folders that a backup keeps are watched; what tools make (dependencies, build output, caches) is not. Events hint:
when some were lost, the project is to be looked at whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from codevault.activity.folder_events import FolderEvent, FolderEvents, Happened
from codevault.activity.model import SECOND_NS, Move, Signal, SignalKind, SourceState, Watched
from codevault.activity.polling import Poller
from codevault.activity.walking import VCS_NAMES, is_put_off, names_in, walk
from codevault.ids import ProjectId
from codevault.policy import DEFAULT, Policy
from codevault.source import Folder, RealFolder

VCS_FOLDERS = (".git", ".git/refs/heads", ".git/refs/tags", ".hg", ".hg/store", ".svn")
_PUT_OFF_S = (20.0, 60.0, 300.0)  # until a new folder that looks like a tool's is looked at again
_ROOT_S = 5.0
_REWALK_S = 5.0  # after the last overflow: walking in a storm would only feed it
_MOST_SWEEPS = 20
_MOST_PUT_OFF = 1000


@dataclass(slots=True)
class _Tree:
    """A project that is watched. `folders` are the folders below its root by their absolute paths."""

    watched: Watched
    folders: set[str] = field(default_factory=set)
    put_off: dict[str, tuple[int, int]] = field(default_factory=dict)  # path -> (when, how often before)
    swept: set[str] = field(default_factory=set)  # folders that went, whose inner ones are still to be dropped
    sweeps: int = 0
    again_ns: int = 0  # when to look at a root that is gone, or to walk again
    gone: bool = False
    rewalk: bool = False


class FileWatch:
    """A `Source` of what happens to files. `moved` is told of projects whose repository may have moved."""

    def __init__(
        self,
        events: FolderEvents | None,
        *,
        policy: Policy = DEFAULT,
        source: Callable[[str], Folder] = RealFolder.root,
        clock: Callable[[], int] = time.time_ns,
        moved: Callable[[ProjectId], None] = lambda _: None,
    ) -> None:
        self._events = events
        self._policy = policy
        self._source = source
        self._clock = clock
        self._moved = moved
        self._poller = Poller(policy, source, clock=clock)
        self._trees: dict[ProjectId, _Tree] = {}
        self._roots: dict[str, _Tree] = {}
        self._lost = 0

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`. Walks every new project once."""
        wanted = {watched.project: watched for watched in projects}
        for tree in list(self._trees.values()):
            if wanted.get(tree.watched.project) != tree.watched:
                self._forget(tree)
                self._poller.drop(tree.watched)
        for watched in projects:
            if watched.project not in self._trees:
                tree = self._trees[watched.project] = self._roots[watched.root] = _Tree(watched)
                self._plant(tree)

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """See `Source.poll`."""
        signals: list[Signal] = []
        if self._events is not None:
            taken = self._events.take()
            if taken.overflowed:
                self._lost += 1
                for tree in self._trees.values():
                    if tree.watched not in self._poller:
                        self._lose(tree, now_ns, signals)
            for event in taken.events:
                self._sort(event, now_ns, signals)
        for tree in list(self._trees.values()):
            if tree.swept:
                self._sweep(tree)
            tree.sweeps = 0
            if tree.gone or tree.rewalk or tree.put_off:
                self._look_again(tree, now_ns, signals)
        return signals + self._poller.poll(now_ns)

    def state(self) -> SourceState:
        """See `Source.state`. `refused` counts overflows."""
        polled = len(self._poller)
        wrong = ""
        if self._events is None:
            wrong = "this system gives no file events: projects are looked at again and again"
        elif polled:
            wrong = f"{polled} projects are polled: the system's limit of watched folders is reached"
        watches = self._events.watches if self._events is not None else 0
        return SourceState(name="files", watches=watches, polled=polled, refused=self._lost, wrong=wrong)

    def close(self) -> None:
        """See `Source.close`."""
        if self._events is not None:
            self._events.close()

    def _plant(self, tree: _Tree) -> None:
        """Watches a project's folders; one that does not fit is polled whole, and leaves its watches to others."""
        tree.gone = tree.rewalk = False
        tree.swept.clear()
        try:
            fits = self._events is not None and self._watched(tree, (path for path, _ in self._walk(tree)))
            fits = fits and self._watched(tree, VCS_FOLDERS, missing_is_fine=True)
        except OSError:
            tree.gone = True
            return
        if not fits:
            self._drop(tree)
            self._poller.add(tree.watched)

    def _walk(self, tree: _Tree, below: str = "") -> Iterable[tuple[str, tuple[str, ...]]]:
        for seen in walk(tree.watched, self._policy, self._source, self._clock, below=below):
            yield seen.path, seen.files

    def _watched(self, tree: _Tree, paths: Iterable[str], *, missing_is_fine: bool = False) -> bool:
        events = self._events
        if events is None:
            return False
        for path in paths:
            folder = os.path.join(tree.watched.root, path) if path else tree.watched.root
            try:
                if folder not in tree.folders and not events.add(folder):
                    return False
            except OSError:
                if not path and not missing_is_fine:
                    raise
                continue  # it went meanwhile
            tree.folders.add(folder)
        return True

    def _sort(self, event: FolderEvent, now_ns: int, signals: list[Signal]) -> None:
        tree = self._owner(event.folder)
        if tree is None:
            return
        path = os.path.relpath(event.folder, tree.watched.root) if event.folder != tree.watched.root else ""
        path = "/".join(filter(None, (path.replace(os.sep, "/"), event.name)))
        if not event.name:
            tree.folders.discard(event.folder)
            if event.folder == tree.watched.root:
                tree.gone, tree.again_ns = True, now_ns
                signals.append(_signal(tree, now_ns, SignalKind.ROOT_GONE))
            return
        if not VCS_NAMES.isdisjoint(path.split("/")):
            self._of_vcs(tree, path, event, now_ns, signals)
        elif not event.is_folder:
            signals.append(_signal(tree, now_ns, _KINDS[event.happened], path))
        elif event.happened is Happened.GONE:
            tree.swept.add(os.path.join(event.folder, event.name))
            signals.append(_signal(tree, now_ns, SignalKind.GONE, path))
        else:
            if tree.swept:
                self._sweep(tree)
                tree.sweeps += 1
            if tree.sweeps > _MOST_SWEEPS:
                self._lose(tree, now_ns, signals)
            elif os.path.join(event.folder, event.name) not in tree.folders:
                self._new_folder(tree, path, now_ns, signals)

    @staticmethod
    def _lose(tree: _Tree, now_ns: int, signals: list[Signal]) -> None:
        """Not everything was told: the project is to be looked at whole, and its folders walked once it is quiet."""
        tree.rewalk = True
        tree.again_ns = now_ns + round(_REWALK_S * SECOND_NS)
        signals.append(_signal(tree, now_ns, SignalKind.LOST))

    def _of_vcs(self, tree: _Tree, path: str, event: FolderEvent, now_ns: int, signals: list[Signal]) -> None:
        """Repositories move by lock files and renames; what moved is for those to say who read them."""
        if event.name.endswith((".lock", ".new")) or (event.name not in VCS_NAMES and path.count("/") < 1):
            return
        if path.startswith(".git/refs/tags/") and event.happened is Happened.CHANGED:
            word = str(Move.TAG)
            signals.append(Signal(project=tree.watched.project, at_ns=now_ns, kind=SignalKind.VCS, word=word))
        if event.is_folder and event.happened is Happened.CHANGED:
            self._watched(tree, [folder for folder in VCS_FOLDERS if folder.startswith(path)], missing_is_fine=True)
        self._moved(tree.watched.project)
        if event.name == "index":
            signals.append(_signal(tree, now_ns, SignalKind.CHANGED, path))

    def _new_folder(self, tree: _Tree, path: str, now_ns: int, signals: list[Signal]) -> None:
        above = path.rpartition("/")[0]
        siblings = names_in(tree.watched, self._source, above)
        names = names_in(tree.watched, self._source, path)
        if is_put_off(self._policy, path, siblings, names):
            if len(tree.put_off) < _MOST_PUT_OFF:
                tree.put_off[path] = (now_ns + round(_PUT_OFF_S[0] * SECOND_NS), 1)
            else:
                self._lose(tree, now_ns, signals)
            return
        signals.append(_signal(tree, now_ns, SignalKind.CHANGED, path))
        try:
            fits = True
            for inner, files in self._walk(tree, path):
                fits = fits and self._watched(tree, [inner])
                signals += [_signal(tree, now_ns, SignalKind.CHANGED, f"{inner}/{name}") for name in files]
        except OSError:
            return  # gone again
        if not fits:
            self._drop(tree)
            self._poller.add(tree.watched)

    def _look_again(self, tree: _Tree, now_ns: int, signals: list[Signal]) -> None:
        if tree.gone:
            if tree.again_ns <= now_ns:
                self._drop(tree)
                self._plant(tree)
                tree.again_ns = now_ns + round(_ROOT_S * SECOND_NS)
                if not tree.gone:
                    signals.append(_signal(tree, now_ns, SignalKind.ROOT_BACK))
            return
        if tree.rewalk and tree.again_ns <= now_ns:
            self._drop(tree)  # some went, and came again under the same name, unseen
            self._plant(tree)
            signals.append(_signal(tree, now_ns, SignalKind.LOST))
        for path, (when, times) in list(tree.put_off.items()):
            if when <= now_ns:
                del tree.put_off[path]
                before = len(signals)
                self._new_folder(tree, path, now_ns, signals)
                if path in tree.put_off and times < len(_PUT_OFF_S):
                    tree.put_off[path] = (now_ns + round(_PUT_OFF_S[times] * SECOND_NS), times + 1)
                elif path in tree.put_off or len(signals) == before:
                    tree.put_off.pop(path, None)

    def _owner(self, folder: str) -> _Tree | None:
        while folder not in self._roots:
            above = os.path.dirname(folder)
            if above == folder:
                return None
            folder = above
        return self._roots[folder]

    def _sweep(self, tree: _Tree) -> None:
        """Drops what lies in folders that went: in one pass, however many they are."""
        for folder in [folder for folder in tree.folders if _lies_in(folder, tree.swept)]:
            if self._events is not None:
                self._events.drop(folder)
            tree.folders.discard(folder)
        tree.swept.clear()

    def _drop(self, tree: _Tree) -> None:
        """Watches nothing of the project any more."""
        if self._events is not None:
            for folder in tree.folders:
                self._events.drop(folder)
        tree.folders.clear()

    def _forget(self, tree: _Tree) -> None:
        self._drop(tree)
        del self._trees[tree.watched.project]
        self._roots.pop(tree.watched.root, None)


_KINDS = {Happened.CHANGED: SignalKind.CHANGED, Happened.GONE: SignalKind.GONE}


def _lies_in(folder: str, gone: set[str]) -> bool:
    while folder not in gone:
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return True


def _signal(tree: _Tree, now_ns: int, kind: SignalKind, path: str = "") -> Signal:
    return Signal(project=tree.watched.project, at_ns=now_ns, kind=kind, path=path)
