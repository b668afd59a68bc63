import shutil
import subprocess
from pathlib import Path

import pytest

from corpora import compare, distributions
from corpora.compare import measure_generated, report
from corpora.distributions import as_module, measure_language, sources
from corpora.generator.languages import LANGUAGES
from corpora.generator.measure import measure_files, measure_history
from corpora.generator.measured import HISTORY_PROFILE, LANGUAGE_PROFILES
from corpora.generator.profile import POINTS, Draw, interpolate, quantiles
from tests.corpora.scenes import sizes

MEDIAN, MOST = POINTS.index(0.5), POINTS.index(0.9)
SOURCE = b'''"""What it is."""


class Tax:
    # a comment
    def rate(self, amount):
        """How much."""
        return amount * 3


def total(items):
    return sum(items)
'''
LOG = """\x01aaa

:100644 100644 1111111 2222222 M\tsrc/app.py
:000000 100644 0000000 3333333 A\tdocs/new.rst
3\t1\tsrc/app.py
10\t0\tdocs/new.rst
\x01bbb

:100644 100644 1111111 1111111 R100\told.py\tnew.py
0\t0\told.py => new.py
-\t-\tlogo.png
\x01ccc
"""


@pytest.fixture(scope="module")
def generated() -> compare.Generated:
    return measure_generated(seed=3, files=1400, steps=400)


def test_measures_lines_functions_tokens_and_comments_of_a_file() -> None:
    profile = measure_files("sample", "python", [SOURCE])
    assert (profile.file_lines[MEDIAN], profile.functions_per_file[MEDIAN]) == (12, 2)
    assert profile.function_lines == (2, 2, 2, 2, 3, 3, 3, 3, 3)
    assert profile.function_tokens[0] == 11
    assert (profile.methods, profile.comment_lines) == (0.5, 0.25)


def test_counts_files_and_functions_that_were_there_before() -> None:
    body = b"int f(int a)\n{\n    int b = a;\n    b += 1;\n    return b;\n}\n"
    profile = measure_files("sample", "c", [body, body, b"/* other */\n" + body])
    assert (profile.duplicate_files, profile.duplicate_functions) == (0.3333, 0.6667)


def test_counts_methods_of_go_which_stand_outside_their_type() -> None:
    assert measure_files("sample", "go", [b"package p\nfunc (r *T) m() {}\nfunc f() {}\n"]).methods == 0.5


def test_measures_a_history_from_git_log() -> None:
    profile = measure_history("sample", LOG.splitlines())
    assert (profile.commits, profile.files_per_step[0], profile.files_per_step[-1]) == (2, 1, 2)
    assert profile.lines_per_file == (0, 0, 0, 0, 4, 10, 10, 10, 10)
    assert (profile.modified, profile.added, profile.renamed, profile.deleted) == (0.3333, 0.3333, 0.3333, 0.0)


def test_measures_nothing_without_failing() -> None:
    assert measure_files("empty", "rust", []).file_lines == (0,) * len(POINTS)


def test_takes_at_most_the_sample_of_a_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "a.py").write_bytes(SOURCE)
    (folder / "b.py").write_bytes(SOURCE)
    (folder / "c.js").write_bytes(b"f();\n")
    assert list(sources(folder, "python", 1)) == [SOURCE]
    language, profile = measure_language(f"python=two files={folder}", 10)
    assert (language, profile.corpus, profile.files) == ("python", "two files", 2)


def test_stores_profiles_as_a_module_that_gives_them_back() -> None:
    scope: dict[str, object] = {}
    exec(as_module(LANGUAGE_PROFILES, HISTORY_PROFILE), scope)
    assert scope["LANGUAGE_PROFILES"] == LANGUAGE_PROFILES
    assert scope["HISTORY_PROFILE"] == HISTORY_PROFILE


def test_draws_follow_the_quantiles() -> None:
    draw = Draw((0, 5, 10, 25, 50, 75, 90, 95, 99))
    assert [draw.at(share) for share in (0.0, 0.25, 0.5, 0.75, 0.999)] == [0, 25, 50, 75, 99]


