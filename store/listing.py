"""A manifest as it lies in the store: proven as a whole, found by folder, and revised without decoding what stays.

A run that changes 500 of 80,000 files decodes and encodes the lines of their folders only; the others are copied as
bytes. Pure; the result is byte for byte what `encode_manifest` makes of the same entries, and a property test says so.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise

import msgspec

from codevault.ids import BlobId
from codevault.store.manifest import (
    MAX_LINE,
    Line,
    ManifestMalformed,
    encode_line,
    entry_of,
    is_plain,
    key_of,
    path_bytes,
)
from codevault.store.model import Entry, EntryKind

_BLOCK = 1 << 20
_DIGITS = 64
_DECODER = msgspec.json.Decoder(Line)
_ENCODER = msgspec.json.Encoder()


class Listing:
    """The lines of one manifest. Costs its bytes and some 60 more a line in memory.

    `files`, `bytes` and `contents` count its files, their sizes and the entries that name a blob; `left` are the lines
    of files whose content was left to a repository.

    Raises:
        ManifestMalformed: (when made) a line that `encode_manifest` would not write, or lines out of order.
    """

    def __init__(self, chunks: Iterable[bytes] = (), *, block: int = _BLOCK) -> None:
        """`block`: bytes that are decoded at a time. Objects for all lines at once would take twice the manifest."""
        self.files = self.bytes = self.contents = 0
        self._content = b"".join(chunks)  # of one piece: that piece, uncopied
        self._starts = array("Q", [0])
        self._ids: list[bytes] = []
        self._folders: dict[str, array[int]] = {}
        self._linked: list[int] = []
        self._left: list[int] = []
        last, at = b"", 0
        while at < len(self._content):
            end = self._content.find(b"\n", at + block) + 1 or len(self._content)
            last = self._take(self._content[at:end], last)
            at = end

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order of their paths' bytes."""
        return map(self._entry, range(len(self)))

    @property
    def folders(self) -> Sequence[str]:
        """Every folder that something lies in, "" for the root."""
        return tuple(self._folders)

    def folder(self, path: str) -> dict[str, Entry]:
        """What lies directly in a folder, by name."""
        begin = len(path) + 1 if path else 0
        entries = map(self._entry, self._folders.get(path, ()))
        return {entry.path[begin:]: entry for entry in entries}

    def find(self, path: str) -> Entry | None:
        """The entry of a path."""
        key = path_bytes(path)
        at = self._place(key)
        return self._entry(at) if at < len(self) and self._key(at) == key else None

    def linked(self) -> Iterator[Entry]:
        """The entries that are a further name of a file."""
        return map(self._entry, self._linked)

    def left(self) -> Iterator[Entry]:
        """The entries whose content was left to a repository."""
        return map(self._entry, self._left)

    @property
    def left_files(self) -> int:
        """How many these are."""
        return len(self._left)

    def ids(self) -> Iterable[bytes]:
        """What `blobs` gives, as bytes one after the other, many in each piece."""
        return tuple(self._ids)

    def blobs(self) -> Iterator[BlobId]:
        """The blob of every entry whose content the vault has to hold, in order."""
        for ids in self._ids:
            digits = ids.hex()
            for at in range(0, len(digits), _DIGITS):
                yield BlobId(digits[at : at + _DIGITS])

    def revised(self, changes: Mapping[str, Entry | None]) -> Iterator[bytes | memoryview]:
        """The manifest in pieces after these entries were put at their paths; None takes a path out.

        Raises:
            InvalidArgument: a path or target has bytes no file system allows.
        """
        content, copied = memoryview(self._content), 0
        for key, path in sorted((key_of(path), path) for path in changes):
            at = self._place(key)
            begin = self._starts[at]
            if begin > copied:
                yield content[copied:begin]
            there = at < len(self) and self._key(at) == key
            copied = self._starts[at + 1] if there else begin
            entry = changes[path]
            if entry is not None:
                yield encode_line(entry)
        if copied < len(content):
            yield content[copied:]

    def _take(self, block: bytes, last: bytes) -> bytes:
        """Takes up some whole lines; gives the key of the last one."""
        first = len(self)
        try:
            lines = _proven(block)
            self._count(lines, first)
            sizes = [len(line) for line in block.splitlines(keepends=True)]
            if max(sizes) > MAX_LINE:
                raise ManifestMalformed("a line too long")
            self._starts.extend(accumulate(sizes, initial=self._starts.pop()))
            paths = [line.path for line in lines]
            for at in _unusual(block, lines):
                paths[at] = self._checked(first + at, lines[at])
        except (msgspec.MsgspecError, ValueError) as exc:
            raise ManifestMalformed("a line that does not parse") from exc
        keys = [path_bytes(path) for path in paths]
        if any(key >= after for key, after in pairwise(chain((last,), keys))):
            raise ManifestMalformed("lines out of order")
        for number, path in enumerate(paths, first):
            numbers = self._folders.get(parent := path.rpartition("/")[0])
            if numbers is None:
                self._folders[parent] = array("I", (number,))
            else:
                numbers.append(number)
        return keys[-1]

    def _checked(self, number: int, line: Line) -> str:
        """The path of a line that is taken through its entry; `InvalidArgument` is a `ValueError`."""
        entry = entry_of(line)
        key_of(entry.path)
        if encode_line(entry) != self._line(number) + b"\n":
            raise ManifestMalformed("a line not in canonical form")
        if line.hardlink is not None:
            self._linked.append(number)
        return entry.path

    def _count(self, lines: Sequence[Line], first: int) -> None:
        sizes = [line.size for line in lines if line.kind == "file"]
        self.files += len(sizes)
        self.bytes += sum(sizes)
        self._left.extend(number for number, line in enumerate(lines, first) if line.reference is not None)
        held = [line.blob for line in lines if line.blob is not None and line.reference is None]
        left = [line.blob for line in lines if line.blob is not None and line.reference is not None]
        self.contents += len(held) + len(left)
        self._ids.append(_ids(held))
        _ids(left)

    def _line(self, number: int) -> bytes:
        return self._content[self._starts[number] : self._starts[number + 1] - 1]

    def _entry(self, number: int) -> Entry:
        return entry_of(_DECODER.decode(self._line(number)))

    def _key(self, number: int) -> bytes:
        line = _DECODER.decode(self._line(number))
        return path_bytes(line.path if line.path_base64 is None else entry_of(line).path)

    def _place(self, key: bytes) -> int:
        return bisect_left(range(len(self)), key, key=self._key)


