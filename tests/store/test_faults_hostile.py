"""Vaults that somebody made to harm: bombs, forged lengths, cycles, crafted records. Little memory, typed errors."""

from __future__ import annotations

import ast
import os
import struct
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import pytest

from codevault.errors import BlobDamaged, DamageError, RecordDamaged
from codevault.ids import BlobId, PackId, ProjectId, SnapshotId
from codevault.store.filesystem import DiskFileSystem
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Snapshot
from codevault.store.pack import FrameKind, Header, encode_header
from codevault.store.records import canonical, encode_snapshot, hash_of
from codevault.store.store import Store
from codevault.store.zstd_codec import compress, compress_delta
from tests.store.scenes import (
    FIRST,
    ROOT,
    SECOND,
    SHOP,
    back_up,
    back_up_blindly,
    draft,
    new_store,
    restored,
    ticking,
    write,
)

CODE = Path(__file__).parents[2]
SMALL = b"small content\n"
MIB = 1 << 20


def _announcing(size: int, window: int = 0x58) -> bytes:
    """A zstd frame of one empty last block whose header announces a size of eight bytes and a window."""
    return b"\x28\xb5\x2f\xfd" + bytes([0b11000000, window]) + struct.pack("<Q", size) + b"\x01\x00\x00"


def _unannounced_zeros(blocks: int) -> bytes:
    """A frame that says no size and expands to 128 KiB of zeros a block, of four bytes each."""
    block = struct.pack("<I", (128 << 10) << 3 | 0b010)[:3] + b"\0"
    last = struct.pack("<I", 1 << 3 | 0b011)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd" + bytes([0, 0x58]) + block * blocks + last


HOSTILE_FRAMES = {
    "a terabyte announced": _announcing(1 << 40),
    "a gibibyte announced and a window of it": _announcing(1 << 30, 0xA8),
    "a window beyond all measure": _announcing(len(SMALL), 0xF8),
    "no size, gigabytes in it": _unannounced_zeros(20_000),
    "more than recorded": compress(bytes(64 * MIB), 1),
    "less than recorded": compress(b"x", 1),
    "a dictionary wanted": b"\x28\xb5\x2f\xfd" + bytes([0b00100011, len(SMALL)]) + bytes(4) + b"\x01\x00\x00",
    "two frames": compress(SMALL, 1) * 2,
    "a skippable frame behind": compress(SMALL, 1) + b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd",
    "a skippable frame alone": b"\x5f\x2a\x4d\x18\x04\x00\x00\x00abcd",
    "nothing": b"",
    "other content": compress(SMALL[::-1], 1),
}


def _planted_pack(files: MemoryFileSystem, *frames: tuple[Header, bytes]) -> PackId:
    """A pack of these frames under its right name."""
    content = b"".join(encode_header(header) + frame for header, frame in frames)
    pack = PackId(hash_of(content))
    files.make_folder(Layout(ROOT).pack(pack).parent)
    write(files, Layout(ROOT).pack(pack), content)
    return pack


def _solid(frame: bytes, *members: tuple[bytes, int]) -> tuple[Header, bytes]:
    return Header(kind=FrameKind.SOLID, stored=len(frame), members=members), frame


def _delta(frame: bytes, blob: bytes, length: int, base: bytes) -> tuple[Header, bytes]:
    return Header(kind=FrameKind.DELTA, stored=len(frame), members=((blob, length),), base=base[:8]), frame


def _raw(content: bytes) -> bytes:
    return bytes.fromhex(hash_of(content))


def _with_planted(*frames: tuple[Header, bytes]) -> Store:
    store, files = new_store()
    back_up(store, FIRST)
    _planted_pack(files, *frames)
    return Store.open(ROOT, filesystem=files, clock=ticking)


