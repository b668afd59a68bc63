"""Where files and containers went in a step, as told by the symbols that have a pair already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.lineage_shapes import group_of
from codevault.analysis.lineage_step import Key, Step, container_place, place

Place = tuple[str, str]

SMALL_BODY = 12
"""Words of a body up to which names and parameters speak for it."""


def whole_files(step: Step) -> Mapping[str, str]:
    """Files that are gone, each with the new file that has exactly its symbols."""
    contents: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, (symbols_there, paths) in enumerate(((step.before, step.lost_paths), (step.after, step.new_paths))):
        for path, symbols in _files(symbols_there).items():
            if path in paths:
                contents[tuple(symbols)][side].append(path)
    return {old: new for left, right in contents.values() for old, new in nearest_paths(left, right).items()}


def _files(symbols: Sequence[VersionedSymbol]) -> Mapping[str, list[tuple[str, str]]]:
    files: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for symbol in symbols:
        files[symbol.path].append((symbol.qualified_name, symbol.exact))
    return files


MOST_EQUAL_FILES = 40
"""Equal files on one side that are told apart by their paths; of more, the first in order of paths are paired."""


def nearest_paths(olds: Sequence[str], news: Sequence[str]) -> Mapping[str, str]:
    """Equal files that moved: those first whose paths end alike for longest."""
    if max(len(olds), len(news)) > MOST_EQUAL_FILES:
        return dict(zip(sorted(olds), sorted(news), strict=False))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, old, new in sorted((-_common_end(old, new), old, new) for old in olds for new in news):
        if old not in found and new not in taken:
            found[old] = new
            taken.add(new)
    return found


def _common_end(one: str, other: str) -> int:
    size = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        size += 1
    return size


def renamed_paths(step: Step) -> Mapping[str, str]:
    """Files that are gone, each with the new file that most of its symbols went to, else the only one of its name."""
    gone, new = step.lost_paths, step.new_paths
    if not gone or not new:
        return {}
    votes = Counter((one.path, other.path) for one, other in step.couples() if one.path in gone and other.path in new)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for (old, target), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if old not in found and target not in taken:
            found[old] = target
            taken.add(target)
    olds, news = _by_base(gone - found.keys()), _by_base(new - taken)
    for base in sorted(olds.keys() & news.keys()):
        if len(olds[base]) == 1 == len(news[base]):
            found[olds[base][0]] = news[base][0]
    return found


def _by_base(paths: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        found[path.rpartition("/")[2]].append(path)
    return found


def most_went(step: Step) -> Mapping[Place, Place]:
    """Each container with the one that got more of its members than any other, and got more from no other.

    They have to be more than half of the members of one of the two.
    """
    votes: Counter[tuple[Place, Place]] = Counter()
    for one, other in step.couples():
        source, target = container_place(one), container_place(other)
        if source and target:
            votes[source, target] += 1
    members = Counter(map(container_place, step.before)), Counter(map(container_place, step.after))
    for around in {each for pair in votes for each in pair if pair[0] != pair[1]}:
        stayed = step.unchanged.members(around)
        votes[around, around] += stayed
        for counts in members:
            counts[around] += stayed
    votes = +votes
    best, back = _best(votes, 0), _best(votes, 1)
    return {
        source: target
        for source, target in best.items()
        if back.get(target) == source
        and source != target
        and 2 * votes[source, target] > min(members[0][source], members[1][target])
    }


def _best(votes: Counter[tuple[Place, Place]], side: int) -> Mapping[Place, Place]:
    """For each place of one side the other with more votes than any, none on a draw."""
    ranked: dict[Place, list[tuple[int, Place]]] = defaultdict(list)
    for pair, count in votes.items():
        ranked[pair[side]].append((count, pair[1 - side]))
    return {key: max(rows)[1] for key, rows in ranked.items() if sum(count == max(rows)[0] for count, _ in rows) == 1}


def where_containers_went(step: Step) -> Mapping[Place, Place]:
    """Containers that have a pair, then those whose members agree on one; also those that stayed, if any went."""
    if not step.strayed:
        return {}
    found = dict(most_went(step))
    found.update((source, source) for source in [*found] if step.unchanged.count(source))
    found.update((place(one), place(other)) for one, other in step.couples() if one.kind in CONTAINERS)
    return found


def members_that_went(step: Step) -> None:
    """What keeps its name inside a container that is known to be elsewhere now: by parameters, then likeness."""
    went = where_containers_went(step)
    back = {new: old for old, new in went.items()}

    def before(symbol: VersionedSymbol) -> Hashable:
        around = container_place(symbol) or ("", "")
        return (around, symbol.name, group_of(symbol)) if went.get(around, around) != around else None

    def after(symbol: VersionedSymbol) -> Hashable:
        around = back.get(container_place(symbol) or ("", ""))
        return (around, symbol.name, group_of(symbol)) if around and around != container_place(symbol) else None

    def with_parameters(key: Key, symbol: VersionedSymbol) -> Hashable:
        return key(symbol) and (key(symbol), step.parameters(symbol))

    def by_parameters(one: VersionedSymbol, other: VersionedSymbol) -> float:
        """Overrides have equal parameters, whatever class they are in: under another name bodies have to agree."""
        certain = _last_name(one.container) == _last_name(other.container) or step.size(one, other) < SMALL_BODY
        return step.alike(one, other) if certain or step.bodies_alike(one, other) >= 0.5 else 0.0

    def by_name(key: Key, symbol: VersionedSymbol) -> Hashable:
        around = container_place(symbol) or ("", "")
        other = went.get(around) or back.get(around) or ("", "")
        return key(symbol) if _last_name(around[1]) == _last_name(other[1]) else None

    evidence = "same name in the same container"
    after_by_parameters = partial(with_parameters, after)
    step.pair_best(partial(with_parameters, before), by_parameters, evidence, 0.85, key_after=after_by_parameters)
    step.pair_best(before, partial(step.alike_at_least, 0.5), evidence, 0.8, key_after=after)
    step.pair_equal(partial(by_name, before), evidence, 0.7, once=True, key_after=partial(by_name, after))


def _last_name(qualified: str) -> str:
    return qualified.rpartition(".")[2]


def members_taken_in(step: Step) -> None:
    """Members of a container that is gone, into the one that took most of them; the same backwards for a new one."""
    votes: Counter[tuple[Place, Place]] = Counter()
    for one, other in step.couples():
        source, target = container_place(one), container_place(other)
        if source and target and source != target:
            votes[source, target] += 1
    gone = {place(symbol) for symbol in step.missing() if symbol.kind in CONTAINERS}
    new = {place(symbol) for symbol in step.added() if symbol.kind in CONTAINERS}
    best, back = _best(votes, 0), _best(votes, 1)
    ways = {(source, target) for source, target in best.items() if source in gone and votes[source, target] > 1}
    ways |= {(source, target) for target, source in back.items() if target in new and votes[source, target] > 1}

    def score(one: VersionedSymbol, other: VersionedSymbol) -> float:
        return step.alike_at_least(0.5, one, other) if (container_place(one), container_place(other)) in ways else 0.0

    if ways:
        evidence = "same name in the container that took in most members"
        step.pair_best(lambda symbol: symbol.name if symbol.container else None, score, evidence, 0.75)


def containers_that_went(step: Step) -> None:
    """Containers follow their members: a class that was renamed and edited at once."""
    went = most_went(step)
    back = {new: old for old, new in went.items()}

    def before(symbol: VersionedSymbol) -> Hashable:
        return place(symbol) if symbol.kind in CONTAINERS and place(symbol) in went else None

    def after(symbol: VersionedSymbol) -> Hashable:
        return back.get(place(symbol)) if symbol.kind in CONTAINERS else None

    step.pair_equal(before, "most of its members are there", 0.8, key_after=after)
