"""What became of projects, as values that turn into Markdown, JSON, HTML and graphs."""

from codevault.reports.asking import Reports
from codevault.reports.churn import ChurnReport
from codevault.reports.coupling import CouplingReport
from codevault.reports.evolution import EvolutionReport
from codevault.reports.hotspots import HotspotReport
from codevault.reports.migration import MigrationReport
from codevault.reports.ownership import OwnershipReport
from codevault.reports.survival import SurvivalReport
from codevault.reports.timeline import TimelineReport

__all__ = [
    "ChurnReport",
    "CouplingReport",
    "EvolutionReport",
    "HotspotReport",
    "MigrationReport",
    "OwnershipReport",
    "Reports",
    "SurvivalReport",
    "TimelineReport",
]
