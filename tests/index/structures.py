"""Random small Python files with a past, patterns of code, and what matching every whole version gives."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from codevault.analysis.analyse import analyse
from codevault.analysis.structure import AST_GREP, TREE_SITTER, Window, matches, shape_of
from codevault.index.index import Index
from codevault.index.structuresearch import StructurePattern
from tests.index.scenes import Scene, in_memory

Tree = Mapping[str, str]

STATEMENTS = [
    "total = rate(1, 2)",
    "rate(x)",
    "x = compute(rate(3))",
    "self.close()",
    "return total",
    "raise ValueError(x)",
    "# rate(1, 2) is a comment",
    "",
    "print('rate(4)', rate(5,\n                    6))",
    "if x == x:\n    rate(x)\n    close()",
    "for item in items:\n    total += rate(item)",
    "try:\n    open(x)\nexcept ValueError:\n    pass",
    "with open(x) as file:\n    file.close()",
    "inner = lambda y: rate(y)",
    "def inner(z):\n    return rate(z)",
    "import rate",
]
PATTERNS = [
    (AST_GREP, "rate($X)"),
    (AST_GREP, "rate($$$ARGS)"),
    (AST_GREP, "$A == $A"),
    (AST_GREP, "$X = compute($Y)"),
    (AST_GREP, "raise ValueError($E)"),
    (AST_GREP, "self.close()"),
    (AST_GREP, "return $X"),
    (AST_GREP, "for $I in $L:\n    $$$BODY"),
    (AST_GREP, "def inner($P):\n    $$$BODY"),
    (AST_GREP, "class $N:\n    $$$BODY"),
    (AST_GREP, "$X += rate($Y)"),
    (TREE_SITTER, '((call function: (identifier) @f (#eq? @f "rate")) @call)'),
    (TREE_SITTER, "(raise_statement) @raise"),
    (TREE_SITTER, "(for_statement body: (block (expression_statement (augmented_assignment) @sum)))"),
    (TREE_SITTER, "(lambda) @lambda"),
    (TREE_SITTER, "(class_definition name: (identifier) @name)"),
]


def indented(statements: Sequence[str], by: str) -> str:
    """Statements as a body, which is never empty."""
    lines = [line for one in (*statements, "pass") for line in one.split("\n")]
    return "".join(f"{by}{line}\n" if line else "\n" for line in lines)


statements = st.lists(st.sampled_from(STATEMENTS), max_size=4)
functions = st.builds(
    lambda name, body: f"def {name}(x, items):\n{indented(body, '    ')}",
    st.sampled_from(["rate", "total", "inner"]),
    statements,
)
classes = st.builds(
    lambda fields, body, gap: (
        f"class Till(rate):\n{indented(fields, '    ')}{gap}    def total(self, x, items):\n{indented(body, ' ' * 8)}"
    ),
    statements,
    statements,
    st.sampled_from(["", "\n"]),
)
outside = statements.map(lambda some: indented(some, ""))
sources = st.lists(st.one_of(functions, classes, outside), max_size=4).map("\n".join)
trees = st.dictionaries(st.sampled_from(["a.py", "b/c.py", "notes.txt"]), sources, max_size=2)
histories = st.lists(trees, min_size=1, max_size=4)


def recorded(history: Sequence[Tree]) -> Index:
    """The index of a history, understood as the real analysis does."""
    scene: Scene = in_memory()
    before: Tree = {}
    for tree in history:
        gone = [path for path in before if path not in tree]
        scene.snap({path: text.encode() for path, text in tree.items()}, removed=gone)
        scene.understand(analyse)
        before = tree
    return scene.index


def found(index: Index, syntax: str, pattern: str) -> set[tuple[str, str]]:
    """The paths and lines of all answers."""
    asked = StructurePattern(
        asked=pattern,
        language="python",
        shape=shape_of(syntax, "python", pattern),
        engine=lambda windows, until: matches(syntax, "python", pattern, windows) if time.monotonic() < until else [],
    )
    result = index.search_structure(asked, limit=500, seconds=60)
    assert result.coverage.complete
    return {(hit.path, hit.snippet) for hit in result.hits}


def expected(history: Sequence[Tree], syntax: str, pattern: str) -> set[tuple[str, str]]:
    """The same of every version of every Python file, matched whole."""
    answers = set()
    for path, text in {item for tree in history for item in tree.items() if item[0].endswith(".py")}:
        content = text.encode()
        (spans,) = matches(syntax, "python", pattern, [Window(content, False)])
        for start, end in spans:
            first, last = content.rfind(b"\n", 0, start) + 1, content.find(b"\n", max(start, end - 1))
            answers.add((path, content[first : last if last >= 0 else None].decode()))
    return answers
