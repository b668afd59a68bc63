"""Whose the stored bytes are."""

from __future__ import annotations

import random

from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from tests.store.scenes import LIBRARY, ROOT, SHOP, all_files, back_up, new_store, overwrite, ticking


def noise(seed: int, size: int = 4000) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def two_projects() -> tuple[Store, MemoryFileSystem]:
    """Two projects that share one file."""
    store, files = new_store()
    back_up(store, {"src/a.PY": noise(7), "logo.png": noise(1), "docs/x.png": noise(2)})
    back_up(store, {"src/a.PY": noise(7), "logo.png": noise(3), "docs/x.png": noise(2)})
    back_up(store, {"copy.png": noise(2), "own.bin": noise(4, 8000), "none": b""}, LIBRARY)
    return store, files


def test_each_byte_is_attributed_once() -> None:
    store, _ = two_projects()
    found = store.housekeeping.attribution()
    assert abs(found.total - sum(found.projects.values()) - found.unclaimed) < 4
    assert abs(found.total - found.unclaimed - sum(found.runs.values())) < 8
    assert abs(found.total - found.unclaimed - found.manifests - sum(found.suffixes.values())) < 8
    assert abs(sum(found.suffixes.values()) - sum(found.folders.values())) < 8
    assert abs(found.total - found.unclaimed - found.shared - sum(found.own.values())) < 8


def test_all_but_headers_and_solid_rounding_is_attributed() -> None:
    store, _ = two_projects()
    assert 0.8 * store.stats().pack_bytes < store.housekeeping.attribution().total < store.stats().pack_bytes


def test_who_brought_content_first_has_it_and_shared_content_is_said() -> None:
    store, _ = two_projects()
    found = store.housekeeping.attribution()
    assert 3900 < found.shared < 4200
    assert found.folders[SHOP, "docs"] >= 3900
    assert (LIBRARY, "") in found.folders
    assert found.own[LIBRARY] >= 8000
    assert found.own[SHOP] >= 8000


def test_bytes_are_told_by_suffix_and_by_run() -> None:
    store, _ = two_projects()
    found = store.housekeeping.attribution()
    assert set(found.suffixes) == {".py", ".png", ".bin", ""}
    assert found.suffixes[".png"] > 3 * 3900
    second = store.snapshots(SHOP)[1]
    assert 3900 < found.runs[second.id] < 4500


def test_chunks_count_for_the_file_they_are_of() -> None:
    store, _ = new_store()
    back_up(store, {"big/model.bin": noise(5, 9 << 20)})
    found = store.housekeeping.attribution()
    assert found.folders[SHOP, "big"] > 9 << 20
    assert found.unclaimed == 0


def test_what_nothing_names_is_unclaimed() -> None:
    store, _ = two_projects()
    with store.writer() as writer:
        writer.add(noise(9))
    assert store.housekeeping.attribution().unclaimed > 3900


def test_damaged_snapshots_are_passed_over() -> None:
    _, files = two_projects()
    record = next(path for path in sorted(all_files(files)) if path.parent.name == SHOP)
    overwrite(files, record, b"{}")
    found = Store.open(ROOT, filesystem=files, clock=ticking).housekeeping.attribution()
    assert len(found.runs) == 2
