"""What a backup needs when there is very much: one file larger than memory should be, half a million files."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from codevault import Vault
from codevault.store.model import Entry

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")

MIB = 1 << 20
MOST_MIB = 256
BACKUP = """
import os, sys
from codevault import Vault
with Vault.open(sys.argv[1]) as vault:
    for project in vault.projects:
        vault.backup(project, kind="automatic")
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
used = os.times()
print(int(peak) >> 10, used.user + used.system)
"""
LOOK = """
import os, sys
def look(folder):
    for entry in os.scandir(folder):
        entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            look(entry.path)
look(sys.argv[1])
used = os.times()
print(0, used.user + used.system)
"""


def child(script: str, folder: Path) -> tuple[int, float]:
    """Peak memory in MiB and seconds of processor time of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script, str(folder)], capture_output=True, text=True, check=True
    )
    peak, seconds = done.stdout.split()
    return int(peak), float(seconds)


def vault_of(home: Path, *projects: Path) -> Path:
    with Vault.create(home / "vault") as vault:
        for project in projects:
            vault.projects.add(project)
    return home / "vault"


def only_entry(home: Path) -> Entry:
    with Vault.open(home) as vault:
        (snapshot,) = vault.snapshots()
        (entry,) = vault.files(snapshot)
        return entry


def islands(path: Path, size: int, every: int) -> None:
    """A sparse file with a block of content here and there."""
    block = random.Random(5).randbytes(MIB)
    with path.open("wb") as file:
        for at in range(0, size - MIB, every):
            file.seek(at)
            file.write(block)
        file.truncate(size)


@pytest.mark.parametrize("every", [MIB, 64 * MIB])
def test_a_file_of_300_mb_is_backed_up_in_less_memory_than_it_is_long(tmp_path: Path, every: int) -> None:
    project = tmp_path / "models"
    project.mkdir()
    islands(project / "model.bin", 300_000_000, every)
    home = vault_of(tmp_path, project)

    peak, _ = child(BACKUP, home)

    assert peak <= MOST_MIB
    assert only_entry(home).size == 300_000_000


@pytest.mark.scale
def test_a_file_of_20_gib_is_backed_up_in_256_mib_of_memory(tmp_path: Path) -> None:
    project = tmp_path / "models"
    project.mkdir()
    islands(project / "model.bin", 20 << 30, 512 * MIB)
    home = vault_of(tmp_path, project)

    peak, _ = child(BACKUP, home)

    assert peak <= MOST_MIB
    assert only_entry(home).size == 20 << 30


@pytest.mark.scale
def test_half_a_million_unchanged_files_of_fifty_projects_cost_little_more_than_looking_at_them(
    tmp_path: Path,
) -> None:
    projects = [tmp_path / "work" / f"project{at:02}" for at in range(50)]
    for number, project in enumerate(projects):
        for at in range(1000):
            folder = project / f"part{at // 40}" / f"module{at}"
            folder.mkdir(parents=True)
            for name in range(10):
                (folder / f"file{name}.py").write_bytes(b"value = %d\n" % (number * 10_000 + at * 10 + name))
    home = vault_of(tmp_path, *projects)
    child(BACKUP, home)
    child(BACKUP, home)  # what was touched within two seconds of the first run is read again by this one

    peak, seconds = child(BACKUP, home)
    _, floor = child(LOOK, tmp_path / "work")

    assert peak <= 250
    assert seconds <= 5 * floor  # measured 3.0; a busy machine is not what this is about
