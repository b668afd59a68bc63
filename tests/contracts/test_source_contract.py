"""What every source of signs of work must do, however it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.activity.files import FileWatch
from codevault.activity.folder_events import MemoryEvents
from codevault.activity.heartbeat_server import Heartbeats
from codevault.activity.model import MemorySource, Source, Watched
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


@pytest.fixture(params=list(SOURCES))
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    made = SOURCES[request.param]()
    yield made
    made.close()
    made.close()


def test_a_source_tells_nothing_of_projects_at_rest_and_takes_others_at_any_time(
    source: Source, tmp_path: Path
) -> None:
    there, gone = (
        Watched(project=SHOP, root=str(tmp_path)),
        Watched(project=BLOG, root=str(tmp_path / "gone")),
    )
    told = []
    for second, projects in enumerate([(there,), (there, gone), (gone,), ()]):
        source.watch(projects)
        told += [signal for signal in source.poll(at(second * 100)) if signal.project == SHOP]

    assert told == []
    assert source.state().name
    assert source.state().working
