import subprocess
from pathlib import Path

from codevault.vcs import RepositoryFacts, System, detect


def test_reads_what_subversion_itself_writes(tmp_path: Path) -> None:
    repository = (tmp_path / "repository").as_uri()
    for command in (
        ["svnadmin", "create", str(tmp_path / "repository")],
        ["svn", "mkdir", "-q", "-m", "layout", f"{repository}/trunk"],
        ["svn", "checkout", "-q", f"{repository}/trunk", str(tmp_path / "work")],
    ):
        subprocess.run(command, check=True, timeout=60)

    assert detect(tmp_path / "work") == RepositoryFacts(system=System.SVN, branch="trunk", head="1", remote=repository)
