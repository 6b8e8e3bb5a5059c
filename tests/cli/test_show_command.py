"""`envdeck show`: one environment whole."""

import json

import pytest

from envdeck.core.model import Distribution, Finding, Severity


@pytest.fixture
def shown(catalog, environment, size_of):
    """One environment with two distributions, one of them hostile, and a finding."""
    made = environment(
        "work/api/.venv",
        eol="2026-10",
        used=1_794_000_000.0,
        protected="it is the one envdeck runs in",
        links=("/home/ada/\x1blink",),
        findings=(Finding("old-python", Severity.WARNING, "3.12 has ended", "take 3.13"),),
    )
    catalog.environments = [made]
    catalog.sizes = {made.path: size_of(440_401_920, 3_145_728)}
    catalog.distributions_of[made.path] = (
        Distribution(
            "requests",
            "Requests",
            "2.32.3",
            f"{made.path}/x.dist-info",
            summary="HTTP for people",
            requested=True,
            installer="uv",
            size_bytes=412_000,
            requires=("idna",),
        ),
        Distribution(
            "idna",
            "idna\x1b[2J",
            "not a version",
            "p",
            required_by=("requests",),
            editable=True,
            origin="file:///home/ada/idna",
        ),
    )
    return made


def test_the_json_is_that_of_the_list_with_the_distributions(cli, shown):
    listed = json.loads(cli("list", "--json").out)["environments"][0]
    whole = json.loads(cli("show", shown.path, "--json").out)
    distributions = whole.pop("distributions")
    assert whole.pop("drift") is None
    assert whole == listed
    assert json.dumps(distributions) == json.dumps(
        [
            {
                "name": "requests",
                "version": "2.32.3",
                "summary": "HTTP for people",
                "requested": True,
                "installer": "uv",
                "editable": False,
                "origin": None,
                "size_bytes": 412000,
                "requires": ["idna"],
                "required_by": [],
                "missing": [],
                "problem": None,
            },
            {
                "name": "idna",
                "version": "not a version",
                "summary": "",
                "requested": False,
                "installer": None,
                "editable": True,
                "origin": "file:///home/ada/idna",
                "size_bytes": None,
                "requires": [],
                "required_by": ["requests"],
                "missing": [],
                "problem": None,
            },
        ]
    )


def test_the_text_tells_every_fact(cli, shown):
    text = cli("show", shown.path).out
    for fact in (
        "~/work/api/.venv",
        "● end of life",
        "CPython 3.12.4, end of life since 2026-10",
        "~/work/api/.venv/bin/python",
        "~/work/api (parent folder)",
        "1 week ago, 2026-11-06T21:20:00Z; pyvenv.cfg atime",
        "440 MB on disk (440,401,920 bytes); 3.1 MB reclaimable",
        "it is the one envdeck runs in",
        "warning: 3.12 has ended (old-python)",
        "  take 3.13",
        "2 packages, 1 direct",
        "Requests",
    ):
        assert fact in text
    assert "\x1b" not in text


def test_without_size_it_is_not_measured(cli, shown, catalog):
    catalog.sizes = {}
    assert json.loads(cli("show", shown.path, "--json", "--no-size").out)["size"] is None
    assert "on disk" not in cli("show", shown.path, "--no-size").out


def test_it_fits_a_terminal(cli, shown):
    lines = cli("show", shown.path, terminal=True, width=60).out.splitlines()
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("Package")) :]
    assert max(len(line) for line in table) <= 60
