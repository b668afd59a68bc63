"""What package managers put into a folder, told from what somebody wrote or changed there."""

from __future__ import annotations

import base64
import hashlib

import pytest

from codevault.policy.around import Stamp
from codevault.policy.installed import Inventory, inventory_of

S = 1_000_000_000
OLD, INSTALLED, DONE, LATER = 10 * S, 1000 * S, 1100 * S, 2000 * S


class Tree:
    """Files by path, each with its content and the time it was written; copied trees have one young ctime."""

    def __init__(self, files: dict[str, tuple[bytes, int]], copied: int = 0) -> None:
        self._files = files
        self._copied = copied

    def exists(self, path: str) -> bool:
        return path in self._files

    def read(self, path: str, limit: int) -> bytes | None:
        return self._files[path][0][:limit] if path in self._files else None

    def names(self, path: str) -> set[str]:
        return {name[len(path) + 1 :].split("/")[0] for name in self._files if name.startswith(f"{path}/")}

    def stamp(self, path: str) -> Stamp | None:
        if path in self._files:
            content, written = self._files[path]
            return Stamp(len(content), written, self._copied or max(written, INSTALLED))
        return Stamp(0, INSTALLED, self._copied or INSTALLED) if self.names(path) else None


def kept(top: str, files: dict[str, tuple[bytes, int]], copied: int = 0) -> list[str]:
    """The files below a folder that somebody put there."""
    around = Tree({f"{top}/{path}" if not path.startswith("/") else path[1:]: f for path, f in files.items()}, copied)
    inventory = inventory_of(top, around)
    assert inventory is not None
    return sorted(_walk(inventory, around, top, ""))


def _walk(inventory: Inventory, around: Tree, top: str, path: str) -> list[str]:
    place = f"{top}/{path}" if path else top
    names = sorted(around.names(place))
    if path and inventory.enters(path, {name: around.stamp(f"{place}/{name}") for name in names}):
        return [path]
    found = []
    for name in names:
        inner = f"{path}/{name}" if path else name
        stamp = around.stamp(f"{top}/{inner}")
        if around.names(f"{top}/{inner}"):
            found += _walk(inventory, around, top, inner)
        elif stamp is not None and inventory.by_hand(inner, stamp):
            found.append(inner)
    return found


def package(name: str, *more: str) -> dict[str, tuple[bytes, int]]:
    return {f"{name}/{file}": (b"x", INSTALLED) for file in ("package.json", "index.js", "README.md", *more)}


NPM = (
    b'{"packages": {"node_modules/a": {}, "node_modules/@s/b": {}, "node_modules/a/node_modules/c": {},'
    b' "node_modules/native": {"hasInstallScript": true}}}'
)
MODULES = {
    ".package-lock.json": (NPM, DONE),
    ".bin/tool": (b"x", LATER),
    ".cache/x": (b"x", LATER),
    **package("a", "lib/deep/x.js"),
    **package("@s/b"),
    **package("a/node_modules/c"),
}
PATCHED = {"a/lib/deep/x.js": (b"patched", LATER), "a/node_modules/c/index.js": (b"patched", LATER)}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        (PATCHED, ["a/lib/deep/x.js", "a/node_modules/c/index.js"]),
        ({"loose.js": (b"x", OLD), "@s/loose.js": (b"x", OLD)}, ["@s/loose.js", "loose.js"]),
        (package("mine"), ["mine"]),
        (package("a/node_modules/mine"), ["a/node_modules/mine"]),
        (package("a", "test/node_modules/fixture.js"), []),
    ],
)
def test_in_node_modules_what_npm_does_not_list_or_wrote_earlier_is_somebodys(
    more: dict[str, tuple[bytes, int]], expected: list[str]
) -> None:
    assert kept("web/node_modules", MODULES | more) == expected


def test_an_edit_is_known_after_a_later_installation_and_in_a_copied_tree() -> None:
    later = MODULES | {".package-lock.json": (NPM, LATER + S), "a/index.js": (b"patched", LATER)}

    assert kept("node_modules", later) == ["a/index.js"]
    assert kept("node_modules", later, copied=LATER * 9) == ["a/index.js"]


