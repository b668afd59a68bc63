"""Evolution of a project in words and numbers, as Markdown, JSON or HTML."""

from codevault.reports.evolution import Reports
from codevault.reports.model import EvolutionReport

__all__ = ["EvolutionReport", "Reports"]
