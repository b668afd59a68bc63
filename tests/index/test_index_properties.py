"""The index against brute force over whole file versions, on small random histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import pairwise

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.analysis.model import FileAnalysis, Outcome, Unit
from codevault.ids import UnitId
from codevault.index.index import Index
from codevault.index.model import Hit, Scope
from codevault.index.text import fragments, searchable
from codevault.index.varints import pack, unpack, unzigzag, zigzag
from tests.index.scenes import DESK, SHOP, VAULT, Scene, hint

WORDS = ["tax", "Tax", "rate(x)", "return", "  ", "", "é", "K", "ſ", "\u212a", "ask", "İs", "日本語", "\r", "a.b"]
LINES = st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
TEXTS = st.lists(LINES, max_size=8).map("\n".join).map(str.encode) | st.binary(max_size=12).filter(
    lambda content: content[:2] not in {b"\xff\xfe", b"\xfe\xff"}
)
SNAPSHOTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c.py"]), TEXTS | st.none(), max_size=3), max_size=4)
LITERALS = st.text("taxre(K\n s é", min_size=1, max_size=5) | st.sampled_from([word for word in WORDS if word])
PIECES = [
    "tax",
    "ask",
    "ret",
    "x",
    ".",
    r"\w",
    r"\s",
    "[^x]",
    "é",
    "(?i:as)",
    "(?i:tax)",
    "(tax|rate|K)",
    "a?",
    "u*",
    "(?s:.)",
    "$",
    r"\b",
]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
Places = set[tuple[str, str, int, int | None]]


def cut_anywhere(cuts: list[int], content: bytes) -> FileAnalysis:
    borders = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    spans = list(pairwise(borders))
    units = tuple(Unit(id=UnitId("0" * 32), spans=tuple(spans[at::2])) for at in range(2))
    return FileAnalysis(outcome=Outcome.TEXT, language="", grammar="", units=units)


@contextmanager
def recorded(snapshots: list[dict[str, bytes | None]], cuts: list[int]) -> Iterator[Scene]:
    scene = Scene(Index.in_memory(vault_id=VAULT, hint_of=hint))
    scene.project(SHOP, "shop")
    for files in snapshots:
        present = {path: content for path, content in files.items() if content is not None}
        scene.snap(present, [path for path, content in files.items() if content is None])
    scene.understand(lambda path, content: replace(cut_anywhere(cuts, content), language=hint(path)))
    yield scene
    scene.index.close()


def by_brute_force(snapshots: list[dict[str, bytes | None]], pattern: bytes, options: re2.Options) -> Places:
    """(path, covered lines, first and last sequence), from every file of every snapshot."""
    compiled = re2.compile(b"(?m)" + pattern, options)
    state: dict[str, bytes] = {}
    seen: dict[tuple[str, str], list[int]] = {}
    for sequence, files in enumerate(snapshots, 1):
        state = {path: text for path, text in {**state, **files}.items() if text is not None}
        for path, content in state.items():
            for lines in covered(searchable(content), compiled):
                seen.setdefault((path, lines), []).append(sequence)
    newest = len(snapshots)
    return {(path, lines, min(at), None if max(at) == newest else max(at)) for (path, lines), at in seen.items()}


def covered(text: bytes, compiled: re2._Regexp) -> set[str]:
    found = set()
    for match in compiled.finditer(text):
        start, end = match.span()
        if start < end:
            stop = text.find(b"\n", end - 1)
            found.add(text[text.rfind(b"\n", 0, start) + 1 : stop if stop >= 0 else None].decode())
    return found


def answered(scene: Scene, pattern: str, *, case_sensitive: bool, regex: bool) -> Places:
    search = scene.index.search_regex if regex else scene.index.search_text
    found = search(pattern, case_sensitive=case_sensitive, limit=1000)
    assert found.coverage.complete
    return {
        (hit.path, hit.snippet, hit.first_seen.sequence, hit.last_seen.sequence if hit.last_seen else None)
        for hit in found.hits
    }


@settings(deadline=None, max_examples=120)
@given(SNAPSHOTS, LITERALS, st.booleans(), st.lists(st.integers(0, 200), max_size=5))
def test_texts_are_found_where_brute_force_finds_them(
    snapshots: list[dict[str, bytes | None]],
    text: str,
    case_sensitive: bool,
    cuts: list[int],
) -> None:
    options = re2.Options()
    options.case_sensitive = case_sensitive
    expected = by_brute_force(snapshots, re2.escape(text).encode(), options)
    with recorded(snapshots, cuts) as scene:
        assert answered(scene, text, case_sensitive=case_sensitive, regex=False) == expected


@settings(deadline=None, max_examples=200)
@given(SNAPSHOTS, PATTERNS, st.booleans(), st.lists(st.integers(0, 200), max_size=5))
def test_patterns_match_where_brute_force_matches(
    snapshots: list[dict[str, bytes | None]],
    pattern: str,
    case_sensitive: bool,
    cuts: list[int],
) -> None:
    options = re2.Options()
    options.case_sensitive = case_sensitive
    expected = by_brute_force(snapshots, pattern.encode(), options)
    with recorded(snapshots, cuts) as scene:
        assert answered(scene, pattern, case_sensitive=case_sensitive, regex=True) == expected


SCOPES = st.builds(
    Scope,
    projects=st.sampled_from([(), (SHOP,), (DESK,)]),
    path=st.sampled_from(["", "a", "*.py", "?"]),
    alive=st.sampled_from([None, True, False]),
    language=st.sampled_from(["", "python"]),
)


def in_scope(scope: Scope, hit: Hit) -> bool:
    placed = not scope.projects or hit.project in scope.projects
    alive = scope.alive is None or scope.alive == (hit.last_seen is None)
    return placed and alive and fnmatchcase(hit.path, scope.path or "*") and hint(hit.path).startswith(scope.language)


def facts(hits: Iterable[Hit]) -> set[tuple[object, ...]]:
    return {(hit.project, hit.path, hit.snippet, hit.first_seen, hit.last_seen) for hit in hits}


@settings(deadline=None, max_examples=100)
@given(SNAPSHOTS, SNAPSHOTS, PATTERNS, SCOPES, st.integers(1, 6))
def test_a_scope_leaves_what_lies_in_it_however_few_lines_are_ranked(
    shop: list[dict[str, bytes | None]],
    desk: list[dict[str, bytes | None]],
    pattern: str,
    scope: Scope,
    most: int,
) -> None:
    with recorded(shop, []) as scene, pytest.MonkeyPatch.context() as patch:
        patch.setattr("codevault.index.groups.GROUP", 20)
        scene.project(DESK, "desk")
        for files in desk:
            present = {path: content for path, content in files.items() if content is not None}
            scene.snap(present, [path for path, content in files.items() if content is None], project=DESK)
        scene.understand()
        everywhere = scene.index.search_regex(pattern, limit=1000).hits
        expected = facts(hit for hit in everywhere if in_scope(scope, hit))
        patch.setattr("codevault.index.textsearch.NARROW_AFTER", 1)
        patch.setattr("codevault.index.searching.MOST_LINES", most)
        found = scene.index.search_regex(pattern, scope=scope, limit=1000)
        assert facts(found.hits) == expected or not found.coverage.complete
        assert found.hits or found.coverage.complete


@given(SNAPSHOTS)
def test_versions_tell_what_every_snapshot_held(snapshots: list[dict[str, bytes | None]]) -> None:
    state: dict[str, bytes] = {}
    with recorded(snapshots, []) as scene:
        for sequence, files in enumerate(snapshots, 1):
            state = {path: text for path, text in {**state, **files}.items() if text is not None}
            held = {version.path: scene.contents[version.blob] for version in scene.index.paths(SHOP, sequence)}
            assert held == state


@given(TEXTS, st.lists(st.integers(0, 200), max_size=5))
def test_fragments_are_all_lines_of_the_searchable_text(content: bytes, cuts: list[int]) -> None:
    cut = fragments(content, cut_anywhere(cuts, content).units)
    text = searchable(content)
    assert b"\n".join(fragment.text for fragment in cut) == (text[:-1] if text.endswith(b"\n") else text)
    assert all(fragment.text.count(b"\n") + 1 == fragment.lines for fragment in cut)


@given(st.lists(st.integers(0, 1 << 60)))
def test_packed_numbers_come_back(values: list[int]) -> None:
    assert unpack(pack(values)) == values


@given(st.integers())
def test_zigzag_comes_back(value: int) -> None:
    assert unzigzag(zigzag(value)) == value
    assert zigzag(value) >= 0
