"""What every source of file events must do. The real one is given time by waiting until it told what was asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.activity.folder_events import FolderEvent, FolderEvents, Happened, MemoryEvents
from codevault.activity.inotify import inotify

Told = set[tuple[str, Happened, bool]]


class Memory:
    """Does to a folder what a test asks for, and tells the twin as a system would."""

    def __init__(self) -> None:
        self.events = MemoryEvents(queue=100)

    def write(self, path: Path) -> None:
        path.write_text("1")
        self.events.tell(str(path.parent), path.name)

    def remove(self, path: Path) -> None:
        path.unlink()
        self.events.tell(str(path.parent), path.name, Happened.GONE)

    def make(self, path: Path) -> None:
        path.mkdir()
        self.events.tell(str(path.parent), path.name, is_folder=True)

    def rename(self, path: Path, to: Path) -> None:
        path.rename(to)
        self.events.tell(str(path.parent), path.name, Happened.GONE)
        self.events.tell(str(to.parent), to.name)

    def drop(self, path: Path) -> None:
        path.rmdir()
        self.events.tell(str(path), "", Happened.GONE, is_folder=True)


class Real(Memory):
    """Lets the system tell."""

    def __init__(self) -> None:
        found = inotify()
        if found is None:
            pytest.skip("this system has no inotify, or no instance of it left")
        self.events = found  # type: ignore[assignment]  # the twin's `tell` is replaced by the system
        self.events.tell = lambda *_, **__: None  # type: ignore[method-assign]


@pytest.fixture(params=[Memory, Real], ids=["memory", "inotify"])
def system(request: pytest.FixtureRequest) -> Iterator[Memory]:
    made: Memory = request.param()
    yield made
    made.events.close()
    made.events.close()


def told(events: FolderEvents, until: Callable[[Told], bool]) -> Told:
    """What is told until it is enough; gives up after long enough for any machine."""
    seen: Told = set()
    end = time.monotonic() + 30
    while not until(seen) and time.monotonic() < end:
        seen |= {(event.name, event.happened, event.is_folder) for event in events.take().events}
    return seen


def test_tells_what_happens_in_a_folder_that_is_watched(system: Memory, tmp_path: Path) -> None:
    assert system.events.add(str(tmp_path))
    system.write(tmp_path / "a")
    system.write(tmp_path / "b")
    system.rename(tmp_path / "a", tmp_path / "c")
    system.remove(tmp_path / "b")
    system.make(tmp_path / "folder")
    last = ("folder", Happened.CHANGED, True)

    assert told(system.events, lambda seen: last in seen) == {
        ("a", Happened.CHANGED, False),
        ("b", Happened.CHANGED, False),
        ("a", Happened.GONE, False),
        ("c", Happened.CHANGED, False),
        ("b", Happened.GONE, False),
        last,
    }


def test_tells_nothing_of_what_is_not_watched_and_what_lies_deeper(system: Memory, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "other").mkdir()
    system.events.add(str(tmp_path))
    system.events.add(str(tmp_path / "other"))
    system.events.drop(str(tmp_path / "other"))
    system.events.drop(str(tmp_path / "other"))
    system.write(tmp_path / "inner" / "unseen")
    system.write(tmp_path / "other" / "unseen")
    system.write(tmp_path / "last")

    assert told(system.events, bool) == {("last", Happened.CHANGED, False)}
    assert system.events.watches == 1


def test_a_folder_that_goes_says_so_and_is_watched_no_more(system: Memory, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    system.events.add(str(tmp_path / "inner"))
    system.drop(tmp_path / "inner")

    assert ("", Happened.GONE, True) in told(system.events, bool)
    assert system.events.watches == 0


def test_what_is_no_folder_cannot_be_watched(system: Memory, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for name in ("file", "missing"):
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            system.events.add(str(tmp_path / name))


def test_watching_a_folder_twice_is_watching_it_once(system: Memory, tmp_path: Path) -> None:
    assert (system.events.add(str(tmp_path)), system.events.add(str(tmp_path))) == (True, True)
    assert system.events.watches == 1


def test_an_overflow_of_the_twin_is_told_once() -> None:
    events = MemoryEvents(queue=1, exists=lambda _: True)
    events.add("/a")
    events.tell("/a", "one")
    events.tell("/a", "two")
    events.tell("/b", "of nobody")
    first, second = events.take(), events.take()

    assert (first.events, first.overflowed) == ((FolderEvent("/a", "one", Happened.CHANGED),), True)
    assert (second.events, second.overflowed) == ((), False)


@pytest.mark.skipif(not os.path.exists("/proc/sys/fs/inotify"), reason="needs Linux")
def test_a_burst_of_forty_thousand_files_loses_nothing_unsaid(tmp_path: Path) -> None:
    from codevault.activity.files import FileWatch
    from codevault.activity.model import SignalKind, Watched
    from tests.activity.seen import SHOP

    found = inotify()
    if found is None:
        pytest.skip("no instance of inotify is left")
    files = FileWatch(found)
    files.watch([Watched(project=SHOP, root=str(tmp_path))])
    for number in range(40_000):
        os.close(os.open(tmp_path / f"{number}.py", os.O_CREAT | os.O_WRONLY))
    signals = files.poll(0)
    files.close()

    named = {signal.path for signal in signals if signal.kind is SignalKind.CHANGED}
    assert len(named) == 40_000 or any(signal.kind is SignalKind.LOST for signal in signals)
