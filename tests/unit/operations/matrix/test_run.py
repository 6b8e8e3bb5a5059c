"""A matrix with real environments, a real installer, and projects as people have them."""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.interpreters import find_interpreters
from envdeck.core.model import CellEnd, CellStarted, CellStatus, Ending, Interpreter, NoPlan, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.matrix.copies import copy_sources
from envdeck.core.operations.matrix.plan import (
    MatrixChoice,
    MatrixPlan,
    plan_matrix,
    split_requirements,
)
from envdeck.core.system.host import Host
from support.environments import tool_data
from support.limits import pass_hours
from support.trees import states
from support.wheels import BACKEND, write_wheel

MINOR = "{}.{}".format(*sys.version_info)
WRITES = 'open("written", "w").write("by the build")'
SECRET = "tpk-5f0e-71aa-93cc"


@pytest.fixture
def other() -> str:
    """Return the executable of another minor version that this machine has."""
    own = pwd.getpwuid(os.getuid()).pw_dir  # where people keep them; this only looks
    for one in find_interpreters(replace(Host.current(), home=own)):
        if not isinstance(one, Interpreter) or one.implementation != "cpython":
            continue
        if re.match(r"3\.(9|1\d)\.\d+$", one.version) and not one.version.startswith(MINOR):
            return one.executable
    pytest.skip("no Python of another minor version is here")


class Bench:
    """A project that needs `elm`, of which there are three releases."""

    def __init__(self, root: Path) -> None:
        self.home, self.wheels = root / "home", root / "wheels"
        self.project = self.home / "work" / "api"
        self.project.mkdir(parents=True)
        for version, headers in (("1.0", []), ("2.0", []), ("3.0", ["Requires-Python: >=3.99"])):
            body = {"elm.py": f"version = {version!r}\n"}
            write_wheel(self.wheels, "elm", version, body, headers=headers)
        write_wheel(self.wheels, "ivy", "1.0", {"ivy.py": ""}, requires=["elm<2"])
        settings = self.home / ".config" / "pip" / "pip.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[global]\nno-index = true\nfind-links = {self.wheels}\n")
        self.declare()
        (self.project / ".env").write_text(f"TOKEN={SECRET}\n")
        own = os.path.join(sys.base_prefix, "bin")
        path = os.pathsep.join((own, os.environ["PATH"]))
        environ = {"PATH": path, "UV_CACHE_DIR": str(tool_data() / "uv")}
        self.host = Host(sys.platform, str(self.home), environ)
        self.operations = Operations(Catalog(self.host), Policy())

    def declare(self, *, requires: str = "elm", python: str = ">=3.8", before: str = WRITES):
        """Write the project, whose build writes into the folder that it runs in."""
        backend = BACKEND.format(
            name="api", version="1", before=before, requires=f"Requires-Dist: {requires}\n"
        )
        (self.project / "backend.py").write_text(backend)
        (self.project / "api.py").write_text("import elm\n")
        (self.project / "pyproject.toml").write_text(
            f'[project]\nname = "api"\nversion = "1"\nrequires-python = "{python}"\n'
            f'dependencies = ["{requires}"]\n[build-system]\nrequires = []\n'
            'build-backend = "backend"\nbackend-path = ["."]\n'
        )

    def plan(self, code: str, *columns: str, **more):
        """Plan a program of Python as the command, on the Python of the tests."""
        more.setdefault("pythons", (sys.executable,))
        command = ("python", "-B", "-c", code)
        choice = MatrixChoice(command=command, columns=columns, **more)
        return plan_matrix(self.operations, str(self.project), choice)

    def run(self, code: str, *columns: str, stopped=lambda: False, **more):
        plan = self.plan(code, *columns, **more)
        assert isinstance(plan, MatrixPlan), plan
        told: list = []
        result = self.operations.run(plan, told.append, stopped)
        assert self.left() == []
        return plan, result, told

    def left(self) -> list[str]:
        """What was left behind of environments."""
        return [str(path) for path in self.home.glob("**/environment")]


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def ends(told) -> list[CellEnd]:
    return sorted((e for e in told if isinstance(e, CellEnd)), key=lambda one: one.number)


