"""What is known of a definition beside its place: signature, parameters, visibility, decorators, documentation."""

from __future__ import annotations

import re
from typing import Final

from tree_sitter import Node

from codevault.analysis.definitions import Definition
from codevault.analysis.languages import LanguageSpec
from codevault.analysis.model import SymbolKind

MAX_SIGNATURE: Final = 500
"""Characters of a signature that are kept."""

MAX_DOCUMENTATION: Final = 1000
"""Characters of a documentation that are kept."""

MAX_PARTS: Final = 64
"""Parameters or decorators of one symbol that are kept, each of at most MAX_PART characters."""

MAX_PART: Final = 200

CALLABLE: Final = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})

_SPACE: Final = re.compile(r"\s+")
_OPENS_BODY: Final = re.compile(r"\s*(?:\{|:|=>|=|\s)\s*$")
_ENDS_HEADER: Final = frozenset("{:=>")
_PARAMETER_FIELDS: Final = ("parameters", "parameter", "patterns", "arguments")
_PARAMETER_LISTS: Final = frozenset(
    {
        "parameter_list",
        "parameters",
        "formal_parameters",
        "function_value_parameters",
        "class_parameters",
        "argument_list",
        "signature",
        "function_arguments",
        "method_parameters",
    }
)
_SINGLE_PARAMETERS: Final = frozenset({"parameter", "method_parameter", "class_parameter", "lambda_parameter"})
_WITH_DEFAULTS: Final = "function_value_parameters"  # Kotlin's: defaults stand beside their parameters
_RETURN_FIELDS: Final = ("return_type", "result", "returns", "type")
_NO_PARAMETER: Final = frozenset({"comment", "line_comment", "block_comment", "ERROR"})


def signature(content: bytes, header: tuple[int, int], codec: str = "utf-8") -> str:
    """A header on one line: white space folded, without the mark that opens the body, at most MAX_SIGNATURE long."""
    start, end = header
    text = content[start : min(end, start + 4 * MAX_SIGNATURE)].decode(codec, "replace")
    folded = " ".join(text.split())
    return (_OPENS_BODY.sub("", folded) if folded[-1:] in _ENDS_HEADER else folded)[:MAX_SIGNATURE].strip()


def parameters(content: bytes, found: Definition, codec: str) -> tuple[str, ...]:
    """The parameters as written, in order."""
    if found.node is None:
        return ()
    holder = found.parameters or _holder(found.node)
    if holder is None:
        return ()
    nodes = holder.named_children if holder.type not in _SINGLE_PARAMETERS else [holder]
    if holder.type not in _PARAMETER_LISTS or holder.type == _WITH_DEFAULTS:  # parameters among other things
        nodes = [node for node in nodes if node.type in _SINGLE_PARAMETERS] or nodes
    texts = (_folded(content, node, codec) for node in nodes[:MAX_PARTS] if node.type not in _NO_PARAMETER)
    return tuple(text for text in texts if text)


def _holder(node: Node) -> Node | None:
    """The list of parameters: a field of the definition, of its declarator or of the function that is its value."""
    for _ in range(8):
        for name in _PARAMETER_FIELDS:
            found = node.child_by_field_name(name)
            if found is not None:
                return found
        for child in node.named_children[:12]:
            if child.type in _PARAMETER_LISTS:
                return child
            if child.type in _SINGLE_PARAMETERS:
                return node
        inner = node.child_by_field_name("declarator") or node.child_by_field_name("value")
        inner = inner or node.child_by_field_name("right") or node.child_by_field_name("body")
        if inner is None or inner.type.endswith(("block", "body", "statement")):
            return None
        node = inner
    return None


def returns(content: bytes, found: Definition, codec: str) -> str:
    """The type that is returned, as written; "" where none is."""
    if found.node is None:
        return ""
    node = found.node.child_by_field_name("value") or found.node.child_by_field_name("right") or found.node
    for name in _RETURN_FIELDS:
        typed = node.child_by_field_name(name)
        if typed is not None:
            return _folded(content, typed, codec).removeprefix("-> ")
    return ""


def _folded(content: bytes, node: Node, codec: str) -> str:
    start, end = node.byte_range
    return " ".join(content[start : min(end, start + 4 * MAX_PART)].decode(codec, "replace").split())[:MAX_PART].lstrip(
        ": "
    )


_VISIBLE: Final = re.compile(
    rb"(?<![\w$-])(public|private|protected|internal|fileprivate|open|pub(?:\s*\([\w:\s]*\))?|export|static|local|defp|defmacrop)(?![\w$-])"
)


