"""What the tests of the vault share: a desk with projects on disk, a clock of its own, and an archive with a past."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from codevault.backup import Backup
from codevault.projects.model import Project
from codevault.store.filesystem import FileSystem
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from codevault.vault import Vault

DAY = 86_400_000_000_000
FIRST_DAY = 20_454 * DAY  # 2026-01-01
CANARY = "hunter2-canary-9f31c7"

TAX = """\
class TaxTable:
    def rate(self, country):
        rates = {"at": 20, "de": 19, "fr": 20}
        return rates[country]

    def total(self, prices, country):
        return sum(prices) * (100 + self.rate(country)) / 100
"""
DISCOUNT = '''\
def old_discount(price, years):
    """Loyal customers pay less."""
    if years > 10:
        return price * 0.8
    if years > 5:
        return price * 0.9
    return price
'''
SLUGS = """\
def slugify(title):
    words = [word.lower() for word in title.split() if word.isalnum()]
    return "-".join(words)


def shorten(title, length):
    words = title.split()
    while words and len(" ".join(words)) > length:
        words.pop()
    return " ".join(words)
"""


@dataclass
class Desk:
    """A folder with projects and a vault; the content of the vault is kept in memory, its cache on disk."""

    home: Path
    disk: FileSystem = field(default_factory=MemoryFileSystem)
    now: int = FIRST_DAY

    def __post_init__(self) -> None:
        self.place = self.home / "vault"
        Store.create(self.place, filesystem=self.disk, clock=lambda: self.now).close()
        self.vault = self.opened()
        with self.vault._index.writing():
            pass  # as Vault.create() does

    def opened(self) -> Vault:
        """Another vault object on the same vault."""
        store = Store.open(self.place, filesystem=self.disk, clock=lambda: self.now)
        return Vault(store, clock=lambda: self.now, workers=1)

    def project(
        self, name: str, files: dict[str, str | bytes | None] | None = None, *, client: str = "", phase: str = ""
    ) -> Project:
        """A registered project with these files."""
        self.write(name, files or {})
        (self.home / name).mkdir(exist_ok=True)
        return self.vault.projects.add(self.home / name, client=client, phase=phase)

    def write(self, name: str, files: dict[str, str | bytes | None]) -> None:
        """Writes files of a project; None removes one."""
        for path, content in files.items():
            file = self.home / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())

    def day(
        self,
        project: Project,
        files: dict[str, str | bytes | None] | None = None,
        *,
        reason: str = "",
        kind: str = "manual",
    ) -> Backup:
        """A day passes, files change, and a backup is made."""
        self.now += DAY
        self.write(Path(project.root).name, files or {})
        return self.vault.backup(project, reason=reason, kind=kind)


@dataclass
class Archive:
    """A desk whose two projects have been worked on for nine days and understood at the end."""

    desk: Desk
    shop: Project
    blog: Project
    days: dict[str, Backup]

    @property
    def vault(self) -> Vault:
        return self.desk.vault


def archive_with_a_past(home: Path) -> Archive:
    """The days of `shop`: edited, moved, renamed, file-renamed, removed, restored, signature; then one of `blog`."""
    desk = Desk(home)
    shop = desk.project("shop", client="Acme", phase="beta")
    days = {
        "begun": desk.day(
            shop,
            {
                "billing/tax.py": TAX + "\n\n" + DISCOUNT,
                "utils/text.py": SLUGS,
                "notes.txt": "the quick brown fox\njumps over the lazy dog\n",
                "sample": b"\x00\x01binary\xff",
                ".env": f"TOKEN={CANARY}\n",
            },
            reason="begun",
        ),
        "edited": desk.day(shop, {"billing/tax.py": TAX.replace("19,", "16,") + "\n\n" + DISCOUNT}),
        "moved": desk.day(
            shop, {"billing/tax.py": TAX.replace("19,", "16,"), "billing/discounts.py": DISCOUNT}, kind="milestone"
        ),
        "renamed": desk.day(shop, {"billing/discounts.py": DISCOUNT.replace("old_discount", "loyalty_discount")}),
        "file renamed": desk.day(shop, {"utils/text.py": None, "utils/strings.py": SLUGS + "\n\nLIMIT = 80\n"}),
        "removed": desk.day(shop, {"billing/discounts.py": "RATE = 1\n"}),
        "restored": desk.day(
            shop, {"billing/discounts.py": "RATE = 1\n\n\n" + DISCOUNT.replace("old_discount", "loyalty_discount")}
        ),
        "signature": desk.day(
            shop,
            {
                "billing/tax.py": TAX.replace("19,", "16,").replace(
                    "def rate(self, country)", "def rate(self, country, year=2026)"
                ),
                "notes.txt": None,
            },
        ),
    }
    blog = desk.project("blog", client="Zeta")
    days["blog"] = desk.day(blog, {"slugs.py": SLUGS, "post.md": "# A post\n\nabout the lazy dog\n"})
    desk.vault.analyse()
    return Archive(desk, shop, blog, days)
