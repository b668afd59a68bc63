from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.scenes import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A vault with nothing in it."""
    made = Desk(tmp_path)
    yield made
    made.vault.close()
