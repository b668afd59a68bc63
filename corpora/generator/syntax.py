"""What has to be known of a language to write what `corpora.generator.code` can say."""

from __future__ import annotations

from dataclasses import dataclass

IN_TYPES = frozenset({"c_sharp", "java"})
"""Languages in which every function lies in a type, and a file is named by its first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """One language's tables.

    Templates are `%`-formatted with a statement's slots, in the order `Kind` names them; those of the kinds that repeat
    or reorder slots (PIPE, EACH, TIMES, TRY) and of imports go through `str.format`.
    `simple` lists the templates of the kinds DECLARE to WRAP, `blocks` (IF to TRY) pairs of opening and middle line.
    `types` are the types that parameters and fields take, "" where the language writes none. `method_prefix` is how
    a method calls its neighbour; `receiver` what a method's parameters begin with; `blank_lines` how many of a body's
    lines are empty.
    """

    name: str
    suffix: str
    camel: bool
    folder: str
    comment: str
    braces: bool
    indents: tuple[str, ...]
    may_lower_brace: bool
    doc_inside: bool
    block_doc: bool
    doc_comment: str
    types: tuple[str, ...]
    parameter: str
    method_prefix: str
    receiver: str
    function: tuple[str, ...]
    method: tuple[str, ...]
    simple: tuple[str, ...]
    blocks: tuple[tuple[str, str], ...]
    imports: tuple[str, ...]
    constant: str
    table: tuple[str, str, str]
    arrow: str = "."
    null: str
    manifest: str
    blank_lines: float
