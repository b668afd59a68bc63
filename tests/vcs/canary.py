"""A project full of traps: whatever runs one of them leaves a file behind (FAULTS.md 3.3)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

from tests.vcs.scenes import HgScene, SvnScene, git, svn

_HOOKS = (
    "post-index-change",
    "post-checkout",
    "pre-commit",
    "reference-transaction",
    "fsmonitor-watchman",
    "pre-auto-gc",
)

_TOOLS = ("git", "hg", "svn", "python3", "ruby", "node", "make", "ssh", "gpg", "zstd", "sh")
"""Programs that lie in a project under names for which a careless caller would look on the way to programs."""


def trap_in(folder: Path) -> tuple[Path, Path]:
    """A program that tells when it runs, and the file it tells in."""
    told, trap = folder / "told", folder / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >>'{told}'\nexec cat\n")
    trap.chmod(0o755)
    return trap, told


def trapped_git(folder: Path, name: str = "trapped") -> tuple[Path, Path]:
    """A git repository in which every measured way of running a program runs one; with it the file that tells."""
    trap, told = trap_in(folder)
    root = folder / name
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
    for tool in ("git", "hg", "svn", "python3"):
        (root / tool).write_bytes(trap.read_bytes())
        (root / tool).chmod(0o755)
    for module in ("sitecustomize.py", "re.py", "git.py", "conftest.py", "setup.py"):
        (root / module).write_text(f"open({str(told)!r}, 'a').write({module!r})\n")
    os.mkfifo(root / "pipe")
    (root / "outside").symlink_to("/etc")
    return root, told


def trapped_projects(folder: Path) -> Path:
    """A project of each installed system below `folder`, with every trap there is; the file that tells.

    Each has an `edited.py` that defines `two`, differing from what its repository holds.
    """
    trap, told = trap_in(folder)
    if shutil.which("git"):
        root, _ = trapped_git(folder, "git")
        _nested_traps(root, folder)
        _common_traps(root, trap, told)
    if shutil.which("hg"):
        _trapped_hg_project(folder, told)
        _common_traps(folder / "hg", trap, told)
    if shutil.which("svnadmin"):
        scene = SvnScene(folder)
        scene.commit(**{"kept.txt": b"kept\n", "edited.py": b"one\n"})
        scene.publish()
        svn(scene.root, "propset", "-q", "svn:externals", "https://example.org/elsewhere evil", ".")
        _common_traps(scene.root, trap, told)
    told.unlink(missing_ok=True)
    return told


def _trapped_hg_project(folder: Path, told: Path) -> None:
    scene = HgScene(folder)
    scene.commit(**{"kept.txt": b"kept\n", "edited.py": b"one\n"})
    scene.publish()
    scene.commit(**{"draft.py": b"draft = 1\n"})
    (scene.root / ".hgsub").write_text("inner = [git]ext::sh -c touch% x\nother = [svn]file:///etc\n")
    (scene.root / ".hgignore").write_text("(a+)+$\n(x+x+)+y\nsubinclude:/etc/passwd\n")
    trapped_hg(scene.root, told)


def _nested_traps(root: Path, folder: Path) -> None:
    """Repositories in a repository that lead elsewhere."""
    (folder / "elsewhere").mkdir()
    git(folder / "elsewhere", "init", "-q", "--initial-branch=main")
    for name, pointer in (
        ("pointer", "gitdir: /etc"),
        ("loop", "gitdir: ../loop"),
        ("away", "gitdir: ../../elsewhere/.git"),
    ):
        (root / name).mkdir()
        (root / name / ".git").write_text(f"{pointer}\n")
    (root / "borrowing").mkdir()
    git(root / "borrowing", "init", "-q", "--initial-branch=main")
    (root / "borrowing/.git/objects/info").mkdir(exist_ok=True)
    (root / "borrowing/.git/objects/info/alternates").write_text(f"{folder}/elsewhere/.git/objects\n/proc/self/root\n")


def _common_traps(root: Path, trap: Path, told: Path) -> None:
    """What any project may hold: files that run when they are trusted, and what hangs or kills a careless reader."""
    (root / "edited.py").write_text("def two():\n    return 2\n")
    run = f"touch '{told}'"
    texts = _run_when_trusted(trap, told, run) | {
        "Makefile": f"all:\n\t{run}\n",
        "package.json": json.dumps({"scripts": {"preinstall": run, "prepare": run}}),
        ".envrc": f"{run}\n",
        "data.yaml": f"!!python/object/apply:os.system ['{run}']\n",
        ".gitignore": "*a*a*a*a*a*a*a*a*a*a*b\n" * 50 + "!" * 100_000 + "\n",
        "deep.py": "(" * 20_000,
        "deep.json": "[" * 100_000,
        ".editorconfig": "root = true\n[*]\nplugin = evil\n",
        "usercustomize.py": f"open({str(told)!r}, 'a').write('user')\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "state.pickle").write_bytes(f"cos\nsystem\n(S'{run}'\ntR.".encode())
    (root / ("a" * 60 + "c")).write_bytes(b"")
    (root / os.fsdecode(b"name\xff\x1b[31m.py")).write_bytes(b"x = 1\n")
    for tool in _TOOLS:
        (root / tool).write_bytes(trap.read_bytes())
        (root / tool).chmod(0o755)
    _archives_that_lead_out(root)
    (root / "links").mkdir()
    for name, target in (
        ("etc", "/etc"),
        ("up", ".."),
        ("self", "self"),
        ("pipe", "../a.pipe"),
        ("device", "/dev/zero"),
    ):
        (root / "links" / name).symlink_to(target)
    os.mkfifo(root / "a.pipe")
    with contextlib.suppress(PermissionError):
        os.mknod(root / "a.device", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    (root / "closed").mkdir()
    (root / "closed/inside.txt").write_bytes(b"inside\n")
    (root / "closed").chmod(0)


def _run_when_trusted(trap: Path, told: Path, run: str) -> dict[str, str]:
    """Files that programs of their kind execute, or from which they take the name of a program."""
    python = f"open({str(told)!r}, 'a').write('ran')\n"
    cell = {"cell_type": "code", "source": [f"!{run}\n", python], "metadata": {}, "outputs": [], "execution_count": 1}
    kernel = {"name": str(trap), "display_name": "evil", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return {
        "run.ipynb": json.dumps(notebook),
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project.entry-points.pytest11]\nevil = "conftest"\n[tool.pytest.ini_options]\naddopts = "-p conftest"\n',
        "backend.py": python,
        "noxfile.py": python,
        "evil.pth": f"import os; os.system({run!r})\n",
        "setup.cfg": "[options]\npackages = attr: backend.packages\n",
        "Dockerfile": f"FROM scratch\nRUN {run}\n",
        "Rakefile": f"`{run}`\n",
        "Gemfile": f"eval `{run}`\n",
        "build.gradle": f'"{trap}".execute()\n',
        "CMakeLists.txt": f"execute_process(COMMAND {trap})\n",
        "build.rs": f'fn main() {{ std::process::Command::new("{trap}").spawn(); }}\n',
        ".cargo/config.toml": f'[build]\nrustc-wrapper = "{trap}"\n',
        ".npmrc": f"script-shell={trap}\ngit={trap}\n",
        ".yarnrc.yml": f"yarnPath: {trap}\n",
        ".pre-commit-config.yaml": f"repos: [{{repo: local, hooks: [{{id: a, language: system, entry: {trap}}}]}}]\n",
        ".vscode/settings.json": json.dumps({"python.defaultInterpreterPath": str(trap), "git.path": str(trap)}),
        ".vscode/tasks.json": json.dumps({"tasks": [{"command": run, "runOptions": {"runOn": "folderOpen"}}]}),
        ".gitmodules": '[submodule "a"]\n\tpath = inner\n\turl = ext::sh -c touch% told\n\tupdate = !touch told\n',
        ".lfsconfig": f'[lfs "customtransfer.evil"]\n\tpath = {trap}\n[lfs]\n\turl = https://example.org/lfs\n',
    }


def _archives_that_lead_out(root: Path) -> None:
    """A .zip and a .tar whose members would land beside the project, through `..`, a full path, and a link."""
    with zipfile.ZipFile(root / "out.zip", "w") as archive:
        archive.writestr("../told", "zip")
        archive.writestr(str(root.parent / "told"), "zip")
    link = tarfile.TarInfo("up")
    link.type, link.linkname = tarfile.SYMTYPE, ".."
    with tarfile.open(root / "out.tar", "w") as packed:
        packed.addfile(link)
        for name in ("up/told", "../told"):
            packed.addfile(tarfile.TarInfo(name))


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
