"""An old version of a symbol as a patch for today's file, from whatever answer names it to the file written."""

from __future__ import annotations

import os
import shutil

import pytest

from codevault.errors import InvalidArgument, RestoreRefused, UnknownPath, UnknownSymbol
from codevault.symbol_patch import SymbolPatch
from tests.vault.scenes import Archive, Desk
from tests.vcs.scenes import GitScene

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
OLD = b"""\
import math


def first(x):
    return x + 1


# how far it is
def second(x, y):
    if x:
        return math.sqrt(x * x + y * y)
    return y


def third(x):
    return x * 3
"""
NEW = OLD.replace(b"        return math.sqrt(x * x + y * y)\n    return y\n", b"        return 0\n    return -y\n")
ALONE = OLD[OLD.index(b"# how far") : OLD.index(b"\n\ndef third")]
GONE = OLD[: OLD.index(b"# how far")] + OLD[OLD.index(b"def third") :]
TEXTS = b'def f(x):\n    text = """\n    kept\n  as it is\n"""\n    return [text, x]\n'


def patched(desk: Desk, old: bytes, new: bytes | None, name: str, *, path: str = "a.py") -> SymbolPatch:
    """The patch that brings `name` of the first backup back into what is there now, which was never backed up."""
    project = desk.project("shop", {path: old})
    first = desk.day(project)
    desk.vault.analyse()
    desk.write("shop", {path: new})
    return desk.vault.symbol_patch(project, path, name, at=first)


@pytest.mark.parametrize(
    ("new", "action"),
    [(NEW, "replace"), (OLD, "none"), (GONE, "insert"), (None, "create")],
    ids=["changed", "same", "gone", "file-gone"],
)
def test_an_old_version_comes_back_into_todays_file(desk: Desk, new: bytes | None, action: str) -> None:
    patch = patched(desk, OLD, new, "second")

    assert (patch.action, patch.before, (desk.home / "shop" / "a.py").exists()) == (action, new, new is not None)
    assert patch.apply().read_bytes() == patch.after
    assert OLD.endswith(patch.after) or patch.after == ALONE


