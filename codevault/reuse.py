"""`vault.reuse`: where else a symbol lives, over all projects and all time, and who had it first.

Two symbols are clones when their tokens are equal (type 1), or equal once identifiers and literals are left out (type
2), in the terms of Roy and Cordy (2007). The similarity of a type 2 pair is the share of tokens that are the same; of
a text left to a repository which cannot give it now, the share of terms of their sketches, which know no names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from codevault.analysis.similarity import shared_terms
from codevault.errors import ContentElsewhere, InvalidArgument
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import Hit, Scope, SymbolVersion
from codevault.projects.model import Project
from codevault.projects.registry import ProjectKey, Projects

if TYPE_CHECKING:
    import networkx as nx

    from codevault.references import FoundSymbol

LEAST_TOKENS = 30  # shorter symbols (getters, stubs) are alike by nature
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """One place of a clone group. `similarity` to the group's origin is 1.0 where the tokens are equal."""

    hit: Hit
    similarity: float
    client: str

    @property
    def symbol(self) -> SymbolVersion:
        """The newest version of the symbol in that place."""
        if self.hit.symbol is None:
            raise AssertionError("fingerprints are looked up among symbols only")
        return self.hit.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneGroup:
    """Places that hold the same code, the one that had it first leading; `clients` lists whom it concerns."""

    fingerprint: str
    members: tuple[Clone, ...]
    clients: tuple[str, ...]

    @property
    def origin(self) -> Clone:
        """The place where the vault saw it first."""
        return self.members[0]


class Reuse:
    """Clones over all stored versions. Crossing from one client to another has to be asked for."""

    def __init__(
        self,
        index: Callable[[], Index],
        projects: Projects,
        read: Callable[[BlobId], bytes],
        session: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Between entering and leaving `session` much is read: what that needs may stay open."""
        self._index = index
        self._projects = projects
        self._read = read
        self._session = session

    def of(
        self,
        symbol: SymbolVersion | Hit | FoundSymbol,
        *,
        at_least: float = 0.7,
        client: str = "",
        across_clients: bool = False,
    ) -> tuple[Clone, ...]:
        """Every place that holds the symbol's code, earliest first, itself included.

        Without `across_clients` only projects of `client` are looked at: by default that of the symbol's project.

        Raises:
            InvalidArgument: a search hit that is a line of text.
        """
        if isinstance(symbol, SymbolVersion):
            version: SymbolVersion | None = symbol
        elif not hasattr(symbol, "symbol"):
            raise InvalidArgument(f"{symbol!r} is no symbol: give one from symbols(), a search or a history")
        else:
            version, owner = symbol.symbol, symbol.project
            client = client or self._clients()[owner.id if isinstance(owner, Project) else owner]
        if version is None:
            raise InvalidArgument("this search hit is a line of text, not a symbol")
        hits = self._index().symbols_with(renamed=version.renamed, scope=Scope())
        with self._session():
            clones = self._clones(hits, version)
        return tuple(c for c in clones if c.similarity >= at_least and (across_clients or c.client == client))

    def clones(
        self,
        *,
        at_least: float = 0.7,
        least_tokens: int = LEAST_TOKENS,
        project: ProjectKey | None = None,
        across_projects: bool = False,
        across_clients: bool = False,
    ) -> tuple[CloneGroup, ...]:
        """Groups of at least two places with the same code, largest first.

        With `across_projects` only groups that span projects; with `across_clients` groups may span clients, without
        it each client's places form a group of their own. `project` keeps groups with a place in that project.
        """
        owner = self._projects.get(project).id if project is not None else None
        found = self._index().fingerprint_groups("renamed", min_tokens=least_tokens, scope=Scope())
        groups = []
        with self._session():
            for fingerprint, hits in found:
                for members in self._parted(hits, across_clients=across_clients):
                    group = self._group(fingerprint, members, at_least)
                    homes = {c.hit.project for c in group.members} if group is not None else set()
                    elsewhere = owner is not None and owner not in homes
                    if group is None or (across_projects and len(homes) < 2) or elsewhere:
                        continue
                    groups.append(group)
        groups.sort(key=lambda g: (-len(g.members) * g.origin.symbol.tokens, g.fingerprint, g.clients))
        return tuple(groups)

    def graph(self, *, across_clients: bool = False, at_least: float = 0.7) -> nx.DiGraph:
        """Who had code that whom has now: an edge from the earlier project to the later, weighted by shared symbols."""
        import networkx as nx  # a third of a second that only this method needs

        graph = nx.DiGraph()
        for project in self._projects:
            graph.add_node(project.id, name=project.name, client=project.client)
        for group in self.clones(at_least=at_least, across_projects=True, across_clients=across_clients):
            first: dict[str, Clone] = {}
            for clone in group.members:
                first.setdefault(clone.hit.project, clone)
            source, *others = first
            for target in others:
                weight = graph.get_edge_data(source, target, {"weight": 0})["weight"]
                graph.add_edge(source, target, weight=weight + 1)
        return graph

    def _group(self, fingerprint: str, hits: Iterable[Hit], at_least: float) -> CloneGroup | None:
        clones = tuple(c for c in self._clones(hits, None) if c.similarity >= at_least)
        if len(clones) < 2:
            return None
        return CloneGroup(fingerprint=fingerprint, members=clones, clients=tuple(sorted({c.client for c in clones})))

    def _parted(self, hits: Iterable[Hit], *, across_clients: bool) -> Iterable[list[Hit]]:
        parts: dict[str, list[Hit]] = defaultdict(list)
        clients = self._clients()
        for hit in hits:
            parts["" if across_clients else clients[hit.project]].append(hit)
        return (part for part in parts.values() if len(part) > 1)

    def _clones(self, hits: Iterable[Hit], reference: SymbolVersion | None) -> tuple[Clone, ...]:
        """Hits as clones, earliest first; similarity is to `reference`, or to the earliest."""
        clients = self._clients()
        ordered = sorted(hits, key=lambda h: (h.first_seen.created_ns, h.project, h.path, h.start_line))
        found = []
        for hit in ordered:
            reference = reference or hit.symbol
            if hit.symbol is not None and reference is not None:
                similarity = self._similarity(reference, hit.symbol)
                found.append(Clone(hit=hit, similarity=similarity, client=clients.get(hit.project, "")))
        return tuple(found)

    def _similarity(self, left: SymbolVersion, right: SymbolVersion) -> float:
        if left.exact == right.exact:
            return 1.0
        try:
            return SequenceMatcher(None, self._tokens(left), self._tokens(right), autojunk=False).ratio()
        except ContentElsewhere:
            return shared_terms(left.sketch, right.sketch)

    def _tokens(self, symbol: SymbolVersion) -> list[str]:
        content = self._read(symbol.blob)[symbol.start_byte : symbol.end_byte]
        return _TOKEN.findall(content.decode("utf-8", errors="replace"))

    def _clients(self) -> dict[str, str]:
        return {project.id: project.client for project in self._projects}
