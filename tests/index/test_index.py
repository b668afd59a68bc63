from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import IndexDamaged, InvalidArgument, UnknownProject, UnknownSnapshot, VaultClosed
from codevault.ids import ProjectId
from codevault.index.model import FileChange, IndexState, ProjectFacts, Scope, SnapshotFacts
from tests.index.scenes import DAY_NS, DESK, SHOP, Scene, blob_of, in_memory, on_disk, understood

TILL_1 = b"import tax\n\ndef rate(x):\n    return x * 2\n\ndef total(x):\n    return x + rate(x)\n"
TILL_2 = TILL_1.replace(b"x * 2", b"x * 3")


@pytest.fixture(params=["memory", "disk"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = in_memory() if request.param == "memory" else on_disk(tmp_path / "cache")
    yield made
    made.index.close()


def test_lists_versions_of_a_path_oldest_first(scene: Scene) -> None:
    first = scene.snap({"till.py": TILL_1})
    scene.snap({"other.py": b"x\n"})
    second = scene.snap({"till.py": TILL_2})
    old, new = scene.index.versions(SHOP, "till.py")
    assert (old.blob, old.first.snapshot, old.size) == (blob_of(TILL_1), first, len(TILL_1))
    assert old.last is not None
    assert (old.last.sequence, new.blob, new.first.snapshot) == (2, blob_of(TILL_2), second)
    assert new.last is None
    assert new.first.created_ns == 3 * DAY_NS


def test_a_version_that_comes_back_is_a_run_of_its_own(scene: Scene) -> None:
    scene.snap({"a": b"1"})
    scene.snap({}, removed=["a"])
    scene.snap({"a": b"1"})
    runs = [(run.first.sequence, run.last and run.last.sequence) for run in scene.index.versions(SHOP, "a")]
    assert runs == [(1, 1), (3, None)]


def test_an_unchanged_content_begins_no_version(scene: Scene) -> None:
    scene.snap({"a": b"1"})
    scene.snap({"a": b"1"}, removed=["never there"])
    assert len(scene.index.versions(SHOP, "a")) == 1
    assert scene.index.changes(SHOP, 2) == ()


def test_a_last_sequence_is_one_that_was_recorded(scene: Scene) -> None:
    scene.snap({"a": b"1"})
    scene.sequences[SHOP] = 6
    scene.snap({"a": b"2"})
    old, new = scene.index.versions(SHOP, "a")
    assert old.last is not None
    assert (old.last.sequence, new.first.sequence) == (1, 7)


def test_recording_a_snapshot_again_changes_nothing(scene: Scene) -> None:
    scene.snap({"a": b"1"})
    scene.sequences[SHOP] = 0
    scene.snap({"a": b"2"})
    assert len(scene.index.versions(SHOP, "a")) == 1
    assert len(scene.index.snapshot_ids()) == 1


def test_refuses_a_snapshot_out_of_order(scene: Scene) -> None:
    scene.sequences[SHOP] = 4
    scene.snap({"a": b"1"})
    facts = SnapshotFacts(id=scene.index.snapshot_ids()[0], project=SHOP, sequence=2, created_ns=0)
    late = SnapshotFacts(id=facts.id[::-1], project=SHOP, sequence=2, created_ns=0)  # type: ignore[arg-type]  # any id
    with pytest.raises(IndexDamaged, match="rebuild"):
        scene.index.add_snapshot(late)


def test_keeps_paths_that_are_not_utf8(scene: Scene) -> None:
    scene.snap({"caf\udce9/\udcff.py": b"x"})
    assert [version.path for version in scene.index.paths(SHOP)] == ["caf\udce9/\udcff.py"]
    assert len(scene.index.versions(SHOP, "caf\udce9/\udcff.py")) == 1


def test_lists_paths_at_a_snapshot_by_glob(scene: Scene) -> None:
    scene.snap({"a.py": b"1", "lib/b.py": b"2", "c.txt": b"3"})
    scene.snap({"a.py": b"4"}, removed=["lib/b.py"])
    assert [version.path for version in scene.index.paths(SHOP)] == ["a.py", "c.txt"]
    assert [version.path for version in scene.index.paths(SHOP, 1, "*.py")] == ["a.py", "lib/b.py"]
    assert scene.index.paths(SHOP, 1)[0].blob == blob_of(b"1")


def test_tells_what_a_snapshot_changed(scene: Scene) -> None:
    scene.snap({"kept": b"0", "edited": b"1", "gone": b"2"})
    scene.snap({"edited": b"3", "new": b"4"}, removed=["gone"])
    edited, gone, new = scene.index.changes(SHOP, 2)
    assert (edited.path, gone.path, new.path) == ("edited", "gone", "new")
    assert edited.before is not None
    assert edited.after is not None
    assert (edited.before.blob, edited.after.blob) == (blob_of(b"1"), blob_of(b"3"))
    assert (gone.after, new.before) == (None, None)
    assert len(scene.index.changes(SHOP, 1)) == 3


def test_lists_the_steps_of_a_project(scene: Scene) -> None:
    ids = (scene.snap({"a": b"1"}), scene.snap({"a": b"2"}))
    assert tuple(step.snapshot for step in scene.index.steps(SHOP)) == ids
    assert scene.index.snapshot_ids(SHOP) == ids
    assert scene.index.snapshot_ids(ProjectId("0" * 16)) == ()


def test_names_what_it_does_not_know(scene: Scene) -> None:
    nobody = ProjectId("9" * 16)
    with pytest.raises(UnknownProject):
        scene.index.versions(nobody, "a")
    with pytest.raises(UnknownProject):
        scene.snap({"a": b"1"}, project=nobody)
    with pytest.raises(UnknownSnapshot):
        scene.index.changes(SHOP, 1)
    assert scene.index.versions(SHOP, "never.py") == ()


def test_each_content_waits_once_however_many_paths_hold_it(scene: Scene) -> None:
    scene.project(DESK, "desk")
    scene.snap({"a.py": TILL_1, "b.py": TILL_1, "c.txt": TILL_1})
    scene.snap({"d.py": TILL_1}, project=DESK)
    waiting = scene.index.pending(scene.index.waiting())
    assert [(one.blob, one.size) for one in waiting] == [(blob_of(TILL_1), len(TILL_1))] * 2
    assert scene.index.pending_count() == 2
    assert len(scene.index.pending(scene.index.waiting()[:1])) == 1


def test_what_was_analysed_waits_no_more_and_is_not_taken_twice(scene: Scene) -> None:
    scene.snap({"till.py": TILL_1})
    (waiting,) = scene.index.pending(scene.index.waiting())
    scene.analyse(waiting)
    scene.analyse(waiting, lambda _path, _content: FileAnalysis(outcome=Outcome.TEXT, language="", grammar="by hand 1"))
    assert scene.index.pending(scene.index.waiting()) == ()
    scene.analyse(waiting, lambda _path, _content: FileAnalysis(outcome=Outcome.TEXT, language="", grammar="by hand 1"))
    scene.index.commit()
    assert scene.index.content_state(blob_of(TILL_1), "till.py").state is IndexState.PARSED


def test_gives_symbols_of_a_file_version_as_they_were_analysed(scene: Scene) -> None:
    scene.snap({"till.py": TILL_1})
    scene.understand()
    wanted = understood("till.py", TILL_1)
    rate, total = scene.index.symbols_of(blob_of(TILL_1), "other/name.py")
    assert (rate.name, rate.qualified_name, rate.kind, rate.language) == ("rate", "Till.rate", "function", "python")
    assert (rate.start_byte, rate.end_byte) == (wanted.symbols[0].start_byte, wanted.symbols[0].end_byte)
    assert (total.start_line, total.end_line, total.signature) == (6, 7, "def total(x):")
    assert (rate.exact, rate.renamed, rate.body) == (
        wanted.symbols[0].exact,
        wanted.symbols[0].renamed,
        wanted.symbols[0].body,
    )
    assert (rate.tokens, rate.unit) == (wanted.symbols[0].tokens, wanted.units[0].id)
    assert scene.index.symbols_of(blob_of(TILL_1), "till.txt") == ()


def test_gives_symbols_of_a_snapshot_by_path_and_position(scene: Scene) -> None:
    scene.snap({"b.py": TILL_1, "a.py": b"def one():\n    pass\n"})
    scene.snap({"b.py": TILL_2, "c.txt": b"def not_one():\n"}, removed=["a.py"])
    scene.understand()
    assert [(path, symbol.name) for path, symbol in scene.index.symbols_at(SHOP, 1)] == [
        ("a.py", "one"),
        ("b.py", "rate"),
        ("b.py", "total"),
    ]
    assert [symbol.blob for _, symbol in scene.index.symbols_at(SHOP, 2)] == [blob_of(TILL_2)] * 2
    assert list(scene.index.symbols_at(SHOP, 2, kind="class")) == []
    assert len(list(scene.index.symbols_at(SHOP, 1, path="a*", kind="function"))) == 1


def test_says_how_far_each_file_version_is_indexed(scene: Scene) -> None:
    failed = FileAnalysis(outcome=Outcome.FAILED, language="python", grammar="g 1", problems=("out of time",))
    scene.snap({"late.py": b"slow\n"})
    scene.understand(lambda _path, _content: failed)
    files = {"till.py": TILL_1, "notes.txt": b"words\n", "logo.png": b"\0PNG", ".env": b"KEY=canary\n"}
    scene.snap(files, secret=[".env"])
    scene.understand()
    scene.snap({"new.py": b"new\n"})
    state = scene.index.content_state
    assert state(blob_of(TILL_1), "till.py").reason == ""
    assert state(blob_of(TILL_1), "till.py").grammar == "by hand 1"
    assert (state(blob_of(b"slow\n"), "late.py").state, state(blob_of(b"slow\n"), "late.py").reason) == (
        IndexState.FAILED,
        "out of time",
    )
    assert state(blob_of(b"words\n"), "notes.txt").state is IndexState.TEXT
    assert state(blob_of(b"\0PNG"), "logo.png").reason == "holds NUL bytes"
    assert state(blob_of(b"KEY=canary\n"), ".env").state is IndexState.SECRET
    assert state(blob_of(b"new\n"), "new.py").reason == "not analysed yet"
    assert state(blob_of(b"?"), "new.py").state is IndexState.UNKNOWN


def test_counts_what_a_search_can_see(scene: Scene) -> None:
    scene.snap({"till.py": TILL_1, "notes.txt": b"words\n", "logo.png": b"\0PNG", ".env": b"K\n"}, secret=[".env"])
    scene.understand()
    scene.snap({"till.py": TILL_2})
    seen = scene.index.coverage()
    assert (seen.versions, seen.searched, seen.not_analysed) == (5, 2, 1)
    assert (seen.not_parsed, seen.binary, seen.not_indexed) == (1, 1, 1)
    assert scene.index.coverage(Scope(path="*.py")).versions == 2
    assert scene.index.coverage(Scope(language="python")).searched == 1
    assert scene.index.coverage(Scope(alive=False)).versions == 1
    assert scene.index.coverage(Scope(client="Nobody")).versions == 0
    assert scene.index.coverage(Scope(until_ns=DAY_NS)).versions == 4
    assert scene.index.coverage(Scope(since_ns=2 * DAY_NS)).versions == 4


def test_facts_of_a_project_are_replaced(scene: Scene) -> None:
    scene.snap({"till.py": TILL_1})
    scene.understand()
    scene.index.put_project(ProjectFacts(id=SHOP, name="shop", client="Umbrella"))
    scene.index.commit()
    assert scene.index.search_text("rate", scope=Scope(client="Acme")).hits == ()
    assert len(scene.index.search_text("rate", scope=Scope(client="Umbrella")).hits) == 2


def test_tells_its_size(scene: Scene) -> None:
    scene.snap({"till.py": TILL_1})
    scene.understand()
    stats = scene.index.stats()
    assert (stats.rows["version"], stats.rows["symbol"]) == (1, 2)
    assert stats.catalog_bytes > 0
    assert stats.text_bytes == len(TILL_1) - 1


def test_a_closed_index_says_so(scene: Scene) -> None:
    scene.index.close()
    with pytest.raises(VaultClosed):
        scene.index.pending_count()
    with pytest.raises(VaultClosed):
        scene.index.commit()


def test_refuses_overlong_globs(scene: Scene) -> None:
    with pytest.raises(InvalidArgument):
        scene.index.search_text("text", scope=Scope(path="*a" * 1000))


def test_a_bare_file_change_is_indexed() -> None:
    assert FileChange(path="a", blob=blob_of(b""), size=0).indexed


def test_a_catalog_that_grew_is_written_anew_when_its_writer_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codevault.index.schema.FEW_PAGES", 1)
    scene = on_disk(tmp_path / "cache")
    scene.snap({"a.py": b"def rate(x): return x\n"})
    scene.understand()
    scene.index.close()
    with on_disk(tmp_path / "cache").index as again:
        with again._asking() as session:
            compacted = session.db.execute("SELECT value FROM meta WHERE key = 'compacted'").fetchone()
        assert int(compacted[0]) > 1
        assert again.search_text("rate(x)").hits
