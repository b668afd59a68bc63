"""A restore wakes no hooks and no settings of a repository unless asked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.vault import Vault

SETTINGS = b"""[core]
\trepositoryformatversion = 0
\tfsmonitor = touch /tmp/evil
[remote "origin"]
\turl = https://example.org/shop.git
"""


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault with one snapshot of a repository that has a hook and settings that name a program."""
    git = tmp_path / "shop/.git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "objects").mkdir()
    (git / "hooks").mkdir()
    (git / "HEAD").write_bytes(b"ref: refs/heads/config\n")
    (git / "refs/heads/config").write_bytes(b"1" * 40 + b"\n")
    (git / "config").write_bytes(SETTINGS)
    (git / "hooks/pre-commit").write_bytes(b"#!/bin/sh\n")
    (git / "hooks/pre-commit").chmod(0o755)
    (tmp_path / "shop/a.py").write_bytes(b"a = 1\n")
    with Vault.create(tmp_path / "vault") as vault:
        vault.projects.add(tmp_path / "shop", name="shop", protection="copy")
        vault.backup("shop")
        yield vault


def test_hooks_and_settings_get_names_that_nothing_runs(vault: Vault, tmp_path: Path) -> None:
    done = vault.restore("shop", to=tmp_path / "back")
    git = tmp_path / "back/.git"

    assert dict(done.renamed) == {
        ".git/config": ".git/config.from-backup",
        ".git/hooks/pre-commit": ".git/hooks/pre-commit.from-backup",
    }
    assert (git / "config.from-backup").read_bytes() == SETTINGS
    assert (git / "hooks/pre-commit.from-backup").stat().st_mode & 0o111 == 0
    assert not (git / "hooks/pre-commit").exists()
    assert (git / "refs/heads/config").read_bytes() == b"1" * 40 + b"\n"


def test_settings_that_only_describe_take_their_place(vault: Vault, tmp_path: Path) -> None:
    vault.restore("shop", to=tmp_path / "back")
    settings = (tmp_path / "back/.git/config").read_bytes()

    assert b"https://example.org/shop.git" in settings
    assert b"evil" not in settings


def test_a_plan_names_them(vault: Vault, tmp_path: Path) -> None:
    plan = vault.restore("shop", to=tmp_path / "back", plan=True)

    assert plan.inert == {".git/config", ".git/hooks/pre-commit"}


def test_they_come_back_as_they_were_when_asked(vault: Vault, tmp_path: Path) -> None:
    done = vault.restore("shop", to=tmp_path / "back", live=True)

    assert done.renamed == ()
    assert (tmp_path / "back/.git/config").read_bytes() == SETTINGS
    assert (tmp_path / "back/.git/hooks/pre-commit").stat().st_mode & 0o111
    assert subprocess.run(["diff", "-r", tmp_path / "shop", tmp_path / "back"], check=False).returncode == 0


def test_what_lies_there_as_it_was_stays(vault: Vault, tmp_path: Path) -> None:
    done = vault.restore("shop", to=tmp_path / "shop", overwrite=True)

    assert done.renamed == ()
    assert not (tmp_path / "shop/.git/config.from-backup").exists()


def test_other_settings_that_lie_there_are_not_replaced(vault: Vault, tmp_path: Path) -> None:
    own = tmp_path / "back/.git/config"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"[core]\n")

    vault.restore("shop", to=tmp_path / "back")

    assert own.read_bytes() == b"[core]\n"
    assert (tmp_path / "back/.git/config.from-backup").read_bytes() == SETTINGS


def test_a_second_restore_finds_everything_in_place(vault: Vault, tmp_path: Path) -> None:
    vault.restore("shop", to=tmp_path / "back")

    done = vault.restore("shop", to=tmp_path / "back")

    assert done.files == 0


def test_a_link_in_the_way_of_settings_is_not_followed(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "back/.git").mkdir(parents=True)
    (tmp_path / "back/.git/config").symlink_to(tmp_path / "elsewhere")

    vault.restore("shop", to=tmp_path / "back")

    assert not (tmp_path / "elsewhere").exists()
