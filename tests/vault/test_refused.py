"""What cannot be meant, and records that say what no CodeVault writes: refused, each in words of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from backports import zstd

from codevault import errors
from codevault.activity.planning import replay
from codevault.archives import _dated
from codevault.commits import CommitFacts
from codevault.ids import ProjectId
from codevault.projects.registry import Projects
from codevault.protection import _Inner
from codevault.replicas.inventory import Inventory, decode_inventory, encode_inventory
from codevault.replicas.opening import open_replica
from codevault.reports.telling import _date
from codevault.store.founding import decode_identity
from codevault.store.keepsakes import _decoded
from codevault.store.layout import Layout
from codevault.store.manifest import ManifestMalformed, _owner, _xattrs
from codevault.store.parity import SidecarDamaged, _header_at, is_whole
from codevault.store.records import RecordMalformed, seal, unseal
from codevault.worker_process import _ending, _read
from tests.store.scenes import new_store
from tests.vault.scenes import Archive

Call = Callable[[Any], object]
ASKED: dict[str, tuple[Call, str]] = {
    "no cursor": (lambda vault: vault.search.text("rate", after="é"), "cursor of an earlier answer"),
    "text and regex": (lambda vault: vault.search.commits("a", regex="b"), "give one of them"),
    "alive": (lambda vault: vault.search.text("rate", alive=3), "alive is True, False or None"),
    "a number to find": (lambda vault: vault.search.text(5), "text is a text"),
    "a number as project": (lambda vault: vault.projects.get(5), "is no project"),
    "paths": (lambda vault: vault.restore("shop", to=vault.path.parent / "x", paths="a"), "collection of paths"),
    "cancel": (lambda vault: vault.verify(cancel=5), "cancel is a CancelToken"),
    "a path": (lambda vault: vault.status(5), "a path is a text"),
    "a bool": (lambda vault: vault.lineage.changes("shop", True), "is no version"),
    "no symbol": (lambda vault: vault.reuse.of(SimpleNamespace()), "is no symbol"),
    "no version of a symbol": (lambda vault: vault.text("rate"), "is no symbol"),
    "a rate": (lambda vault: vault.replicate(vault.path.parent / "x", bytes_per_second=0), "1 or more"),
    "recipients": (lambda vault: vault.replicate(vault.path.parent / "x", recipients="age1"), "collection of public"),
    "itself": (lambda vault: vault.replicate(vault.path / "x"), "lie in one another"),
    "another machine": (lambda vault: vault.replicate("file://host/x"), "names another machine"),
}


@pytest.mark.parametrize(("call", "words"), ASKED.values(), ids=ASKED)
def test_a_question_is_refused(call: Call, words: str, archive: Archive) -> None:
    with pytest.raises(errors.InvalidArgument, match=words):
        call(archive.vault)


def test_a_place_without_a_replica_is_none(tmp_path: Path) -> None:
    with pytest.raises(errors.VaultMissing, match="no replica"):
        open_replica(str(tmp_path / "nothing"), cache=tmp_path / "cache")


def test_a_moment_before_everything_has_no_version(archive: Archive) -> None:
    with pytest.raises(errors.UnknownSnapshot, match="no version yet"):
        archive.vault.lineage.changes("shop", "1999-01-01")


INVENTORY = unseal(encode_inventory(Inventory(vault="v", run="r")))
KEEPSAKE = b'{"path":"a","label":"b","start":0,"length":1,"blob":"x","text":"short"}'


OTHER = zstd.compress(b'{"format": 99}\n')


def alone() -> Projects:
    return Projects(new_store()[0], lambda: 0)


def facts() -> CommitFacts:
    return CommitFacts(new_store()[0], ProjectId("0" * 16))


RECORDS: dict[str, tuple[Callable[[], object], type[Exception]]] = {
    "inventory of tomorrow": (lambda: decode_inventory(seal({**INVENTORY, "format": 99})), RecordMalformed),
    "inventory of another shape": (lambda: decode_inventory(seal({**INVENTORY, "objects": []})), RecordMalformed),
    "identity": (lambda: decode_identity(Layout(Path("v")), seal({"format": "two", "vault": 5})), errors.RecordDamaged),
    "keepsake": (lambda: _decoded(ProjectId("0" * 16), KEEPSAKE), errors.InvalidArgument),
    "owner": (lambda: _owner("007:0"), ManifestMalformed),
    "attributes": (lambda: _xattrs({"user.b": "", "user.a": ""}), ManifestMalformed),
    "sidecar": (lambda: _header_at(b"CVPAR002", 0), SidecarDamaged),
    "log of decisions": (lambda: replay([b'{"what": "observed", "seen": {}}']), errors.InvalidArgument),
    "projects of no vault": (
        lambda: Projects(new_store()[0], lambda: 0).import_history("shop"),
        errors.InvalidArgument,
    ),
    "facts of commits": (
        lambda: facts()._read([zstd.compress(b'{"format": 99}\n')], Path("facts")),
        errors.RecordDamaged,
    ),
}


@pytest.mark.parametrize(("read", "error"), RECORDS.values(), ids=RECORDS)
def test_a_record_that_no_codevault_writes_is_refused(read: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        read()


def test_texts_of_a_moment_no_calendar_has_are_those_at_its_end() -> None:
    assert _date(10**30).year == 9999
    assert _dated(1e30) == _dated(-1e9) == (1980, 1, 1, 0, 0, 0)


def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path) -> None:
    (tmp_path / ".service").write_bytes(b"")
    closed = (tmp_path / "a").open("wb+")
    closed.close()

    assert _Inner(tmp_path).head("nothing") == b""
    assert _read(closed) == b""
    assert is_whole(b"CVPAR002") is False
    assert (_ending(-250), _ending(3)) == ("the parser died (signal 250)", "the parser ended itself (exit code 3)")
