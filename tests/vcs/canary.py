"""A project full of traps: whatever runs one of them leaves a file behind (FAULTS.md 3.3)."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from tests.vcs.scenes import git

_HOOKS = (
    "post-index-change",
    "post-checkout",
    "pre-commit",
    "reference-transaction",
    "fsmonitor-watchman",
    "pre-auto-gc",
)


def trapped_git(folder: Path) -> tuple[Path, Path]:
    """A git repository in which every measured way of running a program runs one; with it the file that tells."""
    root, told = folder / "trapped", folder / "told"
    trap = folder / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >>'{told}'\nexec cat\n")
    trap.chmod(0o755)
    root.mkdir()
    git(root, "init", "-q", "--initial-branch=main")
    (root / "kept.txt").write_bytes(b"kept\n")
    (root / "edited.py").write_bytes(b"one\n")
    (root / ".gitattributes").write_bytes(b"* filter=evil diff=evil merge=evil ident\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    inner = root / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "--initial-branch=main")
    (inner / "deep.txt").write_bytes(b"deep\n")
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "inner")
    head = git(inner, "rev-parse", "HEAD")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},inner")
    subprocess.run(["git", "init", "-q", "--bare", str(root / "bare")], check=True, env={"PATH": os.environ["PATH"]})
    settings = f"""
[core]
\tfsmonitor = {trap}
\thooksPath = {root}/.git/hooks
\tsshCommand = {trap}
\tpager = {trap}
\teditor = {trap}
\talternateRefsCommand = {trap}
\taskPass = {trap}
[filter "evil"]
\tclean = {trap}
\tsmudge = {trap}
\tprocess = {trap}
\trequired = true
[diff]
\texternal = {trap}
[diff "evil"]
\ttextconv = {trap}
\tcommand = {trap}
[merge "evil"]
\tdriver = {trap}
[gpg]
\tprogram = {trap}
[log]
\tshowSignature = true
[credential]
\thelper = {trap}
[alias]
\trev-list = !{trap}
\tcat-file = !{trap}
[uploadpack]
\tpackObjectsHook = {trap}
[remote "origin"]
\turl = https://joe:hunter2@example.org/shop.git
\tuploadpack = {trap}
\tvcs = evil
\tproxy = {trap}
[include]
\tpath = {folder}/more
"""
    for where in (root / ".git", inner / ".git", root / "bare"):
        with (where / "config").open("a") as file:
            file.write(settings)
        (where / "hooks").mkdir(exist_ok=True)
        for name in _HOOKS:
            (where / "hooks" / name).write_bytes(trap.read_bytes())
            (where / "hooks" / name).chmod(0o755)
    status = (root / "edited.py").stat()
    (root / "edited.py").write_bytes(b"two\n")
    os.utime(root / "edited.py", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    for name in ("git", "hg", "svn", "python3"):
        (root / name).write_bytes(trap.read_bytes())
        (root / name).chmod(0o755)
    for name in ("sitecustomize.py", "re.py", "git.py", "conftest.py", "setup.py"):
        (root / name).write_text(f"open({str(told)!r}, 'a').write({name!r})\n")
    os.mkfifo(root / "pipe")
    (root / "outside").symlink_to("/etc")
    return root, told


def trapped_hg(root: Path, told: Path) -> None:
    """Turns the Mercurial repository `root` into one whose extensions and hooks tell."""
    extension = root.parent / "extension.py"
    extension.write_text(f"open({str(told)!r}, 'a').write('extension')\n")
    lines = f"[extensions]\nevil = {extension}\n[hooks]\npre-log = echo >>{told}\npre-cat = echo >>{told}\n"
    for name in ("hgrc", "hgrc-not-shared"):
        with (root / ".hg" / name).open("a") as file:
            file.write(lines)


def picture(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything that can be seen of a tree but for access times: what must not change."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files, "."):
            path = Path(folder, name)
            status = path.lstat()
            content = hashlib.sha1(path.read_bytes()).digest() if path.is_file() and not path.is_symlink() else b""
            found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, content)
    return found
