"""How far the symbols agree with those of Universal Ctags, by name, line of the name, and kind.

Run as `python -m tests.analysis.agreement LANGUAGE FOLDER [FILES]`; needs the program `ctags`. It prints a row of the
table in analysis/RESULTS.md and, on the standard error, what differs after the rules of agreement_rules.py.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import language_hint
from codevault.analysis.model import Symbol, SymbolKind
from tests.analysis.agreement_rules import LANGUAGES, Comparison, Place, Source, Tag, source_of

ALONE = "found by ctags when it reads this definition alone (it had lost its place)"

_CALLABLE = {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR}
_TYPES = {SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.TYPE}
_KINDS: Mapping[str, set[SymbolKind]] = {
    word: kinds
    for words, kinds in (
        ("class object struct union enum exception implementation", _TYPES | {SymbolKind.RULE, SymbolKind.KEY}),
        ("interface trait protocol", {SymbolKind.INTERFACE, SymbolKind.TRAIT, SymbolKind.CLASS}),
        ("namespace package", {SymbolKind.MODULE}),
        ("module", {SymbolKind.MODULE, SymbolKind.INTERFACE}),
        ("typedef alias typealias type", _TYPES | {SymbolKind.INTERFACE}),
        ("function method func subroutine singletonMethod getter setter generator procedure", _CALLABLE),
        ("guard delegate callback trigger generic", _CALLABLE),
        ("macro", _CALLABLE | {SymbolKind.CONSTANT}),
        ("table view", {SymbolKind.TABLE}),
    )
    for word in words.split()
}


@dataclass(slots=True)
class Score:
    """What both have, what only they, what only we: before and after the rules; how many kinds are equal."""

    shared: int = 0
    missed: int = 0
    extra: int = 0
    raw_missed: int = 0
    raw_extra: int = 0
    kinds: int = 0
    rules: Counter[str] = field(default_factory=Counter)


def main(arguments: Sequence[str]) -> None:
    """Compare one language over one folder."""
    language, folder = arguments[0], Path(arguments[1])
    limit = int(arguments[2]) if len(arguments) > 2 else 800
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and language_hint(path.name) == language]
    random.Random(7).shuffle(paths)
    comparison, score = LANGUAGES[language], Score()
    tags = read_tags(comparison, list(map(str, paths[:limit])))
    for path in paths[:limit]:
        content = path.read_bytes()
        source = source_of(content, analyse(path.name, content))
        compare(comparison, path, source, tags.get(str(path), []), score)
    sys.stdout.write(row(language, len(paths[:limit]), score) + "\n")


def row(language: str, files: int, score: Score) -> str:
    """A row of the table: raw agreement, agreement after the rules, kinds, what was left out how often."""
    raw = _shares(score.shared, score.raw_missed, score.raw_extra)
    ruled = _shares(score.shared, score.missed, score.extra)
    left_out = ", ".join(f"{count} {rule}" for rule, count in score.rules.most_common()) or "nothing"
    return (
        f"| {language} | {raw} | {ruled} | {100 * score.kinds / max(score.shared, 1):.1f} % "
        f"| {files} files, {score.shared} symbols; left out: {left_out} |"
    )


def _shares(shared: int, missed: int, extra: int) -> str:
    """Of theirs those we find, of ours those they have."""
    return f"{100 * shared / max(shared + missed, 1):.2f} % / {100 * shared / max(shared + extra, 1):.2f} %"


def compare(comparison: Comparison, path: Path, source: Source, tags: Sequence[Tag], score: Score) -> None:
    """Add one file to the score and tell on the standard error what no rule explains."""
    theirs: dict[Place, Tag] = {}
    for tag in tags:
        theirs.setdefault(_place(comparison, tag), tag)
    own: dict[Place, list[Symbol]] = {}
    for symbol in source.analysis.symbols:
        for place in _own_places(comparison, source, symbol):
            own.setdefault(place, []).append(symbol)
    for place, tag in theirs.items():
        if place in own:
            score.shared += 1
            wanted = _KINDS.get(tag["kind"])
            score.kinds += wanted is None or any(symbol.kind in wanted for symbol in own[place])
            continue
        score.raw_missed += 1
        rule = next((rule for rule, applies in comparison.theirs.items() if applies(source, tag)), None)
        _count(score, rule, "ctags", path, place)
        score.missed += rule is None
    compared = {place: found for place, found in own.items() if any(one.kind in comparison.kinds for one in found)}
    extra = {place: found[0] for place, found in compared.items() if place not in theirs}
    score.raw_extra += len(extra)
    unexplained: dict[Place, Symbol] = {}
    for place, symbol in extra.items():
        rule = next((rule for rule, applies in comparison.ours.items() if applies(source, symbol)), None)
        if rule is None:
            unexplained[place] = symbol
        else:
            score.rules[rule] += 1
    alone = found_alone(comparison, path, source, unexplained) if unexplained else set()
    for place in unexplained:
        _count(score, ALONE if place in alone else None, "ours", path, place)
        score.extra += place not in alone


def _count(score: Score, rule: str | None, side: str, path: Path, place: Place) -> None:
    if rule is None:
        sys.stderr.write(f"{side} {path}:{place[1]} {place[0]}\n")
    else:
        score.rules[rule] += 1


def _bare(name: str) -> str:
    return " ".join(name.strip("`\"'").split())


def _own_places(comparison: Comparison, source: Source, symbol: Symbol) -> list[Place]:
    if comparison.places is not None:
        return comparison.places(source, symbol)
    return [(_bare(_last(symbol.name) if comparison.dotted else symbol.name), symbol.name_line)]


def _last(name: str) -> str:
    head, bracket, index = name.partition("[")
    return (re.split(r"[.:](?=[^.:])", head)[-1] if head else "") + bracket + index


def _place(comparison: Comparison, tag: Tag) -> Place:
    """Name and line: the last component of names that ctags gives with their qualifiers."""
    name = re.sub(r"^operator (\W)", r"operator\1", tag["name"])
    name = _last(name) if comparison.dotted else name
    return _bare(re.sub(r"^\[[\"'](.*)[\"']\]$", r"\1", name)), int(tag["line"])


def read_tags(comparison: Comparison, paths: Sequence[str]) -> dict[str, list[Tag]]:
    """What ctags finds, by path. Names that it made up for what has none are left out."""
    command = ["ctags", "--output-format=json", "--fields=+nKl", "--sort=no", f"--language-force={comparison.ctags}"]
    command += [f"--kinds-{parser}={kinds}" for parser, kinds in comparison.subparsers]
    command += [f"--kinds-{comparison.ctags}={comparison.tags}", "--extras=-{anonymous}", "-L", "-", "-f", "-"]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, errors="replace", check=True)
    found: dict[str, list[Tag]] = {}
    for tag in _parsed(done.stdout):
        if tag.get("language", comparison.ctags) in {
            comparison.ctags,
            *(parser for parser, _ in comparison.subparsers),
        }:
            found.setdefault(tag["path"], []).append(tag)
    return found


def _parsed(output: str) -> Iterator[dict[str, str]]:
    for line in output.splitlines():
        try:
            tag = json.loads(line)
        except ValueError:  # a line that is not UTF-8 is cut by ctags
            continue
        if tag.get("_type") == "tag" and not tag["name"].startswith(("__anon", "<lambda>")):
            yield {"pattern": "", **{key: str(value) for key, value in tag.items()}}


def found_alone(comparison: Comparison, path: Path, source: Source, symbols: Mapping[Place, Symbol]) -> set[Place]:
    """Which of our symbols ctags names once it reads their text alone, or inside a class of its own."""
    found: set[Place] = set()
    with tempfile.TemporaryDirectory() as folder:
        pieces: dict[str, tuple[Place, str, int]] = {}
        for number, (place, symbol) in enumerate(symbols.items()):
            text = source.content[symbol.start_byte : symbol.end_byte].decode("utf-8", "replace")
            for kind, (before, after) in enumerate(comparison.alone):
                piece = Path(folder) / f"{number}-{kind}{path.suffix}"
                piece.write_text(before + text + after + "\n")
                line = place[1] - symbol.start_line + 1 + before.count("\n")
                pieces[str(piece)] = (place, place[0], line)
        for name, tags in read_tags(comparison, list(pieces)).items():
            place, wanted, line = pieces[name]
            if (wanted, line) in {_place(comparison, tag) for tag in tags}:
                found.add(place)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
