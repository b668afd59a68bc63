"""The shelf: whole files in foreign formats, logged, named by their hash, and never half there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, LimitReached, RecordDamaged, VaultBusy
from codevault.ids import ProjectId
from codevault.store.limits import Limits
from codevault.store.store import Store

SHOP, OTHER = ProjectId("0123456789abcdef"), ProjectId("fedcba9876543210")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "vault") as made:
        yield made


def test_files_come_back_as_they_were_in_their_order(store: Store) -> None:
    store.shelf.put(SHOP, "bundle", "git", [b"one", b"two"])
    store.shelf.put(SHOP, "commits", "jsonl.zst", [b""])
    store.shelf.put(OTHER, "bundle", "git", [b"three"])

    assert [(file.number, file.kind, file.size) for file in store.shelf.files(SHOP)] == [
        (1, "bundle", 6),
        (2, "commits", 0),
    ]
    (bundle,) = store.shelf.files(SHOP, "bundle")
    assert b"".join(store.shelf.read(bundle)) == b"onetwo"


def test_a_limit_of_the_vault_holds_for_the_shelf_too(store: Store) -> None:
    store.housekeeping.set_limits(Limits(ceiling=500_000))

    with pytest.raises(LimitReached):
        store.shelf.put(SHOP, "bundle", "git", [bytes(300_000)] * 2)

    assert store.shelf.files(SHOP) == ()
    assert not list((store.root / "incoming").glob("bundle*"))


def test_a_damaged_copy_of_the_newest_does_not_stand_in_for_it(store: Store) -> None:
    first = store.shelf.put(SHOP, "bundle", "git", [b"one"])
    path = store.root / "vcs" / SHOP / first.name
    path.chmod(0o600)
    path.write_bytes(b"two")

    again = store.shelf.put(SHOP, "bundle", "git", [b"one"])

    assert (again.number, b"".join(store.shelf.read(again))) == (2, b"one")


def test_the_newest_of_a_kind_is_not_added_again_and_an_older_one_is(store: Store) -> None:
    first = store.shelf.put(SHOP, "bundle", "git", [b"one"])
    again = store.shelf.put(SHOP, "bundle", "git", [b"one"])
    store.shelf.put(SHOP, "bundle", "git", [b"two"])
    back = store.shelf.put(SHOP, "bundle", "git", [b"one"])

    assert again == first
    assert back.number == 3


def test_another_process_sees_them_and_foreign_names_do_not_count(store: Store) -> None:
    store.shelf.put(SHOP, "bundle", "git", [b"one"])
    (store.root / "vcs" / SHOP / "notes.txt").write_bytes(b"mine")

    with Store.open(store.root) as other:
        assert len(other.shelf.files(SHOP)) == 1


@pytest.mark.parametrize(
    ("project", "kind", "suffix"),
    [
        ("../etc", "bundle", "git"),
        (SHOP, "../x", "git"),
        (SHOP, "Bundle", "git"),
        (SHOP, "bundle", "../git"),
        (SHOP, "", ""),
    ],
)
def test_names_that_lead_elsewhere_are_refused(store: Store, project: str, kind: str, suffix: str) -> None:
    with pytest.raises(InvalidArgument):
        store.shelf.put(ProjectId(project), kind, suffix, [b"x"])


def test_changed_and_missing_files_are_told_when_read(store: Store) -> None:
    file = store.shelf.put(SHOP, "bundle", "git", [b"one"])
    path = store.root / "vcs" / SHOP / file.name
    path.write_bytes(b"eno")
    with pytest.raises(RecordDamaged):
        list(store.shelf.read(file))
    path.unlink()
    with pytest.raises(RecordDamaged):
        list(store.shelf.read(file))


def test_a_source_that_fails_leaves_nothing(store: Store) -> None:
    def failing() -> Iterator[bytes]:
        yield b"one"
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="is gone"):
        store.shelf.put(SHOP, "bundle", "git", failing())

    assert store.shelf.files(SHOP) == ()
    assert store.verify().ok


def test_one_writer_at_a_time(store: Store) -> None:
    with store.turn(), pytest.raises(VaultBusy):
        store.shelf.put(SHOP, "bundle", "git", [b"one"])
