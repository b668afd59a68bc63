"""Every public name of the face is documented, works on a small vault, and gives what it promises."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import pytest

import codevault
from codevault import errors, queries
from codevault.closing import Closing
from codevault.lineages import Lineages
from codevault.projects.model import ProjectChange
from codevault.projects.registry import Projects
from codevault.projects.views import TagRules, Views
from codevault.reports import Reports
from codevault.repositories import Repositories
from codevault.reuse import Clone, CloneGroup, Reuse
from codevault.search import Search
from codevault.store.model import VerifyReport
from codevault.submitting import Submit
from codevault.understanding import Understanding
from tests.vcs.scenes import GitScene, git

FACES: dict[str, type] = {
    "vault": codevault.Vault,
    "vault.closing": Closing,
    "vault.lineage": Lineages,
    "vault.policies": codevault.Policies,
    "vault.projects": Projects,
    "vault.projects.rules": TagRules,
    "vault.projects.views": Views,
    "vault.reports": Reports,
    "vault.repositories": Repositories,
    "vault.reuse": Reuse,
    "vault.search": Search,
    "vault.submit": Submit,
}
METHODS = {f"{face}.{name}" for face, cls in FACES.items() for name in vars(cls) if not name.startswith("_")}
TAX = """\
class TaxTable:
    def rate(self, country, year, category):
        table = self.tables[country][year]
        if category in table.reduced:
            return table.reduced[category] / 100
        return table.standard / 100
"""


class Scene:
    """A vault with two projects of one client that share code; `shop` has been through two backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("shop", "wares"):
            (folder / name / "billing").mkdir(parents=True)
            (folder / name / "billing" / "tax.py").write_text(TAX)
        self.tax = folder / "shop" / "billing" / "tax.py"
        self.vault = codevault.Vault.create(folder / "vault", workers=1)
        self.shop = self.vault.projects.add(folder / "shop", client="Acme")
        self.vault.projects.add(folder / "wares", client="Acme")
        self.vault.backup("wares")
        self.vault.backup(self.shop)
        self.tax.write_text(TAX.replace("standard", "usual") + "\n\ndef later():\n    pass\n")
        self.tax.with_name("copied.py").write_text(TAX)
        self.second = self.vault.backup(self.shop)
        self.vault.analyse()

    @property
    def history(self) -> codevault.Project:
        """A project with a repository, and a backup of it; made when first asked for."""
        if not (self.folder / "history").exists():
            scene = GitScene(self.folder, name="history")
            scene.commit(**{"tax.py": TAX.encode()})
            self.vault.backup(self.vault.projects.add(scene.root))
        return self.vault.projects.get("history")

    @property
    def thin(self) -> codevault.Project:
        """A project that lost a function, thinned to its last snapshot; made when first asked for."""
        folder = self.folder / "thin"
        if not folder.exists():
            folder.mkdir()
            project = self.vault.projects.add(folder)
            for text in (TAX, "RATE = 20\n"):
                (folder / "tax.py").write_text(text)
                self.vault.backup(project)
            self.vault.analyse()
            rules = codevault.Retention(newest=1, floor=1, manual=True, undo=codevault.UndoWindow(9, 9))
            self.vault.prune(rules, projects=[project])
        return self.vault.projects.get("thin")

    @property
    def symbol(self) -> codevault.SymbolVersion:
        found = self.vault.search.symbols("rate", project="wares").hits[0].symbol
        assert found is not None
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("public"))
    yield made
    made.vault.close()


def opened_and_closed(scene: Scene) -> codevault.Vault:
    vault = codevault.Vault.open(scene.folder / "vault")
    vault.close()
    return vault


def added(scene: Scene) -> codevault.Project:
    (scene.folder / "third").mkdir()
    return scene.vault.projects.add(scene.folder / "third")


def another(scene: Scene) -> codevault.Project:
    """A project of a client of its own, made for the call that uses it up."""
    folder = Path(tempfile.mkdtemp(dir=scene.folder))
    (folder / "part").mkdir()
    (folder / "part" / "own.py").write_text("OWN = 1\n")
    project = scene.vault.projects.add(folder, client=folder.name, components={"part": "part"})
    scene.vault.backup(project)
    return project


