"""The codecs on input that no writer of ours made: damaged, hostile, or just odd."""

from __future__ import annotations

import random
import struct
from zlib import crc32

import pytest

from codevault.errors import BlobDamaged, BlobMissing, InvalidArgument
from codevault.ids import BlobId, PackId, VaultId
from codevault.store import zstd_codec
from codevault.store.bases import NamedBlobs, alike, longest_chain
from codevault.store.catalog import Catalog
from codevault.store.chunking import LARGEST, ListMalformed, cut, decode_list, encode_list
from codevault.store.layout import document_of, is_project, pack_of, record_of, snapshot_of
from codevault.store.manifest import ManifestMalformed, decode_line, decode_manifest, encode_manifest, split_lines
from codevault.store.model import Entry, EntryKind
from codevault.store.pack import Frame, FrameKind, Header, HeaderDamaged, decode_header, encode_header, hop
from codevault.store.packfile import PackFile
from codevault.store.records import (
    LogRecord,
    RecordMalformed,
    canonical,
    decode_log,
    decode_snapshot,
    encode_log,
    encode_snapshot,
    hash_of,
    parse,
    readable_time,
    seal,
    unseal,
)
from codevault.store.store import Store
from tests.store.scenes import ROOT, SOURCE, draft, file_entry, new_store, overwrite

A, B = bytes(range(32)), bytes(range(32, 64))
BLOB_A, BLOB_B = BlobId(A.hex()), BlobId(B.hex())
VAULT = VaultId("ab" * 16)
PACK = PackId("cd" * 32)


def _signed(body: bytes) -> bytes:
    return body + struct.pack("<I", crc32(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(40),
        _signed(b"X" + bytes(60)),
        _signed(b"D\x05" + A + b"\x03" + bytes(7)),
        _signed(b"D\x05" + A + b"\x03" + bytes(9)),
        _signed(b"D\x85\x00" + A + b"\x03" + bytes(8)),
        _signed(b"S\x05\x00" + A + b"\x03"),
        _signed(b"S\x05\x7f" + A + b"\x03"),
        _signed(b"D\xff\xff\xff\xff\x7f" + A + b"\x03" + bytes(8)),
        _signed(b"D" + b"\xff" * 9 + A + bytes(8)),
    ],
)
def test_a_header_that_no_writer_made_is_refused(body: bytes) -> None:
    with pytest.raises(HeaderDamaged):
        decode_header(body)


def test_hopping_steps_over_garbage_and_a_torn_tail() -> None:
    one = encode_header(Header(kind=FrameKind.SOLID, stored=3, members=((A, 3),))) + b"abc"
    two = encode_header(Header(kind=FrameKind.DELTA, stored=4, members=((B, 9),), base=A[:8])) + b"defg"
    content = b"garbage" + one + b"\x50\x2a\x4d\x18" + two + one[:-1]
    frames = list(hop(lambda at, length: content[at : at + length], len(content)))
    assert [frame.header.members for frame in frames] == [((A, 3),), ((B, 9),)]
    assert [content[frame.at : frame.at + frame.header.stored] for frame in frames] == [b"abc", b"defg"]


def test_hopping_over_nothing_but_garbage_ends() -> None:
    content = b"\x50\x2a\x4d\x18\xff\xff\xff\xff" * 40_000
    assert list(hop(lambda at, length: content[at : at + length], len(content))) == []


def test_a_frame_with_bytes_behind_it_is_refused() -> None:
    frame = zstd_codec.compress(b"content", 1)
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.decompress(frame + b"more", 7)


def test_a_frame_unfolds_in_any_order_of_asking_and_gives_the_same_bytes() -> None:
    content = b"".join(b"line %d\n" % n for n in range(100_000))
    unfolding = zstd_codec.Unfolding(zstd_codec.compress(content, 3))
    asked = [(700_000, 700_010), (0, 5), (900_000, len(content)), (10, 10), (0, len(content))]
    assert [unfolding.part(begin, end) for begin, end in asked] == [content[begin:end] for begin, end in asked]
    assert unfolding.held == len(content)


@pytest.mark.parametrize("behind", [b"more", zstd_codec.compress(b"more", 1)])
def test_a_frame_with_bytes_behind_it_does_not_unfold_to_its_end(behind: bytes) -> None:
    unfolding = zstd_codec.Unfolding(zstd_codec.compress(b"content", 1) + behind)
    with pytest.raises(zstd_codec.FrameDamaged):
        unfolding.part(0, 7)


def test_a_part_behind_the_end_of_a_frame_is_refused() -> None:
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.Unfolding(zstd_codec.compress(b"short", 1)).part(0, 6)


