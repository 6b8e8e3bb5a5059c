"""Scripts that are made at a path too long for a `#!` line, and used at a short one, or the other
way round; those too that tell their encoding, which has to stand in the first two lines."""

import os

import pytest

from envdeck.core.operations.engine.scripts import rewrite_shebang
from envdeck.core.operations.recipe.recipe import read_wheel_head

SAID = "import sys\nprint(sys.prefix, 'M\xfcnchen')\n"
SCRIPTS = [
    ("DATA/scripts/plain", b"#!python\nimport sys\nprint(sys.prefix, 'M')\n"),
    ("DATA/scripts/utf8", b"#!python\n# -*- coding: utf8 -*-\n" + SAID.encode()),
    ("DATA/scripts/latin", b"#!python\n# vim: fileencoding=latin-1 :\n" + SAID.encode("latin-1")),
]  # fmt: skip
NAMES = ("plain", "utf8", "latin")


@pytest.fixture
def places(make_machine, tmp_path):
    """Return a machine whose trash lies at a long path, and a short and a long environment's."""
    machine = make_machine("h" * 120)
    machine.wheel("told", "1.0", SCRIPTS)
    return machine, tmp_path / "w" / ".venv", machine.home / "work" / ".venv"


@pytest.mark.parametrize("which", [1, 2])
def test_they_start_where_they_are_put(which, places, kit):
    machine, path = places[0], places[which]
    machine.make(path, "uv")
    machine.install(path, "uv", "told")
    encoding = {**os.environ, "PYTHONIOENCODING": "utf-8"}["PYTHONIOENCODING"]
    for _ in range(2):
        result = machine.done(machine.operations.plan_recreate(machine.look(path)))
        assert "1 of 1 packages identical by RECORD" in result.verified
        assert kit.unlike_record(path) == []
        for name in NAMES:
            said = machine.call([path / "bin" / name], PYTHONIOENCODING=encoding)
            assert said.startswith(f"{path} M")


OCTAL = b'"$(printf %%b %s)"' % b" ".join(b"'\\'0%03o" % byte for byte in b"/long/er/bin/python3")


def shell(word: bytes, encoding: bytes = b"") -> bytes:
    return b"#!/bin/sh\n" + encoding + b"'''exec' " + word + b" \"$0\" \"$@\"\n' '''\n"


@pytest.mark.parametrize("after", [b"/new", b"/" + b"n" * 200, b"/" + "ü".encode() * 100])
def test_what_is_written_byte_by_byte_is_read(after):
    body = b"# coding: latin-1\nprint('\xfc')\n"
    script = shell(OCTAL, b"# coding: latin-1\n") + body
    assert read_wheel_head(script)[0] == b"#!python"
    assert script[read_wheel_head(script)[1] :].lstrip() == body
    new = rewrite_shebang(script, b"/long/er", after)
    assert new.endswith(body)
    head = new.removesuffix(body)
    if after == b"/new":
        assert head == b"#!/new/bin/python3\n"
    else:
        assert head.split(b"\n")[1] == b"# coding: latin-1"
        assert head.isascii()  # the encoding of the script cannot change it
    assert read_wheel_head(new)[0] in {b"#!python", b""}


@pytest.mark.parametrize("word", [
    b'"$(printf %b \'\\\'0057; id)"', OCTAL.replace(b"'\\'0160 '\\'0171", b"'\\'0145 '\\'0171"),
])  # fmt: skip
def test_what_starts_something_else_is_left_as_it_is(word):
    assert read_wheel_head(shell(word)) == (b"", 0)