def test_a_symbol_is_fitted_to_where_it_is_nested_today(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": TEXTS})
    first = desk.day(project)
    desk.day(project, {"a.py": b"class Box:\n" + b"".join(b"\t" + x for x in TEXTS.splitlines(keepends=True))})
    desk.vault.analyse()
    moved = desk.vault.history(project, "a.py", "f")

    patch = desk.vault.symbol_patch(project, "a.py", "f", at=first)

    assert moved.events[-1].qualified_name == "Box.f"
    assert b'\tdef f(x):\n\t\ttext = """\n    kept\n  as it is\n"""\n\t\treturn [text, x]\n' in patch.after


def test_a_symbol_is_found_where_its_file_went(archive: Archive) -> None:
    patch = archive.vault.symbol_patch(archive.shop, "billing/tax.py", "old_discount", at=archive.days["begun"])

    assert (patch.path, patch.action) == ("billing/discounts.py", "replace")
    assert "-def loyalty_discount(price, years):\n+def old_discount(price, years):\n" in patch.text
    assert patch.text.startswith("--- a/billing/discounts.py\n+++ b/billing/discounts.py\n")


def test_a_symbol_that_went_before_its_file_was_renamed_comes_back_beside_its_neighbours(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": OLD})
    first = desk.day(project)
    desk.day(project, {"a.py": GONE})
    desk.day(project, {"a.py": None, "lib/b.py": GONE})
    desk.vault.analyse()

    patch = desk.vault.symbol_patch(project, "a.py", "second", at=first)

    assert (patch.path, patch.action, patch.after) == ("lib/b.py", "insert", OLD)


def test_every_answer_that_names_a_version_can_be_brought_back(archive: Archive) -> None:
    vault = archive.vault
    life = vault.history(archive.shop, "billing/tax.py", "TaxTable.rate")
    found = next(s for s in vault.symbols(archive.days["begun"]) if s.qualified_name == "TaxTable.rate")
    hit = vault.search.symbols("TaxTable.rate", project="shop").hits[0]

    wanted = vault.symbol_patch(found)

    assert '+        rates = {"at": 20, "de": 19, "fr": 20}' in wanted.text
    assert vault.symbol_patch(life.events[0]) == vault.symbol_patch(life.events[1], before=True) == wanted
    assert vault.symbol_patch(hit).action == vault.symbol_patch(life.events[-1]).action == "none"
    assert vault.symbol_patch("shop", "billing/tax.py", "TaxTable.rate").diff == b""
    moved = vault.history("shop", "billing/discounts.py", "loyalty_discount").events[1]
    assert vault.symbol_patch(moved, before=True).action == "replace"


def test_a_removed_symbol_comes_back_as_it_was_last(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": OLD})
    desk.day(project)
    desk.day(project, {"a.py": NEW})
    desk.day(project, {"a.py": GONE})
    desk.vault.analyse()

    by_name = desk.vault.symbol_patch(project, "a.py", "second")
    by_event = desk.vault.symbol_patch(desk.vault.history(project, "a.py", "second").events[-1])

    assert by_name.after == by_event.after == NEW


def test_a_version_of_a_commit_is_brought_back_too(desk: Desk) -> None:
    scene = GitScene(desk.home, name="work")
    scene.commit(**{"a.py": OLD})
    scene.commit(**{"a.py": NEW})
    project = desk.vault.projects.add(scene.root)
    desk.vault.projects.import_history(project)
    desk.vault.analyse()
    seen = desk.vault.history(project, "a.py", "second").introduced.at

    first = seen.commit
    assert desk.vault.symbol_patch(project, "a.py", "second", at=first).after == OLD
    assert desk.vault.symbol_patch(project, "a.py", "second", at=seen).after == OLD


@pytest.mark.parametrize(
    ("path", "name", "before", "error"),
    [
        ("", "", False, InvalidArgument),
        ("nowhere.py", "f", False, UnknownPath),
        ("billing/tax.py", "nothing", False, UnknownSymbol),
    ],
)
def test_what_no_version_holds_is_an_error(
    archive: Archive, path: str, name: str, before: bool, error: type[Exception]
) -> None:
    with pytest.raises(error):
        archive.vault.symbol_patch(archive.shop, path, name, at=archive.days["begun"])


def test_there_is_nothing_before_an_introduction(archive: Archive) -> None:
    event = archive.vault.history("shop", "billing/tax.py", "TaxTable.rate").introduced

    with pytest.raises(InvalidArgument, match="before it was introduced"):
        archive.vault.symbol_patch(event, before=True)


def test_a_patch_is_refused_once_the_file_is_another(desk: Desk) -> None:
    patch = patched(desk, OLD, NEW, "second")
    desk.write("shop", {"a.py": NEW + b"# more\n"})

    with pytest.raises(RestoreRefused, match="make it again"):
        patch.apply()

    assert (desk.home / "shop" / "a.py").read_bytes() == NEW + b"# more\n"


def test_a_patch_can_be_taken_back(desk: Desk) -> None:
    patch = patched(desk, OLD, NEW, "second")
    patch.apply()

    assert patch.reversed().apply().read_bytes() == NEW
    with pytest.raises(RestoreRefused):
        patch.reversed().apply()


def test_a_file_that_was_made_is_taken_back_by_its_owner_only(desk: Desk) -> None:
    patch = patched(desk, OLD, None, "second", path="deep/er/a.py")
    shutil.rmtree(desk.home / "shop" / "deep", ignore_errors=True)

    assert patch.apply() == desk.home / "shop" / "deep/er/a.py"
    with pytest.raises(InvalidArgument, match="remove the file"):
        patch.reversed()


@POSIX
def test_mode_stays_and_the_time_is_now(desk: Desk) -> None:
    patch = patched(desk, OLD, NEW, "second")
    file = desk.home / "shop" / "a.py"
    file.chmod(0o751)

    patch.apply(clock=lambda: 1_234_567_890)

    assert (file.stat().st_mode & 0o7777, file.stat().st_mtime_ns) == (0o751, 1_234_567_890)
    assert os.listdir(file.parent) == ["a.py"]


@POSIX
@pytest.mark.parametrize("linked", ["lib/a.py", "lib"])
def test_a_link_is_never_followed(desk: Desk, linked: str) -> None:
    patch = patched(desk, OLD, NEW, "second", path="lib/a.py")
    (desk.home / "shop" / linked).rename(desk.home / "elsewhere")
    (desk.home / "shop" / linked).symlink_to(desk.home / "elsewhere")

    with pytest.raises(RestoreRefused):
        patch.apply()
    with pytest.raises(RestoreRefused):
        desk.vault.symbol_patch("shop", "lib/a.py", "second")
    assert (desk.home / "shop" / "lib" / "a.py").read_bytes() == NEW


def test_a_project_that_is_not_there_gets_no_patch(desk: Desk) -> None:
    patch = patched(desk, OLD, NEW, "second")
    shutil.rmtree(desk.home / "shop")

    with pytest.raises(RestoreRefused, match="folder is not there"):
        desk.vault.symbol_patch("shop", "a.py", "second")
    with pytest.raises(RestoreRefused):
        patch.apply()


def test_a_text_in_another_encoding_says_so_and_utf_16_is_refused(desk: Desk) -> None:
    patch = patched(desk, OLD.replace(b"far it", b"f\xe4r it"), NEW, "second")

    assert patch.notes == ("the old text is not UTF-8, but the file is: look at its letters",)
    desk.write("shop", {"a.py": NEW.decode().encode("utf-16")})
    with pytest.raises(InvalidArgument, match="UTF-16"):
        desk.vault.symbol_patch("shop", "a.py", "second")
