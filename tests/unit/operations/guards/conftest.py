"""Questions about real environments, and the proof that asking changes nothing."""

import hashlib
import os
import zipfile
from dataclasses import replace

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import identity_of, recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import Identity, Operation, ProjectLink, Target
from envdeck.core.operations.guards.check import ask
from envdeck.core.operations.guards.context import GuardContext, GuardRequest


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
        before = digest(path)
        one = question(path, *arguments, **options)
        refusals = ask(one, allowed=frozenset(allowed))
        assert (
            ask(replace(one, machine=one.machine.refreshed()), allowed=frozenset(allowed))
            == refusals
        )
        assert digest(path) == before
        return {refusal.guard: refusal for refusal in refusals}

    return asking


def digest(path):
    """Hash what is below a path: names, modes, times of change, contents."""
    seen = hashlib.sha256()
    for folder, folders, names in os.walk(os.fsencode(path)):
        folders.sort()
        for name in sorted([*folders, *names]):
            place = os.path.join(folder, name)
            status = os.lstat(place)
            seen.update(
                b"%s\0%o %d %d\0" % (place, status.st_mode, status.st_mtime_ns, status.st_ino)
            )
            if os.path.islink(place):
                seen.update(os.readlink(place))
            elif os.path.isfile(place):
                with open(place, "rb") as file:
                    seen.update(file.read())
    return seen.hexdigest()


@pytest.fixture
def wheel(tmp_path):
    """Return a wheel of the package `cow`, with a command."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "cow-1.0-py3-none-any.whl"
    info = "cow-1.0.dist-info"
    files = {
        "cow.py": "def main():\n    print('moo')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: cow\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ncow = cow:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
