"""What uv does with what it is told, and the formats that it writes: the contract is pinned."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Creation
from envdeck.core.model import PackageChange as Change
from envdeck.core.operations.engine.command import Command, Completed, clean_environ
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import (
    InstallRules,
    Outdated,
    UvAdapter,
    read_outdated,
    read_pins,
    read_plan,
)
from envdeck.core.system.host import Host


@pytest.fixture
def run(engine_host: Host) -> Callable[[Command], Completed]:
    def run(command: Command) -> Completed:
        return Runner(engine_host).run(command, limit=60)

    return run


@pytest.fixture
def python(make_venv, tmp_path: Path) -> str:
    return str(make_venv(tmp_path / "env", creator="uv") / "bin" / "python")


@pytest.fixture
def index(wheel, links: Path) -> Path:
    """Two releases of `one`; `two` needs it, the first only an old one."""
    wheel(links, "one", "1.0")
    wheel(links, "one", "2.0")
    wheel(links, "two", "1.0", requires=("one<2",))
    wheel(links, "two", "2.0", requires=("one",))
    wheel(links, "three")
    return links


def listed(folder: Path, *lines: str) -> str:
    path = folder / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def installed(python: str) -> dict[str, str]:
    site = Path(python).parent.parent.glob("lib/python*/site-packages/*.dist-info")
    return dict(path.name.removesuffix(".dist-info").split("-") for path in site)


def test_installing_upgrading_and_what_a_plan_says_of_it(uv, run, python, index) -> None:
    old = listed(index, "one==1.0", "two==1.0")
    assert run(uv.install(python, old)).ok
    assert installed(python) == {"one": "1.0", "two": "1.0"}

    names = listed(index, "one", "two", "three")
    done = run(uv.plan(python, names, upgrade=("two", "one")))
    both = (Change("one", "1.0", "2.0"), Change("three", None, "1.0"), Change("two", "1.0", "2.0"))
    assert read_plan(done) == both
    assert json.loads(done.stdout)["schema"] == {"version": "preview"}
    # The same as text, as uv writes it to people.
    command = uv.plan(python, names, upgrade=())
    argv = tuple(part for part in command.argv if part not in {"--output-format", "json"})
    as_text = run(replace(command, argv=argv))
    assert as_text.stdout == ""
    assert read_plan(as_text) == both

    assert installed(python) == {"one": "1.0", "two": "1.0"}
    assert run(uv.install(python, listed(index, "one==1.0", "two==2.0", "three"))).ok
    assert installed(python) == {"one": "1.0", "two": "2.0", "three": "1.0"}
    assert read_plan(run(uv.plan(python, names))) == ()


def test_a_plan_of_a_reinstall_and_of_a_removal(uv, run, python, index) -> None:
    pins = listed(index, "one==1.0")
    assert run(uv.install(python, pins)).ok
    again = run(uv.install(python, pins, InstallRules(reinstall=("one",))))
    assert read_plan(again) == (Change("one", "1.0", "1.0"),)
    done = run(uv.uninstall(python, pins))
    assert read_plan(done) == (Change("one", "1.0", None),)
    assert installed(python) == {}


def test_what_is_outdated(uv, run, python, index) -> None:
    assert run(uv.install(python, listed(index, "two==1.0"), InstallRules(dependencies=False))).ok
    assert read_outdated(run(uv.outdated(python))) == (Outdated("two", "1.0", "2.0"),)


def test_resolving_installs_nothing(uv, run, python, index) -> None:
    wanted = listed(index, "two", "three")
    done = run(uv.resolve(wanted, python=python, python_version="3.13", only_binary=True))
    assert read_pins(done) == (("one", "2.0"), ("three", "1.0"), ("two", "2.0"))
    done = run(uv.resolve(wanted, python=python, resolution="lowest"))
    assert read_pins(done) == (("one", "1.0"), ("three", "1.0"), ("two", "1.0"))
    assert installed(python) == {}


def test_the_person_s_shell_and_project_lead_nowhere_else(
    engine_host: Host, run, python, index, tmp_path: Path, make_venv
) -> None:
    other = make_venv(tmp_path / "other", creator="uv")
    project = tmp_path / "project"
    project.mkdir()
    (project / "uv.toml").write_text("[pip]\nprefix = 'hijacked'\n")
    environ = {
        "VIRTUAL_ENV": str(other),
        "UV_PYTHON": str(other),
        "UV_SYSTEM_PYTHON": "1",
        "PYTHONHOME": "/nowhere",
    }
    host = replace(engine_host, environ={**engine_host.environ, **environ})
    assert run(UvAdapter(host, folder=str(project)).install(python, listed(index, "three"))).ok
    assert installed(python) == {"three": "1.0"}
    assert not (project / "hijacked").exists()
    told = run(
        UvAdapter(host, folder=str(project), project=True).install(python, listed(index, "one"))
    )
    assert told.ok
    assert (project / "hijacked").exists()


def test_create_keeps_the_flags(uv, run, tmp_path: Path, python) -> None:
    path = tmp_path / "made"
    path.mkdir()
    creation = Creation("uv", prompt="it's", system_site_packages=True, relocatable=True)
    assert run(uv.create(str(path), python, creation)).ok
    cfg = (path / "pyvenv.cfg").read_text()
    assert "include-system-site-packages = true" in cfg
    assert "relocatable = true" in cfg
    assert "it's" in cfg
    (path / "mine").touch()
    assert not run(uv.create(str(path), python, creation)).ok
    assert (path / "mine").exists()


def test_a_project_s_lock_is_installed_into_the_environment_that_is_told(
    uv, engine_host: Host, run, python, index, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.9"\n'
        'dependencies = ["two<2"]\n[dependency-groups]\ndev = ["three"]\nmore = ["one"]\n'
        f"[tool.uv]\nno-index = true\nfind-links = ['{index}']\n"
    )
    uv = UvAdapter(engine_host, folder=str(project), project=True)
    assert run(uv.lock()).ok
    target = str(Path(python).parent.parent)
    done = run(uv.project_sync(target, python, groups=()))
    assert done.ok, done.tail
    assert installed(python) == {"one": "1.0", "two": "1.0"}
    assert run(uv.project_sync(target, python)).ok
    assert installed(python) == {"one": "1.0", "two": "1.0", "three": "1.0"}
    assert run(uv.project_sync(target, python, groups=("more",), omitted=("two",))).ok
    assert installed(python) == {"one": "1.0"}
    assert not (project / ".venv").exists()


def test_credentials_stand_in_the_variables_alone(engine_host: Host, tmp_path: Path) -> None:
    url = "https://ada:secret@index.example/simple"
    environ = {"PIP_INDEX_URL": url, "PIP_NO_INDEX": "0"}
    command = UvAdapter(replace(engine_host, environ=environ), folder="/w").outdated(
        "/e/bin/python"
    )
    assert command.environ["UV_DEFAULT_INDEX"] == url
    assert "secret" not in repr(command)
    assert command.shown[:2] == ("uv", "--no-config")
    assert "--no-index" not in command.argv


def test_what_cannot_be_read_is_not_taken_for_nothing() -> None:
    assert read_outdated(Completed(0, "{")) is None
    assert read_outdated(Completed(0, "[{}, 1]")) is None
    assert read_outdated(Completed(0, "[]")) == ()


INSTALLED = '{"name": "one", "version": "1.0", "action": "installed"}'


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "{}", "[" * 100_000, '{"changes": {}}', '{"changes": null}',
        '{"schema": {"version": "1"}, "plan": {"install": ["one"]}}',
        '{"changes": [{"name": 1}, 2]}',
        f'{{"changes": [{INSTALLED}, {{"name": "two", "version": "1", "action": "replaced"}}]}}',
        f'{{"changes": [{INSTALLED}, {{"name": "two", "action": "installed"}}]}}',
    ],
)  # fmt: skip
def test_a_plan_of_another_form_is_read_from_its_text_or_not_at_all(text: str) -> None:
    assert read_plan(Completed(0, text)) is None
    said = ("Would uninstall 1 package", "Would install 2 packages")
    rows = (" - one==1.0", " + one==2.0", " + two==1.0")
    both = (Change("one", "1.0", "2.0"), Change("two", None, "1.0"))
    assert read_plan(Completed(0, text, (*said, *rows))) == both
    assert read_plan(Completed(0, text, (*said, *rows[:-1]))) is None  # cut
    assert read_plan(Completed(0, text, rows)) is None
    assert (
        read_plan(Completed(0, text, ("Checked 1 package in 1ms", "Would make no changes"))) == ()
    )


def test_variables_of_the_person_that_are_kept(host: Host) -> None:
    environ = {"UV_INDEX_MINE_PASSWORD": "x", "UV_HTTP_TIMEOUT": "5", "UV_VENV_CLEAR": "1"}
    environ |= {"PYTHONPATH": "/x", "PATH": "/bin", "UV_PROJECT_ENVIRONMENT": "/x"}
    clean = clean_environ(replace(host, environ=environ))
    assert set(clean) == {"UV_INDEX_MINE_PASSWORD", "UV_HTTP_TIMEOUT", "PATH", "NO_COLOR", "HOME"}


def test_the_best_of_all_indexes_is_taken_as_pip_does(
    engine_host: Host, run, python, wheel, tmp_path: Path
) -> None:
    for name, version in (("first", "1.0"), ("second", "2.0")):
        file = wheel(tmp_path / name / "one", "one", version)
        (tmp_path / name / "one" / "index.html").write_text(f'<a href="{file.name}">x</a>')
    text = f"[global]\nindex-url = file://{tmp_path}/second\nextra-index-url = {tmp_path}/first\n"
    (Path(engine_host.home) / ".config" / "pip" / "pip.conf").write_text(text)
    wanted = listed(tmp_path, "one")
    assert run(UvAdapter(engine_host, folder=str(tmp_path)).install(python, wanted)).ok
    assert installed(python) == {"one": "2.0"}


def test_several_threads_may_ask_first_where_uv_is():
    """In a process of its own: `sysconfig` is filled once."""
    asks = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from envdeck.core.operations.engine.uv import find_uv

sys.setswitchinterval(1e-6)
together = Barrier(8)


def ask(_):
    together.wait()
    return find_uv()


with ThreadPoolExecutor(8) as pool:
    assert all(pool.map(ask, range(8)))
"""
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
