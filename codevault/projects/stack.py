"""Which technologies a project is made with, judged by the names in its root folder."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

# One row per marker; patterns without * are looked up by equality. Source: the files that each tool itself looks for.
_MARKERS: tuple[tuple[str, str], ...] = (
    ("pyproject.toml", "python"),
    ("setup.py", "python"),
    ("requirements*.txt", "python"),
    ("package.json", "node"),
    ("tsconfig.json", "typescript"),
    ("Cargo.toml", "rust"),
    ("go.mod", "go"),
    ("pom.xml", "java"),
    ("build.gradle*", "java"),
    ("*.csproj", "dotnet"),
    ("*.sln", "dotnet"),
    ("Gemfile", "ruby"),
    ("composer.json", "php"),
    ("CMakeLists.txt", "cmake"),
    ("Makefile", "make"),
    ("Kconfig", "make"),
    ("mix.exs", "elixir"),
    ("Package.swift", "swift"),
    ("pubspec.yaml", "dart"),
    ("Dockerfile", "docker"),
    ("*.tf", "terraform"),
)


def detect_stack(names: Iterable[str]) -> tuple[str, ...]:
    """The technologies that the names in a project's root speak for, sorted."""
    present = tuple(names)
    return tuple(sorted({stack for pattern, stack in _MARKERS if any(fnmatchcase(name, pattern) for name in present)}))
