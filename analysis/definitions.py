"""The definitions open while a tree is walked, what surrounds the next one, and what is known of each found."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node

from codevault.analysis.grammar import (
    BODY,
    COMMENT,
    DEFINITION,
    DESCEND,
    ERROR,
    LEAD,
    MODULE_LEVEL,
    RAW,
    TYPE_LEVEL,
    WRAPPER,
    Grammar,
    Rule,
)
from codevault.analysis.model import SymbolKind
from codevault.analysis.names import name_node, name_parts, node_text

MAX_NESTING: Final = 100
"""Definitions nested deeper than this are not recorded: each level hashes all the text inside it once more."""

MAX_INDENT: Final = 1000
"""Bytes of white space before a comment that still belongs to the definition below it."""

BLIND_IDENTIFIER: Final = b"\x01"
BLIND_LITERAL: Final = b"\x02"


@dataclass(slots=True, kw_only=True)
class Definition:
    """A definition as found: `start` includes decorators, `lead` also the comments directly above.

    `header` is the range of its signature; rows count from 0. Its tokens are `first_token` up to `last_token`, those
    of its body begin at `body_token` (-1: none), and `unseen` are those (plain, blinded) of text inside it that was
    kept from the parser.
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
    unseen: tuple[Sequence[bytes], Sequence[bytes]] = ((), ())

    def borders(self) -> tuple[int, ...]:
        """The tokens at which a part of it begins or ends."""
        return (self.first_token, self.last_token, max(self.first_token, self.body_token))


@dataclass(slots=True)
class Walked:
    """Result of a walk: tokens as they read, the same blinded, definitions in order of their start.

    Names are read with `codec`.
    """

    exact: list[bytes] = field(default_factory=list)
    renamed: list[bytes] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    too_deep: bool = False
    codec: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is open: at which depth it closes, what may be defined inside, the prefix of names, its symbol or -1."""

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

    With `spans` the first definition inside starts where the wrapper does, with `leads_header` its signature too.
    """

    depth: int
    start: int
    end: int
    token: int
    spans: bool
    leads_header: bool = False

    def holds(self, node: Node, depth: int) -> bool:
        return self.depth == depth - 1 and self.end >= node.end_byte


_NO_WRAPPER: Final = _Wrapper(-2, 0, 0, 0, False)


@dataclass(frozen=True, slots=True)
class _Lead:
    """A comment (`token` -1) or an attribute that may belong to the definition below it."""

    start: int
    end: int
    token: int = -1


@dataclass(frozen=True, slots=True)
class _Match:
    """A pattern that holds at a node."""

    node: Node
    depth: int
    rule: Rule
    captures: dict[str, list[Node]]
    named: Node | None
    name: str


