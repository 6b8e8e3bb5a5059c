"""Every command over a project full of secrets: none of them says one, or keeps one."""

import os
import subprocess
import sys

import pytest

from envdeck.cli.main import COMMANDS
from support.program import run_program

ENV, PROJECT = "work/api/.venv", "work/api"
CALLS = {
    "list": ("list", "--json"),
    "list as text": ("list",),
    "show": ("show", ENV),
    "show as JSON": ("show", ENV, "--json"),
    "find": ("find", "one"),
    "diff": ("diff", ENV),
    "diff as JSON": ("diff", ENV, "--json"),
    "diff as a page": ("diff", ENV, f"{PROJECT}/requirements.txt", "--format", "html"),
    "diff with a file": ("diff", ENV, f"{PROJECT}/requirements.txt"),
    "doctor": ("doctor", "--deep"),
    "doctor as JSON": ("doctor", ENV, "--deep", "--json"),
    "why": ("why", ENV, "one"),
    "outdated": ("outdated", ENV, "--json"),
    "run": ("run", ENV, "--", "true"),
    "clean": ("clean", "--manager", "venv", "--dry-run", "--json"),
    "clean of caches": ("clean", "--caches", "--dry-run", "--json"),
    "bisect": ("bisect", ENV, "--good", "2026-01-01", "--", "true"),
    "matrix": ("matrix", PROJECT, "--python", sys.executable, "--json", "--", "true"),
    "timeline": ("timeline", ENV),
    "timeline as JSON": ("timeline", ENV, "--json"),
    "timeline, marked good": ("timeline", ENV, "--mark-good"),
    "recreate, as it was": ("recreate", ENV, "--from", "snapshot:2100-01-01", "--yes", "--json"),
    "interpreters": ("interpreters", "--json"),
    "dotenv": ("dotenv", PROJECT),
    "dotenv as JSON": ("dotenv", PROJECT, "--json"),
    "dotenv of no such key": ("dotenv", PROJECT, "--reveal", "NOT_THERE"),
    "dotenv made private": ("dotenv", PROJECT, "--private", "--yes", "--json"),
    "dotenv ignored": ("dotenv", PROJECT, "--ignore", "--yes"),
    "dotenv added to": ("dotenv", PROJECT, "--add-missing", "--dry-run", "--json"),
    "onboard": ("onboard", PROJECT, "--check"),
    "onboard as JSON": ("onboard", PROJECT, "--check", "--json"),
    "onboard, the safe steps": ("onboard", PROJECT, "--yes", "--json"),
    "recreate": ("recreate", ENV, "--from", "declared", "--yes", "--json", "--verbose"),
    "recreate, from a file": (
        "recreate", ENV, "--from", f"{PROJECT}/requirements.txt", "--yes", "--verbose",
    ),
    "recreate, the choices": ("recreate", ENV, "--choices", "--json"),
    "upgrade": ("upgrade", ENV, "--all", "--yes", "--json"),
    "install": ("install", ENV, "absent", "--yes", "--json"),
    "uninstall": ("uninstall", ENV, "absent", "--dry-run", "--json"),
    "create": ("create", PROJECT, "--path", "other", "--yes", "--json", "--verbose"),
    "delete": ("delete", ENV, "--yes", "--allow", "unowned-files", "--json"),
    "undo": ("undo", "--yes"),
    "history": ("history", "--json"),
    "trash": ("trash", "list", "--json"),
    "config": ("config", "show"),
    "schema": ("schema",),
    "completion": ("completion", "bash"),
}  # fmt: skip
ELSEWHERE = {"demo"}
"""Commands that have a home of their own, and never look at this one."""


def test_every_command_has_a_call():
    assert {words[0] for words in CALLS.values()} | ELSEWHERE == set(COMMANDS)


@pytest.fixture
def call(marked):
    def called(*words: str) -> subprocess.CompletedProcess[str]:
        # Nothing of an index is reached: what fails says why, and that is where secrets get out.
        variables = {"HOME": str(marked.home), "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        return run_program(*words, environ={**os.environ, **variables}, cwd=marked.home)

    return called


def test_no_command_says_a_secret_or_keeps_one(marked, call):
    telling = {}
    for name, words in CALLS.items():
        done = call(*words)
        assert "Traceback" not in done.stderr, (name, done.stderr)
        assert done.returncode in {0, 1, 2, 3}, (name, done.stderr)
        if told := marked.told(done.stdout + done.stderr):
            telling[name] = told
    assert telling == {}
    assert marked.kept() == {}


def test_only_a_person_who_asks_sees_one(marked, call):
    shown = call("dotenv", PROJECT, "--reveal", "QUOTED").stdout
    assert marked.told(shown)
    assert "\n" not in shown.strip()
    assert marked.kept() == {}
