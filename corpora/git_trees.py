"""Trees of a git repository: listed, laid into a folder, compared with one, chained into a repository of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_IDENTITY = {
    "GIT_AUTHOR_NAME": "replay",
    "GIT_AUTHOR_EMAIL": "replay@example.org",
    "GIT_COMMITTER_NAME": "replay",
    "GIT_COMMITTER_EMAIL": "replay@example.org",
}
_FIRST_SECOND = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file or symbolic link of a tree: git's mode and object id."""

    mode: str
    object_id: str


def git(git_dir: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a git command prints, without the last line end."""
    command = ["git", "--git-dir", str(git_dir), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def spaced_commits(git_dir: Path, count: int) -> list[str]:
    """That many first-parent commits of HEAD, oldest first, evenly spaced, the first and the last among them."""
    commits = git(git_dir, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    if len(commits) <= count:
        return commits
    return [commits[round(number * (len(commits) - 1) / (count - 1))] for number in range(count)]


def tree_of(git_dir: Path, commit: str) -> dict[str, Leaf]:
    """All files and links of a commit by path; submodules are left out, as a checkout without them would."""
    leaves = {}
    for line in git(git_dir, "ls-tree", "-r", "-z", commit).split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, kind, object_id = facts.split()
            if kind == "blob":
                leaves[path] = Leaf(mode, object_id)
    return leaves


class Contents:
    """Reads blobs through one `git cat-file --batch`."""

    def __init__(self, to_git: IO[bytes], from_git: IO[bytes]) -> None:
        self._to_git = to_git
        self._from_git = from_git

    def read(self, object_id: str) -> bytes:
        """The bytes of a blob."""
        self._to_git.write(f"{object_id}\n".encode())
        self._to_git.flush()
        size = int(self._from_git.readline().split()[2])
        content = self._from_git.read(size)
        self._from_git.read(1)
        return content


@contextmanager
def contents(git_dir: Path) -> Iterator[Contents]:
    """A reader of blobs for as long as the block lasts."""
    command = ["git", "--git-dir", str(git_dir), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:  # pragma: no cover - both were asked for
            raise RuntimeError("git cat-file has no pipes")
        yield Contents(process.stdin, process.stdout)


def lay(tree: dict[str, Leaf], before: dict[str, Leaf], folder: Path, blobs: Contents) -> None:
    """Turn the folder, which holds the tree `before`, into `tree`, writing only what differs."""
    for path in before.keys() - tree.keys():
        gone = folder / path
        gone.unlink()
        parent = gone.parent
        while parent != folder and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
    for path, leaf in tree.items():
        if before.get(path) != leaf:
            _write(folder / path, leaf, blobs.read(leaf.object_id))


def _write(target: Path, leaf: Leaf, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if leaf.mode == "120000":
        target.symlink_to(os.fsdecode(content))
        return
    target.write_bytes(content)
    target.chmod(0o755 if leaf.mode == "100755" else 0o644)


def differences(tree: dict[str, Leaf], folder: Path, blobs: Contents) -> list[str]:
    """Paths that the folder lacks, has too many, or holds with other bytes, another kind or executable bit."""
    found = set()
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(root, name))]
        for name in (*files, *links):
            found.add(Path(root, name).relative_to(folder).as_posix())
    wrong = sorted(found.symmetric_difference(tree))
    for path, leaf in tree.items():
        if path in found and not _equal(folder / path, leaf, blobs.read(leaf.object_id)):
            wrong.append(path)
    return wrong


def _equal(path: Path, leaf: Leaf, content: bytes) -> bool:
    if leaf.mode == "120000":
        return path.is_symlink() and os.fsencode(os.readlink(path)) == content
    executable = bool(path.stat().st_mode & 0o100)
    return not path.is_symlink() and path.read_bytes() == content and executable == (leaf.mode == "100755")


def linear_repository(git_dir: Path, commits: Sequence[str], target: Path) -> None:
    """A bare repository at `target` that holds just these commits' trees, one after the other, and nothing else."""
    chain = target.with_name(f"{target.name}-chain")
    subprocess.run(["git", "init", "-q", "--bare", str(chain)], check=True)
    (chain / "objects/info/alternates").write_text(f"{git_dir.resolve() / 'objects'}\n")
    parent: list[str] = []
    for number, commit in enumerate(commits):
        date = f"{_FIRST_SECOND + number} +0000"
        environment = {**_IDENTITY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        tree = git(git_dir, "rev-parse", f"{commit}^{{tree}}")
        made = git(chain, "commit-tree", tree, *parent, "-m", f"state {number}", environment=environment)
        parent = ["-p", made]
    git(chain, "update-ref", "refs/heads/main", parent[1])
    git(chain, "symbolic-ref", "HEAD", "refs/heads/main")
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", str(chain), str(target)], check=True)
