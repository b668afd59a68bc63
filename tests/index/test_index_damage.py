"""What the index survives, what it refuses, and who may use it at the same time."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from codevault.analysis.model import FileAnalysis
from codevault.errors import IndexBusy, IndexDamaged, StorageFull
from codevault.ids import VaultId
from codevault.index import schema
from codevault.index.index import Index
from codevault.index.memory_text import MemoryText
from codevault.index.postings import BUCKET
from codevault.index.sessions import Writer
from codevault.index.tantivy_index import TantivyText
from tests.index.scenes import SHOP, VAULT, Scene, hint, on_disk, reader, writer

TILL = b"def rate(x):\n    return x * 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of one snapshot, closed."""
    scene = on_disk(tmp_path / "cache")
    scene.snap({"till.py": TILL})
    scene.understand()
    scene.index.close()
    return tmp_path / "cache"


def edit(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "catalog.sqlite") as db:
        db.execute(statement)
    db.close()


def refused(folder: Path, *, writable: bool = False) -> str:
    with pytest.raises(IndexDamaged) as caught:
        Index.open(folder, vault_id=VAULT, writable=writable)
    return str(caught.value)


def test_what_was_committed_is_there_when_opened_again(folder: Path) -> None:
    with reader(folder) as index:
        assert len(index.search_text("x * 2").hits) == 1
        assert len(index.search_symbols("rate").hits) == 1
        assert index.pending_count() == 0


def test_what_was_not_committed_is_not(folder: Path) -> None:
    scene = Scene(writer(folder), sequences={SHOP: 1})
    scene.snap({"late.py": b"late\n"})
    (waiting,) = scene.index.pending(scene.index.waiting())
    scene.analyse(waiting)
    scene.index.close()
    with reader(folder) as index:
        assert index.versions(SHOP, "late.py") == ()
        assert index.search_text("late").hits == ()


def test_a_reader_needs_an_index(tmp_path: Path) -> None:
    assert "rebuild" in refused(tmp_path)
    (tmp_path / "catalog.sqlite").touch()
    assert "rebuild" in refused(tmp_path)


def test_refuses_the_index_of_another_vault(folder: Path) -> None:
    with pytest.raises(IndexDamaged, match="another vault"):
        Index.open(folder, vault_id=VaultId("cd" * 16), writable=True)


def test_refuses_another_format_version(folder: Path) -> None:
    edit(folder, "UPDATE meta SET value = '99' WHERE key = 'version'")
    assert "format 99" in refused(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW evil AS SELECT load_extension('x')",
        "CREATE TRIGGER evil AFTER INSERT ON version BEGIN DELETE FROM version; END",
        "DROP INDEX version_content",
        "ALTER TABLE path ADD COLUMN more TEXT",
    ],
)
def test_refuses_a_catalog_that_holds_anything_else(folder: Path, statement: str) -> None:
    edit(folder, statement)
    assert "rebuild" in refused(folder)
    assert "rebuild" in refused(folder, writable=True)


def test_refuses_a_file_that_is_no_catalog(folder: Path) -> None:
    (folder / "catalog.sqlite").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    assert "rebuild" in refused(folder)
    assert "rebuild" in refused(folder, writable=True)


def test_an_emptied_catalog_begins_anew_with_nothing_of_the_old_text(folder: Path) -> None:
    (folder / "catalog.sqlite").write_bytes(b"")
    assert "rebuild" in refused(folder)
    with writer(folder) as index:
        assert index.snapshot_ids() == ()
        assert index.search_symbols("rate").hits == ()


def test_refuses_a_text_index_that_is_gone(folder: Path) -> None:
    shutil.rmtree(folder / "index")
    assert "rebuild" in refused(folder)
    assert "rebuild" in refused(folder, writable=True)


def test_refuses_a_damaged_text_index(folder: Path) -> None:
    (folder / "index" / "meta.json").write_bytes(b"{")
    assert "rebuild" in refused(folder)


def test_a_damaged_page_is_an_error_and_not_an_answer(folder: Path) -> None:
    with reader(folder) as index:
        size = (folder / "catalog.sqlite").stat().st_size
        with (folder / "catalog.sqlite").open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        with pytest.raises(IndexDamaged):
            index.search_text("x * 2")


def test_a_damaged_group_is_an_error_and_not_an_answer(folder: Path) -> None:
    edit(folder, "UPDATE text_group SET text = x'00'")
    with reader(folder) as index, pytest.raises(IndexDamaged, match="text group"):
        index.search_text("x * 2")


def test_a_missing_group_or_symbol_is_an_error(folder: Path) -> None:
    edit(folder, "DELETE FROM symbol")
    edit(folder, "DELETE FROM text_group")
    with reader(folder) as index:
        with pytest.raises(IndexDamaged, match="symbol"):
            list(index.symbols_at(SHOP, 1))
        with pytest.raises(IndexDamaged, match="fragment"):
            index.search_regex(r"\s")


