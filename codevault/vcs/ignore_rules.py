"""Ignore patterns of Git, Mercurial and Subversion as lists of rules that RE2 matches in linear time. Pure.

Patterns are hostile. What is too long, too many, or nothing that RE2 can take ignores nothing, which errs towards
storing. Git's after gitignore(5) and wildmatch.c, Mercurial's after `hg help patterns`, Subversion's after its book.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import re2

_LONGEST = 1024  # bytes of a pattern
_MOST = 20_000  # patterns of a file
_AT_ONCE = 64  # patterns in one automaton
_DEEPEST = 8  # files that name files
_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1  # bytes, as the systems match
_OPTIONS.log_errors = False
_OPTIONS.dot_nl = True
_OPTIONS.max_mem = 64 << 20
_CLASS = re.compile(rb"\[:([^\]]*):\]")
_CLASSES = frozenset(b"alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split())
_FLAG = re.compile(rb"(?:\(\?([ims]+)\))?(.*)", re.DOTALL)
_SPECIAL = frozenset(b"*?[\\")
_HG_KINDS = {
    **dict.fromkeys(("re", "regexp", "relre"), "relre"),
    **dict.fromkeys(("glob", "relglob"), "relglob"),
    **{kind: kind for kind in ("rootglob", "include", "subinclude")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern, for a whole path or, `by_name`, for its last part; either a `literal` or what RE2 takes.

    `negated` brings back what an earlier rule ignored; `folders`: it is for folders only.
    """

    pattern: bytes = b""
    literal: bytes | None = None
    by_name: bool = False
    negated: bool = False
    folders: bool = False


class Rules:
    """Rules of which the last that matches decides. Literal ones cost a look-up, however many they are."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._literal: dict[tuple[bool, bytes], list[int]] = {}
        self._sets: list[tuple[bool, re2.Set, list[int]]] = []
        for by_name in (True, False):
            wild = [number for number, rule in enumerate(self._rules) if rule.by_name is by_name]
            for number in [number for number in wild if self._rules[number].literal is not None]:
                self._literal.setdefault((by_name, self._rules[number].literal or b""), []).append(number)
            sound = [
                n
                for n in wild
                if self._rules[n].literal is None and self._rules[n].pattern and _is_sound(self._rules[n].pattern)
            ]
            for start in range(0, len(sound), _AT_ONCE):
                part = sound[start : start + _AT_ONCE]
                self._sets.append((by_name, _together(self._rules[number].pattern for number in part), part))

    def verdict(self, path: bytes, *, folder: bool) -> bool | None:
        """True ignored, False brought back, None: no rule says anything."""
        names = {False: path, True: path.rpartition(b"/")[2]}
        found = [number for by_name, name in names.items() for number in self._literal.get((by_name, name), ())]
        for by_name, together, numbers in self._sets:
            found += [numbers[at] for at in together.Match(names[by_name]) or ()]
        usable = [number for number in found if folder or not self._rules[number].folders]
        return not self._rules[max(usable)].negated if usable else None


def git_rules(content: bytes, *, any_case: bool = False) -> Rules:
    """The rules of a `.gitignore`, for paths below its folder."""
    return Rules(_git_rules(content, any_case=any_case))


def hg_rules(content: bytes, read: Callable[[str], bytes | None]) -> Rules:
    """The rules of an `.hgignore`, for paths from the top; `read` gives a file that it includes, by its path."""
    return Rules(_hg_rules(content, read, "", 0))


def svn_rules(content: bytes) -> Rules:
    """The rules of a property's value, for names."""
    lines = (line.strip(b" \t\r") for line in content.split(b"\n")[:_MOST])
    return Rules(_wild_rule(line, by_name=True) for line in lines if line and len(line) <= _LONGEST)


def _is_sound(pattern: bytes) -> bool:
    try:
        re2.compile(pattern, _OPTIONS)
    except re2.error:
        return False
    return True


def _together(patterns: Iterable[bytes]) -> re2.Set:
    found = re2.Set.FullMatchSet(_OPTIONS)
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def _git_rules(content: bytes, *, any_case: bool) -> Iterator[Rule]:
    for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:_MOST]:
        line = _trimmed(raw.removesuffix(b"\r"))
        if line.startswith(b"#") or len(line) > _LONGEST:
            continue
        negated = line.startswith(b"!")
        line = line[negated:]
        folders = line.endswith(b"/")
        line = line[: len(line) - folders]
        by_name = b"/" not in line
        rest = line if by_name else line.removeprefix(b"/")
        if rest:
            yield _wild_rule(rest, by_name=by_name, negated=negated, folders=folders, any_case=any_case)


