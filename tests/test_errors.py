"""The errors: one tree, drawn where it is defined, and messages that say what to do."""

from __future__ import annotations

import errno
import inspect
import re
from pathlib import Path

import pytest

from codevault import errors
from codevault.ids import BlobId

CLASSES = {
    name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and cls.__module__ == errors.__name__
}
DRAWN = re.findall(
    r"^([│├└─ ]*)(\w+)(?: \((\w+)\))?(?: {2,}(.*))?$", (errors.__doc__ or "").split("\n\n")[1], re.MULTILINE
)


def drawn_parents() -> dict[str, str]:
    """The drawing as class -> parent: four columns a level."""
    path: list[str] = []
    parents: dict[str, str] = {}
    for rule, name, _, _ in DRAWN:
        depth = len(rule) // 4
        path[depth:] = [name]
        parents[name] = path[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert drawn_parents() == {name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()}


def test_the_tree_is_drawn_in_the_order_of_the_classes() -> None:
    assert list(drawn_parents()) == list(CLASSES)


def test_second_bases_are_drawn_in_brackets() -> None:
    drawn = {name: second for _, name, second, _ in DRAWN if second}
    assert drawn == {name: cls.__bases__[1].__name__ for name, cls in CLASSES.items() if len(cls.__bases__) > 1}


def test_every_error_but_the_base_says_in_the_tree_what_it_means() -> None:
    assert [name for _, name, _, meaning in DRAWN if not meaning] == ["CodeVaultError"]


@pytest.mark.parametrize("cls", CLASSES.values())
def test_every_error_is_one_of_ours_and_documented(cls: type[Exception]) -> None:
    assert issubclass(cls, errors.CodeVaultError)
    assert cls.__doc__


@pytest.mark.parametrize(
    "cls",
    [
        errors.InvalidArgument,
        errors.UnknownProject,
        errors.UnknownSnapshot,
        errors.UnknownPath,
        errors.UnknownSymbol,
        errors.InvalidPattern,
    ],
)
def test_misuse_is_a_value_error_too(cls: type[Exception]) -> None:
    with pytest.raises(ValueError, match="no such thing"):
        raise cls("no such thing")


BLOB = BlobId("ab" * 32)
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (errors.BlobMissing(BLOB), "verify() lists what needs it"),
        (errors.BlobDamaged(BLOB, Path("packs/ab/abc.pack"), 17, "bad checksum"), "run verify()"),
        (errors.RecordDamaged(Path("projects/p.json"), "not JSON"), "run verify()"),
        (
            errors.StorageFull(Path("packs/ab/abc.pack"), FULL),
            "free some space and try again; nothing committed was lost",
        ),
        (errors.SourceError("it is gone", Path("shop")), "nothing counts as deleted"),
    ],
)
def test_messages_say_what_the_caller_can_do(error: errors.CodeVaultError, advice: str) -> None:
    assert advice in str(error)


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (errors.BlobMissing(BLOB), {"blob": BLOB}),
        (
            errors.BlobDamaged(BLOB, Path("packs/ab/abc.pack"), 17, "bad checksum"),
            {"blob": BLOB, "pack": Path("packs/ab/abc.pack"), "offset": 17},
        ),
        (errors.RecordDamaged(Path("projects/p.json"), "not JSON"), {"path": Path("projects/p.json")}),
        (errors.StorageFull(Path("vault/lock"), FULL), {"path": Path("vault/lock")}),
        (errors.StorageError(Path("vault/lock"), FULL), {"path": Path("vault/lock")}),
        (errors.SourceError("it is gone", Path("shop")), {"root": Path("shop")}),
        (errors.RestoreRefused("the target holds files", Path("out")), {"target": Path("out")}),
        (errors.VaultMissing("no vault there", Path("v")), {"path": Path("v")}),
        (errors.VaultBusy("busy", Path("v"), "pid 7"), {"path": Path("v"), "holder": "pid 7"}),
        (errors.VaultTooNew("too new", Path("v"), 9, 1), {"path": Path("v"), "version": 9, "supported": 1}),
    ],
)
def test_errors_carry_their_facts_as_fields(error: errors.CodeVaultError, facts: dict[str, object]) -> None:
    assert {name: getattr(error, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            errors.BlobDamaged(BLOB, Path("/secret/home/vault/packs/ab/abc.pack"), 17, "bad checksum"),
            "abc.pack at byte 17",
        ),
        (errors.StorageFull(Path("/secret/home/vault/lock"), FULL), "cannot write lock: No space left on device"),
        (errors.StorageError(Path("/secret/home/vault/lock"), FULL), "failed at lock: No space left on device"),
        (errors.RecordDamaged(Path("/secret/home/vault/vault.json"), "not JSON"), "vault.json is damaged: not JSON"),
    ],
)
def test_messages_name_the_file_and_keep_the_folders_above_it_to_themselves(
    error: errors.CodeVaultError, words: str
) -> None:
    assert words in str(error)
    assert "secret" not in str(error)
