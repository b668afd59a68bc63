"""What the tables of tools are written in: a tool, its lock files, its folders and what proves that it made them."""

from __future__ import annotations

from dataclasses import dataclass

from codevault.policy.verdicts import PathClass

# Directly inside a build folder these are somebody's work: compilers and packagers do not write them at its top.
HAND_WRITTEN = (
    "CMakeLists.txt|Dockerfile*|README*|*.md|*.rst|*.sh|*.bash|*.ps1|*.bat|*.py|*.rb|*.pl|*.c|*.cc|*.cpp|*.cxx|*.java"
    "|*.kt|*.scala|*.cs|*.go|*.rs|*.ex|*.exs|*.ts|*.tsx|*.jsx|*.vue|*.sql|*.tf"
)
VENV_CONTENT = (
    "pyvenv.cfg|bin|include|lib|lib64|Scripts|Lib|Include|share|man|etc|.gitignore|CACHEDIR.TAG|.lock|.Python"
    "|pip-selfcheck.json"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRule:
    """One row. `names`, and each string of the other fields, hold alternatives separated by `|`, globs allowed.

    `beside`: each string must match a name in the parent folder; `inside`: each must match a name in the folder;
    `only`: every name in it must match; `never`: none may; `below`: how the parent's path must end. A name of
    `names` may be a plain name or `*.suffix`.
    """

    names: str
    path_class: PathClass
    beside: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    only: str = ""
    never: str = ""
    below: str = ""
    rebuild: str = ""
    keep: bool = False
    index: bool = False


def dependency(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    below: str = "",
) -> FolderRule:
    """A row of class dependency."""
    return FolderRule(
        names=names,
        path_class=PathClass.DEPENDENCY,
        beside=beside,
        inside=inside,
        only=only,
        below=below,
        rebuild=rebuild,
    )


def output(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    never: str = HAND_WRITTEN,
    below: str = "",
) -> FolderRule:
    """A row of class build output."""
    return FolderRule(
        names=names,
        path_class=PathClass.BUILD_OUTPUT,
        beside=beside,
        inside=inside,
        only=only,
        never="" if only else never,
        below=below,
        rebuild=rebuild,
    )


def cache(
    names: str,
    rebuild: str,
    *,
    beside: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    only: str = "",
    never: str = "",
) -> FolderRule:
    """A row of class cache."""
    return FolderRule(
        names=names,
        path_class=PathClass.CACHE,
        beside=beside,
        inside=inside,
        only=only,
        never=never,
        rebuild=rebuild,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One package manager or build system.

    `locks` are its lock files (lower case, space-separated), always kept: folders are made again from them. `folders`
    are those it fills, the row with the strongest proof first; each names the command that makes it again.
    """

    name: str
    locks: str = ""
    folders: tuple[FolderRule, ...] = ()