def test_a_text_index_ahead_of_the_catalog_is_set_back(folder: Path) -> None:
    kept = (folder / "catalog.sqlite").read_bytes()
    scene = Scene(writer(folder), sequences={SHOP: 1})
    scene.snap({"late.py": b"late news\n"})
    scene.understand()
    scene.index.close()
    (folder / "catalog.sqlite").write_bytes(kept)
    with reader(folder) as index:
        assert index.search_text("late").hits == ()
        assert len(index.search_text("x * 2").hits) == 1
    again = Scene(writer(folder), sequences={SHOP: 1})
    again.snap({"other.py": b"other news\n"})
    again.understand()
    assert [hit.path for hit in again.index.search_text("news").hits] == ["other.py"]
    assert again.index.search_symbols("late").hits == ()
    again.index.close()


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """An index of three commits, so that its text index has several segments; closed."""
    scene = on_disk(tmp_path / "cache")
    for number in range(3):
        scene.snap({f"{number}.py": TILL.replace(b"rate", b"rate%d" % number)})
        scene.understand()
        scene.index.close()
        scene = Scene(writer(tmp_path / "cache"), sequences=scene.sequences)
    scene.index.close()
    return tmp_path / "cache"


def files_of(folder: Path, kind: str) -> list[Path]:
    found = sorted((folder / "index").glob(f"*.{kind}"))
    assert found
    return found


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "emptied": lambda file: file.write_bytes(b""),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "without its end": lambda file: os.truncate(file, file.stat().st_size - 9),
    "a flipped bit": flip,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_half_merged_or_damaged_text_index_is_refused_before_it_answers_less(grown: Path, damage: str) -> None:
    for kind in ("idx", "term", "fast", "store", "pos", "fieldnorm"):
        copy = grown.with_name(f"cache-{kind}")
        shutil.copytree(grown, copy)
        DAMAGES[damage](files_of(copy, kind)[0])
        with pytest.raises(IndexDamaged, match="rebuild"), reader(copy) as index:
            index.search_text("x * 2")


@pytest.mark.parametrize("told", [b"{}", b"[]", b'{"segments": [1]}', b"garbage"])
def test_a_text_index_whose_list_of_segments_is_none_is_refused(grown: Path, told: bytes) -> None:
    (grown / "index" / "meta.json").write_bytes(told)
    assert "rebuild" in refused(grown)


def test_what_a_killed_merge_left_behind_is_no_damage(grown: Path) -> None:
    torn = grown / "index" / f"{'0' * 32}.idx"
    torn.write_bytes(b"half a segm")
    with reader(grown) as index:
        assert len(index.search_text("x * 2").hits) == 3


def test_a_library_that_panics_has_met_damage_and_any_other_exit_is_let_through(tmp_path: Path) -> None:
    class PanicException(BaseException):  # as the library's, which cannot be imported
        pass

    text = TantivyText(tmp_path / "index", generation=0, writable=True)
    with pytest.raises(IndexDamaged, match="rebuild"):
        text._guard(partial(throw, PanicException("assertion failed")))
    with pytest.raises(KeyboardInterrupt):
        text._guard(partial(throw, KeyboardInterrupt()))
    text.close()


def throw(error: BaseException) -> None:
    raise error


def test_one_writer_at_a_time(folder: Path) -> None:
    with writer(folder), pytest.raises(IndexBusy, match="try again when it has ended"):
        writer(folder)
    with writer(folder) as index:
        index.commit()


def test_a_locked_catalog_is_busy_and_not_damaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **{**kwargs, "timeout": 0}))
    index = writer(folder)
    other = connect(folder / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexBusy):
        index.commit()
    other.close()
    index.close()


def test_two_that_find_an_empty_catalog_make_one(tmp_path: Path) -> None:
    first, second = (schema.connect(tmp_path / "catalog.sqlite", writable=True) for _ in range(2))
    assert schema.is_empty(first)
    assert schema.is_empty(second)
    schema.create(first, VAULT)
    schema.create(second, VAULT)
    assert schema.check(second, VAULT) == 0
    first.close()
    second.close()


def test_a_text_index_that_another_process_makes_meanwhile_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tantivy.Index.exists", lambda _: False)
    with writer(folder) as index:
        assert len(index.search_text("x * 2").hits) == 1


