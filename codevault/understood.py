"""What was understood of contents that only repositories hold, kept on the shelf: it outlives them, unlike their text.

One file for what an analysis added: JSON lines in one zstd frame. The first line names the format; then each symbol
once, before the first content that holds it by its number, and the contents with the places of their symbols. Sketches
are left out, a fifth of the bytes: likeness that is neither equality nor renaming is told of texts that can be read.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import zstandard

from codevault.analysis.languages import language_hint
from codevault.analysis.model import FileAnalysis, Outcome, Symbol, SymbolKind, Unit
from codevault.commits import COMMITS, CommitFacts
from codevault.errors import RecordDamaged
from codevault.ids import BlobId, ProjectId, UnitId
from codevault.index.index import Index
from codevault.index.model import IndexState, Pending, SymbolVersion
from codevault.index.rows import steps
from codevault.index.understood import Understood
from codevault.store.store import Store

UNDERSTOOD = "understood"
_FORMAT = 1
_LEVEL = 12
_WINDOW = 24  # symbols recur far apart; any zstd reads up to 27
_NAMED = 20  # digits of a content's id: enough to find it again, a third of what all would take
_AT_ONCE = 500
_OUTCOMES = {
    IndexState.PARSED: Outcome.PARSED,
    IndexState.TEXT: Outcome.TEXT,
    IndexState.BINARY: Outcome.BINARY,
    IndexState.FAILED: Outcome.FAILED,
}
_DIGEST = 16
_SYMBOL = b'{"symbol"'
_BLOCK = 1 << 20


def keep_understood(store: Store, index: Index) -> int:
    """Keeps what the index found in contents of commits that the vault does not hold; gives the bytes that it took.

    Only what is not kept already is added. Costs a look at the shelf where no commit came since all was kept.

    What was kept and is damaged is kept again.

    Raises:
        VaultBusy, StorageFull, StorageError: nothing was kept.
    """
    added = 0
    for project in index.project_ids():
        files = store.shelf.files(project, COMMITS)
        if not files or index.noted(UNDERSTOOD, project) == files[-1].name:
            continue
        kept = KeptSymbols(store, (project,))
        try:
            facts = CommitFacts(store, project)
        except RecordDamaged:
            continue
        blobs = {held.blob for held in facts.objects.values() if held.blob is not None}
        wanted = sorted(blob for blob in blobs if blob[:_NAMED] not in kept.blobs and not store.contains(blob))
        lines = _Lines(index)
        packed = list(_compressed(lines.of(wanted)))
        if lines.contents:
            added += store.shelf.put(project, UNDERSTOOD, "jsonl.zst", packed).size
        if not index.pending_count():
            index.note(UNDERSTOOD, project, files[-1].name)
    return added


def _compressed(lines: Iterable[bytes]) -> Iterator[bytes]:
    chosen = zstandard.ZstdCompressionParameters.from_level(_LEVEL, window_log=_WINDOW, write_checksum=True)
    packer = zstandard.ZstdCompressor(compression_params=chosen).compressobj()
    yield from filter(None, map(packer.compress, lines))
    yield packer.flush()


class _Lines:
    """Turns what the index knows of contents into the lines of a file."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._numbers: dict[int, int] = {}
        self.contents = 0

    def of(self, blobs: Iterable[BlobId]) -> Iterator[bytes]:
        yield _line({"format": _FORMAT})
        for part in steps(blobs, _AT_ONCE):
            found = [one for one in self._index.understood(part) if one.state in _OUTCOMES]
            new = dict.fromkeys(n for one in found for n, _, _ in one.symbols if n not in self._numbers)
            for number, symbol in self._index.symbol_facts(new).items():
                self._numbers[number] = len(self._numbers)
                yield _line({"symbol": _symbol_fields(symbol)})
            for one in found:
                self.contents += 1
                yield _line(self._described(one))

    def _described(self, one: Understood) -> dict[str, object]:
        values: list[int] = []
        expected = byte = 0
        line = 1
        for number, at_byte, at_line in one.symbols:
            here = self._numbers[number]
            values.extend((here - expected, at_byte - byte, at_line - line))
            expected, byte, line = here + 1, at_byte, at_line
        described: dict[str, object] = {"content": one.blob[:_NAMED], "hint": one.hint, "outcome": _OUTCOMES[one.state]}
        facts = {"language": one.language, "grammar": one.grammar, "problem": one.reason}
        described.update((name, value) for name, value in facts.items() if value)
        if values:
            described["symbols"] = values
        return described


