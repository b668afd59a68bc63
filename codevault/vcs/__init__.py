"""Facts about the version control beside a project, read as plain files and never executed."""

from codevault.vcs.detect import detect, snapshot_facts
from codevault.vcs.model import RepositoryFacts, System

__all__ = ["RepositoryFacts", "System", "detect", "snapshot_facts"]
