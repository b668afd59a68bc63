from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.restoring.scenes import Archive


@pytest.fixture
def archive() -> Archive:
    """A vault in memory."""
    return Archive()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """Where to restore to; removable afterwards whatever modes were given back."""
    place = tmp_path / "target"
    yield place
    for found, _, _ in os.walk(place):
        Path(found).chmod(0o700)
