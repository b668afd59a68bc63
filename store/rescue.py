#!/usr/bin/env python3
"""Reads a CodeVault archive with Python's standard library alone; a copy of this file lies in each archive.

    python3 rescue.py [--vault FOLDER] list
    python3 rescue.py [--vault FOLDER] restore SNAPSHOT TARGET [--verify] [PATH ...]

SNAPSHOT is the beginning of an id that `list` shows, or PROJECT/NUMBER. TARGET must not exist. With PATHs only these
and what lies below them are restored: hard links as links, holes as holes; owners and extended attributes are named and
left out. A blob that lies in several packs is taken from the first sound one. Frames are decoded by `compression.zstd`
(Python 3.14 and later) or by the `zstd` program. Checked are zstd's checksums and all lengths; `--verify` also computes
each file's BLAKE3 in plain Python (about 0.3 MB/s). It is the reference reader of the format that store/FORMAT.md
describes, and one file however long: that file is all there is when it is needed.
"""
# ruff: noqa: T201 - a program: what it says goes to the terminal

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import OrderedDict
from typing import Any, Iterator, NamedTuple  # noqa: UP035 - runs on Python 3.8, too

MAGIC = b"\x50\x2a\x4d\x18"
SOLID, DELTA, LIST = 0x53, 0x44, 0x4C
MOST = 1 << 27
HELD = 64 << 20
BLOCK = 1 << 16
KINDS = ("directory", "file", "symlink")  # in this order: nothing is ever written through a link
FACTS = {"project": str, "sequence": int, "created": str, "reason": str, "manifest": str}  # what is used of a snapshot


class Damaged(Exception):  # noqa: N818
    """Bytes of the archive that are missing or not what they should be."""


class Place(NamedTuple):
    """Where a blob lies: kind of frame, pack file, frame's offset and length, offset inside, length, base."""

    kind: int
    pack: str
    at: int
    stored: int
    inner: int
    length: int
    base: bytes


def main(arguments: list[str]) -> int:
    """Runs the program; 0 when everything the archive holds was restored, 1 when something failed."""
    parser = argparse.ArgumentParser(description="Reads a CodeVault archive without CodeVault.")
    parser.add_argument("--vault", default=os.path.dirname(os.path.abspath(__file__)))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    restoring = commands.add_parser("restore")
    restoring.add_argument("snapshot")
    restoring.add_argument("target")
    restoring.add_argument("paths", nargs="*")
    restoring.add_argument("--verify", action="store_true")
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            return show_snapshots(options.vault)
        return restore(options.vault, options.snapshot, options.target, options.paths, options.verify)
    except (Damaged, OSError) as exc:
        print(f"cannot go on: {plain(str(exc))}", file=sys.stderr)
        return 1


# ---- snapshots and manifests


