"""The two files that make a vault readable without CodeVault: README.txt for a shell, rescue.py for Python."""

from __future__ import annotations

from importlib.resources import files

from codevault.store.layout import FORMAT_VERSION


def rescue_text() -> bytes:
    """The program written into each vault, byte for byte the module `codevault.store.rescue`."""
    return files("codevault.store").joinpath("rescue.py").read_bytes()


def readme_text() -> bytes:
    """The page written into each vault."""
    return _README.replace("@FORMAT@", str(FORMAT_VERSION)).encode()


_README = """\
This folder is a CodeVault archive, format @FORMAT@.
"""
