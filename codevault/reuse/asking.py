"""`vault.reuse`: where else a symbol lives, over all projects and all time, and who had it first."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from codevault.analysis.clones import CloneType, least_likeness
from codevault.analysis.clones_related import related, sketch_of, translated
from codevault.errors import InvalidArgument
from codevault.ids import BlobId, ProjectId
from codevault.index.index import Index
from codevault.index.model import FileVersion, Hit, Scope, SymbolVersion
from codevault.index.reuse_groups import GroupQuestion
from codevault.index.reuse_search import Sample
from codevault.projects.registry import ProjectKey, Projects
from codevault.reuse.asked import Asked, Resolver
from codevault.reuse.drifting import drift_of
from codevault.reuse.judging import Judge
from codevault.reuse.model import Clone, CloneGroup, CopiedPart, Drift, Evidence, Origin
from codevault.reuse.originating import Licences
from codevault.reuse.parts import copied_part
from codevault.reuse.report import ReuseReport, report_of
from codevault.reuse.snippets import Analyse, analysed_alone

if TYPE_CHECKING:
    import networkx as nx

    from codevault.history import Event
    from codevault.references import FoundSymbol

LEAST_TOKENS = 30  # shorter symbols (getters, stubs) are alike by nature
Symbolic = "SymbolVersion | Hit | FoundSymbol | Event | Clone"


class Reuse:
    """Clones over all stored versions. Crossing from one client to another has to be asked for."""

    def __init__(
        self,
        index: Callable[[], Index],
        projects: Projects,
        read: Callable[[BlobId], bytes],
        session: Callable[[], AbstractContextManager[None]] = nullcontext,
        analyse: Analyse = analysed_alone,
    ) -> None:
        """Between entering and leaving `session` much is read: what that needs may stay open."""
        self._index = index
        self._projects = projects
        self._read = read
        self._session = session
        self._analyse = analyse

    def of(
        self,
        symbol: SymbolVersion | Hit | FoundSymbol | Event | Clone | FileVersion | os.PathLike[str] | str,
        *,
        at_least: float = 0.7,
        client: str = "",
        across_projects: bool = True,
        across_clients: bool = False,
        fragments: int = 0,
        language: str = "",
    ) -> tuple[Clone, ...]:
        """Every place that holds the symbol's code or code like it, earliest first, itself included.

        Text is a snippet, whose `language` has to be said; a path (`pathlib.Path`) or file version stands for all
        symbols of a file, each answer naming the one that was asked for. With `fragments` also places that share only a
        part, of at least so many tokens, in `Clone.part`. Languages that are close (JavaScript and TypeScript, C and
        C++, Java and Kotlin) are compared too; `Clone.related` says so.

        Without `across_clients` only projects of `client` are looked at: by default that of the symbol's project.
        Without `across_projects` only the symbol's own project.

        Raises:
            InvalidArgument: a search hit that is a line of text, a snippet without language.
            UnknownPath: no project's archive holds such a file.
            WorkerError: a snippet cannot be parsed, for no parser process can be started.
        """
        _check_share(at_least)
        index = self._index()
        asked, contents = Resolver(index, self._projects, self._analyse).resolve(symbol, language)
        judge = self._judge(index, contents)
        judge.learn({one.symbol.exact: one.codes for one in asked if one.codes})
        found: list[Clone] = []
        with self._session():
            for one in asked:
                scope, holds = self._scope(one.project, client, across_projects, across_clients)
                found.extend(filter(holds, self._alike(index, judge, one, at_least, scope)))
                least = fragments or one.least_part
                if least:
                    found.extend(filter(holds, self._parts(index, judge, one, least, at_least, scope, found)))
        return tuple(sorted(found, key=_earliest))

    def clones(
        self,
        *,
        at_least: float = 0.7,
        least_tokens: int = LEAST_TOKENS,
        project: ProjectKey | None = None,
        across_projects: bool = False,
        across_clients: bool = False,
        near: bool = True,
        boilerplate: bool = False,
    ) -> tuple[CloneGroup, ...]:
        """Groups of at least two places with the same code or code alike, largest first.

        With `across_projects` only groups that span projects; with `across_clients` groups may span clients, without
        it each client's places form a group of their own. `project` keeps groups with a place in that project. Without
        `near` only equal and renamed code counts, which is much faster on a large archive; with `boilerplate` also
        code that is alike by nature (accessors, stubs, generated files…), at the end.
        """
        _check_share(at_least)
        owner = self._projects.get(project).id if project is not None else None
        question = GroupQuestion(at_least=at_least, min_tokens=least_tokens, project=owner, near=near and at_least < 1)
        groups = self._groups(question, across_clients=across_clients)
        kept = (group for group in groups if boilerplate or group.boilerplate in {"", "short"})
        return _ordered(group for group in kept if _spans(group, owner, across_projects=across_projects))

    def between(
        self,
        one: ProjectKey,
        other: ProjectKey,
        *,
        at_least: float = 0.7,
        least_tokens: int = LEAST_TOKENS,
        across_clients: bool = False,
        boilerplate: bool = False,
    ) -> tuple[CloneGroup, ...]:
        """Groups of code that both projects hold or held, with their places only, largest first.

        Raises:
            InvalidArgument: they belong to different clients and `across_clients` was not said, or they are the same.
        """
        _check_share(at_least)
        left, right = self._projects.get(one), self._projects.get(other)
        if left.id == right.id:
            raise InvalidArgument("give two different projects; clones(project=...) looks inside one")
        if left.client != right.client and not across_clients:
            raise InvalidArgument(
                f"{left.name} and {right.name} belong to {left.client!r} and {right.client!r}: say across_clients=True"
            )
        question = GroupQuestion(at_least=at_least, min_tokens=least_tokens, project=left.id, near=at_least < 1)
        scope = Scope(projects=(left.id, right.id))
        groups = self._groups(question, across_clients=True, scope=scope)
        kept = (group for group in groups if boilerplate or group.boilerplate in {"", "short"})
        return _ordered(group for group in kept if _spans(group, None, across_projects=True))

    def graph(
        self, *, across_clients: bool = False, at_least: float = 0.7, least_tokens: int = LEAST_TOKENS
    ) -> nx.DiGraph:
        """Who had code that whom has now: an edge from the earlier project to the later, weighted by shared symbols.

        Nodes have `name` and `client`; an edge has `weight` and `crosses_clients`.
        """
        groups = self.clones(
            at_least=at_least, least_tokens=least_tokens, across_projects=True, across_clients=across_clients
        )
        return self._drawn(groups)

    def compare(self, one: Symbolic, other: Symbolic) -> Evidence:  # type: ignore[valid-type]  # names for annotations
        """Why two symbols are clones, or are not: which lines of one stand for which of the other.

        Raises:
            InvalidArgument: one of them is no symbol.
            ContentElsewhere: a text is gone with its repository.
        """
        index = self._index()
        resolver = Resolver(index, self._projects, self._analyse)
        left, right = resolver.symbol(one), resolver.symbol(other)
        with self._session():
            return self._judge(index).evidence(left, right)

    def drift(self, group: CloneGroup) -> Drift:
        """Who changed a copy since it was made, and which change of one copy another may miss.

        A change is a candidate for another copy where the lines around it still stand there, and it does not.

        Raises:
            ContentElsewhere: a text is gone with its repository.
        """
        if not isinstance(group, CloneGroup):
            raise InvalidArgument(f"{group!r} is no group: clones() and between() give some")
        index = self._index()
        with self._session():
            return drift_of(index, self._judge(index), group)

    def origin(
        self,
        symbol: SymbolVersion | Hit | FoundSymbol | Event | Clone,
        *,
        at_least: float = 0.9,
        client: str = "",
        across_clients: bool = False,
    ) -> Origin:
        """Where the symbol's code was seen first and when, whose project that was, and what licence stands near it.

        Raises:
            InvalidArgument: no symbol, or one that no project in scope holds.
        """
        found = self.of(symbol, at_least=at_least, client=client, across_clients=across_clients)
        if not found:
            raise InvalidArgument("no project of this client holds that symbol: give client= or across_clients=True")
        first = found[0]
        index = self._index()
        licence, where = Licences(index, self._read).near(first.hit)
        return Origin(
            first=first,
            seen=first.hit.first_seen,
            client=first.client,
            licence=licence,
            licence_path=where,
            copies=found[1:],
            clients=tuple(sorted({clone.client for clone in found})),
        )

    def report(
        self,
        *,
        project: ProjectKey | None = None,
        at_least: float = 0.7,
        least_tokens: int = LEAST_TOKENS,
        across_projects: bool = True,
        across_clients: bool = False,
        most: int = 50,
    ) -> ReuseReport:
        """The clones of the archive for a reader: the `most` largest groups, who shares how much with whom, and fixes.

        `.to_json()`, `.to_markdown()`, `.to_html()` are its three forms.
        """
        groups = self.clones(
            at_least=at_least,
            least_tokens=least_tokens,
            project=project,
            across_projects=across_projects,
            across_clients=across_clients,
        )
        drifts = [self.drift(group) for group in groups[:most]]
        coverage = self._index().coverage(Scope())
        names = {each.id: each.name for each in self._projects}
        return report_of(groups, drifts, names, most=most, not_analysed=coverage.not_analysed)

    def _drawn(self, groups: Iterable[CloneGroup]) -> nx.DiGraph:
        import networkx as nx  # a third of a second that only this method needs

        graph = nx.DiGraph()
        for project in self._projects:
            graph.add_node(project.id, name=project.name, client=project.client)
        for group in groups:
            source, *others = dict.fromkeys(clone.hit.project for clone in group.members)
            for target in others:
                weight = graph.get_edge_data(source, target, {"weight": 0})["weight"]
                crosses = graph.nodes[source]["client"] != graph.nodes[target]["client"]
                graph.add_edge(source, target, weight=weight + 1, crosses_clients=crosses)
        return graph

    def _alike(self, index: Index, judge: Judge, one: Asked, at_least: float, scope: Scope) -> Iterator[Clone]:
        """The clones of what was asked for, in its own language and in those close to it."""
        version = one.symbol
        codes = judge.codes(version)
        least = least_likeness(at_least, version.tokens)
        sample = Sample(
            language=version.language,
            kind=version.kind,
            exact=version.exact,
            renamed=version.renamed,
            codes=codes,
            sketch=version.sketch or sketch_of(codes),
        )
        places = list(index.alike(sample, at_least=least, scope=scope).places)
        for language in related(version.language) if codes else ():
            told = translated(codes, version.language, language)
            sample = Sample(
                language=language, kind=version.kind, exact=version.exact, codes=told, sketch=sketch_of(told)
            )
            places.extend(index.alike(sample, at_least=least, scope=scope).places)
        judge.learn(index.codes_of(place.hit.symbol for place in places if place.hit.symbol is not None))
        for place in places:
            clone = judge.clone(version, place.hit, place.likeness, asked=one.name)
            if clone.similarity >= at_least:
                yield clone

    def _parts(
        self,
        index: Index,
        judge: Judge,
        one: Asked,
        least: int,
        at_least: float,
        scope: Scope,
        whole: Sequence[Clone],
    ) -> Iterator[Clone]:
        """Places that hold a part of what was asked for, and are not alike as a whole."""
        version = one.symbol
        codes = judge.codes(version)
        if not codes:
            return
        known = {(clone.hit.project, clone.hit.path, clone.symbol.qualified_name) for clone in whole}
        sketch = version.sketch or sketch_of(codes)
        sample = Sample(language=version.language, kind=version.kind, codes=codes, sketch=sketch)
        for place in index.alike_parts(sample, least=least, at_least=at_least, scope=scope):
            hit = place.hit
            if hit.symbol is None or (hit.project, hit.path, hit.symbol.qualified_name) in known:
                continue
            part: CopiedPart | None = copied_part(judge, version, hit, place.fragment)
            clone = judge.clone(version, hit, place.fragment.likeness, asked=one.name)
            yield replace(clone, part=part, type=CloneType.NEAR, similarity=place.fragment.likeness)

    def _groups(
        self, question: GroupQuestion, *, across_clients: bool, scope: Scope | None = None
    ) -> Iterator[CloneGroup]:
        index = self._index()
        judge = self._judge(index)
        with self._session(), closing(index.alike_groups(question, scope=scope or Scope())) as found:
            for places in found:
                judge.learn(index.codes_of(hit.symbol for _, hit in places if hit.symbol is not None))
                for part in self._parted([hit for _, hit in places], across_clients=across_clients):
                    group = _group(judge, part, question.at_least)
                    if group is not None:
                        yield group

    def _parted(self, hits: Iterable[Hit], *, across_clients: bool) -> Iterable[list[Hit]]:
        parts: dict[str, list[Hit]] = defaultdict(list)
        clients = self._clients()
        for hit in hits:
            parts["" if across_clients else clients[hit.project]].append(hit)
        return (part for part in parts.values() if len(part) > 1)

    def _scope(
        self, project: ProjectId | None, client: str, across_projects: bool, across_clients: bool
    ) -> tuple[Scope, Callable[[Clone], bool]]:
        """What the index may look at, and a last word on each clone: "" is a client too, and a scope's "" is all."""
        clients = self._clients()
        if not client and project is not None:
            client = clients.get(project, "")
        elif not client and len(set(clients.values())) == 1:
            client = next(iter(clients.values()))
        projects = () if across_projects or project is None else (project,)
        scope = Scope(projects=projects, client="" if across_clients else client)
        return scope, lambda clone: across_clients or clone.client == client

    def _judge(self, index: Index, contents: Mapping[BlobId, bytes] | None = None) -> Judge:
        own = contents or {}
        return Judge(index, lambda blob: own[blob] if blob in own else self._read(blob), self._clients())

    def _clients(self) -> dict[str, str]:
        return {project.id: project.client for project in self._projects}


