"""What is remembered of a project, and what a hostile file there may claim."""

import json
import os
from pathlib import Path

import pytest

from envdeck.core.onboarding.answers import (
    CommandRun,
    WalkthroughAnswers,
    memory_path,
    read_memory,
    remember_choice,
    remember_run,
)


def test_it_comes_back(host, project):
    ran = CommandRun("command:pytest", 1, 5.0, "1.2")
    remember_choice(host, str(project), "packages", ("group:dev",))
    remember_run(host, str(project), ran)
    remember_choice(host, str(project), "command", ("command:pytest",))
    chosen = {"packages": ("group:dev",), "command": ("command:pytest",)}
    assert read_memory(host, str(project)) == WalkthroughAnswers(chosen, ran)
    path = Path(memory_path(host, str(project)))
    assert path.stat().st_mode & 0o077 == 0
    assert str(project) not in path.read_text()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "", "no json", "[]", "[" * 100_000, '{"schema": 2}', "x" * 100_000,
        json.dumps({"schema": 1, "chosen": [1], "ran": "x"}),
        json.dumps({"schema": 1, "chosen": {"a": 1}, "ran": {"option": 1}}),
        json.dumps({"schema": 1, "ran": {"option": "a", "environment": "", "code": True, "at": 1}}),
        '{"schema": 1, "ran": {"option": "a", "environment": "", "code": 0, "at": NaN}}',
        '{"schema": 1, "ran": {"option": "a", "environment": "", "code": 0, "at": -1}}',
    ],
)  # fmt: skip
def test_what_is_no_memory_is_none(host, project, text):
    path = memory_path(host, str(project))
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write(text)
    assert read_memory(host, str(project)) == WalkthroughAnswers()


def test_a_place_that_cannot_be_written_ends_nothing(host, project, home):
    (home / ".local").touch()
    remember_choice(host, str(project), "packages", ("group:dev",))
    assert read_memory(host, str(project)) == WalkthroughAnswers()
