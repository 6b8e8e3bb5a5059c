"""Questions about real environments, and the proof that asking changes nothing."""

import os
from dataclasses import replace

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import identity_of, recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import Identity, Operation, ProjectLink, Target
from envdeck.core.operations.guards.check import ask
from envdeck.core.operations.guards.context import GuardContext, GuardRequest
from support.trees import states
from support.wheels import write_wheel


@pytest.fixture
def read(host):
    """Return a function that reads the environment at a path."""

    def reading(path, on=host):
        candidate = recognise(os.fspath(path))
        return Inspector(on).inspect(candidate, manager_of(candidate, managers(on)), ProjectLink())

    return reading


@pytest.fixture
def question(host, read):
    """Return a function that makes a question; it also takes the fields of the moment."""

    def making(path, operation=Operation.DELETE, *, link=None, on=host, **moment):
        path = os.path.realpath(path)
        environment = read(path, on) if recognise(path) else None
        identity = identity_of(path) or Identity(0, 0)
        return GuardRequest(
            operation=operation,
            target=Target(path, identity),
            environment=environment,
            link=None if link is None else os.fspath(link),
            machine=GuardContext(on, **moment),
        )

    return making


@pytest.fixture
def asked(question):
    """Return a function that asks all guards, proving that asking touches nothing, and gives
    the refusals by guard."""

    def asking(path, *arguments, allowed=frozenset(), **options):
        before = states(path)
        one = question(path, *arguments, **options)
        refusals = ask(one, allowed=frozenset(allowed))
        assert (
            ask(replace(one, machine=one.machine.refreshed()), allowed=frozenset(allowed))
            == refusals
        )
        assert states(path) == before
        return {refusal.guard: refusal for refusal in refusals}

    return asking


@pytest.fixture
def wheel(tmp_path):
    """Return a wheel of the package `cow`, with a command."""
    code = "def main():\n    print('moo')\n"
    script = "[console_scripts]\ncow = cow:main\n"
    return write_wheel(tmp_path / "wheels", "cow", files={"cow.py": code}, entry_points=script)
