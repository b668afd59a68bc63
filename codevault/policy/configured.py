"""Where a project's own build files say that output goes: read as data, bounded in size, never executed.

A configuration names a folder; only what is in the folder proves that a tool filled it (`Output.inside` and `check`).
A file that does not parse says nothing. Configurations in a programming language (webpack, vite, Gradle, Django) are
searched for the one assignment that matters, when its value is spelled out.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from xml.parsers import expat

from codevault.policy.verdicts import PathClass

LARGEST_MANIFEST = 256 << 10  # bytes; larger build files name no folder here


class Check(StrEnum):
    """How each file in a configured folder is told from one that somebody put there."""

    NAMES = "names"  # no name directly inside that people write
    SOURCES = "sources"  # each has a source of the same name
    MAPS = "maps"  # each has a source map or a hash in its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A folder that a build file names, by path from the project's root.

    `inside`: what a name directly in it must match; `sources`: for `Check.SOURCES`, folders that hold the sources.
    """

    path: str
    path_class: PathClass
    rebuild: str
    evidence: str
    inside: str
    check: Check = Check.NAMES
    sources: tuple[str, ...] = ()


_OUTPUT, _DEPENDENCY, _CACHE = PathClass.BUILD_OUTPUT, PathClass.DEPENDENCY, PathClass.CACHE
_ANY = "*"
_PATH_TEXT = r"""['"]([^'"\n\\]{1,200})['"]"""
_WEBPACK = re.compile(
    r"\bpath\s*:\s*(?:(?:path\.)?(?:resolve|join)\(\s*__dirname\s*,\s*((?:['\"][^'\"\n\\]{1,200}['\"]\s*,?\s*)+)\)"
    r"|__dirname\s*\+\s*" + _PATH_TEXT + ")"
)
_OUT_DIR = re.compile(r"\boutDir\s*:\s*" + _PATH_TEXT)
_DIST_DIR = re.compile(r"\bdistDir\s*:\s*" + _PATH_TEXT)
_GRADLE = re.compile(
    r"""(?:\bbuildDir\s*=\s*(?:file\(\s*)?|buildDirectory\s*(?:\.set\(|=)\s*(?:\w+\.)*(?:file|dir)\(\s*)"""
    r"""(?:['"]?(?:\$\{?projectDir\}?|\$\{?rootDir\}?)/)?['"]?([^'"\n\\$(){}]{1,200})['"]"""
)
_STATIC = re.compile(
    r"^STATIC_ROOT\s*=\s*(?:BASE_DIR\s*/\s*|os\.path\.join\(\s*BASE_DIR\s*,\s*)" + _PATH_TEXT, re.MULTILINE
)
_BUNDLE = re.compile(r"^BUNDLE_PATH:\s*[\"']?([^\"'\n]{1,200})", re.MULTILINE)
_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])')


def outputs_of(folder: str, name: str, content: bytes) -> tuple[Output, ...]:
    """The folders that one build file names. `folder` is where it lies, "" for the root; nothing outside is named."""
    reader = MANIFESTS.get(name)
    if reader is None or len(content) > LARGEST_MANIFEST:
        return ()
    try:
        found = list(reader(folder, content.decode("utf-8-sig")))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, expat.ExpatError):
        return ()  # nothing is said by what does not parse, or is not of the shape that its tool reads
    return tuple(output for output in found if output.path and not output.path.startswith(("..", ".git/")))


def _at(folder: str, named: str) -> str:
    """The path from the root; "" for the root itself, for what lies outside, and for what is no plain path."""
    if not named or named.startswith(("/", "~")) or "\\" in named or "$" in named or ":" in named or "\0" in named:
        return ""
    path = posixpath.normpath(posixpath.join(folder, named))
    return "" if path == "." or path.startswith("..") or path == folder else path


def _jsonc(text: str) -> Any:
    """JSON with comments and trailing commas."""
    text = _COMMENTS.sub(lambda match: match[1] or " ", text)
    return json.loads(_COMMA.sub(lambda match: match[1] or "", text))


def _tsconfig(folder: str, text: str) -> Iterator[Output]:
    options = _jsonc(text)["compilerOptions"]
    out = _at(folder, options["outDir"])
    root = options.get("rootDir")
    sources = [posixpath.normpath(posixpath.join(folder, each)) for each in ([root] if root else ["src", "."])]
    if out and not any(source == out or source.startswith(f"{out}/") for source in sources):
        yield Output(
            path=out,
            path_class=_OUTPUT,
            rebuild="tsc",
            evidence=f"tsconfig.json names it as outDir ({options['outDir']})",
            inside=_ANY,
            check=Check.SOURCES,
            sources=tuple("" if source == "." else source for source in sources),
        )


def _cargo(folder: str, text: str) -> Iterator[Output]:
    above = posixpath.dirname(folder)
    named = tomllib.loads(text)["build"]["target-dir"]
    yield _plain(above, named, _OUTPUT, "cargo build", ".cargo/config.toml", ".rustc_info.json|CACHEDIR.TAG")