def test_what_an_install_script_built_is_made_again_but_sources_are_not() -> None:
    built = package("native") | {
        "native/binding.gyp": (b"x", INSTALLED),
        "native/build/Makefile": (b"x", LATER),
        "native/prebuilt.bin": (b"x", DONE - S),
        "native/fixed.js": (b"x", DONE - S),
    }

    assert kept("node_modules", MODULES | built) == ["native/fixed.js"]


YARN = b'"@s/b@^1", "@s/b@^2":\n  version "1"\n\na@^1, c@^2:\n  version "1"\n'
OLD_LOCK = b'{"dependencies": {"a": {"dependencies": {"c": {}}}, "@s/b": {}}}'
NEW_LOCK = b'{"packages": {"": {}, "node_modules/a": {}, "node_modules/a/node_modules/c": {}, "node_modules/@s/b": {}}}'
WORKSPACE = (
    b'{"packages": {"web/node_modules/a": {}, "web/node_modules/a/node_modules/c": {}, "web/node_modules/@s/b": {}}}'
)
BUN = b'{\n  "packages": {\n    "a": ["a@1"],\n    "a/c": ["c@1"],\n    "c": ["c@1"],\n    "@s/b": ["@s/b@1"],\n  }\n}'


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("/yarn.lock", YARN),
        ("/web/yarn.lock", YARN),
        ("/web/package-lock.json", OLD_LOCK),
        ("/web/npm-shrinkwrap.json", NEW_LOCK),
        ("/node_modules/.package-lock.json", WORKSPACE),
        ("/bun.lock", BUN),
    ],
)
def test_lists_of_other_package_managers_and_of_the_workspace_above_name_packages(place: str, content: bytes) -> None:
    tree = {path: file for path, file in MODULES.items() if path != ".package-lock.json"}

    assert kept("web/node_modules", tree | {place: (content, DONE)} | package("mine")) == ["mine"]


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"dependencies": {"a": 1}}', b'{"packages": {"x/node_modules/a": {}}}']
)
def test_a_list_that_says_nothing_leaves_manifests_to_tell_packages(content: bytes) -> None:
    tree = {"/package-lock.json": (content, DONE), "/node_modules/.package-lock.json": (content, DONE)}

    assert kept("web/node_modules", package("a") | tree | {"mine/x.js": (b"x", OLD)}) == ["mine"]


def test_of_pnpm_packages_lie_in_its_own_folder() -> None:
    tree = {
        ".modules.yaml": (b"x", DONE),
        ".pnpm/lock.yaml": (b"x", LATER),
        **package(".pnpm/a@1/node_modules/a"),
        ".pnpm/a@1/node_modules/a/index.js": (b"patched", LATER),
        "mine/index.js": (b"x", OLD),
    }

    assert kept("node_modules", tree | {"/yarn.lock": (YARN, OLD)}) == [".pnpm/a@1/node_modules/a/index.js", "mine"]


def record(*files: tuple[str, bytes]) -> bytes:
    rows = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')},{len(content)}"
        for path, content in files
    ]
    return "\n".join([*rows, "flask-3.dist-info/RECORD,,", "", "../x", 'broken,"a']).encode()


