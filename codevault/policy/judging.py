"""Weighs the rows of the folder table against the names a scan saw."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from codevault.policy.configured import Check, Output
from codevault.policy.folders import HAND_WRITTEN, VCS_FOLDERS, FolderRule
from codevault.policy.names import Names, shown
from codevault.policy.verdicts import PathClass, Reason, Verdict

ORDINARY = Verdict(path_class=PathClass.SOURCE)
VCS_NAMES = Names(VCS_FOLDERS)
HAND_WRITTEN_NAMES = Names(HAND_WRITTEN)
_HASHED = re.compile(r"[.-](?=[0-9a-zA-Z_]*\d)[0-9a-zA-Z_]{8,32}\.(?:m?js|css|wasm|woff2?|png|svg)$")


@dataclass(frozen=True, slots=True)
class Row:
    """A folder rule with its names taken apart."""

    rule: FolderRule
    beside: tuple[Names, ...]
    inside: tuple[Names, ...]
    only: Names
    never: Names


def folder_table(rules: Iterable[FolderRule]) -> Mapping[str, tuple[Row, ...]]:
    """The rows by folder name, in the order of the rules; a name `*.suffix` stands under itself."""
    table: dict[str, tuple[Row, ...]] = {}
    for rule in rules:
        beside, inside = tuple(map(Names, rule.beside)), tuple(map(Names, rule.inside))
        row = Row(rule, beside, inside, Names(rule.only), Names(rule.never))
        for name in rule.names.split("|"):
            table[name] = (*table.get(name, ()), row)
    return table


def possible(rows: Iterable[Row], path: str, siblings: Collection[str]) -> tuple[Row, ...]:
    """The rows for a folder by what lies beside and above it: where there is none, it need not be listed."""
    above = path.rpartition("/")[0].rpartition("/")[2]
    return tuple(
        row
        for row in rows
        if (not row.rule.below or row.rule.below == above) and all(names.first_in(siblings) for names in row.beside)
    )


def judge(rows: Iterable[Row], path: str, siblings: Collection[str], names: Collection[str]) -> Verdict:
    """The first row that is proven, else the first that is only suggested, else the ordinary verdict.

    Never left out is a folder without names, since it costs nothing and may be one that could not be read, and one
    within version control, where folders are named after branches.
    """
    guess: Verdict | None = None
    skippable = names and not any(map(VCS_NAMES.match, path.split("/")[:-1]))
    for row in rows:
        if not skippable and not row.rule.keep:
            continue
        verdict = _weigh(row, path, siblings, names)
        if verdict is not None and verdict.certain:
            return verdict
        guess = guess or verdict
    return guess or ORDINARY


def judge_configured(output: Output, path: str, names: Collection[str]) -> Verdict | None:
    """The verdict on a folder that a build file names as output; None when nothing in it speaks for that."""
    seen = f"{shown(path.rpartition('/')[2])}: {output.evidence}"
    trace = Names(output.inside).first_in(names)
    if trace is None:
        return None
    foreign = VCS_NAMES.first_in(names)
    if foreign is None and output.check is Check.NAMES:
        foreign = HAND_WRITTEN_NAMES.first_in(names)
    if foreign is None and output.check is Check.MAPS:
        foreign = min((name for name in names if not _is_mapped(name, names)), default=None)
    if foreign is not None:
        reasons = (Reason(f"{output.path_class} folder, kept in doubt", f"{seen}, but it also holds {shown(foreign)}"),)
        return Verdict(path_class=output.path_class, reasons=reasons, certain=False)
    return Verdict(
        path_class=output.path_class,
        keep=False,
        index=False,
        reasons=(Reason(f"{output.path_class} folder", f"{seen}, and it holds {shown(trace)}"),),
        rebuild=output.rebuild,
    )


def _is_mapped(name: str, names: Collection[str]) -> bool:
    """True for what a bundler writes: maps, licences it collects, and what has a map or a hash in its name."""
    if name.endswith((".map", ".LICENSE.txt")) or _HASHED.search(name):
        return True
    return f"{name}.map" in names


def _weigh(row: Row, path: str, siblings: Collection[str], names: Collection[str]) -> Verdict | None:
    parent, _, name = path.rpartition("/")
    if row.rule.below and parent.rpartition("/")[2] != row.rule.below:
        return None
    beside, inside = _matches(row.beside, siblings), _matches(row.inside, names)
    if beside is None or (inside is None and not beside):
        return None
    seen = shown(name) + (f" beside {' and '.join(beside)}" if beside else "")
    if inside is None:
        return _guess(row.rule, f"{seen}, but nothing in it proves that it can be made again")
    if inside:
        seen += f" holds {' and '.join(inside)}"
    foreign = _foreign(row, names)
    if foreign is not None:
        return _guess(row.rule, f"{seen}, but it also holds {shown(foreign)}")
    if not beside and not inside:
        seen = f"{seen} holds only {row.only.text.replace('|', ', ')}" if row.only.text else f"named {seen}"
    return Verdict(
        path_class=row.rule.path_class,
        keep=row.rule.keep,
        index=row.rule.index,
        reasons=(Reason(f"{row.rule.path_class} folder", seen),),
        rebuild=row.rule.rebuild,
    )


def _matches(wanted: Iterable[Names], names: Collection[str]) -> list[str] | None:
    """What was found for each of `wanted`, fit to be shown; None when one is missing."""
    found = []
    for alternatives in wanted:
        match = alternatives.first_in(names)
        if match is None:
            return None
        found.append(shown(match))
    return found


def _foreign(row: Row, names: Collection[str]) -> str | None:
    """A name in the folder that a tool did not put there."""
    if row.rule.keep:
        return None
    repository = VCS_NAMES.first_in(names)
    if repository is not None:
        return repository
    if row.only.text:
        return row.only.first_outside(names)
    return row.never.first_in(names)


def _guess(rule: FolderRule, evidence: str) -> Verdict:
    reasons = (Reason(f"{rule.path_class} folder, kept in doubt", evidence),)
    return Verdict(path_class=rule.path_class, reasons=reasons, certain=False)
