"""The definitions open while a tree's landmarks are visited, what surrounds the next one, and what each is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from tree_sitter import Node

from codevault.analysis.grammar import MODULE_LEVEL, TYPE_LEVEL, Grammar, Rule
from codevault.analysis.model import SymbolKind
from codevault.analysis.names import (
    MAX_NAME,
    joined_selector,
    name_node,
    name_parts,
    node_text,
    text_without_tags,
    whole_name,
)
from codevault.analysis.surroundings import Placed, Surroundings

MAX_NESTING: Final = 100
"""Definitions nested deeper than this are not recorded: each level hashes all the text inside it once more."""


@dataclass(slots=True, kw_only=True)
class Definition:
    """A definition as found: `start` includes decorators, `lead` also the comments directly above.

    `header` is the range of its signature, `body` where its body begins (-1: none), `name_at` where its name does.
    `node` is what the pattern matched, for what is asked of it later, `parameters` the list of them where the pattern
    says which.
    """

    kind: SymbolKind
    name: str
    qualified_name: str
    start: int
    end: int
    lead: int
    name_at: int
    header: tuple[int, int]
    parent: int
    body: int = -1
    node: Node | None = None
    parameters: Node | None = None
    layer: int = 0


@dataclass(slots=True)
class Walked:
    """Result of a walk: definitions in order of their start, the ranges of comments. Names are read with `codec`."""

    definitions: list[Definition] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    too_deep: bool = False
    too_many: bool = False
    codec: str = "utf-8"


_FUNCTIONS: Final = (SymbolKind.FUNCTION, SymbolKind.METHOD)
_LISTED: Final = (SymbolKind.CONSTANT, SymbolKind.TYPE)


class _Scope(NamedTuple):
    """What is open: where it closes, what may be defined inside, the prefix of names, its symbol or -1."""

    end: int
    level: int
    prefix: str
    symbol: int
    holds_members: bool
    body: int
    symbols_around: int = 0
    lasts: bool = False  # to the end of what encloses it, or to the next of its kind


class _Match(NamedTuple):
    """A pattern that holds at a node."""

    node: Node
    rule: Rule
    captures: dict[str, list[Node]]
    named: Node | None
    name: str


class Scopes:
    """The definitions that are open at a place of the text."""

    def __init__(
        self, content: bytes, grammar: Grammar, walked: Walked, surroundings: Surroundings, limit: int
    ) -> None:
        self._content = content
        self._grammar = grammar
        self._walked = walked
        self._limit = limit
        self._open = [_Scope(len(content) + 1, MODULE_LEVEL, "", -1, holds_members=False, body=-1)]
        self._around = surroundings
        self._latest: dict[int, int] = {}  # by parent the last definition in it

    def visit(self, nodes: Iterable[Placed]) -> None:
        """Take note of all nodes that may define something, in the order of the text, outer before inner."""
        levels, leads, scopes = self._grammar.levels, self._grammar.leads, self._open
        for start, _, _, node in nodes:
            while scopes[-1].end <= start:
                self._close(scopes[-1].end)
            kind = node.kind_id
            if levels[kind] >= scopes[-1].level and self._define(node):
                continue
            if kind in leads:
                self._around.add_lead(node)

    def finish(self) -> None:
        """Close what the end of the text leaves open."""
        while len(self._open) > 1:
            self._close(self._open[-1].end)

    def _close(self, at: int) -> None:
        scope = self._open.pop()
        if scope.lasts and scope.symbol >= 0 and scope.symbol != self._open[-1].symbol:
            found = self._walked.definitions[scope.symbol]
            found.end = max(found.end, found.start + len(self._content[found.start : at].rstrip()))

    def _define(self, node: Node) -> bool:
        level = self._open[-1].level
        matches = self._grammar.definitions.matches(node)
        if len(matches) > 1:
            matches.sort(key=_pattern_of)
        for index, captures in matches:
            rule = self._grammar.rules[index]
            if rule.level < level:
                continue
            if rule.is_bare:
                self._open_bare(node, rule, captures)
                return True
            named = name_node(captures)
            match = _Match(node, rule, captures, named, rule.called or self._name(captures, named, node))
            if self._holds(match):
                self._enter(match)
                if len(matches) > 1 and rule.kind in _LISTED:
                    self._list([found for other, found in matches if other == index])
                return True
        return False

    def _list(self, found: list[dict[str, list[Node]]]) -> None:
        """`K = 1, L = 2` is one declaration and several definitions, each up to the name of the next."""
        nodes = {node.start_byte: node for captures in found if (node := name_node(captures)) is not None}
        first = self._walked.definitions[self._open[-1].symbol] if self._open[-1].symbol >= 0 else None
        if first is None or len(nodes) < 2 or first.name_at != min(nodes):
            return
        names = [nodes[at] for at in sorted(nodes)]
        starts = [_branch(node, names[0].start_byte, names[-1].end_byte).start_byte for node in names]
        end, container = first.end, first.qualified_name.removesuffix(first.name)
        for number, node in enumerate(names):
            until = starts[number + 1] if number + 1 < len(starts) else end
            until = starts[number] + len(self._content[starts[number] : until].rstrip(b", \t\r\n"))
            if number == 0:
                first.end = until
                first.header = first.header[0], min(first.header[1], until)
            elif len(self._walked.definitions) < self._limit:
                name = node_text(self._content, node, self._walked.codec)[:MAX_NAME]
                self._walked.definitions.append(
                    replace(
                        first,
                        name=name,
                        qualified_name=container + name,
                        start=starts[number],
                        lead=starts[number],
                        end=until,
                        name_at=node.start_byte,
                        header=(starts[number], until),
                    )
                )

    def _open_bare(self, node: Node, rule: Rule, captures: dict[str, list[Node]]) -> None:
        """A scope without a name, as thousands of arrow functions are."""
        scope = self._open[-1]
        if len(self._open) > MAX_NESTING:
            self._walked.too_deep = True
            return
        body = captures.get("body")
        self._open.append(
            _Scope(
                node.end_byte,
                max(scope.level, rule.inside),
                scope.prefix,
                scope.symbol,
                rule.inside == TYPE_LEVEL,
                body[0].start_byte if body else scope.body,
                scope.symbols_around,
            )
        )

    def _name(self, captures: dict[str, list[Node]], named: Node | None, node: Node) -> str:
        if named is None:
            return ""
        if "name.selector" in captures:
            return joined_selector(self._content, node, self._walked.codec)
        if "name.text" in captures:
            return text_without_tags(self._content, node, self._walked.codec)
        return node_text(self._content, named, self._walked.codec)

    def _holds(self, match: _Match) -> bool:
        rule = match.rule
        if rule.kind is not None and (not match.name or self._is_value_of_open_definition(match)):
            return False
        if rule.member and not self._open[-1].holds_members:
            return False
        if self._open[-1].symbols_around >= rule.deepest:
            return False
        if rule.named is not None and not rule.named.fullmatch(match.name):
            return False
        if rule.before is None or match.named is None:
            return True
        wrapper = self._around.wrapper_of(match.node)
        start = wrapper.start if wrapper else match.node.start_byte
        return rule.before.search(self._content[start : match.named.start_byte]) is not None

    def _is_value_of_open_definition(self, match: _Match) -> bool:
        """The function in `const f = function g() {}`: the same definition under a second name."""
        body = match.captures.get("body")
        return body is not None and body[0].start_byte == self._open[-1].body

    def _enter(self, match: _Match) -> None:
        rule = match.rule
        if rule.lasts and self._open[-1].lasts:
            self._close(match.node.start_byte)
        scope = self._open[-1]
        outside = self._open[-2] if rule.root and scope.lasts else scope
        if len(self._open) > MAX_NESTING:
            self._walked.too_deep = True
            return
        parts = [] if match.named is None else self._parts(match)
        prefix = ".".join([outside.prefix, *parts] if outside.prefix else parts)
        symbol, around = scope.symbol, scope.symbols_around
        if rule.kind is not None and parts and match.named is not None:
            kind = self._kind(rule.kind, parts, scope)
            symbol = self._record(match, match.named, kind, parts[-1], prefix)
            around += 1
        body = match.captures.get("body")
        self._open.append(
            _Scope(
                scope.end if rule.lasts else match.node.end_byte,
                max(scope.level, rule.inside),
                prefix,
                symbol,
                rule.inside == TYPE_LEVEL,
                # the function that is a definition's value has the definition's body
                body[0].start_byte if body else scope.body if rule.kind is None else -1,
                around,
                rule.lasts,
            )
        )

    def _record(self, match: _Match, named: Node, kind: SymbolKind, name: str, qualified_name: str) -> int:
        """Adds the definition, or lengthens the one before it when that is an earlier clause of the same."""
        definitions = self._walked.definitions
        found = self._definition(match, named, kind, name, qualified_name)
        last = self._latest.get(found.parent, -1)
        if match.rule.merges and last >= 0 and definitions[last].qualified_name == qualified_name:
            definitions[last].end = found.end
            return last
        if len(definitions) >= self._limit:
            self._walked.too_many = True
            return found.parent
        definitions.append(found)
        self._latest[found.parent] = len(definitions) - 1
        return len(definitions) - 1

    def _parts(self, match: _Match) -> list[str]:
        """The names of a definition, outermost first: its own qualifiers (receiver, `A::`) and its name."""
        if match.rule.kind is not None and match.name.isidentifier() and "qualifier" not in match.captures:
            return [match.name[:MAX_NAME]]
        if self._grammar.spec.whole_names or match.rule.whole:
            parts = [whole_name(match.name)]
        else:
            parts = name_parts(match.name)
        qualifiers: list[str] = []
        for node in match.captures.get("qualifier", ()):
            qualifiers = [*qualifiers, *name_parts(node_text(self._content, node, self._walked.codec))]
        parts = [*qualifiers, *parts]
        outer = len(parts) - (0 if match.rule.kind is None else 1)
        return [part for part in parts[:outer] if part not in self._grammar.spec.dropped] + parts[outer:]

    def _kind(self, kind: SymbolKind, parts: list[str], scope: _Scope) -> SymbolKind:
        if kind not in _FUNCTIONS:
            return kind
        named_inside = len(parts) > 1 and not self._grammar.spec.in_modules
        member = scope.holds_members or kind is SymbolKind.METHOD or named_inside
        constructors = self._grammar.spec.constructors
        owner = parts[-2] if len(parts) > 1 else scope.prefix.rpartition(".")[2]
        if member and (parts[-1] in constructors or ("=" in constructors and owner == parts[-1])):
            return SymbolKind.CONSTRUCTOR
        return SymbolKind.METHOD if member else kind

    def _definition(self, match: _Match, named: Node, kind: SymbolKind, name: str, qualified_name: str) -> Definition:
        node = match.node
        begin, end = _first_byte(self._content, node), _last_byte(self._content, node)
        start = header_start = begin
        wrapper = self._around.wrapper_of(node)
        if wrapper is not None and wrapper.spans:
            start = wrapper.start
            header_start = start if wrapper.leads_header else header_start
            wrapper.spans = False
        body = match.captures.get("body")
        body_start = body[0].start_byte if body else -1
        name_at = _first_byte(self._content, named)
        header_end = max(body_start, named.end_byte) if body else end
        start, lead = self._around.above(start, begin)
        parameters = match.captures.get("parameters")
        return Definition(
            kind=kind,
            name=name,
            qualified_name=qualified_name,
            start=start,
            end=end,
            lead=lead,
            name_at=name_at,
            header=(header_start, header_end),
            parent=self._open[-1].symbol,
            body=body_start,
            node=node,
            parameters=parameters[0] if parameters else None,
        )


def _branch(node: Node, start: int, end: int) -> Node:
    """The outermost node around this one that does not yet hold all bytes from `start` to `end`."""
    while (parent := node.parent) is not None and not (parent.start_byte <= start and end <= parent.end_byte):
        node = parent
    return node


def _first_byte(content: bytes, node: Node) -> int:
    """Where a node begins, without the blank lines that R's identifiers may include."""
    start, end = node.byte_range
    while start < end and content[start] in b"\r\n":
        start += 1
    return start


def _last_byte(content: bytes, node: Node) -> int:
    """Where a node ends, without the line breaks that some include (C's directives, Markdown's sections)."""
    start, end = node.byte_range
    while end > start and content[end - 1] in b"\r\n":
        end -= 1
    return end


def _pattern_of(match: tuple[int, dict[str, list[Node]]]) -> int:
    return match[0]
