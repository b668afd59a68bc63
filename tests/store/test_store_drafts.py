"""What is recorded about a snapshot: refused before anything is written, or recorded so that readers can take it."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, IntEnum

import pytest

from codevault.errors import InvalidArgument
from codevault.ids import BlobId
from codevault.store.drafts import MAX_TEXT, checked_draft, clean_text
from codevault.store.model import SNAPSHOT_KINDS
from codevault.store.records import canonical, decode_snapshot, encode_snapshot, parse
from codevault.store.store import Store
from tests.store.scenes import FIRST, ROOT, SHOP, all_files, back_up, draft, file_entry, new_store

BLOB = BlobId("ab" * 32)


class Colour(str, Enum):  # noqa: UP042 - a StrEnum shows itself as its value
    """Text that shows itself as something else."""

    RED = "red"


class Size(IntEnum):
    """A whole number that shows itself as something else."""

    SMALL = 3


WRONG = [
    {"kind": "\ud800"},
    {"kind": None},
    {"kind": "weekly"},
    {"kind": "manual\0"},
    {"kind": ["manual"]},
    {"kind": "x" * 100_000},
    {"reason": 3},
    {"reason": None},
    {"reason": b"bytes"},
    {"reason": "x" * (MAX_TEXT + 1)},
    {"facts": None},
    {"facts": [("branch", "main")]},
    {"facts": {3: "three"}},
    {"facts": {None: 1, "a": 2}},
    {"facts": {"ratio": 0.5}},
    {"facts": {"list": []}},
    {"facts": {"count": 1 << 63}},
    {"facts": {"branch": "x" * (MAX_TEXT + 1)}},
    {"facts": {"a?": 1, "a\ud800": 2}},
    {"project": None},
    {"project": "../../etc"},
    {"created_ns": None},
    {"created_ns": 1.5},
    {"created_ns": True},
    {"created_ns": 1 << 63},
    {"utc_offset_s": "3600"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: ascii(wrong)[:40])
def test_a_draft_that_cannot_be_recorded_is_refused_and_leaves_no_byte(wrong: dict[str, object]) -> None:
    store, files = new_store()
    back_up(store, FIRST)
    before = set(all_files(files))
    bad = replace(draft(), **wrong)  # type: ignore[arg-type] # the point
    with store.writer() as writer:
        with pytest.raises(InvalidArgument):
            writer.commit(bad, [])
        with pytest.raises(InvalidArgument):
            writer.commit_again(bad)
    assert set(all_files(files)) == before
    assert [snapshot.sequence for snapshot in Store.open(ROOT, filesystem=files).snapshots(SHOP)] == [1]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: ascii(wrong)[:40])
def test_a_refusal_is_short_and_can_be_shown_anywhere(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        checked_draft(replace(draft(), **wrong))  # type: ignore[arg-type] # the point
    assert len(str(refused.value)) < 200
    assert str(refused.value).isascii()


def test_a_writer_that_refused_a_draft_records_the_next_one() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        entries = [file_entry("a", writer.add(b"x"), 1)]
        with pytest.raises(InvalidArgument):
            writer.commit(replace(draft(), kind="\ud800"), entries)
        snapshot = writer.commit(draft(), entries)
    assert (snapshot.sequence, store.verify().ok) == (1, True)


@pytest.mark.parametrize("kind", SNAPSHOT_KINDS)
def test_every_kind_is_recorded_as_given(kind: str) -> None:
    assert checked_draft(replace(draft(), kind=kind)).kind == kind


@pytest.mark.parametrize(
    ("given", "kept"),
    [("grüße 🎉\n\x1b[31m", "grüße 🎉\n\x1b[31m"), ("", ""), ("a\0b", "a?b"), ("\udcff\ud800\udc00", "???")],
)
def test_reason_and_facts_are_recorded_as_clean_text(given: str, kept: str) -> None:
    store, files = new_store()
    with store.writer() as writer:
        made = writer.commit(replace(draft(), reason=given, facts={"branch": given, "n" + given: 1}), [])
    (read,) = Store.open(ROOT, filesystem=files).snapshots()
    assert read == made
    assert (read.reason, read.facts) == (kept, {"branch": kept, "n" + kept: 1})


def test_enumerations_are_recorded_as_their_values() -> None:
    kept = checked_draft(replace(draft(), reason=Colour.RED, facts={"colour": Colour.RED, "size": Size.SMALL}))
    assert (kept.reason, kept.facts) == ("red", {"colour": "red", "size": 3})
    _, snapshot = encode_snapshot(kept, 1, None, BLOB)
    assert (snapshot.reason, snapshot.facts) == ("red", {"colour": "red", "size": 3})


def test_clean_text_is_left_as_it_is() -> None:
    text = "already clean"
    assert clean_text(text) is text


def test_a_snapshot_that_others_wrote_with_unclean_text_reads_as_clean_text() -> None:
    content, _ = encode_snapshot(draft(), 1, None, BLOB)
    unclean = {"kind": "\ud800", "reason": "a\0b", "facts": {"branch\udcff": "ma\0in", "files": 3, "none": None}}
    read = decode_snapshot(canonical(parse(content) | unclean))
    assert (read.kind, read.reason) == ("?", "a?b")
    assert read.facts == {"branch?": "ma?in", "files": 3, "none": None}


def test_facts_too_many_for_one_record_are_refused() -> None:
    store, _ = new_store()
    many = {f"fact {number}": "x" * MAX_TEXT for number in range(65)}
    with store.writer() as writer, pytest.raises(InvalidArgument, match="too many"):
        writer.commit(replace(draft(), facts=many), [])
    assert store.snapshots() == ()