class KeptSymbols:
    """What is kept of contents, by the first digits of the blob and the hint, read when first asked for.

    A damaged file is left out: `verify()` names it.
    """

    def __init__(self, store: Store, projects: Iterable[ProjectId]) -> None:
        self._store = store
        self._projects = tuple(projects)
        self._symbols: list[bytes] = []  # as they lie there: few of many are ever asked for
        self._lines: dict[tuple[str, str], tuple[int, bytes]] | None = None

    @property
    def blobs(self) -> frozenset[str]:
        """The first digits of the blobs of which something is kept."""
        return frozenset(blob for blob, _ in self._known())

    def analysis(self, pending: Pending) -> FileAnalysis | None:
        """What was found in a content while its text could still be read, None when nothing is kept of it."""
        found = self._known().get((pending.blob[:_NAMED], language_hint(pending.path)))
        return None if found is None else self._analysis(found[0], json.loads(found[1]))

    def _known(self) -> Mapping[tuple[str, str], tuple[int, bytes]]:
        if self._lines is None:
            self._lines = {}
            for project in self._projects:
                for file in self._store.shelf.files(project, UNDERSTOOD):
                    with suppress(RecordDamaged, zstandard.ZstdError, ValueError, KeyError, TypeError, StopIteration):
                        self._read(self._store.shelf.read(file), self._lines)
        return self._lines

    def _read(self, blocks: Iterable[bytes], known: dict[tuple[str, str], tuple[int, bytes]]) -> None:
        packed = io.BytesIO(b"".join(blocks))
        lines = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(packed), _BLOCK)
        if json.loads(next(lines))["format"] != _FORMAT:
            return
        first = len(self._symbols)
        for line in lines:
            if line.startswith(_SYMBOL):
                self._symbols.append(line)
            else:
                content = json.loads(line)
                known[content["content"], content["hint"]] = (first, line)

    def _analysis(self, first: int, line: Mapping[str, Any]) -> FileAnalysis:
        placed = []
        expected = byte = 0
        at_line = 1
        values = line.get("symbols", ())
        for at in range(0, len(values), 3):
            number = expected + values[at]
            byte += values[at + 1]
            at_line += values[at + 2]
            placed.append((json.loads(self._symbols[first + number])["symbol"], byte, at_line))
            expected = number + 1
        symbols = tuple(_symbol(fields, byte, line, at) for at, (fields, byte, line) in enumerate(placed))
        return FileAnalysis(
            outcome=Outcome(line["outcome"]),
            language=line.get("language", ""),
            grammar=line.get("grammar", ""),
            symbols=symbols,
            units=tuple(Unit(id=UnitId(_digests(fields)[2]), spans=()) for fields, _, _ in placed),
            problems=(line["problem"],) if "problem" in line else (),
        )


def _symbol_fields(symbol: SymbolVersion) -> list[object]:
    digests = b"".join(map(bytes.fromhex, (symbol.exact, symbol.renamed, symbol.unit, symbol.body)))
    return [
        symbol.qualified_name,
        symbol.name,
        symbol.kind,
        symbol.end_byte,
        symbol.end_line - 1,
        symbol.name_line - 1,
        symbol.tokens,
        base64.b64encode(digests).decode("ascii"),
        symbol.signature,
        symbol.parameters,
        symbol.returns,
        symbol.visibility,
        symbol.decorators,
        symbol.documentation,
        symbol.calls,
    ]


def _digests(fields: list[Any]) -> tuple[str, str, str, str]:
    packed = base64.b64decode(fields[7])
    exact, renamed, unit, body = (packed[at : at + _DIGEST].hex() for at in range(0, 4 * _DIGEST, _DIGEST))
    return exact, renamed, unit, body


def _symbol(fields: list[Any], byte: int, line: int, unit: int) -> Symbol:
    qualified, name, kind, size, lines, name_line, tokens, _, signature = fields[:9]
    exact, renamed, _, body = _digests(fields)
    return Symbol(
        name=name,
        qualified_name=qualified,
        kind=SymbolKind(kind),
        start_byte=byte,
        end_byte=byte + size,
        start_line=line,
        end_line=line + lines,
        name_line=line + name_line,
        signature=signature,
        parent=-1,
        unit=unit,
        exact=exact,
        renamed=renamed,
        tokens=tokens,
        body=body,
        parameters=tuple(fields[9]),
        returns=fields[10],
        visibility=fields[11],
        decorators=tuple(fields[12]),
        documentation=fields[13],
        calls=tuple(fields[14]),
    )


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
