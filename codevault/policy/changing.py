"""What a file's history says of it: how often it changes, and whether it does so while nobody works."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from codevault.policy.verdicts import Priority, Reason, Verdict

LEAST_CHANGES = 8
"""Versions from which on a history is told; fewer are no habit."""


def by_history(verdict: Verdict, changed: Sequence[int], worked: Collection[int]) -> Reason | None:
    """A reason that says how a file changes; None while there is too little to say.

    `changed` are the snapshots that brought a version of it, `worked` those that brought one of anything that people
    write. It decides nothing: history is the weakest evidence, and what to do about it is for a rule to say.
    """
    if len(changed) < LEAST_CHANGES:
        return None
    alone = sum(snapshot not in worked for snapshot in changed)
    told = f"{len(changed)} versions, {alone} of them while nothing that people write changed"
    if 4 * alone < 3 * len(changed) or verdict.priority is Priority.IRREPLACEABLE or verdict.cadence_s:
        return Reason("history", told)
    return Reason("history", f'{told}: a program writes it; a rule with cadence = "hourly" would space them')