def visibility(content: bytes, found: Definition, spec: LanguageSpec) -> str:
    """The word before the name that says it, else what the language makes of names without such a word."""
    if not spec.visibility:
        return ""
    before = content[max(found.start, found.name_at - 500) : found.name_at]
    rules = dict(rule.partition("=")[::2] for rule in spec.visibility)
    for word in _VISIBLE.findall(before):
        text = b" ".join(word.split()).decode("ascii")
        if text in rules:
            return rules[text] or text
        if text.startswith("pub(") and "pub" in rules:
            return text
    name = found.name
    if "underscore" in rules and name.startswith(("_", "#")) and not name.endswith("__"):
        return "private"
    if "capital" in rules:
        return "exported" if name[:1].isupper() else "package"
    return rules.get("default", "")


_DECORATOR: Final = re.compile(
    r"@(?!interface\b|protocol\b|implementation\b|end\b)[\w.:]+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?"
    r"|#!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]|(?m:^)\s*\[(?:[^\[\]]|\[[^\[\]]*\])*\](?=\s*$|\s+\w|\s*\[)"
)


def decorators(content: bytes, found: Definition, codec: str) -> tuple[str, ...]:
    """Decorators, annotations and attributes before the name, as written."""
    if found.kind in {SymbolKind.SECTION, SymbolKind.RULE, SymbolKind.KEY}:
        return ()
    zone = content[found.start : min(found.name_at, found.start + 4000)]
    if b"@" not in zone and b"[" not in zone:
        return ()
    texts = _DECORATOR.findall(zone.decode(codec, "replace"))
    return tuple(_SPACE.sub(" ", text).strip()[:MAX_PART] for text in texts[:MAX_PARTS] if text not in _DOC_WORDS)


_DOC_WORDS: Final = frozenset({"@doc", "@moduledoc", "@typedoc", "@spec"})  # Elixir's
_DOCSTRING: Final = re.compile(
    r"\s*[rRuUbB]{0,2}(?:\"\"\"(.*?)\"\"\"|'''(.*?)'''|\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)')", re.DOTALL
)
_DOC_ATTRIBUTE: Final = re.compile(
    r"@(?:module)?doc\s+(?:~[sS])?(?:\"\"\"(.*?)\"\"\"|\"((?:[^\"\\]|\\.)*)\")", re.DOTALL
)


def documentation(content: bytes, found: Definition, spec: LanguageSpec, codec: str) -> str:
    """The docstring where the language has them, else the comment directly above, without the marks of either."""
    if spec.documentation == "docstring" and found.body >= 0:
        text = content[found.body : min(found.end, found.body + 4 * MAX_DOCUMENTATION)].decode(codec, "replace")
        string = _DOCSTRING.match(text)
        return _tidy(next((part for part in string.groups() if part is not None), "")) if string else ""
    if spec.documentation == "attribute":
        string = _DOC_ATTRIBUTE.search(content[found.lead : found.name_at][:4000].decode(codec, "replace"))
        return _tidy(string[1] or string[2] or "") if string else ""
    if spec.documentation == "string above":
        before = content[max(0, found.lead - 4 * MAX_DOCUMENTATION) : found.lead].decode(codec, "replace").rstrip(" \t")
        found_string = re.search(
            r"(?:\"\"\"((?:(?!\"\"\").)*)\"\"\"|^\"([^\"\n]*)\")\n$", before, re.DOTALL | re.MULTILINE
        )
        if found_string:
            return _tidy(found_string[1] or found_string[2] or "")
    if found.lead >= found.start:
        return ""
    text = content[found.lead : min(found.start, found.lead + 4 * MAX_DOCUMENTATION)].decode(codec, "replace")
    return "\n".join(map(_without_marks, text.splitlines()))[:MAX_DOCUMENTATION].strip()


def _without_marks(line: str) -> str:
    """A line of a comment without what makes it one."""
    line = line.strip()
    if line.endswith(("*/", "*)", "-}")):
        line = line[:-2].rstrip("* ")
    first = line[:1]
    if first in {"/", "*", "("}:
        return line.lstrip("/*!(" if first != "*" or line[:2] in {"*/", "**"} else "*").strip()
    if first == "-" and line[:2] == "--":
        return line.lstrip("-").lstrip(" |^").strip()
    return line.lstrip("#';%").strip() if first in {"#", ";", "%"} else line


def _tidy(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines)[:MAX_DOCUMENTATION].strip()
