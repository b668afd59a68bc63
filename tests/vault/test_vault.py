"""The public face from end to end, on real folders."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import codevault
from codevault import understanding
from codevault.errors import (
    BlobMissing,
    Cancelled,
    InvalidArgument,
    RestoreRefused,
    UnknownProject,
    UnknownSnapshot,
    VaultBusy,
    VaultClosed,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from codevault.ids import BlobId, SnapshotId
from codevault.jobs import CancelToken, Job, Progress
from codevault.references import FoundSymbol
from codevault.restore_model import RestorePlan
from codevault.store.model import EntryKind
from codevault.store.records import seal
from codevault.vault import Vault
from tests.vault.scenes import CANARY, DAY, FIRST_DAY, Archive, Desk

POSIX = pytest.mark.skipif(os.name != "posix", reason="names, modes and kinds of POSIX")


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and content of everything below a folder."""
    return {
        os.path.relpath(path, root): (
            stat.S_IMODE(path.lstat().st_mode),
            path.lstat().st_mtime_ns,
            os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b"",
        )
        for path in root.rglob("*")
    }


# ---------------------------------------------------------------------- making, opening, closing


def test_makes_a_vault_uses_it_and_opens_it_again(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.py").write_text("def f():\n    return 1\n")

    with Vault.create(tmp_path / "vault", workers=1) as vault:
        backup = vault.backup(vault.projects.add(tmp_path / "shop"), reason="first")
        done = vault.analyse()
    with Vault.open(tmp_path / "vault", workers=1) as vault:
        (symbol,) = vault.symbols(backup.id)
        found = vault.snapshots()

    assert vault.path == tmp_path / "vault"
    assert (done.versions, done.parsed, done.symbols) == (1, 1, 1)
    assert found == (backup.snapshot,)
    assert (found[0].reason, found[0].kind, found[0].sequence) == ("first", "manual", 1)
    assert symbol.qualified_name == "f"


def test_a_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    Vault.create("~/vault").close()

    with Vault.open("~/vault") as vault:
        assert vault.path == tmp_path / "vault"


def test_there_has_to_be_a_vault_to_open(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing, match=r"Vault\.create"):
        Vault.open(tmp_path / "nothing")


def test_a_vault_is_made_in_an_empty_place_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    Vault.create(tmp_path / "vault").close()

    with pytest.raises(VaultExists):
        Vault.create(tmp_path)
    with pytest.raises(VaultExists):
        Vault.create(tmp_path / "vault")


def test_a_vault_of_a_newer_codevault_is_left_alone(tmp_path: Path) -> None:
    Vault.create(tmp_path / "vault").close()
    (tmp_path / "vault" / "vault.json").write_bytes(seal({"format": 99, "vault": "0" * 32}))

    with pytest.raises(VaultTooNew, match="upgrade CodeVault"):
        Vault.open(tmp_path / "vault")


@pytest.mark.parametrize(
    "use",
    [
        lambda vault: vault.backup("shop"),
        lambda vault: vault.analyse(),
        lambda vault: vault.rebuild(),
        lambda vault: vault.snapshots(),
        lambda vault: vault.files(1, "shop"),
        lambda vault: list(vault.symbols(1, project="shop")),
        lambda vault: vault.read(BlobId("0" * 64)),
        lambda vault: vault.history("shop", "a.py", "f"),
        lambda vault: vault.versions("a.py", project="shop"),
        lambda vault: vault.status("a.py", project="shop"),
        lambda vault: vault.explain("a.py", project="shop"),
        lambda vault: vault.restore("shop", to="/nowhere"),
        lambda vault: vault.verify(),
        lambda vault: vault.stats(),
        lambda vault: vault.search.text("x"),
        lambda vault: list(vault.projects),
        lambda vault: vault.submit.verify().result(10),
    ],
)
def test_a_closed_vault_says_so(desk: Desk, use: Any) -> None:
    desk.project("shop")
    desk.vault.close()

    with pytest.raises(VaultClosed):
        use(desk.vault)


def test_closing_twice_is_harmless(desk: Desk) -> None:
    desk.vault.close()
    desk.vault.close()


@pytest.mark.parametrize(
    "use",
    [
        lambda vault: vault.restore("shop", to=""),
        lambda vault: vault.restore("shop", to="nul\0byte"),
        lambda vault: vault.status("nul\0byte", project="shop"),
        lambda vault: vault.status("/nul\0byte"),
        lambda vault: vault.versions("\ud800", project="shop"),
        lambda vault: vault.explain("\ud800", project="shop"),
        lambda vault: vault.history("shop", "../a.py", "f"),
        lambda vault: vault.history("shop", "nul\0byte", "f"),
        lambda vault: vault.projects.add("nul\0byte"),
        lambda vault: vault.projects.get("nul\0byte"),
        lambda vault: vault.backup("shop", kind="nonsense"),
        lambda vault: vault.read(BlobId("nonsense")),
        lambda vault: list(vault.symbols(1, project="shop", kind="nonsense")),
        lambda vault: vault.search.symbols("f", kind="nonsense"),
        lambda vault: vault.search.symbols("\ud800"),
        lambda vault: Vault.create(""),
        lambda vault: Vault.open("nul\0byte"),
    ],
)
def test_an_argument_that_cannot_mean_anything_is_said_to_be_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, use: Any
) -> None:
    (desk.home / "here").mkdir()
    monkeypatch.chdir(desk.home / "here")
    desk.day(desk.project("shop", {"a.py": "x = 1\n"}))

    with pytest.raises(InvalidArgument):
        use(desk.vault)

    assert list((desk.home / "here").iterdir()) == []