SITE = "lib/python3.11/site-packages"
VENV = {
    "pyvenv.cfg": (b"x", INSTALLED),
    "bin/activate": (b"x", INSTALLED + 20 * S),
    "bin/activate.fish": (b"x", INSTALLED + 20 * S),
    "bin/pip3.11": (b"x", INSTALLED),
    "bin/flask": (b"run", INSTALLED),
    f"{SITE}/flask/app.py": (b"app", OLD),
    f"{SITE}/flask/json.py": (b"one", INSTALLED),
    f"{SITE}/flask/__pycache__/app.cpython-311.pyc": (b"x", LATER),
    f"{SITE}/flask-3.dist-info/INSTALLER": (b"pip", LATER),
    f"{SITE}/flask-3.dist-info/RECORD": (
        record(("flask/app.py", b"app"), ("flask/json.py", b"one"), ("../../../bin/flask", b"run")),
        DONE,
    ),
    f"{SITE}/old-1.egg-info/installed-files.txt": (b"../old.py\n", DONE),
    f"{SITE}/old.py": (b"x", INSTALLED),
    f"{SITE}/easy-install.pth": (b"x", LATER),
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({f"{SITE}/flask/json.py": (b"longer", OLD)}, [f"{SITE}/flask/json.py"]),
        ({f"{SITE}/flask/json.py": (b"two", LATER)}, [f"{SITE}/flask/json.py"]),
        ({f"{SITE}/flask/json.py": (b"one", LATER)}, []),
        (
            {f"{SITE}/sitecustomize.py": (b"x", OLD), "bin/deploy": (b"x", OLD)},
            ["bin/deploy", f"{SITE}/sitecustomize.py"],
        ),
        ({"bin/activate": (b"export A=1", LATER)}, ["bin/activate"]),
        ({"conda-meta/history": (b"x", OLD), f"{SITE}/unlisted.py": (b"x", OLD)}, []),
        ({"Lib/site-packages/mine.py": (b"x", OLD)}, ["Lib/site-packages/mine.py"]),
    ],
)
def test_in_an_environment_what_no_list_has_or_has_otherwise_is_somebodys(
    more: dict[str, tuple[bytes, int]], expected: list[str]
) -> None:
    assert kept(".venv", VENV | more) == expected


COMPOSER = {
    "autoload.php": (b"x", DONE - S),
    "composer/installed.json": (b'{"packages": [{"name": "Acme/Money"}]}', DONE),
    "composer/ClassLoader.php": (b"x", LATER),
    "acme/money/src/Money.php": (b"x", OLD),
}
GO = {
    "modules.txt": (b"# example.com/lib v1\n## explicit\nexample.com/lib\n", DONE),
    "example.com/lib/a.go": (b"x", DONE),
}
PODS = {
    "Manifest.lock": (b'PODS:\n  - AFNetworking (4.0)\n  - "Foo/Core":\n    - Bar (= 1)\n', DONE),
    "AFNetworking/a.m": (b"x", OLD),
    "Headers/a.h": (b"x", LATER),
}
GEMS = "ruby/3.1.0"
BUNDLE = {
    f"{GEMS}/gems/rack-3.0/lib/rack.rb": (b"x", INSTALLED),
    f"{GEMS}/specifications/rack-3.0.gemspec": (b"x", DONE),
    f"{GEMS}/cache/rack-3.0.gem": (b"x", LATER),
}


@pytest.mark.parametrize(
    ("top", "tree", "path", "by_hand"),
    [
        ("vendor", COMPOSER, "acme/money/src/Money.php", "acme/patched"),
        ("vendor", GO, "example.com/lib/a.go", "gitlab.example"),
        ("ios/Pods", PODS, "AFNetworking/a.m", "Own"),
        ("vendor/bundle", BUNDLE, f"{GEMS}/gems/rack-3.0/lib/rack.rb", f"{GEMS}/gems/mine-1.0"),
    ],
)
def test_what_was_written_after_the_list_and_what_the_list_has_not_is_somebodys(
    top: str, tree: dict[str, tuple[bytes, int]], path: str, by_hand: str
) -> None:
    assert kept(top, tree) == []
    assert kept(top, tree | {path: (b"patched", LATER)}) == [path]
    assert kept(top, tree | {f"{by_hand}/a": (b"x", OLD)}) == [by_hand]


def test_of_other_package_managers_only_sources_written_later_count() -> None:
    deps = {
        "jason/.hex": (b"x", OLD),
        "mine/a.ex": (b"x", OLD),
        "jason/lib/jason.ex": (b"patched", LATER),
        "jason/priv/nif.so": (b"x", LATER),
    }

    assert kept("deps", deps) == ["jason/lib/jason.ex", "mine"]
    assert kept(".eggs", deps) == ["jason/lib/jason.ex"]
