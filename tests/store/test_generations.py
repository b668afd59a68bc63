"""Older and diverged copies of a vault are noticed, and numbers that were given are never given again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import RecordDamaged, VaultDiverged, VaultMissing
from codevault.store.filesystem import Listed
from codevault.store.generations import Generation
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from tests.store.faulty import Fault, FaultyFileSystem
from tests.store.scenes import FIRST, LIBRARY, ROOT, SECOND, back_up, draft, flipped, new_store, overwrite, ticking

LAYOUT = Layout(ROOT)


def _opened(files: MemoryFileSystem, expected: Generation | None = None, *, acknowledge: bool = False) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking, expected=expected, acknowledge=acknowledge)


def test_a_vault_that_went_on_is_what_was_expected() -> None:
    store, files = new_store()
    seen = store.generation
    back_up(store, FIRST)
    assert _opened(files, seen).generation.sequence > seen.sequence
    assert _opened(files, store.generation).generation == store.generation


def test_an_older_copy_put_back_is_refused() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    older = files.after_crash()
    back_up(store, SECOND)
    with pytest.raises(VaultDiverged) as caught:
        _opened(older, store.generation)
    assert (caught.value.how, caught.value.expected - caught.value.found) == ("older", 1)


def test_a_copy_that_went_another_way_is_refused() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    other = _opened(files.after_crash())
    back_up(other, {"other.py": b"x"})
    back_up(store, SECOND)
    with pytest.raises(VaultDiverged, match="two copies"):
        _opened(files, other.generation)


def test_another_vault_is_refused() -> None:
    store, _ = new_store()
    _, files = new_store()
    with pytest.raises(VaultDiverged, match="another vault"):
        _opened(files, store.generation)


def test_after_an_acknowledged_rollback_no_number_is_given_again() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    back_up(store, FIRST, LIBRARY)
    older = files.after_crash()
    lost = [back_up(store, SECOND), back_up(store, FIRST), back_up(store, SECOND, LIBRARY)]
    again = _opened(older, store.generation, acknowledge=True)
    first = back_up(again, {"new.py": b"n"})
    later = back_up(_opened(older), {"new.py": b"m"}, LIBRARY)
    assert again.generation.sequence > store.generation.sequence
    assert {snapshot.sequence for snapshot in lost[:2]} < set(range(first.sequence))
    assert lost[2].sequence < later.sequence
    assert back_up(_opened(older), {"new.py": b"k"}).sequence == first.sequence + 1
    report = _opened(older).verify()
    assert (report.damages, report.notices) == ((), ())
    assert (
        _opened(older)._state.generations.newest().record
        == _opened(older)._state.generations.record(_opened(older).generation.sequence)[1]
    )


def test_a_lost_record_is_read_from_its_copy() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    seen = store.generation
    files.remove(LAYOUT.record(seen.sequence))
    assert _opened(files, seen).generation == seen
    back_up(_opened(files), SECOND)
    assert [damage.kind for damage in _opened(files).verify().damages] == ["missing"]


def test_a_record_lost_with_its_copy_says_nothing_about_divergence() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    seen = store.generation
    back_up(store, SECOND)
    files.remove(LAYOUT.record(seen.sequence))
    overwrite(files, LAYOUT.copy(seen.sequence), b"")
    assert _opened(files, seen).generation.sequence == seen.sequence + 1


@pytest.mark.parametrize(
    "harm",
    [lambda _: b"", lambda c: flipped(c, 9), lambda c: c.replace(b"\n", b"\r\n"), lambda c: c[:-1]],
    ids=["empty", "flipped", "line endings", "cut short"],
)
def test_a_damaged_vault_file_is_recovered_from_its_copy(harm: Callable[[bytes], bytes]) -> None:
    store, files = new_store()
    snapshot = back_up(store, FIRST)
    identity = files.read(LAYOUT.identity) or b""
    overwrite(files, LAYOUT.identity, harm(identity))
    with pytest.raises(RecordDamaged):
        _opened(files)
    again = Store.recover(ROOT, filesystem=files, clock=ticking)
    assert (again.snapshots(), again.vault_id, files.read(LAYOUT.identity)) == ((snapshot,), store.vault_id, identity)
    assert again.verify().ok


def test_a_vault_file_that_is_gone_is_recovered() -> None:
    store, files = new_store()
    files.remove(LAYOUT.identity)
    assert Store.recover(ROOT, filesystem=files).vault_id == store.vault_id
    assert Store.recover(ROOT, filesystem=files).vault_id == store.vault_id


def test_without_any_copy_nothing_can_be_recovered() -> None:
    _, files = new_store()
    files.remove(LAYOUT.identity)
    overwrite(files, LAYOUT.copy(1), b"nothing")
    with pytest.raises(VaultMissing, match="no copy"):
        Store.recover(ROOT, filesystem=files)


class _Listing(FaultyFileSystem):
    """Counts how often the log's folder is listed."""

    def __init__(self, inner: MemoryFileSystem) -> None:
        super().__init__(inner, Fault(0))
        self.listings = 0

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        self.listings += path == LAYOUT.log
        return super().list(path)


@pytest.mark.parametrize("commits", [2, 9])
def test_the_log_is_listed_as_often_in_a_turn_of_many_commits_as_in_one_of_two(commits: int) -> None:
    _, files = new_store()
    counting = _Listing(files)
    with Store.open(ROOT, filesystem=counting, clock=ticking).writer() as writer:
        writer.commit(draft(), [])
        first = counting.listings
        for _ in range(1, commits):
            writer.commit(draft(), [])
        assert counting.listings == first
    assert Store.open(ROOT, filesystem=files, clock=ticking).verify().ok


def test_a_turn_goes_on_from_what_another_process_recorded_since_the_last_one() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    other = _opened(files)
    back_up(other, SECOND)
    back_up(store, FIRST)
    back_up(other, FIRST)
    assert other.generation.sequence == store.generation.sequence == 5
    assert other.verify().ok
