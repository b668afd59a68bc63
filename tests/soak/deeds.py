"""What may be done to a vault in a soak, by this process or by one that is killed meanwhile."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from codevault import InvalidArgument, Limits, Retention, UndoWindow, Vault

SKIPPING = '[[rule]]\npaths = ["*.skip"]\nkeep = false\n'
POLICIES = ("", SKIPPING, '[[rule]]\npaths = ["*.cfg"]\npriority = "high"\n', SKIPPING + "# again\n")
FORGETTING = UndoWindow(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One call that changes a vault; `number` is its argument, whatever that means to it."""

    name: str
    project: str = ""
    number: int = 0

    def do(self, vault: Vault) -> None:
        """Does it; what it raises is the caller's to judge."""
        DEEDS[self.name](vault, self)


def thin(vault: Vault, deed: Deed) -> None:
    """Keeps the last few snapshots of each project, manual ones too."""
    undo = FORGETTING if deed.number % 2 else UndoWindow()
    rules = Retention(newest=2 + deed.number % 7, manual=True, milestones=3, floor=2, undo=undo)
    plan = vault.prune(rules, plan=True)
    vault.prune(plan, acknowledged=plan.frozen)


def back_up_within(vault: Vault, deed: Deed) -> None:
    """A backup for which there is next to no room, as its owner set it."""
    stats = vault.stats()
    vault.set_limits(Limits(ceiling=stats.pack_bytes + stats.other_bytes + 20_000 + deed.number * 1000))
    try:
        vault.backup(deed.project, kind="automatic")
    finally:
        vault.set_limits(Limits())


def organise(vault: Vault, deed: Deed) -> None:
    """Changes a project, or takes the last change back."""
    if deed.number % 4 == 0:
        with suppress(InvalidArgument):  # everything was taken back before
            vault.projects.undo(deed.project)
    else:
        tags = {f"t{deed.number % 3}", "soaked"}
        vault.projects.reorganise({deed.project: {"client": f"C{deed.number % 5}", "phase": "beta", "tags": tags}})


def erase(vault: Vault, deed: Deed) -> None:
    """All of one project, for good."""
    plan = vault.closing.plan_erasure(deed.project)
    vault.closing.erase(plan, acknowledged=plan.frozen)


def put_back(vault: Vault, deed: Deed) -> None:
    """Some of what was thinned, into history again."""
    vault.undo_prune(vault.thinned()[: 1 + deed.number % 3])


def keep(vault: Vault, deed: Deed) -> None:
    """The commits of a repository, in the vault."""
    vault.repositories.keep(deed.project, protection="mirror")
    vault.projects.import_history(deed.project)


DEEDS: Mapping[str, Callable[[Vault, Deed], object]] = {
    "manual": lambda vault, deed: vault.backup(deed.project),
    "milestone": lambda vault, deed: vault.backup(deed.project, kind="milestone"),
    "automatic": lambda vault, deed: vault.backup(deed.project, kind="automatic"),
    "within": back_up_within,
    "analyse": lambda vault, _: vault.analyse(),
    "keep": keep,
    "thin": thin,
    "put back": put_back,
    "compact": lambda vault, _: vault.compact(),
    "erase": erase,
    "organise": organise,
    "policy": lambda vault, deed: vault.policies.put(POLICIES[deed.number % len(POLICIES)]),
    "repair": lambda vault, _: vault.repair(),
    "rebuild": lambda vault, _: vault.rebuild(),
    "replicate": lambda vault, _: vault.replicate(vault.path.with_name("copy"), acknowledge=True),
}


def as_text(deed: Deed) -> str:
    """For a process of its own: `python -m tests.soak.deeds VAULT TEXT`, which says "ready" before it begins."""
    return json.dumps(asdict(deed))


if __name__ == "__main__":
    with Vault.open(Path(sys.argv[1]), workers=1) as opened:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        Deed(**json.loads(sys.argv[2])).do(opened)
