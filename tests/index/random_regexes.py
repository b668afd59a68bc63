"""Random regular expressions in all of RE2's dialect, random histories, and where index and brute force disagree."""

from __future__ import annotations

import random
from collections.abc import Iterator

import re2

from tests.index.scenes import Scene
from tests.index.test_index_properties import Places, answered, by_brute_force, recorded

_WORDS = (
    "tax",
    "Tax",
    "rate(x)",
    "return",
    "task",
    "TASK",
    "  ",
    "é",
    "K",
    "ſ",
    "\u212a",
    "ask",
    "日本語",
    "a.b",
    "x{,3}",
    "\\z",
)
_ATOMS = (
    *(
        "tax",
        "rat",
        "ret",
        "ask",
        "a",
        "x",
        "é",
        "K",
        "s",
        ".",
        "日",
        "\u212a",
        "\\n",
        "\\x61",
        "\\141",
        "\\x{e9}",
        "\\.",
        "\\\\z",
    ),
    *("\\w", "\\s", "\\S", "\\d", "\\W", "\\b", "\\B", "^", "$", "\\pL", "\\PL", "\\p{^Lu}", "\\p{Greek}", "\\C"),
    *(
        "[a-t]",
        "[^x]",
        "[^\\n]",
        "[x]",
        "[.]",
        "[]a]",
        "[[:alpha:]]",
        "[[:^space:]ax]",
        "[^[:punct:]]",
        "[\\d_r]",
        "[^\\pN]",
    ),
    *(
        "\\Qa.b\\E",
        "\\Qrate(\\E",
        "\\Qtax",
        "{,3}",
        "(?i)",
        "(?-i)",
        "(?s)",
        "(?i:as)",
        "(?s:.)",
        "(?-m:$)",
        "\\z",
        "\\A",
    ),
)
_REPEATS = ("", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{2,3}?", "{0}")


def regex(rng: random.Random, depth: int = 2) -> str:
    """A regular expression; RE2 may refuse it."""
    parts = []
    for _ in range(rng.randint(1, 4)):
        kind = rng.random()
        if depth and kind < 0.25:
            opened = rng.choice(("(", "(?:", f"(?P<n{rng.randrange(10**6)}>", "(?i:", "(?s:", "(?i-s:"))
            part = opened + "|".join(regex(rng, depth - 1) for _ in range(rng.randint(1, 3))) + ")"
        else:
            part = rng.choice(_ATOMS)
        parts.append(part + rng.choice(_REPEATS))
    return "".join(parts)


def history(rng: random.Random) -> list[dict[str, bytes | None]]:
    """What up to four snapshots change in three files."""
    return [
        {
            path: _content(rng) if rng.random() < 0.85 else None
            for path in rng.sample(("a", "b", "c.py"), rng.randint(1, 3))
        }
        for _ in range(rng.randint(1, 4))
    ]


def _content(rng: random.Random) -> bytes:
    lines = ("".join(rng.choices(_WORDS, k=rng.randint(0, 4))) for _ in range(rng.randint(0, 8)))
    return "\n".join(lines).encode() + rng.choice((b"", b"\n", b"\r\n", b"\xff\n"))


def pages(scene: Scene, pattern: str, *, case_sensitive: bool, limit: int) -> list[tuple[str, str]]:
    """(path, lines) of all answers, page by page."""
    shown: list[tuple[str, str]] = []
    after = ""
    while True:
        page = scene.index.search_regex(pattern, case_sensitive=case_sensitive, limit=limit, after=after)
        shown += ((hit.path, hit.snippet) for hit in page.hits)
        after = page.cursor
        if not after:
            return shown


def disagreements_by_page(seed: int, cases: int) -> Iterator[tuple[str, bool, list[dict[str, bytes | None]]]]:
    """The same where all pages of one or two answers together are not what brute force finds, each once."""
    rng = random.Random(seed)
    for pattern, case_sensitive, snapshots, scene, expected in _asked(rng, cases):
        shown = pages(scene, pattern, case_sensitive=case_sensitive, limit=rng.randint(1, 2))
        if sorted(shown) != sorted((path, lines) for path, lines, *_ in expected):
            yield pattern, case_sensitive, snapshots


def disagreements(seed: int, cases: int) -> Iterator[tuple[str, bool, list[dict[str, bytes | None]]]]:
    """(pattern, case counts, history) wherever the index answers otherwise than a search through whole files."""
    for pattern, case_sensitive, snapshots, scene, expected in _asked(random.Random(seed), cases):
        if answered(scene, pattern, case_sensitive=case_sensitive, regex=True) != expected:
            yield pattern, case_sensitive, snapshots


_Asked = tuple[str, bool, list[dict[str, bytes | None]], Scene, Places]


def _asked(rng: random.Random, cases: int) -> Iterator[_Asked]:
    """Patterns, whether case counts, of which history, and what brute force finds there."""
    done = 0
    while done < cases:
        snapshots = history(rng)
        with recorded(snapshots, [rng.randrange(200) for _ in range(rng.randint(0, 4))]) as scene:
            for _ in range(50):
                pattern, case_sensitive = regex(rng), rng.random() < 0.7
                options = re2.Options()
                options.case_sensitive = case_sensitive
                options.log_errors = False
                try:
                    re2.compile(b"(?m)" + pattern.encode(), options)
                except re2.error:
                    continue
                done += 1
                yield pattern, case_sensitive, snapshots, scene, by_brute_force(snapshots, pattern.encode(), options)