class Scopes:
    """The definitions that are open at the cursor, and what precedes the next one.

    `level` and `body` are the innermost scope's: what may be defined in it, where its body begins.
    """

    def __init__(self, content: bytes, grammar: Grammar, walked: Walked) -> None:
        self._content = content
        self._grammar = grammar
        self._walked = walked
        self._open = [_TOP]
        self._leads: list[_Lead] = []
        self._wrapper = _NO_WRAPPER
        self.level = MODULE_LEVEL
        self.body = -1

    def visit(self, node: Node, action: int, depth: int) -> int:
        """Take note of a node that is more than a token; the depth at which the innermost scope closes."""
        if action == COMMENT:
            self._leads.append(_Lead(*node.byte_range))
        elif action == DEFINITION:
            if node.start_byte == self.body:  # `const f = a => b => a + b`: the inner function is the body
                self._reach_body()
            self._define(node, depth)
        elif action == BODY:
            self._reach_body()
        elif action == LEAD:
            self._leads.append(_Lead(*node.byte_range, len(self._walked.exact)))
        elif action == ERROR:
            self._skipped(node)
        else:
            self._wrap(node, action, depth)
        return self._open[-1].depth

    def leaf(self, node: Node, action: int) -> None:
        """Append a leaf that is neither punctuation nor a name: a keyword with a node of its own, or raw text."""
        start, end = node.byte_range
        if action == RAW:
            lex(self._content, start, end, self._walked.exact, self._walked.renamed)
        elif action != ERROR and start < end:
            self._walked.exact.append(self._content[start:end])
            self._walked.renamed.append(self._content[start:end])

    def close(self) -> int:
        """Close the innermost scope; the depth at which the next one closes."""
        scope = self._open.pop()
        if scope.symbol >= 0:  # a scope without symbol repeats its parent's: closed later, overwritten then
            self._walked.definitions[scope.symbol].last_token = len(self._walked.exact)
        outer = self._open[-1]
        self.level, self.body = outer.level, outer.body
        return outer.depth

    def close_all(self) -> None:
        """Close what the end of the tree leaves open."""
        while len(self._open) > 1:
            self.close()

    def _reach_body(self) -> None:
        symbol = self._open[-1].symbol
        if symbol >= 0 and self._walked.definitions[symbol].body_token < 0:
            self._walked.definitions[symbol].body_token = len(self._walked.exact)

    def _own_body(self, scope: _Scope, match: _Match) -> int:
        """Where the scope's body begins; the function that is a definition's value has the definition's body."""
        body = self._expect_body(match.captures)
        return scope.body if body < 0 and match.rule.kind is None else body

    def _push(self, scope: _Scope) -> None:
        self._open.append(scope)
        self.level, self.body = scope.level, scope.body

    def _wrap(self, node: Node, action: int, depth: int) -> None:
        outer = self._wrapper
        start, end = node.byte_range
        spans = action == WRAPPER or node.named_child_count == 1
        if outer.depth == depth - 1 and outer.end >= end:
            self._wrapper = _Wrapper(depth, outer.start, outer.end, outer.token, outer.spans and spans)
        else:
            self._wrapper = _Wrapper(depth, start, end, len(self._walked.exact), spans, action != WRAPPER)

    def _skipped(self, node: Node) -> None:
        """Bytes of an error that no token covers count as tokens, so that they show in the exact fingerprint."""
        position = node.start_byte
        gaps = []
        for child in node.children:
            gaps.append(self._content[position : child.start_byte])
            position = child.end_byte
        gaps.append(self._content[position : node.end_byte])
        words = b" ".join(gaps).split()
        self._walked.exact.extend(words)
        self._walked.renamed.extend(words)

    def _define(self, node: Node, depth: int) -> None:
        level = self.level
        for index, captures in sorted(self._grammar.definitions.matches(node), key=_pattern_of):
            rule = self._grammar.rules[index]
            if rule.level < level:
                continue
            named = name_node(captures)
            name = "" if named is None else node_text(self._content, named, self._walked.codec)
            match = _Match(node, depth, rule, captures, named, name)
            if self._holds(match):
                self._enter(match)
                return

    def _holds(self, match: _Match) -> bool:
        rule = match.rule
        if rule.kind is not None and (not match.name or self._is_value_of_open_definition(match)):
            return False
        if rule.named is not None and not rule.named.fullmatch(match.name):
            return False
        if rule.before is None or match.named is None:
            return True
        start = self._wrapper.start if self._wrapper.holds(match.node, match.depth) else match.node.start_byte
        return rule.before.search(self._content[start : match.named.start_byte]) is not None

    def _is_value_of_open_definition(self, match: _Match) -> bool:
        """The function in `const f = function g() {}`: the same definition under a second name."""
        body = match.captures.get("body")
        return body is not None and body[0].start_byte == self._open[-1].body

    def _enter(self, match: _Match) -> None:
        scope, rule = self._open[-1], match.rule
        if len(self._open) > MAX_NESTING:
            self._walked.too_deep = True
            return
        parts = [] if match.named is None else self._parts(match)
        prefix = ".".join([*([scope.prefix] if scope.prefix else []), *parts])
        symbol = scope.symbol
        if rule.kind is not None and parts and match.named is not None:
            symbol = len(self._walked.definitions)
            kind = self._kind(rule.kind, parts, scope)
            self._walked.definitions.append(self._definition(match, match.named, kind, parts[-1], prefix))
        level = max(scope.level, rule.inside)
        body = self._own_body(scope, match)
        self._push(_Scope(match.depth, level, prefix, symbol, rule.inside == TYPE_LEVEL, body))

    def _expect_body(self, captures: dict[str, list[Node]]) -> int:
        """Where the body begins; nodes of its kind are looked at from now on."""
        body = captures.get("body")
        if not body:
            return -1
        actions, kind = self._grammar.actions, body[0].kind_id
        if actions[kind] == DESCEND:
            actions[kind] = BODY
        return body[0].start_byte

    def _parts(self, match: _Match) -> list[str]:
        """The names of a definition, outermost first: its own qualifiers (receiver, `A::`) and its name."""
        parts = name_parts(match.name)
        for node in match.captures.get("qualifier", ()):
            parts = [*name_parts(node_text(self._content, node, self._walked.codec)), *parts]
        outer = len(parts) - (0 if match.rule.kind is None else 1)
        return [part for part in parts[:outer] if part not in self._grammar.spec.dropped] + parts[outer:]

    def _kind(self, kind: SymbolKind, parts: list[str], scope: _Scope) -> SymbolKind:
        if kind not in {SymbolKind.FUNCTION, SymbolKind.METHOD}:
            return kind
        member = scope.holds_members or kind is SymbolKind.METHOD or len(parts) > 1
        constructors = self._grammar.spec.constructors
        owner = parts[-2] if len(parts) > 1 else scope.prefix.rpartition(".")[2]
        if member and (parts[-1] in constructors or ("=" in constructors and owner == parts[-1])):
            return SymbolKind.CONSTRUCTOR
        return SymbolKind.METHOD if member else kind

    def _definition(self, match: _Match, named: Node, kind: SymbolKind, name: str, qualified_name: str) -> Definition:
        node, content, wrapper = match.node, self._content, self._wrapper
        start, end, end_row = node.start_byte, *_last_byte(content, node)
        token, header_start = len(self._walked.exact), start
        if wrapper.spans and wrapper.holds(node, match.depth):
            start, token = wrapper.start, wrapper.token
            header_start = start if wrapper.leads_header else header_start
            self._wrapper = _Wrapper(wrapper.depth, start, wrapper.end, token, spans=False)
        body = match.captures.get("body")
        header_end = max(body[0].start_byte, named.end_byte) if body else end
        start, lead, token = self._above(start, token)
        return Definition(
            kind=kind,
            name=name,
            qualified_name=qualified_name,
            start=start,
            end=end,
            lead=lead,
            start_row=node.start_point[0] - content.count(b"\n", start, node.start_byte),
            end_row=end_row,
            name_row=named.start_point[0],
            header=(header_start, header_end),
            parent=self._open[-1].symbol,
            first_token=token,
        )

    def _above(self, start: int, token: int) -> tuple[int, int, int]:
        """Where a definition begins with its attributes, where with its comments too, and its first token."""
        content, position, leads = self._content, start, self._leads
        while leads:
            lead = leads[-1]
            between = content[lead.end : position]
            if lead.end > position or between.strip() or between.count(b"\n") > 1:
                break
            if not _begins_line(content, lead.start):
                break
            leads.pop()
            position = lead.start
            if lead.token >= 0:
                start, token = lead.start, lead.token
        leads.clear()
        return start, position, token


