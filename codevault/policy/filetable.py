"""Looks a file up by its name and place in the table of files."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
from codevault.policy.verdicts import PathClass, Reason, Verdict

_SOURCE = PathClass.SOURCE
_UNKNOWN = Verdict(path_class=PathClass.OTHER)
_TEST = Verdict(path_class=PathClass.TEST, reasons=(Reason("test", "named or placed as a test"),))
_GENERATED = Verdict(
    path_class=PathClass.GENERATED, reasons=(Reason("written by a tool from other files", "*.generated.*"),)
)
_COMPILED = Verdict(
    path_class=PathClass.GENERATED, index=False, reasons=(Reason("compiled from source", "*.cpython-*.so"),)
)
_VCS_FILE = Verdict(
    path_class=PathClass.VCS, index=False, reasons=(Reason("vcs file", "a file .git points to a repository"),)
)
_SECRET = Verdict(
    path_class=PathClass.SECRET, index=False, reasons=(Reason("settings that hold credentials", "named as one"),)
)
_SECRET_STARTS = (*ENV_STARTS, *KEY_STARTS, *dict(SECRET_SPANS))


class FileTable:
    """The rows of a table of files, by whole name, by place and by suffix."""

    def __init__(self, rules: tuple[FileRule, ...]) -> None:
        self._names = {".git": _VCS_FILE, **_name_table(rules)}
        self._below = _below_table(rules)
        self._suffixes = _suffix_table(rules)
        # Those that a look-up by the last dot cannot find: ".min.js", "_pb2.py".
        self._tails = tuple(text for text in self._suffixes if text.rfind(".") != 0)

    def verdict(self, path: str) -> Verdict:
        """The verdict by name and place alone."""
        name = path[path.rfind("/") + 1 :].lower()
        return self._names.get(name) or self._by_shape(path, name)

    def _by_shape(self, path: str, name: str) -> Verdict:
        if name in self._below and (placed := self._by_place(path, name)) is not None:
            return placed
        if name.startswith(_SECRET_STARTS) and _is_secret(name):
            return _SECRET
        if name.endswith(self._tails):
            return next(self._suffixes[tail] for tail in self._tails if name.endswith(tail))
        if ".generated." in name:
            return _GENERATED
        if ".cpython-3" in name and name.endswith((".so", ".pyd")):
            return _COMPILED
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
        return self.verdict(path[: path.rfind("/") + 1] + original)


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


TABLE = FileTable(FILE_RULES)
"""The built-in rows."""
