"""Verifying everything small: the log's chain and its copies, and each file by what the log says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from codevault.store.findings import Findings
from codevault.store.generations import Generations
from codevault.store.layout import pack_of, snapshot_of
from codevault.store.readme import readme_text, rescue_text
from codevault.store.records import LoggedFile, LogRecord, RecordMalformed, decode_log, hash_of, unseal
from codevault.store.vaultstate import VaultState

_NAMING = ("snapshots/", "thinned/", "keepsakes/")


@dataclass(slots=True)
class Logged:
    """What the whole log says: the files that should be there, all hashes each ever had, and the names that went."""

    there: dict[str, LoggedFile] = field(default_factory=dict)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def apply(self, record: LogRecord) -> None:
        """Takes the next record into account."""
        for new in record.added:
            self.there[new.file] = new
            self.removed.discard(new.file)
            if new.blake3:
                self.hashes.setdefault(new.file, set()).add(new.blake3)
        for name in record.removed:
            self.there.pop(name, None)
            self.removed.add(name)


def read_log(generations: Generations) -> Logged:
    """What the log says, from its copies where a record is lost. One read a record."""
    logged = Logged()
    for sequence in sorted({*generations.sequences(), *generations.copies()}):
        try:
            logged.apply(generations.record(sequence)[1])
        except RecordMalformed:
            continue
    return logged


def missing_records(state: VaultState) -> tuple[str, ...]:
    """Records that name content, that the log knows of and that are not there: what they name would look unneeded.

    Costs a reading of the log and a look at each record.
    """
    logged = read_log(state.generations).there
    naming = (name for name in sorted(logged) if name.startswith(_NAMING) and _leads_down(name))
    return tuple(name for name in naming if state.files.read(_path(state, name), 0, 0) is None)


def check_log(state: VaultState, findings: Findings) -> Logged:
    """Follows the chain of records, each against its copy."""
    return _LogCheck(state, findings).run()


class _LogCheck:
    def __init__(self, state: VaultState, findings: Findings) -> None:
        self._state = state
        self._findings = findings
        self._logged = Logged()
        self._before: set[str] | None = {""}  # hashes the next record may name as its predecessor's, None: unknown

    def run(self) -> Logged:
        generations = self._state.generations
        records, copies = set(generations.sequences()), set(generations.copies())
        if not records:
            self._findings.damage("log", "the log is gone", kind="missing")
        for sequence in sorted(records | copies):
            self._check(sequence, sequence in copies)
        return self._logged

    def _check(self, sequence: int, copied: bool) -> None:
        path = self._state.layout.record(sequence)
        name = self._state.layout.relative(path)
        held = self._held(sequence, name, copied)
        content = self._state.files.read(path)
        record = self._record(name, content, sequence)
        if held is not None and record is not None and held != content:
            self._findings.damage(name, "it differs from its copy")
        if record is None and held is not None:
            record = decode_log(held)
        if record is not None:
            if self._before is not None and (record.previous or "") not in self._before:
                self._findings.damage(name, "the chain is broken before it: a record is missing or was changed")
            self._logged.apply(record)
        known = {hash_of(found) for found in (content, held) if found is not None}
        self._before = known or None

    def _record(self, name: str, content: bytes | None, sequence: int) -> LogRecord | None:
        if content is None:
            self._findings.damage(name, "the file is gone", kind="missing")
            return None
        self._findings.read(len(content), 1)
        try:
            record = decode_log(content)
        except RecordMalformed as exc:
            self._findings.damage(name, str(exc))
            return None
        if record.sequence != sequence:
            self._findings.damage(name, f"it is record {record.sequence}")
            return None
        return record

    def _held(self, sequence: int, name: str, copied: bool) -> bytes | None:
        path = self._state.layout.copy(sequence)
        if not copied:
            self._findings.notice("unprotected", self._state.layout.relative(path), "the copy is not there")
            return None
        self._findings.read(len(self._state.files.read(path) or b""), 1)
        try:
            held = self._state.generations.copy(sequence).files[name]
            decode_log(held)
        except (KeyError, RecordMalformed) as exc:
            self._findings.damage(self._state.layout.relative(path), str(exc))
            return None
        return held


def check_small_files(state: VaultState, logged: Logged, findings: Findings, names: set[str]) -> None:
    """Each small file that is there (`names`) or should be, against the log. Snapshots and the log are others' work."""
    own = {"README.txt": readme_text(), "rescue.py": rescue_text()}
    others = ("packs/", "snapshots/", "log/")
    expected = {name for name in logged.there if not name.startswith(others) and _leads_down(name)}
    for name in sorted(expected | names):
        content = state.files.read(_path(state, name))
        if content is None:
            findings.damage(name, "the file is gone", kind="missing")
            continue
        findings.read(len(content), 1)
        why = _wrong(name, content, logged, own)
        if why:
            findings.damage(name, why)


def _wrong(name: str, content: bytes, logged: Logged, own: dict[str, bytes]) -> str:
    """What is wrong with a small file, empty when nothing is."""
    digest, entry = hash_of(content), logged.there.get(name)
    named = snapshot_of(name.rpartition("/")[2])
    if named is not None and name.startswith("thinned/"):
        return "" if digest == named[1] else "its bytes are not what its name says"
    if (entry is not None and entry.blake3 == digest) or own.get(name) == content:
        return ""
    if name in own or name == "policy.toml":
        return "its bytes are not those the log recorded" if entry is not None else ""
    try:
        unseal(content)  # sound, and not in the log: a run died between the file and its record
    except RecordMalformed as exc:
        return str(exc)
    if name in logged.removed:
        return ""  # a run died between the record that says it goes and its deletion
    if name != "vault.json" and digest in logged.hashes.get(name, ()):
        return "an older version of it was put back"
    if any(digest in hashes for other, hashes in logged.hashes.items() if other != name):
        return "it is the file of another name"
    return ""


def check_presence(logged: Logged, findings: Findings, present: Callable[[str], int | None], *, sizes: bool) -> None:
    """Packs and snapshots that the log names: are they there, and with `sizes`, are packs as long as they were?"""
    for name, new in sorted(logged.there.items()):
        if not name.startswith(("packs/", "snapshots/")):
            continue
        size = present(name)
        if size is None:
            findings.damage(name, "the file is gone", kind="missing")
        elif sizes and size != new.bytes and pack_of(name.rpartition("/")[2]) is not None:
            findings.damage(name, f"it has {size} bytes instead of {new.bytes}", offset=min(size, new.bytes))


def _leads_down(name: str) -> bool:
    return "\\" not in name and all(part not in {"", ".", ".."} for part in name.split("/"))


def _path(state: VaultState, name: str) -> Path:
    return state.layout.root.joinpath(*name.split("/"))
