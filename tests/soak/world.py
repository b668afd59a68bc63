"""Projects that change, a vault that everything happens to, and a model of what the vault must hold afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from codevault import CodeVaultError, IndexDamaged, Limits, Snapshot, StorageError, StorageFull, Vault
from codevault.ids import SnapshotId
from tests.soak.deeds import DEEDS, SKIPPING, Deed, as_text
from tests.vcs.scenes import git

Tree = dict[str, bytes]
ROOT = Path(__file__).parents[2]
REMAKING = ("rebuild", "erase")
EXACT = ("manual", "milestone")
ADDING = (*EXACT, "automatic", "within")
OFTEN = ("manual", "manual", "manual", "milestone", "automatic", "automatic", "analyse")
LARGE = 300_000
FULL = (StorageFull, StorageError)
NAMES = ("a.py", "b.py", "lib/c.py", "lib/d.js", "web/e.ts", "f.cfg", "notes.txt", "big.bin", "g.skip", "deep/er/h.go")


def token(content: bytes) -> str:
    """The word that only this version of a file has, "" where it has none."""
    head = content[:40].split(b"(")[0]
    return head.removeprefix(b"def ").decode() if head.startswith(b"def token_") else ""


class World:
    """`truth` is what each snapshot ever seen was made of, `live` those that the vault has to list."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = random.Random(seed)
        self.disk = folder / "disk"
        self.disk.mkdir(exist_ok=True)
        self.place = self.disk / "vault"
        self.vault = Vault.create(self.place, workers=1)
        self.truth: dict[SnapshotId, Tree] = {}
        self.live: dict[SnapshotId, str] = {}
        self.erased: set[SnapshotId] = set()
        self.ever: dict[tuple[str, str], set[bytes]] = {}
        self.took: dict[str, float] = {}
        self.said: list[str] = []
        self.understood = False
        self.shaken = False  # somebody made the index anew, and perhaps did not get to the end
        self.made = 0
        for name in ("shop", "blog", "repo"):
            self.begin(name)

    # What happens outside of the vault

    def begin(self, name: str) -> None:
        """A new project."""
        root = self.folder / "work" / name
        root.mkdir(parents=True)
        if name == "repo":
            git(root, "init", "-q", "--initial-branch=main")
        self.vault.projects.add(root, name=name)
        for _ in range(5):
            self.edit(name)

    @property
    def projects(self) -> list[str]:
        return sorted(project.name for project in self.vault.projects)

    def version(self) -> bytes:
        """New content, of which nobody else has the first word."""
        word = self.rng.randbytes(6).hex()
        body = "".join(
            f"    total_{n} = parts[{self.rng.randrange(40)}] * {n}\n" for n in range(self.rng.randrange(30))
        )
        return f"def token_{word}():\n{body}    return 1\n".encode()

    def edit(self, name: str) -> None:
        """One file comes, changes, goes or takes another's place; always whole, as editors do it."""
        path = self.rng.choice(NAMES)
        root = self.folder / "work" / name
        chance = self.rng.random()
        if chance < 0.15:
            (root / path).unlink(missing_ok=True)
        elif chance < 0.25 and (root / path).exists():
            self.put(name, self.rng.choice(NAMES), (root / path).read_bytes())
        elif path == "big.bin":
            self.put(name, path, self.rng.randbytes(self.rng.randrange(LARGE)))
        else:
            self.put(name, path, self.version())

    def put(self, name: str, path: str, content: bytes) -> None:
        self.ever.setdefault((name, path), set()).add(content)
        file = self.folder / "work" / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = self.folder / "aside"
        aside.write_bytes(content)
        os.replace(aside, file)

    def tree(self, name: str) -> Tree:
        """What a backup of the project has to hold now."""
        root = self.folder / "work" / name
        skipping = SKIPPING.strip() in self.vault.policies.text
        return {
            path: (root / path).read_bytes()
            for path in NAMES
            if (root / path).exists() and not (skipping and path.endswith(".skip"))
        }

    # One step

    def step(self) -> None:
        """Something is done to projects and vault, in one of the ways there are; then everything has to be in order."""
        for name in self.projects:
            for _ in range(self.rng.randrange(4)):
                self.edit(name)
        self.commit()
        deed = self.deed()
        way = self.rng.choice([self.calmly, self.calmly, self.watched, self.killed, self.killed, self.full])
        if self.rng.random() < 0.08:
            self.damage()
        if deed.name in ADDING and self.rng.random() < 0.2:
            way = self.restless
        way(deed)

    def deed(self) -> Deed:
        name = self.rng.choice([*OFTEN, *OFTEN, *DEEDS])
        project = self.rng.choice(self.projects)
        if name == "keep":
            project = "repo"
        if name == "erase":
            project = f"brief{self.made}"
            self.made += 1
            self.begin(project)
            self.calmly(Deed(name="manual", project=project))
            self.calmly(Deed(name="manual", project=project))
        return Deed(name=name, project=project, number=self.rng.randrange(1000))

    def commit(self) -> None:
        root = self.folder / "work" / "repo"
        if self.rng.random() < 0.2:
            git(root, "add", "-A")
            git(root, "commit", "-q", "--allow-empty", "-m", "work")

    def calmly(self, deed: Deed) -> None:
        """Nothing else happens."""
        self.say("calmly", deed)
        with self.settling(deed):
            began = time.perf_counter()
            self.do(deed)
            self.took[deed.name] = time.perf_counter() - began

    def do(self, deed: Deed) -> None:
        """Does it here; an index that was left half made is made anew first, as its error asks."""
        try:
            deed.do(self.vault)
        except IndexDamaged:
            assert self.shaken, self.told()
            self.vault.rebuild()
            deed.do(self.vault)

    def watched(self, deed: Deed) -> None:
        """Somebody reads and searches meanwhile."""
        self.say("watched", deed)
        stays = [one for one in self.live if one not in self.may_go(deed)]
        ended = threading.Event()
        found: list[str] = []
        reader = threading.Thread(target=lambda: self.read_until(ended, stays, found))
        with self.settling(deed):
            reader.start()
            try:
                self.do(deed)
            finally:
                ended.set()
                reader.join()
        assert found == [], self.told() + repr(found)[:2000]

    def read_until(self, ended: threading.Event, stays: list[SnapshotId], found: list[str]) -> None:
        rng = random.Random(len(self.said))
        try:
            with Vault.open(self.place, workers=1) as vault:
                while not ended.is_set() and stays:
                    snapshot = rng.choice(stays)
                    if contents(vault, snapshot) != self.truth[snapshot]:
                        found.append(f"{snapshot} reads otherwise")
                    self.ask(vault)
        except Exception as exc:  # noqa: BLE001 - a thread's errors would be lost
            found.append(repr(exc))

    def ask(self, vault: Vault) -> None:
        """An index that is being made anew, or was not made to the end, says so; any other answers."""
        try:
            vault.search.text("token_", limit=5)
        except IndexDamaged:
            if not self.shaken:
                raise

    def restless(self, deed: Deed) -> None:
        """The project changes meanwhile."""
        self.say("restless", deed)
        ended = threading.Event()
        writer = threading.Thread(target=lambda: self.write_until(ended, deed.project))
        with self.settling(deed, exact=False):
            writer.start()
            try:
                self.do(deed)
            finally:
                ended.set()
                writer.join()

    def write_until(self, ended: threading.Event, project: str) -> None:
        while not ended.is_set():
            self.edit(project)

    def killed(self, deed: Deed) -> None:
        """Another process does it and is killed at an instant nobody chose."""
        self.say("killed", deed)
        self.vault.close()
        command = [sys.executable, "-m", "tests.soak.deeds", str(self.place), as_text(deed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as child:
            assert child.stdout is not None
            began = child.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                child.wait(self.rng.random() * self.took.get(deed.name, 0.3) * 1.3)
            child.kill()
            _, errors = child.communicate()
        assert began == b"ready\n", self.told() + errors.decode()
        self.vault = Vault.open(self.place, workers=1)
        with self.settling(deed, ended=child.returncode == 0):
            assert child.returncode in (0, -9), self.told() + errors.decode()

    def full(self, deed: Deed) -> None:
        """Next to nothing is left on the disk of the vault; then there is room again."""
        if not os.path.ismount(self.disk):
            return self.calmly(deed)
        self.say("full", deed)
        status = os.statvfs(self.disk)
        room = status.f_bavail * status.f_frsize - self.rng.randrange(200_000)
        with (self.disk / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(1, room))
        refused = False
        with self.settling(deed, ended=None, exact=False):
            try:
                deed.do(self.vault)
            except CodeVaultError as exc:
                self.said[-1] += f" {exc!r:.200}"
                refused = not isinstance(exc, (*FULL, IndexDamaged) if self.shaken else FULL)
            finally:
                (self.disk / "filler").unlink()
        assert not refused, self.told()
        return None

    def damage(self) -> None:
        """A byte of a file turns, or a small record is gone; it is found, and put right."""
        kinds = ("packs/*/*.pack", "packs/*/*.par", "snapshots/*/*.json", "projects/*.json")
        files = sorted(path for kind in kinds for path in self.place.glob(kind) if path.stat().st_size)
        file = self.rng.choice(files)
        self.say(f"damage {file.relative_to(self.place)}", Deed(name="repair"))
        self.vault.close()
        content = bytearray(file.read_bytes())
        content[self.rng.randrange(len(content))] ^= 1 << self.rng.randrange(8)
        file.chmod(0o600)
        file.write_bytes(content)
        self.vault = Vault.open(self.place, workers=1)
        assert not self.vault.verify().ok, self.told()
        with self.settling(Deed(name="repair")):
            report = self.vault.repair()
        assert report.ok, self.told()
        assert self.vault.verify().ok, self.told()

    # What has to hold afterwards

    def may_go(self, deed: Deed) -> set[SnapshotId]:
        """Snapshots that the deed may take away."""
        if deed.name == "erase":
            return {one for one, project in self.live.items() if project == deed.project}
        return set(self.live) if deed.name == "thin" else set()

    @contextmanager
    def settling(self, deed: Deed, *, ended: bool | None = True, exact: bool = True) -> Iterator[None]:
        """Around a deed: compares what it did to the vault with what it may do; `ended` is None where that is open."""
        may_go, tree = self.may_go(deed), {} if deed.name == "erase" else self.tree_of(deed)
        self.understood = self.understood and deed.name not in (*ADDING, "put back", "keep", "erase", "thin", "rebuild")
        self.shaken = self.shaken or deed.name in REMAKING
        yield
        if deed.name == "within":
            self.vault.set_limits(Limits())  # whoever was killed could not
        self.follow(deed, may_go, tree if exact and deed.name in EXACT else None)
        if ended and deed.name in EXACT:
            assert self.truth[self.newest(deed.project).id] == (
                tree if exact else self.truth[self.newest(deed.project).id]
            )
        self.understood = self.understood or (deed.name in ("analyse", "rebuild") and ended is True)
        self.shaken = self.shaken and not (deed.name == "rebuild" and ended)
        self.check()

    def tree_of(self, deed: Deed) -> Tree:
        return self.tree(deed.project) if deed.project else {}

    def newest(self, project: str) -> Snapshot:
        return self.vault.snapshots(project)[-1]

    def follow(self, deed: Deed, may_go: set[SnapshotId], tree: Tree | None) -> None:
        """Takes over what the deed did, as far as it may."""
        names = {project.id: project.name for project in self.vault.projects}
        listed = {one.id: names[one.project] for one in self.vault.snapshots()}
        assert set(self.live) - set(listed) <= may_go, self.told()
        for snapshot in set(listed) - set(self.live):
            self.take_over(deed, snapshot, tree)
        if deed.name == "erase":
            self.erased |= set(self.live) - set(listed)
        assert not self.erased & set(listed), self.told()
        self.live = listed

    def take_over(self, deed: Deed, snapshot: SnapshotId, tree: Tree | None) -> None:
        seen = contents(self.vault, snapshot)
        if snapshot in self.truth:  # thinned, and put back
            assert (deed.name, seen) == ("put back", self.truth[snapshot]), self.told()
            return
        assert deed.name in ADDING, self.told()
        assert tree is None or seen == tree, self.told()
        assert all(content in self.ever[deed.project, path] for path, content in seen.items()), self.told()
        self.truth[snapshot] = seen

    def check(self) -> None:
        """A snapshot restores byte for byte, the vault is whole, answers are those of the model."""
        snapshot = self.rng.choice(sorted(self.live)) if self.live else None
        if snapshot:
            assert contents(self.vault, snapshot) == self.truth[snapshot], self.told()
        assert self.vault.verify("quick").ok, self.told()
        if self.understood:
            self.check_answers()
        if len(self.said) % 12 == 0:
            self.check_all()

    def check_answers(self) -> None:
        """A word of some version is found when, and only when, a snapshot holds it."""
        held = {token(content) for one in self.live for content in self.truth[one].values()} - {""}
        others = [one for (project, _), one in self.ever.items() if project != "repo"]  # commits hold more
        gone = {token(content) for one in others for content in one} - held - {""}
        for words, there in ((held, True), (gone, False)):
            for word in self.rng.sample(sorted(words), min(2, len(words))):
                assert bool(self.vault.search.text(word).hits) == there, self.told() + f" {word} {there}"

    def check_all(self) -> None:
        """Everything there is, by the ways that take longer."""
        report = self.vault.verify()
        assert report.ok, self.told() + repr(report)[:2000]
        for snapshot in self.live:
            assert contents(self.vault, snapshot) == self.truth[snapshot], self.told()
        if self.live:
            self.check_restored(self.rng.choice(sorted(self.live)))

    def check_restored(self, snapshot: SnapshotId) -> None:
        to = self.folder / f"back-{len(self.said)}"
        done = self.vault.restore(self.live[snapshot], to=to, at=snapshot)
        held = {path: (to / path).read_bytes() for path in NAMES if (to / path).exists()}
        assert (held, done.problems) == (self.truth[snapshot], ()), self.told()
        if self.rng.random() < 0.5 and (self.disk / "copy").exists():
            self.check_copy()
        subprocess.run(["rm", "-rf", str(to)], check=True)

    def check_copy(self) -> None:
        """What was sent elsewhere reads as it was sent."""
        Deed(name="replicate").do(self.vault)
        with Vault.open(self.disk / "copy", workers=1) as copy:
            for snapshot in copy.snapshots():
                assert contents(copy, snapshot.id) == self.truth[snapshot.id], self.told()

    def say(self, way: str, deed: Deed) -> None:
        self.said.append(f"{len(self.said)} {way} {deed.name} {deed.project} {deed.number}")
        if "CODEVAULT_SOAK_LOG" in os.environ:
            sys.stderr.write(self.said[-1] + "\n")

    def told(self) -> str:
        """The last steps, for whoever has to understand a failure."""
        return "\n".join(["", *self.said[-8:], ""])

    def close(self) -> None:
        self.vault.close()


def contents(vault: Vault, snapshot: SnapshotId) -> Tree:
    """Of a snapshot all files but a repository's own."""
    entries = (entry for entry in vault.files(snapshot) if entry.blob and not entry.path.startswith(".git/"))
    return {entry.path: vault.read(entry.blob) for entry in entries if entry.blob}


def soak(world: World, go_on: Callable[[int], bool]) -> int:
    """Steps until it is enough; how many there were."""
    steps = 0
    while go_on(steps):
        world.step()
        steps += 1
    world.check_all()
    return steps
