"""What git says of an edit that is done, and where it may be taken back."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import NoPlan
from envdeck.core.operations.api import Operations

GIT = shutil.which("git")


@pytest.fixture
def nested(desk):
    """A project in git whose subfolder takes back what is ignored above it."""
    if GIT is None:
        pytest.skip("git is not here")
    home = {"HOME": str(desk.home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run([GIT, "init", "-q", desk.project], check=True, env=home)
    host = replace(desk.operations.catalog.host, environ={"PATH": os.path.dirname(GIT)})
    desk.operations = Operations(Catalog(host, str(desk.home / "index.sqlite3")))
    (desk.project / "sub").mkdir()
    (desk.project / "sub" / ".env").write_text("A=1\n")
    (desk.project / "sub" / ".gitignore").write_text("!.env\n")
    return desk


def test_rule_that_another_takes_back_is_told(nested):
    file = str(nested.project / "sub" / ".env")
    result = nested.run(nested.plan("ignore", file=file))
    assert result.hint.startswith("still not ignored: another rule overrides it")
    again = nested.plan("ignore", file=file)
    assert isinstance(again, NoPlan)
    assert again.hint == result.hint


def test_rule_that_holds_needs_no_word(nested):
    nested.env.write_text("A=1\n")
    assert nested.run(nested.plan("ignore")).hint == ""


def test_edit_where_the_system_keeps_its_own_is_taken_back(desk, tmp_path):
    host = desk.operations.catalog.host
    project = tmp_path / "system" / "usr" / "src" / "app"
    project.mkdir(parents=True)
    env = project / ".env"
    env.write_text("A=1\n")
    env.chmod(0o644)
    assert host.system("usr", "src", "app") == str(project)
    desk.done(desk.plan("private", file=str(env), project=str(project)))
    assert env.stat().st_mode & 0o777 == 0o600
    desk.undo()
    assert env.stat().st_mode & 0o777 == 0o644
