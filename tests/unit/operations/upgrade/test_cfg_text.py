"""A `pyvenv.cfg` for another base: what names the base changes, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.discovery.prefix import parse_cfg
from envdeck.core.model import Identity, Interpreter
from envdeck.core.operations.engine.relocation import CfgChange, rewritten
from envdeck.core.operations.shared.interpreters import can_stand

BASE = Interpreter(
    "/opt/py t/bin/python3.12", "/opt/py t", Identity(1, 2), "3.12.9", "cpython", "system"
)
OURS = {"home", "executable", "version", "version_info"}
OURS |= {"base-prefix", "base-exec-prefix", "base-executable"}


def test_order_comments_and_line_ends_stay():
    data = (
        b"# mine: home = no\r\nHome=/gone/bin\r\nprompt = 'home = x'\r\n"
        b"version = 3.12.4\r\nhome = /g"
    )
    new, changes = rewritten(data, BASE)
    assert new == (
        b"# mine: home = no\r\nHome=/opt/py t/bin\r\nprompt = 'home = x'\r\n"
        b"version = 3.12.9\r\nhome = /opt/py t/bin"
    )
    assert changes == (
        CfgChange("home", "/gone/bin", "/opt/py t/bin"),
        CfgChange("version", "3.12.4", "3.12.9"),
        CfgChange("home", "/g", "/opt/py t/bin"),
    )


@pytest.mark.parametrize(
    ("old", "version", "new"),
    [
        ("3.12.4", "3.12.9", "3.12.9"),
        ("3.12.4.final.0", "3.12.9", "3.12.9.final.0"),
        ("3.12.4.final.0", "3.12.0rc2", "3.12.0.candidate.2"),
        ("3.12", "3.12.9", "3.12"),
        ("3.12.4", "3.12", "3.12.4"),
        ("3.12.4", None, "3.12.4"),
    ],
)
def test_a_version_keeps_the_form_of_its_creator(old, version, new):
    base = Interpreter("/p/bin/python", "/p", Identity(1, 2), version, "cpython", "system")
    data, _changes = rewritten(f"home = /p/bin\nversion_info = {old}\n".encode(), base)
    assert parse_cfg(data.decode())["version_info"] == new


def test_a_path_that_is_not_text_is_written_byte_by_byte():
    base = Interpreter(
        "/o\udcff/bin/python", "/o\udcff", Identity(1, 2), "3.12.9", "cpython", "system"
    )
    assert rewritten(b"home = /x\n", base)[0] == b"home = /o\xff/bin\n"


@pytest.mark.parametrize("path", ["/two\nlines", "/end ", "/re\rturn"])
def test_a_path_that_no_line_holds_is_known(path):
    assert not can_stand(path)


LINES = st.lists(
    st.one_of(
        st.binary(max_size=20).filter(lambda line: not set(line) & set(b"\r\n")),
        st.builds(
            lambda key, value: f"{key} = {value}".encode(),
            st.sampled_from([*sorted(OURS), "prompt", "HOME", "uv", "home-run", " home"]),
            st.sampled_from(["", "/a=b", "3.12.4", "x home = y"]),
        ),
    ),
    max_size=8,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_only_lines_of_the_base_change_and_only_once(lines, end):
    data = end.join(lines)
    new, _changes = rewritten(data, BASE)
    assert parse_cfg(new.decode("latin-1"))["home"] == "/opt/py t/bin"
    assert rewritten(new, BASE) == (new, ())
    kept = [line for line in new.splitlines() if line not in data.splitlines()]
    assert {line.partition(b"=")[0].strip().lower().decode() for line in kept} <= OURS
