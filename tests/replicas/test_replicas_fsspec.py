"""Replicas where fsspec reaches, and what its file systems may answer."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import codevault
from codevault.errors import CodeVaultError, ExtraMissing, InvalidArgument, ReplicaUnreachable
from codevault.replicas.places import objects_at


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[codevault.Vault]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tax.py").write_text("def first(order):\n    return order\n")
    with codevault.Vault.create(tmp_path / "vault", workers=1) as made:
        made.backup(made.projects.add(tmp_path / "shop", client="Acme"))
        yield made


def test_a_replica_in_memory_is_restored_and_searched(vault: codevault.Vault, tmp_path: Path) -> None:
    url = f"memory://{tmp_path}/replica"
    vault.replicate(url)
    with codevault.Vault.open(url, cache=tmp_path / "cache", workers=1) as far:
        far.analyse()
        assert [hit.path for hit in far.search.symbols("first", client="Acme").hits] == ["tax.py"]
        far.restore("shop", to=tmp_path / "back")
    assert (tmp_path / "back" / "tax.py").read_bytes() == (tmp_path / "shop" / "tax.py").read_bytes()


def test_a_scheme_whose_package_is_not_here_names_it() -> None:
    fsspec: Any = importlib.import_module("fsspec")
    fsspec.register_implementation("lacking", "nothing_of_that_name.Files", clobber=True, errtxt="install it")
    with pytest.raises(ExtraMissing, match="install it"):
        objects_at("lacking://place")


def test_a_place_that_says_it_is_not_there_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> object:
        raise FileNotFoundError

    memory: Any = importlib.import_module("fsspec.implementations.memory")
    monkeypatch.setattr(memory.MemoryFileSystem, "find", missing)
    assert objects_at("memory://place").sizes() == {}


def test_a_scheme_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(InvalidArgument, match="nobody://place"):
        objects_at("nobody://place")


@pytest.mark.parametrize(
    ("error", "raised"),
    [(OSError(28, "No space left on device"), codevault.StorageFull), (OSError(5, "broken"), ReplicaUnreachable)],
    ids=["full", "broken"],
)
def test_what_a_far_system_refuses_is_an_error_of_ours(
    vault: codevault.Vault, error: OSError, raised: type[CodeVaultError], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFile

    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(MemoryFile, "write", refuse, raising=False)
    with pytest.raises(raised):
        vault.replicate("memory://refusing")


def test_an_upload_that_arrives_short_is_not_put_in_place(
    vault: codevault.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFile

    whole = MemoryFile.write
    monkeypatch.setattr(MemoryFile, "write", lambda self, content: whole(self, content[:-1]), raising=False)
    with pytest.raises(ReplicaUnreachable, match="arrived"):
        vault.replicate("memory://short")
    monkeypatch.undo()
    assert list(objects_at("memory://short").sizes()) == ["incoming/replica.json.tmp"]


def test_a_place_that_cannot_be_connected_to_is_unreachable() -> None:
    class Refusing:
        def __init__(self, *_: object, **__: object) -> None:
            raise ConnectionRefusedError(111, "Connection refused")

        protocol, cachable = "refusing", False
        _strip_protocol = staticmethod(str)
        _get_kwargs_from_urls: Any = staticmethod(lambda _: {})

    fsspec: Any = importlib.import_module("fsspec")
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    with pytest.raises(ReplicaUnreachable, match="ConnectionRefusedError"):
        objects_at("refusing://user:secret@place")
