"""What a policy says about a path: its class, whether it is kept and indexed, how often and how long, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codevault.policy.configured import Output

WEEK_S = 604_800
_HOUR, _DAY = 3600, 86_400
_MIB = 1 << 20


class PathClass(StrEnum):
    """What a path is to a developer."""

    SOURCE = "source"
    TEST = "test"
    CONFIG = "config"
    LOCK_FILE = "lock-file"
    DOCS = "docs"
    ASSET = "asset"
    DATA = "data"
    DATABASE = "database"
    NOTEBOOK = "notebook"
    GENERATED = "generated"
    DEPENDENCY = "dependency"
    BUILD_OUTPUT = "build-output"
    CACHE = "cache"
    SECRET = "secret"  # noqa: S105 - the name of a class, not a password
    LARGE_BINARY = "large-binary"
    VCS = "vcs"
    OTHER = "other"


class Priority(StrEnum):
    """What is saved first, and what is given up last when space is short."""

    IRREPLACEABLE = "irreplaceable"  # nothing brings it back
    HIGH = "high"  # somebody's work
    NORMAL = "normal"
    LOW = "low"  # made by a tool, or thought to be


class Keeping(StrEnum):
    """What of a file outlives the thinning of the snapshots that hold it."""

    SNAPSHOTS = "snapshots"  # nothing: versions go with their snapshots
    LAST = "last"  # the last version, for good
    EVERY = "every"  # every version, for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How often, how long, how large.

    Automatic backups store at most one version of a file in `cadence_s` seconds, 0: every one they meet; backups that
    somebody asked for store every file. Of a file above `largest` bytes it is one in `above_s`, if that is longer.
    """

    priority: Priority = Priority.NORMAL
    cadence_s: int = 0
    retention: Keeping = Keeping.SNAPSHOTS
    largest: int = 128 * _MIB
    above_s: int = _DAY

    def for_size(self, size: int) -> int:
        """Seconds between two versions of a file of so many bytes."""
        return max(self.cadence_s, self.above_s) if size > self.largest else self.cadence_s


_HIGH = Treatment(priority=Priority.HIGH)
_ONLY_COPY = Treatment(priority=Priority.IRREPLACEABLE, retention=Keeping.LAST)
_LOW = Treatment(priority=Priority.LOW, cadence_s=_DAY)

TREATMENTS: Mapping[PathClass, Treatment] = MappingProxyType(
    {
        PathClass.SOURCE: _HIGH,
        PathClass.TEST: _HIGH,
        PathClass.CONFIG: _HIGH,
        PathClass.LOCK_FILE: _HIGH,
        PathClass.DOCS: _HIGH,
        PathClass.ASSET: Treatment(),
        PathClass.DATA: Treatment(),
        PathClass.DATABASE: _ONLY_COPY,
        PathClass.NOTEBOOK: _ONLY_COPY,
        PathClass.SECRET: _ONLY_COPY,
        PathClass.VCS: Treatment(priority=Priority.IRREPLACEABLE),
        PathClass.GENERATED: Treatment(priority=Priority.LOW, cadence_s=_HOUR),
        PathClass.DEPENDENCY: _LOW,
        PathClass.BUILD_OUTPUT: _LOW,
        PathClass.CACHE: _LOW,
        PathClass.LARGE_BINARY: Treatment(),
        PathClass.OTHER: Treatment(),
    }
)
"""What each class gets where no rule says otherwise. Only what a tool writes waits for its turn."""

IN_DOUBT_S = _HOUR
"""Between two versions of a file in a folder that may be a tool's; a guess lowers how often, never whether."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a decision: the rule's name, what it saw ("node_modules beside package.json"), who made the rule.

    `origin` is "" for what is built in, else where it is written: "policy.toml line 7", ".codevault.toml line 3",
    "preset django".
    """

    rule: str
    evidence: str
    origin: str = ""

    def __str__(self) -> str:
        """The step as one line."""
        return f"{self.rule}: {self.evidence}" + (f" ({self.origin})" if self.origin else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on one path.

    `keep` False: leave it out, and do not descend. `index` False: keep it, but never analyse, search or show it; for
    a folder that holds for everything below. `certain` False: name and surroundings suggest `path_class`, but the
    proof is missing, so the path is kept as if it were source. `rebuild` is the command that makes again what is left
    out, "" where nothing is. `own` is the treatment that rules ask for, None: that of the class; `deliberate`: a rule
    of the vault's owner leaves it out. Reasons run from the outermost folder inwards; an ordinary path has none.
    """

    path_class: PathClass
    keep: bool = True
    index: bool = True
    reasons: tuple[Reason, ...] = ()
    rebuild: str = ""
    certain: bool = True
    own: Treatment | None = None
    deliberate: bool = False

    def __str__(self) -> str:
        """What becomes of the path in a line, and a line for each reason."""
        return "\n".join((self._decision(), *(f"- {reason}" for reason in self.reasons)))

    def _decision(self) -> str:
        if not self.keep:
            what = "on purpose" if self.deliberate else str(self.path_class)
            return f"left out: {what}" + (f"; {self.rebuild!r} makes it again" if self.rebuild else "")
        treatment = self.treatment
        parts = [str(self.path_class), f"priority {treatment.priority}"]
        parts.append(f"at most a version in {span(treatment.cadence_s)}" if treatment.cadence_s else "every version")
        if treatment.retention is not Keeping.SNAPSHOTS:
            kept = "its last version" if treatment.retention is Keeping.LAST else "every version of it"
            parts.append(f"{kept} outlives thinning")
        doubt = "" if self.certain else " in doubt"
        return f"kept{doubt}{'' if self.index else ', never indexed'}: {', '.join(parts)}"

    @property
    def treatment(self) -> Treatment:
        """How often, how long, how large."""
        return self.own or TREATMENTS[self.path_class]

    @property
    def priority(self) -> Priority:
        """What is saved first."""
        return self.treatment.priority

    @property
    def cadence_s(self) -> int:
        """Seconds between two versions that automatic backups store, 0: all of them."""
        return self.treatment.cadence_s

    @property
    def retention(self) -> Keeping:
        """What outlives thinning."""
        return self.treatment.retention


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """What `explain` has to know of one folder on the way to a path.

    `siblings` are the names in its parent, `children` gives the names inside it, `head` the first bytes of a regular
    file directly inside it (None: nothing is read), `output` what a build file says of it.
    """

    name: str
    siblings: Collection[str]
    children: Callable[[], Collection[str]]
    head: Callable[[str], bytes] | None = None
    output: Output | None = None


def span(seconds: int) -> str:
    """A length of time as people say it."""
    for name, length in (("week", WEEK_S), ("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {name}s" if count > 1 else f"an {name}" if name == "hour" else f"a {name}"
    return f"{seconds} seconds"
