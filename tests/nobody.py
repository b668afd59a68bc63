"""Doing something as a user without rights, which root's tests need: for root everything is readable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

AS_ROOT = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become someone else")


@contextmanager
def public_folder() -> Iterator[Path]:
    """A temporary folder that everybody may enter; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def printed_as_nobody(prepare: str, act: str, *arguments: str) -> list[str]:
    """The lines `act` prints as nobody, after `prepare` ran as root; what it needs is best imported there."""
    script = f"import os, sys\n{prepare}\nos.setgid(65534)\nos.setuid(65534)\n{act}\n"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
