from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, InvalidPattern
from codevault.index.model import Hit, Scope
from tests.index.scenes import DAY_NS, DESK, SHOP, Scene, blob_of, in_memory, on_disk, understood

OLD = b"import tax\n\ndef rate(x):\n    return x * 2\n\ndef total(x):\n    return x + rate(x)\n"
NEW = b"# head\n" + OLD.replace(b"x * 2", b"x * 3")


@pytest.fixture(params=["memory", "disk"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = in_memory() if request.param == "memory" else on_disk(tmp_path / "cache")
    yield made
    made.index.close()


@pytest.fixture
def till(scene: Scene) -> Scene:
    scene.snap({"till.py": OLD})
    scene.snap({"till.py": NEW})
    scene.understand()
    return scene


def told(hits: tuple[Hit, ...]) -> list[tuple[str, int, str]]:
    return [(hit.path, hit.start_line, hit.snippet) for hit in hits]


def test_one_hit_stands_for_a_line_in_all_versions_that_hold_it(till: Scene) -> None:
    (hit,) = till.index.search_text("def total").hits
    assert (hit.project, hit.path, hit.blob, hit.start_line, hit.end_line) == (SHOP, "till.py", blob_of(NEW), 7, 7)
    assert (hit.first_seen.sequence, hit.last_seen, hit.spans) == (1, None, ((0, 9),))


def test_a_line_that_is_gone_says_when_it_was_last_there(till: Scene) -> None:
    (hit,) = till.index.search_text("x * 2").hits
    assert hit.last_seen is not None
    assert (hit.last_seen.sequence, hit.blob, hit.start_line) == (1, blob_of(OLD), 4)


def test_case_matters_unless_it_is_said_not_to(till: Scene) -> None:
    assert till.index.search_text("DEF TOTAL").hits == ()
    assert len(till.index.search_text("DEF TOTAL", case_sensitive=False).hits) == 1
    assert len(till.index.search_regex("DEF T\\w+", case_sensitive=False).hits) == 1


def test_short_texts_are_found_by_a_scan_that_says_so(till: Scene) -> None:
    found = till.index.search_text("x)")
    assert sorted(told(found.hits)) == [
        ("till.py", 4, "def rate(x):"),
        ("till.py", 7, "def total(x):"),
        ("till.py", 8, "    return x + rate(x)"),
    ]
    assert "scanned" in found.coverage.notes[0]
    assert found.coverage.complete


def test_a_text_over_several_lines_is_found_across_units(till: Scene) -> None:
    (hit,) = till.index.search_text("x * 3\n\ndef to").hits
    assert (hit.start_line, hit.end_line) == (5, 7)
    assert hit.snippet == "    return x * 3\n\ndef total(x):"
    assert hit.spans == ((11, 24),)


def test_a_pattern_that_may_match_a_line_end_is_matched_in_whole_files(till: Scene) -> None:
    assert told(till.index.search_regex(r"import\s+\w+\s+def rate").hits) == [
        ("till.py", 2, "import tax\n\ndef rate(x):")
    ]
    assert told(till.index.search_regex(r"(?s)head.*tax").hits) == [("till.py", 1, "# head\nimport tax")]
    assert told(till.index.search_regex(r"(?:import|export)[^x]+x\b").hits) == [("till.py", 2, "import tax")]


def test_anchors_hold_for_every_line_and_for_the_file(till: Scene) -> None:
    assert [line for _, line, _ in told(till.index.search_regex(r"^def \w+\(x\):$").hits)] in ([4, 7], [7, 4])
    assert told(till.index.search_regex(r"\Aimport").hits) == [("till.py", 1, "import tax")]
    assert told(till.index.search_regex(r"rate\(x\)\n\z").hits) == [("till.py", 8, "    return x + rate(x)")]


def test_alternatives_and_classes_are_found(till: Scene) -> None:
    assert len(till.index.search_regex(r"(total|missing)\(").hits) == 1
    assert len(till.index.search_regex(r"x \* [0-9]").hits) == 2
    assert len(till.index.search_regex(r"retur(n|ns) x \*").hits) == 2


def test_patterns_that_only_re2_reads_are_answered_without_a_scan(till: Scene) -> None:
    found = till.index.search_regex(r"def [[:alpha:]]+\(x")
    assert (len(found.hits), found.coverage.notes) == (2, ())
    assert len(till.index.search_regex(r"\Qx * 3\E").hits) == 1
    assert len(till.index.search_regex(r"(?U)def t.*l").hits) == 1


def test_impossible_patterns_are_refused(till: Scene) -> None:
    for pattern in ("(", "", r"(?=x)", r"(a)\1", "x" * 5000, "x{2000}"):
        with pytest.raises(InvalidPattern):
            till.index.search_regex(pattern)
    for text in ("", "x" * 5000, "\ud800"):
        with pytest.raises(InvalidPattern):
            till.index.search_text(text)


def test_catastrophic_patterns_take_linear_time(scene: Scene) -> None:
    scene.snap({"long.txt": b"a" * 200_000 + b"\n"})
    scene.understand()
    found = scene.index.search_regex(r"(a+)+$")
    assert len(found.hits) == 1
    assert len(found.hits[0].snippet) == 400
    assert found.seconds < 5


def test_a_long_line_with_many_matches_is_one_hit_soon(scene: Scene) -> None:
    scene.snap({"long.txt": b"ab" * 100_000})
    scene.understand()
    found = scene.index.search_text("a")
    assert len(found.hits) == 1
    assert len(found.hits[0].spans) == 100
    assert found.seconds < 5
    assert len(scene.index.search_regex("a[^x]").hits) == 1
    assert not scene.index.search_regex("a", seconds=0).coverage.complete


def test_deeply_nested_patterns_are_answered(till: Scene) -> None:
    assert len(till.index.search_regex("(" * 400 + "total" + ")" * 400).hits) == 1
    deeper = till.index.search_regex("(" * 1500 + "total" + ")" * 1500)
    assert (len(deeper.hits), "scanned" in deeper.coverage.notes[0]) == (1, True)


def test_a_search_stops_at_its_time_and_says_so(till: Scene) -> None:
    found = till.index.search_text("def", seconds=-1)
    assert not found.coverage.complete
    assert "time" in found.coverage.notes[0]
    assert not till.index.search_regex(r"def\s", seconds=-1).coverage.complete


def test_a_search_with_too_many_lines_says_so(scene: Scene) -> None:
    scene.snap({"many.txt": b"".join(b"line number %d %s\n\n" % (number, b"." * 90) for number in range(2500))})
    scene.understand()
    found = scene.index.search_text("line number")
    assert len(found.hits) == 50
    assert found.more
    assert "at least 300 lines" in found.coverage.notes[0]
    everything = scene.index.search_text("line number", limit=3000)
    assert len(everything.hits) == 2500
    assert everything.coverage.complete


def test_pages_follow_each_other(till: Scene) -> None:
    first = till.index.search_text("x", limit=2)
    rest = till.index.search_text("x", limit=50, after=first.cursor)
    assert first.more
    assert not rest.more
    assert first.hits + rest.hits == till.index.search_text("x").hits


def test_pages_that_cannot_be_are_refused(till: Scene) -> None:
    for limit, after in (
        (0, ""),
        (10_001, ""),
        (1, "nonsense"),
        (1, "AAAA"),
        (1, till.index.search_text("d", limit=1).cursor),
    ):
        with pytest.raises(InvalidArgument):
            till.index.search_text("x", limit=limit, after=after)
        with pytest.raises(InvalidArgument):
            till.index.search_symbols("x", limit=limit, after=after)


def test_what_is_alive_comes_first_then_whole_words_then_short_paths(scene: Scene) -> None:
    scene.snap({"gone.txt": b"tax was\n", "src/long/path.txt": b"tax is\n", "b.txt": b"taxes are\n", "a.txt": b"tax\n"})
    scene.snap({}, removed=["gone.txt"])
    scene.understand()
    hits = scene.index.search_text("tax").hits
    assert [hit.path for hit in hits] == ["a.txt", "src/long/path.txt", "b.txt", "gone.txt"]


def test_scopes_narrow_a_search(scene: Scene) -> None:
    scene.project(DESK, "desk", client="Umbrella")
    scene.snap({"a.py": b"same words\n", "b.txt": b"same words\n"})
    scene.snap({"a.py": b"other words\n"})
    scene.snap({"c.py": b"same words\n"}, project=DESK)
    scene.understand()

    def paths(scope: Scope, asked: str = "same words") -> list[str]:
        return sorted(hit.path for hit in scene.index.search_text(asked, scope=scope).hits)

    assert paths(Scope()) == ["a.py", "b.txt", "c.py"]
    assert paths(Scope(projects=(DESK,))) == ["c.py"]
    assert paths(Scope(client="Acme")) == ["a.py", "b.txt"]
    assert paths(Scope(tag="billing")) == ["a.py", "b.txt"]
    assert paths(Scope(path="*.py")) == ["a.py", "c.py"]
    assert paths(Scope(language="python")) == ["a.py", "c.py"]
    assert paths(Scope(language="cobol")) == []
    assert paths(Scope(alive=True)) == ["b.txt", "c.py"]
    assert paths(Scope(alive=False)) == ["a.py"]
    assert paths(Scope(since_ns=2 * DAY_NS)) == ["b.txt", "c.py"]
    assert paths(Scope(until_ns=DAY_NS), "words") == ["a.py", "b.txt", "c.py"]
    assert paths(Scope(until_ns=DAY_NS, projects=(SHOP,)), r"other") == []
    assert paths(Scope(projects=(SHOP,), since_ns=2 * DAY_NS, path="*.py"), "words") == ["a.py"]


def test_a_scope_holds_for_patterns_over_several_lines(scene: Scene) -> None:
    scene.snap({"a.py": b"one\ntwo\n", "b.py": b"one\ntwo\n"})
    scene.understand()
    assert [hit.path for hit in scene.index.search_text("one\ntwo", scope=Scope(path="b*")).hits] == ["b.py"]
    assert scene.index.search_regex(r"\s", scope=Scope(path="c*")).hits == ()


def test_secrets_are_in_no_answer(scene: Scene) -> None:
    scene.snap({".env": b"canary\n", "open.txt": b"words\n"}, secret=[".env"])
    scene.understand()
    assert scene.index.search_text("canary").hits == ()
    assert scene.index.search_regex("c(?s:.)nary").hits == ()
    assert scene.index.search_text("canary").coverage.not_indexed == 1


def test_text_in_other_encodings_is_found(scene: Scene) -> None:
    files = {
        "latin.txt": "prix réduit\nand ascii\n".encode("latin-1"),
        "wide.txt": b"\xff\xfe" + "breite Wörter\n".encode("utf-16-le"),
        "dos.txt": b"first\r\nsecond\r\n",
    }
    scene.snap(files)
    scene.understand(lambda path, content: understood(path, content.replace(b"\0", b" ")))
    assert told(scene.index.search_text("réduit").hits) == [("latin.txt", 1, "prix réduit")]
    assert told(scene.index.search_text("Wörter").hits) == [("wide.txt", 1, "breite Wörter")]
    assert told(scene.index.search_regex("second$").hits) == [("dos.txt", 2, "second")]
    assert told(scene.index.search_text("first\nsec").hits) == [("dos.txt", 1, "first\nsecond")]


def test_long_lines_are_shown_around_the_match(scene: Scene) -> None:
    scene.snap({"long.txt": b"a" * 1000 + b" needle " + b"b" * 1000})
    scene.understand()
    (hit,) = scene.index.search_text("needle").hits
    ((start, end),) = hit.spans
    assert hit.snippet[start:end] == "needle"
    assert len(hit.snippet) == 400


def test_symbols_are_found_by_name(till: Scene) -> None:
    (hit,) = till.index.search_symbols("rate").hits
    assert hit.symbol is not None
    assert (hit.symbol.qualified_name, hit.start_line, hit.end_line, hit.snippet) == ("Till.rate", 4, 5, "def rate(x):")
    assert (hit.first_seen.sequence, hit.last_seen, hit.score) == (1, None, 1.0)
    assert hit.symbol.blob == hit.blob == blob_of(NEW)


def test_names_are_ranked_exact_qualified_prefix_words(scene: Scene) -> None:
    scene.snap({"a.py": b"def rate():\ndef rateAll():\ndef tax_rate():\ndef Rate():\ndef crate():\n"})
    scene.understand()

    def names(asked: str, kind: str = "") -> list[str]:
        hits = scene.index.search_symbols(asked, kind=kind).hits
        return [hit.symbol.name for hit in hits if hit.symbol is not None]

    assert names("rate") == ["rate", "Rate", "rateAll", "tax_rate"]
    assert names("Till.rate")[:2] == ["rate", "Rate"]
    assert names("rate tax") == ["tax_rate"]
    assert sorted(names("rate*")) == ["Rate", "rate", "rateAll"]
    assert names("rate*")[-1] == "Rate"
    assert names("?rate") == ["crate"]
    assert sorted(names("Till.*ate")) == ["Rate", "crate", "rate", "tax_rate"]
    assert len(names("T*.*")) == 5
    assert names("rate", "function") == names("rate")
    assert names("rate", "class") == []
    assert names("missing") == []


def test_a_symbol_search_with_too_many_answers_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.evaluating.ENOUGH", 2)
    scene.snap({"a.py": b"def one():\ndef two():\ndef three():\n"})
    scene.understand()
    monkeypatch.setattr("codevault.index.evaluating.AT_ONCE", 1)
    found = scene.index.search_symbols("*", limit=1)
    assert (len(found.hits), found.more, found.coverage.complete) == (1, True, False)
    assert len(scene.index.search_symbols("Till.t*", limit=2).hits) == 2
    assert scene.index.search_symbols("till.*", limit=1).coverage.notes


def test_names_that_cannot_be_are_refused(till: Scene) -> None:
    for name in ("", "x" * 2000):
        with pytest.raises(InvalidArgument):
            till.index.search_symbols(name)


def test_fingerprints_lead_to_every_place(scene: Scene) -> None:
    scene.project(DESK, "desk")
    copied = OLD.replace(b"rate", b"price")
    scene.snap({"till.py": OLD, "copy.py": OLD})
    scene.snap({"other.py": copied}, project=DESK)
    scene.snap({}, removed=["copy.py"])
    scene.understand()
    symbol = scene.index.symbols_of(blob_of(OLD), "till.py")[0]
    exact = scene.index.symbols_with(exact=symbol.exact)
    assert [(hit.path, hit.last_seen is None) for hit in exact] == [("till.py", True), ("copy.py", False)]
    renamed = scene.index.symbols_with(renamed=symbol.renamed, scope=Scope(alive=True))
    assert sorted(hit.path for hit in renamed) == ["other.py", "till.py"]
    assert scene.index.symbols_with(exact="00" * 16) == ()


def test_a_fingerprint_question_names_one_fingerprint(till: Scene) -> None:
    for exact, renamed in (("", ""), ("00", "00"), ("xyz", "")):
        with pytest.raises(InvalidArgument):
            till.index.symbols_with(exact=exact, renamed=renamed)


def test_groups_places_that_share_a_fingerprint(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.asking.DIGESTS_AT_ONCE", 1)
    scene.snap({"a.py": OLD, "b.py": OLD, "c.py": OLD.replace(b"rate", b"price"), "d.py": b"def lone():\n    1\n"})
    scene.understand()
    exact = dict(scene.index.fingerprint_groups("exact", min_tokens=1))
    assert [sorted(hit.path for hit in hits) for hits in exact.values()] == [["a.py", "b.py"]] * 2
    renamed = dict(scene.index.fingerprint_groups("renamed", min_tokens=1))
    assert ["a.py", "b.py"] in [sorted(hit.path for hit in hits) for hits in renamed.values()]
    assert ["a.py", "b.py", "c.py"] in [sorted(hit.path for hit in hits) for hits in renamed.values()]
    assert list(renamed) == sorted(renamed)
    assert list(scene.index.fingerprint_groups("exact", min_tokens=100)) == []


@pytest.fixture
def crowded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """One line and one function of SHOP, among 2,200 lines of DESK that are newer, and gone."""
    monkeypatch.setattr("codevault.index.groups.GROUP", 32 << 10)
    scene.project(DESK, "desk", client="Umbrella")
    scene.snap({"old.py": b"needle = 1\ndef needed():\n    pass\n"})
    scene.understand()
    lines = [b"def needle_%d():\n    return %d  # %s\n" % (number, number, b"." * 50) for number in range(2200)]
    scene.snap({f"{at}.py": b"".join(lines[at::10]) for at in range(10)}, project=DESK)
    scene.snap({}, removed=[f"{at}.py" for at in range(10)], project=DESK)
    scene.understand()
    return scene


NARROW = [
    Scope(projects=(SHOP,)),
    Scope(client="Acme"),
    Scope(tag="billing"),
    Scope(path="old.py"),
    Scope(alive=True),
    Scope(projects=(SHOP,), alive=True, language="python"),
]


@pytest.mark.parametrize("scope", NARROW)
@pytest.mark.parametrize("groups", [1, 64])
def test_lines_outside_the_scope_do_not_count(
    crowded: Scene, monkeypatch: pytest.MonkeyPatch, scope: Scope, groups: int
) -> None:
    monkeypatch.setattr("codevault.index.textsearch.NARROW_AFTER", groups)
    for found in (
        crowded.index.search_text("needle", scope=scope),
        crowded.index.search_regex(r"needle(_\d+| =)", scope=scope),
        crowded.index.search_regex(r"needle[^x]", scope=scope),
    ):
        assert told(found.hits) == [("old.py", 1, "needle = 1")]
        assert found.coverage.complete


@pytest.mark.parametrize("scope", NARROW)
@pytest.mark.parametrize("asked", ["need*", "need", "Till.need*"])
def test_symbols_outside_the_scope_do_not_count(
    crowded: Scene, monkeypatch: pytest.MonkeyPatch, scope: Scope, asked: str
) -> None:
    monkeypatch.setattr("codevault.index.evaluating.ENOUGH", 100)
    found = crowded.index.search_symbols(asked, scope=scope)
    assert told(found.hits) == [("old.py", 2, "def needed():")]
    assert found.coverage.complete


def test_symbols_of_another_kind_do_not_count(crowded: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.evaluating.ENOUGH", 100)
    assert crowded.index.search_symbols("need*", kind="class").coverage.complete
    assert not crowded.index.search_symbols("need*", kind="function").coverage.complete


def test_too_many_lines_or_symbols_in_scope_say_so(crowded: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.evaluating.ENOUGH", 100)
    desk = Scope(projects=(DESK,))
    lines, symbols = crowded.index.search_text("needle", scope=desk), crowded.index.search_symbols("need*", scope=desk)
    assert (len(lines.hits), lines.more, lines.coverage.complete) == (50, True, False)
    assert (len(symbols.hits), symbols.more, symbols.coverage.complete) == (50, True, False)


def test_a_time_does_not_cut_what_a_hit_tells_of_its_line(scene: Scene) -> None:
    scene.snap({"a.txt": b"one\ntwo\n"})
    scene.snap({"a.txt": b"one\ntwo\nthree\n"})
    scene.understand()
    (hit,) = scene.index.search_text("one\ntwo", scope=Scope(until_ns=DAY_NS)).hits
    assert (hit.first_seen.sequence, hit.last_seen) == (1, None)
    (hit,) = scene.index.search_text("one\ntwo", scope=Scope(since_ns=3 * DAY_NS)).hits
    assert (hit.first_seen.sequence, hit.last_seen) == (1, None)
