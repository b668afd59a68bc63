"""One walk over a syntax tree: its tokens in order, and the definitions with the ranges of tokens they cover.

The walk is iterative (a source file may be nested a hundred thousand levels deep) and touches each node once. At a node
whose kind may be a definition the language's query is tried on that node alone, about a microsecond, instead of on the
whole tree, which costs a third of the parse.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node, Tree

from codevault.analysis.grammar import (
    BLANK,
    BODY,
    COMMENT,
    DEFINITION,
    DESCEND,
    ERROR,
    IDENTIFIER,
    LEAD,
    LITERAL,
    MODULE_LEVEL,
    RAW,
    TEXT,
    TYPE_LEVEL,
    WRAPPER,
    Grammar,
    Rule,
)
from codevault.analysis.model import SymbolKind

MAX_NESTING: Final = 100
"""Definitions nested deeper than this are not recorded: each level hashes all the text inside it once more."""

MAX_NAME: Final = 400
"""Characters of a name that are kept."""

BLIND_IDENTIFIER: Final = b"\x01"
BLIND_LITERAL: Final = b"\x02"


@dataclass(slots=True, kw_only=True)
class Definition:
    """A definition as found: `start` includes decorators, `lead` also the comments directly above.

    `header` is the range of its signature; rows count from 0. Its tokens are `first_token` up to `last_token`, and
    `unseen`: those (plain, blinded) of text inside it that was kept from the parser.
    """

    kind: SymbolKind
    name: str
    qualified_name: str
    start: int
    end: int
    lead: int
    start_row: int
    end_row: int
    name_row: int
    header: tuple[int, int]
    parent: int
    first_token: int
    last_token: int = 0
    body_token: int = -1
    unseen: tuple[list[bytes], list[bytes]] | None = None


@dataclass(slots=True)
class Walked:
    """Result of a walk: tokens as they read, the same blinded, definitions in order of their start."""

    exact: list[bytes] = field(default_factory=list)
    renamed: list[bytes] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    too_deep: bool = False


@dataclass(frozen=True, slots=True)
class _Scope:
    depth: int
    level: int
    prefix: str
    symbol: int
    holds_members: bool
    body: int


_TOP: Final = _Scope(-1, MODULE_LEVEL, "", -1, False, -1)


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A node around a definition: decorators and it, `export` and it, `const` and its declarators.

    With `spans` the first definition inside starts where the wrapper does.
    """

    depth: int
    start: int
    end: int
    token: int
    spans: bool

    def holds(self, node: Node, depth: int) -> bool:
        return self.depth == depth - 1 and self.end >= node.end_byte


_NO_WRAPPER: Final = _Wrapper(-2, 0, 0, 0, False)


def walk(tree: Tree, content: bytes, grammar: Grammar, blanked: Sequence[tuple[int, int]] = ()) -> Walked:  # noqa: C901 - one loop, unrolled for speed
    """Tokens and definitions of a tree parsed from `content`. Linear in the number of nodes."""
    walked = Walked()
    exact, renamed = walked.exact, walked.renamed
    fixed, actions = grammar.fixed, grammar.actions
    scopes = _Scopes(content, grammar, walked)
    cursor = tree.walk()
    down, following, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    depth, literal_at, closing = 0, -1, -1
    while True:
        node = cursor.node
        kind = node.kind_id  # type: ignore[union-attr] # a cursor of a tree always stands on a node
        token = fixed[kind]
        if token is not None:
            exact.append(token)
            renamed.append(token)
        else:
            action = actions[kind]
            if action == IDENTIFIER:
                start, end = node.byte_range  # type: ignore[union-attr]
                exact.append(content[start:end])
                renamed.append(BLIND_IDENTIFIER)
            elif action == LITERAL:
                start, end = node.byte_range  # type: ignore[union-attr]
                if literal_at == len(exact):  # a run of literals is one: how it is cut is a matter of layout
                    exact[-1] += b"\0" + content[start:end]
                else:
                    exact.append(content[start:end])
                    renamed.append(BLIND_LITERAL)
                    literal_at = len(exact)
            else:
                if action >= COMMENT:
                    closing = scopes.visit(node, action, depth)  # type: ignore[arg-type]
                    if closing == depth:
                        literal_at = -1
                if action not in _LEAVES and down():
                    depth += 1
                    continue
                if action not in _SILENT:
                    scopes.leaf(node, action)  # type: ignore[arg-type]
                if depth == closing:
                    closing = scopes.close()
        while not following():
            if not up():
                scopes.close_all()
                if blanked:
                    _add_unseen(walked.definitions, content, blanked)
                return walked
            depth -= 1
            if depth == closing:
                closing = scopes.close()


