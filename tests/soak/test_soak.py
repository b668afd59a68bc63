"""Half an hour of everything at once: random work, crashes, damage, full disks; nothing acknowledged is ever lost.

`CODEVAULT_SOAK_SECONDS=1800 CODEVAULT_SOAK_SEED=7 pytest -m scale tests/soak`; a failure names seed and last steps.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.world import World, soak

SECONDS = float(os.environ.get("CODEVAULT_SOAK_SECONDS", "60"))
SEED = int(os.environ.get("CODEVAULT_SOAK_SEED", "1"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder in which the vault's disk is a small one of its own, where that is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", str(disk)], capture_output=True)
    yield tmp_path
    if not mounted.returncode:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_few_steps_of_everything_lose_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, seed=5)
    try:
        assert soak(world, lambda steps: steps < 12) == 12
    finally:
        world.close()


@pytest.mark.scale
def test_a_long_time_of_everything_loses_nothing(place: Path) -> None:
    until = time.monotonic() + SECONDS
    world = World(place, SEED)
    try:
        steps = soak(world, lambda _: time.monotonic() < until)
    except BaseException:
        world.said.append(f"seed {SEED}")
        raise
    finally:
        world.close()

    assert steps > 0
