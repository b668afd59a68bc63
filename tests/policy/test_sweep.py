"""What is kept of folders that are left out: what no command brings back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codevault.policy import DEFAULT, FolderView, PathClass, Policy, Verdict, explain
from codevault.policy.around import Stamp
from codevault.policy.configured import outputs_of
from codevault.policy.rules import Rule, RuleBook

OUT = Verdict(path_class=PathClass.BUILD_OUTPUT, keep=False)
DEPENDENCY = Verdict(path_class=PathClass.DEPENDENCY, keep=False)
CACHE = Verdict(path_class=PathClass.CACHE, keep=False)
CLONE = {".git": None, "a.c": None}
SAID = Verdict(path_class=PathClass.DATA, keep=False, deliberate=True)


class Tree:
    """Files of a project, by path."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def exists(self, path: str) -> bool:
        return path in self._files

    def read(self, path: str, limit: int) -> bytes | None:
        content = self._files.get(path)
        return None if content is None else content[:limit]

    def names(self, path: str) -> list[str]:
        return [name[len(path) + 1 :].split("/")[0] for name in self._files if name.startswith(f"{path}/")]

    def stamp(self, path: str) -> Stamp | None:
        return Stamp(len(self._files[path]), 0, 0) if path in self._files else None


def taken(policy: Policy, verdict: Verdict, *paths: str) -> list[str]:
    sweep = policy.sweep("top", verdict)
    return [path for path in paths if sweep.takes_file(f"top/{path}", path.count("/") + 1)]


def test_keys_settings_databases_and_notebooks_are_kept_at_any_depth_of_build_output() -> None:
    precious = (".env", "a/b/c/server.key", "dev.sqlite", "x/notes.ipynb")

    assert taken(DEFAULT, OUT, *precious, "app.js", "a/main.o", ".git") == list(precious)


def test_what_packages_bring_of_their_own_is_not_kept() -> None:
    assert taken(DEFAULT, DEPENDENCY, ".env", "tls/test/server.key", "pkg/cache.db") == [".env"]


def test_a_caches_databases_are_not_kept_but_its_secrets_are() -> None:
    assert taken(DEFAULT, CACHE, "index.db", ".env", "a/b/c/.env") == [".env"]


def test_repositories_are_kept_whole_but_clones_that_cmake_fetched() -> None:
    sweep = DEFAULT.sweep("top", OUT)

    assert sweep.takes_folder("top/work", CLONE, 1)
    assert not sweep.takes_folder("top/_deps/json-src", CLONE, 2)
    assert not sweep.takes_folder("top/work", {"a.c": None}, 1)
    assert sweep.takes_folder("top/" + "d/" * 200, {}, 200)


def test_installed_packages_are_looked_into_but_for_caches() -> None:
    sweep = DEFAULT.sweep("node_modules", DEPENDENCY)

    assert [sweep.enters("acme", depth) for depth in (1, 4)] == [True, True]
    assert not sweep.enters("__pycache__", 4)
    assert not DEFAULT.sweep("top", CACHE).enters("deep", 3)
    assert not DEFAULT.sweep("top", OUT).enters("node_modules", 1)


def test_what_somebody_leaves_out_is_left_out_whole_but_for_exceptions() -> None:
    rules = (Rule(patterns=("/top/", "!/top/labels.csv"), origin="", keep=False),)
    always = (*rules, Rule(patterns=("*.md",), origin="", keep=True))

    assert not DEFAULT.sweep("top", SAID).needed
    assert taken(Policy(rules=RuleBook(rules)), SAID, "labels.csv", ".env", "a.md") == ["labels.csv"]
    assert taken(Policy(rules=RuleBook(always)), SAID, "labels.csv", ".env", "a.md") == ["labels.csv", "a.md"]
    assert taken(Policy(rules=RuleBook(always)), OUT, "a.md", "b.txt") == ["a.md"]


def test_compiled_scripts_without_a_source_of_the_same_name_are_kept() -> None:
    output = outputs_of("", "tsconfig.json", b'{"compilerOptions": {"outDir": "out", "rootDir": "src"}}')[0]
    there = {"src/index.ts", "src/a/b.tsx", "src/data.json", "src/m.mts"}
    sweep = DEFAULT.sweep("out", OUT, output, Tree(dict.fromkeys(there, b"")))
    made = ["index.js", "index.d.ts", "index.js.map", "a/b.js", "data.json", "m.mjs", "x.tsbuildinfo"]
    by_hand = ["by-hand.js", "a/index.js", "notes.txt"]

    assert [name for name in (*made, *by_hand) if sweep.takes_file(f"out/{name}", 1)] == by_hand


