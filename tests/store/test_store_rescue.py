"""A vault without CodeVault: rescue.py in a bare Python, and README.txt's recipe in a bare shell, taken literally."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from backports import zstd
from blake3 import blake3

from codevault.ids import BlobId
from codevault.store import rescue
from codevault.store.model import Entry, EntryKind, Snapshot
from codevault.store.readme import readme_text
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from codevault.store.zstd_codec import compress
from tests.store.scenes import SHOP, SOURCE, draft, file_entry

pytestmark = pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the zstd program")

RULER = "-" * 120 + "\n"
SHELL_TOOLS = ("wc", "od", "tail", "head", "cat", "mv", "rm", "mkdir", "mktemp", "cp", "chmod", "touch", "ln", "tac")
TREE = {
    "main.py": SOURCE,
    "package/empty": b"",
    'package/quote"back\\slash.py': b"x\n",
    "new\nline ": b"y\n",
    "bytes\udcff\udcfe": b"\xff\xfe",
    "ümlaut/ä.txt": "ö".encode(),
    "-dash": b"-",
    "large.bin": random.Random(2).randbytes(9 << 20),
}
HOLES = bytes(1 << 20) + b"an end\n"
OTHERS = ("left and here", "run", "run again", "run ümlaut", "secured")
TIME = 1_700_000_000_123_456_789


@pytest.fixture(scope="module")
def rescued(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Snapshot]:
    """A vault of six versions on disk and its newest snapshot."""
    store = Store.create(tmp_path_factory.mktemp("rescue") / "vault")
    hints: dict[str, BlobId] = {}
    for number in range(6):
        tree = {**TREE, "main.py": SOURCE + b"# %d\n" % (5 - number) * (5 - number)}
        with store.writer() as writer:
            for path, content in tree.items():
                hints[path] = writer.add(content, path=path, hint=hints.get(path))
            entries = [file_entry(path, hints[path], len(content), TIME) for path, content in tree.items()]
            holes = writer.add(HOLES)
            entries.append(replace(file_entry("holes", holes, len(HOLES), TIME), sparse=True))
            snapshot = writer.commit(draft(reason="a\x1b[31m reason"), [*entries, *_others(hints["main.py"])])
    return store.root, snapshot


def _others(program: BlobId) -> list[Entry]:
    return [
        Entry(path="package", kind=EntryKind.DIRECTORY, mode=0o755, mtime_ns=-1_500_000_000),
        Entry(path="link", kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=0, target='package/quote"back\\slash.py'),
        Entry(path="pipe", kind=EntryKind.FIFO, mode=0o644, mtime_ns=0),
        Entry(
            path="left.py",
            kind=EntryKind.FILE,
            mode=0o644,
            mtime_ns=0,
            size=9,
            reference="git:" + "ab" * 20,
            blob=BlobId("0f" * 32),
        ),
        Entry(
            path="left and here",
            kind=EntryKind.FILE,
            mode=0o644,
            mtime_ns=TIME,
            size=len(SOURCE),
            reference="git:" + "cd" * 20,
            blob=program,
        ),
        Entry(path="run", kind=EntryKind.FILE, mode=0o4755, mtime_ns=TIME, size=len(SOURCE), blob=program),
        *(
            Entry(
                path=path, kind=EntryKind.FILE, mode=0o755, mtime_ns=TIME, size=len(SOURCE), blob=program, hardlink=of
            )
            for path, of in (("run again", "run"), ("run ümlaut", "run"))
        ),
        Entry(
            path="secured",
            kind=EntryKind.FILE,
            mode=0o600,
            mtime_ns=TIME,
            size=len(SOURCE),
            blob=program,
            owner=(1000, 100),
            xattrs=(("user.origin", b"\x00\xff"), ("user.plain", b"text")),
        ),
    ]


def _assert_whole(target: Path) -> None:
    found = {name: (target / name).read_bytes() for name in TREE}
    assert found == TREE
    assert (target / "holes").read_bytes() == HOLES
    assert {(target / name).read_bytes() for name in OTHERS} == {SOURCE}
    assert os.readlink(target / "link") == 'package/quote"back\\slash.py'
    assert sorted(os.listdir(target)) == sorted({*(name.split("/")[0] for name in TREE), "link", "holes", *OTHERS})
    assert stat.S_IMODE((target / "run").stat().st_mode) == 0o755
    assert (target / "main.py").stat().st_mtime_ns == TIME
    assert (target / "package").stat().st_mtime_ns == -1_500_000_000


def _rescue(vault: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(vault / "rescue.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_rescue_lists_the_snapshots_safe_for_a_terminal(rescued: tuple[Path, Snapshot]) -> None:
    vault, snapshot = rescued
    listed = _rescue(vault, "list").stdout
    assert (listed.count("\n"), snapshot.id in listed, "\x1b" in listed) == (6, True, False)


def test_rescue_restores_a_snapshot_byte_for_byte(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, snapshot = rescued
    done = _rescue(vault, "restore", snapshot.id[:12], str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    _assert_whole(tmp_path / "out")


def test_rescue_makes_links_and_holes_and_names_what_it_leaves_out(
    rescued: tuple[Path, Snapshot], tmp_path: Path
) -> None:
    vault, snapshot = rescued
    told = _rescue(vault, "restore", snapshot.id, str(tmp_path / "out")).stdout.splitlines()
    assert {"owner left out: secured", "extended attributes left out: secured"} <= set(told)
    assert (tmp_path / "out" / "run").stat().st_ino == (tmp_path / "out" / "run again").stat().st_ino
    assert (tmp_path / "out" / "holes").stat().st_blocks * 512 < len(HOLES)


def test_rescue_copies_a_link_whose_first_name_is_not_restored(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, snapshot = rescued
    assert _in_process(vault, "restore", snapshot.id, str(tmp_path / "out"), "run again") == 0
    assert (tmp_path / "out" / "run again").read_bytes() == SOURCE


def test_rescue_takes_another_copy_where_one_is_damaged(tmp_path: Path) -> None:
    store, snapshot = _small(tmp_path / "vault")
    place = store._state.catalog.find(BlobId(blake3(SOURCE).hexdigest()))[0]
    pack = store.root / "packs" / place.pack[:2] / f"{place.pack}.pack"
    content = bytearray(pack.read_bytes())
    content[place.at + place.stored - 1] ^= 1
    pack.write_bytes(content)
    assert not store.verify().ok
    with store.writer() as writer:
        writer.add(SOURCE)
    assert _in_process(store.root, "restore", f"{SHOP}/1", str(tmp_path / "out"), "--verify") == 0
    assert (tmp_path / "out" / "main.py").read_bytes() == SOURCE
    assert snapshot.sequence == 2


def test_rescue_lists_and_restores_thinned_snapshots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, _ = _small(tmp_path / "vault")
    house = store.housekeeping
    house.prune(house.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(9, 9)), share=0.0))
    assert [snapshot.sequence for snapshot in store.snapshots()] == [2]
    assert _in_process(store.root, "list") == 0
    assert "(thinned)" in capsys.readouterr().out
    assert _in_process(store.root, "restore", f"{SHOP}/1", str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "main.py").read_bytes() == SOURCE


def test_rescue_says_first_what_was_left_to_a_repository(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, _ = rescued
    done = _rescue(vault, "restore", f"{SHOP}/6", str(tmp_path / "out"))
    assert done.stdout.startswith("left to a repository, fetch it there: git:" + "ab" * 20 + " left.py\n")


def test_rescue_names_the_bundles_of_the_repository_that_files_were_left_to(
    rescued: tuple[Path, Snapshot], tmp_path: Path
) -> None:
    vault = shutil.copytree(rescued[0], tmp_path / "vault")
    bundle = vault / "vcs" / SHOP / f"00000001-bundle-{'0' * 64}.git"
    bundle.parent.mkdir(parents=True)
    bundle.write_bytes(b"")
    done = _rescue(vault, "restore", f"{SHOP}/6", str(tmp_path / "out"))
    assert done.stdout.splitlines()[1] == f"commits of its repository, see README.txt: {bundle}"


def test_rescue_restores_chosen_paths_and_checks_their_hashes(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, snapshot = rescued
    done = _rescue(vault, "restore", snapshot.id, str(tmp_path / "out"), "main.py", "package", "--verify")
    assert (done.returncode, sorted(os.listdir(tmp_path / "out"))) == (0, ["main.py", "package"])


def test_rescue_never_overwrites(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, snapshot = rescued
    done = _rescue(vault, "restore", snapshot.id, str(tmp_path))
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


def test_rescue_asks_for_one_snapshot(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    done = _rescue(rescued[0], "restore", "nothing", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (1, "cannot go on: 0 snapshots answer to nothing\n")


def test_the_shell_recipe_restores_a_snapshot_byte_for_byte(rescued: tuple[Path, Snapshot], tmp_path: Path) -> None:
    vault, snapshot = rescued
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in (*SHELL_TOOLS, "base64", "zstd"):
        (programs / tool).symlink_to(shutil.which(tool) or tool)
    (tmp_path / "rescue.sh").write_text((vault / "README.txt").read_text().split(RULER)[1])
    record = next((vault / "snapshots" / SHOP).glob(f"*-{snapshot.id}.json"))
    done = subprocess.run(
        [shutil.which("sh") or "sh", str(tmp_path / "rescue.sh"), str(vault), str(record), str(tmp_path / "out")],
        capture_output=True, text=True, timeout=60, env={"PATH": str(programs)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("left to a repository, fetch it there: git:" + "ab" * 20 + " left.py\n")
    _assert_whole(tmp_path / "out")


def test_the_page_names_the_programs_it_needs() -> None:
    assert b"sh, the core utilities, zstd" in readme_text()


def test_the_stock_tool_checks_and_reads_a_solid_pack(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    with store.writer() as writer:
        writer.add(SOURCE)
        writer.add(b"second")
    pack = next((tmp_path / "vault" / "packs").rglob("*.pack"))
    assert subprocess.run(["zstd", "-tq"], input=pack.read_bytes(), timeout=60).returncode == 0
    assert subprocess.run(["zstd", "-dcq", pack], capture_output=True, timeout=60).stdout == SOURCE + b"second"


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../b", "a//b", "./a", "a/"])
def test_rescue_refuses_paths_that_lead_elsewhere(tmp_path: Path, path: str) -> None:
    store = Store.create(tmp_path / "vault")
    with store.writer() as writer:
        good, bad = file_entry("good", writer.add(b"g"), 1), file_entry(path, writer.add(b"b"), 1)
        snapshot = writer.commit(draft(), [good, bad])
    done = _rescue(store.root, "restore", snapshot.id, str(tmp_path / "target"))
    assert (done.returncode, os.listdir(tmp_path / "target")) == (1, ["good"])
    assert sorted(os.listdir(tmp_path)) == ["target", "vault"]


def test_rescue_never_writes_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    store = Store.create(tmp_path / "vault")
    with store.writer() as writer:
        link = Entry(path="d", kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=0, target=str(tmp_path / "outside"))
        snapshot = writer.commit(draft(), [link, file_entry("d/passwd", writer.add(b"x"), 1)])
    done = _rescue(store.root, "restore", snapshot.id, str(tmp_path / "target"))
    assert (done.returncode, os.listdir(tmp_path / "outside")) == (1, [])


def test_rescue_goes_on_behind_damage_and_says_what_is_lost(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    with store.writer() as writer:
        bad = file_entry("bad", writer.add(SOURCE), len(SOURCE))
        writer.flush()
        snapshot = writer.commit(draft(), [bad, file_entry("good", writer.add(b"good" * 99), 396)])
    pack = store.root / "packs" / store._state.catalog.find(BlobId(blake3(SOURCE).hexdigest()))[0].pack[:2]
    damaged = next(pack.glob("*.pack"))
    damaged.write_bytes(damaged.read_bytes()[:60] + b"\0" + damaged.read_bytes()[61:])
    done = _rescue(store.root, "restore", snapshot.id, str(tmp_path / "target"))
    assert (done.returncode, (tmp_path / "target" / "good").read_bytes()) == (1, b"good" * 99)
    assert done.stderr.startswith("NOT restored: bad: ")


def test_rescue_in_process_reads_what_the_store_wrote(
    rescued: tuple[Path, Snapshot], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vault, snapshot = rescued
    assert rescue.main(["--vault", str(vault), "list"]) == 0
    assert rescue.main(["--vault", str(vault), "restore", snapshot.id, str(tmp_path / "out")]) == 0
    assert rescue.main(["--vault", str(tmp_path), "list"]) == 1
    assert snapshot.id in capsys.readouterr().out
    _assert_whole(tmp_path / "out")


def _in_process(vault: Path, *arguments: str) -> int:
    return rescue.main(["--vault", str(vault), *arguments])


def _small(root: Path) -> tuple[Store, Snapshot]:
    """A vault with one file in two versions, the newer one a delta."""
    store = Store.create(root)
    with store.writer() as writer:
        first = writer.add(SOURCE, path="main.py")
        writer.commit(draft(), [file_entry("main.py", first, len(SOURCE))])
        second = writer.add(SOURCE + b"# more\n", path="main.py", hint=first)
        snapshot = writer.commit(draft(), [file_entry("main.py", second, len(SOURCE) + 7)])
    return store, snapshot


@pytest.mark.parametrize("damaged", [b"{}\n", b"[]\n", b"3", b"\xff", b"", b'{"project": 3}', b"[" * 100_000])
def test_rescue_leaves_out_a_damaged_snapshot_and_restores_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: bytes
) -> None:
    store, snapshot = _small(tmp_path / "vault")
    record = next((store.root / "snapshots" / SHOP).glob("00000001-*"))
    record.write_bytes(damaged)
    assert _in_process(store.root, "list") == 0
    told = capsys.readouterr()
    assert (told.out.count("\n"), told.err) == (1, f"damaged and left out: {record.name}\n")
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "out"), "--verify") == 0
    assert (tmp_path / "out" / "main.py").read_bytes() == SOURCE + b"# more\n"


def test_rescue_says_that_a_snapshot_was_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, snapshot = _small(tmp_path / "vault")
    record = next((store.root / "snapshots" / SHOP).glob("00000002-*"))
    record.write_bytes(record.read_bytes().replace(b'"sequence": 2', b'"sequence": 9'))
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "out")) == 0
    assert f"changed since it was written: {record.name}\n" in capsys.readouterr().err


def test_rescue_passes_over_foreign_files(tmp_path: Path) -> None:
    store, snapshot = _small(tmp_path / "vault")
    foreign = [("snapshots", "x"), ("snapshots", SHOP, "notes.txt"), ("packs", "x"), ("packs", "00")]
    [store.root.joinpath(*parts).write_bytes(b"mine") for parts in foreign]
    assert _in_process(store.root, "list") == 0
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "out")) == 0


def test_rescue_goes_on_without_a_pack_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, snapshot = _small(tmp_path / "vault")
    (store.root / "packs" / "zz").mkdir()
    (store.root / "packs" / "zz" / "gone.pack").symlink_to(tmp_path / "nowhere")
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "out")) == 0
    assert capsys.readouterr().err.startswith("cannot be read and left out: gone.pack: ")


def test_rescue_in_process_names_what_it_cannot_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.create(tmp_path / "vault")
    with store.writer() as writer:
        good = file_entry("good", writer.add(b"g"), 1)
        wrong = [file_entry("../out", writer.add(b"b"), 1), file_entry("long", writer.add(b"ccc"), 2)]
        empty = Entry(path="empty", kind=EntryKind.FILE, mode=0o644, mtime_ns=0)
        snapshot = writer.commit(draft(), [good, *wrong, empty])
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "target")) == 1
    told = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["../out", "empty", "long"]
    assert (tmp_path / "target" / "good").read_bytes() == b"g"


@pytest.mark.parametrize("offset", [30, 100])
def test_rescue_in_process_goes_on_behind_damaged_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], offset: int
) -> None:
    store, snapshot = _small(tmp_path / "vault")
    first = store._state.catalog.find(BlobId(blake3(SOURCE).hexdigest()))[0]
    pack = store.root / "packs" / first.pack[:2] / f"{first.pack}.pack"
    pack.write_bytes(pack.read_bytes()[:offset] + b"\xee\xee" + pack.read_bytes()[offset + 2 :])
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "target")) == 1
    assert capsys.readouterr().err.startswith("NOT restored: main.py: ")


def test_rescue_in_process_refuses_content_that_its_name_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, snapshot = _small(tmp_path / "vault")
    monkeypatch.setattr(rescue, "blake3", lambda content: "0" * 64)
    assert _in_process(store.root, "restore", snapshot.id, str(tmp_path / "out"), "--verify") == 1
    assert "does not hash to its name" in capsys.readouterr().err


def test_rescue_needs_no_program_where_python_has_zstd_itself(
    rescued: tuple[Path, Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library is the one that became Python 3.14's own, under that name."""
    vault, snapshot = rescued
    package = types.ModuleType("compression")
    package.zstd = zstd  # type: ignore[attr-defined] # as the package has it there
    monkeypatch.setitem(sys.modules, "compression", package)
    monkeypatch.setattr(rescue, "sys", SimpleNamespace(version_info=(3, 14), stderr=sys.stderr))
    monkeypatch.setattr(rescue, "decompress_with_program", None)
    assert _in_process(vault, "restore", snapshot.id, str(tmp_path / "out")) == 0
    _assert_whole(tmp_path / "out")
    with pytest.raises(rescue.Damaged):
        rescue.decompress(b"no frame", 100, None, str(tmp_path))
    with pytest.raises(rescue.Damaged, match="wrong length"):
        rescue.decompress(compress(b"x" * 1000, 1), 100, None, str(tmp_path))


def test_the_zstd_program_gives_no_more_than_asked_for(tmp_path: Path) -> None:
    frame = compress(b"x" * 5_000_000, 1)
    with pytest.raises(rescue.Damaged):
        rescue.decompress_with_program(frame, 100, None, str(tmp_path))
    with pytest.raises(rescue.Damaged, match="zstd: "):
        rescue.decompress_with_program(b"no frame", 100, None, str(tmp_path))


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3072, 5000, 8192, 31744])
def test_the_plain_blake3_agrees_with_the_library(length: int) -> None:
    content = bytes(n % 251 for n in range(length))
    assert rescue.blake3(content) == blake3(content).hexdigest()
