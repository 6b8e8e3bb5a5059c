"""What a project's own code prints of its dotenv files while it is built, or run: masked."""

import json
import os
import shlex
import sys
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.dotenv.report import values_of
from envdeck.core.model import Ending, OutputLine
from envdeck.core.operations.api import Operations
from envdeck.core.operations.engine.command import Command, masker
from envdeck.core.operations.engine.runner import LINE_LIMIT, Runner
from envdeck.core.operations.engine.uv import find_uv

VALUE = "MARK-\"3f9c\\ it's\té /?"
FORMS = {
    "plain": VALUE,
    "repr": repr(VALUE),
    "json": json.dumps(VALUE),
    "json in its own letters": json.dumps(VALUE, ensure_ascii=False),
    "url": quote(VALUE, safe=""),
    "query": quote_plus(VALUE),
    "shell": shlex.quote(VALUE),
    "latin-1": VALUE.encode("latin-1").decode("utf-8", "replace"),
    "coloured": f"\x1b[1m{VALUE[:9]}\x1b[31;1m{VALUE[9:]}\x1b[0m",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_way_in_which_a_program_writes_a_value(form):
    told = masker({}, [VALUE])(f"before {FORMS[form]} behind")
    assert "****" in told
    assert not {"MARK", "3f9c", "it's", "it"} & {*told.replace("'", " ").split()}
    assert "3f9c" not in told


def test_colours_stay_where_there_is_nothing_to_mask():
    assert masker({}, [VALUE])("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"


@pytest.mark.parametrize("before", [LINE_LIMIT - 4, LINE_LIMIT - 1, LINE_LIMIT])
def test_value_where_a_line_is_cut(host, tmp_path, before):
    code = f"print('x' * {before} + 'MARK-3f9c' + 'y' * 9000)"
    environ = {"PATH": os.environ["PATH"]}
    command = Command((sys.executable, "-S", "-c", code), str(tmp_path), environ)
    events = []
    done = Runner(host, hides=("MARK-3f9c",)).run(command, events.append)
    (line,) = [event.text for event in events if isinstance(event, OutputLine)]
    assert (len(line), line.strip("x")) == (LINE_LIMIT, "*" * (LINE_LIMIT - before))
    assert "MARK" not in done.stdout


def test_value_as_it_stands_in_its_file(tmp_path):
    line = r'KEY="MARK-3f9c\t\"quoted\""'
    (tmp_path / ".env").write_text(f"{line}\n")
    mask = masker({}, values_of(str(tmp_path)))
    assert mask(line) == 'KEY="****"'


BACKEND = """
import pathlib, sys
text = pathlib.Path(__file__).with_name(".env").read_text()
print(text, flush=True)
print(text, file=sys.stderr, flush=True)
def build(*_, **__): raise SystemExit("boom " + text)
build_wheel = build_editable = build
"""


@pytest.mark.skipif(find_uv() is None, reason="uv is not here")
def test_build_that_prints_a_value_leaves_none(host, home, tmp_path):
    project = home / "work" / "api"
    project.mkdir(parents=True)
    (project / ".env").write_text("TOKEN=MARK-3f9c-token\n")
    (project / "backend.py").write_text(BACKEND)
    (project / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    host = replace(host, environ={"PATH": os.environ["PATH"], "UV_OFFLINE": "1"})
    operations = Operations(Catalog(host, str(tmp_path / "index.sqlite3")))
    events = []
    result = operations.run(operations.plan_create(str(project)), events.append)
    assert result.status is Ending.ROLLED_BACK
    assert "build failed" in result.message
    lines = [event.text for event in events if isinstance(event, OutputLine)]
    assert any("boom TOKEN=****" in line for line in lines)
    assert "MARK" not in result.message + result.hint + repr(events)
    kept = [path for path in (home / ".local").rglob("*") if path.is_file()]
    assert [path.name for path in kept if b"MARK" in path.read_bytes()] == []