def told(code: int, words: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_CANTOPEN])
def test_files_removed_beneath_mean_busy_and_errors_of_the_same_files_damage(folder: Path, code: int) -> None:
    file = folder / "catalog.sqlite"
    opened = schema.identity(file)
    with pytest.raises(IndexDamaged), schema.guarded(file, opened):
        raise told(code, "disk I/O error")
    file.rename(folder / "old")
    with pytest.raises(IndexBusy), schema.guarded(file, opened):
        raise told(code, "disk I/O error")
    file.touch()
    with pytest.raises(IndexBusy), schema.guarded(file, opened):
        raise told(code, "disk I/O error")


@pytest.mark.parametrize(
    "words",
    [
        "An IO error occurred: 'No space left on device (os error 28)'",
        "An IO error occurred: 'Disk quota exceeded (os error 122)'",
    ],
)
def test_a_full_disk_under_the_text_index_is_told_from_damage(folder: Path, words: str) -> None:
    scene = Scene(writer(folder), sequences={SHOP: 1})
    text = scene.index._text
    assert isinstance(text, TantivyText)

    def refuse() -> None:
        raise ValueError(words)

    with pytest.raises(StorageFull, match="no space left for the index"):
        text._guard(refuse)
    scene.index.close()


@pytest.mark.parametrize(("free", "error"), [(1 << 30, IndexDamaged), (0, StorageFull)])
def test_an_error_that_names_no_cause_means_what_the_disk_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, error: type[Exception]
) -> None:
    scene = Scene(writer(folder), sequences={SHOP: 1})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 40, 1 << 40, free))
    text = scene.index._text
    assert isinstance(text, TantivyText)

    def die() -> None:
        raise ValueError("An index writer was killed")

    with pytest.raises(error):
        text._guard(die)
    with pytest.raises(error), schema.guarded(folder / "catalog.sqlite"):
        raise told(sqlite3.SQLITE_IOERR_WRITE, "disk I/O error")
    scene.index.close()


def test_a_folder_that_is_gone_is_not_full(tmp_path: Path) -> None:
    assert not schema.is_full(tmp_path / "gone")


def test_a_reader_records_nothing(folder: Path) -> None:
    scene = Scene(reader(folder))
    with pytest.raises(IndexDamaged, match="writable"):
        scene.snap({"a": b"1"})
    scene.index.close()


def test_readers_see_commits_as_they_come(folder: Path) -> None:
    scene = Scene(writer(folder), sequences={SHOP: 1})
    with reader(folder) as index:
        assert index.search_text("news").hits == ()
        scene.snap({"news.txt": b"news\n"})
        assert len(index.paths(SHOP)) == 1
        scene.understand()
        assert len(index.search_text("news").hits) == 1
        assert index.coverage().versions == 2
    scene.index.close()


