"""Invents functions, types and files whose sizes follow a measured profile. Pure: a random stream in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from corpora.generator.bodies import Trade, body_of
from corpora.generator.code import Constant, Function, Kind, Layout, SourceFile, Statement, Type
from corpora.generator.languages import SYNTAXES
from corpora.generator.measured import LANGUAGE_PROFILES
from corpora.generator.profile import Draw, LanguageProfile
from corpora.generator.rendering import constant_name
from corpora.generator.syntax import IN_TYPES, Syntax
from corpora.generator.vocabulary import functions, often_first, pascal, pick, sentence, types, variables

_COMMON_FUNCTIONS = 32  # a corpus has few functions that everybody copies, and copies them often
_TOGETHER = 0.85  # how often a file's length and its number of functions stem from the same draw
_FILL_ROWS = 60
_LONGEST_HEADER = 30
_ENDLESS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """One language with its draws, made once."""

    syntax: Syntax
    profile: LanguageProfile
    file_lines: Draw
    functions: Draw
    function_lines: Draw
    seed: int


@cache
def craft(language: str, seed: int) -> Craft:
    """What is needed to write in `language` for the corpus of that seed."""
    profile = LANGUAGE_PROFILES[language]
    return Craft(
        syntax=SYNTAXES[language],
        profile=profile,
        file_lines=Draw(profile.file_lines),
        functions=Draw(profile.functions_per_file),
        function_lines=Draw(profile.function_lines),
        seed=seed,
    )


def invent_file(making: Craft, stream: str, stem: str, licence: tuple[str, ...]) -> SourceFile:
    """The file that the random stream of that name gives: the same every time."""
    random = Random(stream)
    share = random.random()
    lines = making.file_lines.at(share)
    count = making.functions.at(share if random.random() < _TOGETHER else random.random())
    callees = _names(random, making.syntax, count)
    imports = _imports(random, making.syntax, min(1 + lines // 50, 18)) if lines > len(licence) + 4 else ()
    comments = making.profile.comment_lines * lines
    header = licence[: max(lines // 6, 1)]
    header += tuple(sentence(random) for _ in range(min(int(comments / (count + 1)), _LONGEST_HEADER) - len(header)))
    left = lines - len(header) - len(imports)
    comments = max(comments - len(header), 0.0)
    invented: dict[str, Function] = {}
    for name in callees[:count]:
        function = invent_function(random, making, name, callees, comments / count, max(left, 0))
        if function.name in invented:  # what everybody copies stands only once in a file
            function = _fresh(random, making, name, callees, comments / count, max(left, 0))
        invented[function.name] = function
        left -= _height(function, making.syntax)
    items = _grouped(random, making, tuple(invented.values()), stem)
    left -= 4 * (len(items) < count)
    constants = _constants(random, making, left) if left > 0 else ()
    return SourceFile(header, imports, constants, items, _layout(random, making.syntax))


def _names(random: Random, syntax: Syntax, count: int) -> tuple[str, ...]:
    """Names of the file's own functions first, then those of what it calls elsewhere; all differ."""
    vocabulary = functions(syntax.camel)
    names: dict[str, None] = {}
    while len(names) < count + 8:
        names[pick(random, vocabulary)] = None
    return tuple(names)


def invent_function(
    random: Random, making: Craft, name: str, callees: tuple[str, ...], comments: float, room: int = _ENDLESS
) -> Function:
    """A function of that name, about as long as one draw says, with about `comments` lines about it.

    A function that is longer than `room` lines is drawn once more, and the shorter one taken.
    """
    if random.random() < making.profile.duplicate_functions:
        common = _common(making.syntax.name, making.seed, int(random.random() ** 2 * _COMMON_FUNCTIONS))
        if common.name not in callees:
            return common
    return _fresh(random, making, name, callees, comments, room)


@cache
def _common(language: str, seed: int, number: int) -> Function:
    making = craft(language, seed)
    random = Random(f"{seed}:{language}:common:{number}")
    names = _names(random, making.syntax, 1)
    return _fresh(random, making, names[0], names, 1.0, _ENDLESS)


def _fresh(random: Random, making: Craft, name: str, callees: tuple[str, ...], comments: float, room: int) -> Function:
    syntax = making.syntax
    height = making.function_lines.at(random.random())
    if height > room:
        height = min(height, making.function_lines.at(random.random()))
    vocabulary = variables(syntax.camel)
    parameters = tuple(dict.fromkeys(often_first(random, vocabulary) for _ in range(int(random.random() * 4.2))))
    doc = _doc(random, syntax, height, comments)
    frame = 1 + (syntax.braces and 1) + (syntax.name == "c") + _doc_height(doc, syntax) * syntax.doc_inside
    trade = Trade(syntax, vocabulary, callees, making.profile.comment_lines * 0.15, syntax.blank_lines)
    body = body_of(random, trade, list(parameters), max(height - frame, 1))
    return Function(name, parameters, body, doc, int(random.random() * 4096))


