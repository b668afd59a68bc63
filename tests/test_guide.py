"""The guide and the README under test: every example runs, one after another, on three projects and a day's work."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import codevault
from tests.vault.scenes import DISCOUNT, SLUGS, TAX

ROOT = Path(__file__).parent.parent
PAGES = {"GUIDE.md": ROOT / "codevault" / "GUIDE.md", "README.md": ROOT / "README.md"}
FENCED = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
GUIDE = FENCED.findall(PAGES["GUIDE.md"].read_text("utf-8"))
README = FENCED.findall(PAGES["README.md"].read_text("utf-8"))
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES["GUIDE.md"].read_text("utf-8"))
A_DATE = re.compile(r'"20\d\d-\d\d(-\d\d)?"')
FILES = {
    "shop/billing/tax.py": f"# TODO: tax of the islands\n{TAX}\n\n{DISCOUNT}",
    "shop/app.py": "import flask\n\napp = flask.Flask('a')\n\n\n@app.route('/tax')\ndef tax(country):\n    return 1\n",
    "shop/utils/text.py": SLUGS,
    "shop/requirements.txt": "flask==2.3\n",
    "shop/services/api/package.json": '{"name": "api"}\n',
    "shop/services/api/main.js": "export function answer(request) {\n  return request.body;\n}\n",
    "shop/assets/logo.psd": "8BPS\0\1",
    "shop/data/raw/many.csv": "1;2\n" * 100,
    "shop/data/raw/labels.csv": "a;b\n",
    "blog/strings.py": SLUGS.replace("title", "headline"),
    "poster/poster.py": "def poster(size):\n    return f'a poster of {size}'\n",
}
GIT = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


def published(shop: Path, clone: Path) -> None:
    """A commit of all there is, which a remote elsewhere has, and so has a fresh clone of it."""
    if not (shop / ".git").exists():
        git(shop, "init", "-q")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "a day's work")
    git(shop, "config", "remote.origin.url", "https://example.org/shop")
    git(shop, "update-ref", "refs/remotes/origin/main", "HEAD")
    shutil.rmtree(clone, ignore_errors=True)
    git(shop, "clone", "-q", str(shop), str(clone))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in FILES.items():
        place = tmp_path / "projects" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    shutil.copy(tmp_path / "projects/shop/billing/tax.py", tmp_path / "tax.py")
    published(tmp_path / "projects/shop", tmp_path / "fresh-clone")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_days_work(vault: codevault.Vault, home: Path) -> None:
    tax = home / "projects/shop/billing/tax.py"
    for text in (f"# TODO: tax of the islands\n{TAX.replace('19', '21')}\n\n{DISCOUNT}", TAX.replace("19", "22")):
        tax.write_text(text)
        published(home / "projects/shop", home / "fresh-clone")
        vault.backup("shop")
    vault.backup(vault.projects.add(home / "projects/blog", client="Acme"))
    vault.backup(vault.projects.add(home / "projects/poster", client="Bolt"))
    vault.analyse()


def run(example: str, page: str, names: dict[str, Any]) -> None:
    """The example as it stands, but for its dates: this archive begins today."""
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date()
    exec(compile(A_DATE.sub(f'"{tomorrow}"', example), page, "exec"), names)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.skipif(os.name != "posix", reason="a folder of this home is found by $HOME")
def test_every_example_runs_after_the_ones_before_it(home: Path) -> None:
    names: dict[str, Any] = {"codevault": codevault, "Path": Path}
    first, *others = GUIDE
    run(first, "GUIDE.md", names)
    with names["vault"] as vault:
        a_days_work(vault, home)
        for example in others:
            run(example, "GUIDE.md", names)
        try:
            for example in README[1:]:
                run(example, "README.md", names)
        finally:
            codevault.Service(vault).stop()

    assert [event.at.sequence for event in names["history"].events] == [1, 2, 3]
    assert names["gone"].last_seen.sequence == 2
    assert (home / "restored/shop/billing/tax.py").read_text() == TAX.replace("19", "22")
    assert (home / "back/shop/app.py").read_text() == FILES["shop/app.py"]
    assert names["service"].running is False


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_every_link_of_the_guide_leads_somewhere(link: str) -> None:
    assert (PAGES["GUIDE.md"].parent / link).exists()
