"""`vault.policies`: which rules hold for a project, where they are written, and checking them before they are used.

Weakest first: the built-in tables, presets of the project's stacks, the vault's `policy.toml`, its part for the
project, and the project's own `.codevault.toml`, which may raise protection but never lower it (unless it is trusted).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from codevault.arguments import check_texts
from codevault.errors import InvalidPolicy, StorageError, StorageFull, UnknownProject
from codevault.ids import ProjectId
from codevault.policy import Policy
from codevault.policy.presets import PRESETS, preset
from codevault.policy.rules import PatternRefused, RuleBook
from codevault.policy.rulesfile import LARGEST_FILE, PROJECT_FILE, VAULT_FILE, RulesFile, read_rules
from codevault.projects.model import Project
from codevault.projects.registry import ProjectKey, Projects
from codevault.surroundings import Surroundings

_NOTHING = RulesFile()


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """What holds for a project. `problems`: files that were passed over for a mistake, with file, line and key."""

    policy: Policy
    problems: tuple[str, ...] = ()


class Governing:
    """Finds the rules that hold for the projects of one vault. Reads what is written each time."""

    def __init__(self, root: Callable[[], Path], base: Policy, projects: Projects) -> None:
        self._root = root
        self._base = base
        self._projects = projects

    def of(self, project: ProjectKey) -> Policy:
        """See `Policies.of`."""
        found = self._projects.get(project)
        with Surroundings(found.root) as surroundings:
            return self._merged(found, surroundings, self._vault_file(), self._project_file(found, surroundings))

    def used(self, project: Project, surroundings: Surroundings) -> ProjectPolicy:
        """The policy for a run, without the files that have mistakes: what they would have left out is kept."""
        problems = []
        files = []
        for read in (self._vault_file, lambda: self._project_file(project, surroundings)):
            try:
                files.append(read())
            except InvalidPolicy as exc:
                problems.append(str(exc))
                files.append(_NOTHING)
        try:
            policy = self._merged(project, surroundings, files[0], files[1])
        except InvalidPolicy as exc:  # each alone would do
            problems.append(str(exc))
            policy = replace(self._base, tracked=surroundings.tracked)
        return ProjectPolicy(policy, tuple(problems))

    def known(self, project: ProjectId) -> Policy:
        """The policy for a project by its id, as `used` gives it; the vault's own base for one that is not known."""
        try:
            found = self._projects.get(project)
        except UnknownProject:
            return self._base
        with Surroundings(found.root) as surroundings:
            return replace(self.used(found, surroundings).policy, tracked=self._base.tracked)

    def trial(self, project: Project, surroundings: Surroundings, text: str) -> Policy:
        """The policy that would hold for a project if the text were the vault's policy.toml.

        Raises:
            InvalidPolicy: a mistake in the text, or in the project's own file.
        """
        vault = read_rules(text.encode("utf-8", "surrogatepass"), VAULT_FILE)
        return self._merged(project, surroundings, vault, self._project_file(project, surroundings, vault))

    def _vault_file(self) -> RulesFile:
        content = _read(self._root() / VAULT_FILE)
        return _NOTHING if content is None else read_rules(content, VAULT_FILE)

    def _project_file(self, project: Project, surroundings: Surroundings, vault: RulesFile | None = None) -> RulesFile:
        content = surroundings.read(PROJECT_FILE, LARGEST_FILE + 1)
        if content is None:
            return _NOTHING
        try:
            trusted = any(part.trust for part in _parts(vault or self._vault_file(), project))
        except InvalidPolicy:
            trusted = False
        return read_rules(content, PROJECT_FILE, weak=not trusted)

    def _merged(self, project: Project, surroundings: Surroundings, vault: RulesFile, own: RulesFile) -> Policy:
        parts = (vault, *_parts(vault, project), own)
        named = [part.presets for part in parts if part.presets is not None]
        chosen = [name for names in named for name in names] if named else project.stack
        unknown = next((name for names in named for name in names if name not in PRESETS), None)
        if unknown is not None:
            where = PROJECT_FILE if own.presets and unknown in own.presets else VAULT_FILE
            raise InvalidPolicy(where, 1, "presets", f"no preset {unknown!r}; there are {', '.join(PRESETS)}")
        files = (*(preset(name) for name in dict.fromkeys(chosen) if name in PRESETS), *parts)
        rules = tuple(rule for file in files for rule in file.rules)
        try:
            book = RuleBook(rules, tuple(rule for file in files for rule in file.classes))
        except PatternRefused as exc:
            raise InvalidPolicy(VAULT_FILE, 1, "", str(exc)) from exc
        return replace(self._base, rules=book, tracked=surroundings.tracked)


