"""How long queries take on a vault's index: `python -m corpora.bench_queries VAULT [QUERIES_EACH]`.

Names are drawn by seed from the symbols that the vault shows first when asked for everything; first pages of 50.
Times are of the processor, so that a shared machine does not count, and of the wall.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from codevault import Vault
from codevault import queries as q
from codevault.index.names import humps

COMMON = ["error", "request", "session", "config", "return", "import", "the", "template", "value", "context"]


def drawn(names: Sequence[str], draw: random.Random) -> dict[str, Callable[[], q.Query]]:
    """A query of each sort, drawn anew at each call."""
    long = [name for name in names if len(name) > 6]
    of_words = [name for name in names if len(humps(name)) > 2]

    def swapped(name: str) -> str:
        at = draw.randrange(1, len(name))
        return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]

    def initials(name: str) -> str:
        return "".join(word[0] for word in humps(name)).upper()

    return {
        "name, exact": lambda: q.name(draw.choice(names), "exact"),
        "name, any way": lambda: q.name(draw.choice(names)),
        "name, prefix of 5": lambda: q.name(draw.choice(names)[:5], "prefix"),
        "name, glob": lambda: q.name(f"*{draw.choice(long)[2:6]}*"),
        "name, fuzzy": lambda: q.name(swapped(draw.choice(long)), "fuzzy"),
        "name, initials": lambda: q.name(initials(draw.choice(of_words)), "initials"),
        "name, kind, alive": lambda: q.name(draw.choice(names)[:4] + "*") & q.kind("method") & q.alive(),
        "text": lambda: q.text(draw.choice(names)),
        "text, common": lambda: q.text(draw.choice(COMMON)),
        "text and text": lambda: q.text(draw.choice(names)) & q.text(draw.choice(COMMON)),
        "text, not regex": lambda: q.text(draw.choice(names)) & ~q.regex(r"raise \w+Error"),
        "text, not path": lambda: q.text(draw.choice(names)) & ~q.path("*test*"),
        "words": lambda: q.words(f"{draw.choice(COMMON)} {draw.choice(COMMON)}"),
        "name or text": lambda: q.name(draw.choice(names)) | q.text(draw.choice(names)),
        "parameter": lambda: q.parameter(draw.choice(COMMON)) & q.kind("method"),
        "deleted": lambda: q.name(draw.choice(names)[:4] + "*") & q.deleted(),
    }


def main(folder: str, each: int) -> None:
    """Prints a line for each sort of query."""
    with Vault.open(folder) as vault:
        found = {hit.symbol.name for hit in vault.search.find(q.everything(), limit=10_000).hits if hit.symbol}
        names = sorted(name for name in found if name.isidentifier())
        for sort, make in drawn(names, random.Random(7)).items():
            busy, wall, limited = [], [], 0
            for _ in range(each):
                query = make()
                began, worked = time.perf_counter(), time.process_time()
                limited += not vault.search.find(query).coverage.complete
                busy.append((time.process_time() - worked) * 1000)
                wall.append((time.perf_counter() - began) * 1000)
            p95 = [sorted(times)[int(len(times) * 0.95)] for times in (busy, wall)]
            print(
                f"{sort:20} cpu p50 {statistics.median(busy):7.1f} p95 {p95[0]:7.1f} ms,"
                f" wall p50 {statistics.median(wall):7.1f} p95 {p95[1]:7.1f} ms, {limited} of {each} limited",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40)
