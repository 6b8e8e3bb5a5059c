"""Plain forms of requirements, versions and markers, read here, against what `packaging` says."""

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from envdeck.core.inspection.packages import requirements
from envdeck.core.inspection.packages.requirements import (
    MarkerHost,
    accepts,
    holds,
    marker_environment,
    parse_requirement,
)
from envdeck.core.model import Python

NAMES = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,4}[A-Za-z0-9])?\Z")
RELEASES = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(
    lambda numbers: ".".join(map(str, numbers))
)
VERSIONS = st.builds(
    str.__add__,
    RELEASES,
    st.sampled_from(["", "", "", ".post1", ".post0", "rc1", ".dev3", "+local", "a1.post2"]),
)
SPACE = st.sampled_from(["", "", " "])
CLAUSES = st.builds(
    lambda kind, space, release, star: f"{kind}{space}{release}{star}",
    st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~=", "==="]),
    SPACE,
    VERSIONS,
    st.sampled_from(["", "", "", ".*"]),
)
SPECIFIERS = st.lists(CLAUSES, max_size=3).map(",".join)
TERMS = st.one_of(
    st.builds(
        lambda name, kind, quote, value: f"{name} {kind} {quote}{value}{quote}",
        st.sampled_from(["python_version", "python_full_version", "implementation_version"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~=", "in"]),
        st.sampled_from(["'", '"']),
        st.sampled_from(["3", "3.1", "3.11", "3.11.7", "3.12", "3.11.*", "2", "4"]),
    ),
    st.builds(
        lambda name, kind, value: f"{name}{kind}'{value}'",
        st.sampled_from(["sys_platform", "platform_system", "os_name", "extra"]),
        st.sampled_from(["==", "!=", "in", " not in "]),
        st.sampled_from(["linux", "Linux", "win32", "posix", "nt", "Socks_5", "socks-5", "v1"]),
    ),
)
MARKERS = st.builds(
    lambda terms, words: " ".join(
        part for pair in zip(terms, [*words, ""], strict=False) for part in pair if part
    ),
    st.lists(TERMS, min_size=1, max_size=4),
    st.lists(st.sampled_from(["and", "or"]), min_size=3, max_size=3),
).filter(lambda text: not text.endswith((" and", " or")))
HOST = MarkerHost("posix", "linux", "x86_64", "6.1", "Linux", "#1")


@settings(deadline=None, max_examples=400)
@given(SPECIFIERS, VERSIONS)
@example("~=2.2", "2.2.post3")
@example(">1.7", "1.7.0.post1")
@example("!=1.*", "1")
@example("==1.0.*", "1")
def test_a_plain_version_is_in_what_packaging_says(specifier, version):
    try:
        wanted = SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except InvalidSpecifier:
        wanted = True
    assert accepts(specifier, version) is wanted


@settings(deadline=None, max_examples=400)
@given(NAMES, st.lists(NAMES, max_size=2), SPACE, SPECIFIERS, st.booleans())
@example("a", [], "", ">=1,>=1.0", False)
@example("a", ["b", "B"], "", "==1,!=2.*,!=3.*", True)
def test_a_plain_requirement_is_what_packaging_parses(name, extras, space, specifier, bracketed):
    asked = f"[{', '.join(extras)}]" if extras else ""
    text = f"{name}{asked}{space}" + (f"({specifier})" if bracketed and specifier else specifier)
    plain = requirements._parse_plain(text)
    if plain is None:
        return
    found = Requirement(text)
    assert plain.text == str(found)
    assert plain.specifier == str(found.specifier)
    assert plain == parse_requirement(text) or plain.text == parse_requirement(text).text


@settings(deadline=None, max_examples=400)
@given(MARKERS, st.sampled_from(["", "socks-5", "linux"]), st.sampled_from(["3.11.7", "3.13.0rc1"]))
@example("python_version < '3' or python_version > '2' and os_name == 'nt'", "", "3.11.7")
@example("os_name == 'posix' or os_name == 'nt' and python_version < '3'", "", "3.11.7")
def test_a_plain_marker_holds_where_packaging_says_so(marker, extra, version):
    environment = marker_environment(Python(version=version, implementation="cpython"), HOST)
    if requirements._CONDITION.match(marker) is None:
        return
    wanted = Marker(marker).evaluate({**dict(environment.variables), "extra": extra})
    assert holds(f"a ; {marker}", extra, environment) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "a @ file:///x",
        "a>=1.*",
        "a===1",
        "a>=1rc1",
        "a; python_version in '3'",
        "a;os_name>='x'",
        "a[]",
        "a>=1 b",
        "-a",
        "a>=1;",
        "é",
        "a;(os_name=='nt')",
        "a>=1,>=1.0",
        "a~=1",
    ],
)
def test_what_is_not_plain_is_left_to_packaging(text):
    assert requirements._parse_plain(text) is None


def test_plain_requirements_need_no_import():
    code = """
import sys
from envdeck.core.inspection.packages.requirements import *
from envdeck.core.inspection.packages.requirements import holds
from envdeck.core.model import Python
parsed = parse_requirement('Requests[socks] >=2.8,<3 ; python_version < "3.12" and os_name != "nt"')
assert accepts(parsed.specifier, "2.31.0")
holds('a>=1; sys_platform == "win32"', "", marker_environment(Python(version="3.11.7")))
print(*[name for name in sys.modules if name.startswith("packaging")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
