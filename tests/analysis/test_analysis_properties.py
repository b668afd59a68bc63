from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import language_hint, specs
from codevault.analysis.model import Outcome
from codevault.analysis.wire import decode_request, decode_response, encode_request, encode_response
from tests.analysis.samples import PATHS, uncovered, without_expectations

RELAXED = settings(deadline=None)  # the first example loads grammars, and machines are shared
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
PATH_NAMES = st.sampled_from([f"a{spec.extensions[0]}" for spec in specs().values()] + ["a.txt", "a", "Makefile"])
SAMPLES = st.sampled_from([(path.name, without_expectations(path)) for path in PATHS])
LAYOUT = st.sampled_from([b"", b"\n", b"\n\n", b"  # note\n", b"    # a line of its own\n"])
SOURCE = b"""\
def first(alpha, beta=1):
    total = alpha + beta
    if total > 10:
        return [total, "text"]
    return helper(alpha)

class Second(Base):
    def method(self, gamma):
        with gamma as delta:
            delta.call(1.5)
"""


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with pieces cut out, repeated or overwritten."""
    path, content = draw(SAMPLES)
    text = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        text[start:end] = draw(st.sampled_from([b"", b"{", b"}", b"(", b'"', b"\n", b"/*", b"\xff", bytes(text[:40])]))
    return path, bytes(text)


@RELAXED
@given(path=PATH_NAMES | st.text(max_size=20), content=st.binary(max_size=400))
def test_never_raises_and_covers_every_byte(path: str, content: bytes) -> None:
    found = analyse(path, content)

    assert found.outcome is Outcome.BINARY or uncovered(content, found) == []


@RELAXED
@given(damaged())
def test_covers_every_byte_of_damaged_source(sample: tuple[str, bytes]) -> None:
    found = analyse(*sample)

    assert found.outcome is Outcome.BINARY or uncovered(sample[1], found) == []


@RELAXED
@given(damaged())
def test_keeps_symbols_within_their_parents_and_the_file(sample: tuple[str, bytes]) -> None:
    symbols = analyse(*sample).symbols

    assert [
        symbol
        for index, symbol in enumerate(symbols)
        if not 0 <= symbol.start_byte < symbol.end_byte <= len(sample[1])
        or symbol.parent >= index
        or (symbol.parent >= 0 and not symbols[symbol.parent].start_byte <= symbol.start_byte)
        or (symbol.parent >= 0 and not symbol.end_byte <= symbols[symbol.parent].end_byte)
    ] == []


@RELAXED
@given(damaged())
def test_tells_symbols_apart_by_name_and_place(sample: tuple[str, bytes]) -> None:
    symbols = analyse(*sample).symbols

    assert len({(symbol.qualified_name, symbol.start_byte, symbol.kind) for symbol in symbols}) == len(symbols)


@RELAXED
@given(st.lists(NAMES, min_size=7, max_size=7, unique=True))
def test_keeps_renamed_when_names_are_replaced(names: list[str]) -> None:
    old = ["first", "alpha", "beta", "total", "gamma", "delta", "method"]
    table = {name.encode(): new.encode() for name, new in zip(old, names, strict=True)}
    changed = re.sub(rb"[a-z]\w*", lambda found: table.get(found[0], found[0]), SOURCE)

    before, after = analyse("a.py", SOURCE), analyse("a.py", changed)
    assert [symbol.renamed for symbol in before.symbols] == [symbol.renamed for symbol in after.symbols]


@RELAXED
@given(st.lists(LAYOUT, min_size=12, max_size=12), st.integers(1, 8))
def test_keeps_exact_when_layout_and_comments_change(layout: list[bytes], width: int) -> None:
    lines = SOURCE.replace(b"    ", b" " * width).splitlines()
    changed = b"".join(line + (extra or b"\n") for line, extra in zip(lines, layout, strict=False))

    before, after = analyse("a.py", SOURCE), analyse("a.py", changed)
    assert [symbol.exact for symbol in before.symbols] == [symbol.exact for symbol in after.symbols]


@RELAXED
@given(st.text(max_size=60))
def test_hints_at_a_known_language_or_none(path: str) -> None:
    assert language_hint(path) in {"", *specs()}


@RELAXED
@given(job=st.integers(0, 2**40), path=st.text(max_size=20), content=st.binary(max_size=100))
def test_carries_any_request(job: int, path: str, content: bytes) -> None:
    assert decode_request(encode_request(job, path, content)[4:]) == (job, path, content)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_carries_the_analysis_of_each_sample(path: object) -> None:
    found = analyse("a.py", str(path).encode())

    assert decode_response(encode_response(3, found)[4:]) == (3, found)