def snapshots(vault: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each readable snapshot with its id, by project and number, then those that were thinned and are still there."""
    thinned = os.path.join(vault, "thinned")
    later = folders(thinned) if os.path.isdir(thinned) else []
    for project in folders(os.path.join(vault, "snapshots")) + later:
        for name in sorted(os.listdir(project)):
            number, _, rest = name.partition("-")
            if not (number.isdigit() and rest.endswith(".json")):
                continue
            try:
                with open(os.path.join(project, name), "rb") as file:
                    content = file.read()
                snapshot = json.loads(content.decode())
                sound = all(isinstance(snapshot[key], kind) for key, kind in FACTS.items())
            except (KeyError, OSError, RecursionError, TypeError, ValueError):
                sound = False
            if not sound:
                print(f"damaged and left out: {plain(name)}", file=sys.stderr)
                continue
            if blake3(content) != rest[:-5]:
                print(f"changed since it was written: {plain(name)}", file=sys.stderr)
            if project in later:
                snapshot["reason"] = "(thinned) " + snapshot["reason"]
            yield rest[:-5], snapshot


def folders(path: str) -> list[str]:
    """The folders in a folder, in order; files that others left there are passed over."""
    return [inner for name in sorted(os.listdir(path)) if os.path.isdir(inner := os.path.join(path, name))]


def show_snapshots(vault: str) -> int:
    """Prints one line a snapshot."""
    for identity, snapshot in snapshots(vault):
        project, number, created, reason = (
            plain(snapshot[key]) for key in ("project", "sequence", "created", "reason")
        )
        print(f"{project}/{number}  {created}  {identity}  {reason}")
    return 0


def find_snapshot(vault: str, wanted: str) -> dict[str, Any]:
    """The one snapshot that `wanted` stands for."""
    found = [
        snapshot
        for identity, snapshot in snapshots(vault)
        if identity.startswith(wanted) or wanted == "{}/{}".format(snapshot["project"], snapshot["sequence"])
    ]
    if len(found) != 1:
        raise Damaged(f"{len(found)} snapshots answer to {wanted}")
    return found[0]


def entries(manifest: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Each line of a manifest with its exact path."""
    for line in manifest.splitlines():
        entry = json.loads(line.decode())
        yield exact(entry, "path"), entry


def exact(entry: dict[str, Any], key: str) -> bytes:
    """A path's or link target's exact bytes."""
    encoded = entry.get(key + "_base64")
    return base64.b64decode(encoded) if encoded else entry[key].encode()


# ---- restoring


def restore(vault: str, wanted: str, target: str, paths: list[str], verify: bool) -> int:
    """Restores a snapshot, or the given paths of it, into a folder that does not exist yet."""
    snapshot = find_snapshot(vault, wanted)
    chosen = [os.fsencode(path).rstrip(b"/") for path in paths]
    with Blobs(vault) as blobs:
        manifest = [
            (path, entry)
            for path, entry in entries(blobs.read(snapshot["manifest"], verify))
            if not chosen or any(path == start or path.startswith(start + b"/") for start in chosen)
        ]
        left = [(path, entry) for path, entry in manifest if "reference" in entry and not blobs.holds(entry)]
        tell(left, manifest, os.path.join(vault, "vcs", plain(snapshot["project"])))
        gone = {path for path, _ in left}
        here = [(path, entry) for path, entry in manifest if path not in gone and entry["kind"] in KINDS]
        os.mkdir(target, 0o700)
        root = os.fsencode(target)
        failed: list[bytes] = []
        for kind in KINDS:
            for path, entry in here:
                if entry["kind"] == kind:
                    failed += attempt(root, path, entry, blobs, verify)
        for path, entry in reversed(here):
            if entry["kind"] == "directory" and path not in failed:
                finish(os.path.join(root, path), entry)
    print(f"restored {len(here) - len(failed)} of {len(manifest)} entries, {len(failed)} failed")
    return 1 if failed else 0


def tell(left: list[tuple[bytes, dict[str, Any]]], manifest: list[tuple[bytes, dict[str, Any]]], shelf: str) -> None:
    """Says what is not restored because it is not there, or not wanted: what was left to a repository first of all."""
    for path, entry in left:
        print("left to a repository, fetch it there: {} {}".format(plain(entry["reference"]), shown(path)))
    bundles = sorted(name for name in (os.listdir(shelf) if os.path.isdir(shelf) else ()) if "-bundle-" in name)
    for name in bundles:
        print(f"commits of its repository, see README.txt: {plain(os.path.join(shelf, name))}")
    for path, entry in manifest:
        if entry["kind"] not in KINDS:
            print("a {}, not made again: {}".format(plain(entry["kind"]), shown(path)))
        for key, what in (("owner", "owner"), ("xattrs", "extended attributes")):
            if key in entry:
                print(f"{what} left out: {shown(path)}")


def attempt(root: bytes, path: bytes, entry: dict[str, Any], blobs: Blobs, verify: bool) -> list[bytes]:
    """Makes one entry; what cannot be restored is named, the rest goes on."""
    try:
        make(root, path, entry, blobs, verify)
    except KeyError as missing:
        print(f"NOT restored: {shown(path)}: its entry says no {plain(missing)}", file=sys.stderr)
        return [path]
    except (Damaged, OSError, ValueError) as exc:
        print(f"NOT restored: {shown(path)}: {plain(str(exc))}", file=sys.stderr)
        return [path]
    return []


def make(root: bytes, path: bytes, entry: dict[str, Any], blobs: Blobs, verify: bool) -> None:
    """Makes one directory, file or symbolic link below `root`."""
    parts = path.split(b"/")
    foreign = os.name == "nt" and any(mark in path for mark in (b"\\", b":"))
    if foreign or b"\0" in path or any(part in (b"", b".", b"..") for part in parts):
        raise Damaged("a path that leads elsewhere")
    where = os.path.join(root, *parts)
    os.makedirs(os.path.dirname(where), 0o700, exist_ok=True)
    if entry["kind"] == "directory":
        os.makedirs(where, 0o700, exist_ok=True)
    elif entry["kind"] == "symlink":
        os.symlink(exact(entry, "target"), where)
    else:
        if "hardlink" in entry and link(root, exact(entry, "hardlink"), where, entry):
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(where, flags, 0o600), "wb") as file:
            written = write(file, blobs.pieces(entry["blob"], verify), bool(entry.get("sparse")))
        if written != entry.get("size", 0):
            raise Damaged(f"{written} bytes instead of {entry.get('size', 0)}")
        finish(where, entry)


