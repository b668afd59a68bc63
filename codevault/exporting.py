"""Handing over: projects as a plain folder or an archive that needs no CodeVault, with a page on what is in it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codevault.archives import is_archive, pack, sums_of
from codevault.contexts import Chosen
from codevault.errors import RestoreRefused
from codevault.ids import VaultId
from codevault.moments import iso
from codevault.projects.model import Project, ProjectChange, to_document
from codevault.restore_model import Restored
from codevault.store.records import readable_time

Give = Callable[[Chosen, Path], Restored]
"""Restores a snapshot of a project into its folder below another one."""

_PAGE, _SUMS, _FACTS = "README.txt", "SHA256SUMS", "projects.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What an export will hold: snapshots of projects with their folders, and content in bytes before compression."""

    target: Path
    chosen: tuple[Chosen, ...]
    skipped: tuple[tuple[Project, str], ...]
    files: int
    bytes: int
    left: int

    @property
    def complete(self) -> bool:
        """True when every project is in it, and no content of theirs rests on a repository that is not at hand."""
        return not self.skipped and not self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export: where it is, files and bytes of content in it, what could not be given, by project and path."""

    target: Path
    chosen: tuple[Chosen, ...]
    files: int
    bytes: int
    problems: tuple[tuple[str, str, str], ...]

    @property
    def complete(self) -> bool:
        """True when everything that was asked for is in it."""
        return not self.problems


def export(
    plan: ExportPlan, give: Give, *, log_of: Callable[[Project], tuple[ProjectChange, ...]], vault: VaultId, now_ns: int
) -> Exported:
    """Writes the export: everything beside its place first, which it takes when it is whole and was read back.

    Raises:
        RestoreRefused: something lies there already, or it cannot be written; nothing is left.
    """
    target = plan.target
    if os.path.lexists(target):
        raise RestoreRefused(f"{target} exists: give another name", target)
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as exc:
        raise RestoreRefused(f"cannot write beside {target}: {exc.strerror}", target) from exc
    try:
        folder = work / "export"
        folder.mkdir()
        given = [(one, give(one, folder)) for one in plan.chosen]
        problems = tuple(_problems(plan, given))
        _write_pages(folder, plan, given, problems, log_of=log_of, vault=vault, now_ns=now_ns)
        if is_archive(target):
            pack(folder, target)
        else:
            os.rename(folder, target)
    except OSError as exc:
        raise RestoreRefused(f"the export to {target} failed: {exc.strerror}", target) from exc
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Exported(
        target=target,
        chosen=plan.chosen,
        files=sum(done.files for _, done in given),
        bytes=sum(done.bytes for _, done in given),
        problems=problems,
    )


def _problems(plan: ExportPlan, given: Iterable[tuple[Chosen, Restored]]) -> Iterable[tuple[str, str, str]]:
    yield from ((project.name, "", why) for project, why in plan.skipped)
    for one, done in given:
        name = one.project.name
        yield from ((name, path, why) for path, why in done.problems)
        yield from (
            (name, entry.path, f"its content was left to a repository as {entry.reference}, which is not at hand")
            for entry in done.references
        )


def _write_pages(
    folder: Path,
    plan: ExportPlan,
    given: Sequence[tuple[Chosen, Restored]],
    problems: Sequence[tuple[str, str, str]],
    *,
    log_of: Callable[[Project], tuple[ProjectChange, ...]],
    vault: VaultId,
    now_ns: int,
) -> None:
    facts = [_facts(one, log_of(one.project)) for one in plan.chosen]
    _put(folder / _FACTS, json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=True) + "\n")
    _put(folder / _PAGE, "\n".join(_page(given, problems, vault, now_ns)) + "\n")
    sums = sums_of(folder)
    lines = (_sum_line(name, digest) for name, digest in sorted(sums.items()))
    _put(folder / _SUMS, "".join(f"{line}\n" for line in lines))


def _facts(one: Chosen, log: tuple[ProjectChange, ...]) -> dict[str, object]:
    snapshot = one.snapshot
    taken = {
        "id": snapshot.id,
        "sequence": snapshot.sequence,
        "created": readable_time(snapshot.created_ns, snapshot.utc_offset_s),
        "reason": snapshot.reason,
        "facts": dict(snapshot.facts),
    }
    return {"folder": one.folder, "project": to_document(one.project, log), "snapshot": taken}


def _page(
    given: Sequence[tuple[Chosen, Restored]], problems: Sequence[tuple[str, str, str]], vault: VaultId, now_ns: int
) -> Iterable[str]:
    yield "What this is"
    yield "============"
    yield f"Projects out of the CodeVault {vault}, written {iso(now_ns)}. Nothing but what reads files is needed."
    yield ""
    yield "Each folder is one project as it was at the moment named below: contents byte for byte, with the permission"
    yield "bits and times they had. Hooks and settings of version control that could run something have names that"
    yield "nothing runs (listed below); rename them to use them."
    yield ""
    yield f"{_SUMS}    of every file here: sha256sum -c {_SUMS}"
    yield f"{_FACTS} client, phase, stack, tags, notes and the log of their changes"
    yield ""
    yield "Projects"
    yield "--------"
    for one, done in given:
        project, snapshot = one.project, one.snapshot
        when = readable_time(snapshot.created_ns, snapshot.utc_offset_s)
        yield f"{_shown(one.folder)}/"
        yield f"  project {_shown(project.name)}, client {_shown(project.client) or '-'}, from {_shown(project.root)}"
        yield f"  snapshot {snapshot.sequence} of {when} ({snapshot.id})"
        yield f"  {done.files} files, {done.bytes} bytes"
        yield from (f"  {_shown(path)} is {_shown(written)} here" for path, written in done.renamed)
    if problems:
        yield ""
        yield "What is not in it"
        yield "-----------------"
        yield from (": ".join(_shown(part) for part in problem if part) for problem in problems)


def _sum_line(name: str, digest: str) -> str:
    """As sha256sum writes it: a name with a line break or a backslash is escaped, and the line says so."""
    if any(character in name for character in "\\\n\r"):
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        return f"\\{digest}  {escaped}"
    return f"{digest}  {name}"


def _shown(text: str) -> str:
    """A text of a project as one line that a terminal cannot misunderstand."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _put(path: Path, text: str) -> None:
    with open(path, "x", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write(text)
