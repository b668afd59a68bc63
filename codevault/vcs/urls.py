"""Takes what is secret out of a remote's URL before anybody else sees it."""

from __future__ import annotations

import re

_LONGEST = 2048
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HELPER = re.compile(r"[A-Za-z0-9]+::")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|[^:]*)(?::[0-9]*)?\Z")


def public_url(url: str) -> str:
    """The URL without user, password, query and fragment; "" for one that cannot be a URL.

    scp-like remotes (`git@host:path`) lose their user, paths stay. Of a remote helper that runs a command (`ext::…`)
    only the helper's name is left. Where a password may hide in an odd place, rather too much is taken.
    """
    url = url.strip()
    if not url or len(url) > _LONGEST or not url.isprintable():
        return ""
    helper = _HELPER.match(url)
    if helper:
        address = url[helper.end() :]
        return helper.group() + (public_url(address) if _SCHEME.match(address) else "")
    scheme = _SCHEME.match(url)
    if scheme:
        address = _public_address(url[scheme.end() :])
        return scheme.group() + address if address else ""
    return _public_scp(url)


def _public_address(address: str) -> str:
    authority, mark, rest = _split(address, "/\\?#")
    _, user, host = authority.rpartition("@")
    # https://user:pass/word@host/path: a slash that was not escaped ends the authority within the password.
    odd = mark != "/" or not _HOST.match(host) or (not user and ":" in host and rest[:1] != "@")
    if odd and "@" in rest:
        host, mark, rest = _split(rest.rpartition("@")[2], "/\\?#")
    if not _HOST.match(host):
        return ""
    if mark in {"?", "#"}:
        return host
    return host + mark + _split(rest, "?#")[0]


def _public_scp(url: str) -> str:
    head, slash, path = _split(url, "/")
    if "@" in head:
        return head.rpartition("@")[2] + slash + path
    if ":" in head and re.search(r"@[^/]*:", path):
        return path.rpartition("@")[2]
    return url


def _split(text: str, separators: str) -> tuple[str, str, str]:
    for at, character in enumerate(text):
        if character in separators:
            return text[:at], character, text[at + 1 :]
    return text, "", ""