def link(root: bytes, first: bytes, where: bytes, entry: dict[str, Any]) -> bool:
    """Makes a further name of a file that was restored a moment ago; False where that is not to be had: then a copy."""
    if any(part in (b"", b".", b"..") for part in first.split(b"/")):
        return False
    source = os.path.join(root, *first.split(b"/"))
    try:
        found = os.lstat(source)
        if not stat.S_ISREG(found.st_mode) or found.st_size != entry.get("size", 0):
            return False
        os.link(source, where)
    except (OSError, NotImplementedError):
        return False
    return True


def write(file: Any, pieces: Iterator[bytes], sparse: bool) -> int:
    """Writes the pieces of a file, with `sparse` leaving holes where whole blocks are zero; gives its length."""
    written = 0
    for piece in pieces:
        for at in range(0, len(piece), BLOCK):
            block = piece[at : at + BLOCK]
            if sparse and block.count(0) == len(block):
                file.seek(len(block), os.SEEK_CUR)
            else:
                file.write(block)
            written += len(block)
    file.truncate(written)
    return written


def finish(where: bytes, entry: dict[str, Any]) -> None:
    """Sets permissions (never set-user-id) and time."""
    os.chmod(where, stat.S_IMODE(int(entry["mode"], 8)) & 0o777)
    with contextlib.suppress(OSError, OverflowError):
        os.utime(where, ns=(entry.get("mtime_ns", 0), entry.get("mtime_ns", 0)))