@pytest.mark.parametrize("frame", HOSTILE_FRAMES.values(), ids=HOSTILE_FRAMES.keys())
@pytest.mark.parametrize("kind", ["solid", "delta", "list"])
def test_a_hostile_frame_is_a_damaged_blob_and_nothing_more(frame: bytes, kind: str) -> None:
    blob, base = _raw(SMALL), _raw(FIRST["main.py"])
    made = {
        "solid": _solid(frame, (blob, len(SMALL))),
        "delta": _delta(frame, blob, len(SMALL), base),
        "list": (Header(kind=FrameKind.LIST, stored=len(frame), members=((blob, len(SMALL)),)), frame),
    }
    store = _with_planted(made[kind])
    with pytest.raises(DamageError):
        store.read(BlobId(blob.hex()))
    with pytest.raises(DamageError):
        list(store.read_chunks(BlobId(blob.hex())))
    assert not store.verify().ok
    assert restored(store, back_up(store, SECOND)) == SECOND
    with store.writer() as writer:
        healed = writer.add(SMALL)
    assert store.read(healed) == SMALL


@pytest.mark.parametrize("length", [0, 1, len(SMALL) + 1, 1 << 32, 1 << 62])
def test_a_forged_length_is_found_before_anything_is_made_of_it(length: int) -> None:
    store = _with_planted(_solid(compress(SMALL, 1), (_raw(SMALL), length)))
    with pytest.raises(BlobDamaged):
        store.read(BlobId(hash_of(SMALL)))
    assert not store.verify().ok


def test_members_whose_lengths_only_add_up_by_overflowing_are_refused() -> None:
    members = ((_raw(b"a"), 1 << 62), (_raw(b"b"), 1 << 62), (_raw(SMALL), len(SMALL)))
    store = _with_planted(_solid(compress(SMALL, 1), *members))
    with pytest.raises(DamageError):
        store.read(BlobId(hash_of(SMALL)))
    assert not store.verify().ok


def test_a_thousand_million_members_claimed_are_not_believed() -> None:
    body = b"S\x05" + b"\x80\x94\xeb\xdc\x03" + bytes(32)
    body += struct.pack("<I", crc32(body))
    store, files = new_store()
    back_up(store, FIRST)
    content = b"\x50\x2a\x4d\x18" + struct.pack("<I", len(body)) + body + b"12345"
    pack = PackId(hash_of(content))
    files.make_folder(Layout(ROOT).pack(pack).parent)
    write(files, Layout(ROOT).pack(pack), content)
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert again.verify().blobs == store.verify().blobs
    assert restored(again, back_up(again, SECOND)) == SECOND


def test_bases_in_a_circle_end_in_an_error() -> None:
    first, second = b"first of the two\n" * 9, b"second of the two\n" * 9
    there = _delta(compress_delta(first, second), _raw(first), len(first), _raw(second))
    back = _delta(compress_delta(second, first), _raw(second), len(second), _raw(first))
    store = _with_planted(there, back)
    with pytest.raises(BlobDamaged):
        store.read(BlobId(hash_of(first)))
    assert not store.verify().ok
    with store.writer() as writer:
        healed = writer.add(first, hint=BlobId(hash_of(second)))
    assert store.read(healed) == first


def test_lists_in_a_circle_end_in_an_error() -> None:
    one, two = b"11" * 16, b"22" * 16
    frames = [
        (Header(kind=FrameKind.LIST, stored=len(frame), members=((own, 9 * MIB),)), frame)
        for own, other in ((one, two), (two, one))
        for frame in [compress(f"{other.hex()} {9 * MIB}\n".encode(), 1)]
    ]
    store = _with_planted(*frames)
    with pytest.raises(DamageError):
        list(store.read_chunks(BlobId(one.hex())))
    assert not store.verify().ok


