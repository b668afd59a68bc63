"""A laptop with a Subversion working copy is lost: what comes back from the vault and a fresh checkout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest

from codevault.restore_model import RestorePlan
from codevault.restoring import plan_restore
from codevault.returning import bring_back_of
from codevault.vault import Vault
from tests.vcs.scenes import SvnScene, svn

pytestmark = pytest.mark.skipif(shutil.which("svnadmin") is None, reason="Subversion is not installed")

ASKED = {
    "status": ("status", "--no-ignore", "--ignore-externals"),
    "edits": ("diff", "--ignore-properties"),
    "properties": ("proplist", "-R", "-v"),
    "where": ("info", "--show-item", "url"),
    "revision": ("info", "-R", "--show-item", "revision"),
    "externals": ("propget", "svn:externals", "."),
}


class Laptop:
    """A working copy with what no server has: edits, a half-done merge, changelists, files added, moved, unknown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scene = SvnScene(folder)
        self.root = self.scene.root
        self.scene.commit(**{"a.txt": b"one\n", "b.txt": b"b\n", "kept.txt": b"kept\n", "gone.txt": b"gone\n"})
        self.scene.commit(**{"a.txt": b"two\n"})

    def ask(self, root: Path) -> dict[str, str]:
        return {name: svn(root, *question) for name, question in ASKED.items()}

    def make_a_mess(self) -> None:
        root = self.root
        svn(root, "update", "-q", "-r", "1", "a.txt")
        (root / "a.txt").write_bytes(b"mine\n")
        svn(root, "update", "-q", "--accept", "postpone", "a.txt")  # a conflict, left as it is
        (root / "b.txt").write_bytes(b"edited\n")
        svn(root, "changelist", "-q", "later", "b.txt")
        (root / "added.txt").write_bytes(b"added\n")
        svn(root, "add", "-q", "added.txt")
        svn(root, "move", "-q", "gone.txt", "moved.txt")
        svn(root, "propset", "-q", "svn:externals", "lib https://example.org/lib/trunk", ".")
        svn(root, "propset", "-q", "svn:ignore", "*.log", ".")
        (root / "new.txt").write_bytes(b"unversioned\n")
        (root / "debug.log").write_bytes(b"ignored\n")


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, Vault, dict[str, str]]]:
    """The working copy as it was, and the vault that is left of it."""
    laptop = Laptop(tmp_path_factory.mktemp("lost"))
    laptop.make_a_mess()
    before = laptop.ask(laptop.root)
    laptop.scene.publish()
    with Vault.create(laptop.folder / "vault") as vault:
        vault.projects.add(laptop.root, name="shop")
        vault.repositories.keep("shop")
        vault.backup("shop")
        shutil.rmtree(laptop.root)
        yield laptop, vault, before


def test_a_lost_laptop_comes_back_with_edits_changelists_unversioned_files_and_a_half_done_merge(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    laptop, vault, before = lost
    svn(laptop.folder, "checkout", "-q", f"file://{laptop.folder}/server", str(tmp_path / "fresh"))
    to = tmp_path / "back"

    plan = vault.repositories.plan("shop", to=to, clone=tmp_path / "fresh")
    done = vault.repositories.bring_back("shop", to=to, clone=tmp_path / "fresh")

    assert (plan.missing, plan.inert, done.problems, done.references) == ((), (), (), ())
    assert {**laptop.ask(to), "where": before["where"]} == before
    assert (to / "new.txt").read_bytes() == b"unversioned\n"
    assert (to / "debug.log").read_bytes() == b"ignored\n"
    svn(to, "resolve", "-q", "--accept", "mine-full", "a.txt")
    svn(to, "cleanup")
    svn(to, "revert", "-q", "-R", ".")
    svn(to, "changelist", "-q", "--remove", "b.txt")
    assert svn(to, "status", "--ignore-externals", "-q") == ""
    assert (to / "a.txt").read_bytes() == b"two\n"


def referenced(plan: RestorePlan, *contents: bytes) -> RestorePlan:
    """The plan as if contents had been left to the repository."""
    one = next(p.entry for p in plan.entries if p.entry.path == "kept.txt")
    entries = [
        replace(one, path=f"left{number}.txt", blob=None, reference=f"svn:{sha1(content).hexdigest()}")
        for number, content in enumerate(contents)
    ]
    return replace(plan, references=tuple(entries))


def test_contents_left_to_the_server_are_had_from_the_snapshots_pristine_files_or_a_fresh_checkout(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path
) -> None:
    _, vault, _ = lost
    fresh = SvnScene(tmp_path)
    fresh.commit(**{"else.txt": b"only in the checkout\n", "bad.txt": b"damaged there\n"})
    bad = sha1(b"damaged there\n").hexdigest()
    damaged = fresh.root / ".svn/pristine" / bad[:2] / f"{bad}.svn-base"
    damaged.chmod(0o600)
    damaged.write_bytes(b"something\n")
    store, project = vault._store, vault.projects.get("shop")
    files = plan_restore(store, vault.snapshots("shop")[-1], tmp_path / "back")
    files = referenced(files, b"kept\n", b"only in the checkout\n", b"damaged there\n", b"nowhere\n")

    plan, done = bring_back_of(store, project, files, clone=fresh.root, others=(), report=None)

    assert plan.missing == ("left3.txt",)
    assert [entry.path for entry in done.references] == ["left3.txt"]
    assert [path for path, _ in done.problems] == ["left2.txt"]
    assert (tmp_path / "back/left0.txt").read_bytes() == b"kept\n"
    assert (tmp_path / "back/left1.txt").read_bytes() == b"only in the checkout\n"


@pytest.mark.parametrize("reference", ["git:" + "0" * 40, "svn:../../../etc/passwd", "svn:" + "/" * 40, "svn:"])
def test_references_that_are_none_bring_nothing(
    lost: tuple[Laptop, Vault, dict[str, str]], tmp_path: Path, reference: str
) -> None:
    _, vault, _ = lost
    store, project = vault._store, vault.projects.get("shop")
    files = referenced(plan_restore(store, vault.snapshots("shop")[-1], tmp_path / "back"), b"")
    files = replace(files, references=(replace(files.references[0], reference=reference),))

    plan, _ = bring_back_of(store, project, files, clone=tmp_path / "missing", others=(), report=None)

    assert plan.missing == ("left0.txt",)


def test_what_a_server_on_this_machine_holds_is_said_to_be_kept_as_plain_files(tmp_path: Path) -> None:
    scene = SvnScene(tmp_path)
    scene.commit(a=b"one\n")
    with Vault.create(tmp_path / "vault") as vault:
        vault.projects.add(scene.root, name="shop")

        kept = vault.repositories.keep("shop")
        vault.backup("shop")

        assert kept.added is None
        assert "this machine" in kept.notes[0]
        assert {e.path for e in vault.files(vault.snapshots("shop")[-1]) if e.blob} >= {"a", ".svn/wc.db"}


def test_a_server_that_is_a_project_itself_comes_back_with_all_its_history(tmp_path: Path) -> None:
    scene = SvnScene(tmp_path)
    scene.commit(a=b"one\n")
    scene.commit(a=b"two\n")
    with Vault.create(tmp_path / "vault") as vault:
        vault.projects.add(tmp_path / "server", name="server")
        vault.backup("server")
        shutil.rmtree(tmp_path / "server")

        vault.restore("server", to=tmp_path / "server")

    assert svn(scene.root, "cat", "-r", "1", "a") == "one"
    assert svn(scene.root, "update").endswith("At revision 2.")
