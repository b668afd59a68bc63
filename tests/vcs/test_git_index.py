"""Git's index as bytes: what is understood, and what is refused rather than guessed."""

from __future__ import annotations

import hashlib
import struct

import pytest

from codevault.vcs.git_index import IndexUnreadable, parse_index

ID = bytes(range(20))


def entry(path: bytes, flags: int = 0) -> bytes:
    fixed = bytes(24) + struct.pack(">I", 0o100644) + bytes(12) + ID + struct.pack(">H", flags)
    length = len(fixed) + len(path)
    return fixed + path + bytes(8 - length % 8)


def compressed(drop: bytes, rest: bytes) -> bytes:
    return bytes(24) + struct.pack(">I", 0o100644) + bytes(12) + ID + bytes(2) + drop + rest + b"\0"


def index(*entries: bytes, version: int = 2, count: int | None = None, extra: bytes = b"") -> bytes:
    number = len(entries) if count is None else count
    content = b"DIRC" + struct.pack(">II", version, number) + b"".join(entries) + extra
    return content + hashlib.sha1(content).digest()


def test_paths_objects_and_stages() -> None:
    found = parse_index(index(entry(b"a"), entry(b"b/c", 0x2000)))

    assert [(e.path, e.object, e.mode, e.stage) for e in found] == [
        (b"a", ID.hex(), 0o100644, 0),
        (b"b/c", ID.hex(), 0o100644, 2),
    ]


def test_version_4_shortens_paths_by_the_one_before() -> None:
    found = parse_index(index(compressed(b"\0", b"lib/aa"), compressed(b"\x02", b"bb"), version=4))

    assert [e.path for e in found] == [b"lib/aa", b"lib/bb"]


def test_long_offsets_of_version_4() -> None:
    long = b"x" * 300
    found = parse_index(index(compressed(b"\0", long), compressed(b"\x81\x00", b"y"), version=4))

    assert [len(e.path) for e in found] == [300, 300 - 256 + 1]


def test_a_missing_checksum_is_one_that_was_not_wanted() -> None:
    content = index(entry(b"a"))

    assert len(parse_index(content[:-20] + bytes(20))) == 1


def test_harmless_extensions_are_passed_over() -> None:
    assert len(parse_index(index(entry(b"a"), extra=b"TREE" + struct.pack(">I", 3) + b"abc"))) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"DIRC",
        b"XXXX" + index(entry(b"a"))[4:],
        index(entry(b"a"), version=1),
        index(entry(b"a"), version=5),
        index(entry(b"a"))[:-1] + b"\xff",
        index(entry(b"a"), count=3),
        index(entry(b"a"), count=0xFFFFFFFF),
        index(compressed(b"\x05", b"a"), version=4),
        index(compressed(b"\0", b"a"), version=4, count=2),
        index(entry(b"a"), extra=b"link" + struct.pack(">I", 0)),
        index(entry(b"a"), extra=b"TREE" + struct.pack(">I", 9) + b"abc"),
    ],
)
def test_what_is_not_understood_is_refused(content: bytes) -> None:
    with pytest.raises(IndexUnreadable):
        parse_index(content)
