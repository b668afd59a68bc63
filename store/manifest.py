"""The manifest codec: one JSON object a line and path, sorted by the path's bytes. Pure; see FORMAT.md."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import pairwise
from operator import itemgetter
from typing import Literal

import msgspec

from codevault.errors import InvalidArgument
from codevault.ids import BlobId
from codevault.store.model import Entry, EntryKind

MAX_LINE = 1 << 20
_Kind = Literal["file", "directory", "symlink", "fifo", "socket", "character-device", "block-device"]


class ManifestMalformed(Exception):  # noqa: N818 - never leaves the store: becomes RecordDamaged
    """A line that no manifest holds."""


class Line(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """The keys of a line in the order they are written; what changes most comes last and together: small deltas.

    Where bytes are not UTF-8, or hold a control character, quote or backslash, `path` and `target` are for people
    and the `…_base64` twin has the exact bytes: a shell can read both forms.
    """

    path: str
    kind: _Kind
    mode: str
    path_base64: str | None = None
    target: str | None = None
    target_base64: str | None = None
    hardlink: str | None = None
    hardlink_base64: str | None = None
    owner: str | None = None
    xattrs: dict[str, str] | None = None
    sparse: bool = False
    note: str | None = None
    reference: str | None = None
    size: int = 0
    mtime_ns: int = 0
    blob: str | None = None


_HEX = "0123456789abcdef"
_ID_DIGITS = 64
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_AWKWARD = re.compile(r'[\x00-\x1f"\\\x7f]')
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)


def path_bytes(path: str) -> bytes:
    """The exact bytes of a decoded path, the manifest's order."""
    return path.encode("utf-8", "surrogateescape")


def is_plain(text: str) -> bool:
    """True for printable ASCII without quote and backslash, which JSON writes as it is."""
    return _PLAIN.fullmatch(text) is not None


def encode_manifest(entries: Iterable[Entry]) -> bytes:
    """The manifest's lines, newlines included, in order.

    Raises:
        InvalidArgument: two entries share a path, or a path or target has bytes no file system allows.
    """
    ordered = list(entries)
    keys = [key_of(entry.path) for entry in ordered]
    if any(key >= after for key, after in pairwise(keys)):  # sorting what is sorted would cost memory only
        ordered = [entry for _, entry in sorted(zip(keys, ordered, strict=True), key=itemgetter(0))]
        for entry, after in pairwise(ordered):
            if entry.path == after.path:
                raise InvalidArgument(f"two entries for the path {entry.path!r}")
    del keys
    content = BytesIO()  # hands out what it holds without a copy
    content.writelines(map(encode_line, ordered))
    return content.getvalue()


def decode_line(line: bytes) -> Entry:
    """The entry that a line (without its newline) is. Types are checked; whether a path may be restored is not.

    Raises:
        ManifestMalformed: not exactly what `encode_manifest` writes, double keys with it.
    """
    if len(line) > MAX_LINE:
        raise ManifestMalformed("a line too long")
    try:
        read = _DECODER.decode(line)
        if _ENCODER.encode(read) != line:
            raise ManifestMalformed("a line not in canonical form")
        return entry_of(read)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise ManifestMalformed("a line that does not parse") from exc


def entry_of(read: Line) -> Entry:
    """The entry that the keys of a line stand for.

    Raises:
        ManifestMalformed, ValueError: a value that `encode_line` would not write.
    """
    return Entry(
        path=_exact(read.path, read.path_base64),
        kind=EntryKind(read.kind),
        mode=int(read.mode, 8),
        mtime_ns=read.mtime_ns,
        size=read.size,
        blob=None if read.blob is None else _blob(read.blob),
        target=None if read.target is None else _exact(read.target, read.target_base64),
        reference=read.reference,
        note=read.note,
        hardlink=None if read.hardlink is None else _exact(read.hardlink, read.hardlink_base64),
        owner=None if read.owner is None else _owner(read.owner),
        xattrs=() if read.xattrs is None else _xattrs(read.xattrs),
        sparse=read.sparse,
    )


