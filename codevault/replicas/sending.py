"""One replication: what is missing is sent, what is gone is removed, in an order in which every step is a vault.

Content goes first, then what refers to it, the log last; removals follow. `replica.json` names the run that writes: a
later run takes over, and the earlier one ends before it replaces or removes anything more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from blake3 import blake3

from codevault.errors import ReplicaBusy, ReplicaRefused, ReplicaUnreachable, VaultBusy
from codevault.ids import VaultId
from codevault.jobs import Reporter
from codevault.replicas.inventory import INVENTORY, Held, Inventory, decode_inventory, encode_inventory
from codevault.replicas.listed import Moment, VaultFiles
from codevault.replicas.model import Replicated
from codevault.replicas.naming import HEADS, Role, digest_of, role_of
from codevault.replicas.planning import SEALED, Plan, is_foreign, plan_replication
from codevault.replicas.ports import Objects
from codevault.replicas.sealing import Seal
from codevault.store.records import RecordMalformed, unseal

_BLOCK = 4 << 20
_ROUNDS = 20
_KEPT_BYTES = 256 << 20
_KEPT_OBJECTS = 1024
_BEFORE_HEADS = Role.THINNED
"""From this role on objects refer to others: until then nothing that is sent can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a caller wants it: see `Vault.replicate`."""

    verify: bool = False
    acknowledge: bool = False


class Vanished(Exception):  # noqa: N818 - never leaves the run: the vault is listed anew
    """A file went while it was read, or became another."""


class DamagedHere(Exception):  # noqa: N818 - never leaves the run: becomes one of its problems
    """A file of the vault is not what its name says."""


@dataclass(slots=True)
class _Done:
    """What one run has done so far."""

    sent: int = 0
    bytes_sent: int = 0
    skipped: int = 0
    healed: int = 0
    removed: int = 0
    unkept: int = 0
    unkept_bytes: int = 0
    problems: set[str] = field(default_factory=set)


class Replication:
    """One run. `run` is a name that no other run has, `pace` is told of each block before it goes."""

    def __init__(
        self,
        source: VaultFiles,
        objects: Objects,
        *,
        url: str,
        vault: VaultId,
        run: str,
        seal: Seal | None = None,
        wishes: Wishes = Wishes(),
        report: Reporter | None = None,
        pace: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._objects = objects
        self._url = url
        self._seal = seal
        self._wishes = wishes
        self._report = report or Reporter()
        self._pace = pace
        self._clock = clock
        self._done = _Done()
        self._key = b""
        self._held: dict[str, Held] = {}
        self._inventory = Inventory(
            vault=vault, run=run, recipients=() if seal is None else (*seal.recipients,), held=self._held
        )

    def replicate(self) -> Replicated:
        """Does it all.

        Raises:
            ReplicaRefused: the place holds something else, or what the vault has lost; nothing was changed.
            ReplicaBusy: a later run has taken over.
            ReplicaUnreachable, StorageFull: what was sent stays; the next run goes on from there.
            VaultBusy: the vault changes faster than it can be sent.
            Cancelled: through `report`.
        """
        began = self._clock()
        self._key = self._source.key()
        for _ in range(_ROUNDS):
            moment = self._source.now()
            try:
                plan = self._round(moment)
            except Vanished:
                continue
            return self._result(moment, plan, self._clock() - began)
        raise VaultBusy("the vault changes faster than it can be sent; try again later", self._source.root)

    def _round(self, moment: Moment) -> Plan:
        there = self._objects.sizes()
        before = self._judged(there, moment)
        self._held.update(before.held if before is not None else {})
        plan = plan_replication(
            moment.files,
            there,
            self._held,
            self._removed(there, moment),
            encrypted=self._seal is not None,
            acknowledge=self._wishes.acknowledge,
        )
        if plan.lost:
            raise ReplicaRefused(
                f"{self._url} has {len(plan.lost)} files that this vault has lost without removing them "
                f"({plan.lost[0]} for one): open or repair() from it, or acknowledge the loss",
                self._url,
                plan.lost,
            )
        self._claim(before)
        for name in plan.sweep:
            self._objects.remove(name)
        self._send_all(moment, plan)
        self._require_turn()
        if plan.remove and self._done.unkept:
            self._keep()  # what is encrypted is seen when the inventory has it: before anything older goes
        for number, name in enumerate(plan.remove):
            self._report.step("remove", number, len(plan.remove))
            self._objects.remove(self._object(name))
            self._held.pop(name, None)
            self._done.removed += 1
        self._keep(complete=True)
        return plan

    def _removed(self, there: Iterable[str], moment: Moment) -> Collection[str]:
        """What the log calls removed, if that is asked at all: reading all of it costs more than everything else."""
        suffix = "" if self._seal is None else SEALED
        here = {name + suffix for name in moment.files}
        return () if all(name in here or name == INVENTORY for name in there) else self._source.removed()

    def _judged(self, there: Iterable[str], moment: Moment) -> Inventory | None:
        """What the replica says of itself, None where it is new.

        Raises:
            ReplicaRefused: it is none of this vault, or goes on where this vault ended.
        """
        names = set(there)
        try:
            before = decode_inventory(self._objects.read(INVENTORY) or b"") if INVENTORY in names else None
        except RecordMalformed:
            names.discard(INVENTORY)
            before = None
        if before is None:
            if is_foreign(names) and not self._is_copy() and not self._wishes.acknowledge:
                raise ReplicaRefused(f"{self._url} holds other files: choose an empty place", self._url)
            return None
        if before.vault != self._inventory.vault:
            raise ReplicaRefused(f"{self._url} is a replica of another vault", self._url)
        if before.encrypted != self._inventory.encrypted:
            is_not = "encrypted" if before.encrypted else "not encrypted"
            raise ReplicaRefused(f"{self._url} is {is_not}: go on with it as it is, or choose another place", self._url)
        if not self._wishes.acknowledge and self._is_ahead(before, moment):
            raise ReplicaRefused(
                f"{self._url} is at generation {before.sequence}, which this vault (at {moment.sequence}) does not "
                "have: it is an older copy, or went another way; acknowledge that to go on",
                self._url,
            )
        return before if before.recipients == self._inventory.recipients else replace(before, held={})

    def _is_copy(self) -> bool:
        """True for a copy of this vault that says nothing of itself, because somebody else made it."""
        try:
            return unseal(self._objects.read("vault.json") or b"").get("vault") == self._inventory.vault
        except RecordMalformed:
            return False

    def _is_ahead(self, before: Inventory, moment: Moment) -> bool:
        if before.sequence > moment.sequence:
            return True
        known = self._source.hash_at(before.sequence) if before.sequence else None
        return None not in {known, before.hash} and known != before.hash

    def _claim(self, before: Inventory | None) -> None:
        if before is not None:
            self._inventory = replace(self._inventory, sequence=before.sequence, hash=before.hash)
        self._keep()

    def _require_turn(self) -> None:
        try:
            now = decode_inventory(self._objects.read(INVENTORY) or b"").run
        except RecordMalformed:
            now = ""
        if now != self._inventory.run:
            raise ReplicaBusy(f"another replication to {self._url} has begun: this one ends", self._url)

    def _keep(self, *, complete: bool = False) -> None:
        self._inventory = replace(self._inventory, complete=complete)
        self._objects.write(INVENTORY, [encode_inventory(self._inventory)])
        self._done.unkept = self._done.unkept_bytes = 0

    def _send_all(self, moment: Moment, plan: Plan) -> None:
        changed = [name for name in plan.compare if not self._is_current(name)]
        missing = set(plan.send)
        todo = plan.in_order([*plan.send, *changed])
        self._done.skipped = len(moment.files) - len(todo)
        heads = False
        for number, name in enumerate(todo):
            self._report.step("send", number, len(todo), self._done.bytes_sent)
            role = role_of(name)
            if not heads and role is not None and role >= _BEFORE_HEADS:
                heads = True
                self._require_turn()
                self._inventory = replace(self._inventory, sequence=moment.sequence, hash=moment.hash)
                self._keep()
            elif self._seal is not None and (
                self._done.unkept >= _KEPT_OBJECTS or self._done.unkept_bytes >= _KEPT_BYTES
            ):
                self._require_turn()
                self._keep()
            try:
                self._send(name, moment.files[name])
            except DamagedHere:
                self._done.problems.add(name)
                continue
            self._done.healed += name in plan.damaged or (name not in missing and role not in HEADS)
        self._inventory = replace(self._inventory, sequence=moment.sequence, hash=moment.hash)

    def _is_current(self, name: str) -> bool:
        """True when what is there need not be sent again."""
        held = self._held.get(name)
        if role_of(name) in HEADS:
            content = self._source.read(name)
            if content is None or held is None or held.mark != self._mark(content):
                return False
        return not self._wishes.verify or self._digest_there(name) == self._digest_sent(name)

    def _digest_sent(self, name: str) -> str:
        held = self._held.get(name)
        return held.blake3 if held is not None else digest_of(name) or _digest(self._blocks(name))

    def _digest_there(self, name: str) -> str:
        def blocks() -> Iterator[bytes]:
            at = 0
            while block := self._objects.read(self._object(name), at, _BLOCK):
                self._report.step("verify", at)
                at += len(block)
                yield block

        return _digest(blocks())

    def _send(self, name: str, size: int) -> None:
        whole: bytes | None = None
        if role_of(name) in HEADS:
            whole = self._source.read(name)
            if whole is None:
                raise Vanished
            content: Iterable[bytes] = (whole,)
            size = len(whole)
        else:
            content = self._proven(name, size)
        passing = _Passing(content if self._seal is None else self._seal.seal(content), self._passes)
        self._objects.write(self._object(name), passing)
        digest, length = passing.digest.hexdigest(), passing.length
        if self._wishes.verify and self._digest_there(name) != digest:
            raise ReplicaUnreachable(f"{self._url}: {name} reads back as other bytes than were sent", self._url)
        if whole is not None or self._seal is not None:
            mark = "" if whole is None else self._mark(whole)
            self._held[name] = Held(bytes=length, blake3=digest, length=size, mark=mark)
        done = self._done
        done.sent, done.bytes_sent = done.sent + 1, done.bytes_sent + length
        done.unkept, done.unkept_bytes = done.unkept + 1, done.unkept_bytes + length

    def _passes(self, block: bytes, before: int) -> None:
        self._pace(len(block))
        self._report.step("send", self._done.sent, None, self._done.bytes_sent + before)

    def _proven(self, name: str, size: int) -> Iterator[bytes]:
        """A file's content, which ends in an error if it is not all of what its name says."""
        digest, length = blake3(), 0
        for block in self._blocks(name):
            digest.update(block)
            length += len(block)
            yield block
        if length != size:
            raise Vanished
        if digest_of(name) not in {"", digest.hexdigest()}:
            raise DamagedHere

    def _blocks(self, name: str) -> Iterator[bytes]:
        at = 0
        while True:
            block = self._source.read(name, at, _BLOCK)
            if block is None:
                raise Vanished
            if not block:
                return
            at += len(block)
            yield block

    def _mark(self, content: bytes) -> str:
        return blake3(content, key=self._key).hexdigest(16)

    def _object(self, name: str) -> str:
        return name if self._seal is None else name + SEALED

    def _result(self, moment: Moment, plan: Plan, seconds: float) -> Replicated:
        done = self._done
        return Replicated(
            target=self._url,
            generation=moment.sequence,
            objects=len(moment.files) - len(done.problems),
            sent=done.sent,
            bytes_sent=done.bytes_sent,
            skipped=done.skipped,
            healed=done.healed,
            removed=done.removed,
            erasures=self._source.erasures(),
            problems=tuple(sorted(done.problems)),
            unexplained=plan.unexplained,
            encrypted=self._seal is not None,
            verified=self._wishes.verify,
            seconds=seconds,
        )


class _Passing:
    """Blocks on their way, counted and hashed; `told` of each before it goes, and of the bytes before it."""

    def __init__(self, blocks: Iterable[bytes], told: Callable[[bytes, int], None]) -> None:
        self._blocks = blocks
        self._told = told
        self.digest = blake3()
        self.length = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self._told(block, self.length)
            self.digest.update(block)
            self.length += len(block)
            yield block


def _digest(blocks: Iterable[bytes]) -> str:
    digest = blake3()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
