r"""Git, Mercurial and Subversion beside a project: read as plain files or through programs of ours, never executed.

Usable on its own: where a working copy stands, read from plain files, whatever state it is in:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from codevault.vcs import detect, snapshot_facts
    >>> folder = tempfile.TemporaryDirectory()
    >>> shop = Path(folder.name)
    >>> detect(shop) is None  # no repository here
    True
    >>> (shop / ".git" / "objects").mkdir(parents=True); (shop / ".git" / "refs").mkdir()
    >>> _ = (shop / ".git" / "HEAD").write_text("ref: refs/heads/new-rates\n")
    >>> facts = detect(shop)
    >>> str(facts.system), facts.branch, facts.head, facts.in_progress
    ('git', 'new-rates', '', '')
    >>> snapshot_facts(shop)
    {'vcs': 'git', 'branch': 'new-rates'}
    >>> folder.cleanup()
"""

from codevault.vcs.detect import detect, snapshot_facts
from codevault.vcs.model import RepositoryFacts, System

__all__ = ["RepositoryFacts", "System", "detect", "snapshot_facts"]
