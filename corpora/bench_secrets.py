"""How many secrets in sources are found and masked, how much else is, and what it costs.

`python -m corpora.bench_secrets [FOLDER…]` generates sources with secrets of every kind (seeded) and prints how many
are masked whole; then counts what is masked in the sources of each folder, which hold none that matter, and the share
of the analysis's time. Nothing generated is a real credential.
"""

from __future__ import annotations

import random
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.credentials import masked, secrets_in
from corpora.results import table

_SOURCES = {".py", ".java", ".js", ".ts", ".go", ".c", ".h", ".rb", ".rs", ".kt", ".php", ".yaml", ".yml"}
_ALNUM = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_HEX = "0123456789abcdef"
_BASE64 = _ALNUM + "+/"
_URL = _ALNUM + "_-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A source with a secret of a kind in it."""

    kind: str
    path: str
    content: bytes
    secret: bytes


def planted(seed: int, each: int = 20) -> Iterator[Planted]:
    """Sources with one secret each, `each` of every kind, in the shapes that code and settings give them."""
    rng = random.Random(seed)
    for kind, make in _KINDS.items():
        for number in range(each):
            secret = make(rng)
            path, text = _SHAPES[number % len(_SHAPES)] if kind not in _WHOLE else _WHOLE[kind]
            content = f"{_padding(rng)}{text.format(secret=secret)}\n{_padding(rng)}"
            kept = secret.encode().split(b"\n")[-1] if kind == "private key" else secret.encode()
            yield Planted(kind=kind, path=path, content=content.encode(), secret=kept)


def missed(samples: Iterator[Planted]) -> list[tuple[str, bytes]]:
    """(kind, content as it would be indexed) of those whose secret can still be read in it."""
    left = []
    for one in samples:
        shown = masked(one.content, secrets_in(one.path, one.content))
        if one.secret in shown:
            left.append((one.kind, shown))
    return left


def _of(letters: str, count: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choices(letters, k=count))


def _behind(prefix: str, letters: str, count: int, suffix: str = "") -> Callable[[random.Random], str]:
    return lambda rng: prefix + "".join(rng.choices(letters, k=count)) + suffix


def _private_key(rng: random.Random) -> str:
    return "\n".join("".join(rng.choices(_BASE64, k=64)) for _ in range(8))


def _token_of_parts(*sizes: int) -> Callable[[random.Random], str]:
    return lambda rng: (
        "eyJ" + ".eyJ".join("".join(rng.choices(_URL, k=size)) for size in sizes[:-1]) + "." + _of(_URL, sizes[-1])(rng)
    )