_LEAVES: Final = frozenset({TEXT, RAW, BLANK, COMMENT})
_SILENT: Final = frozenset({BLANK, COMMENT})
_RAW_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*.*?\*/|([A-Za-z_$]\w*)|(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\d[\w.]*)|([^\s\\])", re.DOTALL
)


class _Scopes:
    """The definitions that are open at the cursor, and what precedes the next one."""

    def __init__(self, content: bytes, grammar: Grammar, walked: Walked) -> None:
        self._content = content
        self._grammar = grammar
        self._walked = walked
        self._open = [_TOP]
        self._leads: list[tuple[int, int, int]] = []  # start, end, token index (-1: a comment)
        self._wrapper = _NO_WRAPPER
        self._dropped = grammar.spec.dropped

    def visit(self, node: Node, action: int, depth: int) -> int:
        """Take note of a comment, wrapper, definition or error; the depth at which the innermost scope closes."""
        if action == COMMENT:
            self._leads.append((*node.byte_range, -1))
        elif action == DEFINITION:
            self._define(node, depth)
        elif action == BODY:
            self._reach_body(node)
        elif action == LEAD:
            self._leads.append((*node.byte_range, len(self._walked.exact)))
        elif action == ERROR:
            self._skipped(node)
        else:
            self._wrap(node, action, depth)
        return self._open[-1].depth

    def _reach_body(self, node: Node) -> None:
        scope = self._open[-1]
        if scope.body == node.start_byte and scope.symbol >= 0:
            found = self._walked.definitions[scope.symbol]
            if found.body_token < 0:
                found.body_token = len(self._walked.exact)

    def _wrap(self, node: Node, action: int, depth: int) -> None:
        outer = self._wrapper
        start, end = node.byte_range
        spans = action == WRAPPER or node.named_child_count == 1
        if outer.depth == depth - 1 and outer.end >= end:
            self._wrapper = _Wrapper(depth, outer.start, outer.end, outer.token, outer.spans and spans)
        else:
            self._wrapper = _Wrapper(depth, start, end, len(self._walked.exact), spans)

    def leaf(self, node: Node, action: int) -> None:
        """Append a leaf that is neither punctuation nor a name: a keyword with a node of its own, or raw text."""
        start, end = node.byte_range
        if start == end:
            return
        exact, renamed = self._walked.exact, self._walked.renamed
        if action == RAW:
            _lex(self._content, start, end, exact, renamed)
        elif action != ERROR:
            exact.append(self._content[start:end])
            renamed.append(self._content[start:end])

    def close(self) -> int:
        """Close the innermost scope; the depth at which the next one closes."""
        scope = self._open.pop()
        if scope.symbol >= 0 and scope.depth >= 0:
            self._walked.definitions[scope.symbol].last_token = len(self._walked.exact)
        return self._open[-1].depth

    def close_all(self) -> None:
        """Close what the end of the tree leaves open."""
        while len(self._open) > 1:
            self.close()

    def _skipped(self, node: Node) -> None:
        """Bytes of an error that no token covers count as tokens, so that they show in the exact fingerprint."""
        position = node.start_byte
        gaps = []
        if node.child_count < MAX_ERROR_CHILDREN:
            for child in node.children:
                gaps.append(self._content[position : child.start_byte])
                position = child.end_byte
        gaps.append(self._content[position : node.end_byte])
        words = b" ".join(gaps).split()
        self._walked.exact.extend(words)
        self._walked.renamed.extend(words)

    def _define(self, node: Node, depth: int) -> None:
        scope = self._open[-1]
        if self._grammar.levels[node.kind_id] < scope.level:
            return
        rules = self._grammar.rules
        for index, captures in sorted(self._grammar.definitions.matches(node), key=_pattern_of):
            rule = rules[index]
            if rule.level < scope.level:
                continue
            name_node = _name_node(captures)
            name = _text(self._content, name_node) if name_node is not None else ""
            if self._holds(
                rule, name, name_node, self._wrapper.start if self._wrapper.holds(node, depth) else node.start_byte
            ):
                self._enter(node, depth, rule, captures, name, name_node)
                return

    def _holds(self, rule: Rule, name: str, name_node: Node | None, start: int) -> bool:
        if rule.kind is not None and not name:
            return False
        if rule.named is not None and not rule.named.fullmatch(name):
            return False
        if rule.before is None or name_node is None:
            return True
        return rule.before.search(self._content[start : name_node.start_byte]) is not None

    def _enter(
        self, node: Node, depth: int, rule: Rule, captures: dict[str, list[Node]], name: str, name_node: Node | None
    ) -> None:
        scope = self._open[-1]
        parts = [] if name_node is None else self._parts(captures, name, rule)
        if len(self._open) > MAX_NESTING:
            self._walked.too_deep = True
            return
        prefix = ".".join([*([scope.prefix] if scope.prefix else []), *parts])
        symbol = scope.symbol
        if rule.kind is not None and parts and name_node is not None:
            symbol = len(self._walked.definitions)
            kind = self._kind(rule.kind, parts, scope)
            self._walked.definitions.append(self._definition(node, kind, parts[-1], prefix, captures, name_node, depth))
        level = max(scope.level, rule.inside)
        members = rule.inside == TYPE_LEVEL
        self._open.append(_Scope(depth, level, prefix, symbol, members, self._expect_body(captures)))

    def _expect_body(self, captures: dict[str, list[Node]]) -> int:
        """Where the body begins; nodes of its kind are looked at from now on."""
        body = captures.get("body")
        if not body:
            return -1
        actions, kind = self._grammar.actions, body[0].kind_id
        if actions[kind] == DESCEND:
            actions[kind] = BODY
        return body[0].start_byte

    def _parts(self, captures: dict[str, list[Node]], name: str, rule: Rule) -> list[str]:
        """The names of a definition, outermost first: its own qualifiers (receiver, `A::`) and its name."""
        parts = _name_parts(name)
        for node in captures.get("qualifier", ()):
            parts = [*_name_parts(_text(self._content, node)), *parts]
        own = 0 if rule.kind is None else 1
        outer = parts[: len(parts) - own]
        return [part for part in outer if part not in self._dropped] + parts[len(outer) :]

    def _kind(self, kind: SymbolKind, parts: list[str], scope: _Scope) -> SymbolKind:
        if kind not in {SymbolKind.FUNCTION, SymbolKind.METHOD}:
            return kind
        member = scope.holds_members or kind is SymbolKind.METHOD or len(parts) > 1
        constructors = self._grammar.spec.constructors
        if member and (parts[-1] in constructors or ("=" in constructors and self._names_its_type(parts, scope))):
            return SymbolKind.CONSTRUCTOR
        return SymbolKind.METHOD if member else kind

    @staticmethod
    def _names_its_type(parts: list[str], scope: _Scope) -> bool:
        owner = parts[-2] if len(parts) > 1 else scope.prefix.rpartition(".")[2]
        return owner == parts[-1]

    def _definition(
        self,
        node: Node,
        kind: SymbolKind,
        name: str,
        qualified_name: str,
        captures: dict[str, list[Node]],
        name_node: Node,
        depth: int,
    ) -> Definition:
        content = self._content
        start, end = node.byte_range
        token, wrapper = len(self._walked.exact), self._wrapper
        if wrapper.spans and wrapper.holds(node, depth):
            start, token = wrapper.start, wrapper.token
            self._wrapper = _Wrapper(wrapper.depth, start, wrapper.end, token, spans=False)
        header_start = min(node.start_byte, name_node.start_byte)
        body = captures.get("body")
        header = (header_start, max(body[0].start_byte, name_node.end_byte) if body else end)
        start, lead, token = self._above(start, token)
        return Definition(
            kind=kind,
            name=name,
            qualified_name=qualified_name,
            start=start,
            end=end,
            lead=lead,
            start_row=node.start_point[0] - content.count(b"\n", start, node.start_byte),
            end_row=node.end_point[0],
            name_row=name_node.start_point[0],
            header=header,
            parent=self._open[-1].symbol,
            first_token=token,
        )

    def _above(self, start: int, token: int) -> tuple[int, int, int]:
        """Where a definition begins with its attributes, where with its comments too, and its first token."""
        content, position = self._content, start
        leads = self._leads
        while leads:
            above, below, index = leads[-1]
            between = content[below:position]
            if below > position or between.strip() or between.count(b"\n") > 1 or not _begins_line(content, above):
                break
            leads.pop()
            position = above
            if index >= 0:
                start, token = above, index
        leads.clear()
        return start, position, token


