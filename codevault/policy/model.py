"""Decides from names alone what a path is, whether it is kept and whether it is indexed.

Nothing here touches a file system: the scan hands over what it sees. A wrong guess may cost space, never the only
copy: where a name suggests something that can be made again and the proof is missing, the path is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codevault.policy.files import (
    COPIES,
    ENV_STARTS,
    EXAMPLES,
    FILE_RULES,
    KEY_STARTS,
    SECRET_SPANS,
    TEST_PATH,
    FileRule,
)
from codevault.policy.folders import FOLDER_RULES, HAND_WRITTEN, VENV_CONTENT, FolderRule
from codevault.policy.judging import ORDINARY, VCS_NAMES, Row, folder_table, judge
from codevault.policy.names import Names, shown
from codevault.policy.verdicts import FolderView, PathClass, Reason, Verdict

CACHE_TAG = "CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""First bytes of a valid CACHEDIR.TAG (Bryan Ford, Cache Directory Tagging Specification, 2004)."""

_LOGIC = 1  # raised when the code, not a table, comes to decide differently
_MIB = 1 << 20
_SOURCE = PathClass.SOURCE
_UNKNOWN = Verdict(path_class=PathClass.OTHER)
_TEST = Verdict(path_class=PathClass.TEST, reasons=(Reason("test", "named or placed as a test"),))
_GENERATED = Verdict(
    path_class=PathClass.GENERATED, reasons=(Reason("written by a tool from other files", "*.generated.*"),)
)
_VCS_FILE = Verdict(
    path_class=PathClass.VCS, index=False, reasons=(Reason("vcs file", "a file .git points to a repository"),)
)
_SECRET = Verdict(
    path_class=PathClass.SECRET, index=False, reasons=(Reason("settings that hold credentials", "named as one"),)
)
_SECRET_STARTS = (*ENV_STARTS, *KEY_STARTS, *dict(SECRET_SPANS))
_HAND_WRITTEN = Names(HAND_WRITTEN)
_ENVIRONMENT_MARK = "pyvenv.cfg"
_VENV_CONTENT = Names(VENV_CONTENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is kept and indexed; a value, safe to share between threads.

    Files above `largest_indexed` bytes, and generated ones above `largest_generated`, are kept and not indexed.
    """

    folder_rules: tuple[FolderRule, ...] = FOLDER_RULES
    file_rules: tuple[FileRule, ...] = FILE_RULES
    largest_indexed: int = 16 * _MIB
    largest_generated: int = _MIB
    _folders: Mapping[str, tuple[Row, ...]] = field(init=False, repr=False, compare=False)
    _names: Mapping[str, Verdict] = field(init=False, repr=False, compare=False)
    _below: Mapping[str, Mapping[str, Verdict]] = field(init=False, repr=False, compare=False)
    _suffixes: Mapping[str, Verdict] = field(init=False, repr=False, compare=False)
    _tails: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _smallest_limit: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        suffixes = _suffix_table(self.file_rules)
        object.__setattr__(self, "_folders", folder_table(self.folder_rules))
        object.__setattr__(self, "_names", {".git": _VCS_FILE, **_name_table(self.file_rules)})
        object.__setattr__(self, "_below", _below_table(self.file_rules))
        object.__setattr__(self, "_suffixes", suffixes)
        # Those that a look-up by the last dot cannot find: ".min.js", "_pb2.py".
        object.__setattr__(self, "_tails", tuple(text for text in suffixes if text.rfind(".") != 0))
        object.__setattr__(self, "_smallest_limit", min(self.largest_indexed, self.largest_generated))

    @property
    def fingerprint(self) -> str:
        """Equal for policies that decide alike, 32 hexadecimal digits; what a scan remembered under another is void."""
        return hashlib.blake2b(f"{_LOGIC}{self!r}".encode(), digest_size=16).hexdigest()

    def folder(
        self, path: str, name: str, siblings: Collection[str], children: Callable[[], Collection[str]]
    ) -> Verdict:
        """The verdict on a folder below the project's root, asked before descending; never ask it of the root.

        `path` is relative to the root, `/` between components, and ends with `name`; `siblings` are the names in the
        parent, best as a set; `children` gives the names inside and is called only for names that have a rule. Let it
        give none when the folder cannot be read. Constant time without a rule, else linear in the names.
        """
        rows = self._folders.get(name)
        if rows is None:
            dot = name.rfind(".")
            if dot <= 0:
                return ORDINARY
            rows = self._folders.get("*" + name[dot:])
            if rows is None:
                return ORDINARY
        return judge(rows, path, siblings, children())

    def tagged(self, names: Collection[str], head: Callable[[str], bytes] | None = None) -> Verdict | None:
        """The verdict on a folder of any name by a marker in it, None without one; asked once it has been listed.

        The markers are CACHEDIR.TAG and `pyvenv.cfg`. `head` gives the first 64 bytes or more of a regular file in
        the folder, by name, and b"" for anything else; without it the tag cannot be checked, so the folder is kept
        and only not indexed. Two look-ups where there is no marker. Never ask it of the project's root.
        """
        if _ENVIRONMENT_MARK in names:
            return _environment(names)
        if CACHE_TAG not in names:
            return None
        own = VCS_NAMES.first_in(names) or _HAND_WRITTEN.first_in(names)
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

    def file(self, path: str, size: int) -> Verdict:
        """The verdict on a file by its path relative to the root and its size in bytes. Files are always kept."""
        name = path[path.rfind("/") + 1 :].lower()
        verdict = self._names.get(name) or self._by_shape(path, name)
        if size > self._smallest_limit and verdict.index:
            return self._by_size(verdict, size)
        return verdict

    def _by_shape(self, path: str, name: str) -> Verdict:
        if name in self._below and (placed := self._by_place(path, name)) is not None:
            return placed
        if name.startswith(_SECRET_STARTS) and _is_secret(name):
            return _SECRET
        if name.endswith(self._tails):
            return next(self._suffixes[tail] for tail in self._tails if name.endswith(tail))
        if ".generated." in name:
            return _GENERATED
        suffix = name[name.rfind(".") :] if "." in name else ""
        verdict = self._suffixes.get(suffix)
        if verdict is None:
            return self._as_copy(path, name, suffix) or _UNKNOWN
        if verdict.path_class is _SOURCE and ("est" in path or "spec" in path) and TEST_PATH.search(path):
            return _TEST
        return verdict

    def _by_place(self, path: str, name: str) -> Verdict | None:
        folders = path.lower().split("/")
        return self._below[name].get(folders[-2]) if len(folders) > 1 else None

    def _as_copy(self, path: str, name: str, suffix: str) -> Verdict | None:
        """What an editor's or a person's copy is a copy of: `.env~`, `id_rsa.bak`, `.wp-config.php.swp`, `#x.py#`."""
        if suffix[1:] in COPIES:
            original = name[: -len(suffix)]
        elif name.endswith("~") or (name.startswith("#") and name.endswith("#")):
            original = name.strip("~#")
        else:
            return None
        if suffix in {".swp", ".swo"} and original.startswith("."):
            original = original[1:]
        if not original:
            return None
        return self.file(path[: path.rfind("/") + 1] + original, 0)

    def _by_size(self, verdict: Verdict, size: int) -> Verdict:
        generated = verdict.path_class is PathClass.GENERATED
        limit = self.largest_generated if generated else self.largest_indexed
        if size <= limit:
            return verdict
        reason = Reason("size", f"{size} bytes; above {limit} it is kept, not indexed")
        return replace(verdict, index=False, reasons=(*verdict.reasons, reason))


def explain(policy: Policy, components: Sequence[FolderView], name: str | None = None, size: int = 0) -> Verdict:
    """The deciding verdict on a path, with every reason from the root down to it.

    `components` are the folders from the one below the root inwards; `name` and `size` are the file's, None explains
    the last folder itself. A folder that is left out decides for everything in it, one that is not indexed or holds
    version control or secrets for what it contains.
    """
    reasons: list[Reason] = []
    outer = ORDINARY
    path = ""
    for view in components:
        path = f"{path}/{view.name}" if path else view.name
        for verdict in _folder_verdicts(policy, path, view):
            reasons += verdict.reasons
            outer = _inherit(outer, verdict)
        if not outer.keep:
            return replace(outer, reasons=tuple(reasons))
    if name is None:
        return replace(outer, reasons=tuple(reasons))
    verdict = policy.file(f"{path}/{name}" if path else name, size)
    return replace(_inherit(outer, verdict), reasons=(*reasons, *verdict.reasons))


def _folder_verdicts(policy: Policy, path: str, view: FolderView) -> Iterable[Verdict]:
    verdict = policy.folder(path, view.name, view.siblings, view.children)
    yield verdict
    if not verdict.keep:
        return
    tagged = policy.tagged(view.children(), view.head)
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


def _in_doubt(path_class: PathClass, evidence: str, *, index: bool) -> Verdict:
    reasons = (Reason(f"{path_class} folder, kept in doubt", evidence),)
    return Verdict(path_class=path_class, index=index, reasons=reasons, certain=False)


def _is_secret(name: str) -> bool:
    if name.startswith(ENV_STARTS):
        return re.split(r"[._-]", name)[-1] not in EXAMPLES
    if name.startswith(KEY_STARTS):
        return not name.endswith(".pub")
    return any(name.startswith(start) and name.endswith(end) for start, end in SECRET_SPANS)


def _name_table(rules: Iterable[FileRule]) -> dict[str, Verdict]:
    table: dict[str, Verdict] = {}
    for rule in rules:
        for name in () if rule.below else rule.names.split():
            table.setdefault(name, _file_verdict(rule, name))
    return table


def _below_table(rules: Iterable[FileRule]) -> dict[str, dict[str, Verdict]]:
    table: dict[str, dict[str, Verdict]] = {}
    for rule in rules:
        for name in rule.names.split() if rule.below else ():
            table.setdefault(name, {}).setdefault(rule.below, _file_verdict(rule, f"{rule.below}/{name}"))
    return table


def _suffix_table(rules: Iterable[FileRule]) -> dict[str, Verdict]:
    table: dict[str, Verdict] = {}
    for rule in rules:
        for suffix in rule.suffixes.split():
            table.setdefault(suffix, _file_verdict(rule, f"*{suffix}"))
    return table


def _file_verdict(rule: FileRule, evidence: str) -> Verdict:
    return Verdict(path_class=rule.path_class, index=rule.index, reasons=(Reason(rule.rule, evidence),))


DEFAULT = Policy()
"""The policy of a vault that has no rules of its own."""
