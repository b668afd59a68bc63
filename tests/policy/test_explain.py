from collections.abc import Callable, Collection

from codevault.policy import CACHE_SIGNATURE, DEFAULT, FolderView, PathClass, explain


def view(
    name: str,
    beside: Collection[str] = (),
    inside: Collection[str] = (),
    head: Callable[[str], bytes] | None = None,
) -> FolderView:
    return FolderView(name=name, siblings={*beside, name}, children=lambda: inside, head=head)


def test_the_outermost_folder_that_is_left_out_decides() -> None:
    folders = [view("web"), view("node_modules", {"package.json", "yarn.lock"}, {"x"}), view(".git", (), {"HEAD"})]

    verdict = explain(DEFAULT, folders, ".env", 10)

    assert (verdict.keep, verdict.path_class, verdict.rebuild) == (
        False,
        PathClass.DEPENDENCY,
        "yarn install --frozen-lockfile",
    )
    assert [reason.evidence for reason in verdict.reasons] == ["node_modules beside package.json and yarn.lock"]


def test_a_file_below_ordinary_folders_decides_for_itself() -> None:
    verdict = explain(DEFAULT, [view("src"), view("shop")], ".env", 10)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SECRET, True, False)


def test_a_file_at_the_root_needs_no_folders() -> None:
    assert explain(DEFAULT, [], "app.py", 10) == DEFAULT.file("app.py", 10)


def test_places_count_in_an_explanation_as_in_a_scan() -> None:
    assert explain(DEFAULT, [view(".cargo")], "credentials", 10).path_class is PathClass.SECRET


def test_what_lies_in_version_control_is_kept_and_not_indexed() -> None:
    verdict = explain(DEFAULT, [view(".git", (), {"HEAD"}), view("hooks")], "pre-commit.py", 10)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.VCS, True, False)
    assert [reason.evidence for reason in verdict.reasons] == ["named .git", "*.py"]


def test_the_chain_shows_a_doubtful_folder_and_the_files_own_reason() -> None:
    verdict = explain(DEFAULT, [view("build", {"CMakeLists.txt"}, {"main.cpp"})], "main.cpp", 10)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SOURCE, True, True)
    assert [reason.rule for reason in verdict.reasons] == ["build-output folder, kept in doubt", "source code"]


def test_explains_a_folder_itself() -> None:
    ordinary = explain(DEFAULT, [view("src")])
    doubtful = explain(DEFAULT, [view("src"), view("build", {"setup.py"}, {"a.py"})])

    assert (ordinary.path_class, ordinary.reasons) == (PathClass.SOURCE, ())
    assert (doubtful.path_class, doubtful.certain) == (PathClass.BUILD_OUTPUT, False)


def test_a_cache_tag_counts_only_with_its_signature() -> None:
    names = {"CACHEDIR.TAG", "0f"}
    signed = view("blobs", (), names, lambda name: CACHE_SIGNATURE)
    unread = view("blobs", (), names)

    assert not explain(DEFAULT, [signed], "0f", 10).keep
    assert explain(DEFAULT, [unread], "0f", 10).keep
    assert not explain(DEFAULT, [unread], "0f", 10).index


def test_a_secret_in_a_folder_without_index_is_a_reason_of_its_own() -> None:
    verdict = explain(DEFAULT, [view("site-packages", (), {"x.dist-info"})], ".env", 10)

    assert not verdict.index
    assert verdict.reasons[-1].evidence == ".env"
