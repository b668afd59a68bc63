"""Decides what a path is, whether it is kept and indexed, how often and how long.

Nothing here touches a file system: the scan hands over what it sees. A wrong guess may cost space, never the only
copy: where a name suggests something that can be made again and the proof is missing, the path is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from codevault.errors import InvalidArgument
from codevault.policy.around import Around, Nowhere
from codevault.policy.configured import Check, Output
from codevault.policy.content import by_content
from codevault.policy.files import FILE_RULES, FileRule
from codevault.policy.filetable import FileTable
from codevault.policy.folders import FOLDER_RULES, MARKED, VENV_CONTENT, FolderRule
from codevault.policy.installed import inventory_of
from codevault.policy.judging import (
    HAND_WRITTEN_NAMES,
    ORDINARY,
    VCS_NAMES,
    Row,
    folder_table,
    judge,
    judge_configured,
    possible,
)
from codevault.policy.names import Names, shown
from codevault.policy.rules import RuleBook
from codevault.policy.ruling import ruled
from codevault.policy.sweep import Sweep
from codevault.policy.verdicts import IN_DOUBT_S, FolderView, PathClass, Priority, Reason, Verdict

CACHE_TAG = "CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""First bytes of a valid CACHEDIR.TAG (Bryan Ford, Cache Directory Tagging Specification, 2004)."""

_LOGIC = 3  # raised when the code, not a table, comes to decide differently
_MIB = 1 << 20
BUILD_TREES = folder_table(MARKED)["*"]
_ENVIRONMENT_MARK = "pyvenv.cfg"
_VENV_CONTENT = Names(VENV_CONTENT)
_NO_RULES = RuleBook()
_NOWHERE = Nowhere()


def _nothing_tracked(folder: str) -> bool:  # noqa: ARG001 - stands for an answer
    return False


@lru_cache(maxsize=8)  # a policy is made for each question about a path: its tables are the same
def _folders_of(rules: tuple[FolderRule, ...]) -> Mapping[str, tuple[Row, ...]]:
    return folder_table(rules)


