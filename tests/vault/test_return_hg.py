"""A laptop with a Mercurial repository is lost: what comes back from the vault and a fresh clone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest

from codevault.errors import RepositoryUnreadable, RestoreRefused
from codevault.projects.model import Project
from codevault.restore_model import RestorePlan
from codevault.restoring import plan_restore
from codevault.returning import bring_back_of, plan_return_of
from codevault.store.store import Store
from codevault.vault import Vault
from codevault.vcs.hg_return import harmless_hgrc, is_remade, wanted_commits
from tests.vcs.scenes import HgScene, hg

NEEDS_HG = pytest.mark.skipif(shutil.which("hg") is None, reason="Mercurial is not installed")
EXTENSIONS = ("--config", "extensions.shelve=", "--config", "extensions.rebase=", "--config", "extensions.mq=")
ASKED = {
    "status": ("status",),
    "edits": ("diff", "--git"),
    "history": ("log", "--hidden", "-T", "{node} {phase} {bookmarks} {branch}\n", "-r", "sort(all(), node)"),
    "summary": ("summary",),
    "shelves": (*EXTENSIONS, "shelve", "--list", "--patch"),
}


class Laptop:
    """A repository with a server, and everything in it that the server does not have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scene = HgScene(folder)
        self.root = self.scene.root
        self.scene.commit(**{"a.txt": b"one\n", "b.txt": b"b\n"})
        self.scene.publish()
        hg(folder, "clone", "-q", "-U", str(self.root), str(folder / "server"))

    def ask(self, root: Path) -> dict[str, str]:
        """What Mercurial says of a repository."""
        said = {name: hg(root, *question) for name, question in ASKED.items()}
        return {name: re.sub(r"\(\w+ ago\) *", "", text) for name, text in said.items()}

    def make_a_mess(self) -> None:
        """A shelf, a patch queue, a draft, a secret commit on a branch of its own, a rebase that stopped, and edits."""
        (self.root / ".hg/patches").mkdir()
        (self.root / ".hg/patches/series").write_bytes(b"fix.patch\n")
        (self.root / ".hg/patches/fix.patch").write_bytes(b"# HG changeset patch\n# User Ann\n\na fix\n")
        (self.root / "b.txt").write_bytes(b"shelved\n")
        hg(self.root, *EXTENSIONS, "shelve", "-q", "--name", "older")
        hg(self.root, "bookmark", "topic")
        self.scene.commit(**{"a.txt": b"topic\n", "c.txt": b"c\n"})
        hg(self.root, "update", "-q", "0")
        hg(self.root, "branch", "-q", "feature")
        self.scene.commit(**{"a.txt": b"mine\n"})
        hg(self.root, "phase", "-q", "--secret", "--force", "-r", "tip")
        hg(self.root, "update", "-q", "topic")
        hg(self.root, *EXTENSIONS, "rebase", "-q", "-t", ":fail", "-d", "feature", check=False)
        (self.root / "b.txt").write_bytes(b"edited\n")
        (self.root / "new.txt").write_bytes(b"untracked\n")
        with (self.root / ".hg/hgrc").open("a") as file:
            file.write("[hooks]\ncommit = touch /tmp/never\n[extensions]\nevil = /tmp/never.py\n")


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, Vault, dict[str, str]]]:
    """The laptop as it was, and the vault that is left of it."""
    laptop = Laptop(tmp_path_factory.mktemp("lost"))
    laptop.make_a_mess()
    before = laptop.ask(laptop.root) if shutil.which("hg") else {}
    with Vault.create(laptop.folder / "vault") as vault:
        vault.projects.add(laptop.root, name="shop")
        vault.repositories.keep("shop")
        vault.backup("shop")
        shutil.rmtree(laptop.root)
        yield laptop, vault, before


