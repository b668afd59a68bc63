"""On any graph of commits, told in any pieces, each commit holds what replaying its changes gives."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.index.index import Index
from codevault.index.model import CommitVersion, FileChange, ProjectFacts
from tests.index.scenes import SHOP, VAULT, blob_of, hint

PATHS = ("a.py", "b.py", "c/d.py")
Tree = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: how far back its parents lie, what it does to paths (None: removes), and its clock."""

    parents: tuple[int, ...]
    changes: tuple[tuple[str, bytes | None], ...]
    at: int


change = st.tuples(st.sampled_from(PATHS), st.none() | st.sampled_from([b"1", b"22", b"333"]))
step = st.builds(
    Step,
    parents=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    changes=st.lists(change, max_size=3, unique_by=lambda one: one[0]).map(tuple),
    at=st.integers(-5, 5),
)


def told(graph: list[Step]) -> tuple[list[CommitVersion], list[Tree]]:
    """The commits of a graph, and what each holds by replaying."""
    commits: list[CommitVersion] = []
    trees: list[Tree] = []
    for at, one in enumerate(graph):
        parents = [at - back for back in dict.fromkeys(one.parents) if back <= at]
        tree = dict(trees[parents[0]]) if parents else {}
        done = [(path, text) for path, text in one.changes if tree.get(path) != text]
        tree.update({path: text for path, text in done if text is not None})
        for path, text in done:
            if text is None:
                del tree[path]
        trees.append(tree)
        commits.append(
            CommitVersion(
                id=f"{at:040x}",
                parents=tuple(f"{parent:040x}" for parent in parents),
                author="Ann",
                authored_ns=one.at,
                committed_ns=one.at,
                changed=[FileChange(path=p, blob=blob_of(t), size=len(t)) for p, t in done if t is not None],
                removed=[path for path, text in done if text is None],
            )
        )
    return commits, trees


@settings(max_examples=30, deadline=None)
@given(st.lists(step, min_size=1, max_size=14), st.integers(1, 5))
def test_each_commit_holds_what_replaying_gives_however_it_was_told(graph: list[Step], pieces: int) -> None:
    commits, trees = told(graph)
    with Index.in_memory(vault_id=VAULT, hint_of=hint) as index:
        index.put_project(ProjectFacts(id=SHOP, name="shop"))
        for start in range(0, len(commits), pieces):
            index.add_commits(SHOP, commits[start : start + pieces])

        held = [
            {version.path: version.blob for version in index.paths(SHOP, -number)}
            for number in range(1, len(commits) + 1)
        ]
        changed = [
            {
                change.path: (change.before and change.before.blob, change.after and change.after.blob)
                for change in found
            }
            for found in (index.changes(SHOP, -number) for number in range(1, len(commits) + 1))
        ]
        single = [[index.held(SHOP, path, -number) for path in PATHS] for number in range(1, len(commits) + 1)]

    assert held == [{path: blob_of(text) for path, text in tree.items()} for tree in trees]
    assert [[one and one.blob for one in row] for row in single] == [[at.get(path) for path in PATHS] for at in held]
    for commit, difference in zip(commits, changed, strict=True):
        touched = {one.path: one.blob for one in commit.changed} | dict.fromkeys(commit.removed)
        assert {path: after for path, (_, after) in difference.items()} == touched


@settings(max_examples=30, deadline=None)
@given(st.lists(step, min_size=1, max_size=14))
def test_the_timeline_never_tells_a_commit_before_its_parents(graph: list[Step]) -> None:
    commits, _ = told(graph)
    with Index.in_memory(vault_id=VAULT, hint_of=hint) as index:
        index.put_project(ProjectFacts(id=SHOP, name="shop"))
        index.add_commits(SHOP, commits)
        order = {seen.commit: at for at, seen in enumerate(index.timeline(SHOP))}

    assert all(order[parent] < order[commit.id] for commit in commits for parent in commit.parents)
