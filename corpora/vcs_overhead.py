"""What the bridge costs and saves: `python -m corpora.vcs_overhead [git hg svn] [1000 …]`, or `… saved FOLDER…`.

A backup of an unchanged project with a published repository, as it is protected by default and with every file stored
("copy"): both in one run by turns, the second to sixth time, median, with the processor time of this process and its
children beside it, which a busy machine does not stretch as much. `bridge_ms` is the part that only the first has. With
`saved` the vaults of a first backup both ways are compared, of clones whose origin is made to look like another host.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from codevault.bridging import open_bridge
from codevault.left import LeftContents
from codevault.projects.model import Project, Protection
from codevault.store.store import Store
from codevault.vault import Vault
from codevault.vcs.model import System

_REMOTE = "https://example.org/shop"
_PER_FOLDER = 50
_ROUNDS = 6
_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "HGRCPATH": "", "GIT_CONFIG_GLOBAL": os.devnull}


def main(arguments: list[str]) -> None:
    """Prints one JSON line a system and size, or a repository."""
    if arguments[:1] == ["saved"]:
        for repository in arguments[1:]:
            print(json.dumps(_saved(Path(repository))), flush=True)
        return
    systems = [one for one in arguments if one in MAKERS] or list(MAKERS)
    sizes = [int(one) for one in arguments if one.isdecimal()] or [1_000, 10_000, 80_000]
    for system in systems:
        if shutil.which(system) is None:
            print(json.dumps({"system": system, "skipped": "not installed"}))
            continue
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(measured(System(system), size, Path(folder))), flush=True)


def measured(system: System, size: int, folder: Path) -> dict[str, float | str]:
    """Milliseconds of a repository of that many files in an empty folder, medians without the first round."""
    root = folder / "work"
    root.mkdir()
    MAKERS[str(system)](root, size)
    time.sleep(2.1)  # what is younger when it is listed is read again
    walls: dict[str, list[float]] = {"trust_remote": [], "copy": [], "bridge": []}
    works: dict[str, list[float]] = {"trust_remote": [], "copy": [], "bridge": []}
    with Vault.create(folder / "vault") as trusting, Vault.create(folder / "copies") as copying:
        projects = [(trusting, trusting.projects.add(root)), (copying, copying.projects.add(root, protection="copy"))]
        for _ in range(_ROUNDS):
            for vault, project in projects:
                _timed(str(project.protection), walls, works, partial(vault.backup, project, kind="automatic"))
            _timed("bridge", walls, works, partial(_bridge, trusting, projects[0][1]))
        left = int(str(trusting.snapshots()[-1].facts.get("left", 0)))
    warm = {name: statistics.median(times[1:]) for name, times in walls.items()}
    cpu = {name: statistics.median(times[1:]) for name, times in works.items()}
    return {
        "system": str(system),
        "files": size,
        "left_to_the_repository": left,
        "bridge_ms": round(warm["bridge"] * 1000),
        "bridge_ms_least": round(min(walls["bridge"][1:]) * 1000),
        "bridge_ms_most": round(max(walls["bridge"][1:]) * 1000),
        "bridge_cpu_ms": round(cpu["bridge"] * 1000),
        "backup_ms": round(warm["trust_remote"] * 1000),
        "backup_copy_ms": round(warm["copy"] * 1000),
        "first_ms": round(walls["trust_remote"][0] * 1000),
        "first_copy_ms": round(walls["copy"][0] * 1000),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _timed(
    name: str, walls: dict[str, list[float]], works: dict[str, list[float]], action: Callable[[], object]
) -> None:
    started, before = time.perf_counter(), sum(os.times()[:4])
    action()
    walls[name].append(time.perf_counter() - started)
    works[name].append(sum(os.times()[:4]) - before)


def _bridge(vault: Vault, project: Project) -> None:
    """What a run over an unchanged project asks of the bridge."""
    store = Store.open(vault.path)
    contents = LeftContents(lambda: store, lambda: (project,))
    with contextlib.closing(store), open_bridge(store, project, contents) as bridge:
        bridge.versioned.unchanged_since(vault.snapshots()[-1].id)


def _saved(repository: Path) -> dict[str, object]:
    """Bytes of a vault after one backup of a clone, both ways."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "work"
        _run(Path(folder), "git", "clone", "-q", "--no-local", str(repository), str(root))
        _run(root, "git", "config", "remote.origin.url", _REMOTE)
        sizes = {}
        for protection in Protection:
            with Vault.create(Path(folder) / protection) as vault:
                done = vault.backup(vault.projects.add(root, protection=protection))
                used = (path.stat().st_size for path in vault.path.rglob("*") if path.is_file())
                cache = (path.stat().st_size for path in (vault.path / "cache").rglob("*") if path.is_file())
                reserve = (vault.path / "reserve").stat().st_size if (vault.path / "reserve").exists() else 0
                sizes[protection] = sum(used) - sum(cache) - reserve, done.stats
        work = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    stats = sizes[Protection.TRUST_REMOTE][1]
    return {
        "repository": repository.parent.name,
        "folder_bytes": work,
        "files": stats.files,
        "left": stats.left,
        **{f"{name}_bytes": size for name, (size, _) in sizes.items()},
        "saved": round(1 - sizes[Protection.TRUST_REMOTE][0] / sizes[Protection.COPY][0], 4),
    }


def _fill(root: Path, size: int) -> None:
    for number in range(size):
        path = root / f"folder{number // _PER_FOLDER:04d}" / f"module{number:06d}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"NUMBER = {number}\n\n\ndef number() -> int:\n    return NUMBER\n")


def _run(root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def _git(root: Path, size: int) -> None:
    _fill(root, size)
    _run(root, "git", "init", "-q", "--initial-branch=main")
    _run(root, "git", "add", "-A")
    _run(root, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "all")
    _run(root, "git", "repack", "-q", "-a", "-d")
    _run(root, "git", "config", "remote.origin.url", _REMOTE)
    _run(root, "git", "update-ref", "refs/remotes/origin/main", "HEAD")


def _hg(root: Path, size: int) -> None:
    _fill(root, size)
    _run(root, "hg", "init")
    _run(root, "hg", "commit", "-q", "-A", "-m", "all", "-u", "a")
    (root / ".hg/hgrc").write_text(f"[paths]\ndefault = {_REMOTE}\n")
    _run(root, "hg", "phase", "--public", "-r", "all()")


def _svn(root: Path, size: int) -> None:
    server = root.parent / "server"
    _run(root.parent, "svnadmin", "create", str(server))
    _run(root.parent, "svn", "checkout", "-q", f"file://{server}", str(root))
    _fill(root, size)
    _run(root, "svn", "add", "-q", "--force", ".")
    _run(root, "svn", "commit", "-q", "-m", "all")
    _run(root, "svn", "update", "-q")
    with contextlib.closing(sqlite3.connect(root / ".svn/wc.db")) as database, database:
        database.execute("UPDATE REPOSITORY SET root = ?", (_REMOTE,))


MAKERS: dict[str, Callable[[Path, int], None]] = {"git": _git, "hg": _hg, "svn": _svn}

if __name__ == "__main__":
    main(sys.argv[1:])
