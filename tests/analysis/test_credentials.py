"""Secrets in sources: found whole, masked wherever an analysis shows them, and ordinary code left alone."""

from __future__ import annotations

import pytest

from codevault.analysis import credentials
from codevault.analysis.analyse import analyse
from codevault.analysis.credentials import masked, secrets_in, suspicious
from corpora.bench_secrets import missed, planted

TOKEN = "ghp_" + "a1B2" * 9
PASSWORD = "warm12up!"


def shown(path: str, text: str) -> str:
    content = text.encode()
    return masked(content, secrets_in(path, content)).decode()


def test_secrets_of_every_kind_are_masked_whole() -> None:
    assert missed(planted(seed=3, each=7)) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", 'password = input("the password: ")'),
        ("a.py", 'secret = os.environ["SECRET_TOKEN"]'),
        ("a.py", 'PASSWORD_FIELD = "password_field"'),
        ("a.py", 'label = "password: your name and mine"'),
        ("a.py", 'url = "https://user:<password>@host/"'),
        ("a.py", 'id_secret = "123e4567-e89b-12d3-a456-426614174000"'),
        ("a.py", 'password = "*****-*****"'),
        ("a.py", 'password = "abc"'),
        ("a.yaml", "password: ${PASSWORD}"),
        ("a.py", 'BEGIN = "-----BEGIN RSA PRIVATE KEY-----"'),
        ("a.py", "digest = '0123456789abcdef0123456789abcdef'"),
    ],
)
def test_code_that_only_speaks_of_secrets_stays_as_it_is(path: str, line: str) -> None:
    assert shown(path, line) == line


def test_masking_keeps_every_line_and_offset() -> None:
    text = f'# é\r\npassword = "{PASSWORD}"\r\nnext = 1\n'

    assert shown("a.py", text) == f'# é\r\npassword = "{"*" * len(PASSWORD)}"\r\nnext = 1\n'


def test_a_secret_in_a_very_long_line_is_found() -> None:
    text = "x = 1; " * 2000 + f'password = "{PASSWORD}"; ' + "y = 2; " * 2000

    assert PASSWORD not in shown("a.js", text)


def test_private_keys_without_an_end_and_of_putty_are_masked() -> None:
    body = "A1b2" * 16

    assert body not in shown("a.txt", f"-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n")
    assert body not in shown("a.ppk", f"PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{body}\nPrivate-MAC: 1\n")


def test_behind_thousands_of_suspicious_lines_whole_lines_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MOST_LINES", 1)

    assert shown("a.py", f'password = "{PASSWORD}"\nsecret = other(1)\n').split("\n")[1] == "*" * 17


def test_a_file_that_no_parser_survived_loses_its_suspicious_lines() -> None:
    content = f'x = 1\npassword = "{PASSWORD}"\n'.encode()

    assert masked(content, suspicious(content)) == b"x = 1\n" + b"*" * 22 + b"\n"


def test_symbols_say_no_secret() -> None:
    content = f'''\
def login(user, password="{PASSWORD}", token="{TOKEN}"):
    """Logs in with {TOKEN}."""
    return user
'''.encode()

    found = analyse("a.py", content)

    assert TOKEN not in repr(found.symbols)
    assert PASSWORD not in repr(found.symbols)
    assert found.symbols[0].parameters[1] == f'password="{"*" * len(PASSWORD)}"'
    assert found.problems == ("what looks like a secret is masked in the index (lines 1, 2)",)


def test_a_short_secret_is_masked_only_where_it_stands() -> None:
    found = analyse("a.py", b'def open_it(on="ftp://me:open@here"):\n    pass\n')

    assert found.symbols[0].signature == 'def open_it(on="ftp://me:****@here")'


def test_text_of_two_bytes_a_character_is_masked_in_its_own_bytes() -> None:
    content = f'# ü\npassword = "{PASSWORD}"\n'.encode("utf-16")

    found = analyse("a.py", content)

    assert PASSWORD not in masked(content, found.secrets).decode("utf-16")
    assert [content[start:end].decode("utf-16-le") for start, end in found.secrets] == [PASSWORD]


def test_many_lines_with_secrets_are_counted() -> None:
    content = b"".join(b'password = "%dwarm12up"\n' % at for at in range(1000, 1008))

    assert analyse("a.py", content).problems[-1].endswith("(lines 1, 2, 3, 4, 5 and 3 more)")
