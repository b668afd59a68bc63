"""Every public call over projects full of traps; run as a program, it tells what an audit hook saw (FAULTS.md 3.3).

`python -P canary_tour.py FOLDER [USER]`: FOLDER holds one folder a system. `test_canary_tour` compares the calls
with the public face.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import codevault
from codevault import CodeVaultError, queries
from codevault.ids import BlobId

SYSTEMS = ("git", "hg", "svn")
_LAZY = (
    "encodings.idna",
    "encodings.ascii",
    "encodings.utf_16",
    "encodings.utf_8_sig",
    "concurrent.futures.thread",
    "sqlite3.dbapi2",
)


class Tour:
    """One vault, and what stands in it while the calls go by; `key` is the project whose turn it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault = codevault.Vault.create(folder / "vault", workers=1)
        self.key = ""

    @property
    def root(self) -> Path:
        return self.folder / self.key

    @property
    def to(self) -> Path:
        """A folder nobody has restored to."""
        return self.folder / f"{self.key}-to-{len(os.listdir(self.folder))}"

    @property
    def file(self) -> Path:
        return self.root / "edited.py"

    @property
    def snapshot(self) -> codevault.Snapshot:
        return self.vault.snapshots(self.key)[-1]

    @property
    def blob(self) -> BlobId:
        return next(e.blob for e in self.vault.files(self.snapshot) if e.path == "edited.py" and e.blob)

    @property
    def symbol(self) -> codevault.FoundSymbol:
        return next(iter(self.vault.symbols(self.snapshot)))


def again(tour: Tour) -> None:
    with codevault.Vault.open(tour.folder / "vault"):
        pass


def shared(tour: Tour) -> object:
    """What each two projects of the vault share."""
    projects = list(tour.vault.projects)
    return [tour.vault.reuse.between(projects[0].id, one.id, across_clients=True) for one in projects[1:]]


def split(tour: Tour) -> codevault.Project:
    """A new project out of a folder of the one whose turn it was, moved out of it; it keeps its relations."""
    to = tour.to
    (to / "links").mkdir(parents=True)
    (to / "links" / "part.py").write_text("def part():\n    return 3\n")
    return tour.vault.projects.split(tour.key, to / "links", name=to.name)


def related(tour: Tour) -> object:
    """The first project is the successor of the last one."""
    first = tour.vault.projects.get(SYSTEMS[0])
    return tour.vault.projects.relate(first, "successor of", split(tour))


def accepted(tour: Tour) -> object:
    """A project whose folder went away; what seems to be it is made so."""
    project = split(tour)
    tour.vault.backup(project)
    os.rename(project.root, f"{project.root}-moved")
    proposals = tour.vault.projects.proposals(project, within=[f"{project.root}-moved"])
    return [tour.vault.projects.accept(proposal) for proposal in proposals]


def erased(tour: Tour) -> bool:
    """A project that was split off is gone for good; one that is none any more is no longer kept from being a tool."""
    project = split(tour)
    tour.vault.backup(project)
    return tour.vault.closing.erase(tour.vault.closing.plan_erasure(project)).complete


def whole(tour: Tour) -> list[str]:
    """Restores, and gives the paths that were left to the repository or that no restore makes."""
    done = tour.vault.restore(tour.key, to=tour.folder / f"{tour.key}-back")
    return sorted({entry.path for entry in done.references} | {path for path, _ in done.problems})


def everything(found: Iterator[Any]) -> int:
    return sum(1 for _ in found)


