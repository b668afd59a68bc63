"""Names that the restoring system cannot hold, or takes for one another."""

from __future__ import annotations

import pytest

from codevault.names import NameRules, leads_down, written_paths

WINDOWS = NameRules(windows=True, folds_case=True)
MAC = NameRules(windows=False, folds_case=True, folds_form=True)
LINUX = NameRules(windows=False)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("aux", "%61ux"),
        ("AUX.c", "%41UX.c"),
        ("src/nul.tar.gz", "src/%6Eul.tar.gz"),
        ("con .txt", "%63on .txt"),
        ("com1", "%63om1"),
        ("lpt\u00b2.x", "%6Cpt\u00b2.x"),
        ("CONOUT$", "%43ONOUT$"),
        ("trailing.", "trailing%2E"),
        ("trailing ", "trailing%20"),
        ("a:stream", "a%3Astream"),
        ("C:", "C%3A"),
        ("C:\\Windows", "C%3A%5CWindows"),
        ("..\\..\\up", "..%5C..%5Cup"),
        ("\\\\server\\share", "%5C%5Cserver%5Cshare"),
        ('<>"|?*', "%3C%3E%22%7C%3F%2A"),
        ("tab\tbell\x07", "tab%09bell%07"),
        ("prn/inner", "%70rn/inner"),
    ],
)
def test_names_that_windows_reserves_are_escaped(path: str, written: str) -> None:
    found = written_paths([path], WINDOWS)

    assert found[path] == written


@pytest.mark.parametrize("path", ["console", "com", "com10", "auxiliary.c", ".hidden", "a.b.c", "100%", "\u00e9"])
def test_names_that_windows_takes_stay_as_they_are(path: str) -> None:
    assert written_paths([path], WINDOWS) == {}


@pytest.mark.parametrize("path", ["aux", "a:b", "trailing.", "back\\slash", "Makefile", "makefile"])
def test_linux_takes_every_name(path: str) -> None:
    assert written_paths([path], LINUX) == {}


def test_of_two_that_differ_in_case_the_second_is_escaped() -> None:
    assert written_paths(["Makefile", "makefile"], MAC) == {"makefile": "%6Dakefile"}


def test_of_many_twins_each_gets_a_name_of_its_own() -> None:
    names = ["AB", "Ab", "aB", "ab", "%41b"]

    found = written_paths(names, MAC)

    assert len({found.get(name, name).casefold() for name in names}) == 5


def test_of_two_that_differ_in_normal_form_the_second_is_escaped() -> None:
    assert written_paths(["caf\u00e9", "cafe\u0301"], MAC) == {"cafe\u0301": "%63afe\u0301"}
    assert written_paths(["caf\u00e9", "cafe\u0301"], NameRules(windows=False, folds_case=True)) == {}


def test_what_lies_in_a_twin_folder_goes_where_the_folder_went() -> None:
    paths = ["Src", "Src/a", "src", "src/a", "src/deep/b"]

    assert written_paths(paths, MAC) == {
        "src": "%73rc",
        "src/a": "%73rc/a",
        "src/deep": "%73rc/deep",
        "src/deep/b": "%73rc/deep/b",
    }


def test_a_folder_that_only_its_files_tell_of_is_escaped_too() -> None:
    assert written_paths(["A/x", "a/x"], MAC) == {"a": "%61", "a/x": "%61/x"}


def test_a_name_that_looks_escaped_keeps_apart_from_one_that_is() -> None:
    found = written_paths(["a%3Ab", "a:b"], WINDOWS)

    assert found == {"a:b": "%61%3Ab"}


def test_names_without_utf_8_are_escaped_by_their_bytes() -> None:
    assert written_paths(["A\udcff", "a\udcff"], MAC) == {"a\udcff": "%61\udcff"}


@pytest.mark.parametrize("path", ["a", "a/b", "...", "a/..b", ".a", "a./b", " ", "-rf", "a\\..\\b"])
def test_a_path_that_only_leads_down(path: str) -> None:
    assert leads_down(path)


@pytest.mark.parametrize("path", ["", "/", "/a", "a/", ".", "..", "../a", "a/..", "a/./b", "a//b", "a/../../b", "\0"])
def test_a_path_that_might_lead_elsewhere(path: str) -> None:
    assert not leads_down(path)
