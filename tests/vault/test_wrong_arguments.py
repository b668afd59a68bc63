"""Arguments of upkeep that cannot mean anything are refused in words, before anything is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import codevault
from codevault import InvalidArgument, LimitReached, Limits, Vault
from codevault.arguments import check_all, check_type

CALLS: dict[str, Callable[[Vault], object]] = {
    "prune a number": lambda vault: vault.prune(5),  # type: ignore[call-overload]
    "prune a word": lambda vault: vault.prune("daily"),  # type: ignore[call-overload]
    "undo ids": lambda vault: vault.undo_prune(["id"]),  # type: ignore[list-item]
    "undo nothing": lambda vault: vault.undo_prune(None),  # type: ignore[arg-type]
    "limit a number": lambda vault: vault.set_limits(5),  # type: ignore[arg-type]
    "one donor": lambda vault: vault.repair(donors=vault),  # type: ignore[arg-type]
    "a path as donor": lambda vault: vault.repair(donors=["/x"]),  # type: ignore[list-item]
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_is_refused_in_words(call: Callable[[Vault], object], tmp_path: Path) -> None:
    with codevault.Vault.create(tmp_path / "vault") as vault, pytest.raises(InvalidArgument):
        call(vault)


def test_says_what_an_argument_may_be() -> None:
    with pytest.raises(InvalidArgument, match="size is a int or float, not str"):
        check_type("size", "5", int, float)
    with pytest.raises(InvalidArgument, match="sizes is a collection, not str"):
        check_all("sizes", "5", int)
    with pytest.raises(InvalidArgument, match="each of sizes is a int, not str"):
        check_all("sizes", ["5"], int)


def test_a_limit_of_the_vault_says_what_makes_room(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.bin").write_bytes(bytes(range(256)) * 4)
    with codevault.Vault.create(tmp_path / "vault") as vault:
        shop = vault.projects.add(tmp_path / "shop")
        vault.set_limits(Limits(ceiling=1))
        with pytest.raises(LimitReached, match="another limit makes room"):
            vault.backup(shop)


def test_a_restore_that_missed_nothing_is_complete(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.txt").write_text("a\n")
    with codevault.Vault.create(tmp_path / "vault") as vault:
        shop = vault.projects.add(tmp_path / "shop")
        vault.backup(shop)
        assert vault.restore(shop, to=tmp_path / "back").complete
