"""Where build files send output: read as data, and believed only with traces of the tool in the folder."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from codevault.policy import DEFAULT, PathClass, Verdict
from codevault.policy.configured import LARGEST_MANIFEST, Check, Output, outputs_of

WEBPACK = b"module.exports = {output: {path: path.resolve(__dirname, 'public', 'bundle'), filename: 'x'}}"
FOUND: list[tuple[str, str, bytes, list[str]]] = [
    ("web", "tsconfig.json", b'// c\n{"compilerOptions": {"outDir": "./out/",}, /* " */}', ["web/out"]),
    (".cargo", "config.toml", b'[build]\ntarget-dir = "artifacts"\n', ["artifacts"]),
    ("sub/.cargo", "config.toml", b'[build]\ntarget-dir = "../shared"\n', ["shared"]),
    ("", "pyproject.toml", b'[tool.mypy]\ncache_dir=".c/m"\n[tool.coverage.html]\ndirectory="cov"\n', [".c/m", "cov"]),
    (
        "",
        "pom.xml",
        b"<project><build><directory>${project.basedir}/products</directory></build></project>",
        ["products"],
    ),
    ("app", "build.gradle", b'buildDir = "$rootDir/out"\n', ["app/out"]),
    ("", "build.gradle.kts", b'layout.buildDirectory.set(file("made"))\n', ["made"]),
    ("", "build.gradle", b'layout.buildDirectory = layout.projectDirectory.dir("made")\n', ["made"]),
    ("", "webpack.config.js", WEBPACK, ["public/bundle"]),
    ("", "webpack.config.js", b"path: __dirname + '/pub'", ["pub"]),
    ("", "vite.config.ts", b"export default {build: {outDir: '../static/app'}}", []),
    ("front", "vite.config.ts", b"export default {build: {outDir: '../static/app'}}", ["static/app"]),
    ("", "next.config.mjs", b"export default {distDir: 'made'}", ["made"]),
    ("", "composer.json", b'{"config": {"vendor-dir": "lib/php"}}', ["lib/php"]),
    (".bundle", "config", b'---\nBUNDLE_PATH: "gems"\n', ["gems"]),
    ("", "angular.json", b'{"projects":{"a":{"architect":{"build":{"options":{"outputPath":"www"}}}}}}', ["www"]),
    (
        "",
        "angular.json",
        b'{"projects":{"a":{"architect":{"build":{"options":{"outputPath":{"base":"www"}}}}}}}',
        ["www"],
    ),
    ("site", "settings.py", b"A = 1\nSTATIC_ROOT = BASE_DIR / 'collected'\n", ["collected"]),
]
NOTHING: list[tuple[str, str, bytes]] = [
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": "."}}'),
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": "src", "rootDir": "src/app"}}'),
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": "../elsewhere"}}'),
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": "/etc"}}'),
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": 7}}'),
    ("", "tsconfig.json", b'{"compilerOptions": []}'),
    ("", "tsconfig.json", b"[" * 100_000),
    ("", "tsconfig.json", b'{"compilerOptions": {"outDir": "o"}}' + b" " * LARGEST_MANIFEST),
    ("", "config.toml", b'[build]\ntarget-dir = "artifacts"\n'),
    ("", "config", b"BUNDLE_PATH: gems\n"),
    ("", "pyproject.toml", b"not toml"),
    ("", "pyproject.toml", b'[tool.mypy]\ncache_dir="$HOME/x"\n[tool.ruff]\ncache-dir="~/x"\n'),
    ("", "pom.xml", b'<!DOCTYPE p [<!ENTITY a "aa">]><project><build><directory>&a;</directory></build></project>'),
    ("", "pom.xml", b"<project><build><directory>.git/objects</directory></build></project>"),
    ("", "pom.xml", b"<project>"),
    ("", "pom.xml", b"\xff\xfe"),
    ("", "composer.json", b'{"config": {"vendor-dir": "C:\\\\x"}}'),
    ("", "unknown.json", b'{"outDir": "x"}'),
]


def test_build_files_name_their_output() -> None:
    assert [[output.path for output in outputs_of(*case[:3])] for case in FOUND] == [case[3] for case in FOUND]


def test_nothing_is_named_outside_the_root_by_odd_values_or_by_what_does_not_parse() -> None:
    assert [outputs_of(*case) for case in NOTHING] == [()] * len(NOTHING)


def judged(output: Output, names: Collection[str]) -> Verdict:
    return DEFAULT.folder(output.path, output.path.rpartition("/")[2], set(), lambda: names, output)


CARGO = outputs_of(".cargo", "config.toml", b'[build]\ntarget-dir = "artifacts"\n')[0]
BUNDLE = outputs_of("", "webpack.config.js", WEBPACK)[0]


def test_a_configured_folder_with_traces_of_its_tool_is_left_out() -> None:
    verdict = judged(CARGO, {".rustc_info.json", "debug"})

    assert (verdict.keep, verdict.path_class, verdict.rebuild) == (False, PathClass.BUILD_OUTPUT, "cargo build")
    assert verdict.reasons[0].evidence == (
        "artifacts: .cargo/config.toml names it (artifacts), and it holds .rustc_info.json"
    )


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (CARGO, {"debug"}),
        (CARGO, {".rustc_info.json", "notes.md"}),
        (CARGO, {".rustc_info.json", ".git"}),
        (BUNDLE, {"main.a1b2c3d4.js", "legacy.js"}),
        (BUNDLE, {"index.html"}),
    ],
)
def test_a_configured_folder_is_kept_without_traces_or_with_somebodys_work(output: Output, names: set[str]) -> None:
    assert judged(output, names).keep


def test_a_bundlers_folder_holds_only_what_has_a_map_or_a_hash() -> None:
    assert BUNDLE.check is Check.MAPS
    assert not judged(BUNDLE, {"main.js", "main.js.map", "main.a1b2c3d4.css", "main.js.LICENSE.txt"}).keep


def test_build_trees_of_any_name_are_told_by_what_only_their_tool_makes() -> None:
    cmake = DEFAULT.tagged({"CMakeCache.txt", "CMakeFiles", "cmake_install.cmake", "app"}, None, "out/release")
    meson = DEFAULT.tagged({"meson-private", "meson-info", "meson-logs", "build.ninja"}, None, "obj")

    assert cmake is not None
    assert meson is not None
    assert (cmake.keep, meson.keep) == (False, False)


def test_a_source_tree_in_which_cmake_built_is_kept() -> None:
    names = {"CMakeCache.txt", "CMakeFiles", "cmake_install.cmake", "CMakeLists.txt", "main.c"}

    verdict = DEFAULT.tagged(names, None, "engine")

    assert verdict is not None
    assert (verdict.keep, verdict.certain) == (True, False)
