"""When a project is to be backed up: pure functions of what was seen, the clock and the timing, and why.

A project's `Standing` takes up what is observed and gives a `Decision` for any moment. Instants are those of one
monotonic clock that stands still while the machine sleeps; nothing here reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from codevault.activity.model import SECOND_NS, Conditions, Move, Observed, Timing
from codevault.ids import ProjectId

_BUSY = 0.9
_PATIENCE = 2.0  # how much longer a quiet period is on battery or on a busy machine; the promise stays
_MARGIN_S = 5.0  # the look itself, and a clock that ticks in seconds
_MOST_MARGIN = 0.5  # of the exposure: a backup that takes longer than that cannot keep it anyway
_RECENT = 64


class Why(StrEnum):
    """What a decision rests on."""

    NOTHING = "nothing changed"
    RUNNING = "a backup is under way"
    FAILED = "it failed before"
    ABOUT_TO_REWRITE = "history is about to be rewritten"
    BATTERY = "the battery is low"
    WOKE = "the machine slept"
    EXPOSURE = "changes became old"
    MARK = "a step was taken"
    SESSION = "a session ended"
    SETTLED = "a storm settled"
    QUIET = "the project came to rest"
    RECONCILE = "it was not looked at for long"
    WAITING = "more may come"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done about a project at a moment. `kind` is "" to wait, else the kind of snapshot.

    `reason` is fit for a snapshot. `due_ns`: ask again then at the latest, None if only something new can change it.
    """

    project: ProjectId
    at_ns: int
    kind: str = ""
    why: Why = Why.NOTHING
    reason: str = ""
    due_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Changes that are not safe yet.

    `deadline_ns`: the promise on the oldest of them; None when nothing is known to have changed.
    """

    first_ns: int
    last_ns: int
    deadline_ns: int | None = None
    files: int = 0
    gone: int = 0
    weight: float = 0.0
    storm: bool = False
    woke: bool = False
    marks: tuple[str, ...] = ()
    urgent: str = ""

    @property
    def significance(self) -> float:
        """Weight, with what went counted twice: it is what a backup is needed for most."""
        return self.weight + 2.0 * self.gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one project stands. `taking` is what a backup under way holds, `pending` what came since.

    `session` are the instants of the first and the last work of the session that goes on; `recent` are counts of files
    lately changed, with their instants. `took_s` is how long the last backup took.
    """

    project: ProjectId
    pending: Pending | None = None
    taking: Pending | None = None
    session: tuple[int, int] | None = None
    recent: tuple[tuple[int, int], ...] = ()
    failures: int = 0
    retry_ns: int = 0
    took_s: float = 0.0
    missing: bool = False

    @property
    def unsaved_since(self) -> int | None:
        """The instant of the oldest change that is not safe; None when there is none."""
        firsts = [p.first_ns for p in (self.taking, self.pending) if p is not None and p.deadline_ns is not None]
        return min(firsts, default=None)


def observe(standing: Standing, seen: Observed, timing: Timing) -> Standing:
    """The project after something was seen of it. Constant time."""
    recent = _recent(standing.recent, seen, timing)
    storm = sum(count for _, count in recent) >= timing.storm_files
    standing = replace(standing, recent=recent)
    if seen.beat or (seen.hand and not storm):
        standing = _at_work(standing, seen.at_ns, timing)
    return replace(standing, pending=_grown(standing.pending, seen, timing, storm=storm))


def slept(standing: Standing, at_ns: int) -> Standing:
    """The project after the machine slept: the session ended with its last work, and what is unsaved is due, once."""
    pending = standing.pending
    if standing.session is not None and _lasted(standing.session) > 0:
        pending = _marked(pending, at_ns, "session ended")
    if pending is not None:
        pending = replace(pending, woke=pending.deadline_ns is not None)
    return replace(standing, session=None, pending=pending)


def decide(standing: Standing, now_ns: int, conditions: Conditions, timing: Timing) -> Decision:
    """What to do about the project now. Constant time."""
    wait = Decision(project=standing.project, at_ns=now_ns)
    if standing.taking is not None:
        return replace(wait, why=Why.RUNNING)
    if standing.missing:
        return wait
    if standing.retry_ns > now_ns:
        return replace(wait, why=Why.FAILED, due_ns=standing.retry_ns)
    chosen = _at_once(standing, now_ns, conditions, timing) or _ended(standing, now_ns, timing)
    if chosen is None and standing.pending is not None:
        chosen = _at_rest(standing.pending, now_ns, conditions, timing)
    if chosen is None:
        due = _due(standing, conditions, timing)
        return replace(wait, why=Why.WAITING if standing.pending else Why.NOTHING, due_ns=due)
    why, milestone, reason = chosen
    return replace(wait, why=why, kind="milestone" if milestone else "automatic", reason=reason)