def decode_manifest(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of a manifest given in pieces of any size, in path order, one line in memory at a time.

    Raises:
        ManifestMalformed: at the first line that is none or out of order.
    """
    previous: bytes | None = None
    for line in split_lines(chunks):
        entry = decode_line(line)
        key = path_bytes(entry.path)
        if previous is not None and key <= previous:
            raise ManifestMalformed("lines out of order")
        previous = key
        yield entry


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a text given in pieces, without their newlines.

    Raises:
        ManifestMalformed: the last line has no newline, or one is longer than `MAX_LINE`.
    """
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        yield from lines
        if len(rest) > MAX_LINE:
            raise ManifestMalformed("a line too long")
    if rest:
        raise ManifestMalformed("the last line is cut short")


def key_of(path: str) -> bytes:
    """The exact bytes of a path that is to be recorded.

    Raises:
        InvalidArgument: bytes no file system allows.
    """
    try:
        key = path_bytes(path)
    except UnicodeEncodeError as exc:
        raise InvalidArgument(f"a path that no file system has: {path!r}") from exc
    if not key or b"\0" in key:
        raise InvalidArgument(f"a path that no file system has: {path!r}")
    return key


def encode_line(entry: Entry) -> bytes:
    """The line of an entry, newline included.

    Raises:
        InvalidArgument: a path or target has bytes no file system allows.
    """
    line = Line(
        path=entry.path,
        kind=entry.kind.value,
        mode=f"{entry.mode:04o}",
        target=entry.target,
        note=entry.note,
        reference=entry.reference,
        size=entry.size,
        mtime_ns=entry.mtime_ns,
        blob=entry.blob,
    )
    if not _PLAIN.fullmatch(entry.path):
        line.path, line.path_base64 = _readable(entry.path)
    if entry.target is not None and not _PLAIN.fullmatch(entry.target):
        line.target, line.target_base64 = _readable(entry.target)
    if entry.hardlink is not None:
        line.hardlink, line.hardlink_base64 = _readable(entry.hardlink)
    if entry.owner is not None:
        line.owner = f"{entry.owner[0]}:{entry.owner[1]}"
    if entry.xattrs:
        line.xattrs = {name: base64.b64encode(value).decode() for name, value in sorted(entry.xattrs)}
    line.sparse = entry.sparse
    return _ENCODER.encode(line) + b"\n"


def _readable(text: str) -> tuple[str, str | None]:
    try:
        exact = path_bytes(text)
    except UnicodeEncodeError as exc:
        raise InvalidArgument(f"a path that no file system has: {text!r}") from exc
    readable = exact.decode("utf-8", "replace")
    plain = readable == text and not _AWKWARD.search(text)
    return readable, None if plain else base64.b64encode(exact).decode()


def _blob(text: str) -> BlobId:
    if len(text) != _ID_DIGITS or text.strip(_HEX):
        raise ManifestMalformed("a blob that is no id")
    return BlobId(text)


def _owner(text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    owner = int(user), int(group)
    if f"{owner[0]}:{owner[1]}" != text:
        raise ManifestMalformed("an owner that is not two numbers")
    return owner


def _xattrs(given: dict[str, str]) -> tuple[tuple[str, bytes], ...]:
    found = tuple((name, base64.b64decode(value, validate=True)) for name, value in given.items())
    if list(found) != sorted(found):
        raise ManifestMalformed("extended attributes out of order")
    return found


def _exact(readable: str, encoded: str | None) -> str:
    if encoded is None:
        return readable
    try:
        exact = base64.b64decode(encoded, validate=True)
    except binascii.Error as exc:
        raise ManifestMalformed("a path that does not decode") from exc
    if exact.decode("utf-8", "replace") != readable:
        raise ManifestMalformed("a path that reads differently from its bytes")
    return exact.decode("utf-8", "surrogateescape")