def plain(text: object) -> str:
    """Text without characters that steer a terminal."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in str(text))


def shown(path: bytes) -> str:
    """A path fit for a terminal."""
    return plain(path.decode("utf-8", "replace"))


# ---- packs


class Blobs:
    """Finds and decodes blobs."""

    def __init__(self, vault: str) -> None:
        self._places: dict[bytes, tuple[Place, ...]] = {}
        self._bases: dict[bytes, bytes] = {}
        self._held: OrderedDict[object, bytes] = OrderedDict()
        self._bytes = 0
        self._work = tempfile.mkdtemp(prefix="rescue-")
        for folder in folders(os.path.join(vault, "packs")):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".pack"):
                    self._look_into(os.path.join(folder, name))

    def __enter__(self) -> Blobs:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def holds(self, entry: dict[str, Any]) -> bool:
        """True when the content of an entry is here, though it may have been left to a repository as well."""
        return bytes.fromhex(entry.get("blob", "")) in self._places

    def pieces(self, identity: str, verify: bool) -> Iterator[bytes]:
        """A blob's bytes in pieces, one chunk of a large file at a time."""
        place = self._all(bytes.fromhex(identity))[0]
        if place.kind != LIST or verify:
            yield self.read(identity, verify)
            return
        for line in self._frame(place, MOST).decode().splitlines():
            chunk, _, length = line.partition(" ")
            content = self.read(chunk, verify)
            if len(content) != int(length):
                raise Damaged("a chunk of the wrong length")
            yield content

    def read(self, identity: str, verify: bool) -> bytes:
        """A blob's bytes."""
        blob = bytes.fromhex(identity)
        content = self._read(blob, 0)
        if not verify or blake3(content) == identity:
            return content
        for place in self._all(blob)[1:]:
            with contextlib.suppress(Damaged, OSError, ValueError):
                content = self._read_at(blob, place, 0)
                if blake3(content) == identity:
                    return content
        raise Damaged(f"blob {identity} does not hash to its name")

    def _read(self, blob: bytes, depth: int) -> bytes:
        held = self._held.get(blob)
        if held is not None:
            return held
        if depth > 200:
            raise Damaged("a chain of bases without end")
        failure: Exception = Damaged(f"blob {blob.hex()} is in no pack")
        for place in self._all(blob):
            try:
                return self._read_at(blob, place, depth)
            except (Damaged, OSError, ValueError) as exc:
                failure = exc
        raise failure

    def _read_at(self, blob: bytes, place: Place, depth: int) -> bytes:
        if place.kind == SOLID:
            frame = self._solid(place)
            return frame[place.inner : place.inner + place.length]
        if place.kind == LIST:
            lines = self._frame(place, MOST).decode().splitlines()
            content = b"".join(self._read(bytes.fromhex(line.split(" ")[0]), depth + 1) for line in lines)
        else:
            base = self._bases.get(place.base)
            if base is None:
                raise Damaged(f"the base of blob {blob.hex()} is missing")
            content = self._frame(place, place.length, self._read(base, depth + 1))
        if len(content) != place.length:
            raise Damaged(f"blob {blob.hex()} has the wrong length")
        return self._hold(blob, content)

    def _solid(self, place: Place) -> bytes:
        key = (place.pack, place.at)
        held = self._held.get(key)
        return self._hold(key, self._frame(place, MOST)) if held is None else held

    def _hold(self, key: object, content: bytes) -> bytes:
        self._bytes += len(content) - len(self._held.pop(key, b""))
        self._held[key] = content
        while self._bytes > HELD and len(self._held) > 1:
            self._bytes -= len(self._held.popitem(last=False)[1])
        return content

    def _all(self, blob: bytes) -> tuple[Place, ...]:
        places = self._places.get(blob)
        if places is None:
            raise Damaged(f"blob {blob.hex()} is in no pack")
        return places

    def _frame(self, place: Place, most: int, base: bytes | None = None) -> bytes:
        with open(place.pack, "rb") as file:
            file.seek(place.at)
            frame = file.read(place.stored)
        return decompress(frame, most, base, self._work)

    def _look_into(self, pack: str) -> None:
        try:
            self._index(pack)
        except OSError as exc:
            print(f"cannot be read and left out: {plain(os.path.basename(pack))}: {exc.strerror}", file=sys.stderr)

    def _index(self, pack: str) -> None:
        size = os.path.getsize(pack)
        with open(pack, "rb") as file:
            at = 0
            while at + 8 < size:
                file.seek(at)
                magic, length = struct.unpack("<4sI", file.read(8))
                body = file.read(length) if magic == MAGIC and length < MOST else b""
                if len(body) < 40 or zlib.crc32(body[:-4]) != struct.unpack("<I", body[-4:])[0]:
                    at = next_magic(file, at + 1, size)
                    continue
                at = self._take(body, pack, at + 8 + length)

    def _take(self, body: bytes, pack: str, at: int) -> int:
        """Notes the members of the frame at `at`, which `body` announces; gives where the frame ends."""
        kind, cursor = body[0], 1
        stored, cursor = varint(body, cursor)
        count, cursor = varint(body, cursor) if kind == SOLID else (1, cursor)
        inner = 0
        for _ in range(count):
            blob = body[cursor : cursor + 32]
            length, cursor = varint(body, cursor + 32)
            base = body[cursor : cursor + 8] if kind == DELTA else b""
            self._places[blob] = (*self._places.get(blob, ()), Place(kind, pack, at, stored, inner, length, base))
            self._bases[blob[:8]] = blob
            inner += length
        return at + stored