@pytest.mark.parametrize("cut", [40, 2000])
def test_a_frame_cut_short_is_refused_as_soon_as_its_end_is_asked_for(cut: int) -> None:
    content = random.Random(cut).randbytes(300_000)
    unfolding = zstd_codec.Unfolding(zstd_codec.compress(content, 1)[:-cut])
    assert unfolding.part(0, 131_072) == content[:131_072]
    with pytest.raises(zstd_codec.FrameDamaged):
        unfolding.part(0, len(content))


def test_what_is_no_frame_unfolds_to_nothing() -> None:
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.Unfolding(b"no frame at all")


def test_a_frame_that_no_decoder_understands_is_refused() -> None:
    frame = bytearray(zstd_codec.compress(b"".join(b"line %d\n" % n for n in range(100_000)), 3))
    frame[8:400] = bytes([255]) * 392
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.Unfolding(bytes(frame)).part(0, 700_000)


def test_a_frame_that_zstd_got_wrong_is_never_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = zstd_codec.compress(b"other", 1)
    monkeypatch.setattr("codevault.store.zstd_codec.zstd.compress", lambda *_, **__: wrong)
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.compress(b"content", 1)


def test_a_frame_is_never_expanded_beyond_its_recorded_size() -> None:
    bomb = zstd_codec.compress(bytes(1 << 24), 3)
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.decompress(bomb, 1000)


@pytest.mark.parametrize("frame", [b"", b"nonsense", bytes.fromhex("28b52ffd") + b"\x00\x58"])
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.decompress(frame, 10)


def test_a_flipped_bit_in_a_frame_is_found() -> None:
    frame = bytearray(zstd_codec.compress(SOURCE, 3))
    frame[len(frame) // 2] ^= 1
    with pytest.raises(zstd_codec.FrameDamaged):
        zstd_codec.decompress(bytes(frame), len(SOURCE))


def test_a_delta_between_long_blobs_is_small() -> None:
    base = b"".join(b'{"line":%d,"hash":"%s"}\n' % (n, hash_of(b"%d" % n).encode()) for n in range(20_000))
    content = base.replace(b'"line":777,', b'"line":-77,')
    delta = zstd_codec.compress_delta(content, base)
    assert len(delta) < 500
    assert zstd_codec.decompress(delta, len(content), base) == content


def test_a_catalog_survives_saving_and_loading() -> None:
    catalog = Catalog()
    header = Header(kind=FrameKind.SOLID, stored=9, members=((A, 3), (B, 4)))
    catalog.add_pack(PACK, 500, [Frame(header=header, at=70)])
    loaded = Catalog.load(catalog.save(VAULT), VAULT, {PACK: 500})
    assert (loaded.find(BLOB_A), loaded.find(BLOB_B)) == (catalog.find(BLOB_A), catalog.find(BLOB_B))
    assert [place.inner for place in loaded] == [0, 3]
    assert (loaded.totals(), loaded.unsaved, BLOB_A in loaded, BlobId("0" * 64) in loaded) == ((2, 7), 0, True, False)


@pytest.mark.parametrize(
    ("vault", "present"),
    [(VaultId("00" * 16), {PACK: 500}), (VAULT, {}), (VAULT, {PACK: 499})],
    ids=["of another vault", "its pack is gone", "its pack has another length"],
)
def test_a_catalog_that_does_not_fit_is_not_believed(vault: VaultId, present: dict[PackId, int]) -> None:
    catalog = Catalog()
    catalog.add_pack(PACK, 500, [Frame(header=Header(kind=FrameKind.SOLID, stored=9, members=((A, 3),)), at=70)])
    assert list(Catalog.load(catalog.save(VAULT), vault, present)) == []


def test_a_blob_in_two_packs_has_two_places() -> None:
    catalog = Catalog()
    frame = Frame(header=Header(kind=FrameKind.SOLID, stored=9, members=((A, 3),)), at=70)
    catalog.add_pack(PACK, 500, [frame])
    saved = Catalog.load(catalog.save(VAULT), VAULT, {PACK: 500})
    saved.add_pack(PackId("ef" * 32), 500, [frame])
    assert {place.pack for place in saved.find(BLOB_A)} == {PACK, PackId("ef" * 32)}
    assert len(saved.find_base(A[:8])) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"[]\n", b'{"a": 1}\n', b'{\n "a": 1,\n "a": 1\n}\n', b'{\n "a": NaN\n}\n', b"\xff", b"{}", b"[" * 100_000],
)
def test_a_record_that_is_not_canonical_is_refused(content: bytes) -> None:
    with pytest.raises(RecordMalformed):
        parse(content)


def test_a_seal_that_does_not_match_is_refused() -> None:
    with pytest.raises(RecordMalformed):
        unseal(seal({"a": 1}).replace(b'"a": 1', b'"a": 2'))


