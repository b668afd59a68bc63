"""What everything that analyses files elsewhere promises: worker processes of ours, and anybody's executor."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from codevault.analysis.model import Outcome
from codevault.errors import Cancelled
from codevault.executing import ExecutorPool
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.understanding import Analyser
from codevault.workers import WorkerPool

FILES = [(f"key {number}", f"shop/{number}.py", b"def f%d(x):\n    return x\n" % number) for number in range(90)]


class Inline(Executor):
    """An executor without any other process or thread: what is submitted is done at once."""

    def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*arguments, **named))
        except Exception as exc:  # noqa: BLE001 - as an executor does
            future.set_exception(exc)
        return future


@pytest.fixture(params=["workers", "inline executor", "threads"])
def analyser(request: pytest.FixtureRequest) -> Iterator[Analyser]:
    if request.param == "workers":
        with WorkerPool(2) as pool:
            yield pool
    elif request.param == "threads":
        with ThreadPoolExecutor(2) as threads:
            yield ExecutorPool(threads)
    else:
        yield ExecutorPool(Inline(), ahead=1)


def test_every_file_has_one_answer_under_its_own_key(analyser: Analyser) -> None:
    answers = list(analyser.analyse_all(FILES))

    assert sorted(key for key, _ in answers) == sorted(key for key, *_ in FILES)
    assert {key: [one.name for one in found.symbols] for key, found in answers} == {
        f"key {number}": [f"f{number}"] for number in range(90)
    }


def test_nothing_to_do_is_done(analyser: Analyser) -> None:
    assert list(analyser.analyse_all([])) == []


def test_files_are_read_lazily(analyser: Analyser) -> None:
    read = []

    def files() -> Iterator[tuple[int, str, bytes]]:
        for number in range(300):
            read.append(number)
            yield number, "a.txt", b"x" * (1 << 20)

    answers = analyser.analyse_all(files())
    next(answers)
    answers.close()

    assert len(read) < 200


def test_bytes_that_are_no_text_are_understood_as_far_as_they_go(analyser: Analyser) -> None:
    answers = dict(analyser.analyse_all([(1, "a.bin", b"\0\1"), (2, "\udcff.py", b"x = '\xff'\n"), (3, "", b"")]))

    assert answers[1].outcome is Outcome.BINARY
    assert answers[2].outcome is Outcome.PARSED
    assert answers[3].outcome is Outcome.TEXT


def test_an_analysis_can_be_cancelled_and_done_again(analyser: Analyser) -> None:
    token = CancelToken()

    def files() -> Iterator[tuple[str, str, bytes]]:
        yield from FILES[:40]
        token.cancel()
        yield from FILES[40:]

    with pytest.raises(Cancelled):
        list(analyser.analyse_all(files(), report=Reporter(cancel=token)))
    assert len(list(analyser.analyse_all(FILES))) == len(FILES)


def test_progress_is_told(analyser: Analyser) -> None:
    seen: list[Progress] = []
    list(analyser.analyse_all(FILES, report=Reporter(seen.append)))

    assert {progress.phase for progress in seen} == {"analyse"}
