import os
from pathlib import Path

from codevault.vcs import snapshot_facts


def test_a_snapshot_records_only_what_is_known(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("1" * 40)
    (tmp_path / ".git" / "MERGE_HEAD").write_text("2" * 40)

    assert snapshot_facts(tmp_path) == {"vcs": "git", "head": "1" * 40, "in_progress": "merge", "detached": True}


def test_a_snapshot_without_version_control_records_nothing(tmp_path: Path) -> None:
    assert snapshot_facts(tmp_path) == {}


def test_leaves_no_descriptors_open(tmp_path: Path) -> None:
    for name in (".git", ".hg", ".svn"):
        (tmp_path / name).mkdir()
    before = len(os.listdir("/dev/fd"))

    snapshot_facts(tmp_path)

    assert len(os.listdir("/dev/fd")) == before
