"""Who needs whom: markers for the environment's interpreter, extras, conflicts and rings."""

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from envdeck.core.inspection.packages.dependencies import Needs, requirement_graph
from envdeck.core.inspection.packages.requirements import (
    MarkerHost,
    find_marker_extras,
    marker_environment,
)
from envdeck.core.model import Distribution, Python

LINUX = MarkerHost("posix", "linux", "x86_64", "6.8.0", "Linux", "#1 SMP")
WINDOWS = MarkerHost("nt", "win32", "AMD64", "11", "Windows", "10.0.26100")
PYTHON = Python("3.12.4", "cpython")


def row(name: str, version: str, *requirements: str) -> Distribution:
    return Distribution(name, name, version, f"/{name}", requirements=requirements)


def graph(
    *rows: Distribution, python: Python = PYTHON, machine: MarkerHost = LINUX
) -> dict[str, Needs]:
    found = requirement_graph(rows, marker_environment(python, machine))
    return {each.name: needs for each, needs in zip(rows, found, strict=True)}


def test_names_are_compared_as_pep_503_does_and_both_ways_are_told():
    found = graph(row("a", "1", "Zope.Interface>=5", "b_c"), row("zope-interface", "7"))
    assert found["a"] == Needs(requires=("b-c", "zope-interface"), missing=("b_c",))
    assert found["zope-interface"].required_by == ("a",)


def test_a_version_outside_the_specifier_is_missing_but_still_required():
    found = graph(row("a", "1", "b<2,>=1"), row("b", "2.0"), row("c", "1", "b!=2.0.*"))
    assert found["a"] == Needs(requires=("b",), missing=("b<2,>=1",))
    assert found["b"].required_by == ("a", "c")


@pytest.mark.parametrize(
    ("requirement", "version"),
    [("b>=1", "2.0rc1"), ("b==1.0", "1.0+cu12"), ("b>=3", "2004d"), ("b===2004d", "2004d")],
)
def test_pre_releases_local_versions_and_odd_ones_satisfy(requirement, version):
    assert graph(row("a", "1", requirement), row("b", version))["a"].missing == ()


def test_one_of_two_installed_versions_is_enough():
    found = graph(row("a", "1", "b>=2"), row("b", "1"), row("b", "2"))
    assert found["a"] == Needs(requires=("b",))


@pytest.mark.parametrize(
    ("python", "marker", "holds"),
    [
        (Python("3.8.18", "cpython"), 'python_version < "3.9"', True),
        (Python("3.12.4", "cpython"), 'python_version < "3.9"', False),
        (Python("3.10", "cpython"), 'python_version >= "3.9"', True),
        (Python("2.7.18", "cpython"), 'python_version < "3"', True),
        (Python("3.12.4", "cpython"), 'python_full_version >= "3.12.4"', True),
        (Python("3.13.0rc1", "cpython"), 'python_full_version <= "3.13"', True),
        (Python("3.12.4", "cpython"), 'implementation_version >= "3.12"', True),
        (Python("3.10.14", "pypy"), 'platform_python_implementation == "PyPy"', True),
        (Python("3.10.14", "pypy"), 'implementation_name == "cpython"', False),
        (PYTHON, 'sys_platform == "win32" and os_name == "nt"', False),
        (PYTHON, 'platform_machine == "x86_64"', True),
    ],
)
def test_markers_are_asked_for_the_environments_own_interpreter(python, marker, holds):
    found = graph(row("a", "1", f"b ; {marker}"), python=python)["a"]
    assert found == (Needs(requires=("b",), missing=("b",)) if holds else Needs())


def test_the_machine_is_an_argument():
    found = graph(row("a", "1", 'colorama ; sys_platform == "win32"'), machine=WINDOWS)
    assert found["a"].missing == ("colorama",)
    assert marker_environment(PYTHON) == marker_environment(PYTHON, MarkerHost.current())


@pytest.mark.parametrize(
    ("python", "marker"),
    [
        (Python(None, "cpython"), 'python_version >= "3"'),
        (Python("nonsense", "cpython"), 'python_version >= "3"'),
        (Python("3.12", "cpython"), 'python_full_version >= "3.12.1"'),
        (Python("3.12.4", None), 'implementation_name == "cpython"'),
        (Python("3.10.14", "pypy"), 'implementation_version >= "7"'),
        (PYTHON, 'platform_release >= "nonsense"'),
    ],
)
def test_what_cannot_be_decided_counts_when_installed_and_is_never_missing(python, marker):
    requirement = f"b>=1 ; {marker}"
    if marker.startswith("platform_release"):
        assert graph(row("a", "1", requirement), python=python)["a"].missing == ()
        return
    assert graph(row("a", "1", requirement), python=python)["a"] == Needs()
    assert graph(row("a", "1", requirement), row("b", "0"), python=python)["a"] == Needs()
    found = graph(row("a", "1", requirement), row("b", "1"), python=python)
    assert found["a"] == Needs(requires=("b",))


def test_an_extra_counts_when_something_installed_asks_for_it_and_so_on():
    found = graph(
        row("a", "1", "b[X_y]"),
        row("b", "1", 'c[z]; extra == "x-y"', 'never; extra == "other"'),
        row("c", "1", 'd>=2 ; python_version >= "3" and extra == "z"', 'never; extra == "w"'),
        row("d", "1"),
    )
    assert found["b"].requires == ("c",)
    assert found["c"] == Needs(requires=("d",), required_by=("b",), missing=("d>=2",))


def test_an_extra_nobody_asks_for_is_not_guessed():
    found = graph(row("hypothesis", "6", 'pytest>=4.6; extra == "pytest"'), row("pytest", "8"))
    assert found == {"hypothesis": Needs(), "pytest": Needs()}