def started(standing: Standing, decision: Decision) -> Standing:
    """A backup begins that takes everything seen so far."""
    nothing = Pending(first_ns=decision.at_ns, last_ns=decision.at_ns)
    session = None if decision.why is Why.SESSION else standing.session
    return replace(standing, taking=standing.pending or nothing, pending=None, session=session)


def finished(standing: Standing, took_s: float) -> Standing:
    """The backup under way is safe."""
    return replace(standing, taking=None, failures=0, retry_ns=0, took_s=took_s)


def failed(standing: Standing, now_ns: int, timing: Timing, *, yielded: bool = False) -> Standing:
    """The backup under way came to nothing: what it held waits again, longer with each failure.

    With `yielded` it made way for the user's own call, which is no failure.
    """
    failures = standing.failures if yielded else standing.failures + 1
    pause = 1.0 if yielded else min(timing.retry_s * 2.0 ** min(failures - 1, 16), timing.retry_most_s)
    pending = _merged(standing.taking, standing.pending)
    retry = now_ns + round(pause * SECOND_NS)
    return replace(standing, taking=None, pending=pending, failures=failures, retry_ns=retry)


def _recent(recent: tuple[tuple[int, int], ...], seen: Observed, timing: Timing) -> tuple[tuple[int, int], ...]:
    since = seen.at_ns - round(timing.storm_s * SECOND_NS)
    kept = tuple(entry for entry in recent if entry[0] >= since)
    if not seen.files:
        return kept
    if len(kept) >= _RECENT:  # what is older counts as of the next: a storm is recognised sooner, never later
        kept = ((kept[1][0], kept[0][1] + kept[1][1]), *kept[2:])
    return (*kept, (seen.at_ns, seen.files))


def _at_work(standing: Standing, at_ns: int, timing: Timing) -> Standing:
    session = standing.session
    if session is None:
        return replace(standing, session=(at_ns, at_ns))
    if at_ns - session[1] <= timing.gap_s * SECOND_NS:
        return replace(standing, session=(session[0], max(session[1], at_ns)))
    # Nobody asked for a decision in the pause: the old session still gets its milestone.
    long = _lasted(session) >= timing.session_s
    pending = _marked(standing.pending, at_ns, "session ended") if long else standing.pending
    return replace(standing, session=(at_ns, at_ns), pending=pending)


def _grown(pending: Pending | None, seen: Observed, timing: Timing, *, storm: bool) -> Pending | None:
    marks = tuple(str(move) for move in seen.moves if move is not Move.ABOUT_TO_REWRITE)
    if seen.green:
        marks = (*marks, "tests pass again")
    changed = bool(seen.changes) or seen.lost
    if not (changed or seen.moves or seen.green):
        return pending
    own = pending or Pending(first_ns=seen.at_ns, last_ns=seen.at_ns)
    within = seen.within_s or timing.exposure_s
    deadline = seen.at_ns + round(within * SECOND_NS) if changed else None
    first = own.first_ns if own.deadline_ns is not None or not changed else seen.at_ns
    return replace(
        own,
        first_ns=min(first, seen.at_ns),
        last_ns=max(own.last_ns, seen.at_ns),
        deadline_ns=_least(own.deadline_ns, deadline),
        files=own.files + seen.files,
        gone=own.gone + seen.gone,
        weight=own.weight + seen.weight,
        storm=own.storm or storm or seen.lost,
        marks=tuple(dict.fromkeys((*own.marks, *marks))),
        urgent=own.urgent or (str(Move.ABOUT_TO_REWRITE) if Move.ABOUT_TO_REWRITE in seen.moves else ""),
    )


def _marked(pending: Pending | None, at_ns: int, mark: str) -> Pending:
    own = pending or Pending(first_ns=at_ns, last_ns=at_ns)
    return replace(own, marks=tuple(dict.fromkeys((*own.marks, mark))))


def _merged(taken: Pending | None, came: Pending | None) -> Pending | None:
    if taken is None or came is None:
        return taken or came
    known = [p for p in (taken, came) if p.deadline_ns is not None] or [taken, came]
    return Pending(
        first_ns=min(p.first_ns for p in known),
        last_ns=max(taken.last_ns, came.last_ns),
        deadline_ns=_least(taken.deadline_ns, came.deadline_ns),
        files=taken.files + came.files,
        gone=taken.gone + came.gone,
        weight=taken.weight + came.weight,
        storm=taken.storm or came.storm,
        woke=taken.woke or came.woke,
        marks=tuple(dict.fromkeys((*taken.marks, *came.marks))),
        urgent=taken.urgent or came.urgent,
    )


