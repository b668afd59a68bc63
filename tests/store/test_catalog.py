import pytest

from codevault.ids import BlobId, PackId, VaultId
from codevault.store.catalog import Catalog
from codevault.store.pack import Frame, FrameKind, Header
from tests.store.scenes import SECOND, back_up, new_store, overwrite

VAULT = VaultId("00" * 16)
ONE, TWO = PackId("11" * 32), PackId("22" * 32)
A, B = b"\xaa" * 32, b"\xbb" * 32


def solid(*blobs: bytes) -> Frame:
    return Frame(header=Header(kind=FrameKind.SOLID, stored=9, members=tuple((blob, 5) for blob in blobs)), at=50)


def blob(identity: bytes) -> BlobId:
    return BlobId(identity.hex())


@pytest.fixture
def catalog() -> Catalog:
    made = Catalog()
    made.add_pack(ONE, 100, [solid(A)])
    made.add_pack(TWO, 200, [solid(A, B)])
    return made


def test_a_pack_taken_away_is_found_nowhere(catalog: Catalog) -> None:
    rest = catalog.without({TWO})
    assert rest.packs == {ONE: 100}
    assert [place.pack for place in rest.find(blob(A))] == [ONE]
    assert blob(B) not in rest
    assert [place.pack for place in rest] == [ONE]
    assert rest.totals() == (1, 5)
    assert rest.find_base(B[:8]) == ()


def test_the_catalog_it_was_taken_from_still_has_it(catalog: Catalog) -> None:
    catalog.without({TWO})
    assert blob(B) in catalog
    assert len(catalog.find(blob(A))) == 2


def test_a_pack_that_comes_back_with_another_length_counts_again(catalog: Catalog) -> None:
    rest = catalog.without({TWO})
    rest.add_pack(TWO, 300, [solid(B)])
    assert rest.packs == {ONE: 100, TWO: 300}
    assert [place.pack for place in rest.find(blob(B))] == [TWO]


def test_what_is_saved_knows_nothing_of_packs_that_went(catalog: Catalog) -> None:
    packed = catalog.without({ONE}).packed()
    saved = packed.save(VAULT)
    loaded = Catalog.load(saved, VAULT, {TWO: 200})
    assert loaded.packs == {TWO: 200}
    assert sorted(place.blob for place in loaded) == [blob(A), blob(B)]
    assert {place.pack for place in loaded} == {TWO}
    assert ONE.encode() not in saved.hex().encode()


def test_nothing_is_packed_where_nothing_went(catalog: Catalog) -> None:
    assert catalog.packed() is catalog


@pytest.mark.parametrize("present", [{TWO: 200}, {ONE: 99, TWO: 200}], ids=["gone", "of another length"])
def test_a_saved_row_is_not_believed_without_its_pack_and_all_others_are(
    catalog: Catalog, present: dict[PackId, int]
) -> None:
    loaded = Catalog.load(catalog.save(VAULT), VAULT, present)
    assert loaded.packs == {TWO: 200}
    assert [place.pack for place in loaded.find(blob(A))] == [TWO]


def test_much_that_is_new_is_worth_saving(catalog: Catalog) -> None:
    catalog.save(VAULT)
    assert catalog.unsaved == 0
    catalog.add_pack(PackId("33" * 32), 1, [solid(*(number.to_bytes(32, "little") for number in range(1, 641)))])
    assert catalog.unsaved == 11
    assert catalog.without({ONE}).unsaved == 12


def test_one_lost_pack_does_not_cost_a_reading_of_all_others() -> None:
    store, files = new_store()
    kept = back_up(store, SECOND)
    with store.writer() as writer:
        lost = writer.add(b"in another pack")
    with store.turn() as turn:
        (place,) = turn.state.catalog.find(lost)
        files.remove(turn.state.layout.pack(place.pack))
        (other,) = turn.state.catalog.find(kept.manifest)
        overwrite(files, turn.state.layout.pack(other.pack), bytes(turn.state.catalog.packs[other.pack]))  # no headers
    store.rescan()
    assert not store.contains(lost)
    assert store.contains(kept.manifest)
