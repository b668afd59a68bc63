"""Analysis on a cluster's executor: dask with two worker processes here, as it would be with many elsewhere."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

import pytest

import codevault

SOURCES = {
    f"module_{number}.py": f"def function_{number}(value):\n    return value + {number}\n" for number in range(40)
}


@pytest.mark.scale
def test_two_workers_of_dask_give_the_answers_of_local_ones(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own libraries, about ports, memory and each other
        distributed: Any = importlib.import_module("distributed")  # ships no annotations
        (tmp_path / "shop").mkdir()
        for name, text in SOURCES.items():
            (tmp_path / "shop" / name).write_text(text)
        with codevault.Vault.create(tmp_path / "vault", workers=1) as vault:
            vault.backup(vault.projects.add(tmp_path / "shop"))
            with (
                distributed.LocalCluster(
                    n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "dask")
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                done = vault.analyse(executor=client.get_executor())
            elsewhere = [hit.symbol for hit in vault.search.symbols("function_*", limit=100).hits]
            vault.rebuild()
            here = [hit.symbol for hit in vault.search.symbols("function_*", limit=100).hits]
    assert (done.versions, len(elsewhere)) == (len(SOURCES), len(SOURCES))
    assert elsewhere == here
