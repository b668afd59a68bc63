import pytest

from codevault.store.grouping import LARGE_MEMBER, Group, Lines, Version, base_within, planned_groups

ALONE: frozenset[int] = frozenset()


def version(name: str, line: int = 0, age: int = 0, size: int = 10) -> Version:
    return Version(blob=name.encode(), size=size, line=line, age=age)


def names(groups: list[Group]) -> list[list[str]]:
    return [[member.blob.decode() for member in group.members] for group in groups]


def test_versions_of_a_path_stand_together_the_newest_first() -> None:
    versions = [version("b1", 1, 1), version("a1", 0, 1), version("a2", 0, 2), version("b2", 1, 2)]
    assert names(list(planned_groups(versions, [0, 1], ALONE))) == [["a2", "a1", "b2", "b1"]]


def test_the_order_of_what_is_given_does_not_matter() -> None:
    versions = [version(str(number), number % 3, number % 5) for number in range(20)]
    assert list(planned_groups(versions, [2, 0, 1], ALONE, 35)) == list(
        planned_groups(reversed(versions), [2, 0, 1], ALONE, 35)
    )


def test_a_group_never_holds_more_than_the_limit_unless_one_blob_does() -> None:
    versions = [version("a", size=60), version("b", 1, size=30), version("c", 2, size=20), version("d", 3, size=20)]
    assert names(list(planned_groups(versions, [0, 1, 2, 3], ALONE, 50))) == [["a"], ["b", "c"], ["d"]]


def test_manifests_of_a_project_share_a_frame_with_nothing_else() -> None:
    lines = Lines()
    path, one, other = lines.path("p", "a.py"), lines.manifests("p"), lines.manifests("q")
    ranks, apart = lines.ranks()
    versions = [version("file", path), version("first", one), version("second", other)]
    assert names(list(planned_groups(versions, ranks, apart))) == [["first"], ["second"], ["file"]]


def test_lines_that_rest_on_each_other_stand_together() -> None:
    lines = Lines()
    a, b, moved = lines.path("p", "a"), lines.path("p", "b"), lines.path("q", "moved")
    ranks, _ = lines.ranks([(moved, a)])
    assert sorted([a, b, moved], key=ranks.__getitem__) == [a, moved, b]


def test_what_has_no_path_stands_last() -> None:
    lines = Lines()
    loose, path = lines.loose(), lines.path("p", "\U0010fffe")
    ranks, _ = lines.ranks()
    assert ranks[path] < ranks[loose]


def test_a_line_has_one_number_however_often_it_is_asked_for() -> None:
    lines = Lines()
    assert lines.path("p", "a") == lines.path("p", "a") != lines.path("q", "a")


def test_what_repeats_itself_is_compressed_hardest() -> None:
    history = Group(members=(version("2", 0, 2), version("1", 0, 1)), later_bytes=10)
    first = Group(members=(version("a", 0), version("b", 1)), later_bytes=0)
    assert history.level == 19
    assert first.level < 19


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({b"b", b"c"}, b"b"), ({b"c"}, b"c"), ({b"d"}, None)],
    ids=["the base itself", "what it rests on", "none"],
)
def test_a_base_nobody_wants_is_exchanged_for_what_it_rests_on(wanted: set[bytes], found: bytes | None) -> None:
    assert base_within(b"b", wanted.__contains__, {b"b": b"c"}) == found


def test_a_circle_of_bases_ends() -> None:
    assert base_within(b"a", frozenset().__contains__, {b"a": b"b", b"b": b"a"}) is None


def test_large_blobs_are_those_of_which_eight_fill_a_frame() -> None:
    assert LARGE_MEMBER * 8 == 4 << 20
