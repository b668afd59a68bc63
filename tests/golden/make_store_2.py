"""Makes tests/golden/store-2.tar.gz: `python -m tests.golden.make_store_2 FOLDER`. Made once, then kept.

A vault with every kind of file and frame of format 2, small. What it holds is told by the values below.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path

from codevault.ids import BlobId, ProjectId
from codevault.store.keepsakes import Span
from codevault.store.model import Entry, EntryKind, SnapshotDraft
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from codevault.store.writing import Writer

SHOP, LIBRARY = ProjectId("00112233445566ff"), ProjectId("aabbccddeeff0011")
START = 1_790_000_000 * 10**9
SOURCE = b"".join(b"def f%d(value):\n    return value * %d\n\n" % (n, n) for n in range(90))
EDITED = SOURCE.replace(b"value * 7\n", b"value + 7\n")
AGAIN = EDITED.replace(b"value * 8\n", b"value + 8\n")
LARGE = b"0123456789abcdef" * (9 << 16)
KEPT = b"def f5(value):\n    return value * 5\n"
STRANGE = 'strange \udcff\n"name\\ \u202etxt'
BUNDLE = b"# v2 git bundle\nnot a real one\n"
TREES = (
    {"old.py": SOURCE, "gone.txt": b"thinned, and can be put back\n"},
    {
        "main.py": EDITED,
        "same.py": EDITED,
        STRANGE: b"any name\n",
        "large": LARGE,
        "holes": bytes(300_000),
        "empty": b"",
    },
    {"main.py": AGAIN, "same.py": AGAIN, STRANGE: b"any name\n", "large": LARGE + b"more", "holes": bytes(300_000)},
)
LIBRARY_TREE = {"lib/util.py": SOURCE[::-1]}


def _entries(writer: Writer, tree: dict[str, bytes], old: dict[str, BlobId]) -> list[Entry]:
    entries = []
    for path, content in tree.items():
        blob = writer.add(content, path=path, hint=old.get(path))
        old[path] = blob
        entries.append(
            Entry(
                path=path,
                kind=EntryKind.FILE,
                mode=0o755 if path == "main.py" else 0o644,
                mtime_ns=START - 5,
                size=len(content),
                blob=blob,
                hardlink="main.py" if path == "same.py" else None,
                owner=(1000, 1001) if path == "main.py" else None,
                xattrs=(("user.note", b"\0\xff"),) if path == "main.py" else (),
                sparse=path == "holes",
            )
        )
    specials = [
        Entry(path="folder", kind=EntryKind.DIRECTORY, mode=0o700, mtime_ns=-1),
        Entry(path="link", kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=0, target="main.py\udcfe"),
        Entry(path="pipe", kind=EntryKind.FIFO, mode=0o600, mtime_ns=2**33 * 10**9),
        Entry(path="left", kind=EntryKind.FILE, mode=0o644, mtime_ns=5, size=3, reference="git:" + "ab" * 20),
    ]
    return entries + specials


def make(root: Path) -> Store:
    """The vault, at a place that does not exist yet."""
    now = [START]

    def clock() -> int:
        now[0] += 60 * 10**9
        return now[0]

    store = Store.create(root, clock=clock)
    old: dict[str, BlobId] = {}
    for number, tree in enumerate(TREES):
        with store.writer() as writer:
            writer.put_document(SHOP, {"name": "shop", "seen": number})
            draft = SnapshotDraft(project=SHOP, created_ns=clock(), kind="automatic", reason=f"number {number + 1}")
            writer.commit(draft, _entries(writer, tree, old))
    with store.writer() as writer:
        writer.commit(SnapshotDraft(project=LIBRARY, created_ns=clock()), _entries(writer, LIBRARY_TREE, {}))
    house = store.housekeeping
    span = Span(blob=old["old.py"], start=SOURCE.index(KEPT), length=len(KEPT), project=SHOP, path="old.py", label="f5")
    house.keep([span])
    house.set_limits(house.limits())
    store.shelf.put(SHOP, "bundle", "bundle", iter([BUNDLE]))
    plan = house.plan(Retention(newest=2, floor=1, undo=UndoWindow(1000, 1000)))
    house.prune(plan, acknowledged=plan.frozen)
    return store


def pack(folder: Path) -> Path:
    """The vault as an archive; what is derived or empty at rest is left out."""
    root = folder / "store-2"
    make(root)
    for name in ("cache", "incoming"):
        shutil.rmtree(root / name)
    for name in ("lock", "reserve"):
        (root / name).unlink()
    archive = folder / "store-2.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=9) as out:
        out.add(root, "store-2")
    return archive


if __name__ == "__main__":
    sys.stdout.write(f"{pack(Path(sys.argv[1]))}\n")