LINE = b'{"path":"main.py","kind":"file","mode":"0644","size":6,"mtime_ns":5}'
HOSTILE_MANIFESTS = {
    "no newline in forty megabytes": b'{"path":"' + b"x" * (40 * MIB),
    "brackets without end": b"[" * 2_000_000 + b"\n",
    "objects without end": b'{"path":' * 500_000 + b"\n",
    "a path twice in one line": b'{"path":"a","path":"b","kind":"file","mode":"0644","size":6,"mtime_ns":5}\n',
    "a path in two lines": LINE + b"\n" + LINE + b"\n",
    "no number": LINE.replace(b"6", b"NaN") + b"\n",
    "an infinite number": LINE.replace(b"6", b"1e999") + b"\n",
    "a number of a million digits": LINE.replace(b"6", b"9" * 1_000_000) + b"\n",
    "a number beyond 64 bits": LINE.replace(b"6", b"18446744073709551616") + b"\n",
    "a text for a number": LINE.replace(b":6", b':"6"') + b"\n",
    "a number for a text": LINE.replace(b'"main.py"', b"7") + b"\n",
    "a list for an object": b'["main.py"]\n',
    "an unknown kind": LINE.replace(b'"file"', b'"portal"') + b"\n",
    "an unknown key": LINE.replace(b'"size"', b'"run":"rm","size"') + b"\n",
    "bytes that are no text": b'{"path":"\xff"}\n',
    "a blob that is no id": LINE[:-1] + b',"blob":"../../etc/passwd"}\n',
    "empty lines": b"\n" * 1000,
    "a cut line": LINE,
}


def _planted_snapshot(store: Store, manifest: bytes) -> Snapshot:
    """A sound record of a snapshot whose manifest is these bytes."""
    with store.writer() as writer:
        blob, _ = writer.add_stream(iter([manifest[at : at + MIB] for at in range(0, len(manifest), MIB)]))
    newest = store.snapshots(SHOP)[-1]
    content, snapshot = encode_snapshot(draft(), newest.sequence + 1, newest.id, blob)
    write(store._state.files, Layout(ROOT).snapshot(SHOP, snapshot.sequence, snapshot.id), content)
    store.rescan()
    return snapshot


@pytest.mark.parametrize("manifest", HOSTILE_MANIFESTS.values(), ids=HOSTILE_MANIFESTS.keys())
def test_a_hostile_manifest_is_a_damaged_record_and_the_rest_goes_on(manifest: bytes) -> None:
    store, _ = new_store()
    first = back_up(store, FIRST)
    planted = _planted_snapshot(store, manifest)
    with pytest.raises(DamageError):
        list(store.manifest(planted))
    report = store.verify()
    assert planted.id in report.affected
    assert first.id not in report.affected
    assert restored(store, back_up_blindly(store, SECOND)) == SECOND
    assert restored(store, first) == FIRST


RECORD = {
    "created": "2023-11-14T22:13:20+00:00",
    "created_ns": 5,
    "facts": {},
    "format": 2,
    "kind": "manual",
    "manifest": "ab" * 32,
    "parent": None,
    "project": SHOP,
    "reason": "",
    "sequence": 2,
    "utc_offset_s": 0,
}
HOSTILE_RECORDS = {
    "deep": b'{"facts":' * 100_000,
    "not a number": canonical(RECORD).replace(b'"sequence": 2', b'"sequence": NaN'),
    "a huge number": canonical(RECORD).replace(b'"sequence": 2', b'"sequence": ' + b"9" * 5000),
    "a key twice": canonical(RECORD).replace(b' "sequence": 2', b' "sequence": 2,\n "sequence": 2'),
    "another project": canonical({**RECORD, "project": "ffffffffffffffff"}),
    "a project that leads elsewhere": canonical({**RECORD, "project": "../../../../etc"}),
    "a manifest that leads elsewhere": canonical({**RECORD, "manifest": "../../vault.json"}),
    "its own parent": canonical({**RECORD, "parent": "no id"}),
    "true for a number": canonical({**RECORD, "sequence": True}),
    "another sequence than its name": canonical({**RECORD, "sequence": 3}),
    "more keys": canonical({**RECORD, "run": "rm"}),
    "64 MiB of blanks": b" " * (65 * MIB),
}


