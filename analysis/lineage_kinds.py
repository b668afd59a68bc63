"""Everything that happened to a symbol that is there before and after a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from codevault.analysis.kinds import CONTAINERS, ChangeKind, VersionedSymbol
from codevault.analysis.lineage_moves import Place
from codevault.analysis.lineage_shapes import Shape, Shapes, Words, tokens_below_header, without_name
from codevault.analysis.lineage_step import container_place


def kinds_between(
    before: VersionedSymbol,
    after: VersionedSymbol,
    shapes: Shapes,
    went: Mapping[Place, Place] | None = None,
    renamed: Mapping[str, str] | None = None,
) -> tuple[ChangeKind, ...]:
    """What distinguishes a symbol from itself in another version; nothing, where it stayed as it was.

    `went` and `renamed` say where containers and files went in the same step. White space of code counts only where the
    code is the same; members of a container count for themselves.
    """
    found = [*_places(before, after, went or {}, renamed or {})]
    if before.name != after.name:
        found.append(ChangeKind.RENAMED)
    same_text = before.text == after.text
    if before.exact == after.exact and (same_text or not before.text or not after.text):
        return tuple(found)
    old, new = shapes.of(before), shapes.of(after)
    if before.exact != after.exact:
        found.extend(_code(before, after, old, new))
    if old.known and new.known:
        if old.remarks != new.remarks:
            found.append(ChangeKind.DOCUMENTATION)
        if before.exact == after.exact and not _ELSEWHERE & set(found) and _laid_out_anew(before, after, shapes):
            found.append(ChangeKind.FORMAT_ONLY)
    elif not found and not same_text and before.exact == after.exact:
        found.append(ChangeKind.FORMAT_ONLY)
    return tuple(found)


_ELSEWHERE: Final = frozenset({ChangeKind.MOVED, ChangeKind.CONTAINER_MOVED})  # indented for its new place


def _laid_out_anew(before: VersionedSymbol, after: VersionedSymbol, shapes: Shapes) -> bool:
    """Whether white space between the same words differs, apart from that of comments."""
    if shapes.of(before).remarks == shapes.of(after).remarks:
        return shapes.text(before).strip() != shapes.text(after).strip()
    return shapes.layout(before) != shapes.layout(after)


def _places(
    before: VersionedSymbol, after: VersionedSymbol, went: Mapping[Place, Place], renamed: Mapping[str, str]
) -> Iterator[ChangeKind]:
    if (before.path, before.container) == (after.path, after.container):
        return
    source, target = container_place(before), container_place(after)
    same_file = before.path == after.path or renamed.get(before.path) == after.path
    if source is not None and target is not None and source in went:
        along = went[source] == target
    else:
        along = before.container == after.container
    yield ChangeKind.CONTAINER_MOVED if same_file and along else ChangeKind.MOVED


def _code(before: VersionedSymbol, after: VersionedSymbol, old: Shape, new: Shape) -> Iterator[ChangeKind]:
    signature = old.header != new.header
    annotation = old.annotations != new.annotations
    body = _body_changed(before, after, old, new, signature=signature)
    if signature:
        yield ChangeKind.SIGNATURE
    if body:
        yield ChangeKind.BODY
    told = signature or body or before.name != after.name or _only_members(before, after)
    if annotation or not (told or (old.known and new.known)):
        yield ChangeKind.ANNOTATION


def _only_members(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    return before.kind in CONTAINERS and bool(before.text) and before.text == after.text


def _body_changed(before: VersionedSymbol, after: VersionedSymbol, old: Shape, new: Shape, *, signature: bool) -> bool:
    """Whether something within differs that is not only the symbol's own new name."""
    known = old.known and new.known
    if before.kind in CONTAINERS:
        return not _only_members(before, after) and (not known or _inside(old, before) != _inside(new, after))
    if before.body or after.body:
        if before.name != after.name and known and _inside(old, before) == _inside(new, after):
            return False
        return before.body != after.body and (before.name == after.name or known or before.renamed != after.renamed)
    return _grew(before, after) if signature else before.signature == after.signature


def _inside(shape: Shape, symbol: VersionedSymbol) -> Words:
    return without_name(shape.words, symbol.name)


def _grew(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    """Whether two bodies without fingerprint (macros) differ in length, whatever became of their headers."""
    below = tokens_below_header(before), tokens_below_header(after)
    return min(below) > 0 and below[0] != below[1]
