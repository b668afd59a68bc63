"""What is known of a definition beside its place: signature, parameters, visibility, decorators, documentation."""

from __future__ import annotations

import re
from typing import Final

from tree_sitter import Node

from codevault.analysis.definitions import Definition
from codevault.analysis.grammar import Grammar
from codevault.analysis.model import SymbolKind

MAX_SIGNATURE: Final = 500
"""Characters of a signature that are kept."""

MAX_DOCUMENTATION: Final = 1000
"""Characters of a documentation that are kept."""

MAX_PARTS: Final = 64
"""Parameters or decorators of one symbol that are kept, each of at most MAX_PART characters."""

MAX_PART: Final = 200

CALLABLE: Final = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR)

_UNDECORATED: Final = (SymbolKind.SECTION, SymbolKind.RULE, SymbolKind.KEY)
_SPACE: Final = re.compile(r"\s+")
_OPENS_BODY: Final = re.compile(r"\s*(?:\{|:|=>|=|\s)\s*$")
_ENDS_HEADER: Final = frozenset("{:=>")
_VISIBLE: Final = re.compile(
    rb"(?<![\w$-])(public|private|protected|internal|fileprivate|open|pub(?:\s*\([\w:\s]*\))?|export|static|local|defp|defmacrop)(?![\w$-])"
)
_BY_NAME: Final = frozenset({"underscore", "capital", "default"})
_DECORATOR: Final = re.compile(
    r"@(?!interface\b|protocol\b|implementation\b|end\b)[\w.:]+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?"
    r"|#!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]|(?m:^)\s*\[(?:[^\[\]]|\[[^\[\]]*\])*\](?=\s*$|\s+\w|\s*\[)"
)


_DOC_WORDS: Final = frozenset({"@doc", "@moduledoc", "@typedoc", "@spec"})  # Elixir's
_STRING_OPENS: Final = frozenset(b"\"'rRuUbB \t\r\n\\")
_DOCSTRING: Final = re.compile(
    r"\s*[rRuUbB]{0,2}(?:\"\"\"(.*?)\"\"\"|'''(.*?)'''|\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)')", re.DOTALL
)
_DOC_ATTRIBUTE: Final = re.compile(
    r"@(?:module)?doc\s+(?:~[sS])?(?:\"\"\"(.*?)\"\"\"|\"((?:[^\"\\]|\\.)*)\")", re.DOTALL
)


_CLOSES_COMMENT: Final = frozenset({"*/", "*)", "-}"})
_STRING_ABOVE: Final = re.compile(r"(?:\"\"\"((?:(?!\"\"\").)*)\"\"\"|^\"([^\"\n]*)\")\n$", re.DOTALL | re.MULTILINE)


