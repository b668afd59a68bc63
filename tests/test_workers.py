"""The pool of parser processes: what it answers, what it survives, what it leaves behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.allowance import Allowance
from codevault.analysis import wire
from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import Cancelled, InvalidArgument, WorkerError
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.worker_process import WorkerProcess, default_command
from codevault.workers import MAX_CONTENT, WorkerPool

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, forks and limits of POSIX")

# Answers with its own process id as the language; the name of a file tells it what to do instead.
SCRIPTED_WORKER = """
import os, sys, time
sys.path.extend(sys.argv[1:])
from codevault.analysis import wire
from codevault.analysis.model import FileAnalysis, Outcome

source, sink = os.fdopen(0, "rb"), os.fdopen(1, "wb")
os.write(1, bytes(4))
while (payload := wire.read_frame(source)) is not None:
    job, path, content = wire.decode_request(payload)
    if path == "takes its time":
        time.sleep(0.01)
    if path == "hangs":
        time.sleep(1000)
    if path == "crashes":
        os.abort()
    if path == "leaves":
        os._exit(3)
    if path == "babbles":
        sink.write(b"Segmentation fault, I think")
        sink.flush()
    if path == "lies":
        job += 1
    if path == "closes":
        os.close(1)
        time.sleep(1000)
    if path == "crashes in company":
        with open(content.decode().strip(), "a") as tries:
            tries.write("x")
            tries.flush()
            if tries.tell() == 1:
                os.abort()
    if path == "counts and crashes":
        with open(content.decode().strip(), "a") as tries:
            tries.write("x")
        os.abort()
    size = str(len(content))
    answer = FileAnalysis(outcome=Outcome.PARSED, language=str(os.getpid()), grammar="", problems=(size,))
    sink.write(wire.encode_response(job, answer))
    if path == "retires":
        sink.write(bytes(4))
    sink.flush()
    if path == "retires":
        os._exit(0)