_RAW_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*.*?\*/|([A-Za-z_$][\w$]*)|(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\d[\w.]*)|([^\s\\])",
    re.DOTALL,
)


def lex(content: bytes, start: int, end: int, exact: list[bytes], renamed: list[bytes]) -> None:
    """Append the tokens of text that no grammar has read, such as the body of a macro."""
    for found in _RAW_TOKEN.finditer(content, start, end):
        if found.lastindex:
            exact.append(found[0])
            renamed.append((BLIND_IDENTIFIER, BLIND_LITERAL, found[0])[found.lastindex - 1])


def add_unseen(definitions: list[Definition], content: bytes, blanked: Sequence[tuple[int, int]]) -> None:
    """Give each definition the tokens of the ordered ranges inside it that the parser was not shown."""
    starts = [start for start, _ in blanked]
    for found in definitions:
        first, last = bisect_left(starts, found.start), bisect_left(starts, found.end)
        if first < last:
            plain: list[bytes] = []
            blinded: list[bytes] = []
            for start, end in blanked[first:last]:
                lex(content, start, end, plain, blinded)
            found.unseen = plain, blinded


def _last_byte(content: bytes, node: Node) -> tuple[int, int]:
    """Where a node ends and on which row, without the line break that directives of C include."""
    end, row = node.end_byte, node.end_point[0]
    while end > node.start_byte and content[end - 1] in b"\r\n":
        end -= 1
        row -= content[end] == 0x0A
    return end, row


def _pattern_of(match: tuple[int, dict[str, list[Node]]]) -> int:
    return match[0]


def _begins_line(content: bytes, position: int) -> bool:
    """Whether only white space precedes on the line, of which a limited part is looked at: files of one line exist."""
    before = content[max(0, position - MAX_INDENT) : position]
    line = before[before.rfind(b"\n") + 1 :]
    return not line.strip() and (len(line) < len(before) or position <= MAX_INDENT)
