"""What a freelancer does with the projects of clients, in the words in which he would say it."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from backports import zstd

import codevault
from codevault import RelationKind
from tests.scenarios.office import Office, noise, tree
from tests.vcs.scenes import GitScene, git


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.vault.close()


def test_i_moved_a_project_and_the_vault_asks_whether_that_is_the_one(office: Office) -> None:
    shop = office.project("shop", "Acme", notes="ask Ann before a release")
    office.write("shop", "tax.py", "RATE = 19\n")
    office.vault.backup(shop)
    shutil.move(office.work / "shop", office.work / "acme" / "web-shop")

    (proposal,) = office.vault.projects.proposals()
    untouched = office.vault.projects.get(shop).root
    moved = office.vault.projects.accept(proposal)

    assert (proposal.after, proposal.confidence) == (str(office.work / "acme" / "web-shop"), 1.0)
    assert (untouched, moved.root, moved.id, moved.notes) == (shop.root, proposal.after, shop.id, shop.notes)
    assert office.vault.backup(moved).snapshot.sequence == 2
    assert office.vault.projects.undo(moved).root == shop.root


def test_another_folder_that_looks_a_little_alike_is_not_taken_for_the_moved_one(office: Office) -> None:
    shop = office.project("shop")
    office.write("shop", "tax.py", "RATE = 19\n")
    office.vault.backup(shop)
    shutil.rmtree(office.work / "shop")
    office.write("other", "tax.py", "RATE = 20\n")

    assert office.vault.projects.proposals(shop, within=[office.work / "other"]) == ()


def test_the_customer_renamed_the_remote_and_the_vault_tells_me(office: Office) -> None:
    scene = GitScene(office.work, name="shop")
    git(scene.root, "remote", "add", "origin", "https://me:secret@git.example.org/acme/shop.git")
    shop = office.vault.projects.add(scene.root)
    git(scene.root, "remote", "set-url", "origin", "https://git.example.org/acme-group/shop.git")

    (proposal,) = office.vault.projects.proposals()
    before = office.vault.projects.look_again(shop).remotes
    office.vault.projects.accept(proposal)

    assert before == ("https://git.example.org/acme/shop.git",)
    assert office.vault.projects.get(shop).remotes == ("https://git.example.org/acme-group/shop.git",)
    assert office.vault.projects.proposals() == ()


def test_a_fresh_clone_somewhere_else_is_known_by_its_remote(office: Office) -> None:
    scene = GitScene(office.work, name="shop")
    git(scene.root, "remote", "add", "origin", "git@git.example.org:acme/shop.git")
    shop = office.vault.projects.add(scene.root)
    shutil.move(scene.root, office.work / "cloned-again")

    (proposal,) = office.vault.projects.proposals(shop)

    assert proposal.after == str(office.work / "cloned-again")
    assert any("git.example.org" in reason for reason in proposal.evidence)


def test_the_vault_knows_what_a_project_is_made_with_and_notices_an_upgrade(office: Office) -> None:
    office.write("shop", "pyproject.toml", '[project]\nrequires-python = ">=3.11"\ndependencies = ["Django>=4.2"]\n')
    office.write("shop", "web/package.json", '{"engines": {"node": ">=18"}, "dependencies": {"react": "^18.2.0"}}')
    shop = office.project("shop")
    office.vault.backup(shop)
    office.write("shop", "web/package.json", '{"engines": {"node": ">=20"}, "dependencies": {"react": "^19.0.0"}}')
    office.vault.backup(shop)

    now = office.vault.projects.get(shop)

    assert now.stack == ("django", "node", "python", "react")
    assert shop.versions == ("django >=4.2", "node >=18", "python >=3.11", "react ^18.2.0")
    assert now.versions == ("django >=4.2", "node >=20", "python >=3.11", "react ^19.0.0")
    assert office.names(stack="react") == ["shop"]


def test_a_project_of_several_parts_says_which_folder_each_is(office: Office) -> None:
    shop = office.vault.projects.update(office.project("shop"), components={"api": "services/api/", "web": "web"})

    assert shop.parts == {"api": "services/api", "web": "web"}
    assert office.vault.projects.undo(shop).parts == {}
    with pytest.raises(codevault.InvalidArgument, match="below"):
        office.vault.projects.update(shop, components={"out": "../elsewhere"})


def test_when_was_this_project_in_maintenance(office: Office) -> None:
    shop = office.project("shop", phase="beta")
    for day, phase in ((10, "live"), (40, "maintenance")):
        office.day = day
        office.vault.projects.update(shop, phase=phase)

    spans = office.vault.projects.phases(shop)

    assert [span.phase for span in spans] == ["beta", "live", "maintenance"]
    assert [one.until_ns == other.since_ns for one, other in pairwise(spans)] == [True, True]
    assert spans[-1].until_ns is None


def test_everything_under_a_folder_in_a_language_or_on_a_branch_gets_its_tag_by_itself(office: Office) -> None:
    (office.work / "private").mkdir()
    scene = GitScene(office.work / "private", name="blog")
    scene.commit(**{"go.mod": b"module blog\n\ngo 1.22\n"})
    git(scene.root, "checkout", "-q", "-b", "rewrite")
    office.project("shop")
    blog = office.vault.projects.add(scene.root, tags={"mine"})
    rules = office.vault.projects.rules

    by_path, _ = rules.add("private", path="*/private/*"), rules.add("golang", stack="go")
    rules.add("risky", branch="re*")
    tagged = office.vault.projects.get(blog)
    rules.remove(by_path)
    later = office.vault.projects.get(blog)
    rules.undo()

    assert (tagged.tags, tagged.all_tags) == (("mine",), ("golang", "mine", "private", "risky"))
    assert later.all_tags == ("golang", "mine", "risky")
    assert office.names(tag="private") == ["blog"]
    assert office.vault.projects.undo(office.vault.projects.update(blog, tags=[])).all_tags == tagged.all_tags


def test_a_tag_or_client_counts_in_a_search_at_once(office: Office) -> None:
    office.vault.backup(office.project("shop", "Acme"))
    office.vault.backup(office.project("blog", "Zeta"))
    office.vault.analyse()

    def found(client: str = "", tag: str = "") -> list[str]:
        hits = office.vault.search.text("NAME", client=client, tag=tag).hits
        return sorted(office.vault.projects.get(hit.project).name for hit in hits)

    before = found(client="Acme")
    office.vault.projects.update("blog", client="Acme", tags={"urgent"})

    assert (before, found(client="Acme"), found(tag="urgent")) == (["shop"], ["blog", "shop"], ["blog"])


def test_i_look_at_my_projects_by_client_and_phase_or_the_other_way_round(office: Office) -> None:
    for name, client, phase in (("shop", "Acme", "live"), ("api", "Acme", "beta"), ("blog", "Zeta", "live")):
        office.vault.backup(office.project(name, client, phase=phase))
    browse = office.vault.projects.browse

    def shape(groups: tuple[codevault.Group, ...]) -> dict[str, list[str]]:
        return {group.value: [below.value for below in group.groups] for group in groups}

    office.vault.projects.views.save("what runs", by=("phase", "client"), phase="live")

    assert shape(browse(("client", "phase"))) == {"Acme": ["beta", "live"], "Zeta": ["live"]}
    assert shape(browse(("phase", "client"))) == {"beta": ["Acme"], "live": ["Acme", "Zeta"]}
    assert shape(browse(view="what runs")) == {"live": ["Acme", "Zeta"]}
    assert [group.value for group in browse(("time",))] == ["2026-03"]


def test_projects_remember_what_they_came_from_through_renames_splits_and_merges(office: Office) -> None:
    old = office.project("legacy", "Acme")
    shop = office.vault.projects.update(office.project("shop", "Acme", phase="live"), components={"api": "api"})
    office.vault.projects.relate(shop, "successor of", old)
    office.write("shop", "api/main.py", "API = 1\n")

    api = office.vault.projects.split(shop, "api")
    office.vault.projects.reorganise({old: {"name": "attic"}, shop: {"client": "Acme Group"}})
    merged = office.vault.projects.merge("attic", into=api)

    def told(project: codevault.Project) -> set[tuple[str, str]]:
        projects = office.vault.projects
        return {(str(one.kind), projects.get(one.other).name) for one in projects.relations(project)}

    assert (api.name, api.client, api.phase) == ("api", "Acme", "live")
    assert told(shop) == {("successor of", "attic"), ("successor of", "api"), ("split into", "api")}
    assert told(api) >= {("split from", "shop"), ("merged from", "attic"), ("succeeded by", "shop")}
    office.vault.projects.undo_reorganisation(merged)
    assert told(api) == {("split from", "shop")}


def test_which_other_projects_share_code_with_this_one(office: Office) -> None:
    body = "".join(f"    total += parts[{n}].price * factors.get(parts[{n}].kind, {n})\n" for n in range(8))
    body = f"def total(parts, factors):\n    total = 0\n{body}    return total\n"
    for name, client in (("shop", "Acme"), ("api", "Acme"), ("blog", "Zeta")):
        office.project(name, client)
        office.write(name, "prices.py", body)
        office.vault.backup(name)
    office.vault.analyse()

    relations = office.vault.projects.relations("shop", code=True)

    assert [(one.kind, one.other) for one in relations] == [
        (RelationKind.SHARES_CODE_WITH, office.vault.projects.get("api").id)
    ]
    assert len(office.vault.projects.relations("shop", code=True, across_clients=True)) == 2


def test_i_reorganise_everything_at_once_and_take_it_back_at_once(office: Office) -> None:
    projects = [office.project(f"p{number}", "Acme") for number in range(5)]
    names = [project.name for project in projects]

    made = office.vault.projects.reorganise(
        {project: {"name": name, "client": "Acme Group"} for project, name in zip(projects, names[::-1], strict=True)}
    )
    swapped = [office.vault.projects.get(project).name for project in projects]
    office.vault.projects.undo_reorganisation(made)

    assert swapped == names[::-1]
    assert [office.vault.projects.get(project) for project in projects] == projects


def test_give_me_everything_of_a_client_as_it_was_in_march(office: Office) -> None:
    for name, client in (("shop", "Acme"), ("api", "Acme"), ("blog", "Zeta")):
        office.vault.backup(office.project(name, client))
    office.day = 35
    office.write("shop", "main.py", "NAME = 'April'\n")
    office.vault.backup("shop")
    office.vault.backup(office.project("new", "Acme"))

    plan = office.vault.restore(client="Acme", at="2026-03", to=office.away, plan=True)
    untouched = office.away.exists()
    done = office.vault.restore(client="Acme", at="2026-03", to=office.away)

    assert (untouched, sorted(plan.plans), plan.bytes) == (False, ["api", "shop"], 27)
    assert [(project.name, why) for project, why in plan.skipped] == [
        ("new", "it has no backup as of 2026-03-31T23:59:59Z")
    ]
    assert tree(office.away) == {"api/main.py": b"NAME = 'api'\n", "shop/main.py": b"NAME = 'shop'\n"}
    assert (done.files, done.complete) == (2, False)


def test_give_me_what_was_in_beta_then(office: Office) -> None:
    for name in ("shop", "api"):
        office.vault.backup(office.project(name, "Acme", phase="beta"))
    office.day = 35
    office.vault.projects.update("shop", phase="live")

    then = office.vault.restore(phase="beta", at="2026-03-31", to=office.away, plan=True)
    now = office.vault.restore(phase="beta", to=office.away, plan=True)

    assert ([one.folder for one in then.chosen], [one.folder for one in now.chosen]) == (["api", "shop"], ["api"])
    with pytest.raises(codevault.UnknownProject, match="the clients are: Acme"):
        office.vault.restore(client="Acne", to=office.away)


@pytest.mark.parametrize("name", ["acme", "acme.tar.zst", "acme.zip"])
def test_i_hand_a_client_everything_and_he_needs_no_codevault(office: Office, name: str) -> None:
    office.project("shop", "Acme")
    office.write("shop", "bin/raw", noise(1))
    office.write("shop", ".git/hooks/post-checkout", "#!/bin/sh\ntouch /tmp/never\n")
    office.write("shop", ".git/HEAD", "ref: refs/heads/main\n")
    office.vault.backup("shop")
    office.vault.backup(office.project("blog", "Zeta"))
    target = office.work.parent / name

    plan = office.vault.closing.plan_export(client="Acme", to=target)
    done = office.vault.closing.export(client="Acme", to=target)
    found = unpacked(target, office.away)

    sums = {line[66:]: line[:64] for line in found["SHA256SUMS"].decode().splitlines()}
    assert (plan.files >= 4, done.complete, done.problems) == (True, True, ())
    assert found["shop/bin/raw"] == noise(1)
    assert "shop/.git/hooks/post-checkout" not in found
    assert any(place.startswith("shop/.git/hooks/post-checkout") for place in found)
    assert sums == {place: hashlib.sha256(content).hexdigest() for place, content in found.items() if place in sums}
    assert sums.keys() == found.keys() - {"SHA256SUMS"}
    assert b"client Acme" in found["README.txt"]
    assert not any(place.startswith("blog") for place in found)
    with pytest.raises(codevault.RestoreRefused, match="exists"):
        office.vault.closing.export(client="Acme", to=target)


def unpacked(target: Path, into: Path) -> dict[str, bytes]:
    """What an export holds, by the tools that everybody has."""
    if target.is_dir():
        return tree(target)
    if target.suffix == ".zip":
        with zipfile.ZipFile(target) as archive:
            archive.extractall(into)
    else:
        with tarfile.open(fileobj=io.BytesIO(zstd.decompress(target.read_bytes()))) as archive:
            archive.extractall(into, filter="tar")
    return tree(into)


def test_a_client_leaves_and_nothing_of_his_is_left_but_what_others_share(office: Office) -> None:
    secret, common = noise(2), noise(3)
    for name, client in (("shop", "Hush & Sons"), ("api", "Hush & Sons"), ("blog", "Zeta")):
        office.project(name, client)
        office.write(name, "common.bin", common)
    office.write("shop", "secret.bin", secret)
    office.vault.projects.update("shop", notes="the password is swordfish-4711")
    office.vault.projects.views.save("Hush & Sons, all", by=("phase",), client="Hush & Sons")
    office.vault.projects.views.save("by client")
    office.vault.projects.rules.add("theirs", client="Hush & Sons")
    for name in ("shop", "api", "blog"):
        office.vault.backup(name)
    office.vault.analyse()
    before = office.everything_in_the_vault()

    plan = office.vault.closing.plan_erasure(client="Hush & Sons")
    done = office.vault.closing.erase(plan, note="contract ended")
    after = office.everything_in_the_vault()

    marks = (secret[50:150], b"swordfish-4711", b"Hush & Sons")
    assert [mark in before for mark in marks[:1]] == [True]
    assert [mark in after for mark in marks] == [False, False, False]
    assert (done.complete, done.freed, office.names()) == (True, plan.freed, ["blog"])
    assert [view.name for view in office.vault.projects.views] == ["by client"]
    assert {one.project for one in plan.shared} == {office.vault.projects.get("blog").id}
    assert sum(one.content.bytes for one in plan.shared) == len(common)
    (record,) = office.vault.closing.erasures()
    assert (record.note, record.snapshots) == ("contract ended", 2)
    office.vault.restore("blog", to=office.away)
    assert (office.away / "common.bin").read_bytes() == common
    assert office.vault.verify().ok
    office.vault.analyse()
    assert [hit.path for hit in office.vault.search.text("NAME").hits] == ["main.py"]


def test_what_my_own_rules_still_say_of_a_client_i_am_told_line_by_line(office: Office) -> None:
    office.project("shop", "Acme")
    office.vault.backup(office.project("blog", "Acme"))
    office.vault.policies.put("# of Acme\n[[project.blog.rule]]\npaths = ['*.psd']\ncadence = 'daily'\n")

    done = office.vault.closing.erase(office.vault.closing.plan_erasure("blog"))

    assert not done.complete
    assert done.problems == ("policy.toml, line 2 names 'blog': take it out with policies.put()",)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the zstd program")
def test_rescue_reads_what_is_left_after_an_erasure(office: Office) -> None:
    for name, client in (("shop", "Acme"), ("blog", "Zeta")):
        office.project(name, client)
        office.write(name, "common.bin", noise(4))
        office.vault.backup(name)
    blog = office.vault.projects.get("blog")
    office.vault.closing.erase(office.vault.closing.plan_erasure("shop"))

    command = [sys.executable, str(office.vault.path / "rescue.py"), "restore", f"{blog.id}/1", str(office.away)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert tree(office.away) == tree(office.work / "blog")


def test_a_name_that_no_client_has_erases_and_exports_nothing(office: Office) -> None:
    office.vault.backup(office.project("shop", "Acme"))
    closing = office.vault.closing

    with pytest.raises(codevault.UnknownProject, match="no project has client 'Acne'"):
        closing.plan_erasure(client="Acne")
    with pytest.raises(codevault.InvalidArgument, match="give a project"):
        closing.plan_erasure()
    with pytest.raises(codevault.InvalidArgument, match="not both"):
        closing.plan_export("shop", client="Acme", to=office.away)
    with pytest.raises(codevault.InvalidArgument, match="at least one"):
        closing.plan_erasure([])
