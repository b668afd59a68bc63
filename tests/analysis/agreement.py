"""How far the symbols agree with those of Universal Ctags, by name and line of the name.

Run as `python -m tests.analysis.agreement LANGUAGE FOLDER [FILES]`; needs the program `ctags`. It prints a row of the
table in analysis/LANGUAGES.md and what differs. A rule leaves out what one side does not look for; each is counted.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import language_hint
from codevault.analysis.model import FileAnalysis, Symbol, SymbolKind

Names = set[tuple[str, int]]
Tag = Mapping[str, str]
Theirs = Callable[[Tag], bool]
Ours = Callable[[FileAnalysis, Symbol], bool]

KINDS = set(SymbolKind) - {SymbolKind.CONSTANT, SymbolKind.TYPE}
WITH_TYPES = KINDS | {SymbolKind.TYPE}


def _in_function(analysis: FileAnalysis, symbol: Symbol) -> bool:
    while symbol.parent >= 0:
        symbol = analysis.symbols[symbol.parent]
        if symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CONSTANT}:
            return True
    return False


def _in_interface(analysis: FileAnalysis, symbol: Symbol) -> bool:
    return symbol.parent >= 0 and analysis.symbols[symbol.parent].kind is SymbolKind.INTERFACE


def _is_macro(_: FileAnalysis, symbol: Symbol) -> bool:
    return symbol.signature.startswith("#")


def _is_defined_by_macro(_: FileAnalysis, symbol: Symbol) -> bool:
    return symbol.signature.partition("(")[0].isupper()


def _is_defaulted(_: FileAnalysis, symbol: Symbol) -> bool:
    return symbol.signature.rstrip(";").endswith(("default", "delete"))


def _is_value(analysis: FileAnalysis, symbol: Symbol) -> bool:
    """An arrow function, or a function in an object: ctags 5.9 knows few of them."""
    in_class = symbol.parent >= 0 and analysis.symbols[symbol.parent].kind is SymbolKind.CLASS
    callable_ = symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD}
    return callable_ and "function" not in symbol.signature and ("=" in symbol.signature or not in_class)


def _is_bodiless(_: FileAnalysis, symbol: Symbol) -> bool:
    return not symbol.body and symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR}


def _is_union(_: FileAnalysis, symbol: Symbol) -> bool:
    """A union, which ctags 5.9 does not know in Rust."""
    return symbol.signature.partition("{")[0].partition(symbol.name)[0].split()[-1:] == ["union"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared for one language: kinds of either side, and the rules that leave symbols out."""

    ctags: str
    tags: str
    kinds: set[SymbolKind]
    theirs: Mapping[str, Theirs]
    ours: Mapping[str, Ours]
    clauses: bool = False


DOTTED = {"C#", "Elixir", "Lua"}  # ctags gives names with their qualifiers
LOCAL: dict[str, Ours] = {"inside a function or the value of a constant (ctags does not look there)": _in_function}
INTERFACE: dict[str, Ours] = {"method of an interface (another kind in ctags)": _in_interface}
MACRO: dict[str, Ours] = {"macro (another kind in ctags)": _is_macro}
OVERLOAD: dict[str, Ours] = {"signature without a body (ctags does not read it)": _is_bodiless}
VALUE: dict[str, Ours] = {"function as a value (ctags 5.9 does not know it)": _is_value}

