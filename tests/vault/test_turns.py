"""Writers take turns, also of the index, and an index that is being made says so."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import IndexBusy, IndexDamaged
from codevault.indexing import IndexKeeper
from codevault.jobs import Progress
from codevault.store.filesystem import DiskFileSystem
from tests.vault.scenes import TAX, Desk


def test_submitted_backups_of_one_vault_take_turns(desk: Desk) -> None:
    shop, blog = desk.project("shop", {"tax.py": TAX}), desk.project("blog", {"tax.py": TAX})

    jobs = [desk.vault.submit.backup(project) for project in (shop, blog, shop, blog)]

    made = [job.result(60).snapshot for job in jobs]
    assert sorted((snapshot.project, snapshot.sequence) for snapshot in made) == sorted(
        (project.id, sequence) for project in (shop, blog) for sequence in (1, 2)
    )


def test_a_backup_that_waits_for_its_turn_can_be_cancelled(desk: Desk) -> None:
    shop = desk.project("shop", {"tax.py": TAX})
    held = threading.Event()
    go_on = threading.Event()

    def wait(_progress: Progress) -> None:
        held.set()
        go_on.wait(30)

    first = desk.vault.submit.backup(shop, progress=wait)
    held.wait(30)
    second = desk.vault.submit.backup(shop)
    second.cancel()

    with pytest.raises(Exception, match="cancelled by the caller"):
        second.result(30)
    go_on.set()
    assert first.result(30).snapshot.sequence == 1


def test_another_process_that_writes_the_index_is_waited_for(desk: Desk) -> None:
    shop = desk.project("shop", {"tax.py": TAX})
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(desk.place / "cache" / "writer.lock")], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    backup = desk.vault.backup(shop)
    holder.stdout.close()
    holder.wait(30)

    assert backup.problems == ()


def test_one_that_writes_for_too_long_is_said_to_be_busy(tmp_path: Path) -> None:
    keeper = IndexKeeper(tmp_path / "cache", "0" * 32)  # type: ignore[arg-type]
    (tmp_path / "cache").mkdir()
    lock = DiskFileSystem().lock(tmp_path / "cache" / "writer.lock", "")

    with pytest.raises(IndexBusy, match="try again"), keeper.writing(wait_s=0.2):
        pass
    lock.release()
    with keeper.writing():
        assert keeper.exists


def test_who_waits_to_write_comes_before_who_has_just_written(tmp_path: Path) -> None:
    keeper = IndexKeeper(tmp_path / "cache", "0" * 32)  # type: ignore[arg-type]
    order = []

    def write(who: str) -> None:
        with keeper.writing():
            order.append(who)

    waits = threading.Thread(target=write, args=("the other",))
    with keeper.writing():
        assert not keeper.wanted
        waits.start()
        until_true(lambda: keeper.wanted)
    write("the same again")
    waits.join(30)

    assert order == ["the other", "the same again"]


def test_another_process_that_waits_to_write_is_noticed(tmp_path: Path) -> None:
    keeper = IndexKeeper(tmp_path / "cache", "0" * 32)  # type: ignore[arg-type]
    assert not keeper.wanted  # there is no folder yet
    with keeper.writing():
        pass
    following = DiskFileSystem().lock(tmp_path / "cache" / "next.lock", "")
    noticed = keeper.wanted
    following.release()

    assert (noticed, keeper.wanted) == (True, False)


def until_true(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.005)


def test_a_cache_that_cannot_be_made_is_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keeper = IndexKeeper(tmp_path / "file" / "cache", "0" * 32)  # type: ignore[arg-type]

    with pytest.raises(IndexDamaged, match="cannot be made"), keeper.writing():
        pass


def test_searches_during_a_rebuild_say_that_versions_are_missing(desk: Desk) -> None:
    desk.day(desk.project("shop", {"tax.py": TAX}))
    desk.vault.analyse()
    whole = desk.vault.search.text("TaxTable")
    seen = []

    def look(_progress: Progress) -> None:
        seen.append(desk.vault.search.text("TaxTable").coverage)

    desk.vault.rebuild(progress=look)
    after = desk.vault.search.text("TaxTable")

    assert seen
    assert not any(coverage.complete for coverage in seen)
    assert all("being made again" in coverage.notes[-1] for coverage in seen)
    assert after.coverage == whole.coverage
    assert [hit.snippet for hit in after.hits] == [hit.snippet for hit in whole.hits]


_HOLD = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from codevault.store.filesystem import DiskFileSystem
    lock = DiskFileSystem().lock(Path(sys.argv[1]), "")
    print("held", flush=True)
    time.sleep(1)
    lock.release()
    """
)
