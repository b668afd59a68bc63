"""A manifest as bytes: what it refuses, what it counts, and what a writer makes of a revision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codevault.errors import BlobMissing, InvalidArgument, RecordDamaged
from codevault.ids import BlobId
from codevault.store.listing import Listing, Revision
from codevault.store.manifest import ManifestMalformed, encode_manifest
from codevault.store.model import Entry, EntryKind
from tests.store.scenes import FIRST, SECOND, SOURCE, back_up, draft, file_entry, new_store, restored

A, B = BlobId("a1" * 32), BlobId("b2" * 32)
FOLDER = Entry(path="src", kind=EntryKind.DIRECTORY, mode=0o755, mtime_ns=1)
LINE = b'{"path":"a","kind":"file","mode":"0644"}\n'


def entries(count: int) -> list[Entry]:
    return [file_entry(f"{at % 7}/{at}.py", A, at) for at in range(count)]


@pytest.mark.parametrize(
    "content",
    [
        b"\n",
        b"{}\n",
        LINE[:-1],
        LINE + LINE,
        LINE + b"\n",
        b"\n" + LINE,
        LINE[:-1] + b" \n",
        LINE[:-1] + b"\r\n",
        LINE.replace(b'"a"', b'""'),
        LINE.replace(b'"a"', b'"q\\""'),
        LINE.replace(b'"a"', b'"\\u0061"'),
        LINE.replace(b'"a"', b'"\\u007f"'),
        LINE.replace(b'"a"', b'"\x7f"'),
        LINE.replace(b'"a"', b'"\xff"'),
        LINE.replace(b'"0644"', b'"0o644"'),
        LINE.replace(b'"0644"', b'"00644"'),
        LINE.replace(b'"0644"', b'"0944"'),
        LINE.replace(b'"file"', b'"door"'),
        LINE.replace(b"}", b',"size":0}'),
        LINE.replace(b"}", b',"path_base64":"Yg=="}'),
        LINE.replace(b"}", b',"path_base64":"YQ=="}'),
        LINE.replace(b"}", b',"target_base64":"YQ=="}'),
        LINE.replace(b"}", b',"hardlink_base64":"YQ=="}'),
        LINE.replace(b"}", b',"owner":"one:two"}'),
        LINE.replace(b"}", b',"xattrs":{}}'),
        LINE.replace(b"}", b',"blob":"a1"}'),
        LINE.replace(b"}", b',"blob":"' + b"A1" * 32 + b'"}'),
        LINE.replace(b"}", b',"reference":"git:1","blob":"' + b"A1" * 32 + b'"}'),
        LINE.replace(b"}", b',"blob":"' + b"xy" * 32 + b'"}'),
        b'{"path":"' + b"a" * (1 << 20) + b'","kind":"file","mode":"0644"}\n',
    ],
)
def test_what_no_manifest_holds_is_refused(content: bytes) -> None:
    with pytest.raises(ManifestMalformed):
        Listing([content])


def test_counts_files_their_bytes_and_contents() -> None:
    unread = Entry(path="z", kind=EntryKind.FILE, mode=0o600, mtime_ns=1, size=5, note="unreadable")

    listing = Listing([encode_manifest([FOLDER, file_entry("src/a", A, 3), unread])])

    assert (len(listing), listing.files, listing.bytes, listing.contents) == (3, 2, 8, 1)


def test_what_was_left_to_a_repository_is_counted_and_need_not_be_held() -> None:
    left = replace(file_entry("a", A, 3), reference="git:1")
    revision = Revision(Listing([encode_manifest([left, file_entry("b", B, 4)])]))

    assert (list(revision.listing.left()), revision.listing.left_files) == ([left], 1)
    assert (list(revision.listing.blobs()), revision.listing.contents) == ([B], 2)

    revision.put(replace(left, reference=None), left)
    revision.put(replace(file_entry("c", B, 4), reference="git:2"), None)
    revision.put(replace(file_entry("d", B, 4), reference="git:2"), None)
    revision.drop(replace(file_entry("e", B, 4), reference="git:2"))

    assert revision.left == 1


def test_finds_entries_by_folder_and_path() -> None:
    inner, beside = file_entry("src/a", A, 3), file_entry("src.txt", B, 4)
    listing = Listing([encode_manifest([FOLDER, inner, beside])])

    assert listing.folder("") == {"src": FOLDER, "src.txt": beside}
    assert listing.folder("src") == {"a": inner}
    assert listing.folder("none") == {}
    assert sorted(listing.folders) == ["", "src"]
    assert (listing.find("src/a"), listing.find("src/b"), listing.find("zzz")) == (inner, None, None)
    assert list(listing.blobs()) == [B, A]


def test_an_empty_manifest_lists_nothing() -> None:
    listing = Listing()

    assert (len(listing), list(listing), listing.find("a"), list(listing.revised({}))) == (0, [], None, [])


def test_blocks_of_lines_make_one_listing() -> None:
    content = encode_manifest(entries(500))

    listing = Listing([content[:77], content[77:]], block=1000)

    assert list(listing) == list(Listing([content]))
    assert b"".join(listing.revised({})) == content


def test_a_path_that_no_file_system_has_is_not_recorded() -> None:
    with pytest.raises(InvalidArgument):
        list(Listing().revised({"": FOLDER}))


def test_a_revision_counts_what_the_whole_then_holds() -> None:
    old, gone = file_entry("a", A, 3), file_entry("b", A, 4)
    revision = Revision(Listing([encode_manifest([old, gone])]))

    revision.put(file_entry("a", B, 10), old)
    revision.put(file_entry("c", B, 100), None)
    revision.put(FOLDER, None)
    revision.drop(gone)

    assert (revision.files, revision.bytes) == (2, 110)
    assert (revision.find("b"), revision.find("c")) == (None, file_entry("c", B, 100))


def test_what_is_as_before_is_no_change() -> None:
    old = file_entry("a", A, 3)
    revision = Revision(Listing([encode_manifest([old])]))

    revision.put(file_entry("a", A, 3), old)
    revision.amend(file_entry("a", A, 3, mtime_ns=6))
    revision.amend(file_entry("a", A, 3))

    assert (revision.changes, revision.find("a")) == ({}, old)


def test_a_revised_snapshot_is_the_one_that_all_entries_make() -> None:
    store, _ = new_store()
    first = back_up(store, FIRST)
    other, _ = new_store()
    back_up(other, FIRST)
    whole = back_up(other, SECOND)
    revision = Revision(store.listing(first))

    with store.writer() as writer:
        for path in ("main.py", "new.py"):
            blob = writer.add(SECOND[path], path=path)
            revision.put(file_entry(path, blob, len(SECOND[path])), revision.find(path))
        snapshot = writer.commit_revised(draft(), revision)

    assert (snapshot.manifest, restored(store, snapshot)) == (whole.manifest, SECOND)


def test_a_revision_naming_what_was_never_added_is_refused() -> None:
    store, _ = new_store()
    revision = Revision(store.listing(back_up(store, FIRST)))
    revision.put(file_entry("new", A, 1), None)

    with store.writer() as writer, pytest.raises(BlobMissing):
        writer.commit_revised(draft(), revision)
    assert len(store.snapshots()) == 1


def test_a_revision_that_keeps_what_is_lost_is_refused() -> None:
    store, _ = new_store()
    kept = Revision(Listing([encode_manifest([file_entry("lost", A, 1)])]))

    with store.writer() as writer, pytest.raises(BlobMissing):
        writer.commit_revised(draft(), kept)


def test_what_was_lost_may_be_replaced() -> None:
    store, _ = new_store()
    lost = file_entry("main.py", A, 1)
    revision = Revision(Listing([encode_manifest([lost])]))

    with store.writer() as writer:
        revision.put(file_entry("main.py", writer.add(SOURCE), len(SOURCE)), lost)
        snapshot = writer.commit_revised(draft(), revision)

    assert restored(store, snapshot) == {"main.py": SOURCE}


def test_a_listing_of_what_is_no_manifest_says_so() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        blob = writer.add(b"no manifest\n")
        writer.commit(draft(), [file_entry("a", blob, 12)])
    (snapshot,) = store.snapshots()
    forged = type(snapshot)(**{name: getattr(snapshot, name) for name in snapshot.__slots__} | {"manifest": blob})

    with pytest.raises(RecordDamaged):
        store.listing(forged)
