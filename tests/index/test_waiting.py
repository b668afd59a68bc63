"""In which order contents are analysed, and what happens to those that are analysed again."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.analysis.model import FileAnalysis, Outcome
from codevault.index.model import IndexState
from tests.index.scenes import DESK, SHOP, Scene, blob_of, in_memory, on_disk, reader, understood

OLD = b"def rate(x):\n    return x * 2\n\ndef total(x):\n    return x + rate(x)\n"
NEW = OLD.replace(b"x * 2", b"x * 3")


@pytest.fixture(params=["memory", "disk"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = in_memory() if request.param == "memory" else on_disk(tmp_path / "cache")
    yield made
    made.index.close()


def never(_grammar: str) -> bool:
    return False


def order(scene: Scene) -> list[str]:
    return [one.path for one in scene.index.pending(scene.index.waiting())]


def with_grammar(grammar: str, **fields: object) -> Callable[[str, bytes], FileAnalysis]:
    """Finds what `understood` does, but under another grammar, and only the first symbol."""

    def how(path: str, content: bytes) -> FileAnalysis:
        found = understood(path, content)
        kept = replace(found, grammar=grammar, symbols=found.symbols[:1], units=found.units)
        return replace(kept, **fields)  # type: ignore[arg-type]  # as the tests give them

    return how


def again(scene: Scene, how: Callable[[str, bytes], FileAnalysis]) -> None:
    for waiting in scene.index.pending(scene.index.outdated(never)):
        scene.analyse(waiting, how)
    scene.index.commit()


def names(scene: Scene, path: str, content: bytes) -> list[str]:
    return [one.name for one in scene.index.symbols_of(blob_of(content), path)]


def answers(scene: Scene) -> list[object]:
    index = scene.index
    return [
        index.search_symbols("*").hits,
        index.search_text("rate").hits,
        list(index.symbols_at(SHOP, 1)),
        list(index.fingerprint_groups("renamed", min_tokens=1)),
    ]


def test_what_is_there_now_comes_first_then_code_then_what_is_new(scene: Scene) -> None:
    scene.snap({"b.py": b"1", "a.py": b"2", "notes.txt": b"3", "gone.py": b"4"})
    scene.snap({"b.py": b"5", "new.txt": b"6"}, removed=["gone.py"])

    assert order(scene) == ["b.py", "a.py", "new.txt", "notes.txt", "b.py", "gone.py"]


def test_what_one_project_has_now_comes_before_what_another_had(scene: Scene) -> None:
    scene.project(DESK, "desk")
    scene.snap({"old.py": b"1"})
    scene.snap({"old.py": b"2"})
    scene.snap({"desk.py": b"1 of the desk"}, project=DESK)

    assert order(scene) == ["old.py", "desk.py", "old.py"]
    assert [one.blob for one in scene.index.pending(scene.index.waiting())][2] == blob_of(b"1")


def test_what_nothing_holds_any_more_does_not_wait(scene: Scene) -> None:
    scene.snap({"a.py": OLD})
    scene.snap({"a.py": NEW})
    scene.understand()
    scene.index.remove_snapshots(SHOP, [1])

    assert [one.blob for one in scene.index.pending(scene.index.outdated(never))] == [blob_of(NEW)]
    assert scene.index.pending([4711]) == ()


def test_an_upgraded_grammar_finds_its_files_and_no_others(scene: Scene) -> None:
    scene.snap({"a.py": OLD, "b.py": NEW, "notes.txt": b"rate\n", "image.py": b"\0"})
    scene.understand(lambda path, content: with_grammar(f"grammar of {path}")(path, content))

    found = scene.index.pending(scene.index.outdated(lambda grammar: grammar != "grammar of b.py"))
    assert [one.path for one in found] == ["b.py"]
    assert scene.index.outdated(lambda _grammar: True) == array("q")
    assert scene.index.waiting() == array("q")


def test_the_earlier_analysis_answers_until_the_new_one_is_committed(tmp_path: Path) -> None:
    scene = on_disk(tmp_path / "cache")
    scene.snap({"a.py": OLD})
    scene.understand(with_grammar("grammar 1"))
    asking = reader(tmp_path / "cache")
    scene.analyse(scene.index.pending(scene.index.outdated(never))[0])
    before = [one.name for one in asking.symbols_of(blob_of(OLD), "a.py")]
    scene.index.commit()

    assert before == ["rate"]
    assert [one.name for one in asking.symbols_of(blob_of(OLD), "a.py")] == ["rate", "total"]
    assert asking.content_state(blob_of(OLD), "a.py").grammar == "by hand 1"
    asking.close()
    scene.index.close()


def test_what_the_new_analysis_finds_no_more_is_found_no_more(scene: Scene) -> None:
    scene.project(DESK, "desk")
    scene.snap({"a.py": OLD})
    scene.snap({"a.py": OLD + b"\n"}, project=DESK)
    scene.understand()
    first = scene.index.pending(scene.index.outdated(never))[0]
    scene.analyse(first, with_grammar("grammar 2"))
    scene.index.commit()

    assert names(scene, "a.py", scene.contents[first.blob]) == ["rate"]
    assert [hit.blob for hit in scene.index.search_symbols("total").hits] == [
        blob for blob in scene.contents if blob != first.blob
    ]
    assert {hit.blob for hit in scene.index.search_symbols("rate").hits} == set(scene.contents)
    assert {hit.blob for hit in scene.index.search_text("return x + rate").hits} == set(scene.contents)


def test_analysing_everything_again_answers_as_analysing_it_once(scene: Scene) -> None:
    twin = in_memory()
    for one in (scene, twin):
        one.snap({"a.py": OLD, "b.py": NEW})
        one.snap({"a.py": NEW})
    scene.understand(with_grammar("grammar 1"))
    again(scene, understood)
    twin.understand()

    assert answers(scene) == answers(twin)
    twin.index.close()


def test_what_failed_is_left_alone_until_its_grammar_is_another(scene: Scene) -> None:
    reason = "the parser died (SIGSEGV)"
    scene.snap({"a.py": OLD})
    scene.understand(with_grammar("python 1", outcome=Outcome.FAILED, symbols=(), problems=(reason,)))

    state = scene.index.content_state(blob_of(OLD), "a.py")
    assert (state.state, state.reason) == (IndexState.FAILED, reason)
    assert len(scene.index.waiting()) == 0
    assert len(scene.index.outdated(lambda grammar: grammar == "python 1")) == 0
    again(scene, understood)
    assert scene.index.content_state(blob_of(OLD), "a.py").state is IndexState.PARSED
    assert names(scene, "a.py", OLD) == ["rate", "total"]


def test_a_file_that_turns_out_to_be_text_loses_its_symbols(scene: Scene) -> None:
    scene.snap({"a.py": OLD})
    scene.understand()
    again(scene, lambda path, content: replace(understood(path + ".txt", content), outcome=Outcome.TEXT))

    assert names(scene, "a.py", OLD) == []
    assert scene.index.search_symbols("rate").hits == ()
    assert len(scene.index.search_text("x * 2").hits) == 1


def test_newest_texts_are_ranked_first_whatever_was_analysed_first(scene: Scene) -> None:
    lines = [
        b"".join(b"shared %d %d of %s\n" % (round_, line, b"x" * 90) for line in range(1200)) for round_ in range(3)
    ]
    for text in lines:
        scene.snap({"log.txt": text})
    scene.understand()
    found = scene.index.search_text("shared", limit=10)

    assert not found.coverage.complete
    assert {hit.snippet.split()[1] for hit in found.hits} == {"2"}
