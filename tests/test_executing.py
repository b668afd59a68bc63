"""Files analysed by somebody's executor: what happens when that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import InvalidArgument, WorkerError
from codevault.executing import ExecutorPool

FILES = [(number, f"{number}.py", b"def f%d(): pass\n" % number) for number in range(5)]


class Failing(Executor):
    """Does what it is given at once, unless that holds the file `bad`: then it raises."""

    def __init__(self, bad: str, error: BaseException) -> None:
        self.bad = bad
        self.error = error
        self.sizes: list[int] = []

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        files: Sequence[tuple[str, bytes]] = arguments[0]
        self.sizes.append(len(files))
        future: Future[list[FileAnalysis]] = Future()
        if self.bad in [path for path, _ in files]:
            future.set_exception(self.error)
        else:
            future.set_result(call(*arguments, **named))
        return future


def test_a_file_that_raises_costs_no_other_one_its_answer() -> None:
    executor = Failing("3.py", MemoryError("all of it"))
    answers = dict(ExecutorPool(executor).analyse_all(FILES))
    bad = answers.pop(3)

    assert (bad.outcome, bad.language, bad.problems) == (
        Outcome.FAILED,
        "python",
        ("the analysis broke off with MemoryError",),
    )
    assert {found.outcome for found in answers.values()} == {Outcome.PARSED}
    assert executor.sizes == [5, 1, 1, 1, 1, 1]


def test_an_executor_that_breaks_says_so() -> None:
    pool = ExecutorPool(Failing("3.py", BrokenExecutor("a process died")))

    with pytest.raises(WorkerError, match="a process died"):
        list(pool.analyse_all(FILES))


def test_an_executor_that_was_shut_down_says_so() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()

    with pytest.raises(WorkerError, match="takes no work"):
        list(ExecutorPool(executor).analyse_all(FILES))


def test_leaving_early_cancels_what_has_not_begun() -> None:
    class Lazy(Executor):
        def __init__(self) -> None:
            self.futures: list[Future[Any]] = []

        def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.futures.append(future)
            if len(self.futures) == 1:
                future.set_result(call(*arguments, **named))
            return future

    executor = Lazy()
    answers = ExecutorPool(executor).analyse_all((n, "a.py", b"x" * 200_000) for n in range(10))
    next(answers)
    answers.close()

    assert [future.cancelled() for future in executor.futures] == [False, *[True] * 9]


@pytest.mark.parametrize(("executor", "ahead"), [(None, 1), ("threads", 1), (Failing("", MemoryError()), 0)])
def test_what_is_no_executor_is_refused(executor: Any, ahead: int) -> None:
    with pytest.raises(InvalidArgument, match="submit"):
        ExecutorPool(executor, ahead=ahead)