def test_many_threads_read_while_one_writes(folder: Path) -> None:
    scene = Scene(writer(folder), sequences={SHOP: 1})
    answers: list[int] = []
    failures: list[BaseException] = []

    def read(index: Index) -> None:
        try:
            answers.extend(len(index.search_text("x * 2").hits) for _ in range(20))
        except BaseException as exc:  # noqa: BLE001 - asserted on below
            failures.append(exc)

    with reader(folder) as index:
        threads = [threading.Thread(target=read, args=(index,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(5):
            scene.snap({f"{number}.txt": b"words %d\n" % number})
            scene.understand()
        for thread in threads:
            thread.join()
    scene.index.close()
    assert failures == []
    assert answers == [1] * 80


def test_small_commits_do_not_leave_small_groups(tmp_path: Path) -> None:
    scene = on_disk(tmp_path / "cache")
    for number in range(30):
        scene.snap({f"{number}.txt": b"common words and %d\n" % number})
        scene.understand()
    assert scene.index.stats().rows["text_group"] == 1
    assert len(scene.index.search_text("common words").hits) == 30
    scene.index.close()
    with reader(tmp_path / "cache") as index:
        assert len(index.search_regex("common .* and").hits) == 30


def test_long_lists_of_holders_are_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.postings.CHUNK", 64)
    scene = on_disk(tmp_path / "cache")
    for number in range(20):
        start = b"shared " * 60 + b"\n\n"
        scene.snap({f"{number}-{at}.txt": start + b"%d %d\n" % (number, at) for at in range(40)})
        scene.understand()
    assert len(scene.index.search_text("shared", limit=5000).hits) == 800
    assert scene.index.stats().rows["fragment_in"] > 801 // BUCKET + 1
    scene.index.close()


class FailingText(MemoryText):
    """A text index whose commit fails, as on a full disk."""

    def commit(self, generation: int, drop: Iterable[int]) -> None:  # noqa: ARG002 - as the port says
        raise IndexDamaged("no space left")


def test_after_a_failed_write_the_index_must_be_opened_again() -> None:
    db = schema.connect(None, writable=True)
    schema.create(db, VAULT)
    text = FailingText()
    scene = Scene(Index(Writer(db, None, text, VAULT), text, None, hint))
    scene.project(SHOP, "shop")
    scene.snap({"a.txt": b"words\n"})
    with pytest.raises(IndexDamaged, match="no space"):
        scene.understand()
    with pytest.raises(IndexDamaged, match="open it again"):
        scene.index.pending_count()
    scene.index.close()


def test_a_full_disk_is_told_from_damage() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    with pytest.raises(StorageFull) as caught, schema.guarded(Path("catalog.sqlite")):
        raise full
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert str(errno.ENOSPC) not in str(caught.value)


def test_a_catalog_that_may_not_grow_says_storage_is_full(tmp_path: Path) -> None:
    scene = on_disk(tmp_path / "cache")
    scene.index.commit()
    session = scene.index._sessions
    assert isinstance(session, Writer)
    session._session.db.execute("PRAGMA max_page_count = 40")
    with pytest.raises(StorageFull):
        scene.snap({f"{number}/{'x' * 200}": b"%d" % number for number in range(3000)})
    with pytest.raises(IndexDamaged, match="open it again"):
        scene.index.commit()
    scene.index.close()


KILLED = """
    import os, sys
    from pathlib import Path
    from codevault.index import sessions
    from tests.index.scenes import SHOP, Scene, writer

    scene = Scene(writer(Path(sys.argv[1])), sequences={SHOP: 1})
    scene.snap({"late.py": b"def late():\\n    return 'late news'\\n"})
    if sys.argv[2] == "between":
        commit = scene.index._text.commit
        def commit_and_die(generation, drop):
            commit(generation, drop)
            os.kill(os.getpid(), 9)
        scene.index._text.commit = commit_and_die
    if sys.argv[2] == "before":
        scene.index._text.commit = lambda generation, drop: os.kill(os.getpid(), 9)
    scene.understand()
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("moment", "found"), [("before", 0), ("between", 0), ("after", 1)])
def test_a_writer_killed_at_any_point_leaves_a_usable_index(folder: Path, moment: str, found: int) -> None:
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(folder), moment], cwd=root, check=False)
    assert done.returncode == -9
    with reader(folder) as index:
        assert len(index.search_text("late news").hits) == found
        assert len(index.search_symbols("late").hits) == found
        assert len(index.search_text("x * 2").hits) == 1
    scene = Scene(writer(folder), sequences={SHOP: 1 + found})
    scene.snap({"next.py": b"def late():\n    return 'late news'\n"})
    scene.understand()
    assert len(scene.index.search_text("late news").hits) == 1 + found
    scene.index.close()


def test_a_batch_is_written_before_memory_fills(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.recording.BATCH_FILES", 2)
    scene = Scene(writer(folder), sequences={SHOP: 1})
    scene.snap({f"{number}.py": b"def f%d():\n    pass\n" % number for number in range(7)})
    scene.understand()
    assert len(scene.index.search_symbols("f?").hits) == 7
    scene.index.close()


def test_memories_start_anew_when_they_are_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.finding.REMEMBERED", 1)
    monkeypatch.setattr("codevault.index.groups.REMEMBERED", 1)
    monkeypatch.setattr("codevault.index.textsearch.REMEMBERED", 1)
    scene = Scene(writer(folder), sequences={SHOP: 1})
    monkeypatch.setattr("codevault.index.groups.GROUP", 10)
    scene.snap({f"{number}.py": b"x * 2\n%d\n" % number for number in range(60)})
    scene.understand()
    answers = [
        len(scene.index.search_regex(r"x \* 2\s", limit=100).hits),
        len(scene.index.search_text("x * 2", limit=100).hits),
    ]
    assert answers == [61, 61]
    scene.index.close()


def fails(_path: str, _content: bytes) -> FileAnalysis:
    raise KeyboardInterrupt


def test_an_interrupted_caller_can_go_on(folder: Path) -> None:
    how: Callable[[str, bytes], FileAnalysis] = fails
    scene = Scene(writer(folder), sequences={SHOP: 1})
    scene.snap({"a.py": b"words\n"})
    with pytest.raises(KeyboardInterrupt):
        scene.understand(how)
    scene.understand()
    assert len(scene.index.search_text("words").hits) == 1
    scene.index.close()


def test_writers_that_come_and_go_leave_few_segments(folder: Path) -> None:
    for number in range(12):
        scene = Scene(writer(folder), sequences={SHOP: 1 + number})
        scene.snap({f"{number}.txt": b"%d words\n" % number * 100})
        scene.understand()
        scene.index.close()
    with reader(folder) as index:
        text = index._text
        assert isinstance(text, TantivyText)
        assert text._index.searcher().num_segments < 8
        assert len(index.search_text("words").hits) == 12
