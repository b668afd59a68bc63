"""The page FORMAT.md against the code, and the golden vault of each released format against today's reader."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from codevault.ids import BlobId, ProjectId
from codevault.store import rescue
from codevault.store.layout import FORMAT_VERSION
from codevault.store.manifest import encode_manifest
from codevault.store.model import Entry, EntryKind, SnapshotDraft
from codevault.store.pack import FrameKind, Header, encode_header, hop
from codevault.store.readme import rescue_text
from codevault.store.records import encode_snapshot, hash_of
from codevault.store.store import Store
from codevault.store.zstd_codec import compress
from tests.store.scenes import restored, ticking

PAGE = Path(__file__).parents[2].joinpath("store", "FORMAT.md").read_text(encoding="utf-8")
GOLDEN = Path(__file__).parents[1] / "golden" / "store-1.tar.gz"
ANSWER = b"".join(b"def f%d():\n    return %d\n" % (n, n) for n in range(60))
LARGE = b"0123456789abcdef" * (9 << 16)


def _example(name: str) -> str:
    return PAGE.split(f"```{name}\n")[1].split("```")[0]


def test_the_page_shows_the_bytes_of_a_pack() -> None:
    hello, world = b"hello\n", b"hello world\n"
    frame = compress(hello + world, 3)
    members = tuple((bytes.fromhex(hash_of(blob)), len(blob)) for blob in (hello, world))
    pack = encode_header(Header(kind=FrameKind.SOLID, stored=len(frame), members=members)) + frame
    assert pack.hex() == "".join(_example("hex").split())
    assert hash_of(pack) in PAGE
    assert [found.at for found in hop(lambda at, length: pack[at : at + length], len(pack))] == [81]


def test_the_page_shows_the_bytes_of_a_snapshot() -> None:
    draft = SnapshotDraft(
        project=ProjectId("00112233445566ff"),
        created_ns=ticking(),
        utc_offset_s=3600,
        reason="before the rewrite",
        facts={"branch": "main"},
    )
    content, snapshot = encode_snapshot(draft, 1, None, BlobId("a64a1a8f" * 8))
    assert content.decode() == _example("snapshot")
    assert snapshot.id in PAGE


def test_the_page_shows_the_bytes_of_a_manifest() -> None:
    blob = BlobId(hash_of(b"hello\n"))
    file = Entry(path="main.py", kind=EntryKind.FILE, mode=0o644, mtime_ns=ticking(), size=6, blob=blob)
    link = Entry(path='q"', kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=0, target="main.py")
    assert encode_manifest([link, file]).decode() == _example("manifest")


def test_the_page_knows_the_version_that_is_written() -> None:
    assert f"| {FORMAT_VERSION} |" in PAGE


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """The vault that the first release wrote."""
    with tarfile.open(GOLDEN) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "store-1"


def test_a_vault_of_format_1_reads_as_it_was_written(golden: Path) -> None:
    store = Store.open(golden)
    first, second = store.snapshots()
    assert restored(store, first) == {"a.py": ANSWER, "sub/b\udcff": b"bytes\n"}
    assert restored(store, second) == {"a.py": ANSWER.replace(b"return 7\n", b"return 8\n"), "big": LARGE}
    assert [(entry.path, entry.target, entry.reference) for entry in store.manifest(second)][2:] == [
        ("left", None, "git:" + "ab" * 20)
    ]
    assert (dict(store.document("00112233445566ff")), first.reason) == ({"name": "shop"}, "first")
    assert store.verify().ok


def test_a_vault_of_format_1_is_written_on_as_one_of_today(golden: Path) -> None:
    store = Store.open(golden, clock=ticking)
    assert store.format_version == 1
    with store.writer() as writer:
        blob = writer.add(ANSWER + b"# more\n", hint=BlobId(hash_of(ANSWER)))
    assert Store.open(golden).read(blob) == ANSWER + b"# more\n"
    assert Store.open(golden).format_version == FORMAT_VERSION
    assert (golden / "rescue.py").read_bytes() == rescue_text()
    assert store.verify().ok


def test_the_reader_of_today_rescues_a_vault_of_format_1(golden: Path, tmp_path: Path) -> None:
    assert rescue.main(["--vault", str(golden), "restore", "00112233445566ff/2", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "big").read_bytes() == LARGE
