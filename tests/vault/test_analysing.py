"""`vault.analyse` and its ways: an executor, a share of the processor, a pause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from codevault import Vault
from codevault.errors import Cancelled, InvalidArgument
from codevault.jobs import CancelToken, Progress

SOURCE = "def rate(price: int) -> int:\n    return check(price) * 2\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tax.py").write_text(SOURCE)
    return root


def understood(vault: Vault, shop: Path) -> list[tuple[object, ...]]:
    return [
        (found.qualified_name, found.symbol.parameters, found.symbol.returns, found.symbol.calls)
        for found in vault.symbols(None, project=str(shop))
    ]


@pytest.mark.parametrize("how", [{}, {"share": 1.5}])
def test_symbols_carry_what_the_analysis_found(tmp_path: Path, shop: Path, how: dict[str, Any]) -> None:
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(shop)
        vault.backup(str(shop))
        done = vault.analyse(**how)

        assert (done.versions, done.parsed) == (1, 1)
        assert understood(vault, shop) == [("rate", ("price: int",), "int", ("check",))]


def test_what_a_snapshot_brought_is_found_while_everything_else_still_waits(tmp_path: Path, shop: Path) -> None:
    token, found, versions = CancelToken(), list[int](), list[int]()
    (shop / "more.py").write_text("def older(): pass\n")

    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(shop)
        vault.backup(str(shop))

        def note(progress: Progress) -> None:
            if progress.phase == "analysing" and not found:
                token.pause()
            if progress.phase == "paused":
                (shop / "tax.py").write_text("def saved_now(): pass\n")
                versions.append(vault.analyse(snapshot=vault.backup(str(shop))).versions)
                found.append(len(vault.search.symbols("saved_now").hits))
                token.resume()

        vault.analyse(progress=note, cancel=token)

        assert (versions, found) == ([1], [1])
        assert vault.search.symbols("older").coverage.complete


def test_a_snapshot_that_the_index_was_not_told_of_is_told_first(tmp_path: Path, shop: Path) -> None:
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(shop)
        with vault._index.writing():
            pass
        made = vault.backup(str(shop)).snapshot
        vault._index.discard()

        assert vault.analyse(snapshot=made.id).versions == 1
        assert vault.search.symbols("rate").hits


def test_an_executor_gives_the_same_answers(tmp_path: Path, shop: Path) -> None:
    with Vault.create(tmp_path / "vault") as vault, ThreadPoolExecutor(1) as executor:
        vault.projects.add(shop)
        vault.backup(str(shop))
        vault.analyse(executor=executor)

        assert understood(vault, shop) == [("rate", ("price: int",), "int", ("check",))]


def test_a_paused_job_goes_on_when_it_is_let(tmp_path: Path, shop: Path) -> None:
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(shop)
        vault.backup(str(shop))
        job = vault.submit.analyse(share=2.0)
        job.pause()
        job.resume()

        assert job.result(timeout=120).versions == 1


@pytest.mark.parametrize(
    "how", [{"share": 0}, {"share": -0.5}, {"share": "all"}, {"executor": "threads"}, {"executor": None, "share": 0.0}]
)
def test_senseless_ways_are_refused(tmp_path: Path, how: dict[str, Any]) -> None:
    with Vault.create(tmp_path / "vault") as vault, pytest.raises(InvalidArgument):
        vault.analyse(**how)


def test_a_share_is_for_processes_of_our_own(tmp_path: Path) -> None:
    with (
        Vault.create(tmp_path / "vault") as vault,
        ThreadPoolExecutor(1) as executor,
        pytest.raises(InvalidArgument, match="either"),
    ):
        vault.analyse(share=0.5, executor=executor, cancel=CancelToken())


def test_an_analysis_that_was_broken_off_goes_on_where_it_was(tmp_path: Path, shop: Path) -> None:
    token, phases = CancelToken(), list[str]()

    def note(progress: Progress) -> None:
        phases.append(progress.phase)
        if progress.phase == "analysing":
            token.cancel()

    for number in range(5):
        (shop / f"more{number}.py").write_text(SOURCE + "\n" * number)
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(shop)
        vault.backup(str(shop))
        with pytest.raises(Cancelled):
            vault.analyse(progress=note, cancel=token)
        vault.analyse()

        assert "analysing" in phases
        assert len(understood(vault, shop)) == 6
        assert vault.analyse().versions == 0