MAX_ERROR_CHILDREN: Final = 1_000_000


def _lex(content: bytes, start: int, end: int, exact: list[bytes], renamed: list[bytes]) -> None:
    """Append the tokens of text that no grammar has read, such as the body of a macro."""
    for found in _RAW_TOKEN.finditer(content, start, end):
        if found.lastindex:
            exact.append(found[0])
            renamed.append((BLIND_IDENTIFIER, BLIND_LITERAL, found[0])[found.lastindex - 1])


def _add_unseen(definitions: list[Definition], content: bytes, blanked: Sequence[tuple[int, int]]) -> None:
    starts = [start for start, _ in blanked]
    for found in definitions:
        first, last = bisect_left(starts, found.start), bisect_left(starts, found.end)
        if first < last:
            found.unseen = [], []
            for start, end in blanked[first:last]:
                _lex(content, start, end, *found.unseen)


def _pattern_of(match: tuple[int, dict[str, list[Node]]]) -> int:
    return match[0]


def _begins_line(content: bytes, position: int) -> bool:
    line = content.rfind(b"\n", 0, position) + 1
    return not content[line:position].strip()


def _name_node(captures: dict[str, list[Node]]) -> Node | None:
    direct = captures.get("name")
    if direct:
        return direct[0]
    nested = captures.get("name.declarator")
    return _innermost_declarator(nested[0]) if nested else None