def _trimmed(line: bytes) -> bytes:
    """Without blanks at the end, but for one behind a backslash."""
    bare = line.rstrip(b" ")
    escapes = len(bare) - len(bare.rstrip(b"\\"))
    return bare + b" " if escapes % 2 and len(bare) < len(line) else bare


def _wild_rule(
    line: bytes, *, by_name: bool, negated: bool = False, folders: bool = False, any_case: bool = False
) -> Rule:
    if not _SPECIAL & set(line) and not any_case:
        return Rule(literal=line, by_name=by_name, negated=negated, folders=folders)
    pattern = _wild(line, paths=not by_name)
    if pattern and any_case:
        pattern = b"(?i)" + pattern
    return Rule(pattern=pattern, by_name=by_name, negated=negated, folders=folders)


def _wild(line: bytes, *, paths: bool) -> bytes:
    """Git's and Subversion's wildcards for RE2; with `paths` they stop at `/`. Empty: it matches nothing."""
    any_one, any_some = (b"[^/]", b"[^/]*") if paths else (b".", b".*")
    made: list[bytes] = []
    at = 0
    while at < len(line):
        here = line[at : at + 1]
        if here == b"*":
            stars = len(line[at:]) - len(line[at:].lstrip(b"*"))
            found, at = _starred(line, at, stars, paths=paths) or (any_some, at + stars)
            made.append(found)
            continue
        if here == b"[":
            found, at = _bracket(line, at, paths=paths)
            if not found:
                return b""
            made.append(found)
            continue
        if here == b"\\":
            at += 1
            if at == len(line):
                return b""
            made.append(_quoted(line[at : at + 1]))
        else:
            made.append(any_one if here == b"?" else _quoted(here))
        at += 1
    return b"".join(made)


def _starred(line: bytes, at: int, stars: int, *, paths: bool) -> tuple[bytes, int] | None:
    """Two stars between slashes or ends: any number of folders."""
    after = at + stars
    ends = after == len(line) or line[after : after + 2] == b"\\/"  # an escaped slash is none to be left out
    alone = (at == 0 or line[at - 1 : at] == b"/") and (ends or line[after : after + 1] == b"/")
    if not paths or stars < 2 or not alone:
        return None
    return (b".*", after) if ends else (b"(?:.*/)?", after + 1)


def _bracket(line: bytes, at: int, *, paths: bool) -> tuple[bytes, int]:
    """A set of characters and where it ends; empty when it does not end, or is none."""
    start = at
    at += 1
    negated = line[at : at + 1] in {b"!", b"^"}
    at += negated
    parts: list[bytes] = []
    first = True
    while first or line[at : at + 1] != b"]":
        first = False
        named = _CLASS.match(line, at)
        if named:
            if named[1] not in _CLASSES:
                return b"", start
            parts.append(named[0])
            at = named.end()
            continue
        low, at = _one(line, at)
        if low is None:
            return b"", start
        high = low
        if line[at : at + 1] == b"-" and line[at + 1 : at + 2] not in {b"]", b""}:
            upper, at = _one(line, at + 1)
            if upper is None:
                return b"", start
            high = upper
        parts.append(b"\\x%02x-\\x%02x" % (low, max(low, high)))  # backwards it is its beginning alone
    body = b"".join(parts)
    slash = b"/" if paths else b""
    if negated:
        return b"[^%s%s]" % (body, slash) if body or slash else b".", at + 1
    if not body:
        return b"[^\\x00-\\xff]", at + 1
    return (_without_slash(body) if paths else b"[%s]" % body), at + 1


def _without_slash(body: bytes) -> bytes:
    """A set that a slash never belongs to, whatever its ranges say: RE2 has no difference of sets."""
    kept = []
    for part in re.findall(rb"\[:\w+:\]|\\x..-\\x..", body):
        if part.startswith(b"[:"):
            kept.append(b"!-.:-@\\[-`{-~" if part == b"[:punct:]" else part)
            continue
        low, high = int(part[2:4], 16), int(part[7:9], 16)
        for below, above in ((low, min(high, 0x2E)), (max(low, 0x30), high)):
            if below <= above:
                kept.append(b"\\x%02x-\\x%02x" % (below, above))
    return b"[%s]" % b"".join(kept) if kept else b"[^\\x00-\\xff]"


