"""Which untracked paths a repository means to be left out, without asking its program, which runs what it configures.

Files are read by open folder, bounded, and never out of the working copy: what a user keeps in files of his own
(`core.excludesFile`, `[ui] ignore`, Subversion's settings) is not known here, so that less is told to be ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from codevault.vcs.git_config import parse_config
from codevault.vcs.ignore_rules import Rules, git_rules, hg_rules, svn_rules
from codevault.vcs.model import System
from codevault.vcs.reading import ReadFolder

_LARGEST = 4 << 20
_BUILT_IN = (
    "*.o *.lo *.la *.al .libs *.so *.so.[0-9]* *.a *.pyc *.pyo __pycache__ *.rej *~ #*# .#* .*.swp .DS_Store"
    " [Tt]humbs.db"
)
_IGNORE, _BELOW = "svn:ignore", "svn:global-ignores"
Read = Callable[[str], bytes | None]


class Ignored(Protocol):
    """Says what of a working copy's untracked paths its repository leaves out."""

    def __call__(self, path: str, *, folder: bool = False) -> bool:
        """True for a path (from the top, as `os.fsdecode` gives it) that is ignored, or lies in a folder that is."""
        ...


def ignored_by(
    system: System, root: ReadFolder, properties: Callable[[], Mapping[str, Mapping[str, bytes]]] = dict
) -> Ignored:
    """The rules of the working copy at `root`; for Subversion the `properties` of its folders, by path and name."""

    def read(path: str) -> bytes | None:
        return root.read(path, _LARGEST)

    if system is System.GIT:
        settings = parse_config((read(".git/config") or b"").decode("utf-8", "surrogateescape"))
        core = {entry.key: entry.value for entry in settings if entry.section == "core"}
        files = [read(".git/info/exclude") or b""]
        if core.get("excludesfile") and not core["excludesfile"].startswith(("/", "~")):
            files.insert(0, read(core["excludesfile"]) or b"")
        return GitIgnored(read, excludes=files, any_case=core.get("ignorecase", "").lower() == "true")
    if system is System.HG:
        return HgIgnored(hg_rules(read(".hgignore") or b"", read))
    return SvnIgnored(properties())


class GitIgnored:
    """Git's answer; `read` gives a file of the working copy, or None. Each `.gitignore` is read once."""

    def __init__(self, read: Read, *, excludes: Sequence[bytes] = (), any_case: bool = False) -> None:
        """`excludes` are contents of files that hold for the whole tree, weakest first."""
        self._whole = [git_rules(content, any_case=any_case) for content in reversed(excludes)]

        def of_folder(folder: str) -> Rules:
            content = read(f"{folder}/.gitignore" if folder else ".gitignore")
            return git_rules(content or b"", any_case=any_case)

        self._of_folder = lru_cache(maxsize=4096)(of_folder)
        self._shut = lru_cache(maxsize=65536)(lambda folder: self._one(folder, folder=True))

    def __call__(self, path: str, *, folder: bool = False) -> bool:
        """See `Ignored`."""
        # Nothing brings back what lies in an ignored folder.
        return any(map(self._shut, _above(path))) or self._one(path, folder=folder)

    def _one(self, path: str, *, folder: bool) -> bool:
        for above in (*reversed(_above(path)), ""):
            inside = path[len(above) + 1 :] if above else path
            found = self._of_folder(above).verdict(_bytes(inside), folder=folder)
            if found is not None:
                return found
        for rules in self._whole:
            found = rules.verdict(_bytes(path), folder=folder)
            if found is not None:
                return found
        return False


class HgIgnored:
    """Mercurial's answer: one list, matched against a path and the folders above it, the top ("") among them."""

    def __init__(self, rules: Rules) -> None:
        self._shut = lru_cache(maxsize=65536)(lambda path: bool(rules.verdict(_bytes(path), folder=True)))

    def __call__(self, path: str, *, folder: bool = False) -> bool:  # noqa: ARG002 - Mercurial makes no difference
        """See `Ignored`."""
        return any(map(self._shut, ("", *_above(path), path)))


class SvnIgnored:
    """Subversion's answer: its own list, what a folder says of its children, and what all above say of all below."""

    def __init__(self, properties: Mapping[str, Mapping[str, bytes]]) -> None:
        """`properties` by folder ("" for the top) and by name."""
        always = svn_rules(_BUILT_IN.replace(" ", "\n").encode("ascii"))
        own = {folder: svn_rules(named[_IGNORE]) for folder, named in properties.items() if _IGNORE in named}
        below = {folder: svn_rules(named[_BELOW]) for folder, named in properties.items() if _BELOW in named}
        nothing = svn_rules(b"")

        def shut(path: str) -> bool:
            above = ("", *_above(path))
            lists = (always, own.get(above[-1], nothing), *(below[folder] for folder in above if folder in below))
            return any(rules.verdict(_bytes(path), folder=True) for rules in lists)

        self._shut = lru_cache(maxsize=65536)(shut)

    def __call__(self, path: str, *, folder: bool = False) -> bool:  # noqa: ARG002 - Subversion makes no difference
        """See `Ignored`."""
        return any(map(self._shut, (*_above(path), path)))


def _above(path: str) -> tuple[str, ...]:
    """The folders a path lies in, topmost first, the top itself left out."""
    parts = path.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