BEFORE: dict[str, Callable[[Tour], object]] = {
    "vault.projects.add": lambda t: t.vault.projects.add(t.root, name=t.key).id,  # all of them: none's programs run
}
# In this order, for each project; those that concern the vault alone are in ONCE.
CALLS: dict[str, Callable[[Tour], object]] = {
    "vault.projects.get": lambda t: t.vault.projects.get(t.key),
    "vault.projects.update": lambda t: t.vault.projects.update(t.key, client="Acme"),
    "vault.projects.log": lambda t: t.vault.projects.log(t.key),
    "vault.projects.undo": lambda t: t.vault.projects.undo(t.key),
    "vault.projects.look_again": lambda t: t.vault.projects.look_again(t.key).stack,
    "vault.projects.reorganise": lambda t: t.vault.projects.reorganise({t.key: {"phase": "beta"}}).projects,
    "vault.projects.undo_reorganisation": lambda t: (
        t.vault.projects.undo_reorganisation(t.vault.projects.reorganise({t.key: {"phase": "live"}})).projects
    ),
    "vault.projects.phases": lambda t: t.vault.projects.phases(t.key),
    "vault.projects.find": lambda t: t.vault.projects.find(client="Acme"),
    "vault.projects.browse": lambda t: t.vault.projects.browse(("client", "stack", "time")),
    "vault.projects.relations": lambda t: t.vault.projects.relations(t.key),
    "vault.projects.proposals": lambda t: t.vault.projects.proposals(within=[t.folder]),
    "vault.projects.containing": lambda t: t.vault.projects.containing(t.file),
    "vault.backup": lambda t: t.vault.backup(t.key).stats,
    "vault.repositories.keep": lambda t: t.vault.repositories.keep(t.key, protection="mirror").notes,
    "vault.projects.import_history": lambda t: t.vault.projects.import_history(t.key).commits,
    "vault.submit.backup": lambda t: t.vault.submit.backup(t.key).result(600),
    "vault.submit.import_history": lambda t: t.vault.submit.import_history(t.key).result(600).commits,
    "vault.snapshots": lambda t: t.vault.snapshots(t.key),
    "vault.files": lambda t: everything(t.vault.files(t.snapshot)),
    "vault.read": lambda t: t.vault.read(t.blob),
    "vault.analyse": lambda t: t.vault.analyse(),
    "vault.symbols": lambda t: everything(t.vault.symbols(t.snapshot)),
    "vault.text": lambda t: t.vault.text(t.symbol),
    "vault.history": lambda t: t.vault.history(t.key, "edited.py", "two"),
    "vault.symbol_patch": lambda t: t.vault.symbol_patch(t.key, "edited.py", "two").diff,
    "vault.lineage.events": lambda t: everything(t.vault.lineage.events(t.key)),
    "vault.lineage.versions": lambda t: t.vault.lineage.versions(t.key),
    "vault.lineage.changes": lambda t: t.vault.lineage.changes(t.key, 1),
    "vault.lineage.origins": lambda t: t.vault.lineage.origins(t.vault.history(t.key, "edited.py", "two")),
    "vault.lineage.together": lambda t: t.vault.lineage.together(t.vault.history(t.key, "edited.py", "two"), least=1),
    "vault.versions": lambda t: t.vault.versions(t.file),
    "vault.status": lambda t: t.vault.status(t.file),
    "vault.explain": lambda t: t.vault.explain(t.file),
    "vault.simulate": lambda t: t.vault.simulate("[always]\npaths = ['edited.py']\n", t.key).stored,
    "vault.coverage": lambda t: t.vault.coverage(t.key).covers,
    "vault.policies.text": lambda t: t.vault.policies.text,
    "vault.policies.presets": lambda t: t.vault.policies.presets,
    "vault.policies.preset": lambda t: t.vault.policies.preset("python"),
    "vault.policies.check": lambda t: t.vault.policies.check("[always]\npaths = ['edited.py']\n"),
    "vault.policies.put": lambda t: t.vault.policies.put("[always]\npaths = ['edited.py']\n"),
    "vault.policies.of": lambda t: t.vault.policies.of(t.key).file("edited.py", 1),
    "vault.repositories.status": lambda t: t.vault.repositories.status(t.key).state,
    "vault.repositories.classify": lambda t: everything(t.vault.repositories.classify(t.key)),
    "vault.repositories.timeline": lambda t: t.vault.repositories.timeline(t.key),
    "vault.repositories.plan": lambda t: t.vault.repositories.plan(t.key, to=t.to).missing,
    "vault.repositories.bring_back": lambda t: t.vault.repositories.bring_back(t.key, to=t.to).problems,
    "vault.restore": whole,
    "vault.closing.plan_export": lambda t: t.vault.closing.plan_export(t.key, to=t.to).left,
    "vault.closing.export": lambda t: t.vault.closing.export(t.key, to=f"{t.to}.tar.zst").problems,
    "vault.closing.plan_erasure": lambda t: t.vault.closing.plan_erasure(t.key).unique,
    "vault.submit.restore": lambda t: t.vault.submit.restore(t.key, to=t.to).result(600),
    "vault.reuse.of": lambda t: t.vault.reuse.of(t.symbol, fragments=20),
    "vault.reuse.compare": lambda t: t.vault.reuse.compare(t.symbol, t.symbol),
    "vault.reuse.origin": lambda t: t.vault.reuse.origin(t.symbol),
    "vault.reports.evolution": lambda t: t.vault.reports.evolution(t.key),
    "vault.reports.churn": lambda t: t.vault.reports.churn(t.key).to_html(),
    "vault.reports.hotspots": lambda t: t.vault.reports.hotspots(t.key),
    "vault.reports.ownership": lambda t: t.vault.reports.ownership(t.key).to_graphml(),
    "vault.reports.coupling": lambda t: t.vault.reports.coupling(t.key),
    "vault.reports.survival": lambda t: t.vault.reports.survival(t.key),
    "vault.reports.timeline": lambda t: t.vault.reports.timeline(t.key, "edited.py", "two").to_markdown(),
    "vault.reports.migration": lambda t: t.vault.reports.migration(t.key, "python", "go"),
    "vault.keepsakes": lambda t: t.vault.keepsakes(t.key),
}
ONCE: dict[str, Callable[[Tour], object]] = {
    "vault.create": lambda t: codevault.Vault.create(t.folder / "another").close(),
    "vault.open": again,
    "vault.path": lambda t: t.vault.path,
    "vault.generation": lambda t: t.vault.generation,
    "vault.repositories.events": lambda t: t.vault.repositories.events(),
    "vault.search.find": lambda t: t.vault.search.find(queries.text("kept")),
    "vault.search.symbols": lambda t: t.vault.search.symbols("two"),
    "vault.search.text": lambda t: t.vault.search.text("kept"),
    "vault.search.commits": lambda t: t.vault.search.commits("two"),
    "vault.search.structure": lambda t: t.vault.search.structure("two($$$)", language="python"),
    "vault.search.regex": lambda t: t.vault.search.regex("ke[p]t"),
    "vault.reuse.clones": lambda t: t.vault.reuse.clones(),
    "vault.reuse.between": shared,
    "vault.reuse.drift": lambda t: [t.vault.reuse.drift(each) for each in t.vault.reuse.clones(least_tokens=1)],
    "vault.reuse.report": lambda t: t.vault.reuse.report(across_clients=True),
    "vault.reuse.graph": lambda t: t.vault.reuse.graph(),
    "vault.projects.split": lambda t: split(t).relations,
    "vault.projects.merge": lambda t: t.vault.projects.merge(split(t), into=t.key).projects,
    "vault.projects.relate": related,
    "vault.projects.unrelate": lambda t: t.vault.projects.unrelate(SYSTEMS[0], "successor of", split(t)).relations,
    "vault.projects.accept": accepted,
    "vault.projects.views.save": lambda t: t.vault.projects.views.save("all", by=("stack",)),
    "vault.projects.views.get": lambda t: t.vault.projects.views.get("all"),
    "vault.projects.views.remove": lambda t: t.vault.projects.views.remove("all"),
    "vault.projects.rules.add": lambda t: t.vault.projects.rules.add("main", branch="ma*"),
    "vault.projects.rules.log": lambda t: t.vault.projects.rules.log(),
    "vault.projects.rules.undo": lambda t: t.vault.projects.rules.undo(),
    "vault.projects.rules.remove": lambda t: t.vault.projects.rules.remove(t.vault.projects.rules.add("x", path="*")),
    "vault.closing.erase": erased,
    "vault.closing.erasures": lambda t: t.vault.closing.erasures(),
    "vault.health": lambda t: t.vault.health().wrong,
    "vault.stats": lambda t: t.vault.stats(),
    "vault.limits": lambda t: t.vault.limits(),
    "vault.set_limits": lambda t: t.vault.set_limits(codevault.Limits(ceiling=1 << 40)),
    "vault.prune": lambda t: t.vault.prune(None),
    "vault.thinned": lambda t: t.vault.thinned(),
    "vault.undo_prune": lambda t: t.vault.undo_prune(()),
    "vault.compact": lambda t: t.vault.compact(),
    "vault.repair": lambda t: t.vault.repair(),
    "vault.verify": lambda t: t.vault.verify().ok,
    "vault.rebuild": lambda t: t.vault.rebuild(),
    "vault.replicate": lambda t: t.vault.replicate(t.folder / "replica").sent,
    "vault.submit.analyse": lambda t: t.vault.submit.analyse().result(600),
    "vault.submit.verify": lambda t: t.vault.submit.verify().result(600).ok,
    "vault.submit.repair": lambda t: t.vault.submit.repair(plan=True).result(600),
    "vault.submit.compact": lambda t: t.vault.submit.compact().result(600),
    "vault.submit.prune": lambda t: t.vault.submit.prune(None).result(600),
    "vault.submit.replicate": lambda t: t.vault.submit.replicate(t.folder / "replica", verify=True).result(600).sent,
    "vault.submit.rebuild": lambda t: t.vault.submit.rebuild().result(600),
    "vault.close": lambda t: t.vault.close(),
    "vault.recover": lambda t: codevault.Vault.recover(t.folder / "vault").close(),
}
WRITING = ("vault.repositories.install_hooks", "vault.repositories.remove_hooks")
"""Calls that are asked to write into a project; `test_hooks` and `test_canary` look at them apart."""


