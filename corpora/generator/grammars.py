"""tree-sitter parsers for the languages that the generator writes."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import tree_sitter


@cache
def parser_for(language: str) -> tree_sitter.Parser:
    """The parser of one of the generated languages, made once."""
    module = import_module(f"tree_sitter_{language}")
    pointer = module.language_typescript() if language == "typescript" else module.language()
    return tree_sitter.Parser(tree_sitter.Language(pointer))


def is_valid(language: str, content: bytes) -> bool:
    """Whether the grammar reads the whole content without an error or a missing token."""
    return not parser_for(language).parse(content).root_node.has_error