def erased(scene: Scene) -> codevault.Erased:
    done = scene.vault.closing.erase(scene.vault.closing.plan_erasure(another(scene)))
    scene.vault.analyse()
    return done


def reorganised(scene: Scene) -> codevault.Reorganisation:
    return scene.vault.projects.reorganise({another(scene): {"phase": "live"}})


def moved(scene: Scene) -> codevault.Proposal:
    project = another(scene)
    Path(project.root).rename(f"{project.root}-moved")
    return scene.vault.projects.proposals(project)[0]


def viewed(scene: Scene) -> codevault.View:
    return scene.vault.projects.views.save("by client", by=("client", "phase"))


def ruled(scene: Scene) -> codevault.TagRule:
    return scene.vault.projects.rules.add("python", stack="python")


def ended_job(scene: Scene) -> codevault.Job[VerifyReport]:
    job = scene.vault.submit.verify()
    job.result(60)
    return job


def facts_of(scene: Scene) -> codevault.RepositoryFacts:
    state = scene.vault.repositories.status(scene.history).state
    assert state is not None
    return state.facts


def told(scene: Scene) -> codevault.HookEvent:
    scene.vault.repositories.install_hooks(scene.history)
    git(Path(scene.history.root), "commit", "-q", "--allow-empty", "-m", "more")
    return scene.vault.repositories.events().events[0]


def committed(scene: Scene) -> codevault.CountChange:
    scene.vault.projects.import_history(scene.history)
    scene.vault.analyse()
    return scene.vault.search.commits("return", project=scene.history).changes[0]


