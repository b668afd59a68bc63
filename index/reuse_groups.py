"""All the groups of alike symbols in an archive, each led by one symbol."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from codevault.analysis.clones import least_likeness
from codevault.analysis.clones_related import sketch_of
from codevault.analysis.kinds import CALLABLES
from codevault.ids import ProjectId
from codevault.index import answers, reuse, symbolsearch
from codevault.index.contents import packed_symbols
from codevault.index.finding import Found, Places
from codevault.index.model import Hit, Scope
from codevault.index.reuse_streams import streams
from codevault.index.rows import ask_many, steps
from codevault.index.scoping import limits
from codevault.index.sessions import Session
from codevault.index.snapshots import project_number
from codevault.index.symbols import positions

AT_ONCE: Final = 200
"""Groups whose places are looked up together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuestion:
    """Which groups are wanted: of symbols of so many tokens, alike by `at_least`; with a `project`, led from there.

    Without `near` only equal and renamed symbols make a group, which takes no comparing.
    """

    at_least: float
    min_tokens: int
    project: ProjectId | None = None
    near: bool = True


Cluster = Mapping[int, float]
"""Symbols by number with their likeness to the one that leads them, which stands first."""

GroupHits = Sequence[tuple[float, Hit]]
"""The places of a group, each with the likeness to what leads it."""


def clusters(session: Session, question: GroupQuestion) -> Iterator[Cluster]:
    """Alike symbols. One that is in a group leads none of its own; it may be in several.

    Costs one look-up for each symbol that is in no group yet, and memory for the fingerprints of all.
    """
    classes: dict[bytes, list[int]] = {}
    of_number: dict[int, tuple[bytes, int, bool]] = {}
    callables = {session.labels.find(kind) for kind in CALLABLES}
    for number, renamed, tokens, kind in session.db.execute(_SEEDS, (question.min_tokens,)):
        classes.setdefault(renamed, []).append(number)
        of_number[number] = renamed, tokens, kind in callables
    seeds = of_number.keys() if question.project is None else _numbers_of(session, question.project) & of_number.keys()
    taken: set[bytes] = set()
    for part in steps(sorted(seeds), AT_ONCE):
        codes = {one.number: one for one in streams(session.db, part)} if question.near else {}
        for number in part:
            renamed, tokens, is_callable = of_number[number]
            if renamed in taken:
                continue
            taken.add(renamed)
            cluster = dict.fromkeys(classes[renamed], 1.0)
            if number in codes:
                stream = codes[number]
                sample = reuse.Sample(codes=stream.codes, sketch=sketch_of(stream.codes), language=stream.language)
                least = least_likeness(question.at_least, tokens)
                found = reuse.near(session.db, session.directory(), sample, least, known=cluster).found
                for other, likeness in found.items():
                    if other in of_number and of_number[other][2] == is_callable:  # a class is not its one method
                        digest = of_number[other][0]
                        taken.add(digest)
                        cluster.update(dict.fromkeys(classes[digest], likeness))
            yield cluster


def _numbers_of(session: Session, project: ProjectId) -> set[int]:
    """The symbols that a project holds or held."""
    owner = project_number(session.db, project)
    contents = {
        content
        for table in ("version", "stay")
        for (content,) in session.db.execute(f"SELECT DISTINCT content FROM {table} WHERE project = ?", (owner,))  # noqa: S608 - constants
    }
    found: set[int] = set()
    for part in steps(contents):
        for packed in packed_symbols(session.db, part, session.labels.details).values():
            found.update(number for number, _, _ in positions(packed))
    return found


def placed(session: Session, groups: Sequence[Cluster], scope: Scope) -> list[GroupHits]:
    """The places of each group, one a path and qualified name, of those that have two or more."""
    numbers = set(chain.from_iterable(groups))
    named = {number: (qualified, kind) for number, qualified, kind in ask_many(session.db, _KEYS, numbers)}
    asked: dict[tuple[int, symbolsearch.SymbolKey], list[int]] = {}
    for at, group in enumerate(groups):
        for number in group:
            asked.setdefault((at, named[number]), []).append(number)
    places = Places(session.db, limits(session.db, session.labels, scope), session.memory())
    found: dict[int, list[Found[symbolsearch.SymbolKey]]] = {}
    for one in places.gather("symbol_in", asked):
        at, key = one.key
        found.setdefault(at, []).append(one._replace(key=key))  # type: ignore[arg-type]  # another kind of key
    return [_hits(session, at, groups[at], members, asked) for at, members in sorted(found.items()) if len(members) > 1]


def _hits(
    session: Session,
    at: int,
    group: Cluster,
    members: Sequence[Found[symbolsearch.SymbolKey]],
    asked: Mapping[tuple[int, symbolsearch.SymbolKey], Collection[int]],
) -> GroupHits:
    numbers = {one.key: asked[at, one.key] for one in members}
    hits = answers.numbered_hits(session.db, session.labels, members, numbers)
    return [(group[number], hit) for number, hit in hits]


_SEEDS: Final = (
    "SELECT s.id, s.renamed, s.tokens, d.kind FROM symbol s JOIN declaration d ON d.id = s.declaration"
    " WHERE s.tokens >= ?"
)
_KEYS: Final = (
    "SELECT s.id, d.qualified, d.kind FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
)
