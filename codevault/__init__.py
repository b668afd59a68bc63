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
    from codevault.activity.course import Decision
    from codevault.activity.model import SourceState, Timing
    from codevault.activity.planning import Replayed
    from codevault.backup import Backup, BackupStats
    from codevault.classifying import PathStanding
    from codevault.commits import ImportedHistory, TimelineEntry
    from codevault.contexts import Chosen, ContextPlan, ContextRestored
    from codevault.effects import Cover, PolicyEffect, ProjectCoverage, Protector, Tally
    from codevault.errors import (
        BlobDamaged,
        BlobMissing,
        Cancelled,
        CodeVaultError,
        ContentElsewhere,
        DamageError,
        EraseRefused,
        ExtraMissing,
        IndexBusy,
        IndexDamaged,
        InvalidArgument,
        InvalidPattern,
        InvalidPolicy,
        LimitReached,
        PruneRefused,
        RecordDamaged,
        ReplicaBusy,
        ReplicaError,
        ReplicaLocked,
        ReplicaReadOnly,
        ReplicaRefused,
        ReplicaUnreachable,
        RepositoryUnreadable,
        RestoreRefused,
        ServiceError,
        SourceError,
        StorageError,
        StorageFull,
        UnknownPath,
        UnknownProject,
        UnknownSnapshot,
        UnknownSymbol,
        VaultBusy,
        VaultClosed,
        VaultDiverged,
        VaultError,
        VaultExists,
        VaultMissing,
        VaultTooNew,
        WorkerError,
    )
    from codevault.exporting import Exported, ExportPlan
    from codevault.extras import FileAttribute
    from codevault.gathering import Problem
    from codevault.history import Event, History
    from codevault.hooks import InstalledHooks
    from codevault.index.model import (
        CountChange,
        CountChanges,
        Coverage,
        FileVersion,
        Hit,
        SearchResult,
        Seen,
        SymbolVersion,
    )
    from codevault.jobs import CancelToken, Job, Progress
    from codevault.keeping import KeptHistory
    from codevault.lineages import Together
    from codevault.policies import Policies
    from codevault.policy import Keeping, PathClass, Policy, Priority, Reason, Treatment, Verdict
    from codevault.projects.browsing import Group
    from codevault.projects.model import PhaseSpan, Project, ProjectChange, Protection
    from codevault.projects.organisation import TagRule, View
    from codevault.projects.ports import Proposal
    from codevault.projects.registry import Reorganisation
    from codevault.projects.relations import Relation, RelationKind
    from codevault.protection import State, Status
    from codevault.provenance import SymbolOrigin
    from codevault.queries import Query
    from codevault.references import FoundSymbol
    from codevault.replicas.model import Replicated
    from codevault.reports import (
        ChurnReport,
        CouplingReport,
        EvolutionReport,
        HotspotReport,
        MigrationReport,
        OwnershipReport,
        SurvivalReport,
        TimelineReport,
    )
    from codevault.repositories import RepositoryStatus
    from codevault.restore_model import Restored, RestorePlan
    from codevault.returning import ReturnPlan
    from codevault.reuse import (
        Clone,
        CloneGroup,
        CloneType,
        CopiedPart,
        Drift,
        DriftChange,
        DriftMember,
        Evidence,
        FixCandidate,
        Origin,
        Passage,
        ReuseReport,
    )
    from codevault.service import Service, WorkSession
    from codevault.service_autostart import Autostart
    from codevault.service_health import Health, ProjectHealth, Trouble
    from codevault.service_ports import Chores
    from codevault.sharing import Sharing
    from codevault.spool import HookEvent, HookEvents
    from codevault.store.attribution import Attribution
    from codevault.store.compacting import Compacted, CompactPlan
    from codevault.store.donors import Donor
    from codevault.store.erasing import Erased, ErasePlan, SharedContent
    from codevault.store.erasures import Erasure
    from codevault.store.generations import Generation
    from codevault.store.keepsakes import Keepsake, Span
    from codevault.store.limits import Limits
    from codevault.store.model import (
        Damage,
        Entry,
        LostVersion,
        Notice,
        RepairReport,
        RepairStep,
        Snapshot,
        StoreStats,
        VerifyReport,
    )
    from codevault.store.parity import Parity
    from codevault.store.pruning import Pruned, PrunePlan
    from codevault.store.thinning import Judgement, Retention, UndoWindow
    from codevault.store.waste import Rewrite
    from codevault.symbol_patch import SymbolPatch
    from codevault.thinning import VaultStats
    from codevault.understanding import Understanding
    from codevault.vault import Vault
    from codevault.vcs.model import RepositoryFacts, RepositoryState