def _group(judge: Judge, hits: Collection[Hit], at_least: float) -> CloneGroup | None:
    """Places as a group, similarity being that to the earliest; None when fewer than two are left."""
    first, *others = sorted(hits, key=_place)
    if first.symbol is None:
        return None
    members = [judge.clone(first.symbol, first)]
    least = least_likeness(at_least, first.symbol.tokens)
    for hit in others:
        clone = judge.clone(first.symbol, hit)
        if clone.similarity >= (at_least if clone.type is not CloneType.NEAR else least):
            members.append(clone)
    if len(members) < 2:
        return None
    reasons = {clone.boilerplate for clone in members}
    return CloneGroup(
        fingerprint=first.symbol.renamed,
        members=tuple(members),
        clients=tuple(sorted({clone.client for clone in members})),
        type=max(clone.type for clone in members),
        boilerplate="" if "" in reasons else members[0].boilerplate,
    )


def _spans(group: CloneGroup, owner: ProjectId | None, *, across_projects: bool) -> bool:
    homes = {clone.hit.project for clone in group.members}
    return (owner is None or owner in homes) and (not across_projects or len(homes) > 1)


def _ordered(groups: Iterable[CloneGroup]) -> tuple[CloneGroup, ...]:
    """The largest first, those that are alike by nature last; a group that is another one's part is left out."""
    found = sorted(
        groups, key=lambda g: (bool(g.boilerplate), -len(g.members) * g.origin.symbol.tokens, g.fingerprint, g.clients)
    )
    seen: set[frozenset[tuple[str, str, str]]] = set()
    kept = []
    for group in found:
        places = frozenset((c.hit.project, c.hit.path, c.symbol.qualified_name) for c in group.members)
        if places not in seen:
            seen.add(places)
            kept.append(group)
    return tuple(kept)


def _place(hit: Hit) -> tuple[int, str, str, int]:
    return hit.first_seen.created_ns, hit.project, hit.path, hit.start_line


def _earliest(clone: Clone) -> tuple[int, str, str, int]:
    return _place(clone.hit)


def _check_share(at_least: float) -> None:
    if isinstance(at_least, bool) or not isinstance(at_least, int | float) or not 0.0 <= at_least <= 1.0:
        raise InvalidArgument(f"at_least is a share from 0 to 1, not {at_least!r}")