def _innermost_declarator(node: Node) -> Node:
    """The name inside C's declarators: `*f(int)`, `(*f)(int)`, `f[2]`."""
    for _ in range(64):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in {"parenthesized_declarator", "attributed_declarator", "reference_declarator"}:
            inner = next((child for child in node.named_children if child.type not in {"comment", "ERROR"}), None)
        if inner is None:
            return node
        node = inner
    return node


_NAME_NOISE: Final = re.compile(r"<[^<>]*>|\([^()]*\)|[*&\s]")
_SEPARATOR: Final = re.compile(r"::|\.|->|\\\\")
_OPERATOR: Final = re.compile(r"(.*?)\b(operator)\s*(\W.*|\s\w.*)", re.DOTALL)
_QUOTES: Final = "\"'`"


def _text(content: bytes, node: Node) -> str:
    return content[node.start_byte : min(node.end_byte, node.start_byte + 4 * MAX_NAME)].decode("utf-8", "replace")


def _name_parts(text: str) -> list[str]:
    """The components of a name as written: `A::f`, `a.b.c`, `*T[K]`, `operator ==`, `'quoted key'`, `[computed]`."""
    if text.isidentifier():
        return [text[:MAX_NAME]]
    if text[:1] in _QUOTES:
        return [text.strip(_QUOTES)[:MAX_NAME] or text]
    if text.startswith("[") or not any(character.isalnum() or character == "_" for character in text):
        return [text[:MAX_NAME]]
    found = _OPERATOR.fullmatch(text)
    if found:
        sign = " ".join(found[3].split())
        return [*_split(found[1]), f"operator {sign}" if sign[0].isalpha() else f"operator{sign}"]
    return _split(text)


def _split(text: str) -> list[str]:
    while (shorter := _NAME_NOISE.sub("", text)) != text:
        text = shorter
    return [part[:MAX_NAME] for part in _SEPARATOR.split(text.partition("[")[0]) if part]
