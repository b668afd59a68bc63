"""Is what a URL names another machine? Only then does it keep something that this one may lose."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

_REMOTE_SCHEMES = frozenset({"http", "https", "ssh", "git", "git+ssh", "ssh+git", "ftp", "ftps", "svn", "svn+ssh"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]*)")
_SCP = re.compile(r"(?:[^/@:\\]+@)?(\[[^\]]+\]|[^/:@\\]{2,}):(?!:)")  # one letter before the colon is a drive


def is_elsewhere(url: str, own_names: Collection[str] = ()) -> bool:
    """True when the URL names a host that is not this machine. Paths, `file:`, remote helpers and doubts are False.

    `own_names` are this machine's names. An address on this machine under a name it does not tell is not seen through.
    """
    url = url.strip()
    if not url.isprintable():
        return False
    full = _SCHEME.match(url)
    if full:
        return full[1].lower() in _REMOTE_SCHEMES and _is_other_host(_host(full[2]), own_names)
    short = _SCP.match(url)
    return short is not None and _is_other_host(short[1], own_names)


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _is_other_host(host: str, own_names: Collection[str]) -> bool:
    name = host.strip("[]").rstrip(".").casefold()
    if not name or name == "localhost" or name.endswith((".localhost", ".localdomain")):
        return False
    if name in {own.rstrip(".").casefold() for own in own_names}:
        return False
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        # 127.1, 0x7f000001, 2130706433: how else addresses may be written; none of them is how people name a host
        return not re.fullmatch(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+))*", name)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)
