"""Every public call over projects full of traps runs nothing, writes nothing into them, reaches no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import codevault
from codevault.vcs.inert import INERT, may_run
from tests.nobody import AS_ROOT, public_folder
from tests.test_public_names import METHODS
from tests.vcs import canary_tour
from tests.vcs.canary import picture, trapped_projects
from tests.vcs.canary_tour import BEFORE, CALLS, ONCE, WRITING

NOBODY = 65534
SYSTEMS = [system for system in canary_tour.SYSTEMS if shutil.which(system)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a tour found, and the projects before and after it."""

    folder: Path
    told: Path
    programs: list[str]
    sockets: list[str]
    came: dict[str, str]
    before: dict[str, tuple[object, ...]]
    after: dict[str, tuple[object, ...]]


def journey(folder: Path, *, user: int | None = None) -> Journey:
    told = trapped_projects(folder)
    if user is not None:
        for above, folders, files in os.walk(folder):
            for name in (*folders, *files, "."):
                os.chown(os.path.join(above, name), user, user, follow_symlinks=False)
    before = pictured(folder)
    roots = [folder / system for system in SYSTEMS]
    environment = {**os.environ, "PATH": ":".join([*map(str, roots), ".", os.environ["PATH"]])}
    environment |= {
        "GIT_DIR": str(folder / "git/.git"),
        "GIT_TRACE": str(folder / "trace"),
        "GIT_EXEC_PATH": str(roots[0]),
    }
    environment |= {"HGRCPATH": str(folder / "hg/.hg/hgrc"), "PYTHONPATH": str(Path(codevault.__file__).parents[1])}
    command = [sys.executable, "-P", canary_tour.__file__, str(folder), *([str(user)] if user is not None else [])]
    done = subprocess.run(command, cwd=roots[0], env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return Journey(folder=folder, told=told, before=before, after=pictured(folder), **said)


def pictured(folder: Path) -> dict[str, tuple[object, ...]]:
    return {name: seen for system in SYSTEMS for name, seen in picture(folder / system).items()}


@pytest.fixture(scope="module")
def as_root() -> Iterator[Journey]:
    with public_folder() as folder:
        yield journey(folder)


@pytest.fixture(scope="module")
def as_nobody() -> Iterator[Journey]:
    with public_folder() as folder:
        yield journey(folder, user=NOBODY)


def test_every_public_call_is_made_or_looked_at_apart() -> None:
    assert {*BEFORE, *CALLS, *ONCE, *WRITING} == METHODS


@pytest.fixture(params=["as_root", pytest.param("as_nobody", marks=AS_ROOT)])
def made(request: pytest.FixtureRequest) -> Journey:
    found: Journey = request.getfixturevalue(request.param)
    return found


def test_no_trap_was_sprung(made: Journey) -> None:
    assert not made.told.exists()
    assert not (made.folder / "trace").exists()


def test_only_programs_of_the_machine_were_started(made: Journey) -> None:
    allowed = {shutil.which("git"), shutil.which("hg"), sys.executable}

    assert set(made.programs) <= allowed


def test_nothing_went_over_the_network(made: Journey) -> None:
    assert made.sockets == []


def test_the_projects_are_as_they_were(made: Journey) -> None:
    assert {name for name in made.before if made.before[name] != made.after.get(name)} == set()
    assert made.before.keys() == made.after.keys()


def test_what_was_asked_for_was_done(as_root: Journey) -> None:
    refused = {name: said for name, said in as_root.came.items() if said.startswith("!")}

    assert refused == {}
    assert (as_root.came["vault.verify"], as_root.came["vault.submit.verify"]) == ("True", "True")


@AS_ROOT
@pytest.mark.parametrize("call", ["vault.backup", "vault.restore", "vault.repositories.timeline", "vault.explain"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_user_without_rights_is_served_as_well(as_nobody: Journey, system: str, call: str) -> None:
    assert not as_nobody.came[f"{system} {call}"].startswith("!")


def test_hooks_go_into_a_hostile_project_and_out_again_and_nothing_runs(tmp_path: Path) -> None:
    told = trapped_projects(tmp_path)
    before = unstamped(pictured(tmp_path))
    with codevault.Vault.create(tmp_path / "vault") as vault:
        for system in SYSTEMS:
            vault.projects.add(tmp_path / system, name=system)
        able = [system for system in SYSTEMS if system != "svn"]  # whose server is on another machine

        put = [vault.repositories.install_hooks(system).files for system in able]
        taken = [vault.repositories.remove_hooks(system).files for system in able]

    assert (all(put), any(taken), told.exists()) == (True, False, False)
    assert unstamped(pictured(tmp_path)) == before


def unstamped(seen: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Modes and contents: times and sizes of folders change with what was in them for a while."""
    return {name: (mode, content) for name, (mode, _, _, _, content) in seen.items()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_restored_is_equal_byte_for_byte(as_root: Journey, system: str) -> None:
    root, back = as_root.folder / system, as_root.folder / f"{system}-back"
    left = set(json.loads(as_root.came[f"{system} vault.restore"].replace("'", '"')))

    wanted = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_symlink() or p.is_file()} - left

    written_as = {name: name + INERT if may_run(name) else name for name in wanted}
    assert {name for name in wanted if not same(root / name, back / written_as[name])} == set()
    assert len(wanted) > 20


def same(one: Path, other: Path) -> bool:
    if one.is_symlink():
        return other.is_symlink() and os.readlink(one) == os.readlink(other)
    return other.is_file() and one.read_bytes() == other.read_bytes()