def test_a_value_too_deep_for_json_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"x": deep}
    with pytest.raises(ValueError, match="recursion"):
        canonical(deep)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("project", '"../../etc"'),
        ("sequence", "true"),
        ("manifest", '"short"'),
        ("parent", "5"),
        ("facts", "[]"),
        ("reason", "null"),
        ("surplus", "1"),
    ],
)
def test_a_snapshot_with_a_wrong_value_is_refused(key: str, value: str) -> None:
    content, _ = encode_snapshot(draft(), 1, None, BLOB_A)
    wrong = parse(content) | parse(f'{{\n "{key}": {value}\n}}\n'.encode())
    with pytest.raises(RecordMalformed):
        decode_snapshot(canonical(wrong))


def test_a_log_record_survives_and_a_foreign_one_is_refused() -> None:
    record = LogRecord(sequence=1, previous=None, time_ns=5, packs=0, snapshots=0, removed=("packs/aa/b.pack",))
    assert decode_log(encode_log(record)) == record
    with pytest.raises(RecordMalformed):
        decode_log(seal({"format": 1}))


@pytest.mark.parametrize(
    ("created_ns", "offset", "shown"),
    [(0, 3600, "1970-01-01T01:00:00+01:00"), (-1, 0, "1969-12-31T23:59:59+00:00"), (10**30, 0, ""), (0, 10**9, "")],
)
def test_any_time_is_shown_or_left_empty(created_ns: int, offset: int, shown: str) -> None:
    assert readable_time(created_ns, offset) == shown


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"path":"a","kind":"file","mode":"0644"} ',
        b'{"path":"a","kind":"file","mode":"0644","mode":"0644"}',
        b'{"path":"a","kind":"door","mode":"0644"}',
        b'{"path":"a","kind":"file","mode":"0999"}',
        b'{"path":"a","kind":"file","mode":"0644","surplus":1}',
        b'{"path":"a","kind":"file","mode":"0644","size":"1"}',
        b'{"path":"a","kind":"file","mode":"0644","path_base64":"?"}',
        b'{"path":"a","kind":"file","mode":"0644","path_base64":"Yg=="}',
        b'{"path":"' + b"a" * (1 << 20) + b'","kind":"file","mode":"0644"}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_no_manifest_has_is_refused(line: bytes) -> None:
    with pytest.raises(ManifestMalformed):
        decode_line(line)


def test_lines_out_of_order_or_cut_short_are_refused() -> None:
    content = encode_manifest([file_entry("a", BLOB_A, 1), file_entry("b", BLOB_B, 1)])
    first, second = content.splitlines(keepends=True)
    with pytest.raises(ManifestMalformed):
        list(decode_manifest([second, first]))
    with pytest.raises(ManifestMalformed):
        list(decode_manifest([content[:-1]]))
    with pytest.raises(ManifestMalformed):
        list(split_lines([b"x" * (2 << 20)]))


def test_a_link_to_no_possible_name_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        encode_manifest([Entry(path="a", kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=0, target="\ud800")])


@pytest.mark.parametrize(
    "content", [b"x 1\n", b"0" * 64 + b" -1\n", b"0" * 64 + b"\n", b"0" * 64 + b" 1", b"0" * 64 + b" 01\n"]
)
def test_a_chunk_list_that_does_not_parse_is_refused(content: bytes) -> None:
    with pytest.raises(ListMalformed):
        decode_list(content, 1)


def test_a_chunk_list_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ListMalformed):
        decode_list(encode_list([(BLOB_A, 5)]), 6)


def test_chunks_depend_on_the_content_only() -> None:
    content = b"".join(hash_of(b"%d" % n).encode() for n in range(180_000))
    fine = list(cut(content[at : at + 70_001] for at in range(0, len(content), 70_001)))
    assert fine == list(cut([content]))
    assert b"".join(fine) == content
    assert max(map(len, fine)) <= LARGEST


def test_the_nearest_in_size_of_the_same_name_is_chosen() -> None:
    names = NamedBlobs()
    names.take([file_entry("x/a.py", BLOB_A, 100), file_entry("y/a.py", BLOB_B, 300), file_entry("z/b", BLOB_B, 5)])
    names.settle()
    found = [names.nearest("q/a.py", size) for size in (90, 250, 5000, 3)]
    assert (found, names.nearest("none", 5)) == ([BLOB_A, BLOB_B, None, None], None)


def test_names_are_taken_up_to_a_limit() -> None:
    names = NamedBlobs(limit=1)
    names.take([file_entry("a", BLOB_A, 100), file_entry("b", BLOB_B, 100)])
    names.settle()
    assert (names.full, names.nearest("b", 100)) == (True, None)


