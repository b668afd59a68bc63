"""`vault.reuse`: where else code lives, over all projects and all time, who had it first, and how copies drifted."""

from codevault.analysis.clones import CloneType, Passage
from codevault.reuse.asking import Reuse
from codevault.reuse.model import (
    Clone,
    CloneGroup,
    CopiedPart,
    Drift,
    DriftChange,
    DriftMember,
    Evidence,
    FixCandidate,
    Origin,
)
from codevault.reuse.report import ReuseReport

__all__ = [
    "Clone",
    "CloneGroup",
    "CloneType",
    "CopiedPart",
    "Drift",
    "DriftChange",
    "DriftMember",
    "Evidence",
    "FixCandidate",
    "Origin",
    "Passage",
    "Reuse",
    "ReuseReport",
]