@lru_cache(maxsize=8)
def _files_of(rules: tuple[FileRule, ...]) -> FileTable:
    return FileTable(rules)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Policy:
    """What is kept and indexed, how often and how long; a value, safe to share between threads.

    Files above `largest_indexed` bytes, and generated ones above `largest_generated`, are kept and not indexed.
    `rules` are the user's; `tracked` tells whether version control tracks anything in a folder (by path).
    """

    folder_rules: tuple[FolderRule, ...] = FOLDER_RULES
    file_rules: tuple[FileRule, ...] = FILE_RULES
    largest_indexed: int = 16 * _MIB
    largest_generated: int = _MIB
    rules: RuleBook = _NO_RULES
    tracked: Callable[[str], bool] = field(default=_nothing_tracked, compare=False)
    _folders: Mapping[str, tuple[Row, ...]] = field(init=False, compare=False)
    _files: FileTable = field(init=False, compare=False)
    _smallest_limit: int = field(init=False, compare=False)
    _plain: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folders", _folders_of(self.folder_rules))
        object.__setattr__(self, "_files", _files_of(self.file_rules))
        object.__setattr__(self, "_smallest_limit", min(self.largest_indexed, self.largest_generated))
        object.__setattr__(self, "_plain", not (self.rules.rules or self.rules.classes))

    def __repr__(self) -> str:
        """Short: the tables fill pages, and stand in the signatures of `Vault.create` and others."""
        return f"<Policy {self.fingerprint[:8]}: {len(self.folder_rules)} folders, {len(self.rules.rules)} rules>"

    @property
    def fingerprint(self) -> str:
        """Equal for policies that decide alike, 32 hexadecimal digits; what a scan remembered under another is void."""
        parts = (self.folder_rules, self.file_rules, self.largest_indexed, self.largest_generated, self.rules)
        return hashlib.blake2b(f"{_LOGIC}{parts!r}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def folder(
        self,
        path: str,
        name: str,
        siblings: Collection[str],
        children: Callable[[], Collection[str]],
        output: Output | None = None,
    ) -> Verdict:
        """The verdict on a folder below the project's root, asked before descending; never ask it of the root.

        `path` is relative to the root, `/` between components, and ends with `name`; `siblings` are the names in the
        parent, best as a set; `children` gives the names inside and is called only for names that have a rule. Let it
        give none when the folder cannot be read. `output` is what a build file says of it. Constant time without a
        rule, else linear in the names.
        """
        verdict = self._judged(path, name, siblings, children, output)
        if not verdict.keep and self.tracked(path):
            why = Reason("tracked beats ignored", f"version control tracks files in {shown(name)}")
            verdict = replace(
                verdict, keep=True, index=True, certain=False, rebuild="", reasons=(*verdict.reasons, why)
            )
        return verdict if self._plain else self._ruled_folder(verdict, path)

    def _judged(
        self,
        path: str,
        name: str,
        siblings: Collection[str],
        children: Callable[[], Collection[str]],
        output: Output | None,
    ) -> Verdict:
        rows = self._folders.get(name)
        if rows is None and (dot := name.rfind(".")) > 0:
            rows = self._folders.get("*" + name[dot:])
        if rows is not None:
            rows = possible(rows, path, siblings)
        verdict = judge(rows, path, siblings, children()) if rows else ORDINARY
        if verdict.keep and output is not None and not VCS_NAMES.match(path.split("/", maxsplit=1)[0]):
            return judge_configured(output, path, children()) or verdict
        return verdict

    def _ruled_folder(self, verdict: Verdict, path: str) -> Verdict:
        matching = self.rules.matching(path, folder=True)
        if not matching:
            return verdict
        if verdict.path_class is PathClass.VCS and not any(rule.keep is False for rule in matching):
            return verdict
        return ruled(verdict, matching, self.rules)

    def tagged(
        self, names: Collection[str], head: Callable[[str], bytes] | None = None, path: str = ""
    ) -> Verdict | None:
        """The verdict on a folder of any name by a marker in it, None without one; asked once it has been listed.

        The markers are CACHEDIR.TAG and `pyvenv.cfg`. `head` gives the first 64 bytes or more of a regular file in
        the folder, by name, and b"" for anything else; without it the tag cannot be checked, so the folder is kept
        and only not indexed. Two look-ups where there is no marker. Never ask it of the project's root.
        """
        if _ENVIRONMENT_MARK in names:
            verdict = _environment(names)
        elif CACHE_TAG in names:
            verdict = _by_tag(names, head)
        elif "CMakeCache.txt" in names or "meson-private" in names:
            verdict = judge(BUILD_TREES, path, (), names)
        else:
            return None
        if verdict.keep:
            return None if verdict is ORDINARY else verdict
        if self.tracked(path):
            return _in_doubt(verdict.path_class, f"{verdict.reasons[0].evidence}, but is tracked", index=True)
        if not self._plain and any(rule.keep for rule in self.rules.matching(path, folder=True)):
            return None
        return verdict

    def file(self, path: str, size: int, head: bytes = b"", *, in_doubt: bool = False) -> Verdict:
        """The verdict on a file by its path relative to the root, its size in bytes and, if at hand, its first bytes.

        `in_doubt`: it lies in a folder that may be a tool's. Files are always kept, unless a rule leaves them out.

        Raises:
            InvalidArgument: the path leads out of the root.
        """
        if leads_out(path):
            raise InvalidArgument(f"{path!r} is no path in a project: give it relative to the root")
        verdict = self._files.verdict(path)
        if head:
            verdict = by_content(verdict, path, head)
        if in_doubt and verdict.priority is not Priority.IRREPLACEABLE and verdict.cadence_s < IN_DOUBT_S:
            verdict = replace(verdict, own=replace(verdict.treatment, cadence_s=IN_DOUBT_S))
        if not self._plain:
            matching = self.rules.matching(path)
            if matching or self.rules.classes:
                verdict = ruled(verdict, matching, self.rules)
        if size > self._smallest_limit and verdict.index:
            return self._by_size(verdict, size)
        return verdict

    def named(self, path: str) -> Verdict:
        """What the tables alone say of a file."""
        return self._files.verdict(path)

    def drops(self, path: str) -> bool:
        """True for a file that the vault's rules leave out."""
        return not ruled(ORDINARY, self.rules.matching(path), self.rules).keep

    def excepted(self, path: str) -> bool:
        """True for a file that rules keep, whatever folder it lies in."""
        if not self.rules.makes_exceptions:
            return False
        matching = self.rules.matching(path)
        if any(rule.keep for rule in matching):
            return ruled(ORDINARY, matching, self.rules).keep
        above = path.rpartition("/")[0]
        dropped = [r for r in self.rules.matching(above, folder=True) if r.keep is False and not r.weak]
        return bool(dropped) and not any(rule in matching for rule in dropped)

    def sweep(
        self,
        path: str,
        verdict: Verdict,
        output: Output | None = None,
        around: Around = _NOWHERE,
    ) -> Sweep:
        """What is to be kept of a folder that the verdict leaves out; `around` tells of files of the project."""
        sources = output.sources if output is not None and output.check is Check.SOURCES else ()
        filled = verdict.path_class is PathClass.DEPENDENCY and not verdict.deliberate
        return Sweep(self, path, verdict, sources, around, inventory_of(path, around) if filled else None)

    def _by_size(self, verdict: Verdict, size: int) -> Verdict:
        generated = verdict.path_class is PathClass.GENERATED
        limit = self.largest_generated if generated else self.largest_indexed
        if size <= limit:
            return verdict
        reason = Reason("size", f"{size} bytes; above {limit} it is kept, not indexed")
        return replace(verdict, index=False, reasons=(*verdict.reasons, reason))