def test_explains_what_saves_a_file_from_a_folder_that_is_left_out() -> None:
    top = FolderView(name="target", siblings={"Cargo.toml"}, children=lambda: {".rustc_info.json", "local.db"})

    saved, left = explain(DEFAULT, [top], "local.db", 10), explain(DEFAULT, [top], "app", 10)

    assert (saved.keep, saved.path_class, left.keep) == (True, PathClass.DATABASE, False)
    assert [reason.rule for reason in saved.reasons] == ["build-output folder", "kept all the same", "local database"]


def test_explains_a_clone_in_what_a_package_manager_installed() -> None:
    vendor = FolderView(name="vendor", siblings={"composer.json"}, children=lambda: {"autoload.php", "composer", "a"})
    clone = FolderView(name="a", siblings=(), children=lambda: {".git", "src"})
    deep = [FolderView(name=name, siblings=(), children=tuple) for name in ("w", "x", "y", "z")]

    assert explain(DEFAULT, [vendor, clone], "src.php", 1).reasons[-2].evidence == (
        "a is a repository of its own, or no package manager put it there"
    )
    assert not explain(DEFAULT, [vendor, *deep], ".env", 1).keep


def test_explains_a_file_that_a_rule_leaves_out() -> None:
    policy = Policy(rules=RuleBook((Rule(patterns=("*.iso",), origin="policy.toml line 3", keep=False),)))

    verdict = explain(policy, [FolderView(name="disks", siblings=(), children=tuple)], "a.iso", 1)

    assert (verdict.keep, verdict.reasons[-1].origin) == (False, "policy.toml line 3")


def test_tracked_files_beat_every_proof_that_a_tool_made_them() -> None:
    policy = Policy(tracked=lambda folder: folder in {"vendor", "lab"})

    vendor = policy.folder("vendor", "vendor", {"go.mod"}, lambda: {"modules.txt", "github.com"})
    tagged = policy.tagged({"pyvenv.cfg", "bin"}, None, "lab")

    assert (vendor.keep, vendor.index, vendor.certain) == (True, True, False)
    assert vendor.reasons[-1].rule == "tracked beats ignored"
    assert tagged is not None
    assert tagged.keep


NPM = {"web/node_modules/.package-lock.json": b'{"packages": {"node_modules/left-pad": {}, "node_modules/@a/b": {}}}'}
COMPOSER = {"vendor/composer/installed.json": b'{"packages": [{"name": "Acme/Money"}]}'}


PACKAGE = {"index.js": None, "package.json": None}


def put_by_hand(
    top: str, files: dict[str, bytes], *paths: str, entries: Mapping[str, None] = MappingProxyType(PACKAGE)
) -> list[str]:
    sweep = DEFAULT.sweep(top, DEPENDENCY, None, Tree(files))
    return [path for path in paths if sweep.takes_folder(f"{top}/{path}", entries, path.count("/") + 1)]


def test_packages_that_no_package_manager_lists_are_kept_whole() -> None:
    npm = put_by_hand("web/node_modules", NPM, "left-pad", "mine", "@a", "@a/b", "@a/c", "@a/b/lib", ".bin", "mine/lib")
    composer = put_by_hand("vendor", COMPOSER, "acme", "acme/money", "acme/patched", "composer/x", "bin/y", "a/b/c")

    assert (npm, composer) == (["mine", "@a/c"], ["acme/patched"])


def test_without_a_list_that_can_be_read_packages_count_as_installed() -> None:
    broken = {"node_modules/.package-lock.json": b"{", "vendor/composer/installed.json": b"[]"}

    assert put_by_hand("node_modules", broken, "mine") == put_by_hand("vendor", broken, "a/b") == []
    assert put_by_hand("node_modules", {}, "theirs") == []


def test_without_a_list_a_folder_is_a_package_by_its_manifest_or_by_the_one_beside_node_modules() -> None:
    wanted = {"package.json": b'{"devDependencies": {"left-pad": "1"}}'}

    assert put_by_hand("node_modules", wanted, "mine", "left-pad", ".cache", entries={"index.js": None}) == ["mine"]
