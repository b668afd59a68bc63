"""Properties of listings: whatever is changed, the bytes are those of encoding everything anew."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.store.listing import Listing
from codevault.store.manifest import ManifestMalformed, decode_manifest, encode_manifest
from codevault.store.model import Entry
from tests.store.test_store_properties import entries

by_path = st.lists(entries, max_size=8, unique_by=lambda entry: entry.path)
some = settings(deadline=None, max_examples=40)  # the machine may be busy
sizes = st.integers(min_value=1, max_value=500)


@some
@given(by_path, sizes)
def test_a_listing_holds_what_decoding_gives(given_entries: list[Entry], block: int) -> None:
    content = encode_manifest(given_entries)

    listing = Listing([content], block=block)

    assert list(listing) == list(decode_manifest([content]))
    held = [entry.blob for entry in listing if entry.blob is not None and entry.reference is None]
    assert list(listing.blobs()) == held
    assert list(listing.left()) == [entry for entry in listing if entry.reference is not None]
    assert {entry.path for entry in listing} == {
        f"{folder}/{name}" if folder else name for folder in listing.folders for name in listing.folder(folder)
    }


@some
@given(by_path, by_path, st.sets(st.integers(min_value=0, max_value=7)), sizes)
def test_a_revision_is_byte_for_byte_what_encoding_all_entries_makes(
    before: list[Entry], put: list[Entry], removed: set[int], block: int
) -> None:
    changes: dict[str, Entry | None] = {entry.path: None for at, entry in enumerate(before) if at in removed}
    changes |= {entry.path: entry for entry in put}
    after = {entry.path: entry for entry in before} | changes

    revised = Listing([encode_manifest(before)], block=block).revised(changes)

    assert b"".join(revised) == encode_manifest(entry for entry in after.values() if entry is not None)


@some
@given(by_path, st.integers(min_value=0), st.binary(max_size=3), st.integers(min_value=0, max_value=3))
def test_a_listing_takes_only_what_encoding_would_write(
    given_entries: list[Entry], where: int, put: bytes, over: int
) -> None:
    content = encode_manifest(given_entries)
    at = where % (len(content) + 1)
    tampered = content[:at] + put + content[at + over :]

    with suppress(ManifestMalformed):
        assert encode_manifest(Listing([tampered])) == tampered
