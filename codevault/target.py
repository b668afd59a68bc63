"""What a restore writes, and how: files, folders and links below one folder.

A file is complete or absent, also after a kill. In a folder that was there before, each is written under a temporary
name and renamed. A new folder is made under a temporary name, filled, and renamed itself: one rename for all its files,
which are then written under their own names. What a killed restore left under temporary names goes with the next one.
"""

# A little over 400 lines: each way of writing stands beside its twin for systems without directory descriptors.

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from blake3 import blake3

from codevault.extras import FileAttribute, extras_of, give_back
from codevault.holes import write, write_around_holes
from codevault.names import NameRules
from codevault.places import ANY_MODE, BY_DESCRIPTOR, Place, Places, Where
from codevault.store.model import Entry, EntryKind

UNFINISHED = ".codevault-restore-unfinished"
"""Stands in a folder that a restore filled from empty, as long as it has not ended."""

_NEW_FILE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_OLD_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_TEMPORARY = ".codevault-restoring"
_LEFT_OVER = re.compile(r"\.codevault-restoring(-\d+)?")
_PROBE = ".codevault-restoring-Prob\u00e9"


class Target:
    """Writes manifest entries below one folder. Any thread, but one at a time in each folder."""

    def __init__(self, places: Places | None) -> None:
        self._places = places
        self._known: dict[str, Place | None] = {}
        self._rules: NameRules | None = None
        self.unfinished = False

    @classmethod
    def open(cls, root: Path, *, create: bool = False, forbidden: Collection[tuple[int, int]] = ()) -> Target:
        """Opens the target. Without `create` a missing one counts as empty. `forbidden` folders are never entered.

        Raises:
            OSError: it cannot be made or opened, or is not a folder.
        """
        if create:
            root.mkdir(parents=True, exist_ok=True)
        if not root.exists():
            return cls(None)
        if not root.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(root))
        target = cls(Places(root, forbidden))
        target._known[""] = target.root
        return target

    @property
    def root(self) -> Place:
        """The target itself."""
        return self._there.root

    @property
    def _there(self) -> Places:
        if self._places is None:
            raise FileNotFoundError(2, "the target does not exist")
        return self._places

    def prepare(self) -> None:
        """Readies the target for writing: marks an empty one, clears what a killed restore left, tries a new file.

        Raises:
            OSError: nothing can be written there.
        """
        with self._there.opened(self.root) as where:
            names = self._listed(self.root, where)
            self.unfinished = not names or UNFINISHED in names
            self._clear(self.root, where, names)
            self.root.masked = ANY_MODE & ~self._made(self.root, where, _PROBE, ANY_MODE)
            self._rules = self._tried([_PROBE], where)
            self._discard(self.root, _PROBE, where)
            if not names:
                self._made(self.root, where, UNFINISHED, 0o600)

    def rules(self) -> NameRules:
        """What this place does with names, tried on those that are there, or on one of ours once it is prepared."""
        if self._rules is None and self._places is not None:
            with self._there.opened(self.root) as where:
                self._rules = self._tried(self._listed(self.root, where), where)
        return self._rules or NameRules()

    def compare(self, entry: Entry, path: str) -> bool | None:
        """What is at `path`. None: nothing there. True: the same kind and content as the entry. False: another."""
        if self._places is None:
            return None
        folder, _, name = path.rpartition("/")
        try:
            place = self.find(folder)
            if place is None:
                return None
            with self._there.opened(place) as where:
                return self._equals(entry, place, name, where)
        except FileNotFoundError:
            return None
        except OSError:
            return False  # a link or a file stands where a folder should

    def folder(self, above: Place, name: str, *, filled: bool, replace: bool = False) -> Place:
        """Enters a folder, making it where there is none; `filled`: files will follow, then `complete()`.

        Raises:
            OSError: it can neither be entered nor made, or something is there that may not be replaced.
        """
        places = self._there
        with places.opened(above) as where:
            kind = None if above.fresh else self._kind(above, name, where)
            if kind is not None and stat.S_ISDIR(kind):
                place = Place(above, name)
                with places.opened(place) as inner:
                    self._clear(place, inner, self._listed(place, inner))
                return place
            if kind is not None:
                if not replace:
                    raise NotADirectoryError(20, "something else is in the folder's place", name)
                os.unlink(places.at(above, name), **where)
            masked = above.masked if above.fresh or above is self.root else ANY_MODE
            place = Place(above, name, fresh=True, masked=masked)
            if filled and BY_DESCRIPTOR:
                place.final = name
                place.name = _first_free(lambda temporary: os.mkdir(temporary, 0o700, **where))
            else:
                os.mkdir(places.at(above, name), 0o700, **where)
            return place

    def complete(self, place: Place) -> None:
        """Gives a filled folder its name.

        Raises:
            OSError: something has taken the name; what was written is taken away again.
        """
        if not place.final or place.above is None:
            return
        with self._there.opened(place.above) as where:
            try:
                os.rename(place.name, place.final, src_dir_fd=where["dir_fd"], dst_dir_fd=where["dir_fd"])
            except OSError:
                self._remove_folder(place.above, place.name, where)
                raise
        place.name, place.final = place.final, ""

    def file(
        self,
        place: Place,
        name: str,
        entry: Entry,
        blocks: Iterable[bytes],
        *,
        replace: bool = False,
        attributes: Collection[FileAttribute] = (),
    ) -> tuple[int, str]:
        """Writes a file whole, with mode and time; gives its size in bytes, and which attributes could not be given.

        Raises:
            OSError, OverflowError: it was not written, or something is there that may not be replaced.
        """
        places = self._there
        with places.opened(place) as where:
            if place.fresh:
                return self._written(place, name, entry, blocks, attributes, where)
            self._make_way(place, name, where, replace=replace)
            result = self._written(place, _TEMPORARY, entry, blocks, attributes, where)
            self._rename(place, _TEMPORARY, name, where)
            return result

    def read(self, place: Place, name: str) -> tuple[bytes, Entry] | None:
        """Content and attributes of a file as it lies there, None where nothing does.

        Raises:
            OSError: it cannot be read, or is a link or anything else but a file.
        """
        places = self._there
        with places.opened(place) as where:
            kind = self._kind(place, name, where)
            if kind is None:
                return None
            if not stat.S_ISREG(kind):
                raise FileExistsError(17, "something else than a file is there", name)
            with open(os.open(places.at(place, name), _OLD_FILE, **where), "rb") as file:
                status, content = os.fstat(file.fileno()), file.read()
                extras = extras_of(file.fileno(), status)
        return content, Entry(
            path=name,
            kind=EntryKind.FILE,
            mode=stat.S_IMODE(status.st_mode),
            mtime_ns=status.st_mtime_ns,
            size=len(content),
            owner=(status.st_uid, status.st_gid),
            xattrs=extras.xattrs,
        )

    def hardlink(self, source: tuple[Place, str], place: Place, name: str, entry: Entry, *, replace: bool) -> None:
        """Makes another name of a file that was restored.

        Raises:
            OSError: not possible there, or something else has taken the file's place.
        """
        places = self._there
        with places.opened(place) as where, places.opened(source[0]) as there:
            self._make_way(place, name, where, replace=replace)
            self._discard(place, name, where)
            given = {"src_dir_fd": there["dir_fd"], "dst_dir_fd": where["dir_fd"]} if where and there else {}
            os.link(places.at(*source), places.at(place, name), follow_symlinks=False, **given)
            status = os.stat(places.at(place, name), follow_symlinks=False, **where)
            if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
                self._discard(place, name, where)
                raise FileNotFoundError(2, "another file has taken its place", name)

    def link(self, place: Place, name: str, entry: Entry, *, replace: bool) -> None:
        """Makes a symbolic link with exactly the recorded text.

        Raises:
            OSError, OverflowError: it cannot be made, or its time cannot be set.
        """
        places = self._there
        with places.opened(place) as where:
            self._make_way(place, name, where, replace=replace)
            temporary = places.at(place, _TEMPORARY)
            os.symlink(entry.target or "", temporary, **where)
            try:
                if os.utime in os.supports_follow_symlinks:
                    times = (entry.mtime_ns, entry.mtime_ns)
                    os.utime(temporary, ns=times, follow_symlinks=False, **where)
            except BaseException:
                self._discard(place, _TEMPORARY, where)
                raise
            self._rename(place, _TEMPORARY, name, where)

    def settle(
        self, place: Place, entry: Entry, attributes: Collection[FileAttribute] = (), *, below: Place | None = None
    ) -> str:
        """Sets mode and time of a folder whose content is complete; `below`: the one settled before, to come from.

        Gives which attributes could not be given back.

        Raises:
            OSError, OverflowError: they cannot be set.
        """
        places = self._there
        with places.opened(place, from_below=below) as where:
            folder: int | str = where.get("dir_fd", places.at(place, ""))  # by descriptor: nothing can take its place
            lost = give_back(folder, entry, attributes)
            os.chmod(folder, entry.mode & _kept_bits(attributes))
            os.utime(folder, ns=(entry.mtime_ns, entry.mtime_ns))
        return lost

    def finished(self) -> None:
        """Takes the mark of an unfinished restore away."""
        with contextlib.suppress(OSError), self._there.opened(self.root) as where:
            os.unlink(self._there.at(self.root, UNFINISHED), **where)

    def close(self) -> None:
        """Gives all descriptors back."""
        if self._places is not None:
            self._places.close()

    def find(self, path: str) -> Place | None:
        """The folder of that path as it is there; None when it is missing.

        Raises:
            OSError: something else is there.
        """
        missing = []
        while path not in self._known:
            missing.append(path)
            path = path.rpartition("/")[0]
        for deeper in reversed(missing):
            above, name = self._known[path], deeper.rpartition("/")[2]
            path = deeper
            self._known[path] = None
            if above is not None:
                place = Place(above, name)
                try:
                    with self._there.opened(place):
                        self._known[path] = place
                except FileNotFoundError:
                    pass
                except OSError:
                    del self._known[path]
                    raise
        return self._known[path]

    def _equals(self, entry: Entry, place: Place, name: str, where: Where) -> bool:
        status = os.stat(self._there.at(place, name), follow_symlinks=False, **where)
        if entry.kind is EntryKind.DIRECTORY:
            return stat.S_ISDIR(status.st_mode)
        if entry.kind is EntryKind.SYMLINK:
            return stat.S_ISLNK(status.st_mode) and os.readlink(self._there.at(place, name), **where) == entry.target
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
            return False
        with open(os.open(self._there.at(place, name), _OLD_FILE, **where), "rb") as file:
            # The digest that names a blob, so the vault need not be read to compare with it.
            return hashlib.file_digest(file, blake3).hexdigest() == entry.blob  # type: ignore[arg-type]  # its stub names self

    def _written(
        self,
        place: Place,
        name: str,
        entry: Entry,
        blocks: Iterable[bytes],
        attributes: Collection[FileAttribute],
        where: Where,
    ) -> tuple[int, str]:
        mode = entry.mode & _kept_bits(attributes)
        path = self._there.at(place, name)
        descriptor = os.open(path, _NEW_FILE, mode & ANY_MODE if place.fresh else 0o600, **where)
        try:
            try:
                size = (write_around_holes if entry.sparse else write)(descriptor, blocks)
                lost = give_back(descriptor, entry, attributes) if attributes else ""
                if sys.platform != "win32":
                    if mode & (place.masked | ~ANY_MODE) or not place.fresh or attributes:
                        os.fchmod(descriptor, mode)
                    os.utime(descriptor, ns=(entry.mtime_ns, entry.mtime_ns))
            finally:
                os.close(descriptor)
            if sys.platform == "win32":
                os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path, **where)
            raise
        return size, lost

    def _rename(self, place: Place, old: str, new: str, where: Where) -> None:
        try:
            if where:
                os.replace(old, new, src_dir_fd=where["dir_fd"], dst_dir_fd=where["dir_fd"])
            else:
                os.replace(self._there.at(place, old), self._there.at(place, new))
        except OSError:
            os.unlink(self._there.at(place, old), **where)
            raise

    def _make_way(self, place: Place, name: str, where: Where, *, replace: bool) -> None:
        """A folder where a file belongs is only removed when it is empty; anything else is renamed over."""
        kind = None if place.fresh else self._kind(place, name, where)
        if kind is None:
            return
        if not replace:
            raise FileExistsError(17, "something has appeared there since the plan was made", name)
        if stat.S_ISDIR(kind):
            os.rmdir(self._there.at(place, name), **where)

    def _kind(self, place: Place, name: str, where: Where) -> int | None:
        try:
            return os.stat(self._there.at(place, name), follow_symlinks=False, **where).st_mode
        except FileNotFoundError:
            return None

    def _listed(self, place: Place, where: Where) -> list[str]:
        return os.listdir(where.get("dir_fd", self._there.at(place, "")))

    def _clear(self, place: Place, where: Where, names: Iterable[str]) -> None:
        """Takes away what a killed restore left under temporary names."""
        for name in names:
            if _LEFT_OVER.fullmatch(name):
                with contextlib.suppress(OSError):
                    os.unlink(self._there.at(place, name), **where)
                self._remove_folder(place, name, where)

    def _remove_folder(self, place: Place, name: str, where: Where) -> None:
        """Removes a folder that holds files only, as one that was being filled does."""
        inner = Place(place, name)
        with contextlib.suppress(OSError):
            with self._there.opened(inner) as inside:
                for file in self._listed(inner, inside):
                    os.unlink(self._there.at(inner, file), **inside)
            os.rmdir(self._there.at(place, name), **where)

    def _made(self, place: Place, where: Where, name: str, mode: int) -> int:
        """Makes an empty file and gives the mode it got."""
        self._discard(place, name, where)
        descriptor = os.open(self._there.at(place, name), _NEW_FILE, mode, **where)
        try:
            return os.fstat(descriptor).st_mode
        finally:
            os.close(descriptor)

    def _discard(self, place: Place, name: str, where: Where) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._there.at(place, name), **where)

    def _tried(self, names: list[str], where: Where) -> NameRules:
        """A name that was not listed and yet leads to a file is another one folded."""
        listed = set(names)

        def answers(other: str) -> bool:
            return other not in listed and self._kind(self.root, other, where) is not None

        return NameRules(
            folds_case=any(answers(name.swapcase()) for name in names[:100]),
            folds_form=any(answers(_other_form(name)) for name in names[:100]),
        )


def _first_free(make: Callable[[str], None]) -> str:
    """The first temporary name that `make` does not find taken."""
    for number in itertools.count():
        name = f"{_TEMPORARY}-{number}"
        try:
            make(name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("a count has no end")


def _other_form(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFD", name) if composed == name else composed


def _kept_bits(attributes: Collection[FileAttribute]) -> int:
    return 0o7777 if FileAttribute.PRIVILEGES in attributes else ANY_MODE