CALLS: dict[str, tuple[Callable[[Scene], object], type]] = {
    "vault.create": (lambda s: codevault.Vault.create(s.folder / "another"), codevault.Vault),
    "vault.open": (opened_and_closed, codevault.Vault),
    "vault.close": (lambda s: opened_and_closed(s).close(), type(None)),
    "vault.path": (lambda s: s.vault.path, Path),
    "vault.backup": (lambda s: s.vault.backup("wares"), codevault.Backup),
    "vault.analyse": (lambda s: s.vault.analyse(), Understanding),
    "vault.rebuild": (lambda s: s.vault.rebuild(), Understanding),
    "vault.snapshots": (lambda s: s.vault.snapshots(s.shop)[0], codevault.Snapshot),
    "vault.files": (lambda s: next(iter(s.vault.files(s.second))), codevault.Entry),
    "vault.symbols": (lambda s: next(iter(s.vault.symbols(s.second))), codevault.FoundSymbol),
    "vault.read": (lambda s: s.vault.read(s.symbol.blob), bytes),
    "vault.text": (lambda s: s.vault.text(s.symbol), str),
    "vault.history": (lambda s: s.vault.history("shop", "billing/tax.py", "TaxTable.rate"), codevault.History),
    "vault.symbol_patch": (
        lambda s: s.vault.symbol_patch("shop", "billing/tax.py", "TaxTable.rate", at=1),
        codevault.SymbolPatch,
    ),
    "vault.lineage.events": (lambda s: next(s.vault.lineage.events("shop")), codevault.Event),
    "vault.lineage.versions": (lambda s: s.vault.lineage.versions("shop")[0], codevault.Seen),
    "vault.lineage.changes": (lambda s: s.vault.lineage.changes("shop", 1, 2)[0], codevault.Event),
    "vault.lineage.origins": (
        lambda s: s.vault.lineage.origins(s.vault.history("shop", "billing/copied.py", "TaxTable.rate")),
        tuple,
    ),
    "vault.lineage.together": (
        lambda s: s.vault.lineage.together(s.vault.history("shop", "billing/tax.py", "TaxTable.rate"), least=1)[0],
        codevault.Together,
    ),
    "vault.versions": (lambda s: s.vault.versions(s.tax)[0], codevault.FileVersion),
    "vault.status": (lambda s: s.vault.status(s.tax), codevault.Status),
    "vault.explain": (lambda s: s.vault.explain(s.tax), codevault.Verdict),
    "vault.simulate": (lambda s: s.vault.simulate("", "shop"), codevault.PolicyEffect),
    "vault.coverage": (lambda s: s.vault.coverage("shop"), codevault.ProjectCoverage),
    "vault.policies.text": (lambda s: s.vault.policies.text, str),
    "vault.policies.presets": (lambda s: s.vault.policies.presets, tuple),
    "vault.policies.preset": (lambda s: s.vault.policies.preset("python"), str),
    "vault.policies.check": (lambda s: s.vault.policies.check("presets = ['go']"), type(None)),
    "vault.policies.put": (lambda s: s.vault.policies.put("presets = ['python']"), type(None)),
    "vault.policies.of": (lambda s: s.vault.policies.of("shop"), codevault.Policy),
    "vault.restore": (lambda s: s.vault.restore("shop", to=s.folder / "a"), codevault.Restored),
    "vault.verify": (lambda s: s.vault.verify(), VerifyReport),
    "vault.replicate": (lambda s: s.vault.replicate(s.folder / "replica"), codevault.Replicated),
    "vault.repair": (lambda s: s.vault.repair(), codevault.RepairReport),
    "vault.recover": (lambda s: codevault.Vault.recover(s.folder / "vault"), codevault.Vault),
    "vault.generation": (lambda s: s.vault.generation, codevault.Generation),
    "vault.health": (lambda s: s.vault.health(), codevault.Health),
    "vault.stats": (lambda s: s.vault.stats(), codevault.VaultStats),
    "vault.prune": (lambda s: s.vault.prune(None), codevault.Pruned),
    "vault.thinned": (lambda s: s.vault.thinned(s.thin)[0], codevault.Snapshot),
    "vault.keepsakes": (lambda s: s.vault.keepsakes(s.thin)[0], codevault.Keepsake),
    "vault.compact": (lambda s: s.vault.compact(), codevault.Compacted),
    "vault.undo_prune": (lambda s: s.vault.undo_prune(s.vault.thinned(s.thin)), tuple),
    "vault.limits": (lambda s: s.vault.limits(), codevault.Limits),
    "vault.set_limits": (lambda s: s.vault.set_limits(codevault.Limits(ceiling=1 << 40)), type(None)),
    "vault.projects.add": (added, codevault.Project),
    "vault.projects.update": (lambda s: s.vault.projects.update("shop", phase="beta"), codevault.Project),
    "vault.projects.log": (lambda s: s.vault.projects.log("shop")[-1], ProjectChange),
    "vault.projects.import_history": (lambda s: s.vault.projects.import_history(s.history), codevault.ImportedHistory),
    "vault.projects.reorganise": (reorganised, codevault.Reorganisation),
    "vault.projects.undo_reorganisation": (
        lambda s: s.vault.projects.undo_reorganisation(reorganised(s)),
        codevault.Reorganisation,
    ),
    "vault.projects.phases": (lambda s: s.vault.projects.phases("shop")[0], codevault.PhaseSpan),
    "vault.projects.look_again": (lambda s: s.vault.projects.look_again("shop"), codevault.Project),
    "vault.projects.find": (lambda s: s.vault.projects.find(client="Acme")[0], codevault.Project),
    "vault.projects.browse": (lambda s: s.vault.projects.browse(("client", "time"))[0], codevault.Group),
    "vault.projects.relate": (lambda s: s.vault.projects.relate("shop", "successor of", "wares"), codevault.Project),
    "vault.projects.relations": (lambda s: s.vault.projects.relations("shop", code=True)[0], codevault.Relation),
    "vault.projects.unrelate": (
        lambda s: s.vault.projects.unrelate("shop", codevault.RelationKind.SUCCESSOR_OF, "wares"),
        codevault.Project,
    ),
    "vault.projects.split": (lambda s: s.vault.projects.split(another(s), "part"), codevault.Project),
    "vault.projects.merge": (
        lambda s: s.vault.projects.merge(another(s), into=another(s)),
        codevault.Reorganisation,
    ),
    "vault.projects.proposals": (moved, codevault.Proposal),
    "vault.projects.accept": (lambda s: s.vault.projects.accept(moved(s)), codevault.Project),
    "vault.projects.views.save": (viewed, codevault.View),
    "vault.projects.views.get": (lambda s: s.vault.projects.views.get(viewed(s).name), codevault.View),
    "vault.projects.views.remove": (lambda s: s.vault.projects.views.remove(viewed(s).name), type(None)),
    "vault.projects.rules.add": (ruled, codevault.TagRule),
    "vault.projects.rules.log": (lambda s: ruled(s) and s.vault.projects.rules.log(), tuple),
    "vault.projects.rules.undo": (lambda s: s.vault.projects.rules.undo(), type(None)),
    "vault.projects.rules.remove": (lambda s: s.vault.projects.rules.remove(ruled(s)), type(None)),
    "vault.closing.plan_export": (
        lambda s: s.vault.closing.plan_export("shop", to=s.folder / "handed over"),
        codevault.ExportPlan,
    ),
    "vault.closing.export": (
        lambda s: s.vault.closing.export("shop", to=s.folder / "handed.tar.zst"),
        codevault.Exported,
    ),
    "vault.closing.plan_erasure": (lambda s: s.vault.closing.plan_erasure("shop"), codevault.ErasePlan),
    "vault.closing.erase": (erased, codevault.Erased),
    "vault.closing.erasures": (lambda s: erased(s) and s.vault.closing.erasures()[0], codevault.Erasure),
    "vault.repositories.keep": (lambda s: s.vault.repositories.keep(s.history), codevault.KeptHistory),
    "vault.repositories.status": (lambda s: s.vault.repositories.status(s.history), codevault.RepositoryStatus),
    "vault.repositories.timeline": (lambda s: s.vault.repositories.timeline("shop")[-1], codevault.TimelineEntry),
    "vault.repositories.plan": (
        lambda s: s.vault.repositories.plan(s.history, to=s.folder / "planned"),
        codevault.ReturnPlan,
    ),
    "vault.repositories.bring_back": (
        lambda s: s.vault.repositories.bring_back(s.history, to=s.folder / "back"),
        codevault.Restored,
    ),
    "vault.repositories.install_hooks": (
        lambda s: s.vault.repositories.install_hooks(s.history),
        codevault.InstalledHooks,
    ),
    "vault.repositories.remove_hooks": (
        lambda s: s.vault.repositories.remove_hooks(s.history),
        codevault.InstalledHooks,
    ),
    "vault.repositories.classify": (
        lambda s: next(s.vault.repositories.classify(s.history)),
        codevault.PathStanding,
    ),
    "vault.repositories.events": (lambda s: s.vault.repositories.events(), codevault.HookEvents),
    "vault.projects.undo": (lambda s: s.vault.projects.undo("shop"), codevault.Project),
    "vault.projects.get": (lambda s: s.vault.projects.get(s.folder / "shop"), codevault.Project),
    "vault.projects.containing": (lambda s: s.vault.projects.containing(s.tax)[0], codevault.Project),
    "vault.reports.evolution": (lambda s: s.vault.reports.evolution("shop"), codevault.EvolutionReport),
    "vault.reports.churn": (lambda s: s.vault.reports.churn("shop"), codevault.ChurnReport),
    "vault.reports.hotspots": (lambda s: s.vault.reports.hotspots("shop"), codevault.HotspotReport),
    "vault.reports.ownership": (lambda s: s.vault.reports.ownership("shop"), codevault.OwnershipReport),
    "vault.reports.coupling": (lambda s: s.vault.reports.coupling("shop"), codevault.CouplingReport),
    "vault.reports.survival": (lambda s: s.vault.reports.survival("shop"), codevault.SurvivalReport),
    "vault.reports.timeline": (
        lambda s: s.vault.reports.timeline("shop", "billing/tax.py", "TaxTable.rate"),
        codevault.TimelineReport,
    ),
    "vault.reports.migration": (
        lambda s: s.vault.reports.migration("shop", "python", "typescript"),
        codevault.MigrationReport,
    ),
    "vault.reuse.of": (lambda s: s.vault.reuse.of(s.symbol, client="Acme")[0], Clone),
    "vault.reuse.clones": (lambda s: s.vault.reuse.clones(across_projects=True)[0], CloneGroup),
    "vault.reuse.graph": (lambda s: s.vault.reuse.graph(), nx.DiGraph),
    "vault.reuse.between": (lambda s: s.vault.reuse.between("shop", "wares")[0], CloneGroup),
    "vault.reuse.compare": (lambda s: s.vault.reuse.compare(s.symbol, s.symbol), codevault.Evidence),
    "vault.reuse.drift": (
        lambda s: s.vault.reuse.drift(s.vault.reuse.clones(across_projects=True)[0]),
        codevault.Drift,
    ),
    "vault.reuse.origin": (lambda s: s.vault.reuse.origin(s.symbol, client="Acme"), codevault.Origin),
    "vault.reuse.report": (lambda s: s.vault.reuse.report(), codevault.ReuseReport),
    "vault.search.find": (lambda s: s.vault.search.find(queries.text("usual")), codevault.SearchResult),
    "vault.search.symbols": (lambda s: s.vault.search.symbols("later"), codevault.SearchResult),
    "vault.search.text": (lambda s: s.vault.search.text("usual"), codevault.SearchResult),
    "vault.search.structure": (
        lambda s: s.vault.search.structure("usual($$$)", language="python"),
        codevault.SearchResult,
    ),
    "vault.search.regex": (lambda s: s.vault.search.regex("us[u]al"), codevault.SearchResult),
    "vault.search.commits": (lambda s: s.vault.search.commits("usual"), codevault.CountChanges),
    "vault.submit.import_history": (
        lambda s: s.vault.submit.import_history(s.history).result(60),
        codevault.ImportedHistory,
    ),
    "vault.submit.backup": (lambda s: s.vault.submit.backup("shop").result(60), codevault.Backup),
    "vault.submit.analyse": (lambda s: s.vault.submit.analyse().result(60), Understanding),
    "vault.submit.restore": (
        lambda s: s.vault.submit.restore("shop", to=s.folder / "b").result(60),
        codevault.Restored,
    ),
    "vault.submit.verify": (lambda s: s.vault.submit.verify().result(60), VerifyReport),
    "vault.submit.replicate": (
        lambda s: s.vault.submit.replicate(s.folder / "replica").result(60),
        codevault.Replicated,
    ),
    "vault.submit.repair": (lambda s: s.vault.submit.repair(plan=True).result(60), codevault.RepairReport),
    "vault.submit.compact": (lambda s: s.vault.submit.compact().result(60), codevault.Compacted),
    "vault.submit.prune": (lambda s: s.vault.submit.prune(None).result(60), codevault.Pruned),
    "vault.submit.rebuild": (lambda s: s.vault.submit.rebuild().result(60), Understanding),
}
RATE = """\
table = self.tables[country][year]
if category in table.reduced:
    return table.reduced[category] / 100
"""


