import os
from pathlib import Path

import pytest

from codevault.vcs import RepositoryFacts, System, detect

ONE = "1" * 40
TWO = "2" * 40
CONFIG = '[remote "origin"]\n\turl = https://joe:hunter2@host/shop.git\n'


def repository(root: Path, *, head: str = "ref: refs/heads/main\n", config: str = CONFIG) -> Path:
    git = root / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    (git / "config").write_text(config)
    (git / "refs" / "heads" / "main").write_text(ONE + "\n")
    return git


def facts(root: Path) -> RepositoryFacts:
    found = detect(root)
    assert found is not None
    return found


def test_reads_branch_commit_and_remote(tmp_path: Path) -> None:
    repository(tmp_path)

    assert detect(tmp_path) == RepositoryFacts(
        system=System.GIT, branch="main", head=ONE, remote="https://host/shop.git"
    )


def test_finds_nothing_in_a_folder_without_repository(tmp_path: Path) -> None:
    assert detect(tmp_path) is None
    assert detect(tmp_path / "missing") is None


def test_finds_a_packed_branch(tmp_path: Path) -> None:
    git = repository(tmp_path)
    (git / "refs" / "heads" / "main").unlink()
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled fully-peeled sorted \n{ONE} refs/heads/main-old\n{TWO} refs/heads/main\n^{ONE}\n"
    )

    assert facts(tmp_path).head == TWO


def test_finds_a_packed_branch_that_lies_across_two_blocks(tmp_path: Path) -> None:
    git = repository(tmp_path)
    (git / "refs" / "heads" / "main").unlink()
    filler = "".join(f"{ONE} refs/tags/v{number:05}\n" for number in range(1129))
    content = filler + f"{TWO} refs/heads/main"
    (git / "packed-refs").write_text(content)

    assert len(filler) < 1 << 16 < len(content)
    assert facts(tmp_path).head == TWO


def test_a_loose_branch_wins_over_a_packed_one(tmp_path: Path) -> None:
    git = repository(tmp_path)
    (git / "packed-refs").write_text(f"{TWO} refs/heads/main\n")

    assert facts(tmp_path).head == ONE


def test_a_branch_without_commits_has_no_head(tmp_path: Path) -> None:
    repository(tmp_path, head="ref: refs/heads/feature/new\n")

    assert (facts(tmp_path).branch, facts(tmp_path).head, facts(tmp_path).detached) == ("feature/new", "", False)


def test_follows_a_branch_that_stands_for_another(tmp_path: Path) -> None:
    git = repository(tmp_path, head="ref: refs/heads/alias\n")
    (git / "refs" / "heads" / "alias").write_text("ref: refs/heads/main\n")

    assert (facts(tmp_path).branch, facts(tmp_path).head) == ("alias", ONE)


def test_reads_a_detached_head(tmp_path: Path) -> None:
    repository(tmp_path, head=TWO + "\n")

    assert (facts(tmp_path).branch, facts(tmp_path).head, facts(tmp_path).detached) == ("", TWO, True)


def test_reads_ids_of_sha256_repositories(tmp_path: Path) -> None:
    repository(tmp_path, head="a" * 64)

    assert facts(tmp_path).head == "a" * 64


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
        ("rebase-merge/onto", "rebase"),
        ("rebase-apply/onto", "rebase"),
        ("rebase-apply/applying", "am"),
    ],
)
def test_names_the_operation_in_progress(tmp_path: Path, name: str, operation: str) -> None:
    marker = repository(tmp_path) / name
    marker.parent.mkdir(exist_ok=True)
    marker.write_text(TWO)

    assert facts(tmp_path).in_progress == operation


def test_a_rebase_names_the_branch_being_rebased(tmp_path: Path) -> None:
    git = repository(tmp_path, head=TWO)
    (git / "rebase-merge").mkdir()
    (git / "rebase-merge" / "head-name").write_text("refs/heads/topic\n")
    (git / "MERGE_HEAD").write_text(ONE)

    assert (facts(tmp_path).branch, facts(tmp_path).in_progress, facts(tmp_path).detached) == ("topic", "rebase", True)


def test_tells_the_remote_that_the_branch_follows(tmp_path: Path) -> None:
    repository(
        tmp_path,
        config='[remote "origin"]\nurl=a:x\n[remote "acme"]\nurl=b:y\nurl=c:z\n[branch "main"]\nremote=acme\n',
    )

    assert facts(tmp_path).remote == "b:y"


def test_tells_any_remote_when_there_is_no_origin(tmp_path: Path) -> None:
    repository(tmp_path, config='[remote "acme"]\nurl=b:y\n')

    assert facts(tmp_path).remote == "b:y"


def test_a_repository_without_remotes_has_none(tmp_path: Path) -> None:
    repository(tmp_path, config="[core]\nbare=false\n")

    assert (facts(tmp_path).remote, facts(tmp_path).notes) == ("", ())


def test_follows_a_pointer_to_a_folder_in_the_project(tmp_path: Path) -> None:
    repository(tmp_path).rename(tmp_path / "real")
    (tmp_path / ".git").write_text("gitdir: real\n")

    assert (facts(tmp_path).head, facts(tmp_path).notes) == (ONE, ())


def test_does_not_follow_a_pointer_out_of_the_project(tmp_path: Path) -> None:
    repository(tmp_path / "other")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").write_text(f"gitdir: {tmp_path}/other/.git\n")

    assert facts(project) == RepositoryFacts(
        system=System.GIT,
        notes=("the file .git points to a repository that is missing or outside: not followed",),
    )