_HOMES = {
    "Attribution": "store.attribution",
    "Autostart": "service_autostart",
    "Backup": "backup",
    "BackupStats": "backup",
    "BlobDamaged": "errors",
    "BlobMissing": "errors",
    "CancelToken": "jobs",
    "Cancelled": "errors",
    "Chores": "service_ports",
    "Chosen": "contexts",
    "ChurnReport": "reports",
    "Clone": "reuse",
    "CloneGroup": "reuse",
    "CloneType": "reuse",
    "CodeVaultError": "errors",
    "CompactPlan": "store.compacting",
    "Compacted": "store.compacting",
    "ContentElsewhere": "errors",
    "ContextPlan": "contexts",
    "ContextRestored": "contexts",
    "CopiedPart": "reuse",
    "CountChange": "index.model",
    "CountChanges": "index.model",
    "CouplingReport": "reports",
    "Cover": "effects",
    "Coverage": "index.model",
    "Damage": "store.model",
    "DamageError": "errors",
    "Decision": "activity.course",
    "Donor": "store.donors",
    "Drift": "reuse",
    "DriftChange": "reuse",
    "DriftMember": "reuse",
    "Entry": "store.model",
    "ErasePlan": "store.erasing",
    "EraseRefused": "errors",
    "Erased": "store.erasing",
    "Erasure": "store.erasures",
    "Event": "history",
    "Evidence": "reuse",
    "EvolutionReport": "reports",
    "ExportPlan": "exporting",
    "Exported": "exporting",
    "ExtraMissing": "errors",
    "FileAttribute": "extras",
    "FileVersion": "index.model",
    "FixCandidate": "reuse",
    "FoundSymbol": "references",
    "Generation": "store.generations",
    "Group": "projects.browsing",
    "Health": "service_health",
    "History": "history",
    "Hit": "index.model",
    "HookEvent": "spool",
    "HookEvents": "spool",
    "HotspotReport": "reports",
    "ImportedHistory": "commits",
    "IndexBusy": "errors",
    "IndexDamaged": "errors",
    "InstalledHooks": "hooks",
    "InvalidArgument": "errors",
    "InvalidPattern": "errors",
    "InvalidPolicy": "errors",
    "Job": "jobs",
    "Judgement": "store.thinning",
    "Keeping": "policy",
    "Keepsake": "store.keepsakes",
    "KeptHistory": "keeping",
    "LimitReached": "errors",
    "Limits": "store.limits",
    "LostVersion": "store.model",
    "MigrationReport": "reports",
    "Notice": "store.model",
    "Origin": "reuse",
    "OwnershipReport": "reports",
    "Parity": "store.parity",
    "Passage": "reuse",
    "PathClass": "policy",
    "PathStanding": "classifying",
    "PhaseSpan": "projects.model",
    "Policies": "policies",
    "Policy": "policy",
    "PolicyEffect": "effects",
    "Priority": "policy",
    "Problem": "gathering",
    "Progress": "jobs",
    "Project": "projects.model",
    "ProjectChange": "projects.model",
    "ProjectCoverage": "effects",
    "ProjectHealth": "service_health",
    "Proposal": "projects.ports",
    "Protection": "projects.model",
    "Protector": "effects",
    "PrunePlan": "store.pruning",
    "PruneRefused": "errors",
    "Pruned": "store.pruning",
    "Query": "queries",
    "Reason": "policy",
    "RecordDamaged": "errors",
    "Relation": "projects.relations",
    "RelationKind": "projects.relations",
    "Reorganisation": "projects.registry",
    "RepairReport": "store.model",
    "RepairStep": "store.model",
    "Replayed": "activity.planning",
    "ReplicaBusy": "errors",
    "ReplicaError": "errors",
    "ReplicaLocked": "errors",
    "ReplicaReadOnly": "errors",
    "ReplicaRefused": "errors",
    "ReplicaUnreachable": "errors",
    "Replicated": "replicas.model",
    "RepositoryFacts": "vcs.model",
    "RepositoryState": "vcs.model",
    "RepositoryStatus": "repositories",
    "RepositoryUnreadable": "errors",
    "RestorePlan": "restore_model",
    "RestoreRefused": "errors",
    "Restored": "restore_model",
    "Retention": "store.thinning",
    "ReturnPlan": "returning",
    "ReuseReport": "reuse",
    "Rewrite": "store.waste",
    "SearchResult": "index.model",
    "Seen": "index.model",
    "Service": "service",
    "ServiceError": "errors",
    "SharedContent": "store.erasing",
    "Sharing": "sharing",
    "Snapshot": "store.model",
    "SourceError": "errors",
    "SourceState": "activity.model",
    "Span": "store.keepsakes",
    "State": "protection",
    "Status": "protection",
    "StorageError": "errors",
    "StorageFull": "errors",
    "StoreStats": "store.model",
    "SurvivalReport": "reports",
    "SymbolOrigin": "provenance",
    "SymbolPatch": "symbol_patch",
    "SymbolVersion": "index.model",
    "TagRule": "projects.organisation",
    "Tally": "effects",
    "TimelineEntry": "commits",
    "TimelineReport": "reports",
    "Timing": "activity.model",
    "Together": "lineages",
    "Treatment": "policy",
    "Trouble": "service_health",
    "Understanding": "understanding",
    "UndoWindow": "store.thinning",
    "UnknownPath": "errors",
    "UnknownProject": "errors",
    "UnknownSnapshot": "errors",
    "UnknownSymbol": "errors",
    "Vault": "vault",
    "VaultBusy": "errors",
    "VaultClosed": "errors",
    "VaultDiverged": "errors",
    "VaultError": "errors",
    "VaultExists": "errors",
    "VaultMissing": "errors",
    "VaultStats": "thinning",
    "VaultTooNew": "errors",
    "Verdict": "policy",
    "VerifyReport": "store.model",
    "View": "projects.organisation",
    "WorkSession": "service",
    "WorkerError": "errors",
}

