"""A replica on another machine, over SFTP as OpenSSH speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import codevault
from codevault.errors import ReplicaUnreachable
from codevault.jobs import Progress
from codevault.replicas.fsspec_objects import FsspecObjects
from tests.replicas.sshd import Server, serving

SHOP = {"a.py": "def first():\n    return 1\n", "b.py": "def second():\n    return 2\n"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "sshd") as made:
        yield made


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[codevault.Vault]:
    (tmp_path / "shop").mkdir()
    for name, text in SHOP.items():
        (tmp_path / "shop" / name).write_text(text)
    with codevault.Vault.create(tmp_path / "vault", workers=1) as made:
        made.backup(made.projects.add(tmp_path / "shop"))
        yield made


def test_a_vault_is_sent_over_sftp_and_restored_from_there(
    vault: codevault.Vault, server: Server, tmp_path: Path
) -> None:
    url = f"{server.url}{tmp_path}/far/replica"
    assert vault.replicate(url, options=server.options).sent > 5
    assert vault.replicate(url, options=server.options, verify=True).sent == 0
    with codevault.Vault.open(url, options=server.options, cache=tmp_path / "cache") as far:
        assert far.verify().ok
        far.restore("shop", to=tmp_path / "back")
    assert {path.name: path.read_text() for path in (tmp_path / "back").iterdir()} == SHOP
    assert (tmp_path / "far" / "replica").stat().st_mode & 0o777 == 0o700


def test_a_connection_that_goes_costs_nothing_that_was_sent(
    vault: codevault.Vault, server: Server, tmp_path: Path
) -> None:
    def cut(progress: Progress) -> None:
        if progress.phase == "send" and progress.done == 0:
            for process in [*psutil.Process(server.process.pid).children(recursive=True), server.process]:
                process.kill()

    with pytest.raises(ReplicaUnreachable):
        vault.replicate(f"{server.url}{tmp_path}/replica", options=server.options, progress=cut)
    server.process.wait()
    with serving(tmp_path / "again") as again:
        url = f"{again.url}{tmp_path}/replica"
        vault.replicate(url, options=again.options)
        with codevault.Vault.open(url, options=again.options, cache=tmp_path / "cache") as far:
            assert far.verify().ok


def test_a_host_that_nobody_knows_is_not_trusted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    with pytest.raises(ReplicaUnreachable, match="HostKeyNotVerifiable"):
        FsspecObjects(f"{server.url}/", {**server.options, "known_hosts": str(tmp_path / "known")})


def test_a_place_over_sftp_holds_objects_as_any_other(server: Server, tmp_path: Path) -> None:
    objects = FsspecObjects(f"{server.url}{tmp_path}/objects", server.options)
    assert (dict(objects.sizes()), objects.read("a/b")) == ({}, None)
    objects.write("a/b", [b"old ", b"content"])
    objects.write("a/b", [b"new"])
    assert (dict(objects.sizes()), objects.read("a/b", 1, 1)) == ({"a/b": 3}, b"e")
    objects.remove("a/b")
    objects.remove("a/b")
    assert dict(objects.sizes()) == {}
    (tmp_path / "objects" / "a").rmdir()
    (tmp_path / "objects" / "a").write_text("a file where a folder should be")
    with pytest.raises(ReplicaUnreachable):
        objects.write("a/b", [b"new"])
    objects.close()
