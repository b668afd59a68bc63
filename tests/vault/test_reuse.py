"""Where the same code lives, and never across clients unless asked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

import pytest

from codevault.errors import InvalidArgument, UnknownPath
from codevault.index.model import Hit
from codevault.reuse import Clone
from tests.vault.scenes import SLUGS, Archive, Desk


def places(archive: Archive, clones: tuple[Clone, ...]) -> list[tuple[str, str]]:
    return [(archive.vault.projects.get(clone.hit.project).name, clone.hit.path) for clone in clones]


def slugify(archive: Archive, project: str) -> Hit:
    return archive.vault.search.symbols("slugify", project=project).hits[0]


def test_copies_in_another_clients_project_are_only_shown_when_asked_for(archive: Archive) -> None:
    mine = archive.vault.reuse.of(slugify(archive, "blog"))
    everywhere = archive.vault.reuse.of(slugify(archive, "blog"), across_clients=True)

    assert places(archive, mine) == [("blog", "slugs.py")]
    assert ("shop", "utils/text.py") in places(archive, everywhere)
    assert {clone.client for clone in everywhere} == {"Acme", "Zeta"}


def test_the_place_that_had_the_code_first_leads(archive: Archive) -> None:
    everywhere = archive.vault.reuse.of(slugify(archive, "blog"), across_clients=True)

    assert places(archive, everywhere)[0] == ("shop", "utils/text.py")
    assert {clone.similarity for clone in everywhere} == {1.0}
    assert everywhere[0].symbol.name == "slugify"


def test_renamed_copies_are_alike_but_not_the_same(archive: Archive) -> None:
    renamed = archive.vault.search.symbols("loyalty_discount", project="shop").hits[0]

    similar = {c.symbol.name: c.similarity for c in archive.vault.reuse.of(renamed)}

    assert similar["loyalty_discount"] == 1.0
    assert 0.9 < similar["old_discount"] < 1.0
    assert {c.symbol.name for c in archive.vault.reuse.of(renamed, at_least=1.0)} == {"loyalty_discount"}


def test_a_symbol_version_is_looked_for_in_the_client_given(archive: Archive) -> None:
    version = slugify(archive, "blog").symbol
    assert version is not None

    assert archive.vault.reuse.of(version) == ()
    assert {clone.client for clone in archive.vault.reuse.of(version, client="Acme")} == {"Acme"}


def test_a_line_of_text_has_no_copies(archive: Archive) -> None:
    with pytest.raises(InvalidArgument, match="line of text"):
        archive.vault.reuse.of(archive.vault.search.text("quick brown").hits[0])


def test_groups_of_clones_stay_within_a_client(archive: Archive) -> None:
    groups = archive.vault.reuse.clones(least_tokens=10)

    assert groups
    assert {group.clients for group in groups} == {("Acme",)}
    assert all(group.origin is group.members[0] for group in groups)


def test_groups_of_clones_may_span_clients_when_asked(archive: Archive) -> None:
    groups = archive.vault.reuse.clones(least_tokens=10, across_projects=True, across_clients=True)

    assert {group.origin.symbol.name for group in groups} == {"slugify", "shorten"}
    assert {group.clients for group in groups} == {("Acme", "Zeta")}


def test_groups_can_be_kept_to_those_of_a_project(archive: Archive) -> None:
    everything = archive.vault.reuse.clones(least_tokens=10, across_clients=True)
    of_blog = archive.vault.reuse.clones(least_tokens=10, across_clients=True, project="blog")

    assert 0 < len(of_blog) < len(everything)


def test_short_code_is_alike_by_nature_and_left_out(archive: Archive) -> None:
    assert archive.vault.reuse.clones(least_tokens=10_000, across_clients=True) == ()


def test_draws_who_had_whose_code_first(desk: Desk) -> None:
    first, second = desk.project("first"), desk.project("second")
    desk.day(first, {"a.py": SLUGS})
    desk.day(second, {"b.py": SLUGS.replace("slugify", "to_slug")})
    desk.vault.analyse()

    graph = desk.vault.reuse.graph()

    assert list(graph.edges(data="weight")) == [(first.id, second.id, 2)]
    assert graph.nodes[first.id]["name"] == "first"


def test_the_drawing_does_not_cross_clients_unless_asked(archive: Archive) -> None:
    assert list(archive.vault.reuse.graph().edges) == []
    assert list(archive.vault.reuse.graph(across_clients=True).edges) == [(archive.shop.id, archive.blog.id)]


def test_a_symbol_of_a_snapshot_finds_what_a_search_hit_finds(archive: Archive) -> None:
    hit = slugify(archive, "blog")
    newest = archive.vault.snapshots("blog")[-1]
    found = next(s for s in archive.vault.symbols(newest) if s.name == "slugify")

    assert archive.vault.reuse.of(found) == archive.vault.reuse.of(hit)


BASKET = """\
def basket_total(lines, country, coupon):
    total = 0
    for line in lines:
        if line.amount < 0:
            raise ValueError("negative amount")
        total += line.price * line.amount
    if coupon is not None:
        total = total - coupon.value_for(total)
    rate = RATES.get(country, 20)
    return round(total * (100 + rate) / 100, 2)
