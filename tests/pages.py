"""The tests there are, for the pages that name some."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@cache
def node_ids() -> frozenset[str]:
    """Every test as pytest names it, but for parameters: `tests/test_a.py::test_b`, or with its class between."""
    return frozenset(
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in _named(ast.parse(path.read_text(encoding="utf-8")).body)
    )


@cache
def names() -> frozenset[str]:
    """The tests by their own names alone."""
    return frozenset(node.rpartition("::")[2] for node in node_ids())


def _named(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{inner}" for inner in _named(node.body))
        elif isinstance(node, ast.Assign):  # a hypothesis state machine's TestCase
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
