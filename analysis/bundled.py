"""Grammars of the long tail, from the shared library that the package `tree-sitter-languages` 1.10.2 carries.

Its own `get_parser` fails with tree-sitter >= 0.22, so the package is never imported: only its library is loaded. It
has wheels for Python up to 3.12; elsewhere these languages are text. Not all of its grammars work: those whose scanner
was written for an older parser read nonsense (Lua), so a language is offered only with a sample that proves it.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

from tree_sitter import Language

PACKAGE: Final = "tree_sitter_languages"
_CAPSULE: Final = b"tree_sitter.Language"  # kept alive by this module: a capsule stores the pointer to its name


def bundled_language(entry: str) -> Language:
    """The language that the library's function `tree_sitter_<entry>` returns; ImportError when there is none."""
    try:
        function = getattr(_library(), f"tree_sitter_{entry}")
    except AttributeError as exc:
        raise ImportError(f"{PACKAGE} has no grammar {entry!r}") from exc
    function.restype = ctypes.c_void_p
    return language_at(function())


def language_at(pointer: int) -> Language:
    """The language at an address, as some wheels give it: a bare number is deprecated, a capsule is not."""
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Language(capsule(pointer, _CAPSULE, None))


@cache
def _library() -> ctypes.CDLL:
    found = importlib.util.find_spec(PACKAGE)
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        for name in ("languages.so", "languages.dll", "languages.dylib"):
            path = Path(folder) / name
            if path.is_file():
                try:
                    return ctypes.CDLL(str(path))
                except OSError as exc:
                    raise ImportError(f"{name} of {PACKAGE} cannot be loaded") from exc
    raise ImportError(f"{PACKAGE} is not installed")
