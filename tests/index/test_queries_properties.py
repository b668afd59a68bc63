"""Answers of combined queries equal those of a program that looks at every version by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault import queries as q
from codevault.index.names import has_initials
from codevault.queries import All, Kind, Name, Not, Place, Query, Regex, Since, Some, Text, Until, Words
from tests.index.scenes import DAY_NS, DESK, SHOP, Scene, in_memory

Piece = tuple[str, str]
"""Name of a function, "" for the rest of its file, and its own lines."""

Lived = tuple[str, str, Piece, int, int | None]
"""Project, path, piece, first and last day of an unbroken stay; None: there now."""

Drawn = list[tuple[str, dict[str, tuple[list[str], list[tuple[str, list[str]]]]]]]

NAMES = ["rate", "taxRate", "total", "rates"]
WORDS = ["tax", "rate", "sum", "x = 1"]
LINES = ["    return tax", "    return rate + tax", "    sum(x = 1)", "", "    pass  # Tax"]
OUTSIDE = ["import tax", "# rate of tax", "", "x = 1"]

functions = st.tuples(st.sampled_from(NAMES), st.lists(st.sampled_from(LINES), min_size=1, max_size=3))
sources = st.tuples(st.lists(st.sampled_from(OUTSIDE), max_size=2), st.lists(functions, max_size=3))
trees = st.dictionaries(st.sampled_from(["a.py", "tests/b.py", "notes.txt"]), sources, max_size=3)
days = st.lists(st.tuples(st.sampled_from([SHOP, DESK]), trees), min_size=1, max_size=4)

leaves = st.one_of(
    st.builds(q.name, st.sampled_from(["rate", "TR", "ra*", "tax rate", "Till.total"])),
    st.builds(q.name, st.just("total"), st.sampled_from(["exact", "prefix"])),
    st.builds(q.name, st.sampled_from(["r?te*", "*Rate", "Till.*al"]), st.just("glob")),
    st.builds(q.name, st.sampled_from(["rtae", "totall", "taxrate"]), st.just("fuzzy")),
    st.builds(q.name, st.sampled_from(["TR", "r"]), st.just("initials")),
    st.builds(q.name, st.sampled_from(["rate", "tax rate"]), st.just("words")),
    st.just(q.kind("function")),
    st.builds(q.text, st.sampled_from(WORDS), case_sensitive=st.booleans()),
    st.builds(q.regex, st.sampled_from([r"r\w+e", r"tax$", r"\n    sum", "[a-z]", r"x = \d"])),
    st.builds(q.words, st.sampled_from(["tax", "tax rate", "sum x"])),
    st.builds(q.phrase, st.sampled_from(["rate tax", "return tax"])),
    st.builds(q.project, st.sampled_from([SHOP, DESK])),
    st.builds(q.path, st.sampled_from(["*.py", "tests/*"])),
    st.builds(q.since, st.integers(1, 4).map(lambda day: day * DAY_NS)),
    st.builds(q.until, st.integers(1, 4).map(lambda day: day * DAY_NS)),
)
combined = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        inner.map(lambda a: ~a),
    ),
    max_leaves=4,
)


def written(source: tuple[list[str], list[tuple[str, list[str]]]]) -> bytes:
    outside, inside = source
    lines = [*outside, *(line for name, body in inside for line in (f"def {name}(x):", *body))]
    return "".join(line + "\n" for line in lines).encode()


def pieces_of(path: str, content: bytes) -> Iterator[Piece]:
    """The functions of a Python file and what stands before them; any other file whole."""
    lines = content.decode().split("\n")[:-1]
    starts = [at for at, line in enumerate(lines) if line.startswith("def ")] if path.endswith(".py") else []
    outside = lines[: starts[0] if starts else len(lines)]
    if any(outside):
        yield "", "\n".join(outside)
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=False):
        own = lines[start:end]
        while own and not own[-1].strip():
            own.pop()  # blank lines behind it are not the function's
        yield re.sub(r"\W.*", "", lines[start][4:]), "\n".join(own)


def lives(history: Sequence[tuple[str, Mapping[str, bytes]]]) -> Iterator[Lived]:
    """How long each piece of each content stood where."""
    counts: dict[str, int] = {}
    open_runs: dict[tuple[str, str], tuple[bytes, int]] = {}
    for project, tree in history:
        counts[project] = day = counts.get(project, 0) + 1
        for key in [key for key in open_runs if key[0] == project]:
            content, first = open_runs[key]
            if tree.get(key[1]) != content:
                del open_runs[key]
                yield from ((*key, piece, first, day - 1) for piece in pieces_of(key[1], content))
        for path, content in tree.items():
            open_runs.setdefault((project, path), (content, day))
    for key, (content, first) in open_runs.items():
        yield from ((*key, piece, first, None) for piece in pieces_of(key[1], content))


def holds(query: Query, lived: Lived) -> bool:
    """Whether a query holds of one piece in one unbroken stay."""
    if isinstance(query, All):
        return all(holds(part, lived) for part in query.parts)
    if isinstance(query, Some):
        return any(holds(part, lived) for part in query.parts)
    if isinstance(query, Not):
        return not holds(query.part, lived)
    return leaf_holds(query, lived)


def leaf_holds(query: Any, lived: Lived) -> bool:
    project, path, (name, text), first, last = lived
    answers: dict[type[Query], Callable[[], object]] = {
        Name: lambda: bool(name) and named(query, name),
        Kind: lambda: bool(name) and query.kind == "function",
        Text: lambda: query.asked in text or (not query.case_sensitive and query.asked.lower() in text.lower()),
        Regex: lambda: re.search(query.pattern, text, re.MULTILINE) is not None,
        Words: lambda: worded(query, text),
        Since: lambda: last is None or last * DAY_NS >= query.moment_ns,
        Until: lambda: first * DAY_NS <= query.moment_ns,
        Place: lambda: query.asked == project if query.which == "project" else globbed(query.asked, path),
    }
    return bool(answers[type(query)]())


def globbed(glob: str, text: str) -> bool:
    return re.fullmatch(re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def named(query: Name, name: str) -> bool:
    ways: dict[str, Callable[[], bool]] = {
        "exact": lambda: query.asked in {name, f"Till.{name}"},
        "prefix": lambda: begins(query.asked, name),
        "glob": lambda: globbed(query.asked.lower(), (f"Till.{name}" if "." in query.asked else name).lower()),
        "words": lambda: has_words(query.asked, name),
        "initials": lambda: has_initials(query.asked, name),
        "fuzzy": lambda: edits(query.asked.lower(), name.lower()) <= (2 if len(query.asked) > 5 else 1),
    }
    if query.how == "any":
        wanted = ("glob",) if "*" in query.asked else ("exact", "prefix", "words", "initials")
        return any(ways[way]() for way in wanted)
    return ways[query.how]()


def begins(asked: str, name: str) -> bool:
    return any(whole.lower().startswith(asked.lower()) for whole in (name, f"Till.{name}"))


def has_words(asked: str, name: str) -> bool:
    return set(asked.lower().replace(".", " ").split()) <= {word.lower() for word in re.findall("[A-Z]?[a-z]+", name)}


def edits(one: str, other: str) -> int:
    """Letters put in, left out, changed, or swapped with the next."""
    rows = [list(range(len(other) + 1))]
    for at, letter in enumerate(one, 1):
        row = [at]
        for across, beside in enumerate(other, 1):
            least = min(rows[-1][across] + 1, row[-1] + 1, rows[-1][across - 1] + (letter != beside))
            swapped = at > 1 < across and letter == other[across - 2] and one[at - 2] == beside
            row.append(min(least, rows[-2][across - 2] + 1) if swapped else least)
        rows.append(row)
    return rows[-1][-1]


def worded(query: Words, text: str) -> bool:
    found = [word.lower() for word in re.findall(r"\w+", text)]
    wanted = [word.lower() for word in query.words]
    if query.in_order:
        return any(found[at : at + len(wanted)] == wanted for at in range(len(found)))
    return set(wanted) <= set(found)


def recorded(history: Sequence[tuple[str, Mapping[str, bytes]]]) -> Scene:
    scene = in_memory()
    scene.project(DESK, "desk")
    before: dict[str, Mapping[str, bytes]] = {}
    for project, tree in history:
        gone = [path for path in before.get(project, {}) if path not in tree]
        scene.snap(dict(tree), removed=gone, project=project)  # type: ignore[arg-type]  # texts stand for ids
        before[project] = tree
        scene.understand()
    return scene


@settings(max_examples=60, deadline=None)
@given(days, combined)
def test_answers_are_those_of_looking_at_every_version(drawn: Drawn, query: Query) -> None:
    check(drawn, query, 50)


@pytest.mark.scale
@settings(max_examples=2500, deadline=None)
@given(days, combined, st.integers(1, 4))
def test_thousands_of_queries_and_their_pages(drawn: Drawn, query: Query, limit: int) -> None:
    check(drawn, query, limit)


def check(drawn: Drawn, query: Query, limit: int) -> None:
    """Compares all pages with what every version gives."""
    history = [(project, {path: written(source) for path, source in tree.items()}) for project, tree in drawn]
    expected = {
        (project, path, piece[0]) for project, path, piece, *_ in filter(lambda one: holds(query, one), lives(history))
    }

    with recorded(history).index as index:
        page = index.find(query, limit=limit)
        shown = list(page.hits)
        while page.cursor:
            page = index.find(query, limit=limit, after=page.cursor)
            shown += page.hits
    found = [(hit.project, hit.path, hit.symbol.name if hit.symbol else "") for hit in shown]

    assert set(found) == expected
    assert page.coverage.complete


@settings(max_examples=20, deadline=None)
@given(days, st.sampled_from([q.text("tax"), q.text("tax") & ~q.text("rate"), q.name("rate"), q.regex("[a-z]")]))
def test_a_hit_tells_how_many_versions_answer_from_when_to_when(
    drawn: list[tuple[str, dict[str, tuple[list[str], list[tuple[str, list[str]]]]]]], query: Query
) -> None:
    history = [(project, {path: written(source) for path, source in tree.items()}) for project, tree in drawn]
    expected: dict[tuple[str, str, str], list[Lived]] = {}
    for one in lives(history):
        if holds(query, one):
            expected.setdefault((one[0], one[1], one[2][0]), []).append(one)

    with recorded(history).index as index:
        hits = index.find(query).hits
    for hit in hits:
        runs = expected[hit.project, hit.path, hit.symbol.name if hit.symbol else ""]
        assert hit.first_seen.sequence == min(run[3] for run in runs)
        assert (hit.last_seen.sequence if hit.last_seen else None) == (
            None if any(run[4] is None for run in runs) else max(run[4] or 0 for run in runs)
        )
        assert hit.versions >= len({run[2][1] for run in runs if hit.symbol})


@settings(max_examples=20, deadline=None)
@given(days, days, st.sampled_from([q.text("tax"), q.everything(), q.kind("function")]), st.integers(1, 3))
def test_pages_repeat_and_skip_nothing_while_the_index_grows(
    drawn: list[tuple[str, dict[str, tuple[list[str], list[tuple[str, list[str]]]]]]],
    later: list[tuple[str, dict[str, tuple[list[str], list[tuple[str, list[str]]]]]]],
    query: Query,
    limit: int,
) -> None:
    history = [(project, {path: written(source) for path, source in tree.items()}) for project, tree in drawn + later]
    scene = recorded(history[: len(drawn)])
    before = {(hit.project, hit.path, hit.symbol and hit.symbol.name) for hit in scene.index.find(query).hits}
    page = scene.index.find(query, limit=limit)
    shown = [(hit.project, hit.path, hit.symbol and hit.symbol.name) for hit in page.hits]
    newest: dict[str, Mapping[str, bytes]] = dict(history[: len(drawn)])
    for project, tree in history[len(drawn) :]:
        gone = [path for path in newest.get(project, {}) if path not in tree]
        scene.snap(dict(tree), removed=gone, project=project)  # type: ignore[arg-type]  # as above
        newest[project] = tree
    scene.understand()
    while page.cursor:
        page = scene.index.find(query, limit=limit, after=page.cursor)
        shown += [(hit.project, hit.path, hit.symbol and hit.symbol.name) for hit in page.hits]

    scene.index.close()
    assert len(shown) == len(set(shown))
    assert before <= set(shown)