"""
COMMAND = (sys.executable, "-I", "-c", SCRIPTED_WORKER, *default_command()[6:])


def scripted(workers: int = 2, seconds: float = 20.0) -> WorkerPool:
    return WorkerPool(workers, seconds=seconds, command=COMMAND)


def crowd(count: int = 100) -> list[tuple[str, str, bytes]]:
    return [(f"crowd {number}", "ok", b"x" * number) for number in range(count)]


def slow(count: int) -> Iterator[tuple[int, str, bytes]]:
    return ((number, "takes its time", b"x") for number in range(count))


def heavy(count: int) -> Iterator[tuple[int, str, bytes]]:
    return ((number, "ok", b"x" * 100_000) for number in range(count))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def run_script(source: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    script = cwd / "script.py"
    script.write_text(textwrap.dedent(source))
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, **environment},
    )


def test_understands_source_with_the_workers_of_the_house() -> None:
    with WorkerPool(1) as pool:
        answers = dict(pool.analyse_all([(7, "shop/tax.py", b"def net(price):\n    return price\n")]))
    assert [symbol.qualified_name for symbol in answers[7].symbols] == ["net"]


def test_names_that_are_not_text_reach_the_worker() -> None:
    with WorkerPool(1) as pool:
        answers = dict(pool.analyse_all([(1, "\udcff/\ud800.py", b"x = 1\n")]))
    assert answers[1].outcome is Outcome.PARSED


def test_gives_every_file_exactly_one_answer_under_its_own_key() -> None:
    with scripted() as pool:
        answers = list(pool.analyse_all(crowd(1000)))
    assert sorted((key, int(answer.problems[0])) for key, answer in answers) == sorted(
        (key, len(content)) for key, _, content in crowd(1000)
    )


def test_uses_several_processes_and_none_is_the_callers() -> None:
    with scripted() as pool:
        pids = {answer.language for _, answer in pool.analyse_all(slow(200))}
    assert len(pids) == 2
    assert str(os.getpid()) not in pids


def test_keeps_its_workers_from_one_call_to_the_next() -> None:
    with scripted(1) as pool:
        first = next(iter(dict(pool.analyse_all(crowd(3))).values()))
        second = next(iter(dict(pool.analyse_all(crowd(3))).values()))
    assert first.language == second.language


def test_nothing_to_analyse_starts_no_worker() -> None:
    with WorkerPool(1, command=("/nonexistent/worker",)) as pool:
        assert list(pool.analyse_all([])) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("crashes", "the parser died (SIGABRT)", marks=POSIX),
        ("leaves", "the parser ended itself (exit code 3)"),
        ("babbles", "the parser's answer could not be read"),
        ("lies", "the parser's answer could not be read"),
        ("closes", "the parser stopped answering"),
        ("hangs", "the parser was killed after 3 s"),  # a busy machine may keep the others waiting for two
    ],
)
def test_a_worker_that_fails_costs_the_file_it_was_at_and_no_other(name: str, problem: str) -> None:
    files = [*crowd(40), ("bad", name, b"text\n"), *crowd(90)[40:]]
    with scripted(seconds=3 if name == "hangs" else 60) as pool:
        answers = dict(pool.analyse_all(files))
    bad = answers.pop("bad")
    assert (bad.outcome, bad.problems) == (Outcome.FAILED, (problem,))
    assert {answer.outcome for answer in answers.values()} == {Outcome.PARSED}
    assert len(answers) == 90


def test_a_file_that_fails_keeps_its_text_language_and_grammar() -> None:
    command = (sys.executable, "-I", "-c", "import os; os.write(1, bytes(4)); os.read(0, 9); os._exit(1)")
    with WorkerPool(1, command=command) as pool:
        answer = dict(pool.analyse_all([(1, "a.py", b"x = 1\n")]))[1]
    assert (answer.outcome, answer.language) == (Outcome.FAILED, "python")
    assert answer.grammar.startswith("tree-sitter-python ")
    assert [unit.spans for unit in answer.units] == [((0, 6),)]


def test_a_file_whose_worker_died_in_company_gets_a_second_chance_alone(tmp_path: Path) -> None:
    files = [*crowd(5), ("suspect", "crashes in company", str(tmp_path / "tries").encode()), *crowd(9)[5:]]
    with scripted(1) as pool:
        answers = dict(pool.analyse_all(files))
    assert answers["suspect"].outcome is Outcome.PARSED
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_large_file_that_kills_its_worker_is_sent_once(tmp_path: Path) -> None:
    large = str(tmp_path / "tries").encode().ljust(1 << 20)
    with scripted() as pool:
        answers = dict(pool.analyse_all([*crowd(), ("large", "counts and crashes", large), *crowd()]))
    assert answers["large"].outcome is Outcome.FAILED
    assert (tmp_path / "tries").read_text() == "x"


def test_a_file_that_kills_its_worker_twice_is_not_tried_again(tmp_path: Path) -> None:
    files = [*crowd(), ("small", "counts and crashes", str(tmp_path / "tries").encode()), *crowd()]
    with scripted(1) as pool:
        answers = dict(pool.analyse_all(files))
    assert answers["small"].outcome is Outcome.FAILED
    assert (tmp_path / "tries").read_text() == "xx"


def test_many_deadly_files_are_each_found_out() -> None:
    files = [(number, "leaves" if number % 20 == 0 else "ok", b"x") for number in range(200)]
    with scripted() as pool:
        answers = dict(pool.analyse_all(files))
    assert sorted(key for key, answer in answers.items() if answer.outcome is Outcome.FAILED) == list(range(0, 200, 20))


def test_a_file_too_long_for_any_worker_is_answered_without_one() -> None:
    with WorkerPool(1, command=("/nonexistent/worker",)) as pool:
        answers = dict(pool.analyse_all([("long", "dump.sql", bytes(MAX_CONTENT + 1))]))
    assert answers["long"].outcome is Outcome.FAILED
    assert answers["long"].problems == ("longer than 134217728 bytes: not looked into",)


def test_a_message_that_cannot_be_written_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(1) as pool:
        dict(pool.analyse_all(crowd(1)))
        monkeypatch.setattr(wire, "MAX_FRAME", 5000)  # stands for memory that is used up
        answers = dict(pool.analyse_all([*crowd(), ("long", "ok", b"x" * 6000), *crowd()]))
    assert answers["long"].problems == ("no memory to send it to the parser: not looked into",)
    assert answers["crowd 9"].outcome is Outcome.PARSED


def test_reads_its_input_only_a_bounded_way_ahead() -> None:
    pulled = []

    def endless() -> Iterator[tuple[int, str, bytes]]:
        while True:
            pulled.append(1)
            yield len(pulled), "ok", b"x" * (1 << 20)

    with scripted() as pool:
        answers = pool.analyse_all(endless())
        taken = [next(answers) for _ in range(10)]
        answers.close()
    assert len(taken) == 10
    assert len(pulled) <= 10 + 32 + 32  # what was taken, what is ahead, one round of answers not asked for yet


def test_leaving_the_loop_ends_the_workers_and_the_pool_stays_usable() -> None:
    with scripted() as pool:
        answers = pool.analyse_all(crowd(1000))
        pid = int(next(answers)[1].language)
        answers.close()
        assert not is_running(pid)
        assert len(dict(pool.analyse_all(crowd(5)))) == 5


def test_an_exception_in_the_callers_loop_leaves_no_process() -> None:
    pids = set()

    def fail_at_first() -> None:
        with scripted() as pool:
            for _, answer in pool.analyse_all(crowd(1000)):
                pids.add(int(answer.language))
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_at_first()
    assert not is_running(pids.pop())


def test_an_exception_from_the_input_reaches_the_caller() -> None:
    def broken() -> Iterator[tuple[int, str, bytes]]:
        yield 1, "hangs", b"x"
        raise OSError("the disk is gone")

    with scripted() as pool, pytest.raises(OSError, match="the disk is gone"):
        list(pool.analyse_all(broken()))


def test_cancelling_stops_even_while_every_worker_hangs() -> None:
    token = CancelToken()

    def cancel_later() -> Iterator[tuple[int, str, bytes]]:
        yield 1, "hangs", b"x"
        yield 2, "hangs", b"x"
        token.cancel()

    with scripted() as pool, pytest.raises(Cancelled):
        list(pool.analyse_all(cancel_later(), report=Reporter(None, token)))


def test_reports_how_far_it_has_come() -> None:
    seen: list[Progress] = []
    with scripted() as pool:
        for _ in pool.analyse_all(crowd(500), report=Reporter(seen.append)):
            pass
    assert {progress.phase for progress in seen} == {"analyse"}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_closing_kills_the_workers_and_may_be_repeated() -> None:
    pool = scripted(1)
    pid = int(dict(pool.analyse_all(crowd(1)))["crowd 0"].language)
    assert is_running(pid)
    pool.close()
    pool.close()
    assert not is_running(pid)


def test_a_pool_that_is_forgotten_takes_its_workers_along() -> None:
    pool = scripted(1)
    pid = int(dict(pool.analyse_all(crowd(1)))["crowd 0"].language)
    del pool
    gc.collect()
    assert not is_running(pid)


def test_a_closed_pool_refuses_work() -> None:
    pool = scripted()
    pool.close()
    with pytest.raises(InvalidArgument, match="make a new one"):
        next(pool.analyse_all(crowd()))


def test_a_pool_that_is_closed_at_work_says_so() -> None:
    pool = scripted()
    answers = pool.analyse_all(heavy(1000))
    next(answers)
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        list(answers)


def test_one_loop_at_a_time() -> None:
    with scripted() as pool:
        answers = pool.analyse_all(crowd(1000))
        next(answers)
        with pytest.raises(InvalidArgument, match="second pool"):
            next(pool.analyse_all(crowd()))


@pytest.mark.parametrize(("workers", "seconds"), [(-1, 20.0), (1, 0.0), (1, -1.0)])
def test_senseless_numbers_are_refused(workers: int, seconds: float) -> None:
    with pytest.raises(InvalidArgument):
        WorkerPool(workers, seconds=seconds)


def test_a_worker_that_cannot_be_started_is_a_typed_error() -> None:
    with WorkerPool(2, command=("/nonexistent/worker",)) as pool, pytest.raises(WorkerError, match="cannot start"):
        list(pool.analyse_all(crowd()))


def test_a_system_without_threads_to_spare_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with scripted() as pool:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(WorkerError, match="can't start new thread"):
            list(pool.analyse_all(crowd()))


@POSIX
def test_goes_on_with_fewer_workers_when_no_new_one_can_be_started(tmp_path: Path) -> None:
    interpreter = tmp_path / "python"
    interpreter.symlink_to(sys.executable)
    with WorkerPool(2, command=(str(interpreter), *COMMAND[1:])) as pool:
        pids = {int(answer.language) for _, answer in pool.analyse_all(slow(200))}
        interpreter.unlink()
        os.kill(min(pids), signal.SIGKILL)
        survivors = {int(answer.language) for _, answer in pool.analyse_all(crowd())}
    assert survivors == {max(pids)}


def test_workers_that_end_before_they_are_ready_are_a_typed_error() -> None:
    command = (sys.executable, "-I", "-c", "raise SystemExit(9)")
    with WorkerPool(2, command=command) as pool, pytest.raises(WorkerError, match="exit code 9"):
        list(pool.analyse_all(crowd()))


def test_an_interpreter_without_executable_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(WorkerError, match="executable"):
        WorkerPool()


def test_files_of_a_worker_that_never_became_ready_go_to_one_that_is_idle(tmp_path: Path) -> None:
    only_the_first = f"""
