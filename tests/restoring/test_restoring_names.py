"""Restoring to a place that takes other names for one another, or refuses some."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from codevault.names import NameRules
from codevault.places import Place, Where
from codevault.restoring import plan_restore, restore
from codevault.store.model import Entry
from codevault.target import Target
from tests.restoring.scenes import POSIX, Archive, folder, link, tree

pytestmark = POSIX


class Folding(Target):
    """A place that takes names for one another that differ in case or normal form."""

    def rules(self) -> NameRules:
        return NameRules(windows=False, folds_case=True, folds_form=True)


class Windows(Target):
    """A place that reserves names."""

    def rules(self) -> NameRules:
        return NameRules(windows=True, folds_case=True)


def test_twins_are_both_written_and_told(archive: Archive, target: Path) -> None:
    entries = (
        archive.file("Makefile", b"one"),
        archive.file("caf\u00e9", b"composed"),
        archive.file("cafe\u0301", b"decomposed"),
        archive.file("makefile", b"two"),
        folder("Src"),
        archive.file("Src/a"),
        folder("src", mode=0o700),
        archive.file("src/a", b"other"),
        link("src/l", "a"),
    )
    plan = plan_restore(archive.store, archive.snapshot(*entries), target, open_target=Folding.open)

    done = restore(archive.store, plan, open_target=Folding.open)

    assert done.problems == ()
    assert dict(done.renamed) == {
        "caf\u00e9": "%63af\u00e9",
        "makefile": "%6Dakefile",
        "src": "%73rc",
        "src/a": "%73rc/a",
        "src/l": "%73rc/l",
    }
    assert tree(target) == {
        "Makefile": b"one",
        "%6Dakefile": b"two",
        "cafe\u0301": b"decomposed",
        "%63af\u00e9": b"composed",
        "Src/a": b"content",
        "%73rc/a": b"other",
        "%73rc/l": b"other",
    }


def test_twins_that_were_written_are_kept_by_the_next_restore(archive: Archive, target: Path) -> None:
    first = archive.file("Makefile", b"one")
    snapshot = archive.snapshot(first, archive.file("makefile", b"two"), replace(first, path="x", hardlink="Makefile"))
    restore(
        archive.store,
        plan_restore(archive.store, snapshot, target, open_target=Folding.open),
        open_target=Folding.open,
    )

    plan = plan_restore(archive.store, snapshot, target, open_target=Folding.open)

    assert {p.step for p in plan.entries} == {"keep"}
    assert (target / "x").samefile(target / "Makefile")


def test_reserved_names_are_escaped_and_told(archive: Archive, tmp_path: Path, target: Path) -> None:
    entries: tuple[Entry, ...] = (archive.file("..\\up"), archive.file("C:\\x"), archive.file("aux.c"))
    plan = plan_restore(archive.store, archive.snapshot(*entries), target, open_target=Windows.open)

    done = restore(archive.store, plan, open_target=Windows.open)

    assert dict(done.renamed) == {"..\\up": "..%5Cup", "C:\\x": "C%3A%5Cx", "aux.c": "%61ux.c"}
    assert set(tree(tmp_path)) == {"target/..%5Cup", "target/C%3A%5Cx", "target/%61ux.c"}


def test_a_place_that_keeps_names_apart_is_recognised(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "Makefile").touch()
    (target / "caf\u00e9").touch()
    opened = Target.open(target)

    rules = opened.rules()
    opened.close()

    assert rules == NameRules()
    assert rules.plain == (os.name == "posix")


def test_a_place_that_folds_is_recognised_by_a_name_that_answers_to_another(target: Path) -> None:
    class Answering(Target):
        """Finds a file under any form of its name, as such a place does."""

        def _kind(self, place: Place, name: str, where: Where) -> int | None:
            return 0o100644 if name in {"mAKEFILE", "cafe\u0301"} else super()._kind(place, name, where)

    target.mkdir()
    (target / "Makefile").touch()
    (target / "caf\u00e9").touch()
    opened = Answering.open(target)

    rules = opened.rules()
    opened.close()

    assert (rules.folds_case, rules.folds_form) == (True, True)


def test_a_place_that_does_not_exist_yet_has_the_systems_rules(target: Path) -> None:
    assert Target.open(target).rules() == NameRules()
