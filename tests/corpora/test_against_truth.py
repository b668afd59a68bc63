from pathlib import Path

import pytest

from codevault import Vault
from corpora import against_truth
from corpora.against_truth import Verdict, back_up_all, judge, report
from corpora.generate import generate
from corpora.generator.truth import Event, Operator

EDIT = Event(step=3, operator=Operator.EDIT_BODY, project="p", path="a.py", name="f")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    folder = tmp_path_factory.mktemp("truth").resolve()
    with Vault.create(folder / "vault") as vault:
        steps = generate(2, projects=2, files=24, steps=14, languages=("python", "c"))
        events, sequences = back_up_all(vault, steps, folder / "projects")
        vault.analyse()
        return judge(vault, folder / "projects", events, sequences)


def test_the_vault_says_what_truly_happened_to_nearly_every_symbol(verdicts: list[Verdict]) -> None:
    assert len(verdicts) > 12
    assert sum(verdict.right for verdict in verdicts) >= 0.9 * len(verdicts)


def test_an_event_without_the_right_kind_is_wrong(tmp_path: Path) -> None:
    lost = Event(step=0, operator=Operator.EDIT_BODY, project="p", path="a.py", name="missing")
    root = tmp_path / "p"
    root.mkdir()
    (root / "a.py").write_text("def f():\n    return 1\n")
    with Vault.create(tmp_path / "vault") as vault:
        vault.projects.add(root)
        vault.backup(root)
        vault.analyse()
        untouched = Event(step=0, operator=Operator.EDIT_BODY, project="p", path="a.py", name="f")
        found = judge(vault, tmp_path, [lost, untouched], {(0, "p"): 1})
    assert [(verdict.answer, verdict.right) for verdict in found] == [("UnknownSymbol", False), ("introduced", False)]


def test_operators_on_whole_files_are_not_judged(tmp_path: Path) -> None:
    reformatted = Event(step=0, operator=Operator.REFORMAT, project="p", path="")
    with Vault.create(tmp_path / "vault") as vault:
        assert judge(vault, tmp_path, [reformatted], {}) == []


def test_the_report_counts_right_and_wrong_answers() -> None:
    page = report([Verdict(EDIT, "body", True), Verdict(EDIT, "nothing", False)], "Facts.")
    assert "| edit_body | 2 | 1 | 50.0% | nothing |" in page
    assert "| add_symbol | 0 | 0 | - |  |" in page
    assert "| all | 2 | 1 | 50.0% |  |" in page


def test_runs_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(against_truth, "write_section", lambda title, body: page.write_text(body))
    assert against_truth.main(["--files", "14", "--steps", "3", "--write", "--wrong"]) == 0
    assert page.read_text() == capsys.readouterr().out.removesuffix("\n")