def test_an_extra_of_its_own_extras():
    found = graph(
        row("pkg", "1", 'pkg[one,two]; extra == "all"', 'x; extra == "one"', 'y; extra == "two"'),
        row("user", "1", "pkg[all]"),
        row("x", "1"),
    )
    assert found["pkg"] == Needs(requires=("x", "y"), required_by=("user",), missing=("y",))


def test_extras_in_any_marker():
    found = graph(
        row("a", "1", "b[one]"),
        row(
            "b",
            "1",
            'c; extra == "one" or extra == "two"',
            'd; "one" == extra',
            'e; (extra == "zero") or (sys_platform == "linux" and extra == "one")',
            'f; sys_platform == "linux" or extra == "nobody"',
            'g; extra == "zero" and extra == "one"',
        ),
    )
    assert found["b"].requires == ("c", "d", "e", "f")


def test_a_ring_and_a_ring_of_extras_end():
    found = graph(row("a", "1", "b"), row("b", "1", "a"))
    assert found["a"] == Needs(requires=("b",), required_by=("b",))
    ring = graph(
        row("a", "1", "b[x]", 'b[y]; extra == "x"'),
        row("b", "1", 'a[x]; extra == "x"', 'a[y]; extra == "y"'),
    )
    assert ring["b"] == Needs(requires=("a",), required_by=("a",))


def test_direct_references_are_satisfied_by_the_name_and_masked():
    found = graph(
        row("a", "1", "b @ https://u:p@example.org/b.whl", "c @ https://u:p@example.org/c.whl"),
        row("b", "9"),
    )
    (missing,) = found["a"].missing
    assert missing.replace("c@", "c @") == "c @ https://****@example.org/c.whl"


@pytest.mark.parametrize("text", ["", "???", "b" * 10_000, ("b" * 9000) + " >=1.*"])
def test_what_is_no_requirement_is_told_apart(text):
    assert graph(row("a", "1", text, "c"), row("c", "1"))["a"] == Needs(
        requires=("c",), invalid=(text,)
    )


def test_inherited_packages_satisfy_and_are_no_rows():
    rows = [row("a", "1", "b>=2", "c")]
    (found,) = requirement_graph(rows, marker_environment(PYTHON), {"b": ["2"], "c": []})
    assert found == Needs(requires=("b", "c"), missing=("c",))


@pytest.mark.parametrize(
    "text",
    [
        "a",
        'a; extra == "x"',
        "a>1 ; python_version<'3' and extra=='x'",
        'a; (python_version < "3" or os_name == "nt") and extra == "x"',
        'a; extra == "x" or os_name == "posix"',
        'a; "x" == extra',
        'a; extra != "x"',
        'a; extra == "x" and extra == "y"',
        'a @ https://example.org/extra;v=1 ; extra == "x"',
        'a; platform_version == "extra"',
    ],
)
def test_the_extras_told_from_the_text_are_all_that_packaging_would_need(text):
    marker = Requirement(text).marker or Marker("os_name != 'none'")
    values = dict(marker_environment(PYTHON, LINUX).variables)
    for extra in ("", "x", "y"):
        if marker.evaluate({**values, "extra": extra}):
            assert extra in find_marker_extras(text) or "" in find_marker_extras(text)


@pytest.mark.parametrize(
    "requirement",
    [
        "PyYAML (>=5.1.*)", "pyyaml>=1.7.*", "pyyaml (>dev)", "pyyaml (>=2011k)",
        "pyyaml (>1.0,<2.0", "'pyyaml>=5.1'", "pyyaml>=5.1,,<7", "PyYAML[c] (~=5)",
        "pyyaml >=5.*; python_version >= '3'", "pyyaml (>=5.*) ; python_version < '3.13.*'",
        "pyyaml >", "pyyaml ; nonsense", "pyyaml;" + "(" * 5000,
    ],
)  # fmt: skip
def test_a_requirement_with_a_version_of_old_still_leads_to_its_package(requirement):
    found = graph(row("omegaconf", "2.0.6", requirement), row("pyyaml", "6.0.2"))
    assert found["omegaconf"] == Needs(requires=("pyyaml",), unread=(requirement,))
    assert found["pyyaml"].required_by == ("omegaconf",)


def test_only_the_version_of_such_a_requirement_is_not_known():
    found = graph(row("a", "1", "b (>=5.1.*)", "c[x] (>dev)", "d ; nonsense"), row("b", "1"))
    assert found["a"].missing == ("c[x]",)
    assert found["a"].unread == ("b (>=5.1.*)", "c[x] (>dev)", "d ; nonsense")
    assert found["a"].invalid == ()


@pytest.mark.parametrize("text", ["some words", "-r base.txt", "./folder", "a b (>=1)", "(>=1)"])
def test_what_begins_with_no_name_is_no_requirement(text):
    assert graph(row("a", "1", text), row("b", "1"))["a"] == Needs(invalid=(text,))


@pytest.mark.parametrize(
    ("python", "marker", "holds"),
    [
        ("3.9.18", "python_version < '3.10.*'", True),
        ("3.12.4", "python_version < '3.10.*'", False),
        ("3.12.4", "python_version >= '3.9.*'", True),
        ("3.8.18", '"3.9.*" <= python_version', False),
        ("3.10.1", "python_version == '3.10.*'", True),
    ],
)
def test_a_star_in_an_ordered_comparison_is_left_off(python, marker, holds):
    found = graph(row("a", "1", f"b ; {marker}"), row("b", "1"), python=Python(python, "cpython"))
    assert found["a"].requires == (("b",) if holds else ())
