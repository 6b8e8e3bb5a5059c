"""`envdeck interpreters`: what environments rest on."""

import json

import pytest

from envdeck.core.model import GlobalPackages, Identity, Interpreter


@pytest.fixture
def resting(catalog, environment, tmp_path):
    """Two interpreters; one carries an environment and packages of its own."""
    used, idle = tmp_path / "3.8.18", tmp_path / "3.13.1"
    for prefix in (used, idle):
        (prefix / "bin").mkdir(parents=True)
    from dataclasses import replace

    made = environment("work/api/.venv")
    catalog.environments = [replace(made, python=replace(made.python, base=str(used)))]
    catalog.interpreters = [
        Interpreter(
            f"{used}/bin/python3.8",
            str(used),
            Identity(1, 1),
            "3.8.18",
            "cpython",
            "pyenv",
            end_of_life="2024-10-07",
            global_packages=(
                GlobalPackages(f"{used}/lib", "site-packages", ("black", "requests")),
                GlobalPackages("/home/ada/.local", "user", ("httpie",)),
            ),
        ),
        Interpreter(
            f"{idle}/bin/python3.13",
            str(idle),
            Identity(1, 2),
            "3.13.1",
            "cpython",
            "uv",
            externally_managed=True,
        ),
    ]
    catalog.environments = [
        replace(made, python=replace(made.python, version="3.8.18", base=str(used)))
    ]
    return catalog


def test_the_json(cli, resting, home, tmp_path):
    told = json.loads(cli("interpreters", "--json").out)
    assert told["schema"] == 1
    used, idle = told["interpreters"]
    assert json.dumps(used) == json.dumps(
        {
            "path": f"{tmp_path}/3.8.18/bin/python3.8",
            "prefix": f"{tmp_path}/3.8.18",
            "version": "3.8.18",
            "implementation": "cpython",
            "source": "pyenv",
            "eol": "2024-10-07",
            "externally_managed": False,
            "dependants": [f"{home}/work/api/.venv"],
            "global": [
                {
                    "path": f"{tmp_path}/3.8.18/lib",
                    "kind": "site-packages",
                    "packages": ["black", "requests"],
                },
                {"path": "/home/ada/.local", "kind": "user", "packages": ["httpie"]},
            ],
        }
    )
    assert (idle["externally_managed"], idle["dependants"], idle["global"]) == (True, [], [])
    assert resting.scopes[0].sizes is False


def test_the_text(cli, resting, tmp_path):
    lines = cli("interpreters").out.splitlines()
    heading = "Python Path Source Environments Global packages Notes"
    assert lines[0].split() == heading.split()
    assert lines[2].split() == (
        f"CPython 3.13.1 {tmp_path}/3.13.1/bin/python3.13 uv 0 0 externally managed".split()
    )
    assert lines[1].split() == (
        f"CPython 3.8.18 {tmp_path}/3.8.18/bin/python3.8 pyenv 1 3 ● end of life".split()
    )
    assert lines[-1] == "2 interpreters"


def test_none(cli):
    assert cli("interpreters").out == "no interpreters found\n"


def test_a_python_that_is_gone_is_told_with_what_rests_on_it(cli, resting, environment, tmp_path):
    from dataclasses import replace

    made = environment("old/.venv")
    lost = f"{tmp_path}/3.6.9"
    python = replace(made.python, version="3.6.9", base=lost, base_executable=f"{lost}/bin/python")
    resting.environments = [replace(made, python=python)]
    (gone,) = json.loads(cli("interpreters", "--json").out)["gone"]
    assert gone["dependants"] == [made.path]
    assert gone["path"].startswith(lost)
    assert "used by 1 environment" in cli("interpreters").out
