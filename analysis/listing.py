"""The table of languages in LANGUAGES.md, made from the folders: `python -m codevault.analysis.listing` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from codevault.analysis import bundled
from codevault.analysis.grammar import load_grammar, split_forms
from codevault.analysis.languages import LanguageSpec, specs

_DEFINITION = "definition."


def tier(spec: LanguageSpec) -> str:
    """Whether a language works on every Python ("first") or where the collected grammars have wheels ("second")."""
    return "second" if spec.provider == bundled.PACKAGE else "first"


def kinds(spec: LanguageSpec) -> tuple[str, ...]:
    """The kinds of symbols that the language's patterns find, in alphabetical order."""
    captures = {form.capture for form in split_forms(spec.patterns)}
    return tuple(sorted(capture.removeprefix(_DEFINITION) for capture in captures if capture.startswith(_DEFINITION)))


def rows(*, versions: bool = True) -> Iterator[str]:
    """The table's lines; without versions as it stands in the page, since an upgrade of a grammar is no edit of it."""
    yield "| language | tier | grammar | recognised by | kinds |"
    yield "| --- | --- | --- | --- | --- |"
    for name, spec in specs().items():
        grammar = load_grammar(name) if versions else None
        provider = grammar.edition.partition("/")[0] if grammar else spec.distribution
        signs = " ".join([*spec.extensions, *spec.filenames, *(f"#!{program}" for program in spec.interpreters)])
        yield f"| {name} | {tier(spec)} | {provider} | {signs} | {', '.join(kinds(spec))} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows(versions="--page" not in sys.argv)) + "\n")