def leads_out(path: str) -> bool:
    """True for a path that is none inside a project."""
    return path.startswith(("/", "../")) or "/../" in path


def explain(
    policy: Policy,
    components: Sequence[FolderView],
    name: str | None = None,
    size: int = 0,
    head: bytes = b"",
    around: Around = _NOWHERE,
) -> Verdict:
    """The deciding verdict on a path, with every reason from the root down to it.

    `components` are the folders from the one below the root inwards; `name`, `size` and `head` (first bytes) are the
    file's, None explains the last folder itself. A folder that is left out decides for everything in it but what is
    kept from it all the same; one that is not indexed, or holds version control or secrets, for what it contains.
    """
    reasons: dict[Reason, None] = {}  # in order; a rule on a folder matches what is in it as well
    outer = ORDINARY
    path = ""
    for depth, view in enumerate(components):
        path = f"{path}/{view.name}" if path else view.name
        for verdict in _folder_verdicts(policy, path, view):
            reasons.update(dict.fromkeys(verdict.reasons))
            outer = _inherit(outer, verdict)
        if not outer.keep:
            left = replace(outer, reasons=tuple(reasons))
            sweep = policy.sweep(path, left, view.output, around)
            return _from_left_out(left, sweep, components[depth + 1 :], name, size)
    if name is None:
        return replace(outer, reasons=tuple(reasons))
    whole = f"{path}/{name}" if path else name
    verdict = policy.file(whole, size, head, in_doubt=not outer.certain)
    if not verdict.keep:
        return replace(verdict, reasons=tuple(dict.fromkeys((*reasons, *verdict.reasons))))
    return replace(_inherit(outer, verdict), reasons=tuple(dict.fromkeys((*reasons, *verdict.reasons))))


