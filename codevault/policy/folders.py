"""The table of folders: what must stand beside or inside one before it counts as something that can be made again.

A name alone is proof only where a tool reserves it for itself (`.mypy_cache`). Names that people also give to folders
of their own work (build, dist, out, bin, obj, vendor, target) need a manifest beside them and traces of the tool
inside; `lib` has rules of tools that leave a mark of their own only: hand-written and compiled ones look alike.
"""

from __future__ import annotations

from codevault.policy.tools import TOOLS
from codevault.policy.tools.table import HAND_WRITTEN, VENV_CONTENT, FolderRule, output
from codevault.policy.verdicts import PathClass

VCS_FOLDERS = ".git|.hg|.svn|.bzr|.jj|_darcs|.pijul"


def _kept(names: str, path_class: PathClass, *, inside: tuple[str, ...] = ()) -> FolderRule:
    return FolderRule(names=names, path_class=path_class, inside=inside, keep=True)


# Of any name: nothing but the tool makes these together. In a source tree, what people wrote there keeps it.
MARKED: tuple[FolderRule, ...] = (
    output("*", "cmake --build .", inside=("CMakeCache.txt", "CMakeFiles", "cmake_install.cmake")),
    output("*", "meson setup", inside=("meson-private", "meson-info", "meson-logs")),
)

# Kept, never indexed. Version control is skipped only once a bridge can prove what is safe elsewhere.
KEPT: tuple[FolderRule, ...] = (
    _kept(VCS_FOLDERS, PathClass.VCS),
    _kept("CVS", PathClass.VCS, inside=("Entries", "Root")),
    _kept("*.git", PathClass.VCS, inside=("HEAD", "objects", "refs")),
    _kept(".env|.envs|.secrets|.ssh|.gnupg|.aws|.azure|.gcloud|.kube|.password-store", PathClass.SECRET),
    _kept("site-packages", PathClass.DEPENDENCY, inside=("*.dist-info|*.egg-info",)),
    # Found counterexamples, older notebook states: small, and no command brings them back.
    _kept(".hypothesis|.ipynb_checkpoints", PathClass.CACHE),
)

FOLDER_RULES: tuple[FolderRule, ...] = (*(rule for tool in TOOLS for rule in tool.folders), *KEPT)

__all__ = ["FOLDER_RULES", "HAND_WRITTEN", "KEPT", "MARKED", "VCS_FOLDERS", "VENV_CONTENT", "FolderRule"]
