"""Mercurial's commits that are nowhere else are kept as Mercurial's own bundles."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.projects.model import Project
from codevault.store.store import Store
from codevault.vault import Vault
from tests.vcs.scenes import HgScene, hg

pytestmark = pytest.mark.skipif(shutil.which("hg") is None, reason="Mercurial is not installed")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.scene = HgScene(folder)
        self.scene.commit(a=b"one\n")
        self.scene.publish()
        hg(folder, "clone", "-q", "-U", str(self.scene.root), str(folder / "server"))
        self.vault = Vault.create(folder / "vault")
        self.project: Project = self.vault.projects.add(self.scene.root)

    @property
    def store(self) -> Store:
        return self.vault._store

    def keep(self) -> Path | None:
        added = self.vault.repositories.keep(self.project).added
        return self.vault.path / "vcs" / self.project.id / added.name if added is not None else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.vault.close()


def test_what_is_published_needs_no_bundle_and_a_mirror_has_it_all(desk: Desk, tmp_path: Path) -> None:
    assert desk.keep() is None

    kept = desk.vault.repositories.keep(desk.project, protection="mirror").added

    assert kept is not None
    hg(tmp_path, "init", "empty")
    hg(tmp_path / "empty", "unbundle", "-q", str(desk.vault.path / "vcs" / desk.project.id / kept.name))
    assert hg(tmp_path / "empty", "log", "-T", "{node}\n") == hg(desk.scene.root, "log", "-T", "{node}\n")


def test_each_bundle_holds_what_came_since_and_comes_back_over_a_fresh_clone(desk: Desk, tmp_path: Path) -> None:
    desk.scene.commit(a=b"two\n")
    first = desk.keep()
    again = desk.keep()
    hg(desk.scene.root, "update", "-q", "0")
    desk.scene.commit(b=b"another head\n")
    second = desk.keep()

    assert again is None
    assert desk.vault.verify().ok
    hg(tmp_path / "server", "unbundle", "-q", str(first), str(second))
    asked = ("log", "-T", "{node}\n", "-r", "sort(all(), node)")
    assert hg(tmp_path / "server", *asked) == hg(desk.scene.root, *asked)


def test_damaged_history_is_told(desk: Desk) -> None:
    desk.scene.commit(a=b"two\n")
    shutil.rmtree(desk.scene.root / ".hg/store")

    kept = desk.vault.repositories.keep(desk.project)

    assert (kept.added, len(kept.notes)) == (None, 1)
