"""The processes that match patterns: replaced when they die, asked again text by text, ended with their owner."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from codevault.analysis.structure import Window
from codevault.analysis.structure_worker import Response, frame
from codevault.errors import InvalidPattern, WorkerError
from codevault.structural import MOST_ANSWERS, MOST_PATTERNS, StructureEngine

FRAGILE = """
import os, time
from codevault.analysis import structure_worker
answer = structure_worker.answer

def fragile(request):
    texts = b"".join(window.text for window in request.windows) + request.pattern.encode()
    if b"die" in texts:
        os._exit(3)
    if b"hang" in texts:
        time.sleep(600)
    return answer(request)

structure_worker.answer = fragile
os.write(1, bytes(4))
structure_worker.main()
"""
COMMAND = (sys.executable, "-c", FRAGILE)
GOOD = Window(b"call(1)\n", False)


@pytest.fixture
def engine() -> Iterator[StructureEngine]:
    made = StructureEngine(workers=1, command=COMMAND)
    yield made
    made.close()


def soon() -> float:
    return time.monotonic() + 300


def test_a_text_that_kills_its_process_costs_no_other_its_answer(engine: StructureEngine) -> None:
    found = engine.matches("ast-grep", "python", "call($A)", [GOOD, Window(b"call('die')", False), GOOD], soon())

    assert found == [((0, 7),), None, ((0, 7),)]


def test_time_that_runs_out_leaves_texts_without_an_answer(engine: StructureEngine) -> None:
    engine.shape("ast-grep", "python", "call($A)")

    found = engine.matches("ast-grep", "python", "call($A)", [Window(b"hang", False)], time.monotonic() + 0.2)

    assert found == [None]
    assert engine.matches("ast-grep", "python", "call($A)", [GOOD], soon()) == [((0, 7),)]


def test_what_was_answered_is_not_asked_again(engine: StructureEngine) -> None:
    engine.matches("ast-grep", "python", "call($A)", [GOOD], soon())
    engine.close()

    assert engine.matches("ast-grep", "python", "call($A)", [GOOD], time.monotonic() - 1) == [((0, 7),)]
    assert engine.matches("ast-grep", "python", "call($A)", [Window(b"call(2)", False)], time.monotonic() - 1) == [None]


def test_few_patterns_and_texts_are_remembered(engine: StructureEngine) -> None:
    for number in range(MOST_PATTERNS + 2):
        engine._known(("ast-grep", "python", str(number)))
    engine._known(("ast-grep", "python", "9")).update(
        (bytes([at % 256, at >> 8 & 255, at >> 16]), ()) for at in range(MOST_ANSWERS + 1)
    )

    assert len(engine._answers) == MOST_PATTERNS
    assert engine._known(("ast-grep", "python", "9")) == {}


def test_a_pattern_that_kills_what_reads_it_is_refused(engine: StructureEngine) -> None:
    with pytest.raises(InvalidPattern, match="kills"):
        engine.shape("ast-grep", "python", "die")


@pytest.mark.parametrize("command", [(sys.executable, "-c", "pass"), ("/nowhere/at/all",)])
def test_processes_that_do_not_start_are_an_error(command: tuple[str, ...]) -> None:
    with pytest.raises(WorkerError):
        StructureEngine(command=command).shape("ast-grep", "python", "x")


def test_an_engine_that_is_closed_starts_again(engine: StructureEngine) -> None:
    engine.shape("ast-grep", "python", "x")
    engine.close()

    assert engine.shape("ast-grep", "python", "call($A)").words == ("call",)


def test_two_processes_share_many_texts() -> None:
    engine = StructureEngine(workers=2, command=COMMAND)
    windows = [Window(b"call(%d)\n" % at + b"# " + b"x" * 40_000, False) for at in range(8)]

    found = engine.matches("ast-grep", "python", "call($A)", windows, soon())
    engine.close()

    assert found == [((0, 7),)] * 8


def test_a_message_longer_than_any_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.analysis.structure_worker.MAX_FRAME", 1)

    with pytest.raises(ValueError, match="too long"):
        frame(Response(None))
