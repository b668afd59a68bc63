from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from codevault.analysis import worker as worker_module
from codevault.analysis.analyse import analyse
from codevault.analysis.model import Outcome
from codevault.analysis.wire import decode_response, encode_request, read_frame
from codevault.analysis.worker import MEMORY_LIMIT, has_grown, limit_resources, serve
from codevault.workers import WorkerPool

COMMAND = [sys.executable, "-I", "-m", "codevault.analysis.worker"]


@pytest.fixture(name="worker")
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def ask(worker: subprocess.Popen[bytes], job: int, path: str, content: bytes) -> tuple[int, object]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(encode_request(job, path, content))
    worker.stdin.flush()
    payload = read_frame(worker.stdout)  # type: ignore[arg-type] # a buffered reader reads as any binary stream
    assert payload is not None
    return decode_response(payload)


def test_answers_what_analyse_answers(worker: subprocess.Popen[bytes]) -> None:
    content = b"def f(): pass\n"

    assert ask(worker, 1, "a.py", content) == (1, analyse("a.py", content))
    assert ask(worker, 2, "b.bin", b"\0") == (2, analyse("b.bin", b"\0"))


def test_ends_when_its_input_does(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.close()

    assert worker.wait(timeout=30) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_leaves_an_interrupt_to_its_caller(worker: subprocess.Popen[bytes]) -> None:
    ask(worker, 1, "a.py", b"")
    worker.send_signal(signal.SIGINT)

    assert ask(worker, 2, "a.py", b"x = 1\n")[0] == 2


def test_serves_one_request_after_the_other() -> None:
    requests = io.BytesIO(encode_request(1, "a.py", b"A = 1\n") + encode_request(2, "a.c", b"int f(void) {}\n"))
    responses = io.BytesIO()
    limited: list[int] = []

    serve(requests, responses, before_each=lambda: limited.append(responses.tell()))

    responses.seek(0)
    jobs = [decode_response(payload)[0] for payload in iter(lambda: read_frame(responses), None) if payload]
    assert jobs == [1, 2]
    assert len(set(limited)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize(("hard", "soft"), [(-1, MEMORY_LIMIT), (4096, 4096), (2 * MEMORY_LIMIT, MEMORY_LIMIT)])
def test_asks_for_no_more_memory_than_it_may(hard: int, soft: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    asked: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (hard, hard))
    monkeypatch.setattr(resource, "setrlimit", asked.__setitem__)
    monkeypatch.setattr(resource, "RLIM_INFINITY", -1)

    limit_resources()

    assert asked == {resource.RLIMIT_AS: (soft, hard), resource.RLIMIT_CORE: (0, hard)}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_goes_on_where_the_system_refuses_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    refused: list[int] = []

    def refuse(limit: int, _: tuple[int, int]) -> None:
        refused.append(limit)
        raise OSError

    monkeypatch.setattr(resource, "setrlimit", refuse)

    limit_resources()

    assert refused == [resource.RLIMIT_AS, resource.RLIMIT_CORE]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_limits_its_memory_and_keeps_stray_output_out_of_the_answers() -> None:
    program = (
        "import os, resource\n"
        "from codevault.analysis import worker\n"
        "requests, responses = worker.take_over_standard_streams()\n"
        "worker.limit_resources()\n"
        "print('stray')\n"
        "os.write(1, b'stray')\n"
        "limit = resource.getrlimit(resource.RLIMIT_AS)[0]\n"
        "responses.write(b'%d' % limit + requests.read())\n"
        "responses.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=b" input", capture_output=True, check=True)

    assert done.stdout == b"1073741824 input"


def test_ends_quietly_when_nobody_reads_its_answers() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(encode_request(1, "a.py", b"x = 1\n"))
        process.stdin.close()

        assert process.wait(timeout=30) == 0


# The loop of the worker under its own limits, doing what its file's name says instead of an analysis.
UNDER_LIMITS = """
import os, time
from codevault.analysis import worker
from codevault.analysis.model import FileAnalysis, Outcome

def analyse(path, content):
    if path == "takes for ever":
        while True:
            pass
    if path == "takes all memory":
        bytearray(2 << 30)
    return FileAnalysis(outcome=Outcome.TEXT, language="", grammar="")

worker.analyse = analyse
worker.CPU_SECONDS = 1
os.write(1, bytes(4))
worker.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_file_beyond_the_limits_of_its_worker_is_failed_with_the_reason_and_the_next_ones_are_not() -> None:
    files = [(path, path, b"") for path in ("ok", "takes for ever", "takes all memory", "ok too")]
    with WorkerPool(1, command=(sys.executable, "-c", UNDER_LIMITS)) as pool:
        answers = dict(pool.analyse_all(files))

    assert answers["takes for ever"].problems == ("the parser was stopped: the file took too much processor time",)
    assert answers["takes all memory"].problems == ("the parser ended itself (exit code 1)",)
    assert (answers["ok"].outcome, answers["ok too"].outcome) == (Outcome.TEXT, Outcome.TEXT)


def test_the_parser_stops_itself_when_its_time_is_over() -> None:
    found = analyse("a.py", b"x = [" + b"1, " * 60_000 + b"]\n", seconds=-1.0)

    assert (found.outcome, found.problems) == (Outcome.FAILED, ("the parser was stopped after -1 seconds",))
    assert analyse("b.py", b"def f(): pass\n").symbols[0].name == "f"


def test_says_so_when_it_has_grown_and_looks_at_nothing_more() -> None:
    requests = io.BytesIO(encode_request(1, "a.py", b"") + encode_request(2, "a.py", b"") + encode_request(3, "a", b""))
    responses = io.BytesIO()
    grown = iter([False, True])

    serve(requests, responses, before_each=lambda: None, has_enough=lambda: next(grown))

    responses.seek(0)
    payloads = [read_frame(responses) for _ in range(4)]
    assert [decode_response(payload)[0] for payload in payloads if payload] == [1, 2]
    assert payloads[2:] == [b"", None]


@pytest.mark.parametrize(("limit", "grown"), [(1, True), (1 << 50, False)])
def test_knows_how_large_it_is(limit: int, grown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "RETIRE_BYTES", limit)

    assert has_grown() is grown


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX tells the peak")
@pytest.mark.parametrize(("limit", "grown"), [(1, True), (1 << 50, False)])
def test_goes_by_its_peak_where_that_is_all_it_knows(limit: int, grown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(worker_module, "RETIRE_BYTES", limit)
    monkeypatch.setattr("builtins.open", missing)

    assert has_grown() is grown