def test_each_column_has_what_it_names_and_the_project_is_not_written_to(bench):
    before = states(bench.project)
    code = "import elm, sys; print('elm', elm.version); sys.exit(elm.version == '2.0')"
    plan, result, told = bench.run(code, "elm<2", "elm>=2,<3", "")
    assert [cell.column for cell in plan.cells] == [("elm<2",), ("elm>=2,<3",), ()]
    first, second, third = ends(told)
    assert [one.status for one in (first, second, third)] == ["passed", "failed", "failed"]
    assert (first.exit, second.exit) == (0, 1)
    assert first.packages == (("elm", "1.0"),)
    assert second.packages == (("elm", "2.0"),)
    assert second.output == ("elm 2.0",)
    assert (result.status, result.message) == (Ending.FAILED, "1 of 3 passed, 2 failed")
    assert states(bench.project) == before


def test_the_project_is_installed_from_a_copy_and_runs_in_its_folder(bench):
    code = (
        "import os, sys; sys.path.remove(''); import api;"
        f"assert os.getcwd() == {str(bench.project)!r}; print(api.__file__)"
    )
    _, result, told = bench.run(code)
    assert result.status is Ending.DONE
    assert result.message == "1 of 1 passed"
    assert str(bench.project) not in ends(told)[0].output[0]


@pytest.mark.slow
def test_over_two_interpreters(bench, other):
    code = "import sys, elm; print(*sys.version_info[:2])"
    plan, result, told = bench.run(code, pythons=(sys.executable, other))
    assert result.status is Ending.DONE
    assert len(plan.pythons) == 2
    assert ends(told)[0].output[0] == MINOR.replace(".", " ")
    assert ends(told)[0].output != ends(told)[1].output


def test_by_default_each_minor_version_that_the_project_admits_is_there_once(bench):
    major, minor = sys.version_info[:2]
    bench.declare(python=f">={MINOR},<{major}.{minor + 1}")
    plan = bench.plan("pass", pythons=())
    assert isinstance(plan, MatrixPlan)
    assert [one.rpartition(".")[0] for one in plan.pythons] == [MINOR]


def test_what_cannot_be_built_says_why_and_is_not_run(bench):
    code = "print('ran')"
    _, result, told = bench.run(code, "elm>=3", "ivy, elm>=2", "birch", "elm<2")
    no_python, conflict, missing, fine = ends(told)
    assert {one.status for one in (no_python, conflict, missing)} == {CellStatus.NOT_BUILT}
    assert no_python.reason == "--with: elm==3.0 requires Python >=3.99"
    assert "conflicting requirements" in conflict.reason
    assert "ivy" in conflict.reason
    assert missing.reason == "--with: birch not found in the index"
    assert all("ran" not in one.output for one in (no_python, conflict, missing))
    assert fine.status is CellStatus.PASSED
    assert result.message == "1 of 4 passed, 3 cannot be built"
    assert result.status is Ending.FAILED


def test_a_python_that_is_not_here_and_one_that_the_project_does_not_admit(bench):
    bench.declare(python=">=3.98")
    _, result, told = bench.run("pass", pythons=("3.99", sys.executable))
    first, second = ends(told)
    assert first.reason == "Python 3.99 not found"
    assert second.reason == "the project requires Python >=3.98"
    assert result.message == "0 of 2 passed, 2 cannot be built"


def test_a_project_that_does_not_build_is_built_once_and_named(bench):
    bench.declare(before='raise RuntimeError("no compiler of its own")')
    _, result, told = bench.run("pass", "elm<2", "elm>=2,<3")
    assert {one.status for one in ends(told)} == {CellStatus.NOT_BUILT}
    assert "no compiler of its own" in ends(told)[0].reason
    assert result.message == "0 of 2 passed, 2 cannot be built"


def test_a_folder_of_wheels_is_no_project(bench):
    (bench.project / "pyproject.toml").unlink()
    lines = f"--find-links file://{bench.wheels}\n--no-index\nelm\n"
    (bench.project / "requirements.txt").write_text(lines)
    _, result, told = bench.run("import elm; print(elm.version)", "elm<2", "")
    assert [one.reason for one in ends(told)] == ["", ""]
    assert result.status is Ending.DONE


