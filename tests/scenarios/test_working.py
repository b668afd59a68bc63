"""A developer's tools at work on a real disk: every save is one edit, every storm one snapshot, nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault import Chores
from tests.scenarios.disk import Disk

TEXTS = [f"def rate():\n    return {number}\n" for number in range(3)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tax.py").write_text("def rate():\n    pass\n")
    made = Disk(tmp_path)
    yield made
    made.close()


def by_vim(path: Path, text: str) -> None:
    probe, backup = path.with_name("4913"), path.with_name(path.name + "~")
    path.with_name(f".{path.name}.swp").write_text("typed")
    probe.touch()
    probe.unlink()
    path.rename(backup)
    path.write_text(text)
    backup.unlink()
    path.with_name(f".{path.name}.swp").unlink()


def by_emacs(path: Path, text: str) -> None:
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("me@host.123:456")
    path.with_name(f"#{path.name}#").write_text(text)
    shutil.copy(path, path.with_name(path.name + "~"))
    path.write_text(text)
    path.with_name(f"#{path.name}#").unlink()
    path.with_name(path.name + "~").unlink()
    lock.unlink()


def by_jetbrains(path: Path, text: str) -> None:
    temporary, old = path.with_name(f"{path.name}___jb_tmp___"), path.with_name(f"{path.name}___jb_old___")
    temporary.write_text(text)
    path.rename(old)
    temporary.rename(path)
    old.unlink()


def by_libreoffice(path: Path, text: str) -> None:
    lock, temporary = path.with_name(f".~lock.{path.name}#"), path.with_name("lu12345abc.tmp")
    lock.write_text(",me,host,22.11.2026 10:00,file:///home/me;")
    temporary.write_text(text)
    os.replace(temporary, path)
    lock.unlink()


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("save", [by_vim, by_emacs, by_jetbrains, by_libreoffice, in_place])
def test_a_file_keeps_one_history_however_it_is_saved(disk: Disk, save: Callable[[Path, str], None]) -> None:
    for text in TEXTS:
        save(disk.root / "tax.py", text)
        disk.pass_(120)

    assert [snapshot.reason for snapshot in disk.snapshots[1:]] == ["1 file changed"] * 3
    assert disk.held == {"tax.py": TEXTS[-1].encode()}
    assert len(disk.vault.versions("tax.py", project="shop")) == 4


def test_a_change_of_many_functions_is_saved_sooner_than_one_of_words(disk: Disk) -> None:
    functions = "".join(f"def function_{number}():\n    return {number}\n" for number in range(5))
    (disk.root / "tax.py").write_text(functions)
    disk.pass_(120)
    disk.vault.analyse()

    (disk.root / "tax.py").write_text(functions.replace("return", "yield"))
    disk.pass_(65)
    assert len(disk.snapshots) == 3
    (disk.root / "tax.py").write_text("# a word\n" + functions.replace("return", "yield"))
    disk.pass_(65)
    assert len(disk.snapshots) == 3


def test_a_storm_of_files_that_come_and_go_is_one_snapshot_and_no_edit_is_lost(disk: Disk) -> None:
    (disk.root / "tax.py").write_text("edited before\n")
    for number in range(3000):
        (disk.root / f"part_{number}.py").write_text("x = 1\n")
    disk.pass_(1)
    for number in range(3000):
        (disk.root / f"part_{number}.py").unlink()
    (disk.root / "last.py").write_text("edited within\n")
    disk.pass_(300)

    assert len(disk.snapshots) == 2
    assert disk.held == {"tax.py": b"edited before\n", "last.py": b"edited within\n"}
    assert disk.engine.planning.standing(disk.snapshots[0].project).unsaved_since is None


def test_an_installation_of_packages_is_neither_watched_nor_a_session(disk: Disk) -> None:
    (disk.root / "package.json").write_text("{}")
    (disk.root / "package-lock.json").write_text("{}")
    disk.pass_(120)
    for number in range(300):
        folder = disk.root / "node_modules" / f"package_{number}"
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
    (disk.root / "node_modules" / ".package-lock.json").write_text("{}")
    before = len(disk.snapshots)
    disk.pass_(900)

    assert disk.files.state().watches < 10
    assert len(disk.snapshots) <= before + 1
    assert not any(path.startswith("node_modules/") for path in disk.held)


def test_what_a_backup_reads_and_writes_wakes_nothing(disk: Disk) -> None:
    (disk.root / "tax.py").write_text("edited\n")
    disk.pass_(2000)

    assert len(disk.snapshots) == 2  # and none for the session of a moment, nor for the service's own doing


def test_a_build_is_at_most_one_snapshot_and_its_output_is_not_kept(disk: Disk) -> None:
    (disk.root / "Cargo.toml").write_text("")
    disk.pass_(120)
    before = len(disk.snapshots)
    for number in range(500):
        folder = disk.root / "target" / "debug" / f"unit_{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.o").write_bytes(b"\0" * 100)
    (disk.root / "target" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    disk.pass_(600)

    assert len(disk.snapshots) <= before + 1
    assert not any(path.startswith("target/") for path in disk.held)


def test_what_no_event_told_is_found_by_a_look_at_everything(tmp_path: Path) -> None:
    disk = Disk(tmp_path, chores=Chores(reconcile_s=600, analyse_s=0, verify_s=0, tidy_s=0))
    disk.files.watch([])  # as if the system forgot
    (disk.root / "unseen.py").write_text("1\n")
    disk.pass_(620)
    held = disk.held
    disk.close()

    assert held == {"unseen.py": b"1\n"}


LIMITED = """
import sys
from codevault.activity.files import FileWatch
from codevault.activity.inotify import inotify
from codevault.activity.model import Watched
root = sys.argv[1]
files = FileWatch(inotify())
files.watch([Watched(project="a", root=root)])
files.poll(0)
open(root + "/f3/new.py", "w").close()
print(files.state().polled, [signal.path for signal in files.poll(10**12)])
"""


def test_a_system_that_allows_few_watches_is_polled(tmp_path: Path) -> None:
    limits = "/proc/sys/user/max_inotify_watches"
    for number in range(20):
        (tmp_path / f"f{number}").mkdir()
    script = f'echo 5 > {limits} || exit 77; exec "$0" -c "$1" "$2"'
    command = ["unshare", "-Ur", "sh", "-c", script, sys.executable, LIMITED, str(tmp_path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("user namespaces are not to be had")

    assert (done.stdout, done.stderr) == ("1 ['f3']\n", "")


@pytest.mark.scale
def test_fifty_thousand_files_that_come_and_go_are_one_snapshot_in_bounded_memory(disk: Disk) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(50_000):
        if not number % 500:
            folder = disk.root / f"part_{number // 500}"
            folder.mkdir()
        (folder / f"file_{number}.py").write_text(f"x = {number}\n")
    disk.pass_(1)
    for number in range(100):
        shutil.rmtree(disk.root / f"part_{number}")
    (disk.root / "tax.py").write_text("edited\n")
    disk.pass_(300)

    assert len(disk.snapshots) == 2
    assert disk.held == {"tax.py": b"edited\n"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
