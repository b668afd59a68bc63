"""The user's six scenarios and six edge cases, each from beginning to end, on a real disk, in his words."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import codevault
from codevault import Limits, Retention
from tests.scenarios.office import Office, noise, tree
from tests.vcs.scenes import git

FLASK = """\
from flask import Flask, jsonify

app = Flask(__name__)


@app.route("/price/<int:amount>")
def price(amount):
    rate = 20 if amount > 1000 else 10
    return jsonify(total=amount * (100 + rate) / 100, rate=rate)
"""
FASTAPI = """\
from fastapi import FastAPI

api = FastAPI()


@api.get("/price/{amount}")
def price(amount: int) -> dict[str, float]:
    rate = 20 if amount > 1000 else 10
    return {"total": amount * (100 + rate) / 100, "rate": rate}
"""
DISCOUNT = """\
def discount(price, years, members):
    if years > 10 and price in members:
        return price * 0.8 - len(members)
    if years > 5:
        return max(price * 0.9, members[price])
    return sum(members.values(), price)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.vault.close()


@contextmanager
def meanwhile(office: Office, name: str, work: Iterator[object]) -> Iterator[list[codevault.Backup]]:
    """Backups of a project, one after the other, while the body works on it."""
    ended = threading.Event()
    made: list[codevault.Backup] = []

    def back_up() -> None:
        while not ended.is_set():
            made.append(office.vault.backup(name))

    backing = threading.Thread(target=back_up)
    backing.start()
    try:
        for _ in work:
            pass
        yield made
    finally:
        ended.set()
        backing.join()


def test_i_migrate_a_project_to_another_framework_and_its_whole_past_stays(office: Office) -> None:
    shop = office.project("shop", "Acme")
    office.write("shop", "app.py", FLASK)
    office.vault.backup(shop, reason="still flask")
    office.day = 30
    (office.work / "shop" / "app.py").unlink()
    office.write("shop", "api.py", FASTAPI)
    office.vault.backup(shop, reason="fastapi now", kind="milestone")
    office.vault.analyse()

    report = office.vault.reports.migration(shop, "flask", "fastapi")
    life = office.vault.history(shop, "api.py", "price")
    office.vault.restore(shop, at="2026-03-15", to=office.away)

    assert [symbol.qualified_name for symbol in report.fate("carried")] == ["price"]
    assert (life.introduced.path, life.events[-1].path) == ("app.py", "api.py")
    assert (office.away / "app.py").read_text() == FLASK
    assert not (office.away / "api.py").exists()


