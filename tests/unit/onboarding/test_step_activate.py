"""The line that activates an environment, in the shell that a person sits at."""

import pytest

from envdeck.core.onboarding.model import StepState
from envdeck.core.onboarding.steps.environment import shell_in_use


def test_it_waits_for_the_environment(stands):
    assert stands("activate").state is StepState.WAITING


@pytest.mark.parametrize(
    ("shell", "before", "script"),
    [
        ("bash", "source", "activate"),
        ("sh", ".", "activate"),
        ("fish", "source", "activate.fish"),
        ("tcsh", "source", "activate.csh"),
        ("pwsh", "&", "Activate.ps1"),
    ],
)
def test_the_line_for_each_shell(stands, environment, shell, before, script):
    view = stands("activate", shell=shell)
    assert view.state is StepState.READY
    assert view.commands == ((before, str(environment / "bin" / script)),)


def test_a_shell_that_it_has_no_script_for(stands, environment):
    view = stands("activate", shell="nu")
    assert view.state is StepState.CANNOT
    assert view.message == "api/.venv has no activation script for nu"


def test_it_is_active(stands, environment, host):
    host.environ["VIRTUAL_ENV"] = str(environment)
    assert stands("activate").state is StepState.DONE


def test_another_one_is_active(stands, environment, host, make_venv, home):
    host.environ["VIRTUAL_ENV"] = str(home / "other")
    view = stands("activate")
    assert view.state is StepState.READY
    assert view.message == f"run this in zsh; active now: {home}/other"


@pytest.mark.parametrize(
    ("above", "shell", "found"),
    [
        ((), "/usr/bin/fish", "fish"),
        ((), "", "sh"),
        ((), "/bin/made-up", "sh"),
        (("uv", "fish", "login"), "/bin/bash", "fish"),
        (("python3.12", "-zsh"), "", "zsh"),
        (("sh", "fish"), "/bin/bash", "bash"),
        (("a) S 1 (b", "bash"), "", "bash"),
    ],
)
def test_the_shell_in_use(host, tmp_path, above, shell, found):
    host.environ["SHELL"] = shell
    for number, name in enumerate(above, start=100):
        folder = tmp_path / "system" / "proc" / str(number)
        folder.mkdir(parents=True)
        (folder / "stat").write_text(f"{number} ({name}) S {number + 1} 1 1 0 -1")
    assert shell_in_use(host, 100) == found
