"""The runner: what is told, what is kept, and that nothing of a command is left."""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.model.events import CommandEnded, CommandStarted, OperationEvent, OutputLine
from envdeck.core.operations.engine import runner as runner_module
from envdeck.core.operations.engine.command import NOT_FOUND, NOT_RUNNABLE, Command
from envdeck.core.operations.engine.runner import LINE_LIMIT, Runner, leave_out_place
from envdeck.core.system.host import Host


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Command]:
    def command(code: str, *, data: bool = False, **variables: str) -> Command:
        argv = (sys.executable, "-S", "-c", code)
        return Command(argv, str(tmp_path), {"PATH": os.environ["PATH"], **variables}, data)

    return command


def lines(events: list[OperationEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, OutputLine)]


def test_lines_of_both_pipes_are_told_and_stdout_is_kept(host: Host, python) -> None:
    events: list[OperationEvent] = []
    done = Runner(host).run(
        python("import sys; print('out'); print('talk', file=sys.stderr)"), events.append
    )
    assert (done.code, done.stdout, done.tail, done.ok) == (0, "out\n", ("talk",), True)
    assert sorted(lines(events)) == ["out", "talk"]
    assert isinstance(events[0], CommandStarted)
    assert isinstance(events[-1], CommandEnded)
    assert events[-1].code == 0


def test_data_is_not_told(host: Host, python) -> None:
    events: list[OperationEvent] = []
    done = Runner(host).run(python("print('{}')", data=True), events.append)
    assert done.stdout == "{}\n"
    assert lines(events) == []


def test_a_progress_line_is_told_once_as_it_was_last(host: Host, python) -> None:
    events: list[OperationEvent] = []
    Runner(host).run(
        python("import sys; sys.stderr.write('1%\\r50%\\r100%\\ndone\\r\\nrest')"), events.append
    )
    assert lines(events) == ["100%", "done", "rest"]


def test_secrets_of_the_variables_are_masked_even_without_their_url(host: Host, python) -> None:
    events: list[OperationEvent] = []
    command = python(
        "import os, sys; url = os.environ['UV_INDEX']; word = url[12:23];"
        "print(word, word.replace('%40', '@'), url, file=sys.stderr)",
        UV_INDEX="https://ada:p%40ss-word@index.example/simple",
    )
    done = Runner(host).run(command, events.append)
    assert lines(events) == ["**** **** https://****@index.example/simple"]
    assert done.tail == ("**** **** https://****@index.example/simple",)
    assert "ss-word" not in repr(command) + repr(done) + repr(events)


def test_memory_is_bounded(host: Host, python, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "STDOUT_LIMIT", 1000)
    events: list[OperationEvent] = []
    code = "import sys; print('x' * 500_000); [print(i, file=sys.stderr) for i in range(100)]"
    done = Runner(host).run(python(code), events.append)
    assert (len(done.stdout), done.cut, done.ok) == (1000, True, False)
    assert done.tail == tuple(str(number) for number in range(60, 100))
    assert max(map(len, lines(events))) == LINE_LIMIT


def test_a_program_that_is_not_there_is_a_value(host: Host, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program")
    runner = Runner(host)
    absent = runner.run(Command((str(tmp_path / "no\npe"),), str(tmp_path), {}))
    assert (absent.code, absent.tail) == (NOT_FOUND, ("cannot run no\npe: does not exist",))
    assert runner.run(Command((str(text),), str(tmp_path), {})).code == NOT_RUNNABLE
    folder = str(tmp_path / "gone")
    gone = runner.run(Command((sys.executable,), folder, {}))
    assert gone.tail == (f"the folder {folder} does not exist",)


def test_it_has_no_input(host: Host, python) -> None:
    assert Runner(host).run(python("print(repr(input()))")).code == 1


_FAMILY = """
import subprocess, sys, time, signal
if {deaf}: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True);"
    " time.sleep(600)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
{then}
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_stopping_ends_the_whole_family(host: Host, python, *, deaf: bool) -> None:
    events: list[OperationEvent] = []
    command = python(_FAMILY.format(deaf=deaf, then="time.sleep(600)"))
    done = Runner(host, grace_seconds=0.2).run(command, events.append, lambda: bool(lines(events)))
    assert (done.stopped, done.ok, done.code) == (True, False, -9 if deaf else -15)
    assert_gone(int(lines(events)[0]))


def test_a_child_that_outlives_its_command_is_ended(host: Host, python) -> None:
    events: list[OperationEvent] = []
    done = Runner(host, grace_seconds=0.2).run(
        python(_FAMILY.format(deaf=False, then="")), events.append
    )
    assert (done.code, done.stopped) == (0, False)
    assert_gone(int(lines(events)[0]))


def test_a_time_limit_ends_it(host: Host, python) -> None:
    done = Runner(host).run(python("import time; time.sleep(600)"), limit=0.2)
    assert (done.overdue, done.stopped, done.code) == (True, False, -15)


def test_a_teller_that_raises_leaves_nothing_behind(host: Host, python) -> None:
    told: list[int] = []

    def tell(event: OperationEvent) -> None:
        if isinstance(event, OutputLine):
            told.append(int(event.text))
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        Runner(host).run(
            python("import os, time; print(os.getpid(), flush=True); time.sleep(600)"), tell
        )
    assert_gone(told[0])
    assert threading.active_count() == before


def test_who_left_the_group_keeps_the_lock_and_does_not_hold_us(
    host: Host, python, tmp_path: Path
) -> None:
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    events: list[OperationEvent] = []
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-S', '-c',"
        f" 'import time; time.sleep(600)'], start_new_session=True, pass_fds=[{lock}]);"
        "print(p.pid)"
    )
    done = Runner(host, keep=[lock], grace_seconds=0.1).run(python(code), events.append)
    os.close(lock)
    assert done.code == 0
    other = os.open(tmp_path / "lock", os.O_RDWR)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)
        os.kill(int(lines(events)[0]), 9)


def assert_gone(pid: int) -> None:
    """Wait until a process is no more, or a zombie that nobody of us has to reap."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        state = ""
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state in {"", "Z", "X"}:
            return
    pytest.fail(f"process {pid} is still there")


def test_a_place_that_nothing_stays_at_is_left_out():
    told = []
    lines = [
        "Using CPython 3.12.4",
        "Creating virtual environment at: trash/20261120-101502-4f2a/environment",
        "Activate with: source trash/20261120-101502-4f2a/environment/bin/activate",
        "error: cannot write trash/20261120-101502-4f2a/environment",
    ]
    for line in lines:
        leave_out_place(told.append)(OutputLine(line))
    assert [event.text for event in told] == [lines[0], lines[3]]
