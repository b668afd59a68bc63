"""The JSON files of a vault: canonical text, seals, snapshots and log records. Pure; see FORMAT.md.

Canonical: keys sorted, one blank of indentation, UTF-8, a newline at the end, so that equal values are equal bytes.
Snapshots are named by the hash of their bytes. The other files carry a seal: the hash of themselves without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

from blake3 import blake3

from codevault.errors import InvalidArgument
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.store.drafts import checked_draft, clean_text
from codevault.store.layout import FORMAT_VERSION, is_project
from codevault.store.model import Snapshot, SnapshotDraft

MAX_RECORD = 1 << 26
_SNAPSHOT_KEYS = frozenset(
    {"created", "created_ns", "facts", "format", "kind", "manifest", "parent", "project", "reason", "sequence"}
    | {"utc_offset_s"}
)
_HEX = frozenset("0123456789abcdef")


class RecordMalformed(Exception):  # noqa: N818 - never leaves the store: becomes RecordDamaged, which knows the file
    """Bytes that are not the record they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFile:
    """A file as the log knows it: name relative to the vault, bytes, BLAKE3 in hexadecimal.

    The hash is left out where the file's name says it (packs and snapshots).
    """

    file: str
    bytes: int
    blake3: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One generation: what came and went. `previous` is the BLAKE3 of the record before it, None for the first.

    `packs` and `snapshots` count what the log knows of after this record. `floors` are numbers of snapshots, by
    project, that were given in a vault this one is an older copy of: they are not given again.
    """

    sequence: int
    previous: str | None
    time_ns: int
    packs: int
    snapshots: int
    added: tuple[LoggedFile, ...] = ()
    removed: tuple[str, ...] = ()
    floors: Mapping[str, int] = field(default_factory=dict)


def hash_of(content: bytes) -> str:
    """BLAKE3-256 in hexadecimal."""
    return blake3(content).hexdigest()


def canonical(value: Mapping[str, object]) -> bytes:
    """The one way to write a value. Text that is not Unicode (lone surrogates) turns everything non-ASCII into escapes.

    Raises:
        ValueError: not representable in JSON (NaN, a foreign type).
    """
    try:
        text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"
    except (TypeError, RecursionError) as exc:
        raise ValueError(str(exc)) from exc


def parse(content: bytes) -> dict[str, Any]:
    """The inverse of `canonical`; anything it would not have written is refused, double keys and NaN with it.

    Raises:
        RecordMalformed: not canonical.
    """
    try:
        value = json.loads(content.decode())
        if isinstance(value, dict) and len(content) <= MAX_RECORD and canonical(value) == content:
            return cast("dict[str, Any]", value)
    except (ValueError, RecursionError) as exc:
        raise RecordMalformed(f"not a record: {type(exc).__name__}") from exc
    raise RecordMalformed("not in canonical form")


def seal(value: Mapping[str, object]) -> bytes:
    """Canonical text of the value plus `check`, the BLAKE3 of its canonical text without it."""
    return canonical({**value, "check": hash_of(canonical(value))})


def unseal(content: bytes) -> dict[str, Any]:
    """The inverse of `seal`.

    Raises:
        RecordMalformed: a byte changed.
    """
    value = parse(content)
    check = value.pop("check", None)
    if check != hash_of(canonical(value)):
        raise RecordMalformed("its check does not match")
    return value


def encode_snapshot(
    draft: SnapshotDraft, sequence: int, parent: SnapshotId | None, manifest: BlobId
) -> tuple[bytes, Snapshot]:
    """The snapshot file's bytes and the snapshot they are.

    Raises:
        InvalidArgument: the draft cannot be recorded.
    """
    draft = checked_draft(draft)
    content = canonical(
        {
            "created": readable_time(draft.created_ns, draft.utc_offset_s),
            "created_ns": draft.created_ns,
            "facts": dict(draft.facts),
            "format": FORMAT_VERSION,
            "kind": draft.kind,
            "manifest": manifest,
            "parent": parent,
            "project": draft.project,
            "reason": draft.reason,
            "sequence": sequence,
            "utc_offset_s": draft.utc_offset_s,
        }
    )
    if len(content) > MAX_RECORD:
        raise InvalidArgument(f"the facts are too many: a record holds at most {MAX_RECORD} bytes")
    return content, decode_snapshot(content)


def decode_snapshot(content: bytes) -> Snapshot:
    """The snapshot that a file's bytes are.

    Raises:
        RecordMalformed: keys or types are not those of format 1.
    """
    value = parse(content)
    if set(value) != _SNAPSHOT_KEYS:
        raise RecordMalformed("unexpected keys")
    parent = value["parent"]
    sound = (
        _integer(value["sequence"], value["created_ns"], value["utc_offset_s"])
        and isinstance(value["project"], str)
        and is_project(value["project"])
        and is_id(value["manifest"])
        and (parent is None or is_id(parent))
        and isinstance(value["reason"], str)
        and isinstance(value["kind"], str)
        and isinstance(value["facts"], dict)
        and all(fact is None or isinstance(fact, str | int) for fact in value["facts"].values())
    )
    if not sound:
        raise RecordMalformed("a value of the wrong type")
    return Snapshot(
        id=SnapshotId(hash_of(content)),
        project=ProjectId(value["project"]),
        sequence=value["sequence"],
        parent=parent,
        manifest=BlobId(value["manifest"]),
        created_ns=value["created_ns"],
        utc_offset_s=value["utc_offset_s"],
        reason=clean_text(value["reason"]),  # other programs may write what ours refuses
        kind=clean_text(value["kind"]),
        facts={clean_text(name): _clean_fact(fact) for name, fact in value["facts"].items()},
    )


def _clean_fact(fact: str | int | None) -> str | int | None:
    return clean_text(fact) if isinstance(fact, str) else fact


def encode_log(record: LogRecord) -> bytes:
    """A log file's bytes."""
    floors = {"floors": dict(record.floors)} if record.floors else {}
    return seal(
        {
            **floors,
            "added": [_logged(new) for new in record.added],
            "format": FORMAT_VERSION,
            "packs": record.packs,
            "previous": record.previous,
            "removed": list(record.removed),
            "sequence": record.sequence,
            "snapshots": record.snapshots,
            "time_ns": record.time_ns,
        }
    )


