"""The walkthrough of real projects, from nothing to the first command, in a pseudo-terminal.

The projects are those of the demo, built in a home of their own: no network is there.
"""

import os
import subprocess
import sys

import pytest

from envdeck.core.system.host import Host
from envdeck.demo import build_demo
from support.terminal import Terminal

SECRET = "MARK-3f9c-token"


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Build a demo of one story, and make it the home of what is started."""

    def begun(story):
        root = tmp_path / "demo"
        root.mkdir()
        real = Host(sys.platform, str(tmp_path), {"PATH": os.environ["PATH"], "SHELL": "/bin/sh"})
        demo = build_demo(str(root), real, runs=sys.executable, scenarios=[story])
        for name in list(os.environ):
            if name != "PYTHONPATH":
                monkeypatch.delenv(name)
        for name, value in demo.host.environ.items():
            monkeypatch.setenv(name, value)
        return demo.project(story)

    return begun


class Walk:
    """A person who walks through."""

    def __init__(self, project, *command, columns=120, lines=36):
        self.project = project
        self.keys = 0
        command = ("-m", "envdeck", *command, project)
        self.screen = Terminal(*command, columns=columns, lines=lines)

    def sees(self, *words):
        self.screen.until(lambda: all(word in self.screen.text for word in words))

    def press(self, *keys):
        for key in keys:
            self.keys += 1
            self.screen.press(key)

    def done(self, count):
        self.screen.until(lambda: f"{count} of 8 done" in self.screen.text)

    def agrees(self):
        self.keys += 1
        self.screen.agree()

    def makes_the_environment(self, *, chooses):
        self.sees("Environment", "enter")
        self.press("\r")
        if chooses:
            self.sees("Show plan")
            self.press("\r")
        self.agrees()
        self.sees("created ")

    def fills_in(self):
        self.sees(".env file", "enter fill in")
        self.press("\r")
        self.sees("left empty", "enter show plan")  # in the last field: the others have proposals
        self.screen.press(SECRET)
        self.press("\r")
        self.agrees()
        self.sees("created ")

    def runs_the_command(self, command, said):
        self.sees("Tests", command, "enter choose")
        self.press("\r")
        self.sees("Show plan")
        self.press("\r")
        self.agrees()
        self.sees(said)

    def leaves(self):
        self.press("\x11")
        assert self.screen.ended() == 0


@pytest.fixture
def walk(planted):
    walks = []

    def begun(story=None):
        walks.append(Walk(planted(story) if story else walks[-1].project, "onboard"))
        walks[-1].sees("Project setup")
        return walks[-1]

    yield begun
    for each in walks:
        each.screen.close()


def checked(project):
    """What `envdeck onboard --check` says of it, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "envdeck", "onboard", project, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("columns", "lines"), [(80, 24), pytest.param(120, 36, marks=pytest.mark.slow)]
)
def test_a_fresh_clone_is_set_up_after_at_most_twelve_keys_and_the_secret(
    planted, request, columns, lines
):
    one = Walk(planted("clone"), columns=columns, lines=lines)
    request.addfinalizer(one.screen.close)
    one.sees("Take a one-minute tour?")
    one.screen.press("\x1b")  # once and never again: not counted
    one.sees("is a project without an environment", "w: set up the project")
    one.press("w")
    one.sees("Project setup", "2 of 8 done")
    one.makes_the_environment(chooses=True)
    one.done(4)
    one.fills_in()
    for found in ("not ignored by git", "ot installed: pre-commit"):
        one.sees(found, "enter run")
        one.press("\r")
        one.agrees()
    one.done(6)
    assert one.keys <= 12
    one.leaves()


def test_a_fresh_clone_comes_to_its_first_command(walk):
    one = walk("clone")
    one.done(2)
    one.sees("group dev (default)")
    one.makes_the_environment(chooses=True)
    one.done(4)
    one.leaves()
    one = walk()  # and it is taken up again where it was left
    one.done(4)
    one.fills_in()
    one.sees("not ignored by git", "enter run")
    one.press("\r")
    one.agrees()
    one.sees("ot installed: pre-commit", "enter run")
    one.press("\r")
    one.agrees()
    one.done(6)
    one.sees("Project setup complete")
    one.runs_the_command("pytest", "2 passed")
    one.done(7)
    one.leaves()
    code, said = checked(one.project)
    assert code == 0, said
    assert SECRET not in said
    assert SECRET not in one.screen.raw
    with open(os.path.join(one.project, ".env")) as file:
        assert f"CARRIER_TOKEN={SECRET}" in file.read()


@pytest.mark.parametrize(
    ("story", "dotenv", "command", "said"),
    [
        pytest.param("groups", False, "pytest", "1 passed", marks=pytest.mark.slow),
        ("requirements", True, "manage.py test", "Ran 4 tests"),
        pytest.param("poetry", False, "pytest", "1 passed", marks=pytest.mark.slow),
    ],
)
def test_every_shape_comes_to_its_first_command(walk, story, dotenv, command, said):
    one = walk(story)
    one.makes_the_environment(chooses=True)
    if dotenv:
        one.fills_in()
    one.sees("Project setup complete")
    if "What else the project needs" in one.screen.text:  # stands above the tests, and is read
        one.press("j")
    one.runs_the_command(command, said)
    one.leaves()
    code, said = checked(one.project)
    assert code == 0, said
