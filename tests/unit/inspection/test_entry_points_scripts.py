"""Commands from entry_points.txt, with the standard library's readers as the measure."""

import configparser
from importlib.metadata import EntryPoints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.metadata import parse_scripts
from envdeck.core.model import Script


def test_console_and_gui_scripts_and_nothing_else():
    data = (
        b"# made by hand\n[console_scripts]\nApi = api.cli:main\napi:dev=api.dev:run [color]\n\n"
        b"[api.plugins]\nignored = x:y\n[gui_scripts]\n  apiw = api.gui:App.start\n"
    )
    assert parse_scripts(data) == (
        Script("Api", "api.cli:main"),
        Script("api:dev", "api.dev:run"),
        Script("apiw", "api.gui:App.start"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[console_scripts]",
        b"[console_scripts]\nno equals sign\n= nameless\nempty =\n",
        b"api = before:any_section\n[other]\napi = a:b # console_scripts\n",
        b"[console_scripts\napi = a:b\n",
    ],
)
def test_lines_that_are_no_scripts_are_passed_over(data):
    assert parse_scripts(data) == ()


@given(st.binary(max_size=200).map(lambda noise: b"[console_scripts]\n" + noise))
def test_any_bytes_are_read(data):
    assert all(script.name and script.target for script in parse_scripts(data))


WORD = st.text("aZ0_.:-", min_size=1, max_size=9).map("n".__add__)
TARGET = st.builds("{}.{}:{}".format, *[st.text("abc_", min_size=1, max_size=4)] * 3)


@given(
    st.dictionaries(
        st.sampled_from(["console_scripts", "gui_scripts", "api.plugins"]),
        st.dictionaries(WORD, TARGET, min_size=1, max_size=5),
        max_size=3,
    ),
    st.sampled_from([" = ", "=", "= "]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_well_formed_ones_are_read_as_the_standard_library_reads_them(groups, equals, end):
    lines = []
    for group, points in groups.items():
        lines += [f"[{group}]", *(f"{name}{equals}{to}" for name, to in points.items()), ""]
    data = end.join(lines).encode()

    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    parser.read_string(data.decode())
    wanted = [group for group in parser.sections() if group.endswith("_scripts")]
    by_parser = [Script(*item) for group in wanted for item in parser[group].items()]
    assert list(parse_scripts(data)) == by_parser

    points = EntryPoints._from_text_for(data.decode(), None)
    by_library = [Script(point.name, point.value) for point in points if point.group in wanted]
    assert list(parse_scripts(data)) == by_library