# ---------------------------------------------------------------------- backing up and restoring


@POSIX
def test_a_tree_with_every_kind_of_file_comes_back_as_it_was(desk: Desk) -> None:
    project = desk.project("odd", {"src/a.py": "x = 1\n", "empty": "", "big.bin": os.urandom(9 << 20)})
    root = desk.home / "odd"
    for name in (b"\xff\xfe", b"line\nbreak", b"-rf", b" ", b"n" * 255, b"back\\slash", b"Makefile", b"makefile"):
        (root / os.fsdecode(name)).write_bytes(name)
    (root / "nothing" / "in" / "here").mkdir(parents=True)
    (root / "dangling").symlink_to("/no/such/place")
    (root / "loop").symlink_to("loop")
    (root / "up").symlink_to("..")
    (root / os.fsdecode(b"l\xff")).symlink_to(os.fsdecode(b"\xfe"))
    (root / "run").write_bytes(b"#!/bin/sh\n")
    (root / "run").chmod(0o4755)
    (root / "secret").write_bytes(b"s")
    (root / "secret").chmod(0o400)
    os.utime(root / "empty", ns=(0, -1_000_000_001))
    os.utime(root / "secret", ns=(0, 9_999_999_999_000_000_001))
    (root / "closed").mkdir(mode=0o555)
    before = tree(root)

    backup = desk.day(project)
    done = desk.vault.restore(project, to=desk.home / "back")

    before["run"] = (0o755, *before["run"][1:])  # set-id bits are recorded, never given back
    assert backup.complete
    assert done.problems == ()
    assert tree(desk.home / "back") == before
    modes = {entry.path: entry.mode for entry in desk.vault.files(backup)}
    assert modes["run"] == 0o4755
    (root / "closed").chmod(0o755)
    (desk.home / "back" / "closed").chmod(0o755)