__all__ = [
    "Attribution",
    "Autostart",
    "Backup",
    "BackupStats",
    "BlobDamaged",
    "BlobMissing",
    "CancelToken",
    "Cancelled",
    "Chores",
    "Chosen",
    "ChurnReport",
    "Clone",
    "CloneGroup",
    "CloneType",
    "CodeVaultError",
    "CompactPlan",
    "Compacted",
    "ContentElsewhere",
    "ContextPlan",
    "ContextRestored",
    "CopiedPart",
    "CountChange",
    "CountChanges",
    "CouplingReport",
    "Cover",
    "Coverage",
    "Damage",
    "DamageError",
    "Decision",
    "Donor",
    "Drift",
    "DriftChange",
    "DriftMember",
    "Entry",
    "ErasePlan",
    "EraseRefused",
    "Erased",
    "Erasure",
    "Event",
    "Evidence",
    "EvolutionReport",
    "ExportPlan",
    "Exported",
    "ExtraMissing",
    "FileAttribute",
    "FileVersion",
    "FixCandidate",
    "FoundSymbol",
    "Generation",
    "Group",
    "Health",
    "History",
    "Hit",
    "HookEvent",
    "HookEvents",
    "HotspotReport",
    "ImportedHistory",
    "IndexBusy",
    "IndexDamaged",
    "InstalledHooks",
    "InvalidArgument",
    "InvalidPattern",
    "InvalidPolicy",
    "Job",
    "Judgement",
    "Keeping",
    "Keepsake",
    "KeptHistory",
    "LimitReached",
    "Limits",
    "LostVersion",
    "MigrationReport",
    "Notice",
    "Origin",
    "OwnershipReport",
    "Parity",
    "Passage",
    "PathClass",
    "PathStanding",
    "PhaseSpan",
    "Policies",
    "Policy",
    "PolicyEffect",
    "Priority",
    "Problem",
    "Progress",
    "Project",
    "ProjectChange",
    "ProjectCoverage",
    "ProjectHealth",
    "Proposal",
    "Protection",
    "Protector",
    "PrunePlan",
    "PruneRefused",
    "Pruned",
    "Query",
    "Reason",
    "RecordDamaged",
    "Relation",
    "RelationKind",
    "Reorganisation",
    "RepairReport",
    "RepairStep",
    "Replayed",
    "ReplicaBusy",
    "ReplicaError",
    "ReplicaLocked",
    "ReplicaReadOnly",
    "ReplicaRefused",
    "ReplicaUnreachable",
    "Replicated",
    "RepositoryFacts",
    "RepositoryState",
    "RepositoryStatus",
    "RepositoryUnreadable",
    "RestorePlan",
    "RestoreRefused",
    "Restored",
    "Retention",
    "ReturnPlan",
    "ReuseReport",
    "Rewrite",
    "SearchResult",
    "Seen",
    "Service",
    "ServiceError",
    "SharedContent",
    "Sharing",
    "Snapshot",
    "SourceError",
    "SourceState",
    "Span",
    "State",
    "Status",
    "StorageError",
    "StorageFull",
    "StoreStats",
    "SurvivalReport",
    "SymbolOrigin",
    "SymbolPatch",
    "SymbolVersion",
    "TagRule",
    "Tally",
    "TimelineEntry",
    "TimelineReport",
    "Timing",
    "Together",
    "Treatment",
    "Trouble",
    "Understanding",
    "UndoWindow",
    "UnknownPath",
    "UnknownProject",
    "UnknownSnapshot",
    "UnknownSymbol",
    "Vault",
    "VaultBusy",
    "VaultClosed",
    "VaultDiverged",
    "VaultError",
    "VaultExists",
    "VaultMissing",
    "VaultStats",
    "VaultTooNew",
    "Verdict",
    "VerifyReport",
    "View",
    "WorkSession",
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
