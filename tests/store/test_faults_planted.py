"""Names planted in a vault's folder: links, specials, files of strangers. Nothing behind them is read or written."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from codevault.errors import CodeVaultError, StorageError
from codevault.store.filesystem import DiskFileSystem
from codevault.store.store import Store
from tests.store.scenes import FIRST, SECOND, back_up, restored

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and modes of POSIX")
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="becomes another user with setpriv, as root",
)
FOLDERS = ["packs", "snapshots", "projects", "log", "incoming", "cache"]
ROOT_OF_CODE = Path(__file__).parents[2]


def _vault(tmp_path: Path) -> Store:
    store = Store.create(tmp_path / "vault")
    back_up(store, FIRST)
    return store


def _backed_up_with_a_document(root: Path) -> None:
    store = Store.open(root)
    back_up(store, SECOND)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Shop"})


def _moved_away_and_linked(tmp_path: Path, name: str) -> Path:
    """A folder of the vault, put elsewhere, with a link in its place; gives where it is now."""
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "vault" / name).rename(elsewhere)
    (tmp_path / "vault" / name).symlink_to(elsewhere)
    return elsewhere


def _state(folder: Path) -> list[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", [name for name in FOLDERS if name != "cache"])
def test_a_folder_replaced_by_a_link_is_refused_and_nothing_behind_it_changes(tmp_path: Path, name: str) -> None:
    _vault(tmp_path)
    elsewhere = _moved_away_and_linked(tmp_path, name)
    before = _state(elsewhere)
    with pytest.raises(StorageError, match="link"):
        _backed_up_with_a_document(tmp_path / "vault")
    assert _state(elsewhere) == before


def test_a_cache_replaced_by_a_link_costs_nothing_and_nothing_behind_it_changes(tmp_path: Path) -> None:
    _vault(tmp_path)
    elsewhere = _moved_away_and_linked(tmp_path, "cache")
    before = _state(elsewhere)
    store = Store.open(tmp_path / "vault")
    assert restored(store, back_up(store, SECOND)) == SECOND
    assert _state(elsewhere) == before


@pytest.mark.parametrize("name", ["lock", "vault.json"])
def test_a_file_replaced_by_a_link_is_refused_and_its_target_untouched(tmp_path: Path, name: str) -> None:
    _vault(tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "vault" / name).unlink()
    (tmp_path / "vault" / name).symlink_to(victim)
    with pytest.raises(CodeVaultError):
        back_up(Store.open(tmp_path / "vault"), SECOND)
    assert victim.read_bytes() == b"precious"


def test_a_link_in_the_place_of_a_temporary_file_is_removed_not_followed(tmp_path: Path) -> None:
    store = _vault(tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    for name in ("000001.pack.tmp", "000002.pack.tmp", "00000003.json.tmp", "packs.catalog.tmp"):
        (store.root / "incoming" / name).symlink_to(victim)
    assert restored(store, back_up(store, SECOND)) == SECOND
    assert victim.read_bytes() == b"precious"


def test_the_vaults_own_folder_may_be_reached_through_a_link(tmp_path: Path) -> None:
    _vault(tmp_path)
    (tmp_path / "short").symlink_to(tmp_path / "vault")
    store = Store.open(tmp_path / "short")
    assert restored(store, back_up(store, SECOND)) == SECOND


def test_a_fifo_or_a_socket_in_the_place_of_a_pack_does_not_hold_a_reader_up(tmp_path: Path) -> None:
    store = _vault(tmp_path)
    packs = sorted((store.root / "packs").rglob("*.pack"))
    packs[0].unlink()
    os.mkfifo(packs[0])
    assert not Store.open(store.root).verify().ok
    packs[0].unlink()
    os.mknod(packs[0], stat.S_IFSOCK | 0o600)
    assert not Store.open(store.root).verify().ok


def test_a_fifo_is_refused_where_a_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(StorageError, match="not a plain file"):
        DiskFileSystem(tmp_path).read(tmp_path / "fifo")


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        _vault(tmp_path)
    finally:
        os.umask(before)
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "vault").rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700


def _as_nobody(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT_OF_CODE), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*command, sys.executable, "-c", script, *arguments], capture_output=True, text=True, env=environment
    )


TRY_TO_WRITE = """
import sys
from pathlib import Path
from codevault.errors import StorageError
from codevault.store.store import Store
try:
    Store.open(Path(sys.argv[1])).writer()
except StorageError as refused:
    print("refused:", refused)
"""
TRY_TO_READ = TRY_TO_WRITE.replace(".writer()", ".snapshots()")


def _opened_to_all(folder: Path) -> None:
    """Everybody may enter and write, from the temporary folder down to the vault's files."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A vault of root that everybody may write, in a folder that everybody may write."""
    store = _vault(tmp_path)
    tmp_path.chmod(0o777)
    _opened_to_all(store.root)
    _require_that_nobody_can_start()
    return store.root


def _require_that_nobody_can_start() -> None:
    if _as_nobody("import codevault.store.store").returncode:
        pytest.skip("another user may not read this checkout or this Python")


@needs_root
def test_a_vault_of_another_user_is_not_written(strange: Path) -> None:
    before = _state(strange)
    tried = _as_nobody(TRY_TO_WRITE, str(strange))
    assert ("belongs to another user" in tried.stdout, tried.stderr) == (True, "")
    assert _state(strange) == before


@needs_root
@pytest.mark.parametrize("kind", ["vault.json", "packs", "snapshots", "log"])
def test_a_file_planted_by_a_third_user_is_not_read(strange: Path, kind: str) -> None:
    planted = next(path for path in (strange / kind, *sorted((strange / kind).rglob("*"))) if path.is_file())
    os.chown(planted, 12345, 12345)
    os.chown(strange, 65534, 65534)
    tried = _as_nobody(
        TRY_TO_READ if kind == "vault.json" else TRY_TO_READ.replace("snapshots", "verify"), str(strange)
    )
    assert ("belongs to another user" in tried.stdout + tried.stderr) or (kind != "vault.json" and not tried.stderr)


@needs_root
def test_a_folder_that_cannot_be_written_is_refused_at_once_and_typed(tmp_path: Path) -> None:
    _require_that_nobody_can_start()
    store = _vault(tmp_path)
    tmp_path.chmod(0o755)
    _opened_to_all(store.root)
    for path in (store.root, *store.root.rglob("*")):
        os.chown(path, 65534, 65534)
    store.root.chmod(0o500)
    (store.root / "lock").unlink()
    tried = _as_nobody(TRY_TO_WRITE, str(store.root))
    assert (tried.stdout.startswith("refused:"), tried.stderr) == (True, "")
