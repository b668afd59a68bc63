"""Encryption of single objects with age, through pyrage; the age program opens each of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from codevault.errors import ExtraMissing, InvalidArgument, ReplicaLocked, SourceError

_IN_MEMORY = 64 << 20
_BLOCK = 4 << 20
_SECRET = "AGE-SECRET-KEY-"  # noqa: S105 - what a secret begins with, not one


class Seal(Protocol):
    """Encrypts for some recipients."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Their public keys."""

    def seal(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """What is to be stored for the content."""


class Key(Protocol):
    """Decrypts what was encrypted for it."""

    def open(self, content: bytes) -> bytes | None:
        """The content; None when the object is damaged.

        Raises:
            ReplicaLocked: it was encrypted for others.
        """


class AgeSeal:
    """Implements `Seal` for public keys as age-keygen (`age1…`) or ssh-keygen (`ssh-ed25519 …`) gives them."""

    def __init__(self, recipients: Sequence[str]) -> None:
        pyrage = _pyrage()
        self._recipients = tuple(sorted(set(recipients)))
        try:
            self._parsed = [
                pyrage.ssh.Recipient.from_str(key) if key.startswith("ssh-") else pyrage.x25519.Recipient.from_str(key)
                for key in self._recipients
            ]
        except (pyrage.RecipientError, ValueError) as exc:
            raise InvalidArgument(f"a recipient is a public key of age or ssh: {exc}") from exc

    @property
    def recipients(self) -> tuple[str, ...]:
        """See `Seal.recipients`."""
        return self._recipients

    def seal(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """See `Seal.seal`. What is larger than 64 MiB waits in a temporary file, encrypted."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as sealed:
            content = _Blocks(blocks)
            try:
                _pyrage().encrypt_io(content, sealed, self._parsed)
            except _pyrage().EncryptError as exc:  # what the blocks raised, the library has made its own error of
                raise (content.failure or exc) from None
            sealed.seek(0)
            while block := sealed.read(_BLOCK):
                yield block


class AgeKey:
    """Implements `Key`: `identity` is a secret key's text, or the path of a file with some, as age -i takes it."""

    def __init__(self, identity: str | os.PathLike[str], url: str) -> None:
        pyrage = _pyrage()
        self._url = url
        text = os.fspath(identity)
        if not text.startswith(_SECRET):
            try:
                text = Path(text).expanduser().read_text(encoding="utf-8")
            except (OSError, ValueError) as exc:
                raise SourceError(f"the identity's file cannot be read: {type(exc).__name__}") from exc
        try:
            if "OPENSSH PRIVATE KEY" in text:
                self._identities: list[Any] = [pyrage.ssh.Identity.from_buffer(text.encode())]
            else:
                lines = [line.strip() for line in text.splitlines()]
                self._identities = [
                    pyrage.x25519.Identity.from_str(line) for line in lines if line[:1] not in {"", "#"}
                ]
        except (pyrage.IdentityError, ValueError) as exc:
            raise InvalidArgument("an identity is a secret key of age or ssh, or a file that holds one") from exc
        if not self._identities:
            raise InvalidArgument("the identity's file holds no key")

    def open(self, content: bytes) -> bytes | None:
        """See `Key.open`."""
        pyrage = _pyrage()
        try:
            return bytes(pyrage.decrypt(content, self._identities))
        except pyrage.DecryptError as exc:
            if "matching keys" not in str(exc).lower():
                return None
            raise ReplicaLocked(f"{self._url}: an object does not open with this identity: {exc}", self._url) from exc


class _Blocks:
    """The blocks as the file that encrypt_io reads."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                block = next(self._blocks, None)
            except BaseException as exc:
                self.failure = exc
                raise
            if block is None:
                return b""
            self._rest = block
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as exc:
        raise ExtraMissing("an encrypted replica", "pyrage", "replica") from exc
    return pyrage
