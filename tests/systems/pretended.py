"""Run as a program: another operating system as far as Linux can pretend it, then every module and a day's work.

`python pretended.py SYSTEM FOLDER`; SYSTEM is "win32" or "darwin". What the standard library and other packages need to
start is loaded first; then what that system lacks is taken away, before anything of ours is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import types
from pathlib import Path
from typing import Any

OTHERS = """
asyncio concurrent.futures.process ctypes http.server multiprocessing.util sqlite3 ssl tempfile
ast_grep_py blake3 detect_secrets detect_secrets.core.scan detect_secrets.settings fastcdc git jinja2 msgspec networkx
numpy pathspec psutil pygal pygments.lexers rapidfuzz re2 tantivy tree_sitter zfec zstandard
"""
FULL_SYNC = 51
MODULES = "fcntl grp pty pwd resource syslog termios"
LACKS = {
    "win32": """
        O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK chown fchmod fchown fork getegid geteuid getgid getpgid getpriority
        getuid getxattr killpg lchown listxattr mkfifo mknod nice posix_fadvise register_at_fork removexattr
        sched_getaffinity setpriority setsid setxattr statvfs sync sysconf
    """,
    "darwin": "getxattr listxattr posix_fadvise removexattr sched_getaffinity setxattr",
}


def pretend(system: str) -> None:
    """Takes away what the system lacks."""
    for name in OTHERS.split():
        importlib.import_module(name)
    for name in LACKS[system].split():
        if hasattr(os, name):
            delattr(os, name)
    sys.platform = system
    if system == "win32":
        for name in MODULES.split():
            sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say that there is none
        for calls in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            calls.clear()
        locking = types.ModuleType("msvcrt")
        locking.LK_NBLCK = 1  # type: ignore[attr-defined]  # made up here
        locking.locking = lambda *_: None  # type: ignore[attr-defined]  # made up here
        sys.modules["msvcrt"] = locking
    else:
        import fcntl

        plainly = fcntl.fcntl

        def with_full_sync(descriptor: int, command: int, *rest: Any) -> Any:
            return os.fsync(descriptor) if command == FULL_SYNC else plainly(descriptor, command, *rest)

        fcntl.F_FULLFSYNC = FULL_SYNC  # type: ignore[attr-defined]  # made up here
        fcntl.fcntl = with_full_sync  # type: ignore[assignment]  # without its overloads


def load_all() -> list[str]:
    """Loads every module of ours; gives what did not load."""
    import codevault

    failed = []
    for one in pkgutil.walk_packages(codevault.__path__, "codevault."):
        try:
            importlib.import_module(one.name)
        except Exception as exc:  # noqa: BLE001 - all of them are told
            failed.append(f"{one.name}: {exc!r}")
    return failed


def work(folder: Path) -> list[str]:
    """A day's work: saved, understood, found, copied and brought back; gives what was not as it should be."""
    import codevault

    shop = folder / "shop"
    (shop / "deep" / "er").mkdir(parents=True)
    text = "def first(order):\n    return order\n"
    for path in ("a.py", "deep/er/b.py"):
        (shop / path).write_text(text)
    wrong = []
    with codevault.Vault.create(folder / "vault", workers=1) as vault:
        vault.backup(vault.projects.add(shop, client="Acme"))
        (shop / "a.py").write_text(text.replace("order\n", "order + 1\n"))
        vault.backup("shop")
        vault.analyse()
        if len(vault.search.symbols("first").hits) != 2:
            wrong.append("search")
        vault.restore("shop", to=folder / "back", at=1)
        vault.restore("shop", to=folder / "back", overwrite=True)
        if (folder / "back" / "a.py").read_text() == text or (folder / "back" / "deep/er/b.py").read_text() != text:
            wrong.append("restore")
        vault.replicate(folder / "copy", verify=True)
        vault.compact()
        if not vault.verify().ok:
            wrong.append("verify")
        try:
            with codevault.Vault.open(folder / "vault") as other, vault._open_store().turn():
                other.backup("shop")
            wrong.append("lock")
        except codevault.VaultBusy:
            pass
    return wrong


if __name__ == "__main__":
    pretend(sys.argv[1])
    sys.stdout.write(json.dumps(load_all() + work(Path(sys.argv[2]))))
