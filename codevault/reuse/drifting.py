"""How the copies of a group went apart since they were made."""

from __future__ import annotations

from collections.abc import Iterator

from codevault.analysis.clones_drift import missed_changes
from codevault.analysis.credentials import without_secrets
from codevault.index.index import Index
from codevault.index.model import Seen, SymbolVersion
from codevault.reuse.judging import Judge
from codevault.reuse.model import Clone, CloneGroup, Drift, DriftChange, DriftMember, FixCandidate


def drift_of(index: Index, judge: Judge, group: CloneGroup) -> Drift:
    """What became of each copy, and what one got that another lacks."""
    copied_ns = _copied_ns(group)
    members = tuple(_member(index, judge, clone, copied_ns) for clone in group.members)
    fixes = [fix for one in members if one.changes for fix in _fixes(judge, one, members)]
    return Drift(group=group, members=members, fixes=tuple(fixes))


def _copied_ns(group: CloneGroup) -> int:
    """When the second place had the code: from then on the copies live apart."""
    return sorted(clone.hit.first_seen.created_ns for clone in group.members)[1]


def _member(index: Index, judge: Judge, clone: Clone, copied_ns: int) -> DriftMember:
    """A copy, from the version on that it had when the code was copied."""
    since = max(copied_ns, clone.hit.first_seen.created_ns)
    base = last = clone.symbol
    changes: list[DriftChange] = []
    there = True
    for seen, symbol in _versions(index, clone):
        there = symbol is not None
        if symbol is None:
            continue
        if seen.created_ns <= since:
            base = symbol
        elif symbol.exact != last.exact:
            changes.append(DriftChange(at=seen, symbol=symbol, similarity=judge.similarity(base, symbol)))
        last = symbol
    return DriftMember(clone=clone, base=base, changes=tuple(changes), gone=not there)


def _fixes(judge: Judge, changed: DriftMember, members: tuple[DriftMember, ...]) -> Iterator[FixCandidate]:
    base, now = _text(judge, changed, changed.base), _text(judge, changed, changed.now)
    for other in members:
        if other.gone or other.clone == changed.clone:
            continue
        for missed in missed_changes(base, now, _text(judge, other, other.now)):
            yield FixCandidate(
                source=changed.clone,
                target=other.clone,
                at=_moment(judge, changed, missed.added),
                removed=missed.removed,
                added=missed.added,
                line=other.now.start_line + missed.line,
                renamed=missed.renamed,
            )


def _moment(judge: Judge, member: DriftMember, added: tuple[str, ...]) -> Seen:
    """The first version that has the lines, which what only takes lines away has from its last change on."""
    for change in member.changes:
        lines = {line.strip() for line in _text(judge, member, change.symbol).splitlines()}
        if added and lines.issuperset(added):
            return change.at
    return member.changes[-1].at


def _text(judge: Judge, member: DriftMember, symbol: SymbolVersion) -> str:
    return without_secrets(member.clone.hit.path, judge.text(symbol).decode("utf-8", "replace"))


def _versions(index: Index, clone: Clone) -> Iterator[tuple[Seen, SymbolVersion | None]]:
    """The symbol of a place in each version of its file, oldest first; None where the file is or has it no more."""
    wanted = clone.symbol
    lives = index.lives(clone.hit.project, clone.hit.path)
    for life in lives:
        yield life.first, _named(index.symbols_of(life.blob, life.path), wanted)
    if lives and lives[-1].last is not None:
        yield lives[-1].last, None


def _named(symbols: tuple[SymbolVersion, ...], wanted: SymbolVersion) -> SymbolVersion | None:
    """The symbol of that name, the one of overloads that is most like it."""
    same = [one for one in symbols if one.qualified_name == wanted.qualified_name and one.kind == wanted.kind]
    return min(same, key=lambda one: (one.exact != wanted.exact, abs(one.tokens - wanted.tokens)), default=None)
