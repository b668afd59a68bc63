"""CodeVault: an incremental archive of projects in which every version is understood as code.

    import codevault

    with codevault.Vault.create("~/vault") as vault:
        shop = vault.projects.add("~/projects/shop", client="Acme")
        vault.backup(shop, reason="before the rewrite")
        vault.analyse()
        history = vault.history(shop, "billing/tax.py", "TaxTable.rate")

Names are loaded when they are first used, so that `codevault.store` and the other packages stay usable, and quick to
import, on their own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codevault.backup import Backup, BackupStats
    from codevault.errors import CodeVaultError
    from codevault.gathering import Problem
    from codevault.history import Event, History
    from codevault.index.model import Coverage, FileVersion, Hit, SearchResult, SymbolVersion
    from codevault.jobs import CancelToken, Job, Progress
    from codevault.policy import Policy, Verdict
    from codevault.projects.model import Project
    from codevault.protection import State, Status
    from codevault.references import FoundSymbol
    from codevault.restoring import Restored, RestorePlan
    from codevault.store.model import Entry, Snapshot
    from codevault.vault import Vault

_HOMES = {
    "Backup": "backup",
    "BackupStats": "backup",
    "CancelToken": "jobs",
    "CodeVaultError": "errors",
    "Coverage": "index.model",
    "Entry": "store.model",
    "Event": "history",
    "FileVersion": "index.model",
    "FoundSymbol": "references",
    "History": "history",
    "Hit": "index.model",
    "Job": "jobs",
    "Policy": "policy",
    "Problem": "gathering",
    "Progress": "jobs",
    "Project": "projects.model",
    "Restored": "restoring",
    "RestorePlan": "restoring",
    "SearchResult": "index.model",
    "Snapshot": "store.model",
    "State": "protection",
    "Status": "protection",
    "SymbolVersion": "index.model",
    "Vault": "vault",
    "Verdict": "policy",
}

__all__ = [
    "Backup",
    "BackupStats",
    "CancelToken",
    "CodeVaultError",
    "Coverage",
    "Entry",
    "Event",
    "FileVersion",
    "FoundSymbol",
    "History",
    "Hit",
    "Job",
    "Policy",
    "Problem",
    "Progress",
    "Project",
    "RestorePlan",
    "Restored",
    "SearchResult",
    "Snapshot",
    "State",
    "Status",
    "SymbolVersion",
    "Vault",
    "Verdict",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'codevault' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"codevault.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
