"""How soon changes of organisation are seen, how fast `status` is, what erasing a client costs.

`python -m corpora.bench_organisation [FILES]`: fifty projects, one of which has so many files in the index, 500,000
unless said otherwise. `python -m corpora.bench_organisation erase`: five clients of 2,000 files, half of them shared.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import codevault
from codevault.ids import BlobId, SnapshotId
from codevault.index.model import FileChange, SnapshotFacts
from codevault.store.records import hash_of

PROJECTS = 50
ASKED = 1_000


def main(files: int) -> None:
    """Prints medians and 99th percentiles, in milliseconds of wall clock and of processor time."""
    with tempfile.TemporaryDirectory() as folder, codevault.Vault.create(Path(folder, "vault")) as vault:
        for number in range(PROJECTS):
            root = Path(folder, "work", f"p{number}")
            root.mkdir(parents=True)
            (root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
            vault.projects.add(root, client=f"client {number % 7}")
        large = vault.projects.get("p0")
        changed = [FileChange(path=_path(n), blob=BlobId(hash_of(b"%d" % n)), size=5) for n in range(files)]
        with vault._index.writing() as index:  # noqa: SLF001 - half a million files need not be written
            index.add_snapshot(
                SnapshotFacts(
                    id=SnapshotId("a" * 64),
                    project=large.id,
                    sequence=1,
                    created_ns=10**18,
                    reason="",
                    kind="manual",
                    facts={},
                    changed=sorted(changed, key=lambda change: change.path),
                    removed=[],
                )
            )
        vault._caught_up = True  # noqa: SLF001 - the store knows of no such snapshot
        chosen = random.Random(1)
        paths = [Path(large.root, _path(chosen.randrange(files))) for _ in range(ASKED)]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x = 1\n")
        time.sleep(3)
        vault.status(paths[0])
        _told("status(path)", [lambda path=path: vault.status(path) for path in paths])  # type: ignore[misc]  # bound
        names = [f"p{number}" for number in range(PROJECTS)]
        _told("update and see it", [lambda name=name: _seen(vault, name) for name in names])  # type: ignore[misc]
        made = []
        changes = {name: {"client": "Group", "name": f"q{name}"} for name in names}
        _told(f"reorganise {PROJECTS}", [lambda: made.append(vault.projects.reorganise(changes))])  # type: ignore[arg-type]
        _told(f"undo {PROJECTS}", [lambda: vault.projects.undo_reorganisation(made[0])])
        _told("browse", [lambda: vault.projects.browse(("client", "stack", "time"))] * 20)


def erase() -> None:
    """Prints what the plan says, what came of it, and how long both took."""
    with tempfile.TemporaryDirectory() as folder, codevault.Vault.create(Path(folder, "vault")) as vault:
        for client in range(5):
            for number in range(2_000):
                seed = number if number % 2 else 10_000 * (client + 1) + number
                path = Path(folder, "work", f"c{client}", f"m{number // 100}", f"f{number}.py")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_text(seed))
            vault.backup(vault.projects.add(Path(folder, "work", f"c{client}"), client=f"c{client}"))
        before = vault.stats().pack_bytes
        began = time.perf_counter()
        plan = vault.closing.plan_erasure(client="c2")
        planned = time.perf_counter()
        done = vault.closing.erase(plan)
        ended = time.perf_counter()
        sound = vault.verify().ok
        print(
            f"plan {planned - began:.1f} s, erase {ended - planned:.1f} s; packs {before} -> {vault.stats().pack_bytes}"
        )
        print(f"unique {plan.unique}, shared {plan.shared[0].content}")
        print(f"freed {plan.freed} planned, {done.freed} done")
        print(f"complete {done.complete}, verifies {sound}")
        print(f"{done.packs_looked_at} packs and {done.copies_looked_at} copies looked at")


def _text(seed: int) -> bytes:
    words = random.Random(seed)
    return "".join(
        f"def f{words.getrandbits(40)}(x):\n    return x + {words.getrandbits(60)}\n" for _ in range(70)
    ).encode()


def _path(number: int) -> str:
    return f"src/m{number // 1000}/f{number % 1000}.py"


def _seen(vault: codevault.Vault, name: str) -> None:
    """A change, and the first query that goes by it."""
    vault.projects.update(name, client=f"of {name}", tags={name})
    if [project.name for project in vault.projects.find(tag=name)] != [name]:
        raise AssertionError(name)
    vault.search.symbols("nothing", tag=name)


def _told(what: str, calls: list[Callable[[], object]]) -> None:
    walls, processor = [], []
    for call in calls:
        began, used = time.perf_counter(), time.process_time()
        call()
        walls.append((time.perf_counter() - began) * 1e3)
        processor.append((time.process_time() - used) * 1e3)
    for clock, found in (("wall", sorted(walls)), ("cpu", sorted(processor))):
        middle, late = found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)]
        print(f"{what:20} {clock:5} median {middle:8.2f} ms   p99 {late:8.2f} ms")


if __name__ == "__main__":
    if sys.argv[1:] == ["erase"]:
        erase()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