def main(folder: Path, user: int | None) -> None:
    """Makes every call and says what came of it, and what was started, as one JSON line."""
    for module in (*(one.name for one in pkgutil.walk_packages(codevault.__path__, "codevault.")), *_LAZY):
        importlib.import_module(module)  # as another user they may be out of reach
    seen: dict[str, set[str]] = {"programs": set(), "sockets": set()}

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}:
            seen["programs"].add(str(arguments[0]))
        elif event.startswith("socket.") and event != "socket.gethostname":
            seen["sockets"].add(event)

    if user is not None:
        (folder / "warm/git").mkdir(parents=True)
        _toured(Tour(folder / "warm"))  # what is imported late would be out of reach, too
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    sys.addaudithook(look)
    came = _toured(Tour(folder))
    sys.stdout.write(json.dumps({name: sorted(found) for name, found in seen.items()} | {"came": came}))


def _toured(tour: Tour) -> dict[str, str]:
    came: dict[str, str] = {}
    keys = [key for key in SYSTEMS if (tour.folder / key).exists()]
    for calls in (BEFORE, CALLS):
        for key in keys:
            tour.key = key
            came |= {f"{key} {name}": _made(call, tour) for name, call in calls.items()}
    return came | {name: _made(call, tour) for name, call in ONCE.items()}


def _made(call: Callable[[Tour], object], tour: Tour) -> str:
    """What a call gave, cut off; "!" and the error's name where it was refused."""
    try:
        return repr(call(tour))[:2000]
    except (CodeVaultError, StopIteration) as exc:
        return f"!{type(exc).__name__}: {exc}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
