"""Properties of the store: codecs invert, equal content has equal ids, and a store behaves like a dictionary."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from codevault.ids import BlobId
from codevault.store.chunking import decode_list, encode_list
from codevault.store.drafts import checked_draft, clean_text
from codevault.store.layout import Layout
from codevault.store.manifest import decode_manifest, encode_manifest
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import SNAPSHOT_KINDS, Entry, EntryKind, Snapshot, SnapshotDraft
from codevault.store.pack import FrameKind, Header, decode_header, encode_header
from codevault.store.records import canonical, decode_snapshot, encode_snapshot, hash_of, parse, seal, unseal
from codevault.store.store import Store
from codevault.store.zstd_codec import compress, compress_delta, decompress, usable_base
from tests.store.scenes import ROOT, SHOP, all_files, draft, file_entry, new_store, restored, ticking

unhurried = settings(deadline=None)  # the machine may be busy
names = st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw)
paths = names.map(lambda raw: raw.decode("utf-8", "surrogateescape"))
blob_ids = st.binary(min_size=32, max_size=32).map(lambda raw: BlobId(raw.hex()))
numbers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
identities = st.integers(min_value=0, max_value=2**32 - 1)
entries = st.builds(
    Entry,
    path=paths,
    kind=st.sampled_from(EntryKind),
    mode=st.integers(min_value=0, max_value=0o7777),
    mtime_ns=numbers,
    size=st.integers(min_value=0, max_value=2**62),
    blob=st.none() | blob_ids,
    target=st.none() | paths,
    reference=st.none() | st.text(max_size=20),
    note=st.none() | st.text(max_size=20),
    hardlink=st.none() | paths,
    owner=st.none() | st.tuples(identities, identities),
    xattrs=st.dictionaries(st.text(max_size=9), st.binary(max_size=9), max_size=3).map(
        lambda d: tuple(sorted(d.items()))
    ),
    sparse=st.booleans(),
)
lengths = st.integers(min_value=0, max_value=2**40)
members = st.lists(st.tuples(st.binary(min_size=32, max_size=32), lengths), min_size=1, max_size=9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
any_text = st.text(st.characters(exclude_categories=()), max_size=30)
scalars = st.none() | any_text | numbers | st.booleans()


@unhurried
@given(st.lists(entries, max_size=8, unique_by=lambda entry: entry.path))
def test_a_manifest_decodes_to_its_entries_in_order(given_entries: list[Entry]) -> None:
    expected = sorted(given_entries, key=lambda entry: entry.path.encode("utf-8", "surrogateescape"))
    assert list(decode_manifest([encode_manifest(given_entries)])) == expected


@unhurried
@given(st.lists(entries, max_size=8, unique_by=lambda entry: entry.path), st.integers(min_value=1, max_value=50))
def test_a_manifest_decodes_from_pieces_of_any_size(given_entries: list[Entry], size: int) -> None:
    content = encode_manifest(given_entries)
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    assert list(decode_manifest(pieces)) == list(decode_manifest([content]))


@unhurried
@given(members, st.integers(min_value=0, max_value=2**28))
def test_a_solid_header_decodes_to_itself(given_members: list[tuple[bytes, int]], stored: int) -> None:
    header = Header(kind=FrameKind.SOLID, stored=stored, members=tuple(given_members))
    assert decode_header(encode_header(header)[8:]) == header


@unhurried
@given(members, st.integers(min_value=0, max_value=2**28), st.binary(min_size=8, max_size=8))
def test_a_delta_header_decodes_to_itself(given_members: list[tuple[bytes, int]], stored: int, base: bytes) -> None:
    header = Header(kind=FrameKind.DELTA, stored=stored, members=tuple(given_members[:1]), base=base)
    assert decode_header(encode_header(header)[8:]) == header


@unhurried
@given(st.binary(max_size=5000))
def test_compression_is_undone(content: bytes) -> None:
    assert decompress(compress(content, 3), len(content)) == content


@unhurried
@given(st.binary(max_size=5000), st.binary(max_size=5000).filter(usable_base))
def test_a_delta_applied_to_its_base_gives_the_content(content: bytes, base: bytes) -> None:
    assert decompress(compress_delta(content, base), len(content), base) == content


@unhurried
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_canonical_text_parses_to_itself(value: dict[str, object]) -> None:
    assert parse(canonical(value)) == value


@unhurried
@given(st.dictionaries(st.text().filter(lambda key: key != "check"), json_values, max_size=4))
def test_a_seal_opens_to_what_was_sealed(value: dict[str, object]) -> None:
    assert unseal(seal(value)) == value


@unhurried
@given(st.lists(st.tuples(blob_ids, lengths), max_size=5))
def test_a_chunk_list_decodes_to_itself(chunks: list[tuple[BlobId, int]]) -> None:
    assert decode_list(encode_list(chunks), sum(length for _, length in chunks)) == tuple(chunks)


@unhurried
@given(numbers, any_text, st.sampled_from(SNAPSHOT_KINDS), st.dictionaries(texts, scalars, max_size=3))
def test_a_snapshot_decodes_to_its_draft_in_clean_text(
    created_ns: int, reason: str, kind: str, facts: dict[str, str | int | bool | None]
) -> None:
    given_draft = SnapshotDraft(project=SHOP, created_ns=created_ns, reason=reason, kind=kind, facts=facts)
    content, snapshot = encode_snapshot(given_draft, 3, None, BlobId("ab" * 32))
    kept = checked_draft(given_draft)
    expected = replace(snapshot, created_ns=created_ns, reason=kept.reason, kind=kind, facts=kept.facts)
    assert decode_snapshot(content) == expected
    assert encode_snapshot(kept, 3, None, BlobId("ab" * 32))[0] == content


@unhurried
@given(any_text)
def test_clean_text_is_text_everywhere_and_stays_as_it_is(text: str) -> None:
    cleaned = clean_text(text)
    assert (len(cleaned), clean_text(cleaned), "\0" in cleaned) == (len(text), cleaned, False)
    assert cleaned.encode().decode() == cleaned


class StoreAgainstADictionary(RuleBasedStateMachine):
    """Whatever is added, committed, abandoned, reopened or lost with the power: what was committed reads back."""

    blobs = Bundle("blobs")

    @initialize()
    def create(self) -> None:
        self.store, self.files = new_store()
        self.content: dict[BlobId, bytes] = {}
        self.trees: dict[str, dict[str, bytes]] = {}

    @rule(target=blobs, content=st.binary(max_size=300), name=st.sampled_from(["a", "b"]))
    def add(self, content: bytes, name: str) -> BlobId:
        with self.store.writer() as writer:
            blob = writer.add(content, path=name)
        assert blob == hash_of(content)
        self.content[blob] = content
        return blob

    @rule(target=blobs, old=consumes(blobs), more=st.binary(min_size=1, max_size=50))
    def add_version(self, old: BlobId, more: bytes) -> BlobId:
        content = self.content[old] * 3 + more
        with self.store.writer() as writer:
            blob = writer.add(content, path="a", hint=old)
        self.content[blob] = content
        return blob

    @rule(chosen=st.lists(blobs, max_size=4))
    def commit(self, chosen: list[BlobId]) -> None:
        tree = {f"file {number}": self.content[blob] for number, blob in enumerate(chosen)}
        with self.store.writer() as writer:
            listed = [file_entry(path, BlobId(hash_of(held)), len(held)) for path, held in tree.items()]
            snapshot = writer.commit(draft(), listed)
        self.trees[snapshot.id] = tree

    @rule(content=st.binary(max_size=300))
    def abandon(self, content: bytes) -> None:
        writer = self.store.writer()
        writer.add(content)
        writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)

    @rule()
    def reopen(self) -> None:
        self.store = Store.open(ROOT, filesystem=self.files, clock=ticking)

    @rule()
    def lose_the_power(self) -> None:
        self.files = self.files.after_power_loss()
        self.reopen()

    @rule()
    def lose_the_cache(self) -> None:
        self.files.remove(Layout(ROOT).cache / "packs.catalog")
        self.reopen()

    @invariant()
    def everything_committed_reads_back(self) -> None:
        assert {blob: self.store.read(blob) for blob in self.content} == self.content
        found = {snapshot.id: restored(self.store, snapshot) for snapshot in self.store.snapshots()}
        assert found == self.trees

    def teardown(self) -> None:
        assert self.store.verify().ok
        assert isinstance(self.files, MemoryFileSystem)
        with self.store.writer():
            pass  # what an abandoned one left is swept
        assert [path for path in all_files(self.files) if path.suffix == ".tmp"] == []
        assert all(isinstance(snapshot, Snapshot) for snapshot in self.store.snapshots())


TestStoreAgainstADictionary = StoreAgainstADictionary.TestCase
TestStoreAgainstADictionary.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