def _quoted(literal: bytes) -> bytes:
    return b"".join(b"\\x%02x" % one for one in literal)


def _one(line: bytes, at: int) -> tuple[int | None, int]:
    if line[at : at + 1] == b"\\":
        at += 1
    return (line[at], at + 1) if at < len(line) else (None, at)


def _hg_rules(content: bytes, read: Callable[[str], bytes | None], below: str, depth: int) -> Iterator[Rule]:
    kind = "relre"
    for raw in content.split(b"\n")[:_MOST]:
        line = re.sub(rb"((?:^|[^\\])(?:\\\\)*)#.*", rb"\1", raw).replace(b"\\#", b"#").rstrip()
        if not line or len(line) > _LONGEST:
            continue
        if line.startswith(b"syntax:"):
            kind = _HG_KINDS.get(line[7:].strip().decode("ascii", "replace"), kind)
            continue
        name, colon, rest = line.partition(b":")
        own = _HG_KINDS.get(name.decode("ascii", "replace")) if colon else None
        if own is None:
            own, rest = kind, line
        if own in {"include", "subinclude"}:
            yield from _included(own, rest.decode("utf-8", "surrogateescape"), read, below, depth)
        else:
            pattern = _hg_pattern(own, rest, below.encode("utf-8", "surrogateescape"))
            if pattern:
                yield Rule(pattern=pattern)


def _included(kind: str, path: str, read: Callable[[str], bytes | None], below: str, depth: int) -> Iterator[Rule]:
    """`include` brings patterns for the same place, `subinclude` those of a folder for that folder."""
    found = read(f"{below}{path}") if depth < _DEEPEST else None
    if found is not None:
        inside = f"{below}{path.rpartition('/')[0]}/" if "/" in path else below
        yield from _hg_rules(found, read, inside if kind == "subinclude" else below, depth + 1)


def _hg_pattern(kind: str, rest: bytes, below: bytes) -> bytes:
    """What a path that the rule ignores, or a folder above it, matches from beginning to end; empty for none."""
    top = _quoted(below)
    if kind == "relre":
        # Any place of the path, unless it begins with ^, and only up to the first "|"; what follows does not matter.
        flag, bare = _FLAG.fullmatch(rest).groups()  # type: ignore[union-attr]  # it matches everything
        whole = bare.removeprefix(b"^" if top else b"") if bare.startswith(b"^") else b".*" + bare
        pattern = b"(?%s:%s)" % (flag, whole) if flag else whole
        return top + b"(?:" + pattern + b").*" if _is_sound(whole) else b""
    glob = _hg_glob(posixpath.normpath(rest))
    if kind == "rootglob":
        return top + glob
    if glob.startswith(b"[^/]*"):  # as Mercurial has it: a star in front crosses folders
        return top + b".*" + glob.removeprefix(b"[^/]*")
    return top + b"(?:.*/)?" + glob


def _hg_glob(glob: bytes) -> bytes:
    """Mercurial's wildcards for RE2: `**` crosses folders, `{a,b}` is a choice."""
    made: list[bytes] = []
    at = open_ = 0
    while at < len(glob):
        here = glob[at : at + 1]
        if glob[at : at + 3] == b"**/":
            made.append(b"(?:.*/)?")
            at += 3
            continue
        if here == b"*":
            crossing = glob[at : at + 2] == b"**"
            made.append(b".*" if crossing else b"[^/]*")
            at += 1 + crossing
            continue
        if here == b"[":
            found, after = _bracket(glob, at, paths=False)
            made.append(found or b"\\[")
            at = after if found else at + 1
            continue
        if here == b"\\" and at + 1 < len(glob):
            at += 1
            made.append(_quoted(glob[at : at + 1]))
        elif here == b"{":
            open_ += 1
            made.append(b"(?:")
        elif here in {b"}", b","} and open_:
            open_ -= here == b"}"
            made.append(b")" if here == b"}" else b"|")
        else:
            made.append(b"." if here == b"?" else _quoted(here))
        at += 1
    return b"".join(made)
