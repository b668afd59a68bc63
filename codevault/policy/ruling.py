"""Lays the user's rules over what the tables say of a path.

Each setting goes by the strongest rule that has it. A weak rule (of a project's own file) is passed over wherever it
would take something away: what is irreplaceable stays so, what is private stays private, nothing is left out, and
nothing waits longer than a week.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from codevault.policy.rules import Rule, RuleBook, last
from codevault.policy.verdicts import TREATMENTS, WEEK_S, Keeping, PathClass, Priority, Reason, Treatment, Verdict, span

_RANK = {Priority.IRREPLACEABLE: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}
_KEPT = {Keeping.EVERY: 0, Keeping.LAST: 1, Keeping.SNAPSHOTS: 2}


def ruled(verdict: Verdict, rules: Sequence[Rule], book: RuleBook) -> Verdict:
    """The verdict with the rules that match its path; `book` has those for its class."""
    classed = _classed(verdict, rules)
    every = (*book.of_class(classed.path_class), *rules)
    if not every:
        return verdict
    treatment = _treated(classed, every)
    indexed = _indexed(classed, every)
    keep, rebuild, note = _kept(classed, rules)
    if note and treatment.priority is not Priority.IRREPLACEABLE:
        treatment = replace(treatment, priority=Priority.LOW, cadence_s=WEEK_S)
    told = tuple(_told(rule, classed) for rule in every)
    return replace(
        classed,
        keep=keep,
        index=indexed and keep,
        own=treatment,
        rebuild=rebuild,
        deliberate=not keep and classed.keep,
        certain=True if not keep else classed.certain,
        reasons=(*verdict.reasons, *told, *note),
    )


def _is_only_copy(path_class: PathClass) -> bool:
    return TREATMENTS[path_class].priority is Priority.IRREPLACEABLE


def _classed(verdict: Verdict, rules: Iterable[Rule]) -> Verdict:
    fixed = _is_only_copy(verdict.path_class)
    found = last((r for r in rules if not (r.weak and fixed)), "path_class")
    if found is None or not isinstance(found[1], PathClass):
        return verdict
    hidden = found[1] is PathClass.SECRET
    return replace(verdict, path_class=found[1], index=verdict.index and not hidden)


def _treated(verdict: Verdict, rules: Sequence[Rule]) -> Treatment:
    treatment = verdict.own or TREATMENTS[verdict.path_class]
    for rule in rules:
        asked = replace(
            treatment,
            priority=rule.priority or treatment.priority,
            cadence_s=treatment.cadence_s if rule.cadence_s is None else rule.cadence_s,
            retention=rule.retention or treatment.retention,
            largest=treatment.largest if rule.largest is None else rule.largest,
            above_s=treatment.above_s if rule.above_s is None else rule.above_s,
        )
        treatment = _bounded(treatment, asked) if rule.weak else asked
    return treatment


def _bounded(before: Treatment, asked: Treatment) -> Treatment:
    """What a weak rule gets of what it asks."""
    retention = min(before.retention, asked.retention, key=_KEPT.__getitem__)
    if before.priority is Priority.IRREPLACEABLE:
        return replace(
            before,
            retention=retention,
            cadence_s=min(before.cadence_s, asked.cadence_s),
            largest=max(before.largest, asked.largest),
            above_s=min(before.above_s, asked.above_s),
        )
    return replace(
        asked,
        retention=retention,
        cadence_s=min(asked.cadence_s, max(WEEK_S, before.cadence_s)),
        above_s=min(asked.above_s, max(WEEK_S, before.above_s)),
    )


def _indexed(verdict: Verdict, rules: Iterable[Rule]) -> bool:
    """A weak rule may hide, never show; what is classed as a secret is shown only by a rule that says so."""
    found = last((rule for rule in rules if not (rule.weak and rule.index)), "index")
    return verdict.index if found is None else bool(found[1])


def _kept(verdict: Verdict, rules: Sequence[Rule]) -> tuple[bool, str, tuple[Reason, ...]]:
    strong = last((rule for rule in rules if not rule.weak), "keep")
    weak = last((rule for rule in rules if rule.weak), "keep")
    if strong is not None:
        rebuild = "" if strong[1] else strong[0].rebuild
        return bool(strong[1]), rebuild, ()
    if weak is not None and weak[1] is False:
        why = "a project's own file leaves nothing out; [project.NAME] in the vault's policy.toml may"
        return True, "", (Reason("kept all the same", why, weak[0].origin),)
    if weak is not None:
        return True, "", ()
    return verdict.keep, verdict.rebuild, ()


def _told(rule: Rule, verdict: Verdict) -> Reason:
    evidence = rule.says or f"all of class {verdict.path_class}"
    return Reason(f"rule: {', '.join(_settings(rule))}", evidence, rule.origin)


def _settings(rule: Rule) -> Iterable[str]:
    if rule.patterns and rule.path_class is not None:
        yield str(rule.path_class)
    if rule.keep is not None:
        yield "always kept" if rule.keep else "asks to be left out" if rule.weak else "left out"
    if rule.priority is not None:
        yield f"priority {rule.priority}"
    if rule.cadence_s is not None:
        yield "every version" if not rule.cadence_s else f"a version in {span(rule.cadence_s)}"
    if rule.retention is not None:
        yield f"retention {rule.retention}"
    if rule.largest is not None:
        yield f"large above {_bytes(rule.largest)}"
    if rule.above_s is not None:
        yield f"when large a version in {span(rule.above_s)}"
    if rule.index is not None:
        yield "indexed" if rule.index else "not indexed"


def _bytes(count: int) -> str:
    """A size as a rules file may write it."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} bytes"
