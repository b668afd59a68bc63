"""`Vault.replicate` and `Vault.open(url)`: the public way to copies elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import codevault
from codevault.errors import (
    ExtraMissing,
    InvalidArgument,
    ReplicaReadOnly,
    ReplicaUnreachable,
    VaultMissing,
)
from codevault.replicas.places import default_cache, shown

FIRST = "def first(order):\n    return order\n"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[codevault.Vault]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tax.py").write_text(FIRST)
    with codevault.Vault.create(tmp_path / "vault", workers=1) as made:
        made.backup(made.projects.add(tmp_path / "shop", client="Acme"))
        yield made


def test_a_replica_is_restored_searched_and_followed(vault: codevault.Vault, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/replica"
    done = vault.submit.replicate(url).result(60)
    assert (done.target, done.generation, done.encrypted) == (url, vault.generation.sequence, False)
    with codevault.Vault.open(url, cache=tmp_path / "cache", workers=1) as far:
        assert [snapshot.id for snapshot in far.snapshots()] == [snapshot.id for snapshot in vault.snapshots()]
        far.analyse()
        assert [hit.path for hit in far.search.symbols("first", client="Acme").hits] == ["tax.py"]
        assert far.history("shop", "tax.py", "first").events[0].kinds == ("introduced",)
        far.restore("shop", to=tmp_path / "back")
    assert (tmp_path / "back" / "tax.py").read_text() == FIRST
    with codevault.Vault.open(url, cache=tmp_path / "cache", workers=1) as again:
        assert again.search.symbols("first").hits


def test_every_change_of_a_replica_is_refused(vault: codevault.Vault, tmp_path: Path) -> None:
    vault.replicate(tmp_path / "replica")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "replica").rglob("*")}
    with codevault.Vault.open((tmp_path / "replica").as_uri(), cache=tmp_path / "cache", workers=1) as far:
        for change in (
            lambda: far.backup("shop"),
            lambda: far.projects.update("shop", client="Other"),
            lambda: far.prune(None),
            far.compact,
            far.repair,
            lambda: far.set_limits(codevault.Limits()),
            lambda: far.restore("shop", to=tmp_path / "shop", overwrite=True),
        ):
            (tmp_path / "shop" / "tax.py").write_text("changed\n")
            with pytest.raises(ReplicaReadOnly):
                change()
        assert far.verify().ok
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "replica").rglob("*")} == before


def test_a_damaged_vault_is_repaired_from_its_replica(vault: codevault.Vault, tmp_path: Path) -> None:
    vault.replicate(tmp_path / "replica")
    for pack in (tmp_path / "vault" / "packs").rglob("*.pack"):
        pack.unlink()
    assert not vault.verify().ok
    with codevault.Vault.open((tmp_path / "replica").as_uri(), cache=tmp_path / "cache") as far:
        vault.repair(donors=[far], live=False)
    assert vault.verify().ok


def test_the_rules_of_the_vault_hold_in_its_replica(vault: codevault.Vault, tmp_path: Path) -> None:
    (tmp_path / "vault" / "policy.toml").write_text('[[rule]]\npaths = ["*.py"]\nclass = "docs"\n')
    vault.replicate(tmp_path / "replica")
    with codevault.Vault.open((tmp_path / "replica").as_uri(), cache=tmp_path / "cache") as far:
        assert far.explain("tax.py", project="shop").path_class is codevault.PathClass.DOCS
    (tmp_path / "vault" / "policy.toml").unlink()
    assert vault.replicate(tmp_path / "replica").removed == 1


def test_what_cannot_be_is_said(vault: codevault.Vault, tmp_path: Path) -> None:
    mistakes: tuple[Callable[[], object], ...] = (
        lambda: vault.replicate(tmp_path / "vault" / "inside"),
        lambda: vault.replicate(tmp_path),
        lambda: vault.replicate("file://elsewhere/replica"),
        lambda: vault.replicate(tmp_path / "replica", recipients="age1…"),
        lambda: vault.replicate(tmp_path / "replica", bytes_per_second=0),
    )
    for wrong in mistakes:
        with pytest.raises(InvalidArgument):
            wrong()
    assert not (tmp_path / "replica").exists()
    with pytest.raises(VaultMissing):
        codevault.Vault.open((tmp_path / "none").as_uri(), cache=tmp_path / "cache")


def test_a_folder_that_cannot_be_made_is_an_unreachable_replica(vault: codevault.Vault, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReplicaUnreachable):
        vault.replicate(tmp_path / "file" / "replica")


def test_what_is_not_installed_is_named(
    vault: codevault.Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "pyrage", None)
    for needing in (
        lambda: vault.replicate("memory://replica"),
        lambda: codevault.Vault.open("sftp://user:secret@host/replica", cache=tmp_path / "cache"),
        lambda: vault.replicate(tmp_path / "replica", recipients=["age1…"]),
    ):
        with pytest.raises(ExtraMissing, match=r"codevault\[replica\]") as told:
            needing()
        assert told.value.extra == "replica"
        assert "secret" not in str(told.value)
    assert vault.replicate(tmp_path / "replica").sent > 0


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "codevault/replicas"),
        ("win32", "LOCALAPPDATA", "codevault/replicas"),
        ("darwin", "HOME", "Library/Caches/codevault/replicas"),
    ],
)
def test_what_is_derived_lies_where_the_system_keeps_such_things(
    platform: str, variable: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert default_cache("sftp://me:secret@host/vault").parent == tmp_path / expected


def test_a_password_is_never_shown() -> None:
    assert shown("sftp://me:secret@host/vault?token=x") == "sftp://host/vault"