def test_i_take_one_component_back_to_how_it_was_two_phases_ago(office: Office) -> None:
    shop = office.project("shop", "Acme", phase="beta")
    for day, phase in enumerate(("beta", "live", "maintenance")):
        office.day = day * 40
        office.vault.projects.update(shop, phase=phase)
        office.write("shop", "billing/tax.py", f"def tax(sum):\n    return sum * {day}\n")
        office.write("shop", "web/page.py", f"PAGE = {day}\n")
        office.vault.backup(shop)
    office.vault.analyse()

    office.vault.restore(shop, at=1, paths=["billing"], to=office.away)
    patch = office.vault.symbol_patch(shop, "billing/tax.py", "tax", at=2)
    patch.apply()

    assert tree(office.away) == {"billing/tax.py": b"def tax(sum):\n    return sum * 0\n"}
    assert (office.work / "shop/billing/tax.py").read_text() == "def tax(sum):\n    return sum * 1\n"
    assert (office.work / "shop/web/page.py").read_text() == "PAGE = 2\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_system_fails_and_my_uncommitted_work_comes_back(office: Office) -> None:
    shop = office.project("shop", "Acme")
    root = Path(shop.root)
    git(root, "init", "-q", "--initial-branch=main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    office.write("shop", "main.py", "staged = 1\n")
    git(root, "add", "-A")
    office.write("shop", "main.py", "staged = 1\nnever_committed = 2\n")
    office.write("shop", "untracked.py", "new = 3\n")
    office.write("shop", ".env", "KEY=only here\n")
    office.vault.backup(shop)
    before = tree_without_git(root)
    shutil.rmtree(root)

    office.vault.repositories.bring_back(shop, to=office.away)

    assert tree_without_git(office.away) == before
    assert git(office.away, "status", "--porcelain").splitlines() == ["MM main.py", "?? .env", "?? untracked.py"]
    assert git(office.away, "show", ":main.py") == "staged = 1"


def tree_without_git(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(folder).items() if not path.startswith(".git/")}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_i_ask_by_a_pattern_when_this_came_in_and_who_wrote_it(office: Office) -> None:
    shop = office.project("shop", "Acme")
    root = Path(shop.root)
    git(root, "init", "-q", "--initial-branch=main")
    for author, text in (("Ann", "def rate(x):\n    return x\n"), ("Bob", "def rate(x):\n    return x * 1.19\n")):
        office.write("shop", "tax.py", text)
        git(root, "add", "-A")
        when = {"Ann": "1600000000 +0000", "Bob": "1700000000 +0000"}[author]
        git(root, "commit", "-q", "-m", author, "--author", f"{author} <{author}@x.org>", "--date", when)
    office.vault.projects.import_history(shop)
    office.vault.backup(shop)
    office.vault.analyse()

    hit = office.vault.search.regex(r"return x \* 1\.\d+").hits[0]
    introduced, changed = office.vault.history(shop, "tax.py", "rate").events

    assert (hit.path, hit.first_seen.author) == ("tax.py", "Bob <Bob@x.org>")
    assert (introduced.author, introduced.at.authored_ns) == ("Ann <Ann@x.org>", 1_600_000_000 * 10**9)
    assert (changed.author, changed.at.authored_ns) == ("Bob <Bob@x.org>", 1_700_000_000 * 10**9)


def test_i_make_room_and_the_history_that_matters_stays(office: Office) -> None:
    shop = office.project("shop", "Acme")
    for day in range(12):
        office.day = day
        office.write("shop", "report.bin", noise(day, 60_000))
        office.write("shop", "main.py", f"def day():\n    return {day}\n" + (DISCOUNT if day == 3 else ""))
        office.vault.backup(shop, kind="milestone" if day == 6 else "automatic")
    office.vault.analyse()

    office.vault.prune(Retention(newest=2, floor=2), acknowledged=())  # what was thinned can be put back for a while
    thinned = office.vault.prune(None, plan=True)
    put_back = office.vault.undo_prune(office.vault.thinned(shop)[:1])
    before = office.vault.stats().pack_bytes
    rules = Retention(newest=2, floor=2, undo=codevault.UndoWindow(0, 0))
    done = office.vault.prune(rules)
    office.vault.compact()

    assert (thinned.thin, [one.sequence for one in put_back]) == ((), [1])
    assert [one.sequence for one in office.vault.snapshots(shop)] == [7, 11, 12]
    assert before - office.vault.stats().pack_bytes >= 8 * 60_000
    assert done.complete
    assert [office.vault.read(one.text) for one in office.vault.keepsakes(shop)] == [DISCOUNT.strip().encode()]
    office.vault.restore(shop, at=7, to=office.away)
    assert (office.away / "report.bin").read_bytes() == noise(6, 60_000)
    assert office.vault.verify().ok


def test_i_find_where_else_i_use_this_code_and_where_it_came_from(office: Office) -> None:
    for day, (name, text) in enumerate(
        {"shop": DISCOUNT, "blog": "", "api": DISCOUNT.replace("price", "cost").replace("discount", "rebate")}.items()
    ):
        office.day = day
        office.project(name, "Acme")
        office.write(name, "prices.py", text)
        office.vault.backup(name)
    office.vault.analyse()

    rebate = office.vault.search.symbols("rebate").hits[0]
    places = office.vault.reuse.of(rebate)
    origin = office.vault.reuse.origin(rebate)
    (shared,) = office.vault.reuse.between("shop", "api")

    names = {project.id: project.name for project in office.vault.projects}
    assert [(names[one.hit.project], one.symbol.qualified_name) for one in places] == [
        ("shop", "discount"),
        ("api", "rebate"),
    ]
    assert names[origin.first.hit.project] == "shop"
    assert {names[one.hit.project] for one in shared.members} == {"shop", "api"}


def test_i_refactor_everything_while_backups_run(office: Office) -> None:
    shop = office.project("shop", "Acme")
    texts = {f"module_{n}.py": f"def work_{n}():\n    return {n}\n" for n in range(120)}
    for name, text in texts.items():
        office.write("shop", name, text)
    office.vault.backup(shop)

    def refactor() -> Iterator[None]:
        for name, text in texts.items():
            office.write("shop", f"core/{name}", text.replace("work", "task"))
            (office.work / "shop" / name).unlink()
            yield

    with meanwhile(office, "shop", refactor()) as made:
        pass
    office.vault.backup(shop)
    office.vault.analyse()
    office.vault.restore(shop, to=office.away)

    assert tree(office.away) == tree(office.work / "shop")
    assert all(one.snapshot in office.vault.snapshots(shop) for one in made)
    gone, there = (office.vault.search.symbols(name).hits[0] for name in ("work_7", "task_7"))
    assert (gone.path, there.path, there.last_seen) == ("module_7.py", "core/module_7.py", None)
    assert gone.last_seen is not None
    assert office.vault.verify().ok


def test_the_vault_is_damaged_and_i_lose_next_to_nothing(office: Office) -> None:
    shop = office.project("shop", "Acme")
    for version in range(3):
        office.write("shop", "main.py", f"VERSION = {version}\n" * 50)
        office.write("shop", "logo.bin", noise(version, 30_000))
        office.vault.backup(shop)
    chance = random.Random(3)
    for pack in office.vault.path.glob("packs/*/*.pack"):
        content = bytearray(pack.read_bytes())
        content[chance.randrange(len(content))] ^= 0x10
        pack.chmod(0o600)
        pack.write_bytes(content)
    next(iter(office.vault.path.glob("snapshots/*/*.json"))).unlink()
    shutil.rmtree(office.vault.path / "cache")

    found = office.vault.verify()
    repaired = office.vault.repair(live=False)
    office.vault.rebuild()

    assert (found.ok, repaired.ok, office.vault.verify().ok) == (False, True, True)
    for version in range(3):
        office.vault.restore(shop, at=version + 1, to=office.away / str(version))
        assert (office.away / str(version) / "logo.bin").read_bytes() == noise(version, 30_000)


def test_a_model_of_many_megabytes_is_kept_and_costs_what_changed_in_it(office: Office) -> None:
    shop = office.project("shop", "Acme")
    model = bytearray(noise(1, 24 << 20))
    office.write("shop", "model.pt", bytes(model))
    office.vault.backup(shop)
    before = office.vault.stats().pack_bytes
    model[12 << 20 : (12 << 20) + 1000] = noise(2, 1000)
    office.write("shop", "model.pt", bytes(model))

    office.vault.backup(shop)

    office.vault.restore(shop, to=office.away)
    assert (office.away / "model.pt").read_bytes() == bytes(model)
    assert office.vault.stats().pack_bytes - before < len(model) / 5
    assert not office.vault.search.text("model.pt").hits


def test_the_storage_becomes_full_during_a_backup_and_nothing_that_was_there_is_lost(office: Office) -> None:
    shop = office.project("shop", "Acme")
    office.vault.backup(shop)
    stats = office.vault.stats()
    office.vault.set_limits(Limits(ceiling=stats.pack_bytes + stats.other_bytes + 200_000, reserve=0))
    for number in range(5):
        office.write("shop", f"video_{number}.bin", noise(number, 90_000))
    office.write("shop", "fix.py", "FIXED = True\n")

    partly = office.vault.backup(shop)
    office.vault.set_limits(Limits())
    whole = office.vault.backup(shop)

    first, second = (
        {entry.path for entry in office.vault.files(one.snapshot) if entry.blob} for one in (partly, whole)
    )
    assert (partly.complete, whole.complete) == (False, True)
    assert {"fix.py", "main.py"} <= first < second
    assert {problem.kind for problem in partly.problems} == {"given-up"}
    assert office.vault.verify().ok


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and names of POSIX")
def test_links_hard_links_and_unusual_structures_come_back_as_they_were(office: Office) -> None:
    shop = office.project("shop", "Acme")
    root = Path(shop.root)
    (root / "to-main").symlink_to("main.py")
    (root / "to-nowhere").symlink_to("/nowhere/at/all")
    (root / "loop").symlink_to(".")
    os.link(root / "main.py", root / "twin.py")
    os.mkfifo(root / "pipe")
    office.write("shop", os.fsdecode(b"odd \xff\n name"), "odd")
    deep = root.joinpath(*["d" * 100] * 12)
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text("deep down")
    with (root / "sparse.img").open("wb") as file:
        file.truncate(50 << 20)

    office.vault.backup(shop)
    done = office.vault.restore(shop, to=office.away)

    links = [os.readlink(office.away / name) for name in ("to-main", "to-nowhere", "loop")]
    assert links == ["main.py", "/nowhere/at/all", "."]
    assert (office.away / "twin.py").samefile(office.away / "main.py")
    assert (office.away / os.fsdecode(b"odd \xff\n name")).read_text() == "odd"
    assert office.away.joinpath(*["d" * 100] * 12, "bottom.txt").read_text() == "deep down"
    assert (office.away / "sparse.img").stat().st_size == 50 << 20
    assert [path for path, _ in done.problems] == ["pipe"]


def test_a_build_makes_and_deletes_files_while_backups_run_and_my_work_is_in_each(office: Office) -> None:
    shop = office.project("shop", "Acme")
    root = Path(shop.root)
    (root / "out").mkdir()

    def build() -> Iterator[None]:
        for number in range(400):
            (root / "out" / f"part_{number}.o").write_bytes(b"\x7fELF" + number.to_bytes(4, "big"))
            with suppress(FileNotFoundError):
                (root / "out" / f"part_{number - 20}.o").unlink()
            yield

    with meanwhile(office, "shop", build()) as made:
        pass

    for backup in made:
        held = {entry.path: entry.blob for entry in office.vault.files(backup.snapshot) if entry.blob}
        assert office.vault.read(held["main.py"]) == b"NAME = 'shop'\n"
    assert office.vault.backup(shop).complete
    assert office.vault.verify().ok