LANGUAGES = {
    "python": Comparison(ctags="Python", tags="fcm", kinds=KINDS, theirs={}, ours={}),
    "javascript": Comparison(
        ctags="JavaScript",
        tags="fcmgGS",
        kinds=KINDS,
        theirs={"object called a class": lambda tag: tag["kind"] == "class" and "class " not in tag["pattern"]},
        ours=VALUE,
    ),
    "typescript": Comparison(
        ctags="TypeScript",
        tags="fcigmnGa",
        kinds=WITH_TYPES,
        theirs={
            "word called an alias": lambda tag: tag["kind"] == "alias" and f"type {tag['name']}" not in tag["pattern"],
            "construct signature": lambda tag: tag["name"] == "new",
        },
        ours=LOCAL | INTERFACE | VALUE | OVERLOAD,
    ),
    "java": Comparison(
        ctags="Java",
        tags="acgim",
        kinds=KINDS,
        theirs={"enum constant called a method": lambda tag: tag["name"].isupper() and "(" not in tag["pattern"]},
        ours=LOCAL,
    ),
    "go": Comparison(ctags="Go", tags="ftsia", kinds=WITH_TYPES, theirs={}, ours=LOCAL | INTERFACE),
    "rust": Comparison(
        ctags="Rust",
        tags="nsifgMtP",
        kinds=WITH_TYPES,
        theirs={
            "module in another file": lambda tag: tag["kind"] == "module" and ";" in tag["pattern"],
            "type of an implementation": lambda tag: tag["kind"] == "typedef" and tag["pattern"][2:3].isspace(),
        },
        ours={"union (ctags does not know it)": _is_union},
    ),
    "c": Comparison(
        ctags="C",
        tags="fgsu",
        kinds=KINDS,
        theirs={
            "macro that defines, called a function": lambda tag: tag["kind"] == "function" and tag["name"].isupper()
        },
        ours=MACRO | {"defined by a macro (ctags names the macro)": _is_defined_by_macro},
    ),
    "cpp": Comparison(
        ctags="C++", tags="fgsucn", kinds=KINDS, theirs={}, ours=MACRO | {"defaulted (no body)": _is_defaulted}
    ),
    "c-sharp": Comparison(
        ctags="C#",
        tags="cgimns",
        kinds=KINDS,
        theirs={"operator or destructor (named otherwise)": lambda tag: not tag["name"].split(".")[-1].isidentifier()},
        ours=LOCAL | {"operator or destructor (named otherwise)": lambda _, symbol: not symbol.name.isidentifier()},
    ),
    "ruby": Comparison(
        ctags="Ruby",
        tags="cfmS",
        kinds=KINDS,
        theirs={
            "call of describe or context": lambda tag: tag["kind"] in {"describe", "context"},
            "object named in place of its method": lambda tag: f"def {tag['name']}." in tag["pattern"],
        },
        ours={},
    ),
    "lua": Comparison(
        ctags="Lua",
        tags="f",
        kinds=KINDS,
        theirs={
            "value that only holds a function": lambda tag: (
                not re.search(
                    rf"function\s+[\w.:]*{re.escape(re.split('[.:]', tag['name'])[-1])}\s*\(|[\w\]]\s*=\s*function\b",
                    tag["pattern"],
                )
            )
        },
        ours={},
    ),
    "perl": Comparison(ctags="Perl", tags="s", kinds=KINDS - {SymbolKind.MODULE}, theirs={}, ours={}),
    "bash": Comparison(
        ctags="Sh",
        tags="f",
        kinds=KINDS,
        theirs={"array called a function": lambda tag: tag["name"].endswith("=")},
        ours={},
    ),
    "elixir": Comparison(ctags="Elixir", tags="pmfag", kinds=KINDS, theirs={}, ours={}, clauses=True),
    "kotlin": Comparison(
        ctags="Kotlin",
        tags="icomT",
        kinds=WITH_TYPES,
        theirs={
            "lambda": lambda tag: tag["name"] == "<lambda>" or "->" in tag["pattern"],
            "companion object": lambda tag: "companion object" in tag["pattern"],
        },
        ours={},
    ),
    "php": Comparison(
        ctags="PHP", tags="cfint", kinds=KINDS, theirs={"namespace": lambda tag: tag["kind"] == "namespace"}, ours={}
    ),
}


