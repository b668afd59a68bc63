from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.scenes import Archive, Desk, archive_with_a_past


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A vault with nothing in it."""
    made = Desk(tmp_path)
    yield made
    made.vault.close()


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Two projects with a past, for tests that only ask."""
    made = archive_with_a_past(tmp_path_factory.mktemp("archive"))
    yield made
    made.vault.close()