def drifted(scene: Scene) -> codevault.Drift:
    """What became of the method that both projects had."""
    groups = scene.vault.reuse.clones(across_projects=True)
    group = next(each for each in groups if each.origin.symbol.qualified_name == "TaxTable.rate")
    return scene.vault.reuse.drift(group)


PARTS: dict[str, Callable[[Scene], object]] = {
    "Autostart": lambda s: codevault.Service(s.vault).autostart("systemd"),
    "Replayed": lambda s: codevault.Service(s.vault).replay(),
    "Service": lambda s: codevault.Service(s.vault),
    "Trouble": lambda s: s.vault.health().wrong[0],
    "Attribution": lambda s: s.vault.stats().attribution,
    "BackupStats": lambda s: s.second.stats,
    "Cover": lambda s: s.vault.coverage("shop").covers[0],
    "Keeping": lambda s: s.vault.explain(s.tax).retention,
    "PathClass": lambda s: s.vault.explain(s.tax).path_class,
    "Policies": lambda s: s.vault.policies,
    "Priority": lambda s: s.vault.explain(s.tax).priority,
    "Protector": lambda s: s.vault.coverage("shop").covers[0].by,
    "Reason": lambda s: s.vault.explain(s.tax).reasons[0],
    "Tally": lambda s: s.vault.simulate("", "shop").stored,
    "Treatment": lambda s: s.vault.explain(s.tax).treatment,
    "Chosen": lambda s: s.vault.closing.plan_export("shop", to=s.folder / "d").chosen[0],
    "ContextPlan": lambda s: s.vault.restore(client="Acme", to=s.folder / "e", plan=True),
    "ContextRestored": lambda s: s.vault.restore(client="Acme", to=s.folder / "f"),
    "RelationKind": lambda s: s.vault.projects.relations("shop", code=True)[0].kind,
    "SharedContent": lambda s: s.vault.closing.plan_erasure("shop").shared[0],
    "Coverage": lambda s: s.vault.search.text("usual").coverage,
    "CountChange": committed,
    "Seen": lambda s: committed(s).at,
    "Event": lambda s: s.vault.history("shop", "billing/tax.py", "TaxTable.rate").introduced,
    "HookEvent": told,
    "RepositoryState": lambda s: s.vault.repositories.status(s.history).state,
    "RepositoryFacts": facts_of,
    "Query": lambda s: codevault.Query(),
    "Hit": lambda s: s.vault.search.text("usual").hits[0],
    "Job": ended_job,
    "Judgement": lambda s: s.vault.prune(plan=True).judged[s.shop.id][0],
    "CompactPlan": lambda s: s.vault.compact(plan=True),
    "PrunePlan": lambda s: s.vault.prune(plan=True),
    "RestorePlan": lambda s: s.vault.restore("shop", to=s.folder / "c", plan=True),
    "Span": lambda s: s.vault.keepsakes(s.thin)[0].span,
    "CloneType": lambda s: s.vault.reuse.of(s.symbol, client="Acme")[0].type,
    "CopiedPart": lambda s: s.vault.reuse.of(RATE, language="python", client="Acme")[0].part,
    "DriftChange": lambda s: drifted(s).changed[0].changes[0],
    "DriftMember": lambda s: drifted(s).members[0],
    "FixCandidate": lambda s: drifted(s).fixes[0],
    "Passage": lambda s: s.vault.reuse.compare(s.symbol, s.symbol).passages[0],
    "Sharing": lambda s: s.vault.stats().sharing,
    "State": lambda s: s.vault.status(s.tax).state,
    "StoreStats": lambda s: s.vault._store.stats(),
    "SymbolOrigin": lambda s: s.vault.history("shop", "billing/copied.py", "TaxTable.rate").introduced.origins[0],
    "SymbolVersion": lambda s: s.symbol,
}
MET_IN_TESTS_OF_THE_SERVICE = {"Decision", "ProjectHealth", "SourceState", "WorkSession"}  # while it runs
GIVEN_TO_THE_VAULT = {
    "CancelToken",
    "Chores",
    "Donor",
    "FileAttribute",
    "Parity",
    "Policy",
    "Progress",
    "Protection",
    "Retention",
    "Timing",
    "UndoWindow",
}
ERRORS = {name for name in codevault.__all__ if name in vars(errors)}
ONLY_WHEN_SOMETHING_IS_WRONG = {"Damage", "LostVersion", "Notice", "Problem", "RepairStep", "Rewrite"} | ERRORS


