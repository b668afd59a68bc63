"""Small projects for the index's tests: snapshots from texts, and an analysis that knows `def name` only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from codevault.analysis.model import FileAnalysis, Outcome, Symbol, SymbolKind, Unit
from codevault.ids import BlobId, ProjectId, SnapshotId, UnitId, VaultId
from codevault.index.index import Index
from codevault.index.model import FileChange, Pending, ProjectFacts, SnapshotFacts

VAULT = VaultId("ab" * 16)
SHOP = ProjectId("1" * 16)
DESK = ProjectId("2" * 16)
DAY_NS = 86_400 * 10**9
_DEFINITION = re.compile(rb"^def (\w+).*$", re.MULTILINE)


def blob_of(content: bytes) -> BlobId:
    """The id of a content."""
    return BlobId(blake3(content).hexdigest())


def digest_of(text: bytes) -> str:
    """A fingerprint of a text: 128 bits."""
    return blake3(text).hexdigest(16)


def hint(path: str) -> str:
    """A language by extension: py is Python, all else is none."""
    return "python" if path.endswith(".py") else ""


def understood(path: str, content: bytes) -> FileAnalysis:
    """One function from each line that begins with `def` to the next, a unit each; NUL makes a file binary."""
    if b"\0" in content:
        return FileAnalysis(outcome=Outcome.BINARY, language="", grammar="", problems=("holds NUL bytes",))
    if not hint(path):
        return FileAnalysis(outcome=Outcome.TEXT, language="", grammar="", units=_whole(content))
    found = list(_DEFINITION.finditer(content))
    ends = [match.start() for match in found[1:]] + [len(content)] * bool(found)
    symbols = tuple(_function(content, match, end, at) for at, (match, end) in enumerate(zip(found, ends, strict=True)))
    head = found[0].start() if found else len(content)
    units = [_unit(content, match.start(), end, at) for at, (match, end) in enumerate(zip(found, ends, strict=True))]
    rest = [_unit(content, 0, head, -1)] if head else []
    return FileAnalysis(
        outcome=Outcome.PARSED, language="python", grammar="by hand 1", symbols=symbols, units=tuple(units + rest)
    )


def _whole(content: bytes) -> tuple[Unit, ...]:
    return (_unit(content, 0, len(content), -1),) if content else ()


def _unit(content: bytes, start: int, end: int, symbol: int) -> Unit:
    return Unit(id=UnitId(digest_of(content[start:end])), spans=((start, end),), symbol=symbol)


def _function(content: bytes, match: re.Match[bytes], end: int, at: int) -> Symbol:
    text, name = content[match.start() : end], match[1].decode()
    first = content.count(b"\n", 0, match.start()) + 1
    return Symbol(
        name=name,
        qualified_name=f"Till.{name}",
        kind=SymbolKind.FUNCTION,
        start_byte=match.start(),
        end_byte=end,
        start_line=first,
        end_line=first + text.rstrip(b"\n").count(b"\n"),
        name_line=first,
        signature=match[0].decode(),
        parent=-1,
        unit=at,
        exact=digest_of(b" ".join(text.split())),
        renamed=digest_of(b" ".join(text.replace(match[1], b"name").split())),
        tokens=len(text.split()),
        body=digest_of(text[len(match[0]) :]),
    )


@dataclass
class Scene:
    """An index and what was put into it."""

    index: Index
    contents: dict[BlobId, bytes] = field(default_factory=dict)
    sequences: dict[ProjectId, int] = field(default_factory=dict)

    def project(self, project: ProjectId, name: str, client: str = "", tags: tuple[str, ...] = ()) -> None:
        """Records a project."""
        self.index.put_project(ProjectFacts(id=project, name=name, client=client, tags=tags))

    def snap(
        self,
        files: Mapping[str, bytes],
        removed: Iterable[str] = (),
        *,
        project: ProjectId = SHOP,
        secret: Iterable[str] = (),
    ) -> SnapshotId:
        """Records the next snapshot of a project, a day after the last; nothing is analysed."""
        sequence = self.sequences[project] = self.sequences.get(project, 0) + 1
        self.contents |= {blob_of(content): content for content in files.values()}
        identity = SnapshotId(blake3(f"{project} {sequence}".encode()).hexdigest())
        changed = tuple(
            FileChange(path=path, blob=blob_of(content), size=len(content), indexed=path not in secret)
            for path, content in files.items()
        )
        self.index.add_snapshot(
            SnapshotFacts(
                id=identity,
                project=project,
                sequence=sequence,
                created_ns=sequence * DAY_NS,
                changed=changed,
                removed=tuple(removed),
            )
        )
        return identity

    def understand(self, how: Callable[[str, bytes], FileAnalysis] = understood) -> None:
        """Analyses everything that waits, and commits."""
        for waiting in self.index.pending(self.index.waiting()):
            self.analyse(waiting, how)
        self.index.commit()

    def analyse(self, waiting: Pending, how: Callable[[str, bytes], FileAnalysis] = understood) -> None:
        """Analyses one file version."""
        content = self.contents[waiting.blob]
        self.index.add_analysis(waiting, how(waiting.path, content), content)


def in_memory() -> Scene:
    """An empty scene with the project SHOP."""
    scene = Scene(Index.in_memory(vault_id=VAULT, hint_of=hint))
    scene.project(SHOP, "shop", client="Acme", tags=("billing",))
    return scene


def on_disk(folder: Path) -> Scene:
    """The same in a folder."""
    scene = Scene(writer(folder))
    scene.project(SHOP, "shop", client="Acme", tags=("billing",))
    return scene


def writer(folder: Path) -> Index:
    """Opens the index in a folder for writing."""
    return Index.open(folder, vault_id=VAULT, writable=True, hint_of=hint)


def reader(folder: Path) -> Index:
    """Opens the index in a folder for reading."""
    return Index.open(folder, vault_id=VAULT, writable=False, hint_of=hint)