def _doc(random: Random, syntax: Syntax, height: int, comments: float) -> tuple[str, ...]:
    if syntax.doc_inside:
        wanted = int(height * random.random()) - 3 if height > 5 else 0
    else:
        wanted = int(comments * (0.4 + 1.2 * random.random())) - 2 * syntax.block_doc
    if wanted < 1:
        return (sentence(random),) if random.random() < comments / 4 else ()
    return tuple(sentence(random) for _ in range(wanted))


def _doc_height(doc: tuple[str, ...], syntax: Syntax) -> int:
    return len(doc) + 2 * (syntax.block_doc and (len(doc) > 1 or not syntax.doc_inside)) if doc else 0


def _height(function: Function, syntax: Syntax) -> int:
    """How many lines a function takes in its file, with the empty ones before it."""
    frame = 3 if syntax.braces else 2
    return _lines(function.body, syntax.braces) + _doc_height(function.doc, syntax) + frame


def _lines(body: tuple[Statement, ...], braces: bool) -> int:
    lines = len(body)
    for kind, _, inner, other in body:
        if inner:
            lines += braces + _lines(inner, braces) + (1 + _lines(other, braces) if other else 0)
        elif kind == Kind.WRAP:
            lines += 3
    return lines


def invent_type(random: Random, making: Craft, name: str, members: tuple[Function | Type, ...]) -> Type:
    """A type with a few fields around these members."""
    vocabulary = variables(making.syntax.camel)
    fields = tuple(dict.fromkeys(often_first(random, vocabulary) for _ in range(1 + int(random.random() * 5))))
    doc = (sentence(random), sentence(random)) if random.random() < making.profile.comment_lines * 1.5 else ()
    return Type(name, "class", fields, members, doc)


def _grouped(random: Random, making: Craft, invented: tuple[Function, ...], stem: str) -> tuple[Function | Type, ...]:
    """Functions put into types as often as the profile says; in Java and C# all, the first type named by the file."""
    everything = making.syntax.name in IN_TYPES
    items: list[Function | Type] = []
    taken = {pascal(stem)}
    position = 0
    while position < len(invented) or (everything and not items):
        size = len(invented) if everything and random.random() < 0.6 else 2 + int(random.random() * 7)
        group = invented[position : position + size]
        position += size
        if random.random() < making.profile.methods:
            name = pascal(stem) if not items else _unused(random, taken)
            items.append(invent_type(random, making, name, _nested(random, making, group, taken)))
        else:
            items.extend(group)
    if making.syntax.name == "c" and invented and random.random() < 0.5:
        items.insert(0, invent_type(random, making, _unused(random, taken), ()))
    return tuple(items)


def _unused(random: Random, taken: set[str]) -> str:
    name = pick(random, types())
    while name in taken:
        name = pick(random, types())
    taken.add(name)
    return name


def _nested(random: Random, making: Craft, group: tuple[Function, ...], taken: set[str]) -> tuple[Function | Type, ...]:
    """The group as members; sometimes its tail lives in a nested type, where the language has them."""
    if making.syntax.name not in ("python", *IN_TYPES) or len(group) < 4 or random.random() > 0.2:
        return group
    inner = invent_type(random, making, _unused(random, taken), group[-2:])
    return (*group[:-2], inner)


def _imports(random: Random, syntax: Syntax, count: int) -> tuple[str, ...]:
    lines: dict[str, None] = {}
    for _ in range(count):
        a, b = pick(random, variables(False)[:120]), pick(random, variables(False)[:120])
        first, second = pick(random, types()), pick(random, types())
        name = pick(random, functions(syntax.camel))
        lines[pick(random, syntax.imports).format(a=a, b=b, c=name, d=a, C=first, D=second)] = None
    return tuple(sorted(lines))


def _constants(random: Random, making: Craft, lines: int) -> tuple[Constant, ...]:
    """Constants and tables that fill about that many lines."""
    documented = making.profile.comment_lines * 1.5
    constants: dict[str, Constant] = {}
    while lines > 0:
        name = constant_name("_".join((pick(random, variables(False)), pick(random, variables(False)[:120]))))
        rows = 1
        if lines > 4 and random.random() < 0.5:
            rows = 2 + int(random.random() * min(lines - 2, _FILL_ROWS))
        doc = sentence(random) if random.random() < documented else ""
        constants[name] = Constant(name, tuple(_value(random, rows) for _ in range(rows)), doc)
        lines -= rows + 2 * (rows > 1) + bool(doc)
    return tuple(constants.values())


def _value(random: Random, rows: int) -> str:
    if rows == 1:
        return str(int(random.random() * 10_000))
    share = random.random()
    if share < 0.5:
        return f'"{sentence(random)}"'
    return f'"{pick(random, variables(False))}", {int(share * 90_000)}'


def _layout(random: Random, syntax: Syntax) -> Layout:
    blank = 2 if syntax.name == "python" else 1
    return Layout(syntax.indents[0] if random.random() < 0.9 else pick(random, syntax.indents), False, blank)