class Policies:
    """The rules of one vault. What is written holds from the next backup on: there is nothing to reload."""

    def __init__(self, governing: Governing, root: Callable[[], Path]) -> None:
        self._governing = governing
        self._root = root

    @property
    def text(self) -> str:
        """The vault's policy.toml as it is, "" when there is none."""
        content = _read(self._root() / VAULT_FILE)
        return "" if content is None else content.decode("utf-8", "replace")

    @property
    def presets(self) -> tuple[str, ...]:
        """The names that a rules file may give as `presets`."""
        return tuple(PRESETS)

    def preset(self, name: str) -> str:
        """The text of a preset, to start a rules file of one's own from.

        Raises:
            InvalidPolicy: there is none of that name.
        """
        if name not in PRESETS:
            raise InvalidPolicy(VAULT_FILE, 1, "presets", f"no preset {name!r}; there are {', '.join(PRESETS)}")
        return PRESETS[name]

    def put(self, text: str) -> None:
        """Makes the text the vault's policy.toml, whole or not at all. Nothing that is stored goes for it.

        Raises:
            InvalidPolicy: the first mistake in it, by line and key; nothing was changed.
            StorageFull, StorageError: it cannot be written; nothing was changed.
        """
        self.check(text)
        root = self._root()
        target, temporary = root / VAULT_FILE, root / "incoming" / f"{VAULT_FILE}.{secrets.token_hex(4)}.tmp"
        try:
            temporary.parent.mkdir(mode=0o700, exist_ok=True)
            _write(temporary, text.encode("utf-8"))
            os.replace(temporary, target)
        except OSError as exc:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(target, exc) from exc
            raise StorageError(target, exc) from exc

    def check(self, text: str, *, weak: bool = False) -> None:
        """Says whether a text would do as the vault's policy.toml, or with `weak` as a project's `.codevault.toml`.

        Raises:
            InvalidPolicy: the first mistake in it, by line and key.
            InvalidArgument: it is no text.
        """
        name = PROJECT_FILE if weak else VAULT_FILE
        check_texts(text=text)
        _compiled(read_rules(text.encode("utf-8", "surrogatepass"), name, weak=weak), name)

    def of(self, project: ProjectKey) -> Policy:
        """The policy that holds for a project now.

        Raises:
            UnknownProject: no such project.
            InvalidPolicy: one of its files has a mistake. A backup passes such a file over and says so.
        """
        return self._governing.of(project)


def _parts(vault: RulesFile, project: Project) -> tuple[RulesFile, ...]:
    return tuple(vault.projects[key] for key in (project.name, project.id) if key in vault.projects)


def _compiled(file: RulesFile, name: str) -> None:
    try:
        for part in (file, *file.projects.values()):
            part.book  # noqa: B018 - made to be refused
            for chosen in part.presets or ():
                if chosen not in PRESETS:
                    raise InvalidPolicy(name, 1, "presets", f"no preset {chosen!r}; there are {', '.join(PRESETS)}")
    except PatternRefused as exc:
        raise InvalidPolicy(name, 1, "", str(exc)) from exc


def _read(path: Path) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
