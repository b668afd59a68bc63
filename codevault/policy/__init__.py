"""Which paths of a project are kept, how, and why.

Usable on its own, by a scanner of any kind: names go in, verdicts with their reasons come out, and no disk is touched.
A folder is asked for before it is descended into, a file with its size:

    >>> from codevault.policy import DEFAULT, FolderView, explain
    >>> names = {".package-lock.json", "react"}
    >>> print(DEFAULT.folder("node_modules", "node_modules", {"package.json", "src"}, lambda: names))
    left out: dependency; 'npm install' makes it again
    - dependency folder: node_modules beside package.json holds .package-lock.json
    >>> DEFAULT.folder("src", "src", {"package.json"}, lambda: {"main.ts"}).keep
    True
    >>> sources = FolderView(name="src", siblings={"package.json"}, children=lambda: {"main.ts", ".env"})
    >>> explain(DEFAULT, [sources], "main.ts", 1_200).index
    True
    >>> secret = explain(DEFAULT, [sources], ".env", 80)
    >>> secret.keep, secret.index, str(secret.path_class)  # kept, and never searchable
    (True, False, 'secret')
"""

from codevault.policy.model import CACHE_SIGNATURE, CACHE_TAG, DEFAULT, Policy, explain
from codevault.policy.verdicts import FolderView, Keeping, PathClass, Priority, Reason, Treatment, Verdict

__all__ = [
    "CACHE_SIGNATURE",
    "CACHE_TAG",
    "DEFAULT",
    "FolderView",
    "Keeping",
    "PathClass",
    "Policy",
    "Priority",
    "Reason",
    "Treatment",
    "Verdict",
    "explain",
]
