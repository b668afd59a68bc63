"""Nothing a repository says is executed, nothing in it is written, nothing leaves the machine (FAULTS.md 3.2, 3.3)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vcs.canary import picture, trapped_git, trapped_hg
from tests.vcs.scenes import HgScene, SvnScene, git

# Runs in a process of its own, with the project as current folder and first on the program path, and tells what an
# audit hook saw.
_ASK = """
import json, sys
seen = {"programs": [], "sockets": 0}
def look(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        seen["programs"].append(str(arguments[0]))
    elif event.startswith("socket.") and event not in ("socket.gethostname",):
        seen["sockets"] += 1
sys.addaudithook(look)
from pathlib import Path
from codevault.vcs import detect
from codevault.vcs.opening import open_repository
root, work = map(Path, sys.argv[1:])
detect(root)
with open_repository(root, work=work) as repository:
    state = repository.state()
    tracked = repository.tracked()
    safe = repository.safe()
    read = [repository.read(entry.object) for entry in tracked.values() if entry.object]
    commits = [commit.id for commit in repository.commits()]
seen["programs"] = sorted(set(seen["programs"]))
told = {"trusted": state.trusted, "tracked": len(tracked), "safe": len(safe), "commits": len(commits)}
print(json.dumps(seen | told | {"read": sum(content is not None for content in read)}))
"""


_BACK_UP = """
import json, sys
seen = {"programs": [], "sockets": 0}
def look(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        seen["programs"].append(str(arguments[0]))
    elif event.startswith("socket.") and event not in ("socket.gethostname",):
        seen["sockets"] += 1
sys.addaudithook(look)
import codevault
root, folder = sys.argv[1:]
with codevault.Vault.create(folder) as vault:
    project = vault.projects.add(root)
    backup = vault.backup(project)
    vault.status(root + "/edited.py")
    vault.explain(root + "/.git")
    kept = vault.repositories.keep(project, protection="mirror")
    imported = vault.projects.import_history(project)
    vault.repositories.timeline(project)
    plan = vault.repositories.plan(project, to=folder + "-back")
    vault.repositories.bring_back(project, to=folder + "-back")
    vault.backup(project)
    sound = vault.verify().ok
seen["programs"] = sorted(set(seen["programs"]))
told = {"commits": imported.commits, "kept": kept.added is not None, "sound": sound, "missing": plan.missing}
print(json.dumps(seen | told))
"""


def asked(root: Path, work: Path, question: str = _ASK) -> dict[str, object]:
    environment = {**os.environ, "PATH": f"{root}:.:{os.environ['PATH']}", "GIT_DIR": str(root / ".git")}
    environment |= {"GIT_TRACE": str(work.parent / "trace"), "GIT_EXEC_PATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", question, str(root), str(work)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def test_the_traps_are_real(tmp_path: Path) -> None:
    program("git")
    root, told = trapped_git(tmp_path)
    told.unlink(missing_ok=True)

    git(root, "status", check=False)

    assert told.exists()


def test_a_hostile_git_repository_is_read_and_runs_nothing(tmp_path: Path) -> None:
    allowed = program("git")
    root, told = trapped_git(tmp_path)
    told.unlink(missing_ok=True)
    before = picture(root)

    answer = asked(root, tmp_path / "work")

    assert not told.exists()
    assert not (tmp_path / "trace").exists()
    assert picture(root) == before
    assert (answer["programs"], answer["sockets"]) == ([allowed], 0)
    assert (answer["trusted"], answer["commits"], answer["safe"], answer["read"]) == (True, 1, 3, 3)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_vault_backs_a_hostile_project_up_and_runs_nothing_of_it(tmp_path: Path) -> None:
    allowed = program("git")
    root, told = trapped_git(tmp_path)
    told.unlink(missing_ok=True)
    before = picture(root)

    answer = asked(root, tmp_path / "vault", _BACK_UP)

    assert not told.exists()
    assert not (tmp_path / "trace").exists()
    assert picture(root) == before
    assert (answer["programs"], answer["sockets"]) == ([allowed], 0)
    assert (answer["commits"], answer["kept"], answer["sound"], answer["missing"]) == (1, True, True, [])
    assert (tmp_path / "vault-back/edited.py").read_bytes() == b"two\n"
    assert not (tmp_path / "vault-back/.git/hooks/pre-commit").exists()


def test_a_hostile_mercurial_repository_is_read_and_runs_nothing(tmp_path: Path) -> None:
    allowed = program("hg")
    scene = HgScene(tmp_path)
    scene.commit(kept=b"one\n")
    scene.publish()
    told = tmp_path / "told"
    trapped_hg(scene.root, told)
    before = picture(scene.root)

    answer = asked(scene.root, tmp_path / "work")

    assert not told.exists()
    assert picture(scene.root) == before
    assert (answer["programs"], answer["sockets"]) == ([allowed], 0)
    assert (answer["trusted"], answer["commits"], answer["safe"], answer["read"]) == (True, 1, 1, 1)


def test_a_subversion_working_copy_is_read_without_any_program(tmp_path: Path) -> None:
    program("svnadmin")
    scene = SvnScene(tmp_path)
    scene.commit(kept=b"one\n")
    scene.publish()
    before = picture(scene.root)

    answer = asked(scene.root, tmp_path / "work")

    assert picture(scene.root) == before
    assert (answer["programs"], answer["sockets"]) == ([], 0)
    assert (answer["trusted"], answer["commits"], answer["safe"], answer["read"]) == (True, 1, 1, 1)
