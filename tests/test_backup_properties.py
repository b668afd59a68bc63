"""Whatever happens to a project between two runs: a snapshot is the project, and the index is told the difference."""

from __future__ import annotations

import stat
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codevault.backup import Run, back_up
from codevault.cataloguing import compare
from codevault.ids import ProjectId
from codevault.policy import DEFAULT
from codevault.source import MemoryFile, MemoryFolder
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, SnapshotDraft
from codevault.store.store import Store

PROJECT = ProjectId("0123456789abcdef")
NOW = 10**18  # long after the files' times: nothing waits for its turn
NAMES = ("a", "b", ".env", "src", "node_modules", "package.json", "package-lock.json")
LINK = stat.S_IFLNK | 0o777

Item = bytes | str | dict[str, "Item"]  # a file, a link, a folder
items: st.SearchStrategy[Item] = st.recursive(
    st.one_of(st.binary(max_size=3), st.text(st.sampled_from("xy"), min_size=1, max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
trees: st.SearchStrategy[dict[str, Item]] = st.dictionaries(st.sampled_from(NAMES), items, max_size=5)


def folder(tree: dict[str, Item]) -> MemoryFolder:
    """The tree as a disk would show it: what differs has another time of change."""
    made = MemoryFolder()
    for name, item in tree.items():
        if isinstance(item, dict):
            made.items[name] = folder(item)
        elif isinstance(item, str):
            made.items[name] = MemoryFile(mode=LINK, target=item, ctime_ns=_stamp(item.encode()))
        else:
            made.items[name] = MemoryFile(item, ctime_ns=_stamp(item))
    return made


def _stamp(content: bytes) -> int:
    return int.from_bytes(b"\x01" + content, "big")


def contents(tree: dict[str, Item], above: str = "") -> dict[str, bytes]:
    """Every file of a tree by path; of a folder that policy leaves out, what no package manager put there."""
    found: dict[str, bytes] = {}
    for name, item in tree.items():
        if isinstance(item, bytes):
            found[above + name] = item
        elif isinstance(item, dict) and not _left_out(tree, name, item):
            found |= contents(item, f"{above}{name}/")
        elif isinstance(item, dict):
            found |= _by_hand(item, f"{above}{name}/", secrets=(".env",))
    return found


def _by_hand(modules: dict[str, Item], above: str, secrets: tuple[str, ...] = ()) -> dict[str, bytes]:
    """What in a `node_modules` is no package: files, and folders without a package.json."""
    found: dict[str, bytes] = {}
    for name, item in modules.items():
        if isinstance(item, bytes) and (name in secrets or not name.startswith(".")):
            found[above + name] = item
        elif isinstance(item, dict) and not name.startswith("."):
            if "package.json" not in item:
                found |= contents(item, f"{above}{name}/")
            elif isinstance(inner := item.get("node_modules"), dict):
                found |= _by_hand(inner, f"{above}{name}/node_modules/")
    return found


def _left_out(tree: dict[str, Item], name: str, item: dict[str, Item]) -> bool:
    return not DEFAULT.folder(name, name, set(tree), lambda: set(item)).keep


class Project:
    def __init__(self) -> None:
        self.store = Store.create(Path("/vault"), filesystem=MemoryFileSystem())
        self._signatures: dict[str, bytes] = {}

    def run(self, tree: dict[str, Item]) -> Run:
        done = back_up(
            self.store,
            SnapshotDraft(project=PROJECT, created_ns=NOW, kind="automatic"),
            folder(tree),
            DEFAULT,
            signatures=lambda _: self._signatures,
            clock=lambda: NOW,
        )
        self._signatures = dict(done.signatures)
        return done

    def files(self, run: Run) -> dict[str, Entry]:
        return {e.path: e for e in self.store.manifest(run.backup.snapshot) if e.blob is not None}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees, min_size=1, max_size=4))
def test_every_snapshot_is_the_project_as_it_was(states: list[dict[str, Item]]) -> None:
    project = Project()

    kept = [
        {path: project.store.read(e.blob) for path, e in project.files(project.run(state)).items() if e.blob}
        for state in states
    ]

    assert kept == [contents(state) for state in states]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees, min_size=2, max_size=4))
def test_the_index_is_told_what_comparing_the_snapshots_would_tell(states: list[dict[str, Item]]) -> None:
    project = Project()
    before: dict[str, Entry] = project.files(project.run(states[0]))

    for state in states[1:]:
        run = project.run(state)
        after = project.files(run)
        expected = compare(before, after)
        assert set(run.changes.changed) == set(expected.changed)
        assert sorted(run.changes.removed) == sorted(expected.removed)
        before = after


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_a_project_that_did_not_change_is_not_read_and_makes_no_snapshot(tree: dict[str, Item]) -> None:
    project = Project()
    first = project.run(tree)

    second = project.run(tree)

    assert (second.recorded, second.backup.stats.read_files) == (False, 0)
    assert second.backup.snapshot == first.backup.snapshot
