"""Words, names and sentences: enough of them that two projects rarely agree by accident."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import TypeVar

_VERBS_TEXT = """add apply attach bind build cache check clear clone close collect combine commit compare compile
compute connect convert copy count create decode detach detect discard dispatch drain drop emit
encode ensure evaluate expand expire export extract fetch fill filter find flush format gather
guess hash inject insert inspect install invoke join limit link list load locate lock lookup
measure merge migrate normalize notify open pack parse patch persist plan poll prepare prune
publish purge push query queue read rebuild receive reduce refresh reject release remove render
repair replace report reset resize resolve restore resume retry rotate route save scan schedule
seal seek send serialize sort split start stop store strip submit subscribe swap sync tear
tokenize trace track transform trim unpack update validate verify visit wait walk warn watch wrap
write"""
_NOUNS_TEXT = """account action address agent alarm anchor archive array asset bar batch block body bounds branch
bucket budget buffer bundle cache caller cell chain channel chart child chunk client clock cluster
codec color column command config contract cookie counter course currency cursor cycle database
deadline digest discount document domain draft driver edge editor element endpoint entry error
event factor feature feed field figure file flag folder font frame front gate graph grid group
guard handler hash header hint history host image index input invoice item job journal kernel key
label layer layout lease ledger letter level limit line link list lock log margin marker mask
matrix member memory menu message meter method metric mode model monitor mount node note number
parcel offset option order origin output owner packet page panel parent part patch path pattern
payload payment peer period phase pixel plan player point policy pool port prefix price profile
project proxy quota rate ratio reader reason receipt region registry report request resource
response result role root route row rule sample scale scene schema scope score screen script
section sector segment sensor sequence server session shape sheet shift signal size slice slot
socket source span stage stamp state step stock store stream style subject suffix summary symbol
table target task tax template tenant term text theme thread ticket timer title token topic total
trace track transaction tree trigger tuple unit user value vector vendor version view volume
wallet warning weight widget window worker writer zone"""
_ADJECTIVES_TEXT = """active actual atomic available base blank broken cached central clean closed common compact
complete current dead deep direct dirty distinct dual dynamic early empty exact expected external
fast final first fixed flat free full global hidden inner internal last late lazy least left live
local lower main master max merged min missing mutable narrow native nearest nested next open
optional outer partial pending plain previous primary private pure random raw ready recent remote
right safe secondary shared short sparse stable stale sticky strict strong temporary total trusted
unique unknown upper valid visible weak wide"""

_SHORT_TEXT = """n i ret err x key buf len args it dest ctx idx tmp cur res val req msg pos src dst prev cfg env ptr
fmt obj id ok rest count size name path node item"""

_VERBS = _VERBS_TEXT.split()
_NOUNS = _NOUNS_TEXT.split()
_ADJECTIVES = _ADJECTIVES_TEXT.split()
_SHORT = _SHORT_TEXT.split()

_RESERVED = {"fixed", "global", "internal", "native", "private", "final", "short"}
"""Words that are a keyword somewhere: never a name by themselves."""

_FOLDERS = [noun for noun in _NOUNS if noun not in {"cache", "log", "output", "target", "vendor"}]
"""Names for folders: none that build tools use for what need not be kept."""

_Choice = TypeVar("_Choice")


def pick(random: Random, choices: Sequence[_Choice]) -> _Choice:
    """One of the choices, all equally likely. Uses `random()` alone, whose stream no Python version changes."""
    return choices[int(random.random() * len(choices))]


def often_first(random: Random, choices: Sequence[_Choice]) -> _Choice:
    """One of the choices, the first ones much more often: names in real code are used unequally."""
    share = random.random()
    return choices[int(share * share * share * len(choices))]


def camel(name: str) -> str:
    """`read_next_line` as `readNextLine`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    """`read_next_line` as `ReadNextLine`."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def variables(camel_case: bool) -> tuple[str, ...]:
    """Names for values, the common ones first; none begins with a verb, so none is ever a function's name."""
    verbs = set(_VERBS)
    single = [noun for noun in _NOUNS if noun not in verbs]
    pairs = [f"{adjective}_{noun}" for noun in _NOUNS for adjective in _ADJECTIVES[::7] if adjective not in verbs]
    names = list(dict.fromkeys((*_SHORT, *single, *pairs)))
    return _shuffled(names, camel_case, keep=len(_SHORT) + len(single) // 2)


@cache
def functions(camel_case: bool) -> tuple[str, ...]:
    """Names for functions, some 45,000, most of two words, in an order without meaning."""
    plain = [f"{verb}_{noun}" for verb in _VERBS for noun in _NOUNS]
    long = [f"{verb}_{adjective}_{noun}" for verb in _VERBS[::5] for adjective in _ADJECTIVES[::20] for noun in _NOUNS]
    return _shuffled([*plain, *long], camel_case, keep=0)


@cache
def types() -> tuple[str, ...]:
    """Names for types."""
    plain = [pascal(f"{adjective}_{noun}") for adjective in _ADJECTIVES for noun in _NOUNS]
    pairs = [pascal(f"{first}_{second}") for first in _NOUNS[::2] for second in _NOUNS[1::2]]
    return _shuffled([*plain, *pairs], camel_case=False, keep=0)


def _shuffled(names: list[str], camel_case: bool, keep: int) -> tuple[str, ...]:
    random = Random(len(names))
    tail = sorted(names[keep:], key=lambda _: random.random())
    names = [*names[:keep], *tail]
    return tuple(camel(name) for name in names) if camel_case else tuple(names)


@cache
def _halves() -> tuple[tuple[str, ...], tuple[str, ...]]:
    random = Random(2048)
    plain = [word for word in _ADJECTIVES if word not in _RESERVED]
    first, second = [], []
    for _ in range(2048):
        first.append(f"{pick(random, _VERBS).capitalize()} the {pick(random, plain)} {pick(random, _NOUNS)}")
        link = pick(random, ("of", "before", "after", "unless", "when", "for", "without", "until", "in", "while"))
        second.append(
            f"{link} each {pick(random, _NOUNS)} {pick(random, ('is', 'has', 'needs', 'was', 'may be'))} "
            f"{pick(random, plain)}"
        )
    return tuple(first), tuple(second)


def sentence(random: Random) -> str:
    """A line of prose of 20 to 75 characters, letters and spaces only, one of four million."""
    first, second = _halves()
    share = random.random()
    start = first[int(share * 2048)]
    if share * 2048 % 1 < 0.25:  # a quarter of all lines are short
        return start
    return f"{start} {pick(random, second)}"


def folder_name(random: Random) -> str:
    """The name of a folder inside a project."""
    return pick(random, _FOLDERS)


def file_stem(random: Random) -> str:
    """The name of a file without suffix, in snake case."""
    if random.random() < 0.4:
        return pick(random, _NOUNS)
    return f"{pick(random, _ADJECTIVES)}_{pick(random, _NOUNS)}"