def test_likeness_is_a_matter_of_shared_lines() -> None:
    assert alike(SOURCE, SOURCE + b"more\n")
    assert not alike(SOURCE, b"quite another thing\n" * 50)


def test_long_blobs_have_short_chains() -> None:
    assert longest_chain(100) > longest_chain(1 << 24)


def test_foreign_names_stand_for_nothing() -> None:
    assert (pack_of("x.pack"), snapshot_of("1-x.json"), record_of("x.json")) == (None, None, None)
    assert (document_of("a.txt"), document_of(".json"), document_of("a.json")) == (None, None, "a")
    assert (is_project("0123456789abcdef"), is_project("..")) == (True, False)


def _plant(header: Header, frame: bytes) -> Store:
    """A vault with one pack made by hand."""
    store, files = new_store()
    planted = PackFile(files, store._state.layout, "planted.tmp")
    planted.append(header, frame)
    planted.finish()
    return Store.open(ROOT, filesystem=files)


def test_a_blob_that_is_its_own_base_is_refused() -> None:
    delta = zstd_codec.compress_delta(SOURCE, SOURCE)
    header = Header(kind=FrameKind.DELTA, stored=len(delta), members=((A, len(SOURCE)),), base=A[:8])
    with pytest.raises(BlobDamaged):
        _plant(header, delta).read(BLOB_A)


def test_a_delta_without_its_base_is_refused() -> None:
    delta = zstd_codec.compress_delta(SOURCE, SOURCE)
    header = Header(kind=FrameKind.DELTA, stored=len(delta), members=((A, len(SOURCE)),), base=B[:8])
    with pytest.raises(BlobDamaged):
        _plant(header, delta).read(BLOB_A)


def test_content_under_a_wrong_name_is_refused() -> None:
    frame = zstd_codec.compress(SOURCE, 3)
    header = Header(kind=FrameKind.SOLID, stored=len(frame), members=((A, len(SOURCE)),))
    store = _plant(header, frame)
    with pytest.raises(BlobDamaged):
        store.read(BLOB_A)
    assert [damage.blobs for damage in store.verify().damages] == [(BLOB_A,)]


@pytest.mark.parametrize("listing", [encode_list([(BLOB_A, 10)]), b"nonsense", encode_list([(BLOB_B, 10)])])
def test_a_list_of_itself_of_nonsense_or_of_nothing_is_refused(listing: bytes) -> None:
    frame = zstd_codec.compress(listing, 3)
    store = _plant(Header(kind=FrameKind.LIST, stored=len(frame), members=((A, 10),)), frame)
    with pytest.raises((BlobDamaged, BlobMissing)):
        list(store.read_chunks(BLOB_A))
    assert not store.contains(BLOB_B)


@pytest.mark.parametrize(
    ("listing", "ok"), [(encode_list([(BLOB_A, 10)]), False), (b"nonsense", False), (encode_list([(BLOB_B, 10)]), True)]
)
def test_a_list_that_nothing_names_is_damage_unless_its_chunks_are_gone(listing: bytes, ok: bool) -> None:
    frame = zstd_codec.compress(listing, 3)
    report = _plant(Header(kind=FrameKind.LIST, stored=len(frame), members=((A, 10),)), frame).verify()
    assert (report.ok, "waste" in {notice.kind for notice in report.notices}) == (ok, ok)


def test_two_lengths_of_one_chunk_are_refused() -> None:
    store, files = new_store()
    with store.writer() as writer:
        chunk = writer.add(b"chunk")
    frame = zstd_codec.compress(encode_list([(chunk, 6)]), 3)
    planted = PackFile(files, store._state.layout, "planted.tmp")
    planted.append(Header(kind=FrameKind.LIST, stored=len(frame), members=((A, 6),)), frame)
    planted.finish()
    again = Store.open(ROOT, filesystem=files)
    with pytest.raises(BlobDamaged):
        again.read(BLOB_A)
    with pytest.raises(BlobDamaged):
        list(again.read_chunks(BLOB_A))


def test_a_manifest_that_is_none_is_reported() -> None:
    store, files = new_store()
    with store.writer() as writer:
        blob = writer.add(b"no manifest\n")
    content, snapshot = encode_snapshot(draft(), 1, None, blob)
    files.make_folder(ROOT / "snapshots" / snapshot.project)
    overwrite(files, store._state.layout.snapshot(snapshot.project, 1, snapshot.id), content)
    again = Store.open(ROOT, filesystem=files)
    assert again.verify().affected == (snapshot.id,)


def test_groups_of_neighbours_share_frames() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        blobs = [writer.add(hash_of(b"%d" % n).encode() * 40) for n in range(2000)]
    places = [store._state.catalog.find(blob)[0] for blob in blobs]
    assert 1 < len({place.at for place in places}) < 6