def test_interpolates_between_the_recorded_points() -> None:
    assert interpolate((0, 100), (0.0, 1.0), 0.3) == 30


def test_quantiles_of_a_hundred_numbers_are_the_numbers() -> None:
    assert quantiles(list(range(100))) == (0, 5, 10, 25, 50, 75, 90, 95, 99)


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_functions_are_as_long_as_real_ones_within_two_fifths(
    language: str, generated: compare.Generated
) -> None:
    made, real = generated[0][language], LANGUAGE_PROFILES[language]
    assert made.function_lines[MEDIAN] == pytest.approx(real.function_lines[MEDIAN], rel=0.4, abs=2)
    assert made.function_lines[MOST] == pytest.approx(real.function_lines[MOST], rel=0.4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_functions_have_as_many_tokens_as_real_ones_within_a_half(
    language: str, generated: compare.Generated
) -> None:
    made, real = generated[0][language], LANGUAGE_PROFILES[language]
    assert made.function_tokens[MEDIAN] == pytest.approx(real.function_tokens[MEDIAN], rel=0.5)
    assert made.function_tokens[MOST] == pytest.approx(real.function_tokens[MOST], rel=0.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_files_are_as_long_as_real_ones_within_a_half(language: str) -> None:
    lines, real = sizes(language)[0], LANGUAGE_PROFILES[language]
    assert lines[MEDIAN] == pytest.approx(real.file_lines[MEDIAN], rel=0.5)
    assert lines[MOST] == pytest.approx(real.file_lines[MOST], rel=0.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_files_hold_as_many_functions_as_real_ones_within_a_third(language: str) -> None:
    counts, real = sizes(language)[1], LANGUAGE_PROFILES[language]
    assert counts[MEDIAN] == pytest.approx(real.functions_per_file[MEDIAN], rel=0.34, abs=1)
    assert counts[MOST] == pytest.approx(real.functions_per_file[MOST], rel=0.34, abs=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_files_share_as_much_and_say_as_much_as_real_ones(
    language: str, generated: compare.Generated
) -> None:
    made, real = generated[0][language], LANGUAGE_PROFILES[language]
    assert made.duplicate_files == pytest.approx(real.duplicate_files, abs=0.04)
    assert made.duplicate_functions == pytest.approx(real.duplicate_functions, abs=0.06)
    assert made.comment_lines == pytest.approx(real.comment_lines, abs=0.1)
    assert made.methods == pytest.approx(real.methods, abs=0.15)


def test_generated_steps_touch_as_many_files_as_real_commits(generated: compare.Generated) -> None:
    made = generated[1]
    assert made.files_per_step[MEDIAN] == pytest.approx(HISTORY_PROFILE.files_per_step[MEDIAN], abs=1)
    assert made.files_per_step[MOST] == pytest.approx(HISTORY_PROFILE.files_per_step[MOST], abs=3)
    assert made.modified == pytest.approx(HISTORY_PROFILE.modified, abs=0.05)
    assert made.added == pytest.approx(HISTORY_PROFILE.added, abs=0.04)
    assert made.deleted == pytest.approx(HISTORY_PROFILE.deleted, abs=0.03)
    assert made.renamed == pytest.approx(HISTORY_PROFILE.renamed, abs=0.02)


def test_the_report_shows_real_and_generated_side_by_side(generated: compare.Generated) -> None:
    page = report(*generated, seed=3, said="Fast.")
    assert "Linux 6.1" in page
    assert f"| 56.4% / {generated[0]['python'].methods:.1%} |" in page
    assert "| generated | " in page


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_measures_corpora_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_bytes(SOURCE)
    for command in (["init", "-q"], ["add", "a.py"], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=tmp_path, check=True)
    distributions.main([f"python=sample={tmp_path}", "--history", f"sample={tmp_path / '.git'}"])
    assert "corpus='sample', commits=1, " in capsys.readouterr().out


def test_compares_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(compare, "write_section", lambda title, body: page.write_text(body))
    assert compare.main(["--files", "14", "--steps", "3", "--write"]) == 0
    assert page.read_text() == capsys.readouterr().out.removesuffix("\n")
    assert "ms a file on one core" in page.read_text()