@POSIX
def test_pipes_and_sockets_are_recorded_and_never_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    project = desk.project("odd")
    monkeypatch.chdir(desk.home / "odd")  # the name of a socket has room for a hundred bytes
    os.mkfifo(desk.home / "odd" / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        backup = desk.day(project)

    done = desk.vault.restore(project, to=desk.home / "back")

    assert {e.path: e.kind for e in desk.vault.files(backup)} == {"pipe": EntryKind.FIFO, "sock": EntryKind.SOCKET}
    assert [path for path, _ in done.problems] == ["pipe", "sock"]


@POSIX
def test_a_path_longer_than_any_system_call_takes_comes_back(desk: Desk) -> None:
    project = desk.project("deep")
    names = ["d" * 200] * 30
    bottom = _made_below(desk.home / "deep", names, b"at the bottom")
    os.close(bottom)

    backup = desk.day(project)
    done = desk.vault.restore(project, to=desk.home / "back")

    here = os.open(desk.home / "back", os.O_RDONLY)
    for name in names:
        here = os.open(name, os.O_RDONLY, dir_fd=here)
    assert os.read(os.open("f", os.O_RDONLY, dir_fd=here), 100) == b"at the bottom"
    assert backup.complete
    assert done.problems == ()
    assert max(len(entry.path) for entry in desk.vault.files(backup)) > 6_000


def _made_below(root: Path, names: list[str], content: bytes) -> int:
    here = os.open(root, os.O_RDONLY)
    for name in names:
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    file = os.open("f", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
    os.write(file, content)
    os.close(file)
    return here


def test_every_version_comes_back_by_number_id_and_time(desk: Desk) -> None:
    project = desk.project("shop")
    days = [desk.day(project, {"a.txt": f"day {n}\n"}) for n in (1, 2, 3)]
    back = desk.home / "back"
    keys = (1, days[1].id, days[1].snapshot, days[2], "2026-01-03", datetime(2026, 1, 2, 12, tzinfo=UTC), None)

    texts = []
    for key in keys:
        desk.vault.restore(project, to=back, at=key, overwrite=True)
        texts.append((back / "a.txt").read_text())

    assert texts == ["day 1\n", "day 2\n", "day 2\n", "day 3\n", "day 2\n", "day 1\n", "day 3\n"]


def test_one_projects_snapshot_is_never_restored_as_anothers(desk: Desk) -> None:
    shop, blog = desk.project("shop", {"a.txt": "a\n"}), desk.project("blog", {"b.txt": "b\n"})
    mine, other = desk.day(shop), desk.day(blog)

    for key in (other, other.snapshot, other.id):
        with pytest.raises(UnknownSnapshot):
            desk.vault.restore(shop, to=desk.home / "back", at=key)
    assert [entry.path for entry in desk.vault.files(mine, shop)] == ["a.txt"]
    assert not (desk.home / "back").exists()


def test_restoring_can_be_planned_first(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "vault\n", "src/b.txt": "b\n"})
    desk.day(project)

    plan = desk.vault.restore(project, to=desk.home / "back", paths=["src"], plan=True)

    assert isinstance(plan, RestorePlan)
    assert [entry.entry.path for entry in plan.entries] == ["src", "src/b.txt"]
    assert not (desk.home / "back").exists()


def test_restoring_in_place_replaces_only_what_differs_and_only_when_asked(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "vault\n", "b.txt": "same\n"})
    desk.day(project)
    desk.write("shop", {"a.txt": "edited\n", "new.txt": "new\n"})

    with pytest.raises(RestoreRefused, match=r"a\.txt"):
        desk.vault.restore(project, to=desk.home / "shop")
    done = desk.vault.restore(project, to=desk.home / "shop", overwrite=True)

    assert (done.files, done.kept) == (1, 1)
    assert (desk.home / "shop" / "a.txt").read_text() == "vault\n"
    assert (desk.home / "shop" / "new.txt").read_text() == "new\n"


