"""What manifests tell of technologies and their versions, read as data."""

from __future__ import annotations

from codevault.projects.manifests import Technology, reader_of, technologies

MANIFESTS = [
    (
        "package.json",
        '{"engines": {"node": ">=18"}, "devDependencies": {"typescript": "5.4.2"}}',
        ["node >=18", "typescript 5.4.2"],
    ),
    (
        "pyproject.toml",
        '[tool.poetry.dependencies]\npython = "^3.11"\nflask = {version = "^3.0"}\n',
        ["flask ^3.0", "python ^3.11"],
    ),
    (
        "requirements-dev.txt",
        "# tools\nDjango[argon2] >=4.2,<5 ; python_version > '3'\n-r more.txt\n",
        ["django >=4.2,<5"],
    ),
    ("setup.cfg", "[options]\npython_requires = >=3.9\n", ["python >=3.9"]),
    (
        "Cargo.toml",
        '[package]\nedition = "2021"\n[dependencies]\ntokio = { version = "1.37" }\naxum = "0.7"\n',
        ["axum 0.7", "rust edition 2021", "tokio 1.37"],
    ),
    ("go.mod", "module x\n\ngo 1.22\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.1\n)\n", ["gin v1.9.1", "go 1.22"]),
    (
        "pom.xml",
        (
            "<parent><artifactId>spring-boot-starter-parent</artifactId>\n<version>3.2.4</version></parent>"
            "<properties><java.version>21</java.version></properties>"
        ),
        ["java 21", "spring-boot 3.2.4"],
    ),
    (
        "build.gradle.kts",
        (
            'plugins { kotlin("jvm") version "1.9.23" }\njava { toolchain { languageVersion = '
            "JavaLanguageVersion.of(17) } }\n"
        ),
        ["java 17", "kotlin 1.9.23"],
    ),
    ("composer.json", '{"require": {"php": ">=8.2", "laravel/framework": "^11.0"}}', ["laravel ^11.0", "php >=8.2"]),
    ("Gemfile", 'ruby "3.3.0"\ngem "rails", "~> 7.1"\ngem "pg"\n', ["rails ~> 7.1", "ruby 3.3.0"]),
    (
        "Shop.csproj",
        "<Project><TargetFrameworks>net8.0;net6.0</TargetFrameworks></Project>",
        ["dotnet net6.0", "dotnet net8.0"],
    ),
    (
        "pubspec.yaml",
        "name: app\nenvironment:\n  sdk: '>=3.3.0 <4.0.0'\ndependencies:\n  flutter:\n    sdk: flutter\n",
        ["dart >=3.3.0 <4.0.0", "flutter "],
    ),
    ("mix.exs", 'elixir: "~> 1.16",\n{:phoenix, "~> 1.7"}', ["elixir ~> 1.16", "phoenix ~> 1.7"]),
    ("Package.swift", "// swift-tools-version:5.9\n", ["swift 5.9"]),
    (".tool-versions", "nodejs 20.11.0\nterraform 1.7\n", ["node 20.11.0"]),
    (".python-version", "3.12.2\n", ["python 3.12.2"]),
    ("rust-toolchain.toml", '[toolchain]\nchannel = "1.77"\n', ["rust 1.77"]),
    ("global.json", '{"sdk": {"version": "8.0.203"}}', ["dotnet 8.0.203"]),
]  # fmt: skip - one manifest reads as one
HOSTILE = {
    "package.json": b"[" * 100_000,
    "pyproject.toml": b"= not toml",
    "Cargo.toml": b"package = 7\n",
    "composer.json": b'{"require": ["php"]}',
    "global.json": b"\xff\xfe\x00",
    ".nvmrc": b"$(touch /tmp/never)",
    "a/.ruby-version": b"3.3.0\x1b[2J",
}


def test_every_kind_of_manifest_is_read() -> None:
    told = {
        path: [f"{one.name} {one.version}" for one in technologies({path: text.encode()})]
        for path, text, _ in MANIFESTS
    }

    assert told == {path: expected for path, _, expected in MANIFESTS}


def test_what_is_no_manifest_is_not_read() -> None:
    assert [reader_of(name) for name in ("setup.py", "Makefile", "package.json.bak", "conftest.py")] == [None] * 4


def test_manifests_that_are_broken_or_hostile_tell_nothing() -> None:
    told = {one.name: one.version for one in technologies(HOSTILE)}

    assert told.get("rust", "") == ""
    assert all(version.isprintable() and len(version) <= 60 for version in told.values())


def test_each_technology_is_told_once_and_says_where_it_stands() -> None:
    found = technologies({"web/package.json": b'{"engines": {"node": ">=20"}}', "package.json": b"{}"})

    assert found == (Technology(name="node", version=">=20", source="web/package.json"),)


def test_long_lines_are_read_in_linear_time() -> None:
    text = b"x" * 10_000 + b"\n" + b"ruby " * 5_000 + b"\n" + b'"' * 20_000 + b"<TargetFramework>" * 2_000

    found = technologies(dict.fromkeys(("Gemfile", "a.csproj", "pom.xml", "build.gradle", "mix.exs", "go.mod"), text))

    assert {one.version for one in found} == {""}