def _logged(new: LoggedFile) -> dict[str, object]:
    named = {"bytes": new.bytes, "file": new.file}
    return {**named, "blake3": new.blake3} if new.blake3 else named


def decode_log(content: bytes) -> LogRecord:
    """The inverse of `encode_log`.

    Raises:
        RecordMalformed: a byte changed, or keys and types are not those of format 1.
    """
    value = unseal(content)
    try:
        added = tuple(
            LoggedFile(file=str(new["file"]), bytes=int(new["bytes"]), blake3=str(new.get("blake3", "")))
            for new in value["added"]
        )
        return LogRecord(
            sequence=int(value["sequence"]),
            previous=value["previous"],
            time_ns=int(value["time_ns"]),
            packs=int(value["packs"]),
            snapshots=int(value["snapshots"]),
            added=added,
            removed=tuple(str(name) for name in value["removed"]),
            floors={str(project): int(floor) for project, floor in value.get("floors", {}).items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise RecordMalformed("unexpected keys or types") from exc


def readable_time(created_ns: int, utc_offset_s: int) -> str:
    """A point in time for people, with its offset; empty where a calendar has no such year."""
    try:
        zone = timezone(timedelta(seconds=utc_offset_s))
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=created_ns // 1000)
        return moment.astimezone(zone).isoformat(timespec="seconds")
    except (OverflowError, ValueError):
        return ""


def is_id(value: object) -> bool:
    """True for 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and _HEX.issuperset(value)


def _integer(*values: object) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
