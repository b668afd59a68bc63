"""Code that is alike by nature: what everybody writes, what a program wrote, what a framework asks for.

Comments are no tokens, so licence headers never make two files alike. The rest is named here, and demoted by those who
report: it is found when it is asked for.
"""

from __future__ import annotations

import re
from typing import Final

from codevault.analysis.model import SymbolKind

SHORT: Final = 30
"""Tokens below which code is alike by nature."""

LONGEST_ACCESSOR: Final = 35
LONGEST_STUB: Final = 30
LONGEST_SCAFFOLD: Final = 60
LONGEST_STANDARD: Final = 70

_GENERATED_PATH: Final = re.compile(
    r"(^|/)(generated|gen|__generated__|node_modules|migrations)/|_pb2(_grpc)?\.pyi?$|\.pb\.(go|cc|h)$|\.g\.(cs|dart)$"
    r"|\.designer\.cs$|\.min\.js$|_generated\.\w+$|\.generated\.\w+$",
    re.IGNORECASE,
)
_GENERATED_MARK: Final = re.compile(
    rb"@generated\b|DO NOT EDIT|[Gg]enerated by |AUTO-?GENERATED|[Aa]utomatically generated"
    rb"|[Aa]uto-?generated (file|code)"
)
_HEAD: Final = 2048
_ACCESSOR: Final = re.compile(r"(get|set|is|has|with)([A-Z_]\w*)?")
_SCAFFOLDS: Final = re.compile(
    r"(setup|teardown)(_?(class|method|module))?|(before|after)(Each|All)?|main|suite|TestMain", re.IGNORECASE
)
_STANDARD: Final = re.compile(
    r"__(repr|str|eq|ne|hash|lt|le|gt|ge|len|iter|enter|exit|bool|getitem|contains)__|toString|hashCode|equals|compareTo"
    r"|clone|close|String|Error|Len|Less|Swap|fmt|drop|upgrade|downgrade|get_queryset|get_context_data"
    r"|componentDidMount|ngOnInit|ngOnDestroy"
)
_STUB_CALLS: Final = frozenset({"NotImplementedError", "UnsupportedOperationException", "NotImplementedException"})
_PROPERTIES: Final = re.compile(r"@?(property|\w+\.setter|\w+\.getter|Getter|Setter|Override)\b")
_ASSIGNED: Final = re.compile(rb"[\x80-\xff\x01]\.\x01=[\x01\x02]")


def is_generated(path: str, head: bytes = b"") -> bool:
    """True when a path or the beginning of a file says that a program wrote it."""
    return _GENERATED_PATH.search(path) is not None or _GENERATED_MARK.search(head[:_HEAD]) is not None


def boilerplate(
    name: str,
    kind: SymbolKind,
    tokens: int,
    *,
    decorators: tuple[str, ...] = (),
    calls: tuple[str, ...] = (),
    codes: bytes = b"",
) -> str:
    """Why a symbol is alike others by nature, in a word or two; "" when it is not."""
    if tokens < SHORT:
        return "short"
    if tokens <= LONGEST_STUB and _STUB_CALLS.intersection(calls):
        return "stub"
    is_property = any(_PROPERTIES.match(decorator) for decorator in decorators)
    if tokens <= LONGEST_ACCESSOR and (_ACCESSOR.fullmatch(name) or is_property) and len(calls) <= 1:
        return "accessor"
    if kind is SymbolKind.CONSTRUCTOR or name in {"__init__", "constructor", "initialize"}:
        return "fields" if _only_assigns(codes) else ""
    if _SCAFFOLDS.fullmatch(name) and tokens <= LONGEST_SCAFFOLD:
        return "scaffold"
    return "standard method" if _STANDARD.fullmatch(name) and tokens <= LONGEST_STANDARD else ""


def _only_assigns(codes: bytes) -> bool:
    """True when nearly all statements after the header put a name or a literal into a field."""
    statements = [one.strip(b"{}") for one in re.split(rb"[\x03{]", codes)[1:]]
    statements = [one for one in statements if one]
    assigned = sum(_ASSIGNED.fullmatch(one) is not None for one in statements)
    return bool(statements) and assigned >= max(1, len(statements) - 1)
