from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse
from tests.analysis.samples import uncovered

SOURCE = "# größe \U0001f600\ndef größe(a):\n    return '\U0001f600' + a\n\n\ndef g():\n    pass\n"


@pytest.mark.parametrize(("codec", "mark"), [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")])
@pytest.mark.parametrize("tail", [b"", b"\x0a"])
def test_parses_text_of_two_bytes_a_character(codec: str, mark: bytes, tail: bytes) -> None:
    content = mark + SOURCE.encode(codec) + tail
    found = analyse("a.py", content)

    assert [symbol.name for symbol in found.symbols] == ["größe", "g"]
    spans = [content[symbol.start_byte : symbol.end_byte].decode(codec) for symbol in found.symbols]
    assert spans == ["def größe(a):\n    return '\U0001f600' + a", "def g():\n    pass"]
    assert found.problems == ("UTF-16: read as UTF-8",)
    assert uncovered(content, found) == []


def test_ignores_the_mark_of_utf8() -> None:
    content = b"\xef\xbb\xbf" + SOURCE.encode()
    found = analyse("a.py", content)

    assert [symbol.name for symbol in found.symbols] == ["größe", "g"]
    assert uncovered(content, found) == []


def test_reads_names_in_the_encoding_that_a_file_declares() -> None:
    content = "# -*- coding: latin-1 -*-\ndef größe():\n    pass\n".encode("latin-1")

    assert [symbol.name for symbol in analyse("a.py", content).symbols] == ["größe"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\xfe\xff", b"\xff\xfea"])
def test_covers_a_file_of_little_more_than_a_mark(content: bytes) -> None:
    assert uncovered(content, analyse("a.sh", content)) == []
