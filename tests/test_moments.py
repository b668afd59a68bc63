from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from codevault.errors import InvalidArgument
from codevault.moments import iso, nanoseconds

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1970-01-02", DAY),
        ("19700102", DAY),
        ("1970-02", 31 * DAY),
        ("1971", 365 * DAY),
        ("1970-01-01T00:00:01", SECOND),
        ("1970-01-01T00:00:01Z", SECOND),
        ("1970-01-01T01:00:01+01:00", SECOND),
        ("1970-01-01 00:00:00.5", SECOND // 2),
        ("1969-12-31", -DAY),
        (datetime(1970, 1, 2), DAY),  # noqa: DTZ001 - without a zone it is UTC, as the page says
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(9999, 12, 31, tzinfo=UTC), 253_402_214_400 * SECOND),
        (12_345, 12_345),
        (0, 0),
    ],
)
def test_reads_points_in_time_as_people_write_them(moment: str | datetime | int, expected: int) -> None:
    assert nanoseconds(moment) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1970-01-01", DAY - 1_000),
        ("19700101", DAY - 1_000),
        ("1970-01", 31 * DAY - 1_000),
        ("1970-12", 365 * DAY - 1_000),
        ("1970", 365 * DAY - 1_000),
        ("1970-01-01T00:00:01", SECOND),
        (5, 5),
    ],
)
def test_a_bare_date_month_or_year_can_mean_its_end(moment: str | int, expected: int) -> None:
    assert nanoseconds(moment, end_of_day=True) == expected


@pytest.mark.parametrize(
    "moment", ["", "yesterday", "2026-13-01", "2026-02-30", "12", "0000", "2026-13", "00:00:01", True]
)
def test_anything_else_is_refused_with_an_example(moment: str | bool) -> None:
    with pytest.raises(InvalidArgument, match=r"date or time|point in time"):
        nanoseconds(moment)


@pytest.mark.parametrize(
    ("created_ns", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_767_225_600 * SECOND + 999_999_999, "2026-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (10**30, f"{10**30} ns"),
        (-(10**20), f"{-(10**20)} ns"),
        (10**21, f"{10**21} ns"),
    ],
)
def test_shows_a_moment_in_utc_or_as_a_number_beyond_the_calendar(created_ns: int, shown: str) -> None:
    assert iso(created_ns) == shown


def test_a_date_is_a_point_in_time_like_its_text() -> None:
    day = date(2026, 10, 1)
    assert nanoseconds(day) == nanoseconds("2026-10-01")
    assert nanoseconds(day, end_of_day=True) == nanoseconds("2026-10-01", end_of_day=True)


@pytest.mark.parametrize("wrong", [3.5, None, b"2026-10-01", ["2026"]])
def test_what_is_no_point_in_time_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidArgument, match="not a point in time"):
        nanoseconds(wrong)  # type: ignore[arg-type]
