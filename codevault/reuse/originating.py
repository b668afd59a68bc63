"""What licence stands near a piece of code: in its own file's head, or in the nearest licence file above it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import Hit

_HEAD: Final = 4096
_LONGEST_LINE: Final = 200
_FILES: Final = re.compile(r"(licen[cs]e|copying|unlicense|notice)([.-][\w.-]+)?", re.IGNORECASE)
_SPDX: Final = re.compile(r"SPDX-License-Identifier:\s*([\w.+() -]+?)\s*(?:\*/|-->|$)", re.MULTILINE)
_SPEAKS: Final = re.compile(r"licen[cs]e|copyright|all rights reserved", re.IGNORECASE)
_KNOWN: Final[tuple[tuple[str, str], ...]] = (
    (r"Apache License,?\s+Version 2\.0", "Apache-2.0"),
    (r"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3", "LGPL-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL-2.1"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 2", "GPL-2.0"),
    (r"GNU GENERAL PUBLIC LICENSE", "GPL-3.0"),
    (r"Mozilla Public License,?\s+(v\.|Version)\s*2\.0", "MPL-2.0"),
    (r"ISC License", "ISC"),
    (r"Permission is hereby granted, free of charge", "MIT"),
    (r"Redistribution and use in source and binary forms[\s\S]*Neither the name", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"This is free and unencumbered software", "Unlicense"),
    (r"PYTHON SOFTWARE FOUNDATION LICENSE", "PSF-2.0"),
)


def licence_in(text: str) -> str:
    """The SPDX identifier that a text names or that its wording is known for, else its first line about one."""
    named = _SPDX.search(text)
    if named is not None:
        return named[1].strip()
    for wording, identifier in _KNOWN:
        if re.search(wording, text, re.IGNORECASE):
            return identifier
    return next((line.strip(" \t#*/-;")[:_LONGEST_LINE] for line in text.splitlines() if _SPEAKS.search(line)), "")


def _speaks_for(path: str) -> str:
    """The folder that a licence file is about: an installed package has it in a folder of its own beside the code."""
    folder, found, _ = path.rpartition(".dist-info/")
    return posixpath.dirname(folder) if found else posixpath.dirname(path)


class Licences:
    """Looks for licences in what the archive held when the code was first seen."""

    def __init__(self, index: Index, read: Callable[[BlobId], bytes]) -> None:
        self._index = index
        self._read = read

    def near(self, hit: Hit) -> tuple[str, str]:
        """The licence near a place and the file that says so; two empty texts where nothing speaks of one."""
        own = licence_in(self._head(hit.blob))
        if own:
            return own, hit.path
        held = self._index.paths(hit.project, hit.first_seen.sequence)
        files = {_speaks_for(one.path): one for one in held if _FILES.fullmatch(posixpath.basename(one.path))}
        folder = posixpath.dirname(hit.path)
        while True:
            if folder in files:
                found = licence_in(self._head(files[folder].blob, whole=True))
                if found:
                    return found, files[folder].path
            if not folder:
                return "", ""
            folder = posixpath.dirname(folder)

    def _head(self, blob: BlobId, *, whole: bool = False) -> str:
        try:
            content = self._read(blob)
        except CodeVaultError:
            return ""
        return content[: _HEAD * 10 if whole else _HEAD].decode("utf-8", "replace")
