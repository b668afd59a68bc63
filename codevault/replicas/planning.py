"""What a replication has to do: two listings, an inventory and the log's removals in, a plan out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from codevault.replicas.inventory import INVENTORY, Held
from codevault.replicas.naming import PRECIOUS, Role, role_of
from codevault.replicas.ports import INCOMING

SEALED = ".age"
"""What the name of an encrypted object ends with."""

_REMOVED_LAST = (Role.PARITY, Role.PACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Names: what to send, what to compare first, what to remove (in order); what is swept, kept, or lost."""

    send: tuple[str, ...]
    damaged: frozenset[str]
    compare: tuple[str, ...]
    remove: tuple[str, ...]
    sweep: tuple[str, ...]
    unexplained: tuple[str, ...]
    lost: tuple[str, ...]
    first: bool

    def in_order(self, names: Iterable[str]) -> list[str]:
        """The names in the order of sending."""
        return sorted(names, key=lambda name: _order(name, first=self.first))


def plan_replication(
    here: Mapping[str, int],
    there: Mapping[str, int],
    held: Mapping[str, Held],
    removed: Collection[str],
    *,
    encrypted: bool,
    acknowledge: bool = False,
) -> Plan:
    """What brings the objects `there` to the files `here`.

    `removed` are names that the vault's log calls gone. What else is there and not here is lost if it is precious, and
    else unexplained; with `acknowledge` it goes.
    """
    suffix = SEALED if encrypted else ""
    known = {name.removesuffix(suffix): size for name, size in there.items() if name.endswith(suffix)}
    known = {name: size for name, size in known.items() if role_of(name) is not None}
    send, damaged, compare = [], set[str](), []
    for name, size in here.items():
        if name not in known:
            send.append(name)
        elif not _as_sent(known[name], size, held.get(name), encrypted=encrypted):
            send.append(name)
            damaged.add(name)
        else:
            compare.append(name)
    gone = [name for name in known if name not in here]
    explained = {name for name in gone if acknowledge or _is_explained(name, removed)}
    left = [name for name in gone if name not in explained]
    return Plan(
        send=tuple(send),
        damaged=frozenset(damaged),
        compare=tuple(compare),
        remove=tuple(sorted(explained, key=_removal_order)),
        sweep=tuple(sorted(name for name in there if name.startswith(INCOMING))),
        unexplained=tuple(sorted(name for name in left if role_of(name) not in PRECIOUS)),
        lost=tuple(sorted(name for name in left if role_of(name) in PRECIOUS)),
        first="vault.json" not in known,
    )


def is_foreign(there: Collection[str]) -> bool:
    """True for a place that holds something, and nothing that a replication began with."""
    return any(not name.startswith(INCOMING) for name in there) and INVENTORY not in there


def _as_sent(size: int, length: int, held: Held | None, *, encrypted: bool) -> bool:
    """True when the object has the length that it was sent with, as far as that can be known."""
    if encrypted:
        return held is not None and held.bytes == size
    return size == (held.bytes if held is not None else length)


def _is_explained(name: str, removed: Collection[str]) -> bool:
    path = PurePosixPath(name)
    if role_of(name) is Role.PARITY:
        return str(path.with_suffix(".pack")) in removed
    return name in removed or role_of(name) is Role.SETTINGS


def _order(name: str, *, first: bool) -> tuple[int, str]:
    role = role_of(name)
    assert role is not None  # noqa: S101 - only such names are listed
    if role is Role.IDENTITY and not first:  # a newer format is announced before anything of it comes
        return int(Role.HELP), name
    return int(role), name


def _removal_order(name: str) -> tuple[int, str]:
    role = role_of(name)
    return (1 + _REMOVED_LAST.index(role) if role in _REMOVED_LAST else 0), name
