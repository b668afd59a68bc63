"""What differs between systems lies in the modules that a page names, and nothing anywhere forks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "codevault" / "SYSTEMS.md").read_text("utf-8")
ASKS = re.compile(
    r"sys\.platform|\bos\.name\b|^\s*import (fcntl|resource|msvcrt|pwd|grp)$|register_at_fork|geteuid|os\.supports_|"
    r"O_BINARY|\blistxattr\b",
    re.MULTILINE,
)
FORKS = re.compile(r"\bos\.fork|\bpty\.|multiprocessing|\bpreexec_fn\b")
SOURCES = {
    file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
    for package in ("codevault", "analysis", "index", "store")
    for file in (ROOT / package).rglob("*.py")
    if not {"analysis", "index", "store"} & set(file.relative_to(ROOT).parts[1:2])
}


def test_the_page_names_every_module_that_asks_which_system_it_runs_on() -> None:
    named = {
        name
        for row in PAGE.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\S+\.py)`", row.split("|")[1])
    }
    assert {name for name, source in SOURCES.items() if ASKS.search(source)} == named


def test_nothing_forks() -> None:
    assert [name for name, source in SOURCES.items() if FORKS.search(source)] == []