class Details:
    """Reads what is known of the definitions of one text, beside their places."""

    def __init__(self, content: bytes, grammar: Grammar, codec: str) -> None:
        self._content = content
        self._codec = codec
        self._shapes = grammar.shapes
        self._documented = grammar.spec.documentation
        self._rules = grammar.visibility
        self._has_words = not grammar.visibility.keys() <= _BY_NAME

    def _text(self, start: int, end: int) -> str:
        return self._content[start:end].decode(self._codec, "replace")

    def _folded(self, node: Node) -> str:
        start, end = node.byte_range
        return " ".join(self._text(start, min(end, start + 4 * MAX_PART)).split())[:MAX_PART].lstrip(": ")

    def signature(self, found: Definition) -> str:
        """A header on one line: white space folded, without the mark that opens the body, at most MAX_SIGNATURE."""
        start, end = found.header
        folded = " ".join(self._text(start, min(end, start + 4 * MAX_SIGNATURE)).split())
        return (_OPENS_BODY.sub("", folded) if folded[-1:] in _ENDS_HEADER else folded)[:MAX_SIGNATURE].strip()

    def parameters(self, found: Definition) -> tuple[str, ...]:
        """The parameters as written, in order."""
        if found.node is None:
            return ()
        holder = found.parameters or self._holder(found.node)
        if holder is None:
            return ()
        shapes, kind = self._shapes, holder.kind_id
        nodes = holder.named_children if kind not in shapes.single_parameters else [holder]
        if kind not in shapes.parameter_lists or kind in shapes.with_defaults:  # parameters among other things
            nodes = [node for node in nodes if node.kind_id in shapes.single_parameters] or nodes
        texts = [self._folded(node) for node in nodes[:MAX_PARTS] if node.kind_id not in shapes.no_parameter]
        return tuple([text for text in texts if text])

    def _holder(self, node: Node) -> Node | None:
        """The list of parameters: a field of the definition, of its declarator or of the function that is its value."""
        shapes = self._shapes
        for _ in range(8):
            holder = _first_of(node, shapes.parameter_fields)
            if holder is not None:
                return holder
            for child in node.named_children[:12]:
                kind = child.kind_id
                if kind in shapes.parameter_lists:
                    return child
                if kind in shapes.single_parameters:
                    return node
            inner = _first_of(node, shapes.inner_fields)
            if inner is None or inner.type.endswith(("block", "body", "statement")):
                return None
            node = inner
        return None

    def returns(self, found: Definition) -> str:
        """The type that is returned, as written; "" where none is."""
        shapes = self._shapes
        if found.node is None or not shapes.return_fields:
            return ""
        node = _first_of(found.node, shapes.value_fields) or found.node
        typed = _first_of(node, shapes.return_fields)
        return self._folded(typed).removeprefix("-> ") if typed is not None else ""

    def visibility(self, found: Definition) -> str:
        """The word before the name that says it, else what the language makes of names without such a word."""
        rules = self._rules
        if not rules:
            return ""
        if self._has_words:
            for word in _VISIBLE.findall(self._content, max(found.start, found.name_at - 500), found.name_at):
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

    def decorators(self, found: Definition) -> tuple[str, ...]:
        """Decorators, annotations and attributes before the name, as written."""
        start, end = found.start, min(found.name_at, found.start + 4000)
        if self._content.find(b"@", start, end) < 0 and self._content.find(b"[", start, end) < 0:
            return ()
        if found.kind in _UNDECORATED:
            return ()
        texts = _DECORATOR.findall(self._text(start, end))
        return tuple(_SPACE.sub(" ", text).strip()[:MAX_PART] for text in texts[:MAX_PARTS] if text not in _DOC_WORDS)

    def documentation(self, found: Definition) -> str:
        """The docstring where the language has them, else the comment directly above, without the marks of either."""
        where = self._documented
        if where == "docstring" and found.body >= 0:
            if self._content[found.body] not in _STRING_OPENS:
                return ""
            string = _DOCSTRING.match(self._text(found.body, min(found.end, found.body + 4 * MAX_DOCUMENTATION)))
            return _tidy(next((part for part in string.groups() if part is not None), "")) if string else ""
        if where == "attribute":
            string = _DOC_ATTRIBUTE.search(self._text(found.lead, min(found.name_at, found.lead + 4000)))
            return _tidy(string[1] or string[2] or "") if string else ""
        if where == "string above":
            before = self._text(max(0, found.lead - 4 * MAX_DOCUMENTATION), found.lead).rstrip(" \t")
            string = _STRING_ABOVE.search(before)
            if string:
                return _tidy(string[1] or string[2] or "")
        if found.lead >= found.start:
            return ""
        text = self._text(found.lead, min(found.start, found.lead + 4 * MAX_DOCUMENTATION))
        return _documented(text)


def _first_of(node: Node, fields: tuple[int, ...]) -> Node | None:
    for field in fields:
        found = node.child_by_field_id(field)
        if found is not None:
            return found
    return None


def _documented(comment: str) -> str:
    """The text of a comment, as much as is kept."""
    lines: list[str] = []
    size = 0
    for line in comment.splitlines():
        lines.append(_without_marks(line))
        size += len(lines[-1]) + 1
        if size > MAX_DOCUMENTATION:
            break
    return "\n".join(lines)[:MAX_DOCUMENTATION].strip()


def _without_marks(line: str) -> str:
    """A line of a comment without what makes it one."""
    line = line.strip()
    if line[-2:] in _CLOSES_COMMENT:
        line = line[:-2].rstrip("* ")
    first = line[:1]
    if first == "*" and line[:2] not in {"*/", "**"}:
        return line[1:].strip()
    if first in {"/", "*", "("}:
        return line.lstrip("/*!(").strip()
    if first == "-" and line[:2] == "--":
        return line.lstrip("-").lstrip(" |^").strip()
    return line.lstrip("#';%").strip() if first in {"#", ";", "%"} else line


def _tidy(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines)[:MAX_DOCUMENTATION].strip()