@NEEDS_HG
def test_a_lost_laptop_comes_back_with_shelves_drafts_secrets_patches_and_a_half_done_rebase(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    laptop, vault, before = lost
    to, server = tmp_path / "back", laptop.folder / "server"

    plan = vault.repositories.plan("shop", to=to, clone=server)
    done = vault.repositories.bring_back("shop", to=to, clone=server)

    assert (plan.missing, done.problems, done.references) == ((), (), ())
    assert laptop.ask(to) == before
    assert hg(to, "verify", "-q") == ""
    assert plan.inert == (".hg/hgrc",)
    assert (to / ".hg/hgrc").read_text() == "[paths]\ndefault = https://example.org/shop\n"
    assert "evil" in (to / ".hg/hgrc.from-backup").read_text()
    hg(to, *EXTENSIONS, "rebase", "--abort")
    assert hg(to, "id", "-B") == "topic"
    assert hg(to, *EXTENSIONS, "qseries", "-s") == "fix.patch: a fix"


@NEEDS_HG
def test_settings_come_back_alive_when_asked(lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path) -> None:
    laptop, vault, _ = lost

    vault.repositories.bring_back("shop", to=tmp_path / "back", clone=laptop.folder / "server", live=True)

    assert "evil" in (tmp_path / "back/.hg/hgrc").read_text()
    assert not (tmp_path / "back/.hg/hgrc.from-backup").exists()


@NEEDS_HG
def test_history_that_the_snapshot_lacks_comes_from_the_clone_and_the_shelf(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    laptop, vault, before = lost
    store, project = store_of(vault), vault.projects.get("shop")
    files = without_history(store, project, tmp_path / "back")

    alone = plan_return_of(store, project, files, clone=None, others=())
    plan, done = bring_back_of(store, project, files, clone=laptop.folder / "server/.hg", others=(), report=None)

    assert (plan.missing, plan.from_snapshot, done.problems) == ((), False, ())
    assert laptop.ask(tmp_path / "back") == before
    assert hg(tmp_path / "back", "verify", "-q") == ""
    assert {name.split(" ")[0] for name in alone.missing} == {"bookmark", "commit", "working"}


@NEEDS_HG
def test_files_left_to_the_repository_are_had_from_it_and_named_when_they_cannot(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    _, vault, _ = lost
    store, project = store_of(vault), vault.projects.get("shop")
    one = next(entry for entry in vault.files(vault.snapshots("shop")[-1]) if entry.path == "b.txt")
    had = replace(one, blob=None, reference="hg:" + sha1(b"b\n").hexdigest())
    gone = replace(one, path="lost.txt", blob=None, reference="hg:" + sha1(b"nowhere").hexdigest())
    files = plan_restore(store, vault.snapshots("shop")[-1], tmp_path / "back")
    rest = tuple(p for p in files.entries if p.entry.path != "b.txt")
    files = replace(files, entries=rest, references=(had, gone))

    plan, done = bring_back_of(store, project, files, clone=None, others=(), report=None)

    assert (plan.missing, done.problems) == (("lost.txt",), ())
    assert [entry.path for entry in done.references] == ["lost.txt"]
    assert (tmp_path / "back/b.txt").read_bytes() == b"b\n"
    assert not (tmp_path / "back/lost.txt").exists()


@NEEDS_HG
def test_a_folder_with_other_files_is_not_mixed_with_the_project(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    _, vault, _ = lost
    (tmp_path / "b.txt").write_bytes(b"somebody's\n")

    with pytest.raises(RestoreRefused):
        vault.repositories.bring_back("shop", to=tmp_path)
    assert (tmp_path / "b.txt").read_bytes() == b"somebody's\n"


@NEEDS_HG
def test_without_hg_what_is_left_to_bundles_is_refused_in_words(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, vault, _ = lost
    store, project = store_of(vault), vault.projects.get("shop")
    files = without_history(store, project, tmp_path / "back")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RepositoryUnreadable, match="not installed"):
        plan_return_of(store, project, files, clone=None, others=())


def store_of(vault: Vault) -> Store:
    return vault._store


def without_history(store: Store, project: Project, to: Path) -> RestorePlan:
    files = plan_restore(store, store.snapshots(project.id)[-1], to)
    return replace(files, entries=tuple(p for p in files.entries if not is_remade(p.entry.path)))


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (b"[paths]\ndefault = https://a/b\n[hooks]\ncommit = x\n", b"[paths]\ndefault = https://a/b\n"),
        (b"[paths]\na = -oProxyCommand=x\n%include /etc/passwd\n [x]\nb = ssh://c/d\n", b"[paths]\nb = ssh://c/d\n"),
        (b"[ui]\nusername = a\n", b""),
        (b"[paths]\nbad\xff = x\n  continued\n", b""),
    ],
)
def test_of_settings_only_where_other_sides_are_stays_alive(settings: bytes, kept: bytes) -> None:
    assert harmless_hgrc(settings) == kept


def test_what_a_repository_points_to_is_read_from_its_own_files() -> None:
    held = {
        "dirstate": b"dirstate-v2\n" + b"\x11" * 20 + bytes(12) + b"\x22" * 20 + bytes(12),
        "bookmarks": b"3" * 40 + b" topic\nnonsense\n",
        "store/phaseroots": b"1 " + b"4" * 40 + b"\n",
        "rebasestate": b"5" * 40 + b"\n" + b"0" * 40 + b"\n" + b"5" * 40 + b":-1\n",
    }

    assert dict(wanted_commits(held.get)) == {
        "working copy": "1" * 40,
        "working copy, merged with": "2" * 40,
        "bookmark topic": "3" * 40,
        "commit 444444444444": "4" * 40,
        "commit of the half-done rebase 555555555555": "5" * 40,
    }