def test_a_lock_is_what_is_installed_but_for_what_a_column_changes(bench):
    write_wheel(bench.wheels, "oak", "1.0", {"oak.py": "version = '1.0'\n"})
    write_wheel(bench.wheels, "oak", "2.0", {"oak.py": "version = '2.0'\n"})
    bench.declare(requires="elm")
    text = (bench.project / "pyproject.toml").read_text()
    (bench.project / "pyproject.toml").write_text(text.replace('["elm"]', '["elm", "oak"]'))
    (bench.project / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n'
        + "".join(f'[[packages]]\nname = "{n}"\nversion = "1.0"\n' for n in ("elm", "oak"))
    )
    code = "import elm, oak; print(elm.version, oak.version)"
    plan, result, told = bench.run(code, "", "elm>=2,<3")
    assert [cell.spec.source.title for cell in plan.cells] == ["pylock.toml", "pylock.toml"]
    assert result.status is Ending.DONE
    assert [one.output for one in ends(told)] == [("1.0 1.0",), ("2.0 1.0",)]


def test_a_lock_of_uv_is_installed_by_uv_and_nothing_is_built_in_the_project(bench):
    bench.declare(requires="elm<3")
    with (bench.project / "pyproject.toml").open("a") as file:
        file.write(f'[tool.uv]\nno-index = true\nfind-links = ["{bench.wheels}"]\n')
    lock = [find_uv_bin(), "lock", "-q", "--offline", "--python", sys.executable]
    environ = {**bench.host.environ, "HOME": str(bench.home)}
    subprocess.run(lock, cwd=bench.project, env=environ, check=True, timeout=60)
    before = states(bench.project)
    code = "import sys; sys.path.remove(''); import api, elm; print(api.__file__, elm.version)"
    plan, result, told = bench.run(code, "", "elm<2")
    assert [cell.spec.source.title for cell in plan.cells] == ["uv.lock", "uv.lock"]
    assert result.status is Ending.DONE, ends(told)
    files, versions = zip(*(one.output[0].split() for one in ends(told)), strict=True)
    assert versions == ("2.0", "1.0")
    assert all("site-packages" in file for file in files)
    assert states(bench.project) == before


def test_a_command_that_takes_too_long_is_ended(bench, monkeypatch, tmp_path):
    mark = tmp_path / "begun"
    pass_hours(monkeypatch, mark)
    code = f"import time; print('begun', flush=True); open({str(mark)!r}, 'a').write('x')"
    _, result, told = bench.run(f"{code}; time.sleep(600)", limit=60)
    (end,) = ends(told)
    assert (end.status, end.exit) == (CellStatus.TIMED_OUT, None)
    assert end.reason == "not over after 60 s"
    assert end.output == ("begun",)
    assert result.message == "0 of 1 passed, 1 timed out"


def test_when_it_is_cancelled_the_rest_is_not_run(bench):
    flag = bench.home / "begun"
    code = f"import time; open({str(flag)!r}, 'w').close(); time.sleep(60)"
    plan, result, told = bench.run(code, "elm<2", "elm>=2,<3", stopped=flag.exists, at_once=1)
    assert [one.status for one in ends(told)] == [CellStatus.NOT_RUN, CellStatus.NOT_RUN]
    begun = {one.number for one in told if isinstance(one, CellStarted)}
    assert begun == {1}
    assert result.stopped
    assert result.status is Ending.ROLLED_BACK
    assert len(plan.cells) == 2


def test_a_program_of_another_python_is_no_result(bench, tmp_path):
    outside = tmp_path / "bin" / "checker"
    outside.parent.mkdir()
    outside.write_text(f"#!{sys.executable}\nprint('all is well')\n")
    outside.chmod(0o755)
    path = f"{outside.parent}:{os.environ['PATH']}"
    host = Host(bench.host.platform, bench.host.home, {**bench.host.environ, "PATH": path})
    operations = Operations(Catalog(host), Policy())
    choice = MatrixChoice(command=("checker",), pythons=(sys.executable,))
    plan = plan_matrix(operations, str(bench.project), choice)
    assert isinstance(plan, MatrixPlan)
    told: list = []
    operations.run(plan, told.append)
    (end,) = ends(told)
    assert end.status is CellStatus.FAILED
    assert end.reason.startswith("checker is not installed in it")
    assert "--with checker" in end.hint