def _password(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=6)) + "".join(rng.choices(string.digits + "!#", k=4))


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "AWS key id": _behind("AKIA", string.ascii_uppercase + string.digits, 16),
    "AWS secret": _of(_BASE64, 40),
    "Artifactory": _behind("AKC", _ALNUM, 20),
    "Azure storage": _of(_BASE64, 88),
    "password in a URL": _password,
    "Cloudant": _of(_HEX, 64),
    "Discord": lambda rng: f"M{_of(_ALNUM, 23)(rng)}.{_of(_ALNUM, 6)(rng)}.{_of(_ALNUM, 27)(rng)}",
    "GitHub": _behind("ghp_", _ALNUM, 36),
    "GitHub, fine-grained": _behind("github_pat_", _ALNUM, 60),
    "GitLab": _behind("glpat-", _ALNUM, 20),
    "IBM cloud": _of(_ALNUM, 44),
    "IBM storage": _of(_HEX, 48),
    "JSON web token": _token_of_parts(30, 60, 43),
    "Mailchimp": _behind("", _LOWER, 32, "-us12"),
    "npm": _behind("npm_", _ALNUM, 36),
    "OpenAI": lambda rng: f"sk-{_of(_ALNUM, 20)(rng)}T3BlbkFJ{_of(_ALNUM, 20)(rng)}",
    "PyPI": _behind("pypi-AgEIcHlwaS5vcmc", _ALNUM, 80),
    "SendGrid": lambda rng: f"SG.{_of(_ALNUM, 22)(rng)}.{_of(_ALNUM, 43)(rng)}",
    "Slack": lambda rng: f"xoxb-{_of(string.digits, 12)(rng)}-{_of(_LOWER, 24)(rng)}",
    "SoftLayer": _of(_LOWER, 64),
    "Square": _behind("sq0csp-", _ALNUM, 43),
    "Stripe": _behind("sk_live_", _ALNUM, 24),
    "Telegram": lambda rng: f"{_of(string.digits, 9)(rng)}:{_of(_URL, 35)(rng)}",
    "Twilio": _behind("SK", _LOWER, 32),
    "Google": _behind("AIza", _URL, 35),
    "private key": _private_key,
    "password": _password,
}
_SHAPES = (
    ("a.py", 'token = "{secret}"'),
    ("a.py", "def connect(host, token='{secret}', retries=3):\n    return host"),
    ("A.java", 'private static final String TOKEN = "{secret}";'),
    ("a.js", "const client = make({{ token: '{secret}' }});"),
    ("a.yaml", "token: {secret}"),
    ("a.go", 'token := "{secret}" // of production'),
    ("a.py", '"""Call it with {secret} as the token."""'),
)
_WHOLE = {
    "AWS secret": ("a.py", "aws_secret_key = '{secret}'"),
    "Artifactory": ("a.yaml", "  artifactory:_password={secret}"),
    "Azure storage": ("a.cs", 'var c = "DefaultEndpointsProtocol=https;AccountKey={secret}";'),
    "password in a URL": ("a.py", 'DATABASE = "postgres://shop:{secret}@db.internal/shop"'),
    "Cloudant": ("a.py", 'cloudant_password = "{secret}"'),
    "IBM cloud": ("a.py", 'ibm_cloud_iam_key = "{secret}"'),
    "IBM storage": ("a.py", 'cos_secret_access_key = "{secret}"'),
    "SoftLayer": ("a.py", 'softlayer_api_key = "{secret}"'),
    "npm": ("a.ini", "//registry.example.org/:_authToken={secret}"),
    "private key": (
        "a.py",
        'KEY = """-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----"""',
    ),
    "password": ("a.py", 'password = "{secret}"'),
}


def _padding(rng: random.Random) -> str:
    words = ("total", "price", "rate", "items", "user", "index", "name")
    lines = (f"{rng.choice(words)} = {rng.choice(words)}({rng.randrange(100)})" for _ in range(rng.randint(0, 5)))
    return "".join(f"{line}\n" for line in lines)


def _measure(folder: Path) -> tuple[object, ...]:
    """Files, megabytes, lines masked, milliseconds a megabyte, and the share of the analysis's time."""
    files = size = lines = 0
    looking = analysing = 0.0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _SOURCES or not path.is_file():
            continue
        content = path.read_bytes()
        began = time.process_time()
        found = secrets_in(path.name, content)
        looking += time.process_time() - began
        files, size = files + 1, size + len(content)
        lines += len({content.count(b"\n", 0, at) for at, _ in found})
        if files % 10 == 0:
            began = time.process_time()
            analyse(path.name, content)
            analysing += 10 * (time.process_time() - began)
    share = looking / analysing if analysing else 0.0
    return folder.name, files, f"{size / 1e6:.1f}", lines, f"{1000 * looking / (size / 1e6):.1f}", f"{share:.1%}"


def main() -> None:
    """See the module."""
    samples = list(planted(1))
    lost = Counter(kind for kind, _ in missed(iter(samples)))
    found = len(samples) - sum(lost.values())
    print(f"{found} of {len(samples)} secrets of {len(_KINDS)} kinds masked whole; missed: {dict(lost)}")
    secrets_in("a.py", b'password = "warm12up"')
    head = ("sources", "files", "MB", "lines masked", "ms a MB", "of the analysis")
    print(table(head, [_measure(Path(folder)) for folder in sys.argv[1:]]))


if __name__ == "__main__":
    main()
