"""What a hook costs the command it runs in: `python -m corpora.hooks_overhead [ROUNDS]`.

By turns: a shell that does nothing, the hook git starts, and that hook where the vault is gone; then commits without
and with all hooks. Medians in milliseconds, with the processor time of a commit, which a busy machine does not stretch.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from codevault.hooks import install_hooks, remove_hooks
from codevault.ids import ProjectId
from codevault.projects.model import Project

_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull}
_GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b")


def main(arguments: list[str]) -> None:
    """Prints one JSON line."""
    rounds = int(arguments[0]) if arguments else 100
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measured(Path(folder), rounds)))


def _measured(folder: Path, rounds: int) -> dict[str, object]:
    root, spool = folder / "work", folder / "spool"
    _run(folder, "git", "init", "-q", str(root))
    project = Project(id=ProjectId("0" * 16), name="work", root=str(root))
    install_hooks(project, spool)
    hook = (root / ".git/hooks/post-commit").rename(folder / "hook")
    gone = folder / "gone"
    gone.write_text(hook.read_text().replace(str(spool), str(folder / "nowhere")))
    gone.chmod(0o755)
    remove_hooks(project)
    told = _by_turns(
        rounds,
        nothing=lambda: _run(root, "sh", "-c", "exit 0"),
        hook=lambda: _run(root, str(hook)),
        hook_without_vault=lambda: _run(root, str(gone)),
    )
    commit = (*_GIT, "commit", "-q", "--allow-empty", "-m", "a")
    told |= _by_turns(rounds, commit=lambda: _run(root, *commit))
    install_hooks(project, spool)
    told |= _by_turns(rounds, commit_with_hooks=lambda: _run(root, *commit))
    return told | {"rounds": rounds, "load": round(os.getloadavg()[0], 1), "python": platform.python_version()}


def _by_turns(rounds: int, **actions: Callable[[], None]) -> dict[str, object]:
    walls: dict[str, list[float]] = {name: [] for name in actions}
    works: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            started, before = time.perf_counter(), sum(os.times()[2:4])
            action()
            walls[name].append(time.perf_counter() - started)
            works[name].append(sum(os.times()[2:4]) - before)
    told: dict[str, object] = {f"{name}_ms": round(statistics.median(times) * 1000, 1) for name, times in walls.items()}
    return told | {f"{name}_cpu_ms": round(statistics.mean(times) * 1000, 1) for name, times in works.items()}


def _run(root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("git is not installed")
    main(sys.argv[1:])
