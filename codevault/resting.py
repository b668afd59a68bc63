"""What of a vault rests on repositories: does `verify()` find it there?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from codevault.errors import DamageError
from codevault.ids import BlobId, SnapshotId
from codevault.left import LeftContents
from codevault.projects.model import Project, Protection
from codevault.store.model import Entry, LostVersion, Notice, Snapshot, VerifyReport
from codevault.store.store import Store


@dataclass(slots=True)
class _Span:
    entry: Entry
    first: int
    last: int
    snapshots: int = 1


def with_repositories(
    report: VerifyReport, store: Store, projects: Iterable[Project], contents: LeftContents
) -> VerifyReport:
    """The report, with what was left to repositories and that they have no more: lost, and which snapshots it costs.

    A repository that is not at hand can be asked nothing: a notice says how many contents rest on it. So does one where
    it is, and knows no other machine any more: its copy is the only one.
    """
    lost: list[LostVersion] = []
    affected: dict[SnapshotId, None] = dict.fromkeys(report.affected)
    notices = list(report.notices)
    for project in projects:
        with contents.session():
            left = list(contents.of(project.id))
            gone = contents.absent(project.id, left)
            here = not left or contents.has_repository(project.id)
            alone = left and here and not gone and _relies(project) and contents.is_alone(project.id)
        if gone and not here:
            why = f"{len(gone)} contents of {project.name} were left to its repository, which is not at hand"
            notices.append(Notice(kind="elsewhere", file=f"projects/{project.id}.json", why=why))
        elif alone:
            why = (
                f"{len(left)} contents of {project.name} rest on its repository, which knows no other machine any more"
            )
            told = f"{why}: the next backup stores them"
            notices.append(Notice(kind="elsewhere", file=f"projects/{project.id}.json", why=told))
        elif gone:
            lost += _lost(store, project, gone, affected)
    if len(notices) == len(report.notices) and not lost:
        return report
    return replace(
        report,
        affected=tuple(affected),
        lost=(*report.lost, *lost),
        notices=tuple(sorted(notices, key=lambda notice: notice.file)),
    )


def _relies(project: Project) -> bool:
    return project.protection is Protection.TRUST_REMOTE


def _lost(
    store: Store, project: Project, gone: Collection[BlobId], affected: dict[SnapshotId, None]
) -> Iterator[LostVersion]:
    spans: dict[tuple[str, BlobId], _Span] = {}
    for snapshot in store.snapshots(project.id):
        if not snapshot.facts.get("left"):
            continue
        with suppress(DamageError):  # told already
            for entry in store.listing(snapshot).left():
                if entry.blob in gone:
                    affected[snapshot.id] = None
                    _note(spans, entry, snapshot)
    for (path, blob), span in spans.items():
        yield LostVersion(
            project=project.id,
            path=path,
            blob=blob,
            size=span.entry.size,
            first=span.first,
            last=span.last,
            snapshots=span.snapshots,
        )


def _note(spans: dict[tuple[str, BlobId], _Span], entry: Entry, snapshot: Snapshot) -> None:
    key = (entry.path, entry.blob or BlobId(""))
    span = spans.get(key)
    if span is None:
        spans[key] = _Span(entry, snapshot.sequence, snapshot.sequence)
    else:
        span.last = snapshot.sequence
        span.snapshots += 1
