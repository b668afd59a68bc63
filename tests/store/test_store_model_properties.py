"""The store against a dictionary of snapshots, with crashes, damage and odd clocks between the steps."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.store.model import StoreModel

QUICK = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(
    QUICK,
    max_examples=25,
    stateful_step_count=60,
    derandomize=False,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    print_blob=True,
)


def test_the_store_keeps_what_the_model_keeps() -> None:
    before = StoreModel.steps
    run_state_machine_as_test(StoreModel, settings=QUICK)
    assert StoreModel.steps - before > 50


@pytest.mark.scale
def test_the_store_keeps_what_the_model_keeps_for_ten_minutes() -> None:
    """Seconds and the first seed may be given; each round's seed is printed, so that a failure can be had again."""
    until = time.monotonic() + float(os.environ.get("CODEVAULT_MODEL_SECONDS", "600"))
    number = int(os.environ.get("CODEVAULT_MODEL_SEED", "1"))
    while time.monotonic() < until:
        print(f"model: seed {number}, {StoreModel.steps} steps so far")  # noqa: T201 - the way to have it again
        run_state_machine_as_test(seed(number)(StoreModel), settings=LONG)
        number += 1
    print(f"model: {StoreModel.steps} steps, seeds up to {number - 1}")  # noqa: T201
