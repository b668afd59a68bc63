"""What was thinned for good is gone from every file of the vault; what others share with it stays."""

from __future__ import annotations

import random

from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.scenes import FIRST, LIBRARY, ROOT, all_files, back_up, new_store, restored, ticking

AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
SECRET = random.Random(1).randbytes(5000)  # no compression hides it
SHARED = random.Random(2).randbytes(5000)


def test_unique_content_that_went_is_in_no_file_and_shared_content_stays() -> None:
    store, files = new_store()
    back_up(store, {"secret": SECRET, "shared": SHARED})
    newest = back_up(store, FIRST)
    other = back_up(store, {"shared": SHARED}, LIBRARY)
    held = [path for path in all_files(files) if SECRET[100:200] in (files.read(path) or b"")]
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    store.housekeeping.prune(plan, acknowledged=plan.frozen)
    store.compact()  # a solid frame goes whole or not at all: compacting makes it anew without its dead
    left = [path for path in all_files(files) if SECRET[100:200] in (files.read(path) or b"")]
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert (bool(held), left) == (True, [])
    assert (restored(again, newest), restored(again, other)) == (FIRST, {"shared": SHARED})
    assert again.verify().ok