import os, time
try:
    os.close(os.open({str(tmp_path / "first")!r}, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    time.sleep(0.5)
    os._exit(9)
"""
    command = (*COMMAND[:3], only_the_first + SCRIPTED_WORKER, *COMMAND[4:])
    with WorkerPool(2, command=command) as pool:
        answers = dict(pool.analyse_all(crowd(150)))
    assert len({answer.language for answer in answers.values()}) == 1
    assert len(answers) == 150


@POSIX
def test_workers_leave_the_processor_to_others_when_asked_to() -> None:
    with WorkerPool(1, low_priority=True) as pool:
        dict(pool.analyse_all([(1, "a.py", b"x = 1\n")]))
        pid = pool._board._seats[0].process.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


@POSIX
def test_ctrl_c_is_the_parents_to_decide() -> None:
    with WorkerPool(1) as pool:
        dict(pool.analyse_all([(1, "a.py", b"x = 1\n")]))
        pid = pool._board._seats[0].process.pid
        os.kill(pid, signal.SIGINT)
        answers: dict[int, FileAnalysis] = dict(pool.analyse_all([(2, "b.py", b"y = 1\n")]))
        assert answers[2].outcome is Outcome.PARSED
        assert pool._board._seats[0].process.pid == pid


def test_a_worker_killed_between_two_calls_is_replaced() -> None:
    with scripted(1) as pool:
        pid = int(dict(pool.analyse_all(crowd(1)))["crowd 0"].language)
        os.kill(pid, signal.SIGTERM)
        assert len(dict(pool.analyse_all(crowd(5)))) == 5


UNGUARDED = """
    from codevault.workers import WorkerPool
    with WorkerPool(2) as pool:
        for key, answer in pool.analyse_all((n, f"{n}.py", b"def f(): pass") for n in range(50)):
            print(key, len(answer.symbols))
"""


def test_an_unguarded_script_among_hostile_modules_works_and_nothing_hostile_runs(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    trap = f"open({str(canary)!r}, 'a').write(__name__)\n"
    for name in ("store", "analysis", "index", "wire", "worker", "model", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text(trap)
    result = run_script(UNGUARDED, cwd=tmp_path)
    assert result.stderr == ""
    assert sorted(result.stdout.split("\n")) == sorted(["", *(f"{n} 1" for n in range(50))])
    assert not canary.exists()


def test_workers_see_neither_the_working_folder_nor_python_variables(tmp_path: Path) -> None:
    hostile, elsewhere = tmp_path / "hostile", tmp_path / "elsewhere"
    hostile.mkdir()
    elsewhere.mkdir()
    trap = "import os, pathlib\n(pathlib.Path(__file__).parent / f'ran-{os.getpid()}').touch()\n"
    for name in ("sitecustomize", "re", "json", "msgspec", "tree_sitter", "blake3"):
        (elsewhere / f"{name}.py").write_text(trap)
    (hostile / "sitecustomize.py").write_text(trap)
    source = f"import os\nos.chdir({str(elsewhere)!r})\n{textwrap.dedent(UNGUARDED)}\nprint('parent', os.getpid())\n"
    result = run_script(source, cwd=tmp_path, PYTHONPATH=str(hostile), PYTHONSTARTUP=str(elsewhere / "re.py"))
    parent = result.stdout.split()[-1]
    assert result.stderr == ""
    assert [path.name for path in hostile.glob("ran-*")] == [f"ran-{parent}"]  # the parent's own choice
    assert list(elsewhere.glob("ran-*")) == []


@POSIX
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    result = run_script(
        """
        import os, sys
        from codevault.workers import WorkerPool
        pool = WorkerPool(1, command=sys.argv[1:])
        print(dict(pool.analyse_all([(1, "ok", b"x")]))[1].language, flush=True)
        os.kill(os.getpid(), 9)
        """,
        *COMMAND,
        cwd=tmp_path,
    )
    assert ends_soon(int(result.stdout))


@POSIX
def test_a_script_that_never_closes_its_pool_ends_in_silence(tmp_path: Path) -> None:
    result = run_script(
        """
        import sys
        from codevault.workers import WorkerPool
        pool = WorkerPool(1, command=sys.argv[1:])
        answers = pool.analyse_all((n, "ok", b"x") for n in range(100000))
        print(next(answers)[1].language)
        """,
        *COMMAND,
        cwd=tmp_path,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert ends_soon(int(result.stdout))


FORKING = """
    import os, sys, warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of forks beside threads: that is what we try
    from codevault.errors import WorkerError
    from codevault.workers import WorkerPool

    def in_child(act):
        child = os.fork()
        if not child:
            act()
            sys.exit(0)  # runs what the interpreter runs at its end
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def go_on():
        try:
            list(answers)
        except WorkerError:
            return
        os._exit(1)

    files = [(n, "ok", b"x" * 100000) for n in range(1000)]
    pool = WorkerPool(1, command=sys.argv[1:])
    answers = pool.analyse_all(files)
    first = next(answers)[1].language
    print(in_child(pool.close), in_child(lambda: None), in_child(go_on))
    rest = {answer.language for _, answer in answers}
    print(rest == {first})
"""


@POSIX
def test_a_forked_child_leaves_the_parents_workers_alone(tmp_path: Path) -> None:
    result = run_script(FORKING, *COMMAND, cwd=tmp_path)
    assert result.stderr == ""
    assert result.stdout.split() == ["0", "0", "0", "True"]


@POSIX
def test_few_file_descriptors_are_enough(tmp_path: Path) -> None:
    result = run_script(
        """
        import resource, sys
        from codevault.workers import WorkerPool
        resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
        with WorkerPool(4, command=sys.argv[1:]) as pool:
            print(len(dict(pool.analyse_all((n, "ok", b"x" * 100000) for n in range(200)))))
        """,
        *COMMAND,
        cwd=tmp_path,
    )
    assert (result.stdout, result.stderr) == ("200\n", "")


class Counted(Allowance):
    """Says "no more" some times before it says "go on"; what is spent is noted."""

    def __init__(self, refusals: int) -> None:
        super().__init__(1.0)
        self.refusals = refusals
        self.asked = 0

    @property
    def exhausted(self) -> bool:
        self.asked += 1
        return self.asked <= self.refusals


def test_an_allowance_is_told_what_workers_take_and_decides_when_they_get_more() -> None:
    allowance = Counted(refusals=6)
    with WorkerPool(2, command=COMMAND, allowance=allowance) as pool:
        answers = dict(pool.analyse_all(heavy(20)))

    assert len(answers) == 20
    assert allowance.asked > 6
    assert allowance.spent > 0


def test_where_the_system_does_not_know_a_process_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerProcess, "cpu_seconds", lambda _self: None)
    allowance = Allowance(1000.0)
    with WorkerPool(1, command=COMMAND, allowance=allowance) as pool:
        answers = dict(pool.analyse_all(slow(5)))

    assert len(answers) == 5
    assert allowance.spent > 0  # they sleep for a hundredth of a second each, which takes no processor


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has clocks of other processes")
def test_a_process_that_is_gone_has_no_clock() -> None:
    process = WorkerProcess(COMMAND)
    running = process.cpu_seconds()
    process.kill()
    process.end()
    process.close()

    assert running is not None
    assert process.cpu_seconds() is None


def test_a_worker_that_has_grown_is_replaced_and_no_file_is_blamed() -> None:
    files = [(number, "retires" if number % 20 == 0 else "ok", b"x" * number) for number in range(60)]
    with scripted(2) as pool:
        answers = dict(pool.analyse_all(files))

    assert {key: int(answer.problems[0]) for key, answer in answers.items()} == {number: number for number in range(60)}
    assert len({answer.language for answer in answers.values()}) >= 3
