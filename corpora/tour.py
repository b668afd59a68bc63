"""The main job, start to end, on real code: `python -m corpora.tour [PROJECT …]`.

Without arguments it takes the sources of networkx, Pygments and GitPython from this environment as three projects of
two clients. Projects are copied first; nothing outside a temporary folder is changed, and nothing needs a network.
"""

from __future__ import annotations

import filecmp
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import codevault
from codevault import FoundSymbol, Project, SearchResult, Vault

T = TypeVar("T")
PACKAGES = (("networkx", "Acme"), ("pygments", "Acme"), ("git", "Globex"))
_NUMBER = re.compile(r"\b[0-9]+\b")


class Tour:
    """Says what it does, with times; keeps the whole in one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = time.perf_counter()

    def say(self, text: str) -> None:
        """Prints a line with the seconds since the start."""
        print(f"{time.perf_counter() - self.started:6.1f} s  {text}")

    def timed(self, what: str, run: Callable[[], T]) -> T:
        """Runs a step and says how long it took."""
        before = time.perf_counter()
        result = run()
        self.say(f"{what}  [{(time.perf_counter() - before) * 1000:,.0f} ms]")
        return result


def main(arguments: Sequence[str]) -> int:
    """Runs the tour; gives 0 when everything held."""
    with tempfile.TemporaryDirectory(prefix="codevault-tour-") as name:
        tour = Tour(Path(name).resolve())
        sources = [(Path(a).resolve(), "Client") for a in arguments] or [_package(*p) for p in PACKAGES]
        copies = []
        for source, client in sources:
            copy = tour.folder / "work" / source.name
            shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            copies.append((copy, client))
        with Vault.create(tour.folder / "vault") as vault:
            _visit(tour, vault, copies)
        print("Everything held.")
    return 0


def _visit(tour: Tour, vault: Vault, copies: Sequence[tuple[Path, str]]) -> None:
    projects = [vault.projects.add(path, client=client) for path, client in copies]
    first = [_backed_up(tour, vault, p, "first backup") for p in projects]
    done = tour.timed("every file version parsed, fingerprinted and indexed", vault.analyse)
    tour.say(f"  {done.versions:,} file versions, {done.symbols:,} symbols, {done.bytes / 1e6:.1f} MB of text")

    shop = projects[0]
    edited, vanished = _pick(vault, first[0])
    renamed = _edit(tour, vault, shop, edited, vanished)
    _backed_up(tour, vault, shop, "edited, renamed, deleted")
    tour.timed("what changed is understood", vault.analyse)

    _show_history(tour, vault, shop, edited.path, edited.qualified_name)
    _show_versions(tour, vault, renamed)
    _bring_back(tour, vault, shop, vanished)

    for project in projects:
        _compare(tour, vault, project)
    report = tour.timed("verify() read every byte of the vault", vault.verify)
    _must(report.ok, f"verify() found {report.damages}")

    answers = _answers(vault, shop, edited)
    shutil.rmtree(vault.path / "cache")
    tour.timed("cache/ deleted and rebuilt", vault.rebuild)
    _must(_answers(vault, shop, edited) == answers, "answers differ after the rebuild")
    tour.say("  the same answers as before")
    _rescue(tour, vault, shop)
    _sizes(tour, vault)


def _backed_up(tour: Tour, vault: Vault, project: Project, reason: str) -> codevault.Backup:
    backup = tour.timed(f"{project.name}: {reason}", lambda: vault.backup(project, reason=reason))
    stats = backup.stats
    tour.say(
        f"  snapshot {backup.snapshot.sequence}: {stats.files:,} files, {stats.bytes / 1e6:.1f} MB;"
        f" {stats.added} added, {stats.changed} changed, {stats.removed} removed"
    )
    _must(backup.complete, f"problems: {backup.problems[:3]}")
    return backup


def _pick(vault: Vault, backup: codevault.Backup) -> tuple[FoundSymbol, FoundSymbol]:
    """Two functions of different files, of some length, the first with a number in it; no other of their name."""
    functions = [
        s for s in vault.symbols(backup, kind="function") if s.symbol.tokens > 40 and s.name == s.qualified_name
    ]
    names = [f.qualified_name for f in functions]
    alone = [f for f in functions if names.count(f.qualified_name) == 1]
    edited = next(f for f in alone if _NUMBER.search(_body(vault, f)))
    vanished = next(f for f in reversed(alone) if f.path != edited.path)
    return edited, vanished


def _edit(tour: Tour, vault: Vault, project: Project, edited: FoundSymbol, vanished: FoundSymbol) -> Path:
    root = Path(project.root)
    body = _body(vault, edited)
    _replace(root / edited.path, body, _NUMBER.sub(lambda found: str(int(found[0]) + 1), body, count=1))
    _replace(root / vanished.path, vault.text(vanished), "")
    taken = {edited.path, vanished.path}
    old = next(
        p for p in sorted(root.rglob("*.*")) if p.is_file() and p.stat().st_size > 2000 and _in(root, p) not in taken
    )
    new = old.with_name(f"renamed_{old.name}")
    old.rename(new)
    gone = next(
        p for p in sorted(root.rglob("*.*"), reverse=True) if p.is_file() and _in(root, p) not in taken and p != new
    )
    gone.unlink()
    tour.say(
        f"edited {edited.qualified_name}(), deleted {vanished.qualified_name}(),"
        f" renamed {old.name}, deleted the file {gone.name}"
    )
    return new


def _show_history(tour: Tour, vault: Vault, project: Project, path: str, name: str) -> None:
    history = tour.timed(f"history of {name}()", lambda: vault.history(project, path, name))
    for event in history.events:
        tour.say(f"  snapshot {event.at.sequence}: {', '.join(event.kinds)} in {event.path}")
    _must(history.events[-1].kinds == ("body",), "the edit is not in the history")


def _show_versions(tour: Tour, vault: Vault, renamed: Path) -> None:
    versions = tour.timed(f"versions of {renamed.name} across its rename", lambda: vault.versions(renamed))
    _must(len({v.path for v in versions}) == 2, "the rename was not followed")


def _bring_back(tour: Tour, vault: Vault, project: Project, vanished: FoundSymbol) -> None:
    found = tour.timed(
        f"search for the vanished {vanished.name}()",
        lambda: vault.search.symbols(vanished.name, project=project, alive=False),
    )
    hit = found.hits[0]
    history = vault.history(hit)
    _must(history.removed is not None, "the search did not find that it is gone")
    if history.removed is not None:
        lines = hit.end_line - hit.start_line + 1
        tour.say(f"  it vanished in snapshot {history.removed.at.sequence}; its last text has {lines} lines")
    path = Path(project.root, vanished.path)
    before = vault.restore(
        project, at=1, to=path.parents[len(Path(vanished.path).parts)] / "brought-back", paths=[vanished.path]
    )
    shutil.copyfile(before.target / vanished.path, path)
    _must(vault.text(hit) in path.read_text(encoding="utf-8"), "the text that came back differs")
    _backed_up(tour, vault, project, "brought back")
    vault.analyse()
    kinds = [event.kinds for event in vault.history(project, vanished.path, vanished.qualified_name).events]
    tour.say(f"  its life now: {' -> '.join(', '.join(k) for k in kinds)}")
    _must(kinds[-1] == ("restored",), "the restoration is not in the history")


def _compare(tour: Tour, vault: Vault, project: Project) -> None:
    target = tour.folder / "restored" / project.name
    restored = tour.timed(f"{project.name}: restored", lambda: vault.restore(project, to=target))
    differing = _differing(Path(project.root), target)
    _must(not differing and not restored.problems, f"restored differently: {differing[:3]} {restored.problems[:3]}")
    tour.say(f"  {restored.files:,} files, {restored.bytes / 1e6:.1f} MB, each equal byte for byte")


def _answers(vault: Vault, project: Project, symbol: FoundSymbol) -> tuple[object, ...]:
    def seen(result: SearchResult) -> tuple[object, ...]:
        return tuple((h.path, h.start_line, h.snippet, h.first_seen, h.last_seen) for h in result.hits)

    history = vault.history(project, symbol.path, symbol.qualified_name)
    return (
        seen(vault.search.symbols(f"{symbol.name[:4]}*")),
        seen(vault.search.text("return None")),
        seen(vault.search.regex(r"raise \w+Error\(")),
        tuple((e.at, e.kinds, e.path) for e in history.events),
    )


def _rescue(tour: Tour, vault: Vault, project: Project) -> None:
    target = tour.folder / "rescued"
    newest = vault.snapshots(project)[-1]
    command = [sys.executable, "-I", str(vault.path / "rescue.py"), "restore", newest.id, str(target)]
    tour.timed(
        "rescue.py gave one snapshot back without CodeVault",
        lambda: subprocess.run(command, check=True, capture_output=True),
    )
    _must(not _differing(Path(project.root), target), "rescue.py restored differently")


def _sizes(tour: Tour, vault: Vault) -> None:
    for what in ("return None", "def __init__", "import"):
        result = vault.search.text(what)
        tour.say(f"search {what!r} in all versions: {len(result.hits)} hits on page 1, {result.seconds * 1000:.1f} ms")
    stats = vault.stats()
    cache = sum(f.stat().st_size for f in (vault.path / "cache").rglob("*") if f.is_file())
    logical = sum(int(s.facts.get("bytes") or 0) for s in vault.snapshots())
    stored = stats.pack_bytes + stats.other_bytes
    tour.say(
        f"{stats.snapshots} snapshots of {logical / 1e6:.1f} MB take {stored / 1e6:.2f} MB,"
        f" and {cache / 1e6:.1f} MB of cache that can be deleted"
    )


def _package(name: str, client: str) -> tuple[Path, str]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed here; give folders of projects as arguments")
    return Path(spec.origin).parent, client


def _body(vault: Vault, symbol: FoundSymbol) -> str:
    return vault.text(symbol)


def _replace(path: Path, old: str, new: str) -> None:
    content = path.read_bytes()
    if old.encode() not in content:
        raise SystemExit(f"{path.name} does not hold the text it was found with")
    path.write_bytes(content.replace(old.encode(), new.encode(), 1))


def _differing(left: Path, right: Path) -> list[str]:
    names = {_in(left, p) for p in left.rglob("*")} | {_in(right, p) for p in right.rglob("*")}
    return sorted(n for n in names if not _equal(left / n, right / n))


def _equal(left: Path, right: Path) -> bool:
    if left.is_symlink() or right.is_symlink():
        return left.is_symlink() and right.is_symlink() and os.readlink(left) == os.readlink(right)
    if left.is_dir() or right.is_dir():
        return left.is_dir() and right.is_dir()
    return left.is_file() and right.is_file() and filecmp.cmp(left, right, shallow=False)


def _in(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(f"the tour failed: {otherwise}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