@pytest.mark.parametrize("name", codevault.__all__)
def test_every_public_class_is_documented(name: str) -> None:
    documentation = inspect.getdoc(getattr(codevault, name)) or ""
    assert documentation
    assert not documentation.startswith(f"{name}(")  # what a dataclass says of itself when nobody did


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_public_method_is_documented(method: str) -> None:
    face, _, name = method.rpartition(".")
    assert inspect.getdoc(vars(FACES[face])[name])


def test_every_public_method_is_tried_here() -> None:
    assert set(CALLS) == METHODS


def test_every_public_class_is_met_here() -> None:
    returned = {kind.__name__ for _, kind in CALLS.values()} & set(codevault.__all__)
    returned |= MET_IN_TESTS_OF_THE_SERVICE
    assert returned | set(PARTS) | GIVEN_TO_THE_VAULT | ONLY_WHEN_SOMETHING_IS_WRONG == set(codevault.__all__)


@pytest.mark.parametrize("method", CALLS)
def test_every_public_method_gives_what_it_promises(method: str, scene: Scene) -> None:
    call, kind = CALLS[method]
    assert isinstance(call(scene), kind)


@pytest.mark.parametrize("name", PARTS)
def test_results_are_made_of_public_classes(name: str, scene: Scene) -> None:
    assert type(PARTS[name](scene)).__name__ == name


def test_every_error_can_be_caught_by_its_name_at_the_top() -> None:
    defined = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and kind.__module__ == errors.__name__
    }
    assert defined == ERRORS
