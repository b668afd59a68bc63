"""A battery dies in the middle of a refactoring: what is lost is what was said beforehand."""

import random

import pytest

from codevault.activity.model import SECOND_NS, Conditions
from tests.service.fakes import World


def refactor(world: World, rng: random.Random, seconds: int) -> list[int]:
    """Somebody renames through a code base without a pause, on battery; the instants of all saves."""
    saves = []
    for second in range(seconds):
        world.machine.is_now = Conditions(battery=max(0.0, 0.30 - second / seconds * 0.30))
        if rng.random() < 0.25:
            world.save(*(f"src/module_{rng.randrange(60)}.py" for _ in range(rng.randrange(1, 6))))
            saves.append(world.machine.at_ns)
        world.pass_(1)
    return saves


@pytest.mark.parametrize("seed", range(3))
def test_a_battery_that_dies_costs_no_more_than_health_had_said(seed: int) -> None:
    world = World()
    rng = random.Random(seed)
    promise = world.engine.health().promise_s
    saves = refactor(world, rng, rng.randrange(400, 2400))
    died = world.machine.at_ns

    assert promise == 300.0
    lost = [at for at in saves if at > max(world.vault.began)]
    assert (died - min(lost, default=died)) / SECOND_NS <= promise
    assert world.engine.health().unsaved_s <= promise
