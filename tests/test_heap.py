from __future__ import annotations

import ctypes
import sys

import pytest

from codevault import heap


@pytest.fixture
def fresh() -> None:
    heap._trim.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_asks_the_c_library_once_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        malloc_trim = asked.append

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    heap.give_back()
    heap.give_back()
    heap._trim.cache_clear()

    assert asked == [0, 0]


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_does_nothing_where_there_is_no_such_call(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    heap.give_back()

    assert heap._trim()(0) == bool(0)
    heap._trim.cache_clear()
