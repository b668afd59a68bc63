from itertools import pairwise
from pathlib import Path

import pytest

from corpora.generate import generate, main, read_truth, write
from corpora.generator.grammars import is_valid
from corpora.generator.languages import LANGUAGES
from corpora.generator.truth import Event, FileChange, Operator, Step
from tests.corpora.scenes import (
    code,
    digest,
    events,
    invalid,
    left_behind,
    missing_after,
    missing_before,
    names,
    only_renamed,
    same_print,
    scenes,
    worked,
)

GOLDEN = "eba1aa22e71c672b692b002598d475d7"


def test_gives_the_same_bytes_and_truth_on_every_python_and_machine() -> None:
    assert digest(generate(11, projects=9, files=120, steps=120)) == GOLDEN


def test_another_seed_gives_other_bytes() -> None:
    assert digest(generate(12, projects=2, files=4, steps=2)) != digest(generate(13, projects=2, files=4, steps=2))


def test_every_file_version_of_every_language_parses_without_an_error() -> None:
    assert invalid() == []


def test_all_languages_are_written() -> None:
    assert {language for scene in scenes() for language, _ in code(scene)} == set(LANGUAGES)


def test_the_validity_check_sees_a_broken_file() -> None:
    assert not is_valid("python", b"def broken(:\n")


def test_every_operator_occurs() -> None:
    assert {event.operator for scene in scenes() for event in scene.step.events} == set(Operator)


def test_founds_as_many_files_as_asked_for_beside_readme_and_manifest() -> None:
    founded = [change for step in generate(1, projects=3, files=50, steps=0) for change in step.changes]
    assert len(founded) == 50 + 2 * 3


def test_founding_comes_in_steps_of_bounded_size() -> None:
    steps = list(generate(1, projects=1, files=1000, steps=0, languages=("typescript",)))
    assert [len(step.changes) for step in steps] == [400, 400, 202]


def test_steps_are_numbered_without_gaps() -> None:
    assert all(after.step.number == before.step.number + 1 for before, after in pairwise(scenes()))


def test_every_change_changes_something() -> None:
    assert all(
        scene.before.get((change.project, change.path)) != change.content
        for scene in worked()
        for change in scene.step.changes
    )


def test_every_step_of_work_says_what_it_did() -> None:
    assert all(bool(scene.step.changes) == bool(scene.step.events) for scene in worked())


@pytest.mark.parametrize("operator", [Operator.ADD_FILE, Operator.RESTORE_FILE])
def test_a_new_file_holds_exactly_the_symbols_that_the_truth_lists(operator: Operator) -> None:
    wrong = [
        event
        for scene, event in events(operator)
        if set(event.symbols) != names(event.path, scene.after[event.project, event.path])
    ]
    assert wrong == []


def test_what_a_step_introduces_is_in_the_file() -> None:
    assert missing_after(Operator.ADD_SYMBOL, Operator.EXTRACT_FUNCTION, Operator.RESTORE_SYMBOL) == []


def test_what_a_step_copies_was_there_and_is_in_the_other_project() -> None:
    assert missing_before(Operator.COPY_FUNCTION) == []
    assert missing_after(Operator.COPY_FUNCTION) == []
    assert all(event.project != event.from_project for _, event in events(Operator.COPY_FUNCTION))


def test_what_a_step_moves_or_renames_was_there_under_its_old_name_and_is_under_its_new_one() -> None:
    assert missing_before(Operator.MOVE_SYMBOL, Operator.RENAME_SYMBOL) == []
    assert missing_after(Operator.MOVE_SYMBOL, Operator.RENAME_SYMBOL) == []
    assert left_behind(Operator.MOVE_SYMBOL, Operator.RENAME_SYMBOL) == []


def test_what_a_step_deletes_was_there_and_is_gone() -> None:
    assert missing_before(Operator.DELETE_SYMBOL) == []
    assert left_behind(Operator.DELETE_SYMBOL) == []


def test_what_a_step_edits_was_there_and_stays() -> None:
    operators = (Operator.EDIT_BODY, Operator.CHANGE_SIGNATURE, Operator.CHANGE_COMMENT)
    assert missing_before(*operators) == []
    assert missing_after(*operators) == []


def test_an_edited_body_and_a_changed_signature_change_the_tokens() -> None:
    assert not any(same_print(e, s) for s, e in events(Operator.EDIT_BODY, Operator.CHANGE_SIGNATURE))


def test_an_exact_copy_has_the_tokens_of_its_source_and_a_changed_one_has_not() -> None:
    assert all(same_print(e, s) == e.exact for s, e in events(Operator.COPY_FUNCTION) if "." not in e.from_name)


def test_a_renamed_file_keeps_its_bytes() -> None:
    assert all(
        s.after[e.project, e.path] == s.before[e.from_project, e.from_path] for s, e in events(Operator.RENAME_FILE)
    )


def test_a_deleted_file_is_gone_and_a_restored_one_is_as_it_was() -> None:
    gone = events(Operator.DELETE_FILE)
    assert all((e.from_project, e.from_path) not in s.after for s, e in gone)
    last = {(e.from_project, e.from_path): s.before[e.from_project, e.from_path] for s, e in gone}
    assert all(s.after[e.project, e.path] == last[e.project, e.path] for s, e in events(Operator.RESTORE_FILE))


def test_reformatting_keeps_every_word_in_order() -> None:
    assert all(
        s.after[e.from_project, e.from_path].split() == s.before[e.from_project, e.from_path].split()
        for s, e in events(Operator.REFORMAT)
    )


def test_events_survive_json() -> None:
    everything = [event for scene in scenes() for event in scene.step.events]
    assert [Event.from_json(event.to_json()) for event in everything] == everything


def test_writes_files_and_truth_so_that_the_folder_is_the_last_state(tmp_path: Path) -> None:
    steps = list(generate(4, projects=4, files=30, steps=60, languages=("python", "go")))
    state: dict[tuple[str, str], bytes | None] = {}
    for step in steps:
        write(step, tmp_path)
        state |= {(change.project, change.path): change.content for change in step.changes}
    expected = {f"{project}/{path}": content for (project, path), content in state.items() if content is not None}
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "truth.jsonl"]
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in files} == expected
    assert list(read_truth(tmp_path)) == [event for step in steps for event in step.events]


def test_writes_a_whole_corpus_from_the_command_line(tmp_path: Path) -> None:
    main([str(tmp_path / "made"), "--files", "6", "--steps", "3", "--projects", "2", "--languages", "rust,java"])
    assert {path.suffix for path in (tmp_path / "made").rglob("*.*")} >= {".rs", ".java", ".jsonl", ".xml"}


def test_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(SystemExit):
        main([str(tmp_path)])


def test_a_step_that_deletes_removes_the_file(tmp_path: Path) -> None:
    made = FileChange(project="p", path="a/b.py", content=b"x = 1\n")
    gone = FileChange(project="p", path="a/b.py", content=None)
    write(Step(number=0, founding=True, changes=(made,), events=()), tmp_path)
    write(Step(number=1, founding=False, changes=(gone,), events=()), tmp_path)
    assert not (tmp_path / "p/a/b.py").exists()


def test_renaming_a_symbol_changes_nothing_but_names() -> None:
    renamed = [(s, e) for s, e in events(Operator.RENAME_SYMBOL) if not e.because]
    assert renamed
    assert all(only_renamed(e, s) for s, e in renamed)


def test_no_name_stands_twice_in_a_file() -> None:
    listed = [event.symbols for _, event in events(Operator.ADD_FILE)]
    assert [names for names in listed if len(set(names)) != len(names)] == []