def test_secrets_of_the_project_are_masked_in_what_is_kept(bench):
    plan, _, told = bench.run("print(open('.env').read())")
    assert SECRET not in str(told)
    log = Path(bench.operations.store.journal.log_file(plan.id)).read_text()
    assert "TOKEN=****" in log
    assert SECRET not in log


def test_bad_input_is_a_reason(bench):
    for choice, word in (
        (MatrixChoice(command=()), "no command to run"),
        (MatrixChoice(command=("x",), columns=("elm<<2",)), "invalid requirement `elm<<2`"),
        (MatrixChoice(command=("x",), groups=("nothing",)), "no group `nothing`"),
        (MatrixChoice(command=("x",), pythons=("/nowhere/python",)), "is not an interpreter"),
    ):
        plan = plan_matrix(bench.operations, str(bench.project), choice)
        assert isinstance(plan, NoPlan)
        assert word in plan.message
        assert plan.missing


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("django>=4,<5, psycopg", ("django>=4,<5", "psycopg")),
        ("a[x,y]>=1,b", ("a[x,y]>=1", "b")),
        ("a", ("a",)),
        ("", ()),
        (" , ", (",",)),
    ],
)
def test_requirements_of_a_column(text, parts):
    assert split_requirements(text) == parts


def test_environments_caches_and_repositories_are_not_copied(tmp_path):
    source = tmp_path / "api"
    for name in (".venv/pyvenv.cfg", "env/pyvenv.cfg", "a/__pycache__/x.pyc", "a/b.py",
                 "build/old.py", "a/build/c.py", "x.egg-info/PKG-INFO", ".git/HEAD"):  # fmt: skip
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (source / "gone").symlink_to("nowhere")
    copy = Path(copy_sources(str(source), str(tmp_path / "place")))
    files = sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file())
    own = [one for one in files if not one.startswith(".git/")]
    assert own == ["a/b.py", "a/build/c.py"]


KILLED = """
import sys
from envdeck.core.catalog import Catalog
from envdeck.core.operations.api import Operations
from envdeck.core.operations.matrix.plan import MatrixChoice, plan_matrix
from envdeck.core.model import Policy
from envdeck.core.system.host import Host
home, project, uv, path, python, code = sys.argv[1:]
host = Host(sys.platform, home, {"PATH": path, "UV_CACHE_DIR": uv})
operations = Operations(Catalog(host), Policy())
choice = MatrixChoice(command=("python", "-B", "-c", code), pythons=(python,))
operations.run(plan_matrix(operations, project, choice), lambda event: None)
"""


def test_a_kill_leaves_nothing_after_the_next_start(bench):
    flag = bench.home / "begun"
    code = (
        f"import os, time; open({str(flag)!r}, 'w').write(str(os.getpid()));"
        "[time.sleep(0.05) for _ in iter(lambda: os.getppid() != 1, False)]"
    )
    words = [sys.executable, "-c", KILLED, bench.home, bench.project, tool_data() / "uv"]
    process = subprocess.Popen([*words, os.environ["PATH"], sys.executable, code])
    deadline = time.monotonic() + 60
    while not (flag.exists() and flag.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert bench.left()
    with suppress(ProcessLookupError):
        os.kill(int(flag.read_text()), signal.SIGKILL)
    while bench.left() and time.monotonic() < deadline:
        bench.operations.recover()
        time.sleep(0.05)
    assert bench.left() == []
    (entry,) = [one for one in bench.operations.history() if one.entry.operation == "matrix"]
    assert entry.entry.phase == "rolled-back"


def test_the_repository_of_a_project_is_asked_and_not_written_to(bench):
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v7"]):
        subprocess.run([*git, *words], cwd=bench.project, check=True, timeout=60)
    asks = (
        'import subprocess; open("api.py", "a").write("tag = " + repr(subprocess.run('
        '["git", "describe", "--tags", "--dirty"], capture_output=True, text=True, check=True)'
        ".stdout.strip()))"
    )
    bench.declare(before=asks)
    before = states(bench.project)
    code = "import sys; sys.path.remove(''); import api; print(api.tag)"
    _, result, told = bench.run(code)
    assert result.status is Ending.DONE, json.dumps(ends(told)[0].output)
    assert ends(told)[0].output == ("v7-dirty",)
    assert states(bench.project) == before
