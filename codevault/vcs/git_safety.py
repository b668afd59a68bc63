"""Which of the current commit's files exist on another machine: asked of git once, then remembered.

Safe is what the current commit's tree holds, less what `rev-list --objects HEAD --not TIPS` names. Git names too much
rather than too little there (it leaves an object out only when a commit under the tips holds it), so every error is on
the side of storing. Each object is read and hashed once before it counts: a damaged store is found then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.model import ObjectId
from codevault.vcs.programs import Limits, ProgramFailed
from codevault.vcs.remembering import Memory

_WALK = Limits(seconds=600.0, output=4 << 30)
_MODES = (b"100", b"120")  # files and links
SUBMODULE_MARK = "+"  # before a submodule's commit, which is no object of this repository


class Safety:
    """Answers for one repository; `memory` spares git when nothing has moved."""

    def __init__(
        self, scratch: Callable[[], ScratchGit], memory: Memory, object_id: Callable[[bytes], ObjectId]
    ) -> None:
        self._scratch = scratch
        self._memory = memory
        self._object_id = object_id

    def of_head(self, head: str, tips: Iterable[str], shallow: bytes = b"") -> frozenset[ObjectId]:
        """The safe objects among the files of the commit `head`, given the commits that other machines have.

        Raises:
            ProgramFailed: an object is missing or damaged, or git fails.
        """
        key = "\n".join((head, *sorted(tips))).encode("ascii") + b"\n" + shallow
        remembered = self._memory.recall("safe", key)
        if remembered is not None:
            return frozenset(remembered.decode("ascii").split())  # type: ignore[arg-type]  # as they were kept
        tree = tree_objects(self._scratch, self._memory, head).values()
        held = {named for named in tree if not named.startswith(SUBMODULE_MARK)}
        safe = held - self._unsafe(head, tips)
        self._check(safe)
        self._memory.keep("safe", key, "\n".join(sorted(safe)).encode("ascii"))
        return frozenset(map(ObjectId, safe))

    def _unsafe(self, head: str, tips: Iterable[str]) -> set[str]:
        given = "".join((f"{head}\n", *(f"^{tip}\n" for tip in tips))).encode("ascii")
        arguments = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--ignore-missing", "--stdin")
        return {
            line.lstrip("?") for line in self._scratch().run(*arguments, given=given, limits=_WALK).decode().split("\n")
        }

    def _check(self, objects: set[str]) -> None:
        """Reads every object that was not read before and compares it with its name."""
        remembered = (self._memory.recall("checked", b"") or b"").decode("ascii").split()
        new = sorted(objects.difference(remembered))
        if not new:
            return
        for name, kind, content in self._scratch().objects.read_all(new):
            if kind != "blob" or self._object_id(content) != name:
                raise ProgramFailed("an object is missing or not what its name says")
        self._memory.keep("checked", b"", "\n".join(sorted(objects)).encode("ascii"))


def tree_objects(scratch: Callable[[], ScratchGit], memory: Memory, head: str) -> Mapping[bytes, str]:
    """What the commit `head` holds: object ids by path, those of submodules' commits marked.

    Raises:
        ProgramFailed: a tree is missing or damaged, or git fails.
    """
    key = head.encode("ascii")
    listed = memory.recall("tree", key)
    if listed is None:
        listed = scratch().run("ls-tree", "-r", "-z", "--full-tree", head, limits=_WALK)
        memory.keep("tree", key, listed)
    found = {}
    for line in listed.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            named = facts.rpartition(b" ")[2].decode("ascii")
            found[path] = named if facts[:3] in _MODES else SUBMODULE_MARK + named
    return found
