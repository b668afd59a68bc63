"""What tests of activity share: a project, its clock, and how to say what was seen of it."""

from __future__ import annotations

from typing import Any

from codevault.activity.course import Decision, Standing, decide, observe
from codevault.activity.model import SECOND_NS, Conditions, Observed, Signal, SignalKind, Timing
from codevault.ids import ProjectId

SHOP = ProjectId("00000000000000aa")
BLOG = ProjectId("00000000000000bb")
TIMING = Timing()
MAINS = Conditions()


def at(seconds: float) -> int:
    return round(seconds * SECOND_NS)


def saved(seconds: float, **more: Any) -> Observed:
    given: dict[str, Any] = {"project": SHOP, "files": 1, "changes": 1, "weight": 1.0, "within_s": 300.0, "hand": True}
    return Observed(at_ns=at(seconds), **(given | more))


def standing(*seen: Observed, timing: Timing = TIMING) -> Standing:
    found = Standing(project=SHOP)
    for each in seen:
        found = observe(found, each, timing)
    return found


def decided(found: Standing, seconds: float, conditions: Conditions = MAINS, timing: Timing = TIMING) -> Decision:
    return decide(found, at(seconds), conditions, timing)


def signal(kind: SignalKind, path: str = "", *, seconds: float = 0.0, word: str = "") -> Signal:
    return Signal(project=SHOP, at_ns=at(seconds), kind=kind, path=path, word=word)
