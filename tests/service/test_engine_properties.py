from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.activity.model import SignalKind
from codevault.service_ports import Chores
from tests.service.fakes import World

STEP = st.tuples(
    st.sampled_from(["change", "remove"]),
    st.sampled_from("abcd"),
    st.sampled_from(["told", "lost", "twice", "late", "overflow"]),
    st.floats(0, 400),
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, max_size=12))
def test_the_last_backup_begins_after_the_last_change_whatever_events_say_of_it(
    steps: list[tuple[str, str, str, float]],
) -> None:
    world = World(chores=Chores(reconcile_s=900, analyse_s=0, verify_s=0, tidy_s=0))
    changed = 0
    for what, path, fate, pause in steps:
        kind = SignalKind.CHANGED if what == "change" else SignalKind.GONE
        changed = world.machine.at_ns
        if fate in {"told", "twice"}:
            world.tell(kind, *[path] * (2 if fate == "twice" else 1))
        world.pass_(pause, step=20)
        if fate == "late":
            world.tell(kind, path)
        if fate == "overflow":
            world.tell(SignalKind.LOST)
    world.pass_(1200, step=20)

    assert max(world.vault.began) >= changed
    assert world.engine.health().unsaved_s == 0.0