def varint(body: bytes, cursor: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = body[cursor]
        value |= (byte & 0x7F) << shift
        cursor, shift = cursor + 1, shift + 7
        if byte < 0x80:
            return value, cursor


def next_magic(file: Any, at: int, size: int) -> int:
    """Where the next header may begin: how reading goes on behind damaged bytes."""
    while at < size:
        file.seek(at)
        block = file.read(1 << 20)
        found = block.find(MAGIC)
        if found >= 0:
            return at + int(found)
        at += max(1, len(block) - 3)
    return size


def decompress(frame: bytes, most: int, base: bytes | None, work: str) -> bytes:
    """What a zstd frame holds, at most `most` bytes; `base` is what `zstd --patch-from` calls it."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        prefix = None if base is None else zstd.ZstdDict(base, is_raw=True).as_prefix
        try:
            limits: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 28}
            decoder = zstd.ZstdDecompressor(zstd_dict=prefix, options=limits)
            content = decoder.decompress(frame, most + 1)
        except zstd.ZstdError as exc:
            raise Damaged(str(exc)) from exc
        if len(content) > most or not decoder.eof:
            raise Damaged("a frame of the wrong length")
        return content
    return decompress_with_program(frame, most, base, work)


def decompress_with_program(frame: bytes, most: int, base: bytes | None, work: str) -> bytes:
    """The same through the `zstd` program."""
    command = ["zstd", "-dcq", "--memory=2048MB"]
    if base is not None:
        patched = os.path.join(work, "base")
        with open(patched, "wb") as file:
            file.write(base)
        command.append("--patch-from=" + patched)
    with tempfile.TemporaryFile(dir=work) as given:
        given.write(frame)
        given.seek(0)
        running = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with running:
            assert running.stdout is not None and running.stderr is not None  # noqa: S101, PT018 - for type checkers
            content = running.stdout.read(most + 1)
            if len(content) > most:
                running.kill()
            why = running.stderr.read()
    if running.returncode or len(content) > most:
        raise Damaged("zstd: {}".format(why.decode("utf-8", "replace").strip()))
    return content


# ---- BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020), the plain hash only

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
SHUFFLE = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
MIXES = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
WORD = 0xFFFFFFFF


def blake3(content: bytes) -> str:
    """BLAKE3-256 in hexadecimal."""
    stack: list[tuple[int, ...]] = []  # chaining values of whole subtrees, the largest first
    chunks = max(1, (len(content) + 1023) // 1024)
    for number in range(chunks - 1):
        value = compress_chunk(content[number * 1024 : number * 1024 + 1024], number, 0)
        total = number + 1
        while total % 2 == 0:
            value = compress(IV, stack.pop() + value, 0, 64, PARENT)[:8]
            total //= 2
        stack.append(value)
    value = compress_chunk(content[(chunks - 1) * 1024 :], chunks - 1, 0 if stack else ROOT)
    while stack:
        left = stack.pop()
        value = compress(IV, left + value, 0, 64, PARENT | (0 if stack else ROOT))[:8]
    return struct.pack("<8I", *value).hex()


def compress_chunk(chunk: bytes, number: int, root: int) -> tuple[int, ...]:
    """The chaining value of at most 1024 bytes."""
    value: tuple[int, ...] = IV
    blocks = max(1, (len(chunk) + 63) // 64)
    for at in range(blocks):
        block = chunk[at * 64 : at * 64 + 64]
        flags = (CHUNK_START if at == 0 else 0) | (CHUNK_END | root if at == blocks - 1 else 0)
        words = struct.unpack("<16I", block.ljust(64, b"\0"))
        value = compress(value, words, number, len(block), flags)[:8]
    return value


def compress(value: tuple[int, ...], words: tuple[int, ...], counter: int, length: int, flags: int) -> tuple[int, ...]:
    """The compression function."""
    state = [*value, *IV[:4], counter & WORD, counter >> 32, length, flags]
    for turn in range(7):
        if turn:
            words = tuple(words[at] for at in SHUFFLE)
        for pair, (a, b, c, d) in enumerate(MIXES):
            for word, first, second in ((words[2 * pair], 16, 12), (words[2 * pair + 1], 8, 7)):
                state[a] = (state[a] + state[b] + word) & WORD
                mixed = state[d] ^ state[a]
                state[d] = (mixed >> first | mixed << (32 - first)) & WORD
                state[c] = (state[c] + state[d]) & WORD
                mixed = state[b] ^ state[c]
                state[b] = (mixed >> second | mixed << (32 - second)) & WORD
    return tuple(state[at] ^ state[at + 8] for at in range(8))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (binascii.Error, KeyError, IndexError, ValueError) as damage:
        print(f"cannot go on: damaged bytes ({type(damage).__name__})", file=sys.stderr)
        sys.exit(1)
