"""What every source of signs of work must do, however it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.activity.files import FileWatch
from codevault.activity.folder_events import MemoryEvents
from codevault.activity.heartbeat_server import Heartbeats
from codevault.activity.model import MemorySource, Signal, Source, Watched
from codevault.activity.moves import RepositoryMoves
from codevault.activity.surroundings import Programs, TestResults
from codevault.spool import HookEvents
from tests.activity.seen import BLOG, SHOP, at

SOURCES: dict[str, Callable[[], Source]] = {
    "memory": MemorySource,
    "files": lambda: FileWatch(MemoryEvents()),
    "polling": lambda: FileWatch(None),
    "repositories": lambda: RepositoryMoves(lambda _: HookEvents()),
    "programs": lambda: Programs(lambda: ()),
    "test results": TestResults,
    "heartbeats": lambda: Heartbeats("a key"),
}


@pytest.fixture
def sources() -> Iterator[dict[str, Source]]:
    made = {name: make() for name, make in SOURCES.items()}
    yield made
    for source in (*made.values(), *made.values()):  # twice is harmless
        source.close()


def told_by(source: Source, folder: Path) -> list[Signal]:
    """What it says of a project at rest while projects come and go."""
    there = Watched(project=SHOP, root=str(folder))
    gone = Watched(project=BLOG, root=str(folder / "gone"))
    told: list[Signal] = []
    for second, projects in enumerate([(there,), (there, gone), (gone,), ()]):
        source.watch(projects)
        told += [signal for signal in source.poll(at(second * 100)) if signal.project == SHOP]
    return told


def test_a_source_tells_nothing_of_projects_at_rest_and_takes_others_at_any_time(
    sources: dict[str, Source], tmp_path: Path
) -> None:
    assert {name: told_by(source, tmp_path) for name, source in sources.items()} == {name: [] for name in SOURCES}
    assert all(source.state().name and source.state().working for source in sources.values())
