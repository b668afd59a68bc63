"""The watch over error paths: what no test reached is named, and nothing can be hidden from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.raises import error_paths, executed_lines, hidden, sources, unknown, unreached

TEXT = """\
def ask(name):
    try:
        return open(name)
    except FileNotFoundError:
        pass
    except OSError as exc:
        name = ""
        raise ValueError(name) from exc
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "asking.py").write_text(TEXT)
    return tmp_path


def test_error_paths_are_raises_and_the_beginnings_of_except_bodies() -> None:
    assert error_paths(TEXT) == [4, 7, 8]


def test_a_missing_error_path_is_named(root: Path) -> None:
    assert list(unreached({"store/asking.py": {1, 2, 3, 4, 7}}, root)) == [
        "store/asking.py:8: raise ValueError(name) from exc"
    ]
    assert len(list(unreached({}, root))) == 3


def test_a_pragma_hides_nothing(root: Path) -> None:
    text = TEXT.replace("pass", "pass  # pragma: " + "no cover")
    (root / "store" / "asking.py").write_text(text)

    assert hidden(text) == [5]
    assert list(unreached({"store/asking.py": {4, 7, 8}}, root)) == ["store/asking.py:5: pass  # pragma: " + "no cover"]


def test_what_is_listed_is_known_as_often_as_it_is_listed_wherever_it_moved() -> None:
    missed = ["a.py:7: raise", "a.py:9: raise", "b.py:1: return"]

    assert unknown(missed, ["a.py: raise"]) == ["a.py: raise", "b.py: return"]
    assert unknown(missed[:1], ["a.py: raise", "gone.py: raise"]) == []


def test_no_module_of_the_packages_hides_an_error_path() -> None:
    assert [path.name for path in sources() if hidden(path.read_text(encoding="utf-8"))] == []
    assert len(sources()) > 200


def test_lines_that_links_lead_to_are_told_once(root: Path) -> None:
    coverage = pytest.importorskip("coverage")
    (root / "linked").symlink_to(root / "store")
    recorded = coverage.CoverageData(str(root / "data"))
    recorded.add_lines({str(root / "store/asking.py"): [1], str(root / "linked/asking.py"): [2], "/elsewhere.py": [3]})
    recorded.write()

    assert executed_lines(str(root / "data"), root) == {"store/asking.py": {1, 2}}
