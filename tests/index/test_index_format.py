"""The page index/FORMAT.md against what is really written."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

from codevault.index import schema
from codevault.index.contents import fragment_list
from tests.index.scenes import on_disk

PAGE = (Path(__file__).parent.parent.parent / "index" / "FORMAT.md").read_text()


def columns(db: sqlite3.Connection) -> set[str]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {f"{table}.{row[1]}" for table in tables for row in db.execute(f"PRAGMA table_info({table})")}


def test_the_page_shows_the_tables_as_they_are() -> None:
    shown = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == schema.TABLES.strip()


def test_the_page_explains_every_column_and_no_other() -> None:
    db = schema.connect(None, writable=True)
    db.executescript(schema.TABLES)
    catalog = PAGE[PAGE.index("## Catalog") : PAGE.index("```sql")]
    explained = set(re.findall(r"`(\w+\.\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", catalog, re.MULTILINE))))
    assert explained == columns(db)
    db.close()


def test_the_page_lists_the_fields_of_the_text_index(tmp_path: Path) -> None:
    on_disk(tmp_path).index.close()
    fields = {field["name"] for field in json.loads((tmp_path / "index" / "meta.json").read_text())["schema"]}
    listed = re.findall(r"^\| `(\w+)` \| (?:text|u64)", PAGE, re.MULTILINE)
    assert set(listed) == fields


def test_the_example_of_the_page_is_read_as_it_says() -> None:
    example = re.search(r"last line ended: `([0-9a-f ]+)`", PAGE)
    assert example is not None
    assert fragment_list(bytes.fromhex(example[1])) == (True, [(5, 1), (6, 4), (300, 5)])


def test_the_page_names_the_version_that_is_written() -> None:
    versions = re.findall(r"^\| (\d+) \| ", PAGE, re.MULTILINE)
    assert versions[0] == str(schema.VERSION)
