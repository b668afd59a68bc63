"""Which paths of a project are kept, how, and why."""

from codevault.policy.model import CACHE_SIGNATURE, CACHE_TAG, DEFAULT, Policy, explain
from codevault.policy.verdicts import FolderView, PathClass, Reason, Verdict

__all__ = [
    "CACHE_SIGNATURE",
    "CACHE_TAG",
    "DEFAULT",
    "FolderView",
    "PathClass",
    "Policy",
    "Reason",
    "Verdict",
    "explain",
]
