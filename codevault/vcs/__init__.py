"""Git, Mercurial and Subversion beside a project: read as plain files or through programs of ours, never executed."""

from codevault.vcs.detect import detect, snapshot_facts
from codevault.vcs.model import RepositoryFacts, System

__all__ = ["RepositoryFacts", "System", "detect", "snapshot_facts"]
