"""Links come back as they were written, whatever they say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.analysis.kinds import ChangeKind
from codevault.ids import SnapshotId
from codevault.index.index import Index
from codevault.index.lineage_model import Link, PathStep, Spot
from codevault.index.model import FileChange, ProjectFacts, SnapshotFacts
from tests.index.scenes import SHOP, VAULT, blob_of

PATHS = ("a.py", "b/c.py", "d.py")
spots = st.builds(
    Spot,
    version=st.integers(-400, 400),
    path=st.sampled_from(PATHS),
    qualified_name=st.sampled_from(("f", "Table.rate", "größe", "g")),
    ordinal=st.integers(0, 3),
    position=st.integers(0, 300),
)


@st.composite
def path_steps(draw: st.DrawFn, path: str, number: int) -> PathStep:
    links = []
    for _ in range(draw(st.integers(0, 4))):
        before = draw(st.none() | spots)
        after = draw(spots if before is None else st.none() | spots)
        links.append(
            Link(
                tuple(kind for kind in map(str, ChangeKind) if draw(st.booleans())),
                before,
                None if after is None else after._replace(version=number, path=path),
                draw(st.sampled_from(("", "same tokens"))),
                draw(st.sampled_from((1.0, 0.95, 0.5, 0.0))),
                tuple(draw(st.lists(spots, max_size=2))),
            )
        )
    return PathStep(draw(st.integers(-400, 400)), draw(st.booleans()), draw(st.booleans()), tuple(links))


def shop() -> Index:
    index = Index.in_memory(vault_id=VAULT)
    index.put_project(ProjectFacts(id=SHOP, name="shop"))
    for sequence in (1, 2):
        text = b"def f():\n    return %d\n" % sequence
        changed = [FileChange(path=path, blob=blob_of(text), size=len(text)) for path in PATHS]
        identity = SnapshotId(f"{sequence:064x}")
        index.add_snapshot(
            SnapshotFacts(id=identity, project=SHOP, sequence=sequence, created_ns=sequence, changed=changed)
        )
    return index


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_a_version_did_is_read_as_it_was_written(data: st.DataObject) -> None:
    with shop() as index:
        for _ in range(2):  # the second takes the first one's place
            steps = {path: data.draw(path_steps(path, 2)) for path in data.draw(st.sets(st.sampled_from(PATHS)))}
            index.link(SHOP, 2, (1,), steps)
        lineage = index.lineage(SHOP)

        assert lineage.version(2) == steps
        assert {path: lineage.step(path, 2) for path in PATHS} == {path: steps.get(path) for path in PATHS}
        assert lineage.unlinked() == []