def _least(first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


_Chosen = tuple[Why, bool, str]


def _at_once(standing: Standing, now_ns: int, conditions: Conditions, timing: Timing) -> _Chosen | None:
    pending = standing.pending
    if pending is None:
        return None
    if pending.urgent:
        return Why.ABOUT_TO_REWRITE, True, f"before a rewrite of history{_besides(pending)}"
    if pending.deadline_ns is None:
        return None
    if pending.woke:
        return Why.WOKE, bool(pending.marks), f"after the machine slept{_besides(pending)}"
    if _is_low(conditions, timing) and now_ns - pending.last_ns >= timing.last_quiet_s * SECOND_NS:
        share = round((conditions.battery or 0.0) * 100)
        return Why.BATTERY, bool(pending.marks), f"the battery is at {share} %{_besides(pending)}"
    if now_ns >= _latest(standing, pending, timing):
        age = _time((now_ns - pending.first_ns) / SECOND_NS)
        return Why.EXPOSURE, bool(pending.marks), f"work of {age} was not safe yet{_besides(pending)}"
    return None


def _ended(standing: Standing, now_ns: int, timing: Timing) -> _Chosen | None:
    if standing.session is None or now_ns - standing.session[1] <= timing.gap_s * SECOND_NS:
        return None
    took = _lasted(standing.session)
    if took < timing.session_s:
        return None
    return Why.SESSION, True, f"session of {_time(took)} ended"


def _at_rest(pending: Pending, now_ns: int, conditions: Conditions, timing: Timing) -> _Chosen | None:
    rest = now_ns - pending.last_ns
    if pending.marks and rest >= _rest_after_mark(pending, timing) * SECOND_NS:
        return Why.MARK, True, ", ".join(pending.marks)
    if pending.deadline_ns is None or rest < _quiet(pending, conditions, timing) * SECOND_NS:
        return None
    if pending.storm:
        return Why.SETTLED, False, f"{_files(pending)} changed at once"
    if not pending.weight and not pending.gone:
        return None  # what nobody wrote waits for its own deadline
    return Why.QUIET, False, f"{_files(pending)} changed"


def _rest_after_mark(pending: Pending, timing: Timing) -> float:
    return max(timing.mark_s, timing.settle_s) if pending.storm else timing.mark_s


def _quiet(pending: Pending, conditions: Conditions, timing: Timing) -> float:
    """Seconds without a change that make a good moment."""
    if pending.storm:
        return timing.settle_s
    quiet = timing.quiet_s if pending.significance >= timing.significant else timing.small_quiet_s
    return quiet * _PATIENCE if conditions.battery is not None or conditions.load > _BUSY else quiet


def _latest(standing: Standing, pending: Pending, timing: Timing) -> int:
    """When a backup has to begin so that the promise is kept, going by how long the last one took."""
    margin = min(_MARGIN_S + 2.0 * standing.took_s, _MOST_MARGIN * timing.exposure_s)
    return (pending.deadline_ns or 0) - round(margin * SECOND_NS)


def _due(standing: Standing, conditions: Conditions, timing: Timing) -> int | None:
    """When the decision may be another although nothing more was seen."""
    dues = []
    if standing.session is not None and _lasted(standing.session) >= timing.session_s:
        dues.append(standing.session[1] + round(timing.gap_s * SECOND_NS) + 1)
    pending = standing.pending
    if pending is not None and pending.marks:
        dues.append(pending.last_ns + round(_rest_after_mark(pending, timing) * SECOND_NS))
    if pending is not None and pending.deadline_ns is not None:
        rest = timing.last_quiet_s if _is_low(conditions, timing) else _quiet(pending, conditions, timing)
        if pending.storm or pending.weight or pending.gone or _is_low(conditions, timing):
            dues.append(pending.last_ns + round(rest * SECOND_NS))
        dues.append(_latest(standing, pending, timing))
    return min(dues, default=None)


def _lasted(session: tuple[int, int]) -> float:
    return (session[1] - session[0]) / SECOND_NS


def _is_low(conditions: Conditions, timing: Timing) -> bool:
    return conditions.battery is not None and conditions.battery < timing.low_battery


def _besides(pending: Pending) -> str:
    return f" ({', '.join(pending.marks)})" if pending.marks else ""


def _files(pending: Pending) -> str:
    return "1 file" if pending.files == 1 else f"{pending.files} files" if pending.files else "something"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
