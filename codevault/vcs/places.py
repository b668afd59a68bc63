"""Where a repository takes its hooks from, when that lies inside the project: nothing outside is ever changed."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from codevault.vcs.git import common_folder, git_folder
from codevault.vcs.git_config import parse_config
from codevault.vcs.reading import ReadFolder
from codevault.vcs.svn import read_root


def git_hooks_folder(root: Path, *, configured: bool = True) -> Path | None:
    """The folder git takes hooks from, `core.hooksPath` honoured; None outside the project, or through links.

    With `configured` False the one that git takes when nothing is set.
    """
    top = ReadFolder.open(str(root))
    if top is None:
        return None
    with top:
        kind = top.kind(".git")
        own = git_folder(top, top, kind, []) if kind else None
        if own is None:
            return None
        with own, common_folder(own, top, []) as common:
            config = parse_config((common.read("config") or b"").decode("utf-8", "surrogateescape"))
            set_paths = [e.value for e in config if configured and e.section == "core" and e.key == "hookspath"]
            where = os.path.join(top.path, set_paths[-1]) if set_paths else os.path.join(common.path, "hooks")
        relative = os.path.relpath(os.path.normpath(where), top.path).replace(os.sep, "/")
        above, _, _ = relative.rpartition("/")
        if (
            relative.startswith("..")
            or top.kind(relative) not in {"folder", ""}
            or (above and top.kind(above) != "folder")
        ):
            return None
        return Path(top.path, relative)


def hg_settings(root: Path) -> Path | None:
    """The repository's hgrc, there or not; None without a repository, or through links."""
    top = ReadFolder.open(str(root))
    if top is None:
        return None
    with top:
        if top.kind(".hg") != "folder" or top.kind(".hg/hgrc") not in {"file", ""}:
            return None
        return Path(top.path, ".hg", "hgrc")


def svn_hooks_folder(root: Path) -> Path | None:
    """The hooks of the server a working copy is of, when that is a folder of this machine (`file://`)."""
    top = ReadFolder.open(str(root))
    if top is None:
        return None
    with top:
        url = read_root(top)
    path = url.removeprefix("file://").removeprefix("localhost")
    if not url.startswith("file://") or not path.startswith("/"):
        return None
    folder = Path(unquote(path), "hooks")
    return folder if folder.is_dir() and (folder.parent / "format").is_file() else None