def _from_left_out(left: Verdict, sweep: Sweep, below: Sequence[FolderView], name: str | None, size: int) -> Verdict:
    """The verdict on something in a folder that is left out: that folder's, or what saves it."""
    path = sweep.path
    for depth, view in enumerate(below, start=1):
        path = f"{path}/{view.name}"
        if not sweep.enters(view.name, depth):
            return left
        entries = {child: sweep.around.stamp(f"{path}/{child}") for child in view.children()}
        if sweep.takes_folder(path, entries, depth):
            said = f"{shown(view.name)} is a repository of its own, or no package manager put it there"
            chain = (*left.reasons, Reason("kept all the same", said))
            if name is None:
                return Verdict(path_class=PathClass.OTHER, certain=False, reasons=chain)
            verdict = sweep.policy.file("/".join((path, *(inner.name for inner in below[depth:]), name)), size)
            return replace(verdict, reasons=(*chain, *verdict.reasons))
    stamp = None if name is None else sweep.around.stamp(f"{path}/{name}")
    if name is None or not sweep.takes_file(f"{path}/{name}", len(below) + 1, stamp):
        return left
    verdict = sweep.policy.file(f"{path}/{name}", size)
    differs = sweep.differs(f"{path}/{name}", stamp)
    said = f"{shown(name)} was written or changed by hand since it was installed"
    why = Reason("kept all the same", said if differs else f"no command makes {shown(name)} again")
    return replace(verdict, reasons=(*left.reasons, why, *verdict.reasons))


def _folder_verdicts(policy: Policy, path: str, view: FolderView) -> Iterable[Verdict]:
    verdict = policy.folder(path, view.name, view.siblings, view.children, view.output)
    yield verdict
    if not verdict.keep:
        return
    tagged = policy.tagged(view.children(), view.head, path)
    if tagged is not None:
        yield tagged


def _inherit(outer: Verdict, inner: Verdict) -> Verdict:
    """The inner verdict, unless the outer one takes it out of the index or it has nothing to add."""
    if not outer.index and inner.keep:
        return outer
    if inner is ORDINARY:
        return outer
    return inner


def _environment(names: Collection[str]) -> Verdict:
    foreign = _VENV_CONTENT.first_outside(names)
    if foreign is not None:
        return _in_doubt(PathClass.DEPENDENCY, f"holds {_ENVIRONMENT_MARK}, but also {shown(foreign)}", index=True)
    return Verdict(
        path_class=PathClass.DEPENDENCY,
        keep=False,
        index=False,
        reasons=(Reason("dependency folder", f"holds {_ENVIRONMENT_MARK}"),),
        rebuild="python -m venv, then install what the manifests name",
    )


def _by_tag(names: Collection[str], head: Callable[[str], bytes] | None) -> Verdict:
    own = VCS_NAMES.first_in(names) or HAND_WRITTEN_NAMES.first_in(names)
    if own is not None:
        return _in_doubt(PathClass.CACHE, f"{CACHE_TAG} beside {shown(own)}, which no cache holds", index=True)
    if head is None:
        return _in_doubt(PathClass.CACHE, f"holds {CACHE_TAG}, whose signature was not read", index=False)
    if not head(CACHE_TAG).startswith(CACHE_SIGNATURE):
        return _in_doubt(PathClass.CACHE, f"holds {CACHE_TAG} without the signature", index=True)
    return Verdict(
        path_class=PathClass.CACHE,
        keep=False,
        index=False,
        reasons=(Reason("cache folder", f"holds {CACHE_TAG} with its signature"),),
        rebuild="run the program that filled it",
    )


def _in_doubt(path_class: PathClass, evidence: str, *, index: bool) -> Verdict:
    reasons = (Reason(f"{path_class} folder, kept in doubt", evidence),)
    return Verdict(path_class=path_class, index=index, reasons=reasons, certain=False)


DEFAULT = Policy()
"""The policy of a vault that has no rules of its own."""
