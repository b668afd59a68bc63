"""An encrypted replica: opened with an identity, by CodeVault or by the age program alone."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

import codevault
from codevault.errors import InvalidArgument, ReplicaLocked, ReplicaRefused, SourceError, StorageError
from codevault.replicas.inventory import INVENTORY, decode_inventory
from codevault.replicas.ports import MemoryObjects
from codevault.replicas.sealing import AgeKey, AgeSeal
from codevault.replicas.sending import Wishes
from tests.replicas.scenes import forget, go_on, opened, send, survives, trees, vault_with_a_past
from tests.store.scenes import ROOT, SOURCE, all_files

IDENTITY = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()
SEAL = AgeSeal([str(IDENTITY.to_public())])
KEY = AgeKey(str(IDENTITY), "memory")


def test_nothing_but_names_and_lengths_can_be_seen() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    assert send(store, objects, Wishes(verify=True), seal=SEAL).encrypted
    assert {name for name in objects.held if not name.endswith(".age")} == {INVENTORY}
    assert not any(SOURCE[:40] in content or b"before" in content for content in objects.held.values())
    assert trees(opened(objects, KEY)) == trees(store)
    assert opened(objects, KEY).verify().damages == ()


def test_only_what_came_or_changed_is_encrypted_again() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects, seal=SEAL)
    assert send(store, objects, Wishes(verify=True), seal=SEAL).sent == 0
    go_on(store)
    assert 0 < send(store, objects, seal=SEAL).sent < len(objects.held) - 2
    name = next(name for name in sorted(objects.held) if name.startswith("packs/"))
    objects.held[name] = objects.held[name][:-1] + b"?"
    assert opened(objects, KEY).verify().damages != ()
    assert send(store, objects, Wishes(verify=True), seal=SEAL).healed == 1
    assert opened(objects, KEY).verify().damages == ()


def test_an_encrypted_replica_is_a_vault_wherever_its_replication_dies() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects, seal=SEAL)
    go_on(store)
    forget(store)
    assert survives(store, objects.held, "torn", SEAL, KEY) > 20


def test_other_recipients_get_everything_anew() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    first = send(store, objects, seal=SEAL)
    both = AgeSeal([*SEAL.recipients, str(OTHER.to_public())])
    assert send(store, objects, seal=both).sent == first.sent
    assert trees(opened(objects, AgeKey(str(OTHER), "memory"))) == trees(store)


def test_a_damaged_pack_is_not_sent_encrypted_either() -> None:
    store, files = vault_with_a_past()
    path = next(path for path in all_files(files) if path.suffix == ".pack")
    content = files.read(path) or b""
    files.remove(path)
    files.create(path).write(b"x" + content[1:])
    assert send(store, MemoryObjects(), seal=SEAL).problems == (path.relative_to(ROOT).as_posix(),)


def test_plain_and_encrypted_are_not_mixed() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects, seal=SEAL)
    with pytest.raises(ReplicaRefused, match="encrypted"):
        send(store, objects)


def test_another_identity_opens_nothing() -> None:
    objects = MemoryObjects()
    send(vault_with_a_past()[0], objects, seal=SEAL)
    with pytest.raises(ReplicaLocked):
        opened(objects, AgeKey(str(OTHER), "memory"))


def test_an_encrypted_replica_that_says_nothing_of_itself_is_made_anew() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects, seal=SEAL)
    objects.held[INVENTORY] = b"{}"
    with pytest.raises(StorageError, match="replicate"):
        opened(objects, KEY)
    with pytest.raises(ReplicaRefused):
        send(store, objects, seal=SEAL)
    send(store, objects, Wishes(acknowledge=True), seal=SEAL)
    assert decode_inventory(objects.held[INVENTORY]).complete
    assert trees(opened(objects, KEY)) == trees(store)


def test_what_is_no_key_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n")
    (tmp_path / "wrong").write_text("letter\n")
    with pytest.raises(InvalidArgument, match="public key"):
        AgeSeal(["age1nobody"])
    with pytest.raises(InvalidArgument, match="holds no key"):
        AgeKey(tmp_path / "empty", "memory")
    with pytest.raises(InvalidArgument, match="secret key"):
        AgeKey(tmp_path / "wrong", "memory")
    with pytest.raises(SourceError):
        AgeKey(tmp_path / "none", "memory")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")
def test_keys_of_ssh_open_it_too(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    sealed = b"".join(AgeSeal([(tmp_path / "key.pub").read_text().strip()]).seal([b"content"]))
    assert AgeKey(tmp_path / "key", "memory").open(sealed) == b"content"


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not here")
def test_age_and_rescue_bring_everything_back_without_codevault(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").write_bytes(SOURCE)
    (tmp_path / "key").write_text(f"{IDENTITY}\n")
    with codevault.Vault.create(tmp_path / "vault", workers=1) as vault:
        project = vault.projects.add(tmp_path / "shop")
        vault.backup(project)
        vault.replicate(tmp_path / "replica", recipients=SEAL.recipients)
    plain = tmp_path / "plain"
    for file in sorted((tmp_path / "replica").rglob("*.age")):
        target = plain / file.relative_to(tmp_path / "replica").with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["age", "-d", "-i", str(tmp_path / "key"), "-o", str(target), str(file)], check=True)
    command = [sys.executable, str(plain / "rescue.py"), "restore", f"{project.id}/1", str(tmp_path / "back")]
    subprocess.run(command, check=True, capture_output=True)
    assert [file.read_bytes() for file in (tmp_path / "back").rglob("main.py")] == [SOURCE]


def test_a_vault_opens_from_an_encrypted_replica(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").write_bytes(SOURCE)
    (tmp_path / "key").write_text(f"# made for a test\n{IDENTITY}\n")
    url = (tmp_path / "replica").as_uri()
    with codevault.Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.backup(vault.projects.add(tmp_path / "shop"))
        vault.replicate(url, recipients=SEAL.recipients)
    with pytest.raises(ReplicaLocked, match="identity"):
        codevault.Vault.open(url, cache=tmp_path / "cache")
    with codevault.Vault.open(url, cache=tmp_path / "cache", identity=tmp_path / "key") as far:
        far.restore("shop", to=tmp_path / "back")
        far.analyse()
        assert far.search.symbols("function_77").hits
    assert (tmp_path / "back" / "main.py").read_bytes() == SOURCE


@pytest.mark.skipif(importlib.util.find_spec("fsspec") is None, reason="fsspec is not here")
def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    page = (Path(__file__).parents[2] / "codevault" / "GROWING.md").read_text("utf-8")
    (example,) = [one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "age1..." in one]
    for place in ("~/back-again", "~/back", "~/key.txt"):
        example = example.replace(place, str(tmp_path / Path(place).name))
    example = example.replace("sftp://me@nas", "memory://nas").replace("s3://bucket", "memory://bucket")
    example = example.replace("age1...", SEAL.recipients[0]).replace("/vault", "/copy")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").write_bytes(SOURCE)
    (tmp_path / "key.txt").write_text(f"{IDENTITY}\n")
    with codevault.Vault.create(tmp_path / "mine", workers=1) as vault:
        vault.backup(vault.projects.add(tmp_path / "shop"))
        exec(example, {"vault": vault, "codevault": codevault})
    assert (tmp_path / "back" / "main.py").read_bytes() == SOURCE
    assert (tmp_path / "back-again" / "main.py").read_bytes() == SOURCE