def test_nothing_is_restored_into_the_vault(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n"})
    desk.day(project)

    with pytest.raises(RestoreRefused):
        desk.vault.restore(project, to=desk.place / "packs")


def test_a_project_without_snapshots_cannot_be_restored(desk: Desk) -> None:
    project = desk.project("shop")

    with pytest.raises(UnknownSnapshot):
        desk.vault.restore(project, to=desk.home / "back")


def test_a_vault_inside_a_project_is_not_backed_up_into_itself(desk: Desk) -> None:
    desk.write(".", {"a.txt": "a\n"})
    project = desk.vault.projects.add(desk.home, name="everything")

    backup = desk.day(project)

    assert [entry.path for entry in desk.vault.files(backup)] == ["a.txt"]
    assert [left.path for left in backup.excluded] == ["vault"]


def test_a_project_inside_a_project_is_kept_by_itself(desk: Desk) -> None:
    outer = desk.project("work", {"a.txt": "a\n", "inner/b.txt": "b\n"})
    inner = desk.vault.projects.add(desk.home / "work" / "inner")

    outside, inside = desk.day(outer), desk.day(inner)

    assert [entry.path for entry in desk.vault.files(outside)] == ["a.txt"]
    assert [entry.path for entry in desk.vault.files(inside)] == ["b.txt"]
    assert desk.vault.status(desk.home / "work" / "inner" / "b.txt").project == inner


def test_snapshots_form_a_chain_and_carry_their_reason_kind_and_time(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n"})
    desk.day(project, reason="begun")
    desk.day(project, {"a.txt": "b\n"}, kind="milestone")
    desk.day(project, kind="manual")

    snapshots = desk.vault.snapshots(project)

    assert [(s.sequence, s.reason, s.kind) for s in snapshots] == [
        (1, "begun", "manual"),
        (2, "", "milestone"),
        (3, "", "manual"),
    ]
    assert [after.parent == before.id for before, after in pairwise(snapshots)] == [True, True]
    assert [s.created_ns for s in snapshots] == [FIRST_DAY + n * DAY for n in (1, 2, 3)]
    assert snapshots[2].manifest == snapshots[1].manifest


def test_a_clock_beyond_the_calendar_still_labels(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n"})
    desk.now = 10**25

    backup = desk.day(project)

    assert backup.snapshot.utc_offset_s == 0
    assert desk.vault.status("a.txt", project=project).protected


def test_a_run_can_be_watched_and_cancelled(desk: Desk) -> None:
    project = desk.project("shop", {f"{n}.txt": f"{n}\n" for n in range(5)})
    token, told = CancelToken(), []

    def tell(progress: Progress) -> None:
        told.append(progress)
        token.cancel()

    with pytest.raises(Cancelled):
        desk.vault.backup(project, progress=tell, cancel=token)

    assert told[0].phase == "reading"
    assert desk.vault.snapshots(project) == ()


def test_a_second_writer_is_told_at_once(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n"})

    with desk.vault._store.writer(), pytest.raises(VaultBusy):
        desk.vault.backup(project)


def test_another_process_sees_what_was_backed_up_meanwhile(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n"})
    with desk.opened() as other:
        backup = desk.day(project)

        assert other.snapshots("shop") == (backup.snapshot,)
        assert other.restore("shop", to=desk.home / "back").files == 1
        assert other.status("a.txt", project="shop").protected


# ---------------------------------------------------------------------- understanding


def test_lists_the_symbols_of_a_snapshot(archive: Archive) -> None:
    names = [(s.path, s.qualified_name, s.kind) for s in archive.vault.symbols(archive.days["begun"], path="billing/*")]

    assert names == [
        ("billing/tax.py", "TaxTable", "class"),
        ("billing/tax.py", "TaxTable.rate", "method"),
        ("billing/tax.py", "TaxTable.total", "method"),
        ("billing/tax.py", "old_discount", "function"),
    ]


def test_symbols_can_be_asked_for_by_kind_number_and_project(archive: Archive) -> None:
    classes = list(archive.vault.symbols(1, project="shop", kind="class"))

    assert [symbol.name for symbol in classes] == ["TaxTable"]
    assert isinstance(classes[0], FoundSymbol)
    assert archive.vault.text(classes[0]).startswith("class TaxTable:")


def test_a_snapshots_number_needs_its_project(archive: Archive) -> None:
    with pytest.raises(InvalidArgument, match="project="):
        archive.vault.files(1)
    with pytest.raises(UnknownSnapshot):
        archive.vault.files(SnapshotId("f" * 64))


def test_what_is_analysed_is_not_analysed_again(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n", "b.py": "y = 2\n"})
    desk.day(project)
    first = desk.vault.analyse()
    desk.day(project, {"a.py": "x = 3\n"})

    second = desk.vault.analyse()

    assert (first.versions, second.versions) == (2, 1)
    assert desk.vault.analyse().versions == 0


def test_analysis_sorts_files_by_what_could_be_made_of_them(desk: Desk) -> None:
    project = desk.project(
        "shop", {"a.py": "x = 1\n", "b.txt": "words\n", "c": b"\x00\x01\x02\xff" * 100, ".env": "T=1\n"}
    )
    desk.day(project)

    done = desk.vault.analyse()

    assert (done.versions, done.parsed, done.text, done.binary, done.failed) == (3, 1, 1, 1, 0)
    assert done.bytes == 6 + 6 + 400


def test_analysis_can_be_cancelled_and_taken_up(desk: Desk) -> None:
    desk.day(desk.project("shop", {"a.py": "x = 1\n"}))
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        desk.vault.analyse(cancel=token)

    assert desk.vault.analyse().versions == 1


def test_a_file_too_large_to_understand_is_kept_and_said_to_be(desk: Desk) -> None:
    large = b"# a comment\n" * 1_500_000
    project = desk.project("shop", {"large.py": large})
    desk.day(project)

    assert desk.vault.analyse().versions == 0
    assert desk.vault.search.text("a comment").coverage.not_indexed == 1
    assert desk.vault.read(desk.vault.versions("large.py", project=project)[0].blob) == large


def test_a_file_that_no_worker_takes_is_said_to_have_failed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "MAX_CONTENT", 1000)
    desk.day(desk.project("shop", {"large.py": "# a comment\n" * 100, "small.py": "# a comment\n"}))

    done = desk.vault.analyse()

    assert (done.failed, done.parsed) == (1, 1)
    assert desk.vault.search.text("a comment").coverage.not_parsed == 1


def test_a_secret_is_kept_and_restored_and_in_no_file_of_the_cache(archive: Archive) -> None:
    done = archive.vault.restore(archive.shop, to=archive.desk.home / "back", paths=[".env"])

    assert done.problems == ()
    assert CANARY in (archive.desk.home / "back" / ".env").read_text()
    cached = [file for file in (archive.desk.place / "cache").rglob("*") if file.is_file()]
    assert len(cached) > 3
    assert [file for file in cached if CANARY.encode() in file.read_bytes()] == []


def test_nothing_of_a_project_is_ever_run(desk: Desk) -> None:
    trap = "import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n"
    hostile = ("setup.py", "conftest.py", "sitecustomize.py", "store.py", "re.py", "codevault/__init__.py")
    project = desk.project("hostile", dict.fromkeys(hostile, trap))

    desk.day(project)
    desk.vault.analyse()
    desk.vault.search.text("pathlib")

    assert list((desk.home / "hostile").rglob("*.ran")) == []


# ---------------------------------------------------------------------- reading, checking


def test_reads_a_version_by_its_blob(archive: Archive) -> None:
    blob = archive.vault.versions("notes.txt", project="shop")[0].blob

    assert archive.vault.read(blob) == b"the quick brown fox\njumps over the lazy dog\n"
    with pytest.raises(BlobMissing):
        archive.vault.read(BlobId("f" * 64))


def test_a_sound_vault_verifies_and_has_sizes(archive: Archive) -> None:
    report, stats = archive.vault.verify(), archive.vault.stats()

    assert report.ok
    assert stats.snapshots == 9
    assert report.blobs == stats.blobs


def test_damage_is_a_result_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.txt").write_text("words\n" * 100)
    with Vault.create(tmp_path / "vault") as vault:
        backup = vault.backup(vault.projects.add(tmp_path / "shop"))
        for pack in (tmp_path / "vault" / "packs").rglob("*.pack"):
            pack.chmod(0o600)
            content = bytearray(pack.read_bytes())
            content[len(content) // 2] ^= 1
            pack.write_bytes(content)

        report = vault.verify()

    assert not report.ok
    assert backup.id in report.affected


# ---------------------------------------------------------------------- in the background


def test_long_operations_run_as_jobs(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "def f():\n    return 1\n"})
    told: list[Progress] = []

    backup = desk.vault.submit.backup(project, reason="job", kind="milestone", progress=told.append).result(60)
    done = desk.vault.submit.analyse().result(60)
    restored = desk.vault.submit.restore(project, to=desk.home / "back", at=1, paths=["a.py"], overwrite=True).result(
        60
    )
    verified = desk.vault.submit.verify().result(60)
    rebuilt = desk.vault.submit.rebuild().result(60)

    assert (backup.snapshot.reason, backup.snapshot.kind) == ("job", "milestone")
    assert told
    assert (done.parsed, rebuilt.parsed) == (1, 1)
    assert restored.files == 1
    assert verified.ok


def test_a_job_raises_what_its_operation_raised(desk: Desk) -> None:
    job = desk.vault.submit.backup("nobody")

    with pytest.raises(UnknownProject):
        job.result(60)
    assert job.done()


def test_a_job_can_be_cancelled(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "a\n", "b.txt": "b\n"})
    holder: list[Job[Any]] = []
    started = threading.Event()

    def stop(progress: Progress) -> None:
        started.wait(10)
        holder[0].cancel()

    holder.append(desk.vault.submit.backup(project, progress=stop))
    started.set()

    with pytest.raises(Cancelled):
        holder[0].result(60)


def test_reading_goes_on_while_a_backup_runs(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "def f():\n    return 1\n", "z.txt": "z\n"})
    desk.day(project)
    desk.vault.analyse()
    desk.write("shop", {"a.py": "def f():\n    return 2\n"})
    paused, answered = threading.Event(), threading.Event()

    def wait(progress: Progress) -> None:
        paused.set()
        answered.wait(30)

    job = desk.vault.submit.backup(project, progress=wait)
    paused.wait(30)
    hits = desk.vault.search.text("return 1").hits
    history = desk.vault.history(project, "a.py", "f")
    restored = desk.vault.restore(project, to=desk.home / "back")
    still_running = not job.done()
    answered.set()

    assert still_running
    assert len(hits) == 1
    assert len(history.events) == 1
    assert restored.problems == ()
    assert job.result(60).stats.changed == 1


def test_a_reader_sees_what_was_understood_after_it_was_opened(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "def first():\n    return 1\n"})
    desk.day(project)
    desk.vault.analyse()
    assert desk.vault.search.symbols("second").hits == ()
    desk.day(project, {"a.py": "def second():\n    return 2\n"})
    desk.vault.analyse()

    assert len(desk.vault.search.symbols("second").hits) == 1


# ---------------------------------------------------------------------- as a script


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """A folder whose modules are named like everybody's."""
    for name in ("store", "index", "analysis", "tests", "sitecustomize", "usercustomize", "setup", "conftest"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a hostile module was imported')\n")
    return tmp_path


def test_a_script_needs_no_main_guard_and_no_friendly_folder(hostile_folder: Path) -> None:
    (hostile_folder / "shop").mkdir()
    (hostile_folder / "shop" / "tax.py").write_text("def rate():\n    return 1\n")
    (hostile_folder / "script.py").write_text(
        textwrap.dedent(
            """
            import json, pathlib, codevault
            here = pathlib.Path(__file__).parent
            with codevault.Vault.create(here / "vault") as vault:
                shop = vault.projects.add(here / "shop", client="Acme")
                vault.backup(shop, reason="before the rewrite")
                vault.analyse()
                hits = vault.search.symbols("rate").hits
                print(json.dumps([vault.text(hit) for hit in hits]))
            """
        )
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=hostile_folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["def rate():\n    return 1"]


# ---------------------------------------------------------------------- names


def test_every_public_name_is_there_and_listed(archive: Archive) -> None:
    assert set(codevault.__all__) <= set(dir(codevault))
    assert all(hasattr(codevault, name) for name in codevault.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = codevault.nothing


def test_answers_are_made_of_the_public_types(archive: Archive) -> None:
    vault = archive.vault
    backup = archive.days["edited"]
    result = vault.search.symbols("TaxTable.rate")
    history = vault.history("shop", "billing/tax.py", "TaxTable.rate")
    status = vault.status("billing/tax.py", project="shop")
    plan = vault.restore("shop", to=archive.desk.home / "planned", plan=True)
    job = vault.submit.verify()

    assert isinstance(vault, codevault.Vault)
    assert isinstance(archive.shop, codevault.Project)
    assert isinstance(backup, codevault.Backup)
    assert isinstance(backup.stats, codevault.BackupStats)
    assert isinstance(backup.snapshot, codevault.Snapshot)
    assert all(isinstance(problem, codevault.Problem) for problem in backup.problems)
    assert isinstance(next(vault.files(backup)), codevault.Entry)
    assert isinstance(next(iter(vault.symbols(backup))), codevault.FoundSymbol)
    assert isinstance(result, codevault.SearchResult)
    assert isinstance(result.coverage, codevault.Coverage)
    assert isinstance(result.hits[0], codevault.Hit)
    assert isinstance(result.hits[0].symbol, codevault.SymbolVersion)
    assert isinstance(history, codevault.History)
    assert isinstance(history.events[0], codevault.Event)
    assert isinstance(vault.versions("notes.txt", project="shop")[0], codevault.FileVersion)
    assert isinstance(status, codevault.Status)
    assert isinstance(status.state, codevault.State)
    assert isinstance(vault.explain("notes.txt", project="shop"), codevault.Verdict)
    assert isinstance(vault.policies.of("shop"), codevault.Policy)
    assert isinstance(plan, codevault.RestorePlan)
    assert isinstance(vault.restore("shop", to=archive.desk.home / "whole"), codevault.Restored)
    assert isinstance(job, codevault.Job)
    assert job.result(60).ok
    assert isinstance(job.progress, codevault.Progress | None)
    assert not codevault.CancelToken().cancelled
    assert issubclass(UnknownProject, codevault.CodeVaultError)
