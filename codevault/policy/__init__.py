"""Which paths of a project are kept, how, and why."""

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
