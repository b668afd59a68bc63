"""A look at a project's folder: what it is made with, and how to know it again. Bounded, and nothing of it is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from codevault.analysis.languages import language_hint
from codevault.projects.manifests import LONGEST, reader_of, technologies
from codevault.projects.model import Look
from codevault.projects.stack import detect_stack
from codevault.vcs import detect
from codevault.vcs.git_config import parse_config
from codevault.vcs.git_trust import remotes_of
from codevault.vcs.reading import ReadFolder
from codevault.vcs.urls import public_url

_DEEPEST = 3
_MOST_FOLDERS = 400
_MOST_NAMES = 20_000
_MOST_MANIFESTS = 200
_FEW = 3
_SHARE = 0.2
# What others made or what can be made again tells of others' technologies.
_FOREIGN = frozenset(
    {"node_modules", "vendor", "venv", "env", "site-packages", "target", "build", "dist", "out", "bin", "obj"}
    | {"bower_components", "__pycache__", "Pods"}
)
# Languages under the name that the marker of their ecosystem has; one without a line here is its own name.
_ECOSYSTEMS = {
    "javascript": "node",
    "csharp": "dotnet",
    "c-sharp": "dotnet",
    "tsx": "typescript",
    "hcl": "terraform",
    "dockerfile": "docker",
}
_NO_STACK = frozenset(
    {"markdown", "json", "yaml", "toml", "xml", "html", "css", "sql", "ini", "make", "bash", "powershell"}
    | {"text", "csv", "rst", "diff", "properties"}
)


def look_at(root: Path) -> Look | None:
    """What the folder tells of itself now, None when it is not there. Looks three levels deep.

    A language counts when it has three files or more and a fifth of those that are code.
    """
    folder = ReadFolder.open(str(root))
    if folder is None:
        return None
    with folder:
        paths = tuple(_paths(folder))
        wanted = [path for path in paths if reader_of(path) is not None][:_MOST_MANIFESTS]
        manifests = {path: content for path in wanted if (content := folder.read(path, LONGEST)) is not None}
    made_with = technologies(manifests)
    marks = detect_stack(path.rpartition("/")[2] for path in paths if "/" not in path or reader_of(path) is not None)
    facts = detect(root)
    return Look(
        stack=tuple(sorted({*marks, *(one.name for one in made_with), *_languages(paths)})),
        versions=tuple(dict.fromkeys(f"{one.name} {one.version}" for one in made_with if one.version)),
        remotes=remotes_at(root, facts.remote if facts is not None else ""),
        branch=facts.branch if facts is not None else "",
    )


def branch_of(root: Path) -> str | None:
    """The branch that the folder's repository is on, "" for none; None when the folder is not there."""
    if not root.is_dir():
        return None
    facts = detect(root)
    return facts.branch if facts is not None else ""


def _paths(top: ReadFolder) -> Iterator[str]:
    """Files by level, those of the root first."""
    level = [""]
    names = folders = 0
    for depth in range(_DEEPEST):
        below: list[str] = []
        for place in level:
            folders += 1
            for name, kind in top.names(place, _MOST_NAMES):
                names += 1
                path = f"{place}/{name}" if place else name
                if kind == "file":
                    yield path
                elif kind == "folder" and depth + 1 < _DEEPEST and not name.startswith(".") and name not in _FOREIGN:
                    below.append(path)
            if names > _MOST_NAMES or folders > _MOST_FOLDERS:
                return
        level = below


def _languages(paths: tuple[str, ...]) -> Iterator[str]:
    counted = Counter(language_hint(path) for path in paths)
    code = {name: count for name, count in counted.items() if name and name not in _NO_STACK}
    for name, count in code.items():
        if count >= _FEW and count >= _SHARE * sum(code.values()):
            yield _ECOSYSTEMS.get(name, name)


def remotes_at(root: Path, first: str = "") -> tuple[str, ...]:
    """Addresses of the other sides, without what is secret in them; git's all, of another system the one it knows."""
    folder = ReadFolder.open(str(root))
    if folder is None:
        return ()
    with folder:
        config = (folder.read(".git/config") or b"").decode("utf-8", "surrogateescape")
    found = {public_url(url) for urls in remotes_of(parse_config(config)).urls.values() for url in urls}
    clean = {url for url in (*found, first) if url and url.isprintable()}
    return tuple(sorted(clean))
