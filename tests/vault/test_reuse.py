"""Where the same code lives, and never across clients unless asked."""

from __future__ import annotations

import pytest

from codevault.errors import InvalidArgument
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