def main(arguments: Sequence[str]) -> None:
    """Compare one language over one folder."""
    language, folder = arguments[0], Path(arguments[1])
    limit = int(arguments[2]) if len(arguments) > 2 else 800
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and language_hint(path.name) == language]
    random.Random(7).shuffle(paths)
    comparison, counts = LANGUAGES[language], Counter[str]()
    tags, ruled = read_tags(comparison, paths[:limit])
    shared = missed = extra = raw_shared = raw_missed = raw_extra = 0
    for path in paths[:limit]:
        raw_yours = tags.get(str(path), set())
        mine, raw_mine = own_names(comparison, path, raw_yours, counts)
        left_out = {place: rule for place, rule in ruled.get(str(path), {}).items() if place not in raw_mine}
        counts.update(left_out.values())
        yours = raw_yours - left_out.keys()
        raw_shared += len(raw_mine & raw_yours)
        raw_missed += len(raw_yours - raw_mine)
        raw_extra += len(raw_mine - raw_yours)
        shared += len(mine & yours)
        missed += len(yours - mine)
        extra += len(mine - yours)
        for name, line in sorted(mine ^ yours):
            sys.stderr.write(f"{'ctags' if (name, line) in yours else 'ours '} {path}:{line} {name}\n")
    raw = _shares(raw_shared, raw_missed, raw_extra)
    sys.stdout.write(
        f"| {language} | {raw} | {_shares(shared, missed, extra)} | {len(paths[:limit])} files, {shared} symbols; "
        f"left out: {', '.join(f'{count} {rule}' for rule, count in counts.items()) or 'nothing'} |\n"
    )


def _shares(shared: int, missed: int, extra: int) -> str:
    """Of theirs those we find, of ours those they have."""
    return f"{100 * shared / max(shared + missed, 1):.2f} % / {100 * shared / max(shared + extra, 1):.2f} %"


def read_tags(
    comparison: Comparison, paths: Sequence[Path]
) -> tuple[dict[str, Names], dict[str, dict[tuple[str, int], str]]]:
    """What ctags finds, by path, and the rule for those that one leaves out."""
    command = ["ctags", "--output-format=json", "--fields=+nK", "--sort=no", f"--language-force={comparison.ctags}"]
    command += [f"--kinds-{comparison.ctags}={comparison.tags}", "--extras=-{anonymous}", "-L", "-", "-f", "-"]
    listing = "\n".join(map(str, paths))
    done = subprocess.run(command, input=listing, capture_output=True, text=True, errors="replace", check=True)
    found: dict[str, Names] = {}
    ruled: dict[str, dict[tuple[str, int], str]] = {}
    before: Tag = {"path": "", "name": ""}
    for tag in _parsed(done.stdout):
        name = re.split(r"[.:]", tag["name"])[-1] if comparison.ctags in DOTTED else tag["name"]
        place = (re.sub(r"^operator (\W)", r"operator\1", name), int(tag["line"]))
        found.setdefault(tag["path"], set()).add(place)
        rule = next((rule for rule, applies in comparison.theirs.items() if applies(tag)), None)
        if rule is None and comparison.clauses and (tag["path"], tag["name"]) == (before["path"], before["name"]):
            rule = "further clause of the function before"
        if rule is not None:
            ruled.setdefault(tag["path"], {})[place] = rule
        before = tag
    return found, ruled


def _parsed(output: str) -> Iterator[dict[str, str]]:
    for line in output.splitlines():
        try:
            tag = json.loads(line)
        except ValueError:  # a line that is not UTF-8 is cut by ctags
            continue
        if tag.get("_type") == "tag" and not tag["name"].startswith("__anon"):
            yield {"pattern": "", **{key: str(value) for key, value in tag.items()}}


def own_names(comparison: Comparison, path: Path, yours: Names, counts: Counter[str]) -> tuple[Names, Names]:
    """What the analysis finds in a file, by the rules and all of it. What ctags has found as well is not left out."""
    analysis = analyse(path.name, path.read_bytes())
    found: Names = set()
    everything: Names = set()
    for symbol in analysis.symbols:
        if symbol.kind not in comparison.kinds:
            continue
        place = (symbol.name, symbol.name_line)
        everything.add(place)
        rule = next((rule for rule, applies in comparison.ours.items() if applies(analysis, symbol)), None)
        if rule is None or place in yours:
            found.add(place)
        else:
            counts[rule] += 1
    return found, everything


if __name__ == "__main__":
    main(sys.argv[1:])
