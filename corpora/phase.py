"""One call on a vault as a process of its own, to be timed from outside.

    python -m corpora.phase create|restore VAULT FOLDER
    python -m corpora.phase backup|analyse|compact VAULT

FOLDER is the project, for `restore` the target.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from codevault import Vault


def main(arguments: Sequence[str]) -> None:
    """Do the one thing that is asked for."""
    what, vault_path, *folders = arguments
    if what == "create":
        with Vault.create(vault_path) as vault:
            vault.projects.add(folders[0])
        return
    with Vault.open(vault_path) as vault:
        project = next(iter(vault.projects))
        if what == "backup":
            vault.backup(project)
        elif what == "analyse":
            vault.analyse()
        elif what == "compact":
            vault.compact()
        else:
            vault.restore(project, to=folders[0])


if __name__ == "__main__":
    main(sys.argv[1:])
