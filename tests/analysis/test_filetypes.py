from __future__ import annotations

import subprocess
import sys

import pytest

from codevault.analysis.filetypes import name_of_text


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.toml", "toml"),
        ("a.lua", "lua"),
        ("README.md", "markdown"),
        ("a.json", "json"),
        ("a.yaml", "yaml"),
        ("a.html", "html"),
        ("x/Makefile", "make"),
        ("Dockerfile", "docker"),
        ("a.sh", "bash"),
        ("A.LUA", "lua"),
        ("entry.S", "gas"),
        ("a.r", "r"),
        ("unknown", ""),
        ("a.unknown", ""),
        ("", ""),
    ],
)
def test_names_the_language_by_the_name_of_the_file(path: str, language: str) -> None:
    assert name_of_text(path) == language


def test_imports_no_lexer_and_nothing_at_all_for_files_with_a_grammar() -> None:
    program = (
        "import sys\n"
        "from codevault.analysis.analyse import analyse\n"
        "analyse('a.py', b'def f(): pass')\n"
        "assert not any(name.startswith('pygments') for name in sys.modules)\n"
        "analyse('a.toml', b'a = 1')\n"
        "assert 'pygments.lexers.configs' not in sys.modules\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
