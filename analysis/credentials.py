"""Where a text holds credentials: tokens, keys, passwords. What is found is masked before anything is indexed.

The rules are those of detect-secrets, whose patterns are maintained, and a few for services it does not know. Its
verification over the network is never called, and its entropy rules are left out: they take checksums for secrets.

One pass of RE2 over the whole text finds the few lines that any rule could match; only those meet the rules. Lines are
cut to `WINDOW`, so a pattern that backtracks has little to do so in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

Span = tuple[int, int]

WINDOW: Final = 1000
"""Bytes of a line, around what made it suspicious, that the rules are shown."""

MOST_LINES: Final = 2000
"""Suspicious lines in which secrets are looked for; those behind them are masked as a whole."""

SHORTEST: Final = 6
"""Letters of a password that is worth hiding: below, it is a placeholder, and masking would hide half of the code."""

LONGEST_KEY: Final = 32 << 10
"""Bytes in which the end of a private key is looked for."""

_WORDS: Final = (
    "api_?key|auth_?key|service_?key|account_?key|db_?key|database_?key|priv_?key|private_?key|client_?key|db_?pass"
    "|database_?pass|key_?pass|password|passwd|pwd|secret|contraseña|contrasena"
)
_TOKENS: Final = (
    r"(?:A3T|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]",
    r"aws.{0,20}?(?:key|pwd|pw|password|pass|token)",
    r"AKC[a-zA-Z0-9]|AP[\dABCDEF]",
    r"AccountKey=",
    r"://[^\s/:]*:[^\s@]+@",
    r"(?:cloudant|cl|clou)[_-]?(?:api)?[_-]?(?:key|pwd|pw|password|pass|token)|cloudant\.com",
    r"[MNO][a-zA-Z\d_-]{23,25}\.[a-zA-Z\d_-]{6}\.",
    r"gh[pousr]_[A-Za-z0-9_]|github_pat_",
    r"gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941",
    r"(?:key|pwd|password|pass|token)['\"]?\]? *(?:=|:|=>| ) *['\"]?[a-zA-Z0-9_-]{44}",
    r"(?:key|pwd|password|pass|token)['\"]?\]? *(?:=|:|=>| ) *['\"]?[a-z0-9]{48}",
    r"eyJ[A-Za-z0-9_=-]+\.",
    r"[0-9a-z]{32}-us[0-9]",
    r":_authToken=|npm_[A-Za-z0-9]{36}",
    r"sk-[A-Za-z0-9_-]*T3BlbkFJ|sk-ant-|sk-proj-",
    r"pypi-AgE",
    r"SG\.[a-zA-Z0-9_-]{22}\.",
    r"xox[abposr]-|xapp-|hooks\.slack\.com/services/",
    r"api\.softlayer\.com/soap|(?:softlayer|sl)[_-]?(?:api)?[_-]?(?:key|pwd|password|pass|token)",
    r"sq0csp-",
    r"[rs]k_live_",
    r"\d{8,10}:[0-9A-Za-z_-]{35}",
    r"\b(?:AC|SK)[a-z0-9]{32}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"\bhf_[A-Za-z]{34}|dop_v1_|shp(?:at|ca|pa|ss)_",
)
_SUSPICIOUS: Final = "|".join(
    [
        *(f"(?:{token})" for token in _TOKENS),
        (
            rf"(?i:(?:{_WORDS})\w*[\])'\"]{{0,2}}(?:\[[0-9]*\])?[ \t]*(?::=|=>|[:=!]=?=?)"
            r"[ \t]*@?[brufBRUF]{0,2}['\"`]?[^\s'\"`])"
        ),
        rf"(?i:(?:{_WORDS})\w*(?:\.assign)?\(['\"])",
        rf"(?i:(?:{_WORDS})[^\s]{{0,50}}[ \t]+['\"`][^'\"`\n]+['\"`];)",
        rf"(?i:['\"`][ \t]*[!=]={{1,2}}[ \t]*\w*(?:{_WORDS}))",
    ]
)
_KEY_BEGIN: Final = rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]"
_KEY_END: Final = re.compile(rb"-----END|Private-MAC")
_KEY_BODY: Final = re.compile(rb"[A-Za-z0-9+/=]{40}")
_MORE: Final = (
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"xapp-[0-9A-Za-z-]{20,}",
    r"sk-(?:ant|proj)-[A-Za-z0-9_-]{20,}",
    r"npm_[A-Za-z0-9]{36}",
    r"hf_[A-Za-z]{34}",
    r"dop_v1_[a-f0-9]{64}",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
)
_IN_URL: Final = re.compile(r"://[^\s/:@'\"]{0,100}:([^\s/@'\"]{3,200})@")
_RULES: Final = (
    ("artifactory", "ArtifactoryDetector"),
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("cloudant", "CloudantDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("ibm_cloud_iam", "IbmCloudIamDetector"),
    ("ibm_cos_hmac", "IbmCosHmacDetector"),
    ("jwt", "JwtTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("npm", "NpmDetector"),
    ("openai", "OpenAIDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("softlayer", "SoftlayerDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)
_NAME: Final = re.compile(r"[A-Za-z_.\- ]+")
_EXAMPLE: Final = re.compile(rf"{_WORDS}|^(?:pass|pw|user)$", re.IGNORECASE)
_CODE_PREFIX: Final = re.compile(r"([=:(,>]\s*)[bBrRuUfF]{1,2}(?=['\"])")
_REST_OF_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_\-]*")
_FULL_GROUP: Final = 16


class _Rules(NamedTuple):
    patterns: tuple[tuple[re.Pattern[str], bool], ...]
    keyword: Any
    by_filetype: Any
    filters: Any


def secrets_in(path: str, content: bytes) -> tuple[Span, ...]:
    """Where a file in UTF-8 (or near it) holds secrets: ascending ranges of bytes that hold no line break.

    Linear in bytes: the rules see suspicious lines only. `path` tells a file of settings, where no quotes are needed.
    """
    found = list(_private_keys(content))
    for number, (start, end) in enumerate(_suspicious_lines(content)):
        if number >= MOST_LINES:
            found.extend(_without_breaks(content, start, end))
            continue
        text = content[start:end].decode("latin-1")  # a letter a byte, so that places stay
        found.extend((start + first, start + last) for first, last in _in_line(path, text))
    return _joined(found)


def suspicious(content: bytes) -> tuple[Span, ...]:
    """All of the lines that may hold a secret: for files that no parser survived. RE2 alone: linear, and never dies."""
    lines = (span for start, end in _suspicious_lines(content) for span in _without_breaks(content, start, end))
    return _joined([*_private_keys(content), *lines])


def masked(content: bytes, secrets: Iterable[Span]) -> bytes:
    """The content with asterisks in place of these ranges: every offset and line stays."""
    spans = list(secrets)
    if not spans:
        return content
    text = bytearray(content)
    for start, end in spans:
        text[start:end] = b"*" * (end - start)
    return bytes(text)


def without_secrets(path: str, text: str) -> str:
    """A text as it may be shown: asterisks in place of its secrets."""
    content = text.encode("utf-8", "surrogatepass")
    found = secrets_in(path, content)
    return masked(content, found).decode("utf-8", "replace") if found else text


@cache
def _prefilter() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(_SUSPICIOUS.encode(), options)


@cache
def _key_begin() -> Any:
    import re2

    return re2.compile(_KEY_BEGIN)


def _suspicious_lines(content: bytes) -> list[Span]:
    """Lines, or windows of long ones, in which something could be a secret, each once."""
    lines: list[Span] = []
    at = 0
    search = _prefilter().search
    while (match := search(content, at)) is not None:
        first, last = match.span()
        start = max(content.rfind(b"\n", 0, first) + 1, first - WINDOW // 2, at)
        stop = content.find(b"\n", last)
        stop = min(len(content) if stop < 0 else stop, max(last, start + WINDOW))
        lines.append((start, stop))
        at = max(stop, last, at + 1)
        if at >= len(content):
            break
    return lines


def _in_line(path: str, line: str) -> Iterator[Span]:
    rules = _rules()
    for pattern, is_group in rules.patterns:
        for match in pattern.finditer(line):
            start, end = _secret_of(match, is_group=is_group)
            if not (is_group and _is_example(line[start:end], rules)):
                yield start, max(end, _REST_OF_TOKEN.match(line, end).end())  # type: ignore[union-attr]  # matches ""
    if rules.filters.is_indirect_reference(line):
        return
    plain = _CODE_PREFIX.sub(r"\1", line)
    for secret in rules.keyword.analyze_string(plain, denylist_regex_to_group=_keywords_for(path)):
        if secret and _is_password(secret, line, rules):
            at = line.find(secret)
            while at >= 0:
                yield at, at + len(secret)
                at = line.find(secret, at + len(secret))


def _secret_of(match: re.Match[str], *, is_group: bool) -> Span:
    """What of a match is secret: its longest group where that is long enough to be all of it."""
    groups = [match.span(group) for group in range(1, (match.re.groups or 0) + 1) if match[group]]
    longest = max(groups, key=lambda span: span[1] - span[0], default=match.span())
    return longest if is_group or longest[1] - longest[0] >= _FULL_GROUP else match.span()


def _is_password(secret: str, line: str, rules: _Rules) -> bool:
    """Whether what stands behind a word like `password` is one, and no name, reference, template or sentence."""
    heuristic = rules.filters
    if len(secret) < SHORTEST or heuristic.is_prefixed_with_dollar_sign(secret):
        return False
    if heuristic.is_sequential_string(secret) or heuristic.is_not_alphanumeric_string(secret):
        return False
    if heuristic.is_likely_id_string(secret, line, rules.keyword) or secret.count(" ") > 1:
        return False
    return not _is_example(secret, rules)


def _is_example(secret: str, rules: _Rules) -> bool:
    """Whether it is a template, or letters that name a password or are words of a label."""
    if rules.filters.is_templated_secret(secret):
        return True
    return bool(_NAME.fullmatch(secret)) and (" " in secret or bool(_EXAMPLE.search(secret)))


@cache
def _rules() -> _Rules:
    from importlib import import_module

    from detect_secrets.filters import heuristic
    from detect_secrets.plugins import keyword

    patterns = [(re.compile(pattern), False) for pattern in _MORE]
    patterns.append((_IN_URL, True))
    for module, name in _RULES:
        denied = getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist
        patterns.extend((pattern, module == "basic_auth") for pattern in denied)
    return _Rules(tuple(patterns), keyword.KeywordDetector(), keyword.REGEX_BY_FILETYPE, heuristic)


def _keywords_for(path: str) -> Any:
    from detect_secrets.util.filetype import determine_file_type

    return _rules().by_filetype.get(determine_file_type(path))


def _private_keys(content: bytes) -> Iterator[Span]:
    """The lines of private keys between their first and last, in PEM and PuTTY's format, on one line or many."""
    for begin in _key_begin().finditer(content):
        start = begin.end()
        end = _KEY_END.search(content, start, start + LONGEST_KEY)
        stop = end.start() if end is not None else min(len(content), start + LONGEST_KEY // 8)
        if _KEY_BODY.search(content, start, stop):
            yield from _without_breaks(content, start, stop)


def _without_breaks(content: bytes, start: int, end: int) -> Iterator[Span]:
    at = start
    for line in content[start:end].split(b"\n"):
        shown = line.rstrip(b"\r")
        if shown.strip():
            yield at, at + len(shown)
        at += len(line) + 1


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Ascending, none overlapping another."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