def test_reads_a_further_work_tree_within_known_bounds(tmp_path: Path) -> None:
    git = repository(tmp_path / "main")
    own = git / "worktrees" / "topic"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text("../..\n")
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / ".git").write_text(f"gitdir: {own}\n")

    found = detect(tmp_path / "topic", within=tmp_path)

    assert found == RepositoryFacts(system=System.GIT, branch="main", head=ONE, remote="https://host/shop.git")


def test_bounds_that_do_not_exist_let_nothing_be_read(tmp_path: Path) -> None:
    repository(tmp_path)

    assert detect(tmp_path, within=tmp_path / "missing") is None


def test_does_not_look_for_references_outside(tmp_path: Path) -> None:
    repository(tmp_path / "other")
    git = repository(tmp_path / "project", head="ref: refs/heads/secret\n")
    (tmp_path / "other" / ".git" / "refs" / "heads" / "secret").write_text(TWO)
    (git / "commondir").write_text("../../other/.git")

    assert facts(tmp_path / "project").head == ""
    assert (
        "the repository this work tree belongs to is missing or outside: not followed"
        in facts(tmp_path / "project").notes
    )


def test_names_a_reftable_as_unread(tmp_path: Path) -> None:
    git = repository(tmp_path, head="ref: refs/heads/.invalid\n")
    (git / "reftable").mkdir()

    assert facts(tmp_path).notes == ("references are in a reftable, which is not read",)


def test_mentions_a_second_system(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / ".hg").mkdir()

    assert facts(tmp_path).notes == ("the folder is under hg as well",)


@pytest.mark.parametrize(
    "pointer",
    ["", "gitdir:", "gitdir: /", "gitdir: /etc", "gitdir: ..", "gitdir: a\x00b", "gitdir: " + "a/" * 500, "elsewhere"],
)
def test_survives_pointers_that_lead_nowhere(tmp_path: Path, pointer: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").write_text(pointer)

    assert (facts(project).head, len(facts(project).notes) > 0) == ("", True)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "ref: ",
        "ref: /etc/passwd",
        "ref: refs/../../../etc/passwd",
        "ref: refs/heads/\x1b[31m",
        "ref: refs//x",
        "ref: refs/" + "a" * 5000,
        ONE[:39],
        "\x00\xff" * 100,
    ],
)
def test_says_when_head_is_nonsense(tmp_path: Path, head: str) -> None:
    repository(tmp_path, head=head)

    assert (facts(tmp_path).head, facts(tmp_path).branch) == ("", "")
    assert facts(tmp_path).notes == ("HEAD is missing or says neither a branch nor a commit",)


def test_says_when_branches_stand_for_each_other(tmp_path: Path) -> None:
    git = repository(tmp_path)
    (git / "refs" / "heads" / "main").write_text("ref: refs/heads/main\n")

    assert facts(tmp_path).notes == ("references point to each other in a circle or too deeply",)


def test_does_not_wait_for_fifos(tmp_path: Path) -> None:
    git = repository(tmp_path)
    for name in ("HEAD", "config", "refs/heads/main"):
        (git / name).unlink()
        os.mkfifo(git / name)

    assert facts(tmp_path).notes == (
        "HEAD is missing or says neither a branch nor a commit",
        "the configuration is missing or cannot be read",
    )


def test_follows_no_links(tmp_path: Path) -> None:
    outside = repository(tmp_path / "outside")
    git = repository(tmp_path / "project", head="ref: refs/heads/linked/main\n")
    (git / "config").unlink()
    (git / "config").symlink_to(outside / "config")
    (git / "refs" / "heads" / "linked").symlink_to(outside / "refs" / "heads")

    assert (facts(tmp_path / "project").head, facts(tmp_path / "project").remote) == ("", "")


def test_does_not_follow_a_link_in_place_of_the_repository(tmp_path: Path) -> None:
    repository(tmp_path / "outside")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".git").symlink_to(tmp_path / "outside" / ".git")

    assert facts(tmp_path / "project").notes == (".git is a link: not followed",)


def test_a_fifo_in_place_of_the_repository_is_only_noted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".git")

    assert facts(tmp_path).notes == (".git cannot be read",)


def test_reads_only_the_beginning_of_an_endless_configuration(tmp_path: Path) -> None:
    repository(tmp_path, config="[a]\n" + "# x\n" * 20_000 + CONFIG)

    assert facts(tmp_path).notes == ("the configuration is very long: only its beginning was read",)
    assert facts(tmp_path).remote == ""


def test_reads_only_the_beginning_of_an_endless_head(tmp_path: Path) -> None:
    git = repository(tmp_path)
    os.truncate(git / "HEAD", 1 << 40)

    assert facts(tmp_path).notes == ("HEAD is missing or says neither a branch nor a commit",)


def test_reads_only_the_beginning_of_an_endless_list_of_references(tmp_path: Path) -> None:
    git = repository(tmp_path, head="ref: refs/heads/gone\n")
    (git / "packed-refs").write_text(f"{ONE} refs/heads/main\n")
    os.truncate(git / "packed-refs", 1 << 40)

    assert (facts(tmp_path).branch, facts(tmp_path).head) == ("gone", "")


def test_does_not_show_a_url_that_the_limit_cut_in_half(tmp_path: Path) -> None:
    head = '[remote "origin"]\n#'
    url = "\nurl = https://joe:hunter2hunter2"
    repository(tmp_path, config=head + "x" * ((1 << 16) - len(head) - len(url)) + url + "@host/shop\n")

    assert facts(tmp_path).remote == ""


def test_does_not_run_or_read_what_the_configuration_names(tmp_path: Path) -> None:
    (tmp_path / "more").write_text('[remote "origin"]\nurl = evil:x\n')
    repository(
        tmp_path,
        config="[include]\npath = ../more\n[core]\nfsmonitor = touch canary\nworktree = /etc\neditor = touch canary",
    )

    assert facts(tmp_path).remote == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "more"]
