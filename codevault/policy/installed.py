"""What a package manager put into a folder, by its own lists; whatever else lies there, or differs, somebody made.

Python's managers leave a hash of every file (`RECORD`). The others leave the names of packages and the time they were
done: what was written later was not written by them. A package's own time counts too, so that a later installation of
another package hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import msgspec

from codevault.policy.around import Around, Stamped
from codevault.policy.filetable import TABLE
from codevault.policy.installed_node import node_modules
from codevault.policy.installed_python import environment
from codevault.policy.times import S, Times
from codevault.policy.verdicts import Priority

_LARGEST = 64 << 20  # bytes of a package manager's own list
_POD = re.compile(r'^ +- "?([^\s"/(:]+)', re.MULTILINE)
_MARKED = {"deps": frozenset((".hex", ".git", ".fetch")), "bower_components": frozenset((".bower.json",))}


class Inventory(Protocol):
    """Knows one folder that a package manager fills; paths are relative to it."""

    def enters(self, path: str, entries: Mapping[str, Stamped | None]) -> bool:
        """Is told of each folder before what is in it; True when all of it was put there by somebody."""
        ...

    def by_hand(self, path: str, stamp: Stamped) -> bool:
        """True for a file that no package manager wrote, or not like this."""
        ...


class _ComposerPackage(msgspec.Struct):
    name: str


class _ComposerList(msgspec.Struct):
    packages: list[_ComposerPackage]


def inventory_of(folder: str, around: Around) -> Inventory | None:
    """What is known of a folder of dependencies; None where nothing tells."""
    name = folder.rpartition("/")[2]
    if name == "node_modules":
        return node_modules(folder, around)
    if around.exists(f"{folder}/pyvenv.cfg") or around.names(f"{folder}/conda-meta"):
        return environment(folder, around)
    for reader in (_composer, _go, _bundler, _pods, _marked):
        found = reader(folder, around)
        if found is not None:
            return found
    return _Packages(lambda _path, _entries: False, Times(), sources_only=True)


class _Packages:
    """A folder of packages, each a folder so many names deep; `foreign` tells of one that nobody lists."""

    def __init__(
        self,
        foreign: Callable[[str, Collection[str]], bool],
        times: Times,
        *,
        deep: int = 1,
        own: tuple[str, ...] = (),
        mark_of: Callable[[str], int | None] | None = None,
        sources_only: bool = False,
    ) -> None:
        """`own`: starts of paths that are the manager's; `mark_of`: when a package was done, if each has a mark.

        `sources_only`: of what was written later only what people write counts; a build may have written the rest.
        """
        self._foreign = foreign
        self._times = times
        self._deep = deep
        self._own = own
        self._mark_of = mark_of
        self._sources_only = sources_only

    def enters(self, path: str, entries: Mapping[str, Stamped | None]) -> bool:
        depth = path.count("/") + 1
        if depth < self._deep or f"{path}/".startswith(self._own):
            self._times.leave(path)
            return False
        if depth == self._deep:
            mark = self._mark_of(path) if self._mark_of is not None else None
            self._times.package(path, entries.values(), mark)
            return bool(entries) and self._foreign(path, entries)
        self._times.inner(path)
        return False

    def by_hand(self, path: str, stamp: Stamped) -> bool:
        if not self._times.is_later(path, stamp):
            return False
        return not self._sources_only or TABLE.verdict(path).priority is Priority.HIGH


def _composer(folder: str, around: Around) -> Inventory | None:
    place = f"{folder}/composer/installed.json"
    content = around.read(place, _LARGEST)
    if content is None:
        return None
    try:
        listed = msgspec.json.decode(content, type=_ComposerList).packages
    except (msgspec.MsgspecError, RecursionError):
        return None
    names = {package.name.lower() for package in listed}
    times = Times.since(around.stamp(place))
    return _Packages(lambda path, _: path.lower() not in names, times, deep=2, own=("composer/", "bin/"))


def _go(folder: str, around: Around) -> Inventory | None:
    place = f"{folder}/modules.txt"
    content = around.read(place, _LARGEST)
    if content is None:
        return None
    lines = content.decode("utf-8", "replace").splitlines()
    tops = {line.split()[1].split("/")[0] for line in lines if line.startswith("# ") and len(line.split()) > 1}
    times = Times.since(around.stamp(place))  # the whole folder is written anew each time, and this last
    return _Packages(lambda path, _: path not in tops, times, mark_of=lambda _: times.mark_ns)


def _bundler(folder: str, around: Around) -> Inventory | None:
    """`vendor/bundle/ruby/3.1.0/gems/rack-3.0`; each gem's specification is written when it is there."""
    kinds = [kind for kind in ("ruby", "jruby") if around.names(f"{folder}/{kind}")]
    if not kinds:
        return None

    def written(path: str) -> int | None:
        above, _, gem = path.rpartition("/")
        stamp = around.stamp(f"{folder}/{above.removesuffix('/gems')}/specifications/{gem}.gemspec")
        return None if stamp is None else stamp.mtime_ns

    own = tuple(
        f"{kind}/{version}/{place}/"
        for kind in kinds
        for version in around.names(f"{folder}/{kind}")
        for place in ("bundler", "specifications", "cache", "extensions", "doc", "build_info", "plugins", "bin")
    )
    return _Packages(lambda path, _: written(path) is None, Times(grace_ns=S), deep=4, own=own, mark_of=written)


def _pods(folder: str, around: Around) -> Inventory | None:
    place = f"{folder}/Manifest.lock"
    content = around.read(place, _LARGEST)
    if content is None:
        return None
    names = set(_POD.findall(content.decode("utf-8", "replace")))
    own = tuple(f"{name}/" for name in ("Headers", "Target Support Files", "Local Podspecs", "Pods.xcodeproj"))
    return _Packages(lambda path, _: path not in names, Times.since(around.stamp(place)), own=own)


def _marked(folder: str, around: Around) -> Inventory | None:
    """Managers that leave a mark in each package: mix (or a clone), Bower."""
    marks = _MARKED.get(folder.rpartition("/")[2])
    if marks is None or not around.names(folder):
        return None
    return _Packages(lambda _, entries: marks.isdisjoint(entries), Times(), sources_only=True)


__all__ = ["Inventory", "inventory_of"]
