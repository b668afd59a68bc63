"""A vault, and its replica, on a disk with the manners of macOS and Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.errors import StorageError
from codevault.replicas.disk_objects import DiskObjects
from codevault.replicas.sending import Wishes
from codevault.store.store import Store
from tests.replicas.scenes import forget, go_on, opened, send, trees
from tests.store.scenes import FIRST, LIBRARY, ROOT, SECOND, back_up, ticking
from tests.systems.strange_files import StrangeFileSystem

FOLDER = Path("/Copy")


def _store() -> tuple[Store, StrangeFileSystem]:
    files = StrangeFileSystem()
    store = Store.create(ROOT, filesystem=files, clock=ticking)
    back_up(store, FIRST)
    back_up(store, SECOND)
    back_up(store, FIRST, LIBRARY)
    return store, files


def test_everything_that_changes_a_vault_closes_files_before_it_renames_them() -> None:
    store, files = _store()
    go_on(store)
    store.compact()
    forget(store)
    again = Store.open(ROOT, filesystem=files)
    assert again.verify().damages == ()
    assert trees(again) == trees(store)
    assert again.repair().verified.damages == ()


def test_a_replica_is_at_home_there_too() -> None:
    store, _ = _store()
    files = StrangeFileSystem()
    send(store, DiskObjects(FOLDER, filesystem=files))
    go_on(store)
    send(store, DiskObjects(FOLDER, filesystem=files), Wishes(verify=True))
    assert trees(opened(DiskObjects(FOLDER, filesystem=files))) == trees(store)


@pytest.mark.parametrize(
    "name",
    ["aux.json", "a.", "a:b", "a" * 144, "/".join(["b" * 100] * 3)],
    ids=["device", "dot", "colon", "name", "path"],
)
def test_names_that_such_a_disk_refuses_are_errors_of_ours(name: str) -> None:
    with pytest.raises(StorageError):
        StrangeFileSystem().make_folder(Path("/x") / name)
