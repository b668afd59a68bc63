"""The languages that have a folder, and which of them a file's name promises (detection.py reads the content).

A language is a folder `languages/<name>/` with one file `symbols.scm`; LANGUAGES.md describes its two parts, a header
of `; key: value` lines and the patterns. The table of languages is whatever folders there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_HEADER_LINE = re.compile(r";\s*([a-z-]+):\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSpec:
    """What `symbols.scm` says about a language: how files of it are recognised, who parses it, how names join.

    `provider` is the module of the grammar, `entry` its function; `constructors` are method names that construct, "="
    standing for the name of the enclosing type; `dropped` are words left out of qualified names; `blanked` are
    regular expressions of text that the grammar should not see (macros that read as something else); `shown` are such
    expressions with a text for each of their groups that the grammar sees in its place. `soft` are words of the
    grammar that may also be names; `by_lines` says that a line's end ends a statement, `whole_names` that names are
    text and not split, `in_modules` that what is named before a function is no type. `visibility` is the rule for
    names without a word for it, `sections` the nodes whose members lines like `private:` divide, with what holds
    before the first, `documentation` where documentation stands if not in a comment above.
    """

    name: str
    provider: str
    entry: str
    distribution: str
    extensions: tuple[str, ...]
    filenames: tuple[str, ...]
    interpreters: tuple[str, ...]
    constructors: frozenset[str]
    dropped: frozenset[str]
    blanked: tuple[str, ...]
    shown: tuple[tuple[str, ...], ...]
    soft: frozenset[str]
    by_lines: bool
    whole_names: bool
    in_modules: bool
    visibility: tuple[str, ...]
    sections: Mapping[str, str]
    documentation: str
    patterns: str


@dataclass(frozen=True, slots=True)
class _Names:
    extensions: Mapping[str, str]
    filenames: Mapping[str, str]


def language_hint(path: str) -> str:
    """The language that the file's name alone promises, "" when it promises none that has a grammar."""
    names = _names()
    base = path[path.rfind("/") + 1 :]
    dot = base.rfind(".")
    if dot > 0:
        found = names.extensions.get(base[dot:])
        if found is None:
            found = names.extensions.get(base[dot:].lower())
        if found is not None:
            return found
    return names.filenames.get(base, "")


@cache
def specs() -> Mapping[str, LanguageSpec]:
    """Every language that has a folder, by name."""
    return {spec.name: spec for spec in _read_specs()}


def _read_specs() -> Iterator[LanguageSpec]:
    folder = resources.files("codevault.analysis") / "languages"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        source = entry / "symbols.scm"
        if source.is_file():
            yield parse_spec(entry.name, source.read_text("utf-8"))


def parse_spec(name: str, text: str) -> LanguageSpec:
    """A language's description from the text of its `symbols.scm`: the header ends at the first other line."""
    header: dict[str, list[str]] = {}
    shown: list[tuple[str, ...]] = []
    for line in text.splitlines():
        found = _HEADER_LINE.match(line)
        if found is None:
            break
        if found[1] == "shown":
            shown.append(tuple(found[2].split()))
        header.setdefault(found[1], []).extend(found[2].split())
    provider, entry = header["provider"]
    return LanguageSpec(
        name=name,
        provider=provider,
        entry=entry,
        distribution=" ".join(header.get("distribution", [provider.replace("_", "-")])),
        extensions=tuple(header.get("extensions", ())),
        filenames=tuple(header.get("filenames", ())),
        interpreters=tuple(header.get("interpreters", ())),
        constructors=frozenset(header.get("constructors", ())),
        dropped=frozenset(header.get("dropped", ())),
        blanked=tuple(header.get("blanked", ())),
        shown=tuple(shown),
        soft=frozenset(header.get("soft", ())),
        by_lines=header.get("statements") == ["lines"],
        whole_names=header.get("names") == ["whole"],
        in_modules=header.get("qualifiers") == ["modules"],
        visibility=tuple(header.get("visibility", ())),
        sections=dict(rule.partition("=")[::2] for rule in header.get("sections", ())),
        documentation=" ".join(header.get("documentation", ())),
        patterns=text,
    )


@cache
def _names() -> _Names:
    table = specs().values()
    return _Names(
        {extension: spec.name for spec in table for extension in spec.extensions},
        {filename: spec.name for spec in table for filename in spec.filenames},
    )
