"""Points in time as callers write them. Times label snapshots; sequence numbers order them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from codevault.errors import InvalidArgument

LATEST_NS = (1 << 63) - 1
"""Nanoseconds that every store and database holds, the year 2262; a clock beyond it is broken and only labels."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIOD = re.compile(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2]))?")


def nanoseconds(moment: str | date | int, *, end_of_day: bool = False) -> int:
    """Nanoseconds since the epoch, UTC, of an ISO 8601 text, a datetime or date, or nanoseconds as they are.

    Without a zone a time is UTC. A bare date, month ("2026-03") or year ("2026") means its first instant, with
    `end_of_day` its last.

    Raises:
        InvalidArgument: not a point in time.
    """
    if isinstance(moment, bool):
        raise InvalidArgument(f"{moment!r} is not a point in time")
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        moment = _parsed(moment, end_of_day=end_of_day)
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.max if end_of_day else time.min)
    if not isinstance(moment, datetime):
        raise InvalidArgument(f"{moment!r} is not a point in time: give ISO 8601 text, a datetime, or nanoseconds")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def iso(created_ns: int) -> str:
    """A moment as ISO 8601 in UTC, to the second; one beyond the calendar as its number of nanoseconds."""
    try:
        return (_EPOCH + timedelta(microseconds=created_ns // 1_000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{created_ns} ns"


def _parsed(text: str, *, end_of_day: bool) -> datetime:
    period = _PERIOD.fullmatch(text.strip())
    if period is not None:
        return _of_period(int(period[1]), int(period[2]) if period[2] else None, end=end_of_day)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InvalidArgument(f"{text!r} is not a date or time such as 2026-10-01 or 2026-10-01T12:30:00Z") from exc
    bare = len(text.strip()) in {8, 10} and ":" not in text
    return datetime.combine(moment.date(), time.max) if bare and end_of_day else moment


def _of_period(year: int, month: int | None, *, end: bool) -> datetime:
    """The first or last instant of a year, or of a month of it."""
    if not end:
        return datetime(year, month or 1, 1, tzinfo=UTC)
    last = date(year, 12, 31) if month in {None, 12} else date(year, (month or 0) + 1, 1) - timedelta(days=1)
    return datetime.combine(last, time.max, tzinfo=UTC)
