"""Progress, cancelling and running in the background."""

from __future__ import annotations

import logging
import threading

import pytest

from codevault.errors import Cancelled
from codevault.jobs import CancelToken, Job, Progress, ProgressCallback, Reporter


def test_progress_says_phase_count_total_and_bytes() -> None:
    seen: list[Progress] = []
    Reporter(seen.append).step("scan", 3, 7, 4096)
    assert seen == [Progress(phase="scan", done=3, total=7, bytes=4096)]


def test_progress_comes_at_most_ten_times_a_second() -> None:
    seen: list[Progress] = []
    reporter = Reporter(seen.append)
    for done in range(10_000):
        reporter.step("scan", done)
    assert len(seen) < 20


def test_a_new_phase_is_reported_at_once() -> None:
    seen: list[Progress] = []
    reporter = Reporter(seen.append)
    reporter.step("scan", 1)
    reporter.step("store", 1)
    assert [progress.phase for progress in seen] == ["scan", "store"]


def test_the_last_step_is_reported_at_once() -> None:
    seen: list[Progress] = []
    reporter = Reporter(seen.append)
    reporter.step("scan", 1, 3)
    reporter.step("scan", 2, 3)
    reporter.step("scan", 3, 3)
    assert [progress.done for progress in seen] == [1, 3]


def test_a_callback_that_raises_is_logged_once_and_left_alone_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[Progress] = []

    def broken(progress: Progress) -> None:
        calls.append(progress)
        raise RuntimeError("no terminal")

    reporter = Reporter(broken)
    with caplog.at_level(logging.WARNING, logger="codevault.jobs"):
        reporter.step("scan", 1)
        reporter.step("store", 1)
    assert len(calls) == 1
    assert len(caplog.records) == 1


def test_a_callback_that_interrupts_is_obeyed() -> None:
    def interrupt(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reporter(interrupt).step("scan", 1)


def test_a_set_token_stops_the_next_step_even_without_a_callback() -> None:
    token = CancelToken()
    reporter = Reporter(None, token)
    reporter.step("scan", 1)
    token.cancel()
    with pytest.raises(Cancelled, match="everything committed before is kept"):
        reporter.step("scan", 2)


def test_a_token_says_whether_it_was_set() -> None:
    token = CancelToken()
    token.check()
    assert not token.cancelled
    token.cancel()
    assert token.cancelled


def test_a_job_gives_the_result_of_its_operation() -> None:
    job = Job(lambda progress, cancel: 42)
    assert job.result(timeout=60) == 42
    assert job.done()


def test_a_job_raises_what_its_operation_raised() -> None:
    def fail(progress: ProgressCallback, cancel: CancelToken) -> int:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled, match="stopped"):
        Job(fail).result(timeout=60)


def test_a_job_hands_on_even_an_interrupt() -> None:
    def interrupt(progress: ProgressCallback, cancel: CancelToken) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Job(interrupt).result(timeout=60)


def test_a_job_that_is_cancelled_ends_with_cancelled() -> None:
    def wait_for_the_token(progress: ProgressCallback, cancel: CancelToken) -> int:
        while True:
            cancel.check()

    job = Job(wait_for_the_token)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(timeout=60)


def test_cancelling_a_job_that_has_ended_changes_nothing() -> None:
    job = Job(lambda progress, cancel: "done")
    job.result(timeout=60)
    job.cancel()
    assert job.result() == "done"


def test_waiting_for_a_job_may_end_before_it_does() -> None:
    go_on = threading.Event()
    job = Job(lambda progress, cancel: go_on.wait(10))
    with pytest.raises(TimeoutError):
        job.result(timeout=0.01)
    assert not job.done()
    go_on.set()
    assert job.result(timeout=60)


def test_a_job_shows_the_newest_progress_and_passes_all_of_it_on() -> None:
    seen: list[Progress] = []
    steps = [Progress(phase="scan", done=1), Progress(phase="scan", done=2)]

    def take_two_steps(progress: ProgressCallback, cancel: CancelToken) -> None:
        progress(steps[0])
        progress(steps[1])

    job = Job(take_two_steps, seen.append)
    job.result(timeout=60)
    assert seen == steps
    assert job.progress == steps[-1]


def test_a_job_has_no_progress_before_the_first() -> None:
    go_on = threading.Event()
    job = Job(lambda progress, cancel: go_on.wait(10))
    assert job.progress is None
    go_on.set()
    job.result(timeout=60)


def test_a_job_does_not_keep_the_interpreter_alive() -> None:
    go_on = threading.Event()
    job = Job(lambda progress, cancel: go_on.wait(10))
    assert job._thread.daemon
    go_on.set()
    job.result(timeout=60)


def test_a_pause_ends_when_somebody_lets_it_go_on() -> None:
    token = CancelToken()
    token.pause()
    assert token.paused
    token.resume()
    token.wait()
    assert not token.paused


def test_a_pause_ends_with_a_cancellation_and_none_begins_after_it() -> None:
    token = CancelToken()
    token.pause()
    token.cancel()
    with pytest.raises(Cancelled):
        token.wait()
    token.pause()
    with pytest.raises(Cancelled):
        token.wait()


def test_a_job_rests_and_goes_on() -> None:
    resting, seen = threading.Event(), list[bool]()

    def rest(progress: ProgressCallback, cancel: CancelToken) -> None:
        resting.wait(60)
        seen.append(cancel.paused)
        cancel.wait()

    job = Job(rest)
    job.pause()
    resting.set()
    job.resume()
    job.result(timeout=60)
    assert len(seen) == 1
