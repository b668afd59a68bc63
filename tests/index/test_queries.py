"""Queries as values, how they are worked through, ranked, paged, shown; what ends them early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from codevault import queries as q
from codevault.errors import InvalidArgument, InvalidPattern
from codevault.index import evaluating
from codevault.index.highlighting import highlighted
from codevault.index.model import Hit, SearchResult
from codevault.index.names import has_initials, initials_term
from codevault.index.ownership import Extent, Part, lines_of, lines_record, own_blocks
from codevault.index.planning import plan_of, where_of
from codevault.index.ranking import importance
from codevault.queries import Query
from tests.index.scenes import DAY_NS, DESK, SHOP, Scene, in_memory, understood

TILL = b"import tax\n\ndef rate(x):\n    return tax\n\ndef hashMapBuilderCache(y):\n    return 1\n"


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = in_memory()
    yield made
    made.index.close()


@pytest.fixture
def till(scene: Scene) -> Scene:
    scene.snap({"till.py": TILL, "notes.md": b"the tax rate\nand the rate of tax\n"})
    scene.snap(
        {"till.py": TILL.replace(b"return tax", b"return 2 * tax"), "tests/till.py": b"def rate(x):\n    pass\n"}
    )
    scene.snap({}, removed=["notes.md"])
    scene.understand()
    return scene


def told(result: SearchResult) -> list[tuple[str, str, int]]:
    return [(hit.path, hit.symbol.name if hit.symbol else "", hit.versions) for hit in result.hits]


def one(till: Scene, query: Query) -> Hit:
    (hit,) = till.index.find(query).hits
    return hit


def test_queries_are_values_that_combine() -> None:
    assert q.name("a") & q.text("b") & q.path("c") == q.All((q.name("a"), q.text("b"), q.path("c")))
    assert ~~q.text("b") == q.text("b")
    assert hash(q.text("a") | q.text("b")) == hash(q.text("a") | q.text("b"))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: q.name(""),
        lambda: q.name("a\nb"),
        lambda: q.name("x" * 1001),
        lambda: q.name("x", "somehow"),  # type: ignore[arg-type]  # on purpose
        lambda: q.kind("klass"),
        lambda: q.text(""),
        lambda: q.text(7),  # type: ignore[arg-type]  # on purpose
        lambda: q.text("\udb00"),
        lambda: q.words("..."),
        lambda: q.regex(""),
        lambda: q.versions("branch"),
        lambda: q.since("soon"),
        lambda: q.text("a") & "b",  # type: ignore[operator]  # on purpose
        lambda: q.text("a") and q.text("b"),
        lambda: plan_of(q.text("a") | q.alive()),
        lambda: plan_of(Query()),
        lambda: plan_of(q.All(tuple(q.text(f"{at}") | q.text("x") for at in range(7)))),
        lambda: plan_of(q.Some(tuple(q.text(f"{at}") for at in range(65)))),
        lambda: where_of(q.text("a")),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArgument):
        wrong()


def test_a_pattern_that_cannot_be_run_is_refused_when_it_is_asked(till: Scene) -> None:
    with pytest.raises(InvalidPattern):
        till.index.find(q.regex("("))
    with pytest.raises(InvalidArgument, match="nothing here that matches structures"):
        till.index.find(q.structure("f($A)", language="python"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (q.name("HMBC"), [("till.py", "hashMapBuilderCache", 1)]),
        (q.name("hmb", "initials"), [("till.py", "hashMapBuilderCache", 1)]),
        (q.name("raet", "fuzzy"), [("till.py", "rate", 2), ("tests/till.py", "rate", 1)]),
        (q.name("hashMapBulderCahce", "fuzzy"), [("till.py", "hashMapBuilderCache", 1)]),
        (q.name("Till.ra", "prefix") & ~q.path("tests/*"), [("till.py", "rate", 2)]),
        (q.name("Till.rate", "qualified") & q.text("2 *"), [("till.py", "rate", 1)]),
        (q.text("tax") & ~q.name("rate"), [("till.py", "", 1), ("notes.md", "", 1)]),
        (q.text("tax") & ~q.regex(r"2 \*") & q.kind("function"), [("till.py", "rate", 1)]),
        (q.text("TAX", case_sensitive=False) & q.deleted(), [("notes.md", "", 1)]),
        (q.phrase("rate of tax"), [("notes.md", "", 1)]),
        (q.text("rate\nand"), [("notes.md", "", 1)]),
        (q.regex(r"rate\s+and") | q.name("hashMap*"), [("till.py", "hashMapBuilderCache", 1), ("notes.md", "", 1)]),
        (q.alive() & q.deleted(), []),
        (q.text("tax") & ~q.text("tax"), []),
        (q.language("python") & ~q.kind("function"), [("till.py", "", 1)]),
        (~q.language("python"), [("notes.md", "", 1)]),
        (q.language("python") & q.language("java"), []),
        (q.client("Acme") & ~q.tag("billing"), []),
        (q.stack("django"), []),
        (q.versions("commit"), []),
        (~q.versions("commit") & q.text("pass"), [("tests/till.py", "rate", 1)]),
        (~q.since(3 * DAY_NS) & ~q.kind("function"), [("notes.md", "", 1), ("till.py", "", 1)]),
        (~q.since(3 * DAY_NS) & q.text("return tax"), [("till.py", "rate", 1)]),
        (~q.until(DAY_NS) & q.text("pass"), [("tests/till.py", "rate", 1)]),
        (~q.author("ann") & q.text("pass"), [("tests/till.py", "rate", 1)]),
        (q.visibility("public") | q.returns("int") | q.decorator("cached") | q.parameter("x"), []),
    ],
)
def test_conditions_answer_alone_and_together(till: Scene, query: Query, expected: list[tuple[str, str, int]]) -> None:
    found = told(till.index.find(query))
    assert sorted(found) == sorted(expected)


def test_names_come_before_lines_and_what_is_there_before_what_is_gone(till: Scene) -> None:
    found = told(till.index.find(q.name("rate") | q.text("tax")))
    assert found == [("till.py", "rate", 2), ("tests/till.py", "rate", 1), ("till.py", "", 1), ("notes.md", "", 1)]


def test_words_are_ranked_by_how_much_a_text_is_about_them(scene: Scene) -> None:
    scene.snap({"a.py": b"def little():\n    tax\n" + b"    other\n" * 50 + b"def much():\n    tax and tax and tax\n"})
    scene.understand()
    assert [name for _, name, _ in told(scene.index.find(q.words("Tax")))] == ["much", "little"]


def test_a_hit_shows_the_lines_that_match_as_text_and_as_html(till: Scene) -> None:
    hit = one(till, q.kind("function") & q.text("tax"))
    assert (hit.start_line, hit.snippet, [hit.snippet[slice(*span)] for span in hit.spans]) == (
        4,
        "    return 2 * tax",
        ["tax"],
    )
    assert "<mark>" in hit.html()
    assert (hit.first_seen.sequence, hit.last_seen, hit.versions) == (1, None, 2)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.unknown", "<mark>a &lt;b</mark>&gt; &amp; &quot;c&quot;"),
        ("a.py", '<mark><span class="n">a</span> <span class="o">&lt;</span><span class="n">b</span></mark>'),
    ],
)
def test_html_is_safe_whatever_the_code_says(path: str, expected: str) -> None:
    shown = highlighted('a <b> & "c"', ((0, 4),), path).replace("</mark><mark>", "")
    assert shown.startswith(expected)
    assert "<b>" not in shown


def test_a_search_without_time_or_cancelled_says_so(till: Scene) -> None:
    late = till.index.find(q.text("tax"), seconds=-1)
    stopped = till.index.find(q.everything(), is_cancelled=lambda: True)
    lines = till.index.search_text("tax", is_cancelled=lambda: True)
    assert not late.coverage.complete
    assert "time" in late.coverage.notes[0]
    assert "cancelled" in stopped.coverage.notes[0]
    assert "cancelled" in lines.coverage.notes[0]


def test_a_search_that_finds_more_than_it_ranks_says_so(till: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "ENOUGH", 1)
    monkeypatch.setattr(evaluating, "AT_ONCE", 1)
    found = till.index.find(q.kind("function"), limit=1)
    assert (len(found.hits), found.coverage.complete) == (1, False)


def test_many_pieces_are_looked_up_by_their_owners(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "FEW_PIECES", 1)
    scene.snap(
        {
            "a.py": b"".join(
                b"def f%d():\n    tax\n    rate\n" % at if at % 2 else b"def f%d():\n    tax\n" % at for at in range(20)
            )
        }
    )
    scene.understand()
    assert len(scene.index.find(q.text("tax") & q.words("rate")).hits) == 10
    assert len(scene.index.find(q.text("tax") & ~q.words("rate")).hits) == 10


def test_text_that_comes_back_is_found_in_the_symbols_known_before(scene: Scene) -> None:
    scene.snap({"a.py": b"def f():\n    tax\n", "b.py": b"# \ndef f():\n    tax\n"})
    first, second = scene.index.pending(scene.index.waiting())
    scene.index.add_analysis(first, understood(first.path, scene.contents[first.blob]), None)
    scene.index.commit()
    assert scene.index.find(q.text("tax")).hits == ()
    scene.analyse(second)
    scene.index.commit()
    assert ("f" in {name for _, name, _ in told(scene.index.find(q.text("tax")))}) is True


def test_a_project_is_told_by_its_id(till: Scene) -> None:
    till.project(DESK, "desk")
    assert {hit.project for hit in till.index.find(q.project(SHOP) & ~q.project(DESK)).hits} == {SHOP}
    assert till.index.find(q.project(DESK)).hits == ()


def test_own_lines_are_those_without_nested_symbols() -> None:
    own, rest = own_blocks([Extent(10, 90, 2, 9), Extent(30, 50, 4, 5), Extent(60, 70, 9, 9)], 12)
    assert own == [[(2, 4), (6, 9)], [(4, 6)], [(9, 10)]]
    assert rest == [(1, 2), (10, 13)]
    assert own_blocks([Extent(0, 9, 1, 1), Extent(0, 9, 1, 1)], 1) == ([[(1, 2)], [(1, 2)]], [])


def test_lines_of_a_piece_are_read_as_they_were_written() -> None:
    parts = [Part(5, 1, 3, 3), Part(9, 4, 2, 1), Part(2, 6, 4, 4)]
    assert lines_of(lines_record([(1, 4), (5, 8), (9, 10)], parts)) == [
        [(5, 0, 0)],
        [(9, 1, 1), (2, 0, 2)],
        [(2, 3, 1)],
    ]


def test_initials_name_the_beginnings_of_words() -> None:
    assert has_initials("HaMaBC", "hash_map_builder_cache")
    assert not has_initials("HBC", "HashMapBuilderCache")
    assert not has_initials("H", "Hash")
    assert initials_term("HMBCXYZ") == "^hmbcx"


@pytest.mark.parametrize(
    ("path", "rank"), [("src/a.py", 0), ("tests/a.py", 1), ("src/ATest.java", 1), ("vendor/a.js", 2)]
)
def test_files_beside_the_source_count_less(path: str, rank: int) -> None:
    assert importance(path) == rank
