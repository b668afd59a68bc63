"""An old symbol in today's file, and the diff that says so, tried with the programs that apply patches."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from codevault.analysis.analyse import analyse
from codevault.patching import unified_diff
from codevault.placing import SourceFile, alone, inserted, replaced

OLD = b"""\
import math


def first(x):
    return x + 1


# how far it is
def second(x, y):
    if x:
        return math.sqrt(x * x + y * y)
    return y


def third(x):
    return x * 3
"""
NEW = OLD.replace(b"        return math.sqrt(x * x + y * y)\n    return y\n", b"        return 0\n    return -y\n")
GONE = OLD[: OLD.index(b"# how far")] + OLD[OLD.index(b"def third") :]
CLASS = b"class A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return [2, 2, 2]\n"
SHORT = b"class A:\n  x = 1\n"
TEXTS = b'def f(x):\n    text = """\n    kept\n  as it is\n"""\n    return [text, x]\n'
ONE, TWO = b"  int one() { return 1; }\n", b"  /** Twice. */\n  int two(int x) {\n    return x + x;\n  }\n"
JAVA = b"class A {\n" + ONE + b"\n" + TWO + b"}\n"
ODD = OLD.replace(b"far it", b"f\xe4r it")
RUBY = b"class A\n  def one\n    1\n  end\n\n  def two\n    [2, 2]\n  end\nend\n"


def source(path: str, content: bytes) -> SourceFile:
    found = analyse(path, content)
    return SourceFile(path=path, content=content, language=found.language, symbols=found.symbols)


@pytest.mark.parametrize(
    ("path", "old", "new", "name", "expected"),
    [
        ("a.py", OLD, NEW, "second", OLD),
        ("a.py", OLD, OLD, "second", OLD),
        ("a.py", OLD, GONE, "second", OLD),
        ("a.py", OLD, OLD[OLD.index(b"# how") :], "first", OLD[OLD.index(b"def first") :]),
        ("a.py", OLD, OLD[: OLD.index(b"\n\ndef third")], "third", OLD),
        ("a.py", OLD, b"import math\n", "third", b"import math\n\n\ndef third(x):\n    return x * 3\n"),
        ("a.py", OLD, b"", "third", b"def third(x):\n    return x * 3\n"),
        ("a.py", OLD, GONE.rstrip(b"\n"), "second", OLD.rstrip(b"\n")),
        ("a.py", OLD, b"x = 1", "third", b"x = 1\n\n\ndef third(x):\n    return x * 3"),
        ("a.py", OLD, NEW.replace(b"\n", b"\r\n"), "second", OLD.replace(b"\n", b"\r\n")),
        ("a.py", OLD, GONE.replace(b"\n", b"\r\n"), "second", OLD.replace(b"\n", b"\r\n")),
        ("a.py", ODD, GONE, "second", ODD),
        ("a.py", OLD, NEW.replace(b"    ", b"\t"), "second", OLD.replace(b"    ", b"\t")),
        ("a.py", CLASS, CLASS[: CLASS.index(b"\n    def two")], "A.two", CLASS),
        ("a.py", CLASS, SHORT, "A.two", SHORT + b"\n  def two(self):\n    return [2, 2, 2]\n"),
        ("a.py", CLASS, b"y = 1\n", "A.two", b"y = 1\n" + CLASS),
        ("a.py", TEXTS, TEXTS.replace(b"[text, x]", b"x"), "f", TEXTS),
        ("A.java", JAVA, b"class A {\n\n}\n", "A.two", b"class A {\n\n" + TWO + b"}\n"),
        ("A.java", JAVA, JAVA.replace(b"\n" + TWO, b""), "A.two", JAVA),
        ("a.rb", RUBY, b"class A\nend\n", "A.two", b"class A\n  def two\n    [2, 2]\n  end\nend\n"),
    ],
    ids=[
        "changed", "same", "gone", "gone-first", "gone-last", "gone-alone", "emptied", "no-final-newline", "at-end",
        "crlf", "gone-crlf", "not-utf8", "tabs", "method", "other-indentation", "class-gone", "text-in-quotes",
        "braces", "java", "ruby",
    ],
)  # fmt: skip
def test_an_old_symbol_comes_back_and_patches_say_it(
    tmp_path: Path, path: str, old: bytes, new: bytes, name: str, expected: bytes
) -> None:
    before, here = source(path, old), source(path, new)
    number = before.named(name)[0]
    found = here.twin(name, before.symbols[number])

    after = inserted(before, number, here)[0] if found is None else replaced(before, number, here, found)

    assert after == expected
    assert patched(tmp_path, path, new, after, "patch", "-p1", "-s") == after
    assert patched(tmp_path, path, new, after, "git", "apply", "-") == after


def patched(folder: Path, path: str, before: bytes, after: bytes, *command: str) -> bytes:
    """What a program makes of the diff; where there is none, or it is missing here, what it should."""
    diff = unified_diff(before, after, path)
    if not diff or shutil.which(command[0]) is None:
        return after
    (folder / path).write_bytes(before)
    subprocess.run(command, input=diff, cwd=folder, check=True)
    return (folder / path).read_bytes()


def test_a_symbol_alone_stands_at_the_left_margin() -> None:
    held = source("a.py", CLASS)

    assert alone(held, held.named("A.two")[0]) == b"def two(self):\n    return [2, 2, 2]\n"
    assert alone(source("a.py", CLASS.rstrip()), 2).endswith(b"2]\n")


@pytest.mark.parametrize("path", ["with space.py", 'quo"te\\.py', "tab\there.py", "b\udce9.py"])
def test_odd_names_are_written_as_git_does(tmp_path: Path, path: str) -> None:
    new = unified_diff(None, b"one\n", path)
    changed = unified_diff(b"one\n", b"two\n", path)

    subprocess.run(["git", "apply", "-"], input=new, cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], input=changed, cwd=tmp_path, check=True)

    assert (tmp_path / path).read_bytes() == b"two\n"


def test_far_changes_are_hunks_of_their_own_and_a_rewritten_region_is_one() -> None:
    lines = [b"%d\n" % number for number in range(9_000)]
    two = b"".join(lines[:10]) + b"x\n" + b"".join(lines[10:40]) + b"y\n" + b"".join(lines[41:])
    other = b"".join(lines[:2]) + b"".join(b"n%d\n" % number for number in range(9_000)) + b"".join(lines[-2:])

    assert unified_diff(b"".join(lines), two, "a").count(b"\n@@ ") == 2
    assert unified_diff(b"".join(lines), other, "a").count(b"\n@@ ") == 1
    assert unified_diff(b"same", b"same", "a") == b""