@pytest.mark.parametrize("record", HOSTILE_RECORDS.values(), ids=HOSTILE_RECORDS.keys())
def test_a_hostile_record_is_damage_whatever_its_name_says(record: bytes) -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    write(files, Layout(ROOT).snapshot(SHOP, 2, SnapshotId(hash_of(record))), record)
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert again.snapshots() == (first,)
    assert [damaged.sequence for damaged in again.damaged_snapshots()] == [2]
    assert not again.verify().ok
    second = back_up(again, SECOND)
    assert (second.sequence, restored(Store.open(ROOT, filesystem=files), second)) == (3, SECOND)


def test_a_planted_number_never_makes_the_next_snapshot_invisible() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    write(files, Layout(ROOT).snapshot(SHOP, 99_999_999, SnapshotId("ab" * 32)), b"{}\n")
    made = back_up(Store.open(ROOT, filesystem=files, clock=ticking), SECOND)
    again = Store.open(ROOT, filesystem=files)
    assert (made.sequence, again.snapshot(made.id), restored(again, made)) == (100_000_000, made, SECOND)


def test_a_planted_number_beyond_which_there_is_none_is_refused_and_named() -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    planted = Layout(ROOT).snapshot(SHOP, 999_999_999_999, SnapshotId("ab" * 32))
    write(files, planted, b"{}\n")
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    with pytest.raises(RecordDamaged, match="number"):
        back_up(again, SECOND)
    files.remove(planted)
    assert restored(Store.open(ROOT, filesystem=files), first) == FIRST
    assert back_up(Store.open(ROOT, filesystem=files, clock=ticking), SECOND).sequence == 2


def test_a_planted_log_record_beyond_which_there_is_none_is_refused_and_named() -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    write(files, Layout(ROOT).record(999_999_999_999), b"{}\n")
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert not again.verify().ok
    with pytest.raises(RecordDamaged, match="number"):
        back_up(again, SECOND)
    assert restored(Store.open(ROOT, filesystem=files), first) == FIRST


def test_thousands_of_snapshots_of_a_stranger_cost_a_listing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    first = back_up(store, FIRST)
    folder = store.root / "snapshots" / ProjectId("ffffffffffffffff")
    folder.mkdir(mode=0o700)
    for number in range(1, 2001):
        (folder / f"{number:08d}-{number:064x}.json").touch(mode=0o600)
    again = Store.open(store.root)
    assert again.snapshots() == (first,)
    assert len(again.damaged_snapshots()) == 2000
    assert restored(again, back_up(again, SECOND)) == SECOND


READ_ALL = """
import resource, sys
from pathlib import Path
from codevault.store.store import Store
store = Store.open(Path(sys.argv[1]))
in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + (640 << 20), resource.RLIM_INFINITY))
print(len(store.verify().damages))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited on Linux only")
def test_a_vault_full_of_bombs_is_verified_in_bounded_memory(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    back_up(store, FIRST)
    files = DiskFileSystem(store.root)
    for number, bomb in enumerate(HOSTILE_FRAMES.values()):
        header, frame = _solid(bomb, (_raw(b"%d" % number), 100 * MIB))
        content = encode_header(header) + frame
        pack = Layout(store.root).pack(PackId(hash_of(content)))
        files.make_folder(pack.parent)
        write(files, pack, content)
    environment = {**os.environ, "PYTHONPATH": str(CODE)}
    command = [sys.executable, "-c", READ_ALL, str(store.root)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= len(HOSTILE_FRAMES)


FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "dbm", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
SOURCES = sorted(
    path for folder in ("store", "index", "codevault") for path in (CODE / folder).glob("*.py") if path.is_file()
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_that_reads_a_vault_can_run_what_it_reads(source: Path) -> None:
    module = ast.parse(source.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    called = {
        node.func.id for node in ast.walk(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert imported & FORBIDDEN_MODULES == set()
    assert called & FORBIDDEN_CALLS == set()
