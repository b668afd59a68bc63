"""Symbols of a git repository's commits and what each commit did to them, by the library's analysis and lineage."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.lineage import Change, StepMatch, VersionedSymbol, match_step
from codevault.analysis.lineage_moves import nearest_paths
from codevault.analysis.model import FileAnalysis
from codevault.analysis.versioned import Outline, versioned
from corpora.git_trees import git

MOST_FILES = 3_000
"""Changed files of one language in a commit that are matched as a whole."""

KEPT_FILES = 3_000
KEPT_STEPS = 40

Identity = tuple[str, str, int]


def identity(symbol: VersionedSymbol) -> Identity:
    """What tells a symbol from all others of its version."""
    return symbol.path, symbol.qualified_name, symbol.start_line


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """The symbols of one file version, and the bytes that their `text` names."""

    symbols: tuple[VersionedSymbol, ...]
    texts: dict[str, bytes]


def symbols_of_file(path: str, analysis: FileAnalysis, content: bytes) -> FileSymbols:
    """An analysed file as lineage takes it."""
    units = [analysis.units[symbol.unit].id for symbol in analysis.symbols]
    symbols = versioned(path, analysis.language, analysis.symbols, units)
    numbers = {symbol.text: number for number, symbol in enumerate(symbols) if symbol.text}
    outline = Outline(analysis.symbols)
    texts = {text: outline.text(content, analysis.language, number) for text, number in numbers.items()}
    return FileSymbols(symbols, texts)


@dataclass(frozen=True, slots=True)
class CommitStep:
    """What a commit did relative to one parent: whole files that moved (new path to old), and the matched rest."""

    moved: dict[str, str]
    by_after: dict[Identity, Change]


class History:
    """One repository's symbols of one language. `cache` keeps analyses between runs, None only in memory."""

    def __init__(self, git_dir: Path, extension: str, process: subprocess.Popen[bytes], cache: Path | None) -> None:
        self._git_dir = git_dir
        self._extension = extension
        self._process = process
        self._cache = cache
        self._objects: dict[tuple[str, str], str] = {}
        self._files: OrderedDict[str, FileSymbols] = OrderedDict()
        self._steps: OrderedDict[tuple[str, str], CommitStep] = OrderedDict()
        self._parents: dict[str, list[str]] = {}
        self._texts: dict[str, bytes] = {}

    def log(self, start: str, path: str) -> list[tuple[str, list[str]]]:
        """Commits that touched a path, newest first, each with the earlier ones that follow in the list."""
        lines = git(self._git_dir, "log", "--topo-order", "--parents", "--format=%H %P", start, "--", path).splitlines()
        return [(words[0], words[1:]) for line in lines if (words := line.split())]

    def order(self, start: str) -> dict[str, int]:
        """All ancestors with their place, newest first."""
        commits = git(self._git_dir, "rev-list", "--topo-order", start).split()
        return {commit: place for place, commit in enumerate(commits)}

    def parents(self, commit: str) -> list[str]:
        """The real parents of a commit."""
        if commit not in self._parents:
            _, content = self._object(commit)
            header = (content or b"").partition(b"\n\n")[0].decode("utf-8", "replace")
            self._parents[commit] = re.findall(r"^parent (\w+)$", header, re.MULTILINE)
        return self._parents[commit]

    def content(self, commit: str, path: str) -> bytes:
        """A file's bytes, empty where there is none."""
        return self._object(f"{commit}:{path}")[1] or b""

    def symbols(self, commit: str, path: str) -> tuple[VersionedSymbol, ...] | None:
        """The symbols of a file in a commit; None where it does not exist."""
        key = commit, path
        content = None
        if key not in self._objects:
            self._objects[key], content = self._object(f"{commit}:{path}")
        found = self._objects[key]
        return self._of_object(found, path, content) if found else None

    def text(self, name: str) -> bytes:
        """The text of a symbol that `symbols` gave."""
        return self._texts.get(name, b"")

    def step(self, parent: str, commit: str) -> CommitStep:
        """The whole step from a parent."""
        key = parent, commit
        if key not in self._steps:
            self._steps[key] = self._matched(parent, commit)
            if len(self._steps) > KEPT_STEPS:
                self._steps.popitem(last=False)
        return self._steps[key]

    def within(self, parent: str, commit: str, path: str) -> StepMatch | None:
        """The step of one file alone, None where one side lacks it."""
        old, new = self.symbols(parent, path), self.symbols(commit, path)
        return None if old is None or new is None else match_step(old, new, self.text)

    def _matched(self, parent: str, commit: str) -> CommitStep:
        changed = [*self._changed(parent, commit)]
        deleted: dict[str, list[str]] = {}
        added: dict[str, list[str]] = {}
        for status, path, old, new in changed:
            if status == "D":
                deleted.setdefault(old, []).append(path)
            elif status == "A":
                added.setdefault(new, []).append(path)
        moved = {
            new: old
            for content, paths in added.items()
            for old, new in nearest_paths(deleted.get(content, []), paths).items()
        }
        rest = [row for row in changed if row[1] not in moved and row[1] not in moved.values()]
        if len(rest) > MOST_FILES:
            return CommitStep(moved, {})
        before = [each for status, path, *_ in rest if status != "A" for each in self.symbols(parent, path) or ()]
        after = [each for status, path, *_ in rest if status != "D" for each in self.symbols(commit, path) or ()]
        kept = {path for status, path, *_ in rest if status == "M"}
        matched = match_step(before, after, self.text, kept)
        both = (*matched.continued, *matched.introduced)
        return CommitStep(moved, {identity(each.after): each for each in both if each.after is not None})

    def _changed(self, parent: str, commit: str) -> Iterator[tuple[str, str, str, str]]:
        raw = git(self._git_dir, "diff-tree", "-r", "-z", "--no-renames", "--raw", "--abbrev=40", parent, commit)
        fields = raw.split("\0")
        for facts, path in zip(fields[::2], fields[1::2], strict=False):
            _, _, old, new, status = facts.split()
            if path.endswith(self._extension):
                yield status[0].replace("T", "M"), path, old, new

    def _of_object(self, name: str, path: str, content: bytes | None) -> tuple[VersionedSymbol, ...]:
        found = self._files.get(name)
        if found is None:
            found = self._files[name] = self._analysed(name, path, content)
            self._texts.update(found.texts)
            if len(self._files) > KEPT_FILES:
                for text in self._files.popitem(last=False)[1].texts:
                    self._texts.pop(text, None)
        if not found.symbols or found.symbols[0].path == path:
            return found.symbols
        return tuple(replace(symbol, path=path) for symbol in found.symbols)

    def _analysed(self, name: str, path: str, content: bytes | None) -> FileSymbols:
        kept = self._cache / name[:2] / name if self._cache else None
        if kept is not None and kept.exists():
            return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - written below, by this program
        content = self._object(name)[1] or b"" if content is None else content
        found = symbols_of_file(path, analyse(path, content), content)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft = kept.with_name(f"{name}.{os.getpid()}")
            draft.write_bytes(pickle.dumps(found))
            draft.replace(kept)
        return found

    def _object(self, name: str) -> tuple[str, bytes | None]:
        """Id and bytes of what a name stands for, "" and None where there is nothing."""
        to_git, from_git = self._process.stdin, self._process.stdout
        if to_git is None or from_git is None:  # pragma: no cover - both were asked for
            raise RuntimeError("git cat-file has no pipes")
        to_git.write(f"{name}\n".encode("utf-8", "surrogateescape"))
        to_git.flush()
        head = from_git.readline().split()
        if len(head) != 3 or not head[2].isdigit():
            return "", None
        content = from_git.read(int(head[2]))
        from_git.read(1)
        return head[0].decode(), content


@contextmanager
def history(git_dir: Path, extension: str, cache: Path | None = None) -> Iterator[History]:
    """A repository opened for as long as the block lasts."""
    command: Sequence[str] = ["git", "--git-dir", str(git_dir), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield History(git_dir, extension, process, cache)
