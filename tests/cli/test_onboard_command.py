"""`envdeck onboard`: how a project stands, and what is done for it, on real environments."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from envdeck.cli.commands.onboard import _STEPS
from envdeck.cli.console import Console
from envdeck.cli.context import CommandContext
from envdeck.cli.main import run
from envdeck.core.onboarding.steps import NAMES
from envdeck.core.operations.engine.uv import find_uv
from envdeck.core.system.host import Host
from support.wheels import write_wheel

SECRET = "MARK-3f9c"
MINOR = "{}.{}".format(*sys.version_info)
PYPROJECT = """[project]
name = "api"
requires-python = ">=3.8"
dependencies = ["needed"]
[dependency-groups]
docs = ["written"]
[tool.uv]
default-groups = []
"""


@pytest.fixture
def machine(home, tmp_path) -> Host:
    """Return a machine with one Python, and two wheels for an index."""
    programs, wheels = tmp_path / "programs", tmp_path / "wheels"
    programs.mkdir()
    wheels.mkdir()
    (programs / f"python{MINOR}").symlink_to(os.path.realpath(sys.executable))
    for name in ("needed", "written"):
        write_wheel(wheels, name, files={f"{name}.py": ""})
    (home / ".config" / "pip").mkdir(parents=True)
    text = f"[global]\nno-index = true\nfind-links = {wheels}\n"
    (home / ".config" / "pip" / "pip.conf").write_text(text)
    environ = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "SHELL": "/bin/bash",
    }
    return Host(sys.platform, str(home), environ, root=str(tmp_path / "system"))


@pytest.fixture
def project(home) -> Path:
    folder = home / "work" / "api"
    (folder / "tests").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / ".env.example").write_text("PORT=8000\n")
    test = "import unittest\nimport needed\nclass It(unittest.TestCase):\n    def test(self):\n"
    test += "        print(open('.env').read())\n"
    (folder / "tests" / "test_it.py").write_text(test)
    return folder


@pytest.fixture
def onboard(machine, project):
    def call(*words, answer: str | None = None, at=project, **options) -> SimpleNamespace:
        """Run it on the project; `answer` is what a person types."""
        out, err = io.StringIO(), io.StringIO()
        answers = None if answer is None else io.StringIO(answer)
        context = CommandContext(machine, Console(out, err), answers=answers, **options)
        code = run(("onboard", str(at), *words), context)
        return SimpleNamespace(code=int(code), out=out.getvalue(), err=err.getvalue())

    return call


def states(document: str) -> dict[str, str]:
    return {step["step"]: step["state"] for step in json.loads(document)["steps"]}


def test_how_a_fresh_clone_stands(onboard, project, home):
    result = onboard("--check", "--json")
    told = json.loads(result.out)
    assert result.code == 1
    assert list(told) == ["schema", "project", "environment", "steps", "open"]
    assert (told["project"], told["environment"]) == (str(project), None)
    assert states(result.out) == {
        "interpreter": "done",
        "environment": "open",
        "packages": "waiting",
        "dotenv": "open",
        "secrets": "done",
        "hooks": "skipped",
        "command": "waiting",
        "activate": "waiting",
    }
    assert told["open"] == ["environment", "packages", "dotenv", "command", "activate"]
    assert list(told["steps"][0])[:9] == [
        *("step", "title", "state", "why", "message", "hint", "details", "commands", "safe")
    ]
    assert not (home / ".local").exists()


def test_the_same_for_people(onboard, project):
    result = onboard("--check")
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[0] == "project      ~/work/api"
    at = lines.index("○ to do           Environment")
    assert lines[at + 1] == "    not created yet: .venv"
    assert lines[at + 2].startswith("    Isolated packages keep")
    assert "    $ envdeck create ~/work/api" in lines[at:]
    assert result.err == "hint: envdeck onboard ~/work/api --yes\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--check", "--group", "dosc"], "the project has no group `dosc`"),
        (["--yes", "--extra", "docs"], "the project has no extra `docs`"),
        (["--check", "--shell", "elvish"], "unknown shell `elvish`"),
        (["--step", "environment"], "not a terminal: cannot ask for confirmation"),
        (["--step", "nothing"], "`nothing` is not one of"),
    ],
)
def test_what_it_does_not_have(onboard, project, words, message):
    result = onboard(*words)
    assert result.code == 2
    assert message in result.err
    assert not (project / ".venv").exists()


def test_a_folder_that_nothing_says_to_be_a_project_is_said(onboard, home):
    (home / "plain").mkdir()
    told = onboard("--check", at=home / "plain")
    assert "does not look like a project" in told.err
    assert "does not look" not in onboard("--check").err


def test_from_a_clone_to_the_first_command(onboard, project):
    if find_uv() is None:
        pytest.skip("uv is not installed with EnvDeck")
    result = onboard("--yes", "--group", "docs", "--json")
    told = json.loads(result.out)
    assert result.code == 0, result
    assert [(one["step"], one["operation"], one["status"]) for one in told["done"]] == [
        ("environment", "create", "done"),
        ("dotenv", "edit", "done"),
    ]
    assert told["open"] == []
    assert states(result.out)["packages"] == "done"
    assert states(result.out)["command"] == "ready"
    assert (project / ".env").read_text() == "PORT=8000\n"
    assert onboard("--check").err == "hint: envdeck onboard ~/work/api --step command\n"

    (project / ".env").write_text(f"PORT=8000\nTOKEN={SECRET}\n")
    result = onboard("--step", "command", answer="y\n")
    assert result.code == 0, result
    assert "$ python -m unittest discover -s tests" in result.err
    assert "TOKEN=****" in result.err
    assert SECRET not in result.out + result.err
    result = onboard("--check", "--json")
    assert result.code == 0
    assert states(result.out)["command"] == "done"
    assert "group:docs" in {
        option["id"]
        for step in json.loads(result.out)["steps"]
        for option in step["options"]
        if option["chosen"]
    }

    written = next((project / ".venv" / "lib").glob("python*/site-packages/needed-1.0.dist-info"))
    for path in written.iterdir():
        path.unlink()
    written.rmdir()
    assert states(onboard("--check", "--json").out)["packages"] == "open"
    result = onboard("--yes", "--json")
    assert [one["operation"] for one in json.loads(result.out)["done"]] == ["recreate"]
    assert states(result.out)["packages"] == "done"
    assert list((project / ".venv" / "lib").glob("python*/site-packages/written.py"))


def test_a_plan_is_only_shown(onboard, project):
    result = onboard("--yes", "--dry-run")
    assert result.code == 1
    assert "create ~/work/api/.venv" in result.out
    assert not (project / ".venv").exists()
    result = onboard("--step", "environment", "--dry-run")
    assert (result.code, result.out.splitlines()[0]) == (0, "create ~/work/api/.venv")


def test_a_guard_is_named_and_can_be_overruled(onboard, project, make_venv):
    if shutil.which("git", path="/usr/bin:/bin") is None:
        pytest.skip("git is not installed")
    make_venv(project / ".venv")
    for words in (["init", "-q"], ["add", "-f", ".venv/pyvenv.cfg"]):
        subprocess.run(["git", "-C", str(project), *words], check=True, timeout=60)
    refused = onboard("--step", "packages", "--yes")
    assert refused.code == 3
    assert "(tracked)" in refused.err
    assert onboard("--yes", "--json").code == 3
    assert onboard("--step", "packages", "--dry-run", "--allow", "tracked").code == 0
    assert onboard("--yes", "--allow", "mount").code == 2


def test_a_person_says_no(onboard, project):
    result = onboard("--step", "environment", answer="n\n")
    assert result.code == 1
    assert "run this step? [y/N] " in result.err
    assert result.err.endswith("note: nothing changed\n")
    assert not (project / ".venv").exists()


def test_a_step_that_waits(onboard):
    result = onboard("--step", "command", "--yes")
    assert result.code == 1
    assert "requires: Environment" in result.out


def test_a_command_that_fails(onboard, project, make_venv):
    make_venv(project / ".venv")
    (project / ".env").write_text("PORT=8000\n")
    (project / "pyproject.toml").write_text("[project]\nname = 'api'\n")
    result = onboard("--step", "command", "--yes", "--json")
    assert result.code == 1
    (done,) = json.loads(result.out)["done"]
    assert (done["status"], done["operation"]) == ("failed", "run")
    assert done["message"].endswith("; its effects remain")


def test_read_only(onboard, project):
    result = onboard("--step", "environment", "--yes", "--read-only")
    assert result.code == 3
    assert "read-only" in result.err
    result = onboard("--yes", "--read-only", "--json")
    assert result.code == 3
    assert {one["status"] for one in json.loads(result.out)["done"]} == {"refused"}
    assert not (project / ".venv").exists()
    assert not (project / ".env").exists()


def test_values_are_asked_for_and_shown_nowhere(onboard, project, monkeypatch):
    (project / ".env.example").write_text("PORT=8000\nTOKEN=changeme\n")
    asked = []
    typed = {"PORT": "", "TOKEN": SECRET}

    def getpass(prompt: str) -> str:
        asked.append(prompt.split()[0])
        return typed[asked[-1]]

    monkeypatch.setattr("getpass.getpass", getpass)
    result = onboard("--step", "dotenv", answer="y\n")
    assert result.code == 0, result
    assert asked == ["PORT", "TOKEN"]
    assert (project / ".env").read_text() == f"PORT=8000\nTOKEN={SECRET}\n"
    assert SECRET not in result.out + result.err


def test_a_step_that_yes_leaves_open_says_why(onboard, project):
    (project / ".env.example").write_text("PORT=8000\nTOKEN=changeme\n")
    for words in (("--yes",), ("--check",)):
        result = onboard(*words)
        assert "    value: PORT (from the example)" in result.out.splitlines()
        assert "    value: TOKEN (to be entered, which --yes cannot do)" in result.out.splitlines()
        assert result.err.splitlines()[-1] == "hint: envdeck onboard ~/work/api --step dotenv"
    assert not (project / ".env").exists()


def test_a_terminal_opens_the_screen(onboard, project, monkeypatch):
    from envdeck.cli.commands import screen

    asked = []
    monkeypatch.setattr(screen, "open_screen", lambda context, project: asked.append(project) or 0)
    assert onboard(interactive=True).code == 0
    assert asked == [str(project)]
    assert onboard("--check", interactive=True).code == 1
    assert asked == [str(project)]


def test_a_project_that_is_not_there(onboard, machine, home):
    out, err = io.StringIO(), io.StringIO()
    code = run(
        ("onboard", str(home / "gone"), "--check"), CommandContext(machine, Console(out, err))
    )
    assert (code, out.getvalue()) == (2, "")
    assert "does not exist" in err.getvalue()


def test_an_environment_is_no_project(onboard, project):
    (project / ".env.example").unlink()
    for name in ("pyproject.toml", "tests/test_it.py"):
        (project / name).rename(project.parent / name.replace("/", "-"))
    (project / "pyvenv.cfg").write_text("home = /usr/bin\n")
    result = onboard("--yes")
    assert (result.code, "is an environment, not a project" in result.err) == (2, True)
    (project / "requirements.txt").write_text("needed\n")  # some make it in the project itself
    assert "steps" in json.loads(onboard("--check", "--json").out)


def test_every_step_can_be_named():
    assert _STEPS == NAMES


def test_a_project_that_does_not_build_is_left_out(onboard, project):
    (project / "pyproject.toml").write_text(
        PYPROJECT + '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
    )
    (project / "b.py").write_text("raise SystemExit('broken on purpose')\n")
    refused = onboard("--yes", "--step", "environment")
    assert refused.code == 1
    assert "--no-project" in refused.err
    done = onboard("--yes", "--step", "environment", "--no-project", "--json")
    assert done.code == 0, done.err
    told = json.loads(onboard("--check", "--json").out)
    (packages,) = [one for one in told["steps"] if one["step"] == "packages"]
    assert packages["state"] == "done", packages
    assert "the project itself left out" in packages["message"]
    assert {"id": "without:project", "chosen": True}.items() <= packages["options"][-1].items()
