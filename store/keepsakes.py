"""Keepsakes: parts of blobs that outlive them as blobs of their own. The last text of a function now gone, say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from codevault.errors import DamageError, InvalidArgument, RecordDamaged
from codevault.ids import BlobId, ProjectId
from codevault.store.drafts import clean_text
from codevault.store.layout import FORMAT_VERSION, document_of, is_project
from codevault.store.publishing import ensure_folder, publish
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, is_id, seal, unseal
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState
from codevault.store.writing import Writer

_MAX_LABEL = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`length` bytes of a blob from `start` on that must outlive it; project, path and label are for finding it again.

    Raises:
        InvalidArgument: no such project or span can exist.
    """

    blob: BlobId
    start: int
    length: int
    project: ProjectId
    path: str
    label: str

    def __post_init__(self) -> None:
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (self.start, self.length))
        if not whole or self.start < 0 or self.length < 1 or not is_id(self.blob) or not is_project(self.project):
            raise InvalidArgument(f"no span of a blob of a project: {self.label[:40]!r}")
        if max(len(self.path), len(self.label)) > _MAX_LABEL:
            raise InvalidArgument(f"the path and label of a span have at most {_MAX_LABEL} characters each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepsake:
    """A span that is kept: `text` is the blob that holds its bytes."""

    span: Span
    text: BlobId


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    label: str
    start: int
    length: int
    blob: str
    text: str


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Line)


def keep(turn: Turn, spans: Iterable[Span]) -> tuple[Keepsake, ...]:
    """Stores spans as blobs of their own and lists them, durable on return; those kept before stay as they are.

    Raises:
        BlobMissing, BlobDamaged: a blob that a span is cut from; nothing new is listed.
        InvalidArgument: a span reaches beyond its blob.
        StorageFull, StorageError: some projects' new keepsakes are listed, or none.
    """
    state = turn.state
    wanted: dict[ProjectId, list[Span]] = {}
    for span in spans:
        wanted.setdefault(span.project, []).append(span)
    kept: list[Keepsake] = []
    for project in sorted(wanted):
        with Writer(state, turn.lend()) as writer:
            writer.note_unlogged(turn.take_unlogged())
            new = [Keepsake(span=span, text=writer.add(_cut(state, span))) for span in wanted[project]]
        _list(turn, project, dict.fromkeys((*keepsakes_of(state, project), *new)))
        kept += new
    return tuple(kept)


def release(turn: Turn, project: ProjectId, texts: Collection[BlobId]) -> None:
    """Forgets keepsakes: the next prune frees what nothing else needs. Those that are not kept are passed over.

    Raises:
        DamageError: the list cannot be read.
        StorageFull, StorageError: all are still kept.
    """
    held = keepsakes_of(turn.state, project)
    left = [keepsake for keepsake in held if keepsake.text not in texts]
    if len(left) < len(held):
        _list(turn, project, left)


def keepsakes_of(state: VaultState, project: ProjectId) -> tuple[Keepsake, ...]:
    """A project's keepsakes, in the order they were kept.

    Raises:
        RecordDamaged, BlobMissing, BlobDamaged: their list cannot be read.
    """
    listing = _listing(state, project)
    if listing is None:
        return ()
    path = state.layout.keepsake(project)
    try:
        return tuple(_decoded(project, line) for line in state.reader.read(listing).splitlines())
    except (msgspec.MsgspecError, InvalidArgument) as exc:
        raise RecordDamaged(path, "its list does not parse") from exc


def keepsake_blobs(
    state: VaultState, lost: dict[str, None], *, leave_out: Collection[ProjectId] = ()
) -> Iterator[tuple[ProjectId, tuple[BlobId, ...]]]:
    """For each project the blobs that its keepsakes are, their list first; `lost` takes what cannot be read."""
    for file in state.files.list(state.layout.keepsakes) or ():
        project = ProjectId(document_of(file.name) or "")
        if not is_project(project) or project in leave_out:
            continue
        try:
            listing = _listing(state, project)
            found = tuple(keepsake.text for keepsake in keepsakes_of(state, project))
        except DamageError as exc:
            lost[str(exc)] = None
        else:
            yield project, found if listing is None else (listing, *found)


def _cut(state: VaultState, span: Span) -> bytes:
    content = state.reader.read(span.blob)
    if span.start + span.length > len(content):
        raise InvalidArgument(f"the span {span.label[:40]!r} reaches beyond the {len(content)} bytes of its blob")
    return content[span.start : span.start + span.length]


def _list(turn: Turn, project: ProjectId, keepsakes: Iterable[Keepsake]) -> None:
    state = turn.state
    content = b"".join(_encoded(keepsake) for keepsake in keepsakes)
    with Writer(state, turn.lend()) as writer:
        writer.note_unlogged(turn.take_unlogged())
        listing = writer.add(content)
    target = state.layout.keepsake(project)
    record = seal({"format": FORMAT_VERSION, "list": listing, "project": project})
    turn.check()
    ensure_folder(state.files, state.layout.keepsakes)
    publish(state.files, state.layout, target, record)
    turn.log([LoggedFile(file=state.layout.relative(target), bytes=len(record), blake3=hash_of(record))])


def _listing(state: VaultState, project: ProjectId) -> BlobId | None:
    path = state.layout.keepsake(project)
    content = state.files.read(path)
    if content is None:
        return None
    try:
        value = unseal(content)
    except RecordMalformed as exc:
        raise RecordDamaged(path, str(exc)) from exc
    if value.get("project") != project or not is_id(value.get("list")):
        raise RecordDamaged(path, "it names no list")
    return BlobId(value["list"])


def _encoded(keepsake: Keepsake) -> bytes:
    span = keepsake.span
    line = _Line(
        path=clean_text(span.path),
        label=clean_text(span.label),
        start=span.start,
        length=span.length,
        blob=span.blob,
        text=keepsake.text,
    )
    return _ENCODER.encode(line) + b"\n"


def _decoded(project: ProjectId, line: bytes) -> Keepsake:
    read = _DECODER.decode(line)
    if not is_id(read.text):
        raise InvalidArgument("a keepsake without a text")
    span = Span(
        blob=BlobId(read.blob), start=read.start, length=read.length, project=project, path=read.path, label=read.label
    )
    return Keepsake(span=span, text=BlobId(read.text))
