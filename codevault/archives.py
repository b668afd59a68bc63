"""A folder as an archive: .tar.zst or .zip, the same bytes for the same folder, read back before it counts."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from codevault.errors import RestoreRefused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_BLOCK = 1 << 20
_LEVEL = 10
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


def is_archive(path: Path) -> bool:
    """True for a name that says it is to be an archive."""
    return path.name.endswith((".tar.zst", ".zip"))


def pack(folder: Path, archive: Path) -> None:
    """Writes everything below a folder into a new archive, sorted; owners are left out, links stay links.

    Raises:
        RestoreRefused: a name that a .zip cannot hold, or the disk refuses; nothing is left.
    """
    temporary = archive.with_name(f".{archive.name}.partial")
    try:
        with open(temporary, "xb") as file:
            (_zip if archive.suffix == ".zip" else _tar)(folder, file)
            file.flush()
            os.fsync(file.fileno())
        if _sums_of_archive(temporary, zipped=archive.suffix == ".zip") != sums_of(folder):
            raise RestoreRefused(f"{archive} reads back other bytes than were written: try another disk", archive)
        os.rename(temporary, archive)
    except UnicodeEncodeError as exc:
        why = f"a .zip cannot hold the name {exc.object!r}: choose .tar.zst, or a folder"
        raise RestoreRefused(why, archive) from exc
    except (OSError, zipfile.LargeZipFile, zipfile.BadZipFile, tarfile.TarError) as exc:
        raise RestoreRefused(f"the archive {archive} cannot be written: {exc}", archive) from exc
    finally:
        temporary.unlink(missing_ok=True)


def sums_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by path."""
    return {name: _sum(path) for name, path in _below(folder) if stat.S_ISREG(os.lstat(path).st_mode)}


def _below(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything below a folder, sorted by path: (path relative to it, path)."""
    waiting = [""]
    while waiting:
        place = waiting.pop()
        with os.scandir(folder / place) as listing:
            found = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        for entry in found:
            name = f"{place}/{entry.name}" if place else entry.name
            yield name, entry.path
            if entry.is_dir(follow_symlinks=False):
                waiting.append(name)


def _sum(path: str) -> str:
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()


def _tar(folder: Path, file: IO[bytes]) -> None:
    with (
        zstd.ZstdFile(file, "wb", level=_LEVEL) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive,
    ):
        for name, path in _below(folder):
            entry = archive.gettarinfo(path, arcname=name)
            if entry is None or not (entry.isreg() or entry.isdir() or entry.issym() or entry.islnk()):
                continue
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            if entry.islnk():
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", os.lstat(path).st_size
            if entry.isreg():
                with open(path, "rb") as content:
                    archive.addfile(entry, content)
            else:
                archive.addfile(entry)


def _zip(folder: Path, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, path in _below(folder):
            name.encode()  # a .zip holds Unicode only
            status = os.lstat(path)
            entry = zipfile.ZipInfo(name + "/" * stat.S_ISDIR(status.st_mode), _dated(status.st_mtime))
            entry.external_attr = (status.st_mode & 0xFFFF) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            if stat.S_ISDIR(status.st_mode):
                archive.writestr(entry, b"")
            elif stat.S_ISLNK(status.st_mode):
                archive.writestr(entry, os.readlink(path).encode())
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as content, archive.open(entry, "w", force_zip64=True) as out:
                    while block := content.read(_BLOCK):
                        out.write(block)


def _dated(seconds: float) -> tuple[int, int, int, int, int, int]:
    """A moment as a .zip can hold it, in UTC."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return (_FIRST_YEAR, 1, 1, 0, 0, 0)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return (_FIRST_YEAR, 1, 1, 0, 0, 0)
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


def _sums_of_archive(path: Path, *, zipped: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    with _contents(path, zipped=zipped) as contents:
        for name, content in contents:
            hasher = hashlib.sha256()
            while block := content.read(_BLOCK):
                hasher.update(block)
            found[name] = hasher.hexdigest()
    return found


@contextmanager
def _contents(path: Path, *, zipped: bool) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    if zipped:
        with zipfile.ZipFile(path) as archive:
            yield (
                (entry.filename, archive.open(entry))
                for entry in archive.infolist()
                if not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)
            )
        return
    with zstd.ZstdFile(path) as packed, tarfile.open(fileobj=packed, mode="r|", encoding="utf-8") as archive:
        yield ((entry.name, content) for entry in archive if (content := _content(archive, entry)) is not None)


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    return archive.extractfile(entry) if entry.isreg() else None
