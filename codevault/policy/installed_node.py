"""What npm, yarn, pnpm and bun put into a `node_modules`, told from what somebody put or changed there.

npm lists the place of every package and is done when it writes that list; yarn and pnpm leave a mark when they are
done, and their lock files name packages. npm gives every file the time of unpacking, so within a package the middle
one of them is when it was unpacked, wherever the tree was copied to since; the others keep the times of the archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from codevault.policy.around import Around, Stamped
from codevault.policy.filetable import TABLE
from codevault.policy.times import S, Times
from codevault.policy.verdicts import Priority

_LARGEST = 64 << 20  # bytes of a lock file
_MARKS = (".package-lock.json", ".yarn-integrity", ".yarn-state.yml", ".modules.yaml")
_HIDDEN, _PNPM = ".package-lock.json", ".pnpm"
_GRACE_NS = 60 * S
_YARN = re.compile(r'^"?(@?[^@"\s,:]+)@', re.MULTILINE)
_ALSO = re.compile(r', "?(@?[^@"\s,:]+)@')  # several ranges of one package share a line
_BUN = re.compile(r'^    "([^"\n]+)": \["', re.MULTILINE)


class _Package(msgspec.Struct, rename="camel"):
    has_install_script: bool = False


class _Hidden(msgspec.Struct):
    packages: dict[str, _Package]


class _Manifest(msgspec.Struct, rename="camel"):
    dependencies: dict[str, Any] = {}
    dev_dependencies: dict[str, Any] = {}
    optional_dependencies: dict[str, Any] = {}


class _Old(msgspec.Struct):
    packages: dict[str, _Package] = {}
    dependencies: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class _Listed:
    """Packages by their path in the folder; `plain`: names only, good for a folder anywhere."""

    paths: frozenset[str]
    plain: bool = False
    scripts: frozenset[str] = frozenset()

    def has(self, package: str) -> bool:
        """True for a package that the list names."""
        name = package.rpartition("node_modules/")[2] if self.plain else package
        return name in self.paths


@dataclass(slots=True)
class _NodeModules:
    listed: _Listed | None
    wanted: frozenset[str]  # packages that package.json names, where there is no list
    times: Times
    unpacked: bool  # the times of files are those of unpacking
    _built: set[str] = field(default_factory=set)

    def enters(self, path: str, entries: Mapping[str, Stamped | None]) -> bool:
        package = _package_of(path)
        if package is None:
            self.times.leave(path)
            return False
        if path != package:
            self.times.inner(path)
            if path == f"{package}/build" and package in self._built:
                self.times.leave(path)
            return False
        if "binding.gyp" in entries:
            self._built.add(package)
        self.times.package(path, entries.values(), self._unpacked_ns(entries))
        return bool(entries) and not path.startswith(_PNPM) and self._is_foreign(package, entries)

    def by_hand(self, path: str, stamp: Stamped) -> bool:
        if "/" not in path:
            return not path.startswith(".")
        package = _package_of(path)
        if package is None or package == path:
            return package is not None
        if not self.times.is_later(path, stamp):
            return False
        if self.times.mark_ns is not None and stamp.mtime_ns > self.times.mark_ns:
            return True
        scripted = self.listed is not None and package in self.listed.scripts  # it may have built something since
        return not scripted or TABLE.verdict(path).priority is Priority.HIGH

    def _is_foreign(self, package: str, entries: Mapping[str, Stamped | None]) -> bool:
        if self.listed is None:
            return "package.json" not in entries and package not in self.wanted
        return not self.listed.has(package)

    def _unpacked_ns(self, entries: Mapping[str, Stamped | None]) -> int | None:
        """When npm unpacked a package: an edit of less than half of its files does not move that."""
        if not self.unpacked:
            return None
        times = sorted(stamp.mtime_ns for stamp in entries.values() if stamp is not None)
        first = min((stamp.ctime_ns for stamp in entries.values() if stamp is not None), default=None)
        return None if first is None else min(times[(len(times) - 1) // 2], first)


def node_modules(folder: str, around: Around) -> _NodeModules:
    """What is known of a `node_modules`, from the lists in it, beside it or in a workspace above."""
    mark = next((stamp for name in _MARKS if (stamp := around.stamp(f"{folder}/{name}")) is not None), None)
    mark = mark or next((s for above in _above(folder) if (s := around.stamp(f"{above}node_modules/{_HIDDEN}"))), None)
    times = Times.since(mark)
    times.grace_ns = _GRACE_NS
    listed = next(_lists(folder, around), None)
    unpacked = listed is not None and not listed.plain
    wanted = _wanted(around.read(f"{folder.removesuffix('node_modules')}package.json", _LARGEST) or b"")
    return _NodeModules(listed, wanted, times, unpacked)


def _lists(folder: str, around: Around) -> Iterator[_Listed]:
    """Lists that speak for the folder, the strongest first."""
    hidden = around.read(f"{folder}/{_HIDDEN}", _LARGEST)
    if hidden is not None and (found := _hidden(hidden, "node_modules/")) is not None:
        yield found
    for above in _above(folder):
        if around.exists(f"{above}node_modules/.modules.yaml"):
            return  # pnpm's: its packages are links, or lie below .pnpm
    for above in _above(folder):
        yield from _lists_at(above, folder.removeprefix(above) + "/", around)


def _lists_at(above: str, start: str, around: Around) -> Iterator[_Listed]:
    hidden = around.read(f"{above}node_modules/{_HIDDEN}", _LARGEST)
    if hidden is not None and (found := _hidden(hidden, start)) is not None:
        yield found
    for name in ("package-lock.json", "npm-shrinkwrap.json"):
        content = around.read(f"{above}{name}", _LARGEST)
        if content is not None and (found := _visible(content, start)) is not None:
            yield found
    for name, pattern in (("yarn.lock", _YARN), ("bun.lock", _BUN)):
        content = around.read(f"{above}{name}", _LARGEST)
        if content is not None:
            yield _named(content.decode("utf-8", "replace"), pattern)


def _above(folder: str) -> Iterator[str]:
    """The folders above, innermost first, each with its `/`; "" for the root."""
    parent = folder.rpartition("/")[0]
    while parent:
        yield f"{parent}/"
        parent = parent.rpartition("/")[0]
    yield ""


def _hidden(content: bytes, start: str) -> _Listed | None:
    try:
        packages = msgspec.json.decode(content, type=_Hidden).packages
    except (msgspec.MsgspecError, RecursionError):
        return None
    return _placed(packages, start)


def _visible(content: bytes, start: str) -> _Listed | None:
    try:
        lock = msgspec.json.decode(content, type=_Old)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if lock.packages:
        return _placed(lock.packages, start)
    if start != "node_modules/" or not lock.dependencies:
        return None
    try:
        return _Listed(frozenset(_nested(lock.dependencies)))
    except (AttributeError, TypeError, RecursionError):
        return None


def _wanted(content: bytes) -> frozenset[str]:
    try:
        manifest = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.MsgspecError, RecursionError):
        return frozenset()
    return frozenset((*manifest.dependencies, *manifest.dev_dependencies, *manifest.optional_dependencies))


def _placed(packages: Mapping[str, _Package], start: str) -> _Listed | None:
    inner = {path.removeprefix(start): package for path, package in packages.items() if path.startswith(start)}
    if not inner and start != "node_modules/":
        return None  # a list of other folders
    scripts = frozenset(path for path, package in inner.items() if package.has_install_script)
    return _Listed(frozenset(inner), scripts=scripts)


def _nested(dependencies: Mapping[str, Any]) -> Iterator[str]:
    for name, package in dependencies.items():
        yield name
        for inner in _nested(package.get("dependencies") or {}):
            yield f"{name}/node_modules/{inner}"


def _named(text: str, pattern: re.Pattern[str]) -> _Listed:
    names = set(pattern.findall(text))
    if pattern is _YARN:
        names.update(_ALSO.findall(text))
    return _Listed(frozenset(name.rpartition("node_modules/")[2] for name in names), plain=True)


def _package_of(path: str) -> str | None:
    """The package that a path below `node_modules` belongs to, or is; None for what is a tool's own, or a scope."""
    parts = path.split("/")
    at = 0
    if parts[0] == _PNPM:
        if len(parts) < 4 or parts[2] != "node_modules":
            return None
        at = 3
    elif parts[0].startswith("."):
        return None
    while True:
        end = at + (2 if parts[at].startswith("@") else 1)
        if end > len(parts):
            return None
        if len(parts) > end + 1 and parts[end] == "node_modules" and not parts[end + 1].startswith("."):
            at = end + 1
            continue
        return "/".join(parts[:end])
