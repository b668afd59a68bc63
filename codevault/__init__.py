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
    from codevault.errors import (
        BlobDamaged,
        BlobMissing,
        Cancelled,
        CodeVaultError,
        DamageError,
        IndexBusy,
        IndexDamaged,
        InvalidArgument,
        InvalidPattern,
        LimitReached,
        PruneRefused,
        RecordDamaged,
        RepositoryUnreadable,
        RestoreRefused,
        SourceError,
        StorageError,
        StorageFull,
        UnknownPath,
        UnknownProject,
        UnknownSnapshot,
        UnknownSymbol,
        VaultBusy,
        VaultClosed,
        VaultError,
        VaultExists,
        VaultMissing,
        VaultTooNew,
        WorkerError,
    )
    from codevault.gathering import Problem
    from codevault.history import Event, History
    from codevault.index.model import Coverage, FileVersion, Hit, SearchResult, SymbolVersion
    from codevault.jobs import CancelToken, Job, Progress
    from codevault.policy import Policy, Verdict
    from codevault.projects.model import Project, ProjectChange
    from codevault.protection import State, Status
    from codevault.references import FoundSymbol
    from codevault.reports import EvolutionReport
    from codevault.restoring import Restored, RestorePlan
    from codevault.reuse import Clone, CloneGroup
    from codevault.store.model import Entry, Snapshot, StoreStats, VerifyReport
    from codevault.understanding import Understanding
    from codevault.vault import Vault

_HOMES = {
    "Backup": "backup",
    "BackupStats": "backup",
    "BlobDamaged": "errors",
    "BlobMissing": "errors",
    "CancelToken": "jobs",
    "Cancelled": "errors",
    "Clone": "reuse",
    "CloneGroup": "reuse",
    "CodeVaultError": "errors",
    "Coverage": "index.model",
    "DamageError": "errors",
    "Entry": "store.model",
    "Event": "history",
    "EvolutionReport": "reports",
    "FileVersion": "index.model",
    "FoundSymbol": "references",
    "History": "history",
    "Hit": "index.model",
    "IndexBusy": "errors",
    "IndexDamaged": "errors",
    "InvalidArgument": "errors",
    "InvalidPattern": "errors",
    "Job": "jobs",
    "LimitReached": "errors",
    "Policy": "policy",
    "Problem": "gathering",
    "Progress": "jobs",
    "Project": "projects.model",
    "ProjectChange": "projects.model",
    "PruneRefused": "errors",
    "RecordDamaged": "errors",
    "RepositoryUnreadable": "errors",
    "RestorePlan": "restoring",
    "RestoreRefused": "errors",
    "Restored": "restoring",
    "SearchResult": "index.model",
    "Snapshot": "store.model",
    "SourceError": "errors",
    "State": "protection",
    "Status": "protection",
    "StorageError": "errors",
    "StorageFull": "errors",
    "StoreStats": "store.model",
    "SymbolVersion": "index.model",
    "Understanding": "understanding",
    "UnknownPath": "errors",
    "UnknownProject": "errors",
    "UnknownSnapshot": "errors",
    "UnknownSymbol": "errors",
    "Vault": "vault",
    "VaultBusy": "errors",
    "VaultClosed": "errors",
    "VaultError": "errors",
    "VaultExists": "errors",
    "VaultMissing": "errors",
    "VaultTooNew": "errors",
    "Verdict": "policy",
    "VerifyReport": "store.model",
    "WorkerError": "errors",
}

__all__ = [
    "Backup",
    "BackupStats",
    "BlobDamaged",
    "BlobMissing",
    "CancelToken",
    "Cancelled",
    "Clone",
    "CloneGroup",
    "CodeVaultError",
    "Coverage",
    "DamageError",
    "Entry",
    "Event",
    "EvolutionReport",
    "FileVersion",
    "FoundSymbol",
    "History",
    "Hit",
    "IndexBusy",
    "IndexDamaged",
    "InvalidArgument",
    "InvalidPattern",
    "Job",
    "LimitReached",
    "Policy",
    "Problem",
    "Progress",
    "Project",
    "ProjectChange",
    "PruneRefused",
    "RecordDamaged",
    "RepositoryUnreadable",
    "RestorePlan",
    "RestoreRefused",
    "Restored",
    "SearchResult",
    "Snapshot",
    "SourceError",
    "State",
    "Status",
    "StorageError",
    "StorageFull",
    "StoreStats",
    "SymbolVersion",
    "Understanding",
    "UnknownPath",
    "UnknownProject",
    "UnknownSnapshot",
    "UnknownSymbol",
    "Vault",
    "VaultBusy",
    "VaultClosed",
    "VaultError",
    "VaultExists",
    "VaultMissing",
    "VaultTooNew",
    "Verdict",
    "VerifyReport",
    "WorkerError",
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
