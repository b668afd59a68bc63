"""What every place for a replica must do, whatever it is: hold objects whole, under their names."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.replicas.disk_objects import DiskObjects
from codevault.replicas.fsspec_objects import FsspecObjects
from codevault.replicas.ports import MemoryObjects, Objects

PLACES: dict[str, Callable[[Path], Objects]] = {
    "memory": lambda _: MemoryObjects(),
    "disk": lambda root: DiskObjects(root / "new" / "replica"),
}
if importlib.util.find_spec("fsspec") is not None:
    PLACES["fsspec"] = lambda root: FsspecObjects(f"memory://{root}")


@pytest.fixture(params=list(PLACES))
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Objects]:
    made = PLACES[request.param](tmp_path)
    yield made
    made.close()


def test_a_place_that_is_not_there_yet_is_empty(objects: Objects) -> None:
    assert (dict(objects.sizes()), objects.read("packs/ab/x.pack")) == ({}, None)
    objects.remove("packs/ab/x.pack")


def test_gives_back_what_was_written_whole_and_in_spans(objects: Objects) -> None:
    assert objects.write("packs/ab/x.pack", [b"first ", b"", b"second"]) == 12
    objects.write("empty", [])
    assert objects.sizes() == {"packs/ab/x.pack": 12, "empty": 0}
    assert [objects.read("packs/ab/x.pack", *span) for span in ((), (6,), (2, 3), (9, 100), (40, 5))] == [
        *(b"first second", b"second", b"rst", b"ond", b""),
    ]


def test_replaces_and_removes(objects: Objects) -> None:
    objects.write("log/1.json", [b"old and longer"])
    objects.write("log/1.json", [b"new"])
    assert objects.read("log/1.json") == b"new"
    objects.remove("log/1.json")
    assert (dict(objects.sizes()), objects.read("log/1.json")) == ({}, None)


def test_what_breaks_off_is_not_there_and_the_old_one_stays(objects: Objects) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half of"
        raise KeyError("the source is gone")

    objects.write("log/1.json", [b"old"])
    with pytest.raises(KeyError):
        objects.write("log/1.json", breaking())
    assert (objects.sizes(), objects.read("log/1.json")) == ({"log/1.json": 3}, b"old")
