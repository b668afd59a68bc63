"""Technologies and their versions, from the files in which tools are told of them. Data only: nothing is ever run.

Each reader takes the text of one manifest and gives (technology, version) pairs; what does not parse gives none. Texts
are bounded by whoever reads them; regular expressions here are linear in a line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate

LONGEST = 1 << 20
"""Bytes of the largest manifest that is read."""

_LONGEST_VERSION = 60
_FRAMEWORKS = {
    "python": ("django", "flask", "fastapi", "pytorch:torch", "tensorflow", "pandas", "celery", "sqlalchemy"),
    "node": (
        *("react", "vue", "svelte", "next", "nuxt", "express", "electron", "typescript", "vite"),
        *("angular:@angular/core", "nestjs:@nestjs/core"),
    ),
    "rust": ("actix-web", "axum", "rocket", "tokio", "bevy"),
    "php": ("laravel:laravel/framework", "symfony:symfony/framework-bundle", "drupal:drupal/core"),
    "ruby": ("rails", "sinatra", "jekyll"),
    "go": ("gin:github.com/gin-gonic/gin", "echo:github.com/labstack/echo/v4", "fiber:github.com/gofiber/fiber/v2"),
    "elixir": ("phoenix",),
}
_NAMED = {
    system: {one.rpartition(":")[2]: one.partition(":")[0] for one in names} for system, names in _FRAMEWORKS.items()
}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;#)]*)")
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Technology:
    """What a project is made with, which version of it ("" where none is told), and the manifest that says so."""

    name: str
    version: str
    source: str


def technologies(manifests: Mapping[str, bytes]) -> tuple[Technology, ...]:
    """What manifests, by path, tell of; by name, then path, each once."""
    found: dict[tuple[str, str], Technology] = {}
    for path in sorted(manifests, key=lambda path: (path.count("/"), path)):
        reader = reader_of(path)
        text = manifests[path].decode("utf-8", "replace")
        for name, version in _read(reader, text) if reader is not None else ():
            clean = " ".join(version.split())[:_LONGEST_VERSION]
            clean = clean if clean.isprintable() else ""
            found.setdefault((name, clean), Technology(name=name, version=clean, source=path))
    told = {name for name, version in found if version}
    kept = (one for (name, version), one in found.items() if version or name not in told)
    return tuple(sorted(kept, key=lambda one: (one.name, one.source, one.version)))


def reader_of(path: str) -> Callable[[str], Pairs] | None:
    """What reads the file of that name, None for no manifest."""
    base = path.rpartition("/")[2]
    if _MANIFEST.match(base) is None:  # of nearly every file: one look in place of one a pattern
        return None
    return next((reader for pattern, reader in _READERS if fnmatchcase(base, pattern)), None)


def _read(reader: Callable[[str], Pairs], text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(reader(text))
    except (AttributeError, RecursionError, TypeError, ValueError):
        return ()  # not what its name promises


def _package_json(text: str) -> Iterator[tuple[str, str]]:
    manifest = json.loads(text)
    yield "node", _text(_table(manifest, "engines").get("node"))
    for part in ("dependencies", "devDependencies"):
        yield from _frameworks("node", _table(manifest, part))


def _pyproject(text: str) -> Iterator[tuple[str, str]]:
    manifest = tomllib.loads(text)
    project, poetry = _table(manifest, "project"), _table(manifest, "tool", "poetry", "dependencies")
    yield "python", _text(project.get("requires-python")) or _text(poetry.get("python"))
    listed = project.get("dependencies")
    yield from _requirements("\n".join(map(str, listed)) if isinstance(listed, list) else "")
    yield from _frameworks("python", poetry)


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        found = _REQUIREMENT.match(line)
        if found:
            yield from _frameworks("python", {found[1].lower(): found[2].strip()})


def _setup_cfg(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"\s*python_requires\s*=\s*(.+)", "python")


def _cargo(text: str) -> Iterator[tuple[str, str]]:
    manifest = tomllib.loads(text)
    package = {**_table(manifest, "workspace", "package"), **_table(manifest, "package")}
    edition = _text(package.get("edition"))
    yield "rust", _text(package.get("rust-version")) or (f"edition {edition}" if edition else "")
    yield from _frameworks("rust", _table(manifest, "dependencies"))
    yield from _frameworks("rust", _table(manifest, "workspace", "dependencies"))


def _go_mod(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"go\s+(\S+)", "go")
    for line in text.splitlines():
        found = re.match(r"\s*(?:require\s+)?(\S+)\s+(v\S+)", line)
        if found:
            yield from _frameworks("go", {found[1]: found[2]})


def _pom(text: str) -> Iterator[tuple[str, str]]:
    properties = r"<(?:java\.version|maven\.compiler\.(?:release|source|target)|release)>\s*([^<\s]+)\s*<"
    found = re.search(properties, text)
    yield "java", found[1] if found and not found[1].startswith("$") else ""
    for artifact, version in re.findall(r"<artifactId>([^<]*)</artifactId>\s*<version>([^<]*)</version>", text):
        if artifact.startswith("spring-boot"):
            yield "spring-boot", version if not version.startswith("$") else ""


def _gradle(text: str) -> Iterator[tuple[str, str]]:
    found = re.search(r"(?:JavaLanguageVersion\.of\(|(?:source|target)Compatibility\s*=?\s*\W?)([\w.]+)", text)
    yield "java", found[1].removeprefix("JavaVersion.VERSION_") if found else ""
    plugins = (("org.springframework.boot", "spring-boot"), ("org.jetbrains.kotlin", "kotlin"), ("kotlin(", "kotlin"))
    for line in text.splitlines():
        version = re.search(r"version\s*\(?[\"']([^\"']+)[\"']", line)
        for mark, name in plugins:
            if version and mark in line:
                yield name, version[1]


def _composer(text: str) -> Iterator[tuple[str, str]]:
    required = _table(json.loads(text), "require")
    yield "php", _text(required.get("php"))
    yield from _frameworks("php", required)


def _gemfile(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"\s*ruby\s+[\"']([^\"']+)[\"']", "ruby")
    for line in text.splitlines():
        found = re.match(r"\s*gem\s+[\"']([^\"']+)[\"'](?:\s*,\s*[\"']([^\"']+)[\"'])?", line)
        if found:
            yield from _frameworks("ruby", {found[1]: found[2] or ""})


def _csproj(text: str) -> Iterator[tuple[str, str]]:
    for found in re.findall(r"<TargetFrameworks?>([^<]+)</TargetFrameworks?>", text):
        yield from (("dotnet", one.strip()) for one in found.split(";"))


def _pubspec(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"\s+sdk:\s*[\"']?([^\"'#]*\d[^\"'#]*)", "dart")
    yield from _lines(text, r"\s+flutter:\s*[\"']?([^\"'#]*\d[^\"'#]*)", "flutter")
    if re.search(r"(?m)^\s+sdk:\s*flutter\s*$", text):
        yield "flutter", ""


def _mix(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"\s*elixir:\s*\"([^\"]+)\"", "elixir")
    for name, version in re.findall(r"\{:(\w+),\s*\"([^\"]+)\"", text):
        yield from _frameworks("elixir", {name: version})


def _tool_versions(text: str) -> Iterator[tuple[str, str]]:
    names = {"nodejs": "node", "golang": "go", "dotnet-core": "dotnet"}
    known = {"python", "node", "ruby", "go", "rust", "java", "elixir", "php", "dotnet", "dart", "flutter", "swift"}
    for line in text.splitlines():
        name, _, version = line.partition("#")[0].strip().partition(" ")
        if names.get(name, name) in known:
            yield names.get(name, name), version


def _version_file(name: str) -> Callable[[str], Pairs]:
    def read(text: str) -> Pairs:
        first = text.strip().partition("\n")[0].strip()
        return ((name, first),) if re.fullmatch(r"[\w./+-]+", first) else ()

    return read


def _toolchain(text: str) -> Iterator[tuple[str, str]]:
    yield "rust", _text(_table(tomllib.loads(text), "toolchain").get("channel"))


def _global_json(text: str) -> Iterator[tuple[str, str]]:
    yield "dotnet", _text(_table(json.loads(text), "sdk").get("version"))


def _package_swift(text: str) -> Iterator[tuple[str, str]]:
    yield from _lines(text, r"//\s*swift-tools-version:\s*(\S+)", "swift")


def _lines(text: str, pattern: str, name: str) -> Iterator[tuple[str, str]]:
    """The first line that fits."""
    matches = (re.match(pattern, line) for line in text.splitlines())
    found = next((found for found in matches if found), None)
    yield name, found[1].strip() if found else ""


def _frameworks(system: str, dependencies: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for named, technology in _NAMED[system].items():
        if named in dependencies:
            version = dependencies[named]
            yield technology, _text(version.get("version") if isinstance(version, dict) else version)


def _table(value: object, *keys: str) -> Mapping[str, object]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


_READERS: tuple[tuple[str, Callable[[str], Pairs]], ...] = (
    ("package.json", _package_json),
    ("pyproject.toml", _pyproject),
    ("requirements*.txt", _requirements),
    ("setup.cfg", _setup_cfg),
    ("Cargo.toml", _cargo),
    ("go.mod", _go_mod),
    ("pom.xml", _pom),
    ("build.gradle", _gradle),
    ("build.gradle.kts", _gradle),
    ("composer.json", _composer),
    ("Gemfile", _gemfile),
    ("*.csproj", _csproj),
    ("*.fsproj", _csproj),
    ("pubspec.yaml", _pubspec),
    ("mix.exs", _mix),
    ("Package.swift", _package_swift),
    (".tool-versions", _tool_versions),
    (".python-version", _version_file("python")),
    (".nvmrc", _version_file("node")),
    (".ruby-version", _version_file("ruby")),
    ("rust-toolchain.toml", _toolchain),
    ("rust-toolchain", _version_file("rust")),
    ("global.json", _global_json),
)
_MANIFEST = re.compile("|".join(translate(pattern) for pattern, _ in _READERS))