def _pyproject(folder: str, text: str) -> Iterator[Output]:
    tools = tomllib.loads(text).get("tool", {})
    for keys, rebuild, inside in (
        (("pytest", "ini_options", "cache_dir"), "pytest", "CACHEDIR.TAG|v"),
        (("mypy", "cache_dir"), "mypy", "CACHEDIR.TAG|[0-9].[0-9]*"),
        (("ruff", "cache-dir"), "ruff check", "CACHEDIR.TAG"),
        (("coverage", "html", "directory"), "coverage html", "coverage_html*.js|status.json"),
        (("hatch", "build", "directory"), "hatch build", "*.whl|*.tar.gz"),
    ):
        found: Any = tools
        for key in keys:
            found = found.get(key, {}) if isinstance(found, Mapping) else {}
        if isinstance(found, str):
            yield _plain(folder, found, _CACHE if inside[0] == "C" else _OUTPUT, rebuild, "pyproject.toml", inside)


def _maven(folder: str, text: str) -> Iterator[Output]:
    found = _xml_text(text, ("project", "build", "directory")).replace("${project.basedir}/", "")
    yield _plain(folder, found, _OUTPUT, "mvn package", "pom.xml", "classes|test-classes|maven-*|*.jar|*.war")


def _xml_text(text: str, wanted: tuple[str, ...]) -> str:
    """The text of the first element on a path. Entities are not declared for anybody: a document type ends it."""
    parser = expat.ParserCreate()
    stack: list[str] = []
    found: list[str] = []

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    def end(_: str) -> None:
        stack.pop()

    def told(content: str) -> None:
        if tuple(stack) == wanted:
            found.append(content)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: stack.append(name)
    parser.EndElementHandler = end
    parser.CharacterDataHandler = told
    parser.Parse(text, True)
    return "".join(found).strip()


def _gradle(folder: str, text: str) -> Iterator[Output]:
    for match in _GRADLE.finditer(text):
        yield _plain(
            folder, match[1], _OUTPUT, "gradle build", "build.gradle", "classes|libs|tmp|generated|intermediates"
        )


def _webpack(folder: str, text: str) -> Iterator[Output]:
    for match in _WEBPACK.finditer(text):
        parts = re.findall(_PATH_TEXT, match[1]) if match[1] else [match[2].lstrip("/")]
        yield _mapped(folder, posixpath.join(*parts), "webpack", "webpack.config")


def _vite(folder: str, text: str) -> Iterator[Output]:
    for match in _OUT_DIR.finditer(text):
        yield _plain(folder, match[1], _OUTPUT, "vite build", "vite.config", "assets|manifest.json|.vite")


def _next(folder: str, text: str) -> Iterator[Output]:
    for match in _DIST_DIR.finditer(text):
        yield _plain(folder, match[1], _OUTPUT, "next build", "next.config", "BUILD_ID|build-manifest.json")


def _composer(folder: str, text: str) -> Iterator[Output]:
    named = json.loads(text)["config"]["vendor-dir"]
    yield _plain(folder, named, _DEPENDENCY, "composer install", "composer.json", "autoload.php")


def _bundler(folder: str, text: str) -> Iterator[Output]:
    for match in _BUNDLE.finditer(text):
        named = match[1].strip()
        yield _plain(posixpath.dirname(folder), named, _DEPENDENCY, "bundle install", ".bundle/config", "ruby|jruby")


def _angular(folder: str, text: str) -> Iterator[Output]:
    for project in json.loads(text)["projects"].values():
        named = project["architect"]["build"]["options"]["outputPath"]
        named = named["base"] if isinstance(named, Mapping) else named
        yield _plain(folder, named, _OUTPUT, "ng build", "angular.json", "browser|main*.js|runtime*.js|index.html")


def _django(folder: str, text: str) -> Iterator[Output]:
    for match in _STATIC.finditer(text):
        above = posixpath.dirname(folder)
        rebuild = "python manage.py collectstatic"
        yield _plain(above, match[1], _OUTPUT, rebuild, "settings.py", "admin|staticfiles.json|rest_framework")


def _plain(folder: str, named: object, path_class: PathClass, rebuild: str, where: str, inside: str) -> Output:
    path = _at(folder, named) if isinstance(named, str) else ""
    return Output(
        path=path, path_class=path_class, rebuild=rebuild, evidence=f"{where} names it ({named})", inside=inside
    )


def _mapped(folder: str, named: str, rebuild: str, where: str) -> Output:
    return Output(
        path=_at(folder, named),
        path_class=_OUTPUT,
        rebuild=rebuild,
        evidence=f"{where} names it ({named})",
        inside="*.js|*.mjs|*.css",
        check=Check.MAPS,
    )


MANIFESTS: Mapping[str, Callable[[str, str], Iterator[Output]]] = {
    "tsconfig.json": _tsconfig,
    "tsconfig.build.json": _tsconfig,
    "config.toml": lambda folder, text: _cargo(folder, text) if posixpath.basename(folder) == ".cargo" else iter(()),
    "pyproject.toml": _pyproject,
    "pom.xml": _maven,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "webpack.config.js": _webpack,
    "webpack.config.cjs": _webpack,
    "webpack.config.ts": _webpack,
    "vite.config.js": _vite,
    "vite.config.mjs": _vite,
    "vite.config.ts": _vite,
    "next.config.js": _next,
    "next.config.mjs": _next,
    "next.config.ts": _next,
    "composer.json": _composer,
    "angular.json": _angular,
    "settings.py": _django,
    "config": lambda folder, text: _bundler(folder, text) if posixpath.basename(folder) == ".bundle" else iter(()),
}
"""The build files that are read, by name."""

HIDDEN = {".cargo": "config.toml", ".bundle": "config"}
"""Folders whose one build file speaks for the folder above: read before the folders beside them are judged."""

DEEPER = "settings.py"
"""Django's settings name a folder beside their own: they are looked for one level below a `manage.py`."""
