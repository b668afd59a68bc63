"""How old the oldest unsaved work is, over all projects."""

from __future__ import annotations

from codevault.activity.model import Observed, Timing
from codevault.activity.planning import Planning
from codevault.ids import ProjectId

SHOP = ProjectId("0123456789abcdef")
S = 1_000_000_000


def test_a_project_whose_folder_is_gone_has_no_work_that_could_be_saved() -> None:
    planning = Planning(Timing())
    planning.observe(Observed(project=SHOP, at_ns=10 * S, files=1, changes=1, weight=1.0, within_s=60.0, hand=True))
    before = planning.exposure_s(100 * S)

    planning.missing(SHOP, is_missing=True)
    gone = planning.exposure_s(100 * S)
    planning.missing(SHOP, is_missing=False)

    assert (before, gone, planning.exposure_s(100 * S)) == (90.0, 0.0, 90.0)