"""
FIXED = BASKET.replace("    rate = RATES", "    if total < 0:\n        total = 0\n    rate = RATES")
NEAR = FIXED.replace("basket_total", "order_sum").replace("total", "amount_due")
MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person\n"


def trade(desk: Desk) -> Desk:
    """`first` had the basket first, `second` copied it and was fixed, `other` is another client's near miss."""
    first = desk.project("first", client="Acme")
    second = desk.project("second", client="Acme")
    other = desk.project("other", client="Zeta")
    desk.day(first, {"lib/basket.py": BASKET, "LICENSE": MIT})
    desk.day(second, {"shop.py": BASKET})
    desk.day(second, {"shop.py": FIXED})
    desk.day(other, {"sums.py": NEAR})
    desk.vault.analyse()
    return desk


@pytest.fixture(scope="module")
def traders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Three projects that nobody changes any more."""
    desk = trade(Desk(tmp_path_factory.mktemp("traders")))
    yield desk
    desk.vault.close()


@pytest.fixture
def moving(desk: Desk) -> Desk:
    """The same, to be gone on with."""
    return trade(desk)


def basket(desk: Desk) -> Hit:
    return desk.vault.search.symbols("basket_total", project="first").hits[0]


def test_near_misses_are_found_with_their_type_and_evidence(traders: Desk) -> None:
    first, second, other = traders.vault.reuse.of(basket(traders), across_clients=True)

    assert [int(clone.type) for clone in (first, second, other)] == [1, 3, 3]
    assert 0.7 < other.similarity <= second.similarity < 1.0
    evidence = traders.vault.reuse.compare(first, other)
    assert [passage.kind for passage in evidence.passages] == ["renamed", "added", "renamed"]
    assert evidence.right.splitlines()[evidence.passages[1].right[0] - 1].strip() == "if amount_due < 0:"


def test_only_as_much_as_was_asked_is_looked_at(traders: Desk) -> None:
    reuse, hit = traders.vault.reuse, basket(traders)

    assert [clone.hit.path for clone in reuse.of(hit)] == ["lib/basket.py", "shop.py"]
    assert [clone.hit.path for clone in reuse.of(hit, across_projects=False)] == ["lib/basket.py"]
    equal = reuse.of(hit, at_least=1.0, across_clients=True)
    assert [(clone.hit.path, clone.hit.last_seen is None) for clone in equal] == [
        ("lib/basket.py", True),
        ("shop.py", False),
    ]


def test_a_snippet_is_looked_for_like_a_symbol(traders: Desk) -> None:
    found = traders.vault.reuse.of(BASKET.replace("coupon", "voucher"), language="python", client="Acme")

    assert [(clone.hit.path, int(clone.type), clone.asked) for clone in found] == [
        ("lib/basket.py", 2, "basket_total"),
        ("shop.py", 3, "basket_total"),
    ]


def test_statements_without_a_function_are_looked_for_as_a_part(traders: Desk) -> None:
    statements = "\n".join(line.strip() for line in BASKET.splitlines()[6:])
    statements = statements.replace("total = total -", "    total = total -")
    found = traders.vault.reuse.of(statements, language="python", client="Acme")

    assert {clone.hit.path for clone in found} == {"lib/basket.py", "shop.py"}
    assert found[0].part is not None
    assert found[0].part.lines[1] == 10
    assert found[0].part.tokens >= 12


@pytest.mark.parametrize(
    ("snippet", "language", "why"),
    [
        ("x = 1", "", "language"),
        ("x = 1", "klingon", "language"),
        ("x = 1", "python", "too little"),
        ("x" * (1 << 21), "python", "at most"),
    ],
)
def test_a_snippet_that_cannot_be_looked_for_is_refused(desk: Desk, snippet: str, language: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        desk.vault.reuse.of(snippet, language=language)


def test_a_file_is_asked_for_by_its_path_or_a_version_of_it(traders: Desk) -> None:
    by_path = traders.vault.reuse.of(traders.home / "second/shop.py")
    version = traders.vault.versions(traders.home / "second/shop.py")[0]

    assert [clone.hit.path for clone in by_path] == ["lib/basket.py", "shop.py"]
    assert {clone.asked for clone in by_path} == {"basket_total"}
    assert [int(clone.type) for clone in traders.vault.reuse.of(version)][:1] == [1]
    with pytest.raises(UnknownPath):
        traders.vault.reuse.of(traders.home / "nowhere.py")


def test_a_part_inside_something_else_is_found_when_asked_for(desk: Desk) -> None:
    inner = textwrap.indent("\n".join(BASKET.splitlines()[2:9]), "")
    unlike = "def report(path, lines, coupon, country):\n" + "".join(f"    path.write(str({n}))\n" for n in range(25))
    one = desk.project("one", {"a.py": BASKET, "b.py": unlike + "    total = 0\n" + inner + "\n    return path\n"})
    desk.day(one)
    desk.vault.analyse()
    hit = desk.vault.search.symbols("basket_total").hits[0]

    assert [clone.hit.path for clone in desk.vault.reuse.of(hit)] == ["a.py"]
    whole, part = desk.vault.reuse.of(hit, fragments=40)
    assert part.hit.path == "b.py"
    assert part.part is not None
    assert part.part.of_lines[0] in {1, 2, 3}
    assert part.part.lines[0] >= 26
    assert whole.part is None


def test_typescript_copies_of_javascript_are_found_and_labelled(desk: Desk) -> None:
    script = (
        "function total(lines, tax) {\n  let sum = 0;\n  for (const line of lines) {\n    if (line.amount < 0) {\n"
        "      throw new Error('negative');\n    }\n    sum += line.price * line.amount;\n  }\n  return sum * tax;\n}\n"
    )
    desk.day(desk.project("web", {"a.js": script, "b.ts": script.replace("sum", "due")}))
    desk.vault.analyse()

    one, other = desk.vault.reuse.of(desk.vault.search.symbols("total", language="javascript").hits[0])

    assert (one.related, other.related) == ("", "typescript")
    assert other.similarity > 0.9


def test_near_misses_form_groups_led_by_who_had_it_first(traders: Desk) -> None:
    (within,) = traders.vault.reuse.clones(across_projects=True)
    (across,) = traders.vault.reuse.clones(across_projects=True, across_clients=True)

    assert [clone.hit.path for clone in within.members] == ["lib/basket.py", "shop.py"]
    assert within.origin.similarity == 1.0
    assert int(within.type) == 3
    assert (within.crosses_clients, across.crosses_clients) == (False, True)
    assert len(across.members) == 3
    assert traders.vault.reuse.clones(near=False, at_least=1.0) == traders.vault.reuse.clones(at_least=1.0)


def test_two_projects_share_what_both_hold(traders: Desk) -> None:
    (group,) = traders.vault.reuse.between("first", "second")

    assert [clone.hit.path for clone in group.members] == ["lib/basket.py", "shop.py"]
    assert len(traders.vault.reuse.between("other", "first", across_clients=True)) == 1
    with pytest.raises(InvalidArgument, match="across_clients"):
        traders.vault.reuse.between("first", "other")
    with pytest.raises(InvalidArgument, match="two different"):
        traders.vault.reuse.between("first", "first")


def test_drift_names_the_copy_that_misses_a_fix(traders: Desk) -> None:
    (group,) = traders.vault.reuse.clones(across_projects=True)

    drift = traders.vault.reuse.drift(group)

    assert [member.clone.hit.path for member in drift.changed] == ["shop.py"]
    assert [change.at.sequence for change in drift.changed[0].changes] == [2]
    (fix,) = drift.fixes
    assert (fix.source.hit.path, fix.target.hit.path) == ("shop.py", "lib/basket.py")
    assert fix.added == ("if total < 0:", "total = 0")
    assert fix.line == 9
    assert fix.at.sequence == 2


def test_a_change_that_brings_a_secret_is_told_without_it(moving: Desk) -> None:
    project = moving.vault.projects.get("second")
    line = "        password = 'hunter2-Kq8vZ3'\n        total = 0"
    moving.day(project, {"shop.py": FIXED.replace("        total = 0", line, 1)})
    moving.vault.analyse()
    (group,) = moving.vault.reuse.clones(across_projects=True)

    told = str(moving.vault.reuse.drift(group)) + moving.vault.reuse.report().to_markdown()

    assert "password = " in told
    assert "hunter2" not in told


def test_a_copy_that_is_gone_misses_nothing(moving: Desk) -> None:
    moving.day(moving.vault.projects.get("first"), {"lib/basket.py": None})
    moving.vault.analyse()
    (group,) = moving.vault.reuse.clones(across_projects=True)

    drift = moving.vault.reuse.drift(group)

    assert [member.gone for member in drift.members] == [True, False]
    assert drift.fixes == ()
    with pytest.raises(InvalidArgument, match="no group"):
        moving.vault.reuse.drift("basket_total")  # type: ignore[arg-type]  # what a caller may do


def test_origin_says_who_had_it_first_and_under_which_licence(traders: Desk) -> None:
    near = traders.vault.search.symbols("order_sum").hits[0]

    origin = traders.vault.reuse.origin(near, at_least=0.7, across_clients=True)

    assert (origin.first.hit.path, origin.client) == ("lib/basket.py", "Acme")
    assert (origin.licence, origin.licence_path) == ("MIT", "LICENSE")
    assert origin.clients == ("Acme", "Zeta")
    assert origin.seen.sequence == 1
    with pytest.raises(InvalidArgument, match="client"):
        traders.vault.reuse.origin(near, client="Nobody")


def test_a_licence_in_the_files_head_is_nearer_and_none_is_none(desk: Desk) -> None:
    head = "# SPDX-License-Identifier: BSD-3-Clause\n"
    desk.day(desk.project("one", {"a.py": head + BASKET, "b.py": SLUGS}))
    desk.vault.analyse()
    hits = [desk.vault.search.symbols(name).hits[0] for name in ("basket_total", "shorten")]

    assert desk.vault.reuse.origin(hits[0]).licence == "BSD-3-Clause"
    assert desk.vault.reuse.origin(hits[1]).licence == ""


def test_the_report_has_three_forms_and_warns_of_shared_code(traders: Desk) -> None:
    report = traders.vault.reuse.report(across_clients=True)

    told = json.loads(report.to_json())
    assert [place["project"] for place in told["groups"][0]["places"]] == ["first", "second", "other"]
    assert report.crosses_clients
    assert "another client" in report.to_markdown()
    assert "contracts may differ" in report.to_html()
    assert [share.crosses_clients for share in report.shares] == [True, False]
    assert report.fixes[0].added == ("if total < 0:", "total = 0")
    assert "+ if total &lt; 0:" in report.to_html()
    assert traders.vault.reuse.report(project="other").groups == ()
    assert "largest" in traders.vault.reuse.report(across_clients=True, most=0).to_markdown()


def test_deleted_code_is_still_found(moving: Desk) -> None:
    moving.day(moving.vault.projects.get("first"), {"lib/basket.py": None})
    moving.vault.analyse()

    first = moving.vault.reuse.of(basket(moving))[0]

    assert first.hit.path == "lib/basket.py"
    assert first.hit.last_seen is not None


def test_generated_code_is_only_told_when_asked_for(desk: Desk) -> None:
    mark = "# Generated by a program. DO NOT EDIT.\n"
    desk.day(desk.project("one", {"a.py": mark + BASKET, "b.py": mark + BASKET}))
    desk.vault.analyse()

    assert desk.vault.reuse.clones() == ()
    (group,) = desk.vault.reuse.clones(boilerplate=True)
    assert group.boilerplate == "generated"


@pytest.mark.parametrize("share", [1.5, -0.1, True, "much"])
def test_a_share_is_between_none_and_all(desk: Desk, share: float) -> None:
    with pytest.raises(InvalidArgument, match="share"):
        desk.vault.reuse.clones(at_least=share)


def test_a_copied_part_of_a_file_costs_next_to_nothing(desk: Desk) -> None:
    module = "\n\n".join(
        f"def step_{n}(value, other_{n * 7919}):\n    return value * {n * 104729} - other_{n * 7919}\n"
        for n in range(60)
    )
    desk.day(desk.project("one", {"steps.py": module}))
    desk.vault.analyse()
    before = desk.vault.stats()
    part = "\n\n".join(module.split("\n\n")[20:50])
    desk.day(desk.project("two", {"renamed/part.py": part}))
    desk.vault.analyse()

    after = desk.vault.stats()

    assert after.sharing is not None
    assert (after.sharing.related_files, after.sharing.related_bytes) == (1, len(part))
    assert after.sharing.related_saved > 0.9 * len(part)
    assert after.sharing.symbols - after.sharing.distinct_symbols >= 29
    assert before.sharing is not None
    assert before.sharing.related_files == 0