class Revision:
    """A listing and what is to be different from it: what `Writer.commit_revised` records.

    `changes` holds the new entry by path, None where one goes; `files`, `bytes` and `left` (files whose content was
    left to a repository) count what the whole then holds.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.changes: dict[str, Entry | None] = {}
        self.files = listing.files
        self.bytes = listing.bytes
        self.left = listing.left_files

    def put(self, entry: Entry, old: Entry | None) -> None:
        """Takes up what now stands at the path where the listing has `old`."""
        if entry is old or entry == old:
            return
        self.changes[entry.path] = entry
        self._count(entry, 1)
        self._count(old, -1)

    def drop(self, old: Entry) -> None:
        """Takes out an entry of the listing."""
        self.changes[old.path] = None
        self._count(old, -1)

    def find(self, path: str) -> Entry | None:
        """What stands at the path in the end."""
        return self.changes[path] if path in self.changes else self.listing.find(path)

    def amend(self, entry: Entry) -> None:
        """Puts another form of the entry that stands at its path: of the same kind and size."""
        if entry == self.listing.find(entry.path):
            self.changes.pop(entry.path, None)
        else:
            self.changes[entry.path] = entry

    def _count(self, entry: Entry | None, times: int) -> None:
        if entry is not None and entry.kind is EntryKind.FILE:
            self.files += times
            self.bytes += times * entry.size
            self.left += times * (entry.reference is not None)


def _proven(block: bytes) -> list[Line]:
    lines = _DECODER.decode_lines(block)
    if _ENCODER.encode_lines(lines) != block:
        raise ManifestMalformed("a line not in canonical form")
    for mode in {line.mode for line in lines}:
        if f"{int(mode, 8):04o}" != mode:
            raise ManifestMalformed("a mode that is no octal number")
    return lines


def _ids(digits: Sequence[str]) -> bytes:
    ids = bytes.fromhex("".join(digits))
    if ids.hex() != "".join(digits) or any(len(each) != _DIGITS for each in digits):
        raise ManifestMalformed("a blob that is no id")
    return ids


def _unusual(block: bytes, lines: Sequence[Line]) -> Iterator[int]:
    """The lines whose text their entry does not follow from at once."""
    plain = block.isascii() and b"\\" not in block and b"\x7f" not in block
    for at, line in enumerate(lines):
        if (
            line.path_base64 is not None
            or line.target is not None
            or line.target_base64 is not None
            or line.hardlink is not None
            or line.hardlink_base64 is not None
            or line.owner is not None
            or line.xattrs is not None
            or (not plain and not is_plain(line.path))
        ):
            yield at
