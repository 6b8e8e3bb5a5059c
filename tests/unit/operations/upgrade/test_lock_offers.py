"""What an upgrade means for a project's lock file."""

from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.operations.upgrade.lock import lock_offer
from envdeck.core.system.host import Host


@pytest.fixture
def tools(host: Host, tmp_path: Path) -> Host:
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("poetry", "pdm", "pipenv"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return replace(host, environ={"PATH": str(folder)})


@pytest.mark.parametrize(
    ("file", "commands"),
    [
        (
            "uv.lock",
            (
                ("uv", "lock", "--upgrade-package", "rich", "--upgrade-package", "idna"),
                ("uv", "sync"),
            ),
        ),
        ("poetry.lock", (("poetry", "update", "rich", "idna"),)),
        ("pdm.lock", (("pdm", "update", "rich", "idna"),)),
        ("Pipfile.lock", (("pipenv", "upgrade", "rich", "idna"), ("pipenv", "sync"))),
    ],
)
def test_the_tool_of_the_lock_upgrades_in_it(tools, tmp_path, file, commands):
    (tmp_path / file).touch()
    offer = lock_offer(tools, str(tmp_path), ["rich", "idna"])
    assert offer is not None
    assert (offer.file, offer.commands, offer.available) == (file, commands, True)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("poetry.lock", "poetry is not on the PATH"),
        ("pylock.toml", "no tool can upgrade single packages in it"),
    ],
)
def test_without_a_tool_it_says_that_the_two_will_differ(host, tmp_path, file, sentence):
    (tmp_path / file).touch()
    offer = lock_offer(host, str(tmp_path), ["rich"])
    assert offer is not None
    assert not offer.available
    assert offer.sentence == f"{file} and the environment will differ: {sentence}"


def test_of_several_locks_that_of_the_manager_counts(tools, tmp_path):
    (tmp_path / "uv.lock").touch()
    (tmp_path / "pdm.lock").touch()
    offers = [lock_offer(tools, str(tmp_path), [], manager=name) for name in ("pdm", "venv")]
    assert [offer and offer.tool for offer in offers] == ["pdm", "uv"]


def test_without_a_lock_there_is_no_offer(tools, tmp_path):
    (tmp_path / "uv.lock").mkdir()
    assert lock_offer(tools, str(tmp_path), ["rich"]) is None
