"""What Mercurial's own files say about a working copy. No hg program runs: it would run the repository's extensions."""

from __future__ import annotations

from codevault.vcs.model import RepositoryFacts, System
from codevault.vcs.reading import ReadFolder
from codevault.vcs.urls import public_url

_NULL = "0" * 40
_V2_MARK = b"dirstate-v2\n"

_OPERATIONS: tuple[tuple[str, str], ...] = (
    ("rebasestate", "rebase"),
    ("graftstate", "graft"),
    ("histedit-state", "histedit"),
    ("shelvedstate", "unshelve"),
    ("updatestate", "update"),
    ("bisect.state", "bisect"),
)


def read_hg(root: ReadFolder) -> RepositoryFacts | None:
    """The facts of the repository at `root`, None without one."""
    kind = root.kind(".hg")
    if not kind:
        return None
    folder = root.enter(".hg")
    if folder is None:
        why = ".hg is a link: not followed" if kind == "link" else ".hg cannot be read"
        return RepositoryFacts(system=System.HG, notes=(why,))
    with folder:
        notes = []
        if folder.kind("sharedpath"):
            notes.append("the history is shared with another repository")
        first, second = _parents(folder)
        if not first:
            notes.append("dirstate is missing or of an unknown kind")
        operation = next((name for path, name in _OPERATIONS if folder.kind(path) == "file"), "")
        return RepositoryFacts(
            system=System.HG,
            branch=_line(folder.read("branch")) or "default",
            head="" if first == _NULL else first,
            remote=public_url(_default_path(folder.read("hgrc"))),
            in_progress=operation or ("merge" if second not in {"", _NULL} else ""),
            notes=tuple(notes),
        )


def _parents(folder: ReadFolder) -> tuple[str, str]:
    """The working copy's parents in hexadecimal, 40 zeros for none; empty texts when dirstate does not say.

    Version 1 starts with two ids of 20 bytes; version 2 with its mark and two of 32, of which 20 are used
    (Mercurial, helptext/internals/dirstate-v2.txt, "Docket"). A repository without commits has no dirstate.
    """
    content = folder.read("dirstate", 128)
    if content is None:
        return (_NULL, _NULL) if not folder.kind("dirstate") else ("", "")
    if content.startswith(_V2_MARK):
        ids, width = content[len(_V2_MARK) :], 32
    else:
        ids, width = content, 20
    if len(ids) < 2 * width:
        return (_NULL, _NULL) if not content else ("", "")
    return ids[:20].hex(), ids[width : width + 20].hex()


def _default_path(content: bytes | None) -> str:
    """`default` in the section `[paths]`; lines that include other files are not followed."""
    section = ""
    url = ""
    for line in (content or b"").decode("utf-8", "replace").splitlines():
        if line.startswith("["):
            section = line.strip()
            continue
        key, equals, value = line.partition("=")
        if section == "[paths]" and equals and key.strip() == "default":
            url = value.strip()
    return url


def _line(content: bytes | None) -> str:
    name = (content or b"").decode("utf-8", "replace").strip()
    return name if name.isprintable() and len(name) <= 1024 else ""
