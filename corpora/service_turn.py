"""How long a user's own backup waits for a service that is at a large one: `python -m corpora.service_turn FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import codevault
from corpora.measuring import median, spread

FILES = 20_000
ROUNDS = 5


def main(folder: Path) -> None:
    """Makes projects, lets the service begin with them, and backs another one up by hand meanwhile."""
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "a.py").write_text("x = 1\n")
    with codevault.Vault.create(folder / "vault") as vault:
        vault.projects.add(folder / "mine")
        service = codevault.Service(vault, heartbeats=False)
        waits = []
        for turn in range(ROUNDS):
            for number in range(FILES):
                below = folder / f"large_{turn}" / f"part_{number // 100}"
                below.mkdir(parents=True, exist_ok=True)
                (below / f"file_{number}.py").write_text(f"value = {number * (turn + 1)}\n" * 20)
            vault.projects.add(folder / f"large_{turn}")
            service.start()
            while "backup" not in service.health().busy and not (folder / "vault" / "lock").read_bytes():
                time.sleep(0.01)
            time.sleep(1.0)
            began = time.monotonic()
            vault.backup("mine", reason=f"round {turn}")
            waits.append(time.monotonic() - began)
            while service.health().backups < turn + 2:
                time.sleep(0.1)
            service.stop()
    print(f"{FILES} files being backed up: the user's backup took {median(waits):.2f} s ({spread(waits)})")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
