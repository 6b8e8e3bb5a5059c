"""`envdeck diff`: an environment beside its project, another environment, or a file."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from envdeck.core.model import Distribution, Python
from envdeck.core.project import (
    Comparison,
    Drift,
    DriftFix,
    DriftKind,
    Problem,
    Project,
    ProjectPart,
    PythonDrift,
)
from support.program import run_program


@pytest.fixture
def beside(catalog, environment) -> SimpleNamespace:
    """Return an environment that is not as its project says, in every way."""
    made = environment("work/api/.venv")
    catalog.environments = [made]
    folder = made.project.path
    lock = f"{folder}/uv.lock"
    catalog.comparisons[made.path] = Comparison(
        Project(folder, problems=(Problem(f"{folder}/setup.cfg", "is no \x1b[2Jfile", 3),)),
        (ProjectPart("", 3, 2, True, True), ProjectPart("group:docs", 1, 0)),
        (
            Drift(DriftKind.MISSING, "direct", "2.0", None, lock, None, (), DriftFix.FROM_LOCK),
            Drift(DriftKind.OUTSIDE, "other", "<2", "2.1", f"{folder}/pyproject.toml", 4,
                  ("group:dev",), DriftFix.FROM_DECLARED),
            Drift(DriftKind.UNREACHABLE, "stray", "", "1.0"),
        ),
        (PythonDrift("deploys on 3.13, and this is 3.12.4", f"{folder}/Dockerfile", 1),),
        lock,
        ("poetry.lock: is not TOML",),
        7,
    )  # fmt: skip
    return SimpleNamespace(path=made.path, folder=folder)


def test_the_text_tells_what_differs_and_what_was_not_compared(cli, beside) -> None:
    found = cli("diff", beside.path)
    assert found.code == 1
    lines = [" ".join(line.split()) for line in found.out.splitlines()]
    assert lines == [
        "~/work/api/.venv compared with ~/work/api/uv.lock",
        "Package Drift Required Installed For Source",
        "direct missing 2.0 – ~/work/api/uv.lock",
        "other outside declared range <2 2.1 group dev ~/work/api/pyproject.toml:4",
        "stray extraneous – 1.0",
        "",
        "note: deploys on 3.13, and this is 3.12.4 (~/work/api/Dockerfile:1)",
        "not compared: poetry.lock: is not TOML",
        "warning: ~/work/api/setup.cfg:3: is no \\x1b[2Jfile",
        "1 missing, 1 outside declared range, 1 extraneous, 7 packages match uv.lock",
    ]


def test_the_json_of_diff_and_show(cli, beside, catalog, size_of) -> None:
    catalog.sizes = {beside.path: size_of(1, 1)}
    found = json.loads(cli("diff", beside.path, "--json").out)
    shown = json.loads(cli("show", beside.path, "--json").out)
    assert (found.pop("schema"), found.pop("environment")) == (1, beside.path)
    assert (found.pop("project"), found.pop("file")) == (beside.folder, None)
    assert found == shown["drift"]
    assert found["drifts"][1] == {
        "kind": "outside", "name": "other", "wanted": "<2", "installed": "2.1",
        "file": f"{beside.folder}/pyproject.toml", "line": 4, "under": ["group:dev"],
        "mend": "from-declared",
    }  # fmt: skip
    assert list(found) == [
        "against", "parts", "drifts", "pythons", "agreed", "unchecked", "passed", "problems",
    ]  # fmt: skip
    assert found["parts"][1] == {
        "id": "group:docs", "declared": 1, "installed": 0, "default": False, "counts": False,
    }  # fmt: skip
    text = cli("show", beside.path).out
    assert "group docs: 0 of 1 installed, not selected" in text
    assert "1 missing, 1 outside declared range" in text


@pytest.mark.parametrize(
    ("comparison", "code"),
    [
        (Comparison(Project("/p")), 0),
        (Comparison(Project("/p"), pythons=(PythonDrift("x", ""),)), 0),
        (Comparison(Project("/p"), pythons=(PythonDrift("x", "", error=True),)), 1),
    ],
)
def test_it_ends_with_1_where_anything_is_wrong(cli, beside, catalog, comparison, code) -> None:
    catalog.comparisons[beside.path] = comparison
    assert cli("diff", beside.path).code == code


def test_without_a_project_there_is_nothing_to_compare(cli, beside, catalog) -> None:
    catalog.comparisons = {}
    found = cli("diff", beside.path)
    assert (found.code, "has no project" in found.err) == (2, True)


def test_two_environments(cli, catalog, environment) -> None:
    one, two = environment("a/.venv"), environment("b/.venv", python=Python("3.13.1"))
    catalog.environments = [one, two]

    def held(*versions: tuple[str, str]) -> tuple[Distribution, ...]:
        return tuple(Distribution(name, name, version, "p") for name, version in versions)

    catalog.distributions_of = {
        one.path: held(("idna", "3.1"), ("same", "1"), ("twice", "1"), ("twice", "2")),
        two.path: held(("idna", "3.2"), ("same", "1"), ("new", "1")),
    }
    found = cli("diff", one.path, two.path, "--json")
    assert found.code == 1
    assert json.loads(found.out) == {
        "schema": 1,
        "first": one.path,
        "second": two.path,
        "python": {"first": "3.12.4", "second": "3.13.1"},
        "differences": [
            {"name": "idna", "first": "3.1", "second": "3.2"},
            {"name": "new", "first": None, "second": "1"},
            {"name": "twice", "first": "1, 2", "second": None},
        ],
        "same": 1,
    }
    assert "3 different, 1 identical" in cli("diff", one.path, two.path).out
    assert cli("diff", one.path, one.path).code == 0


def test_a_file_on_either_side(cli, catalog, environment, tmp_path: Path) -> None:
    made = environment("a/.venv")
    catalog.environments = [made]
    catalog.distributions_of = {
        made.path: (Distribution("idna", "idna", "3.1", "p"), Distribution("x", "x", "1", "p"))
    }
    file = tmp_path / "wanted.txt"
    file.write_text("idna>=3.2\n")
    for arguments in ((made.path, str(file)), (str(file), made.path)):
        found = cli("diff", *arguments, "--json")
        assert found.code == 1
        drifts = json.loads(found.out)["drifts"]
        assert [(one["kind"], one["name"]) for one in drifts] == [
            ("outside", "idna"), ("unreachable", "x"),
        ]  # fmt: skip
    file.write_text("idna==3.1\nx==2\n")
    found = json.loads(cli("diff", made.path, str(file), "--json").out)
    assert found["against"] == str(file)
    assert [(one["kind"], one["name"]) for one in found["drifts"]] == [("not-as-locked", "x")]
    file.write_text("idna==3.1\nx==1\n")
    assert cli("diff", made.path, str(file)).code == 0
    assert cli("diff", str(file), str(file)).code == 2
    file.write_text("")
    assert "declares nothing" in cli("diff", made.path, str(file)).err
    broken = tmp_path / "pylock.toml"
    broken.write_text("lock-version = \n")
    found = cli("diff", made.path, str(broken))
    assert (found.code, "pylock.toml:1: is not TOML" in found.err) == (2, True)


def test_a_lock_is_read_with_what_is_declared_beside_it(
    cli, catalog, environment, tmp_path: Path
) -> None:
    made = environment("a/.venv")
    catalog.environments = [made]
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1"\n[dependency-groups]\ndev = ["idna"]\n'
        '[project.optional-dependencies]\nfast = ["quick"]\n'
    )
    lock = tmp_path / "uv.lock"
    lock.write_text(
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
        '[[package]]\nname = "api"\nversion = "1"\nsource = { virtual = "." }\n'
        '[package.optional-dependencies]\nfast = [{ name = "quick" }]\n'
        '[package.dev-dependencies]\ndev = [{ name = "idna" }]\n'
        '[[package]]\nname = "idna"\nversion = "3.1"\n'
        'source = { registry = "https://index.example/simple" }\n'
        '[[package]]\nname = "quick"\nversion = "1"\n'
        'source = { registry = "https://index.example/simple" }\n'
    )
    idna, x = Distribution("idna", "idna", "3.1", "p"), Distribution("x", "x", "1", "p")
    catalog.distributions_of = {made.path: (idna,)}
    assert cli("diff", made.path, str(lock)).code == 0
    catalog.distributions_of = {made.path: (idna, x)}
    assert "1 extraneous" in cli("diff", made.path, str(lock)).out
    lock.write_text("version = ")
    assert cli("diff", made.path, str(lock)).code == 2


def test_what_only_a_part_asks_for_is_counted_by_itself(cli, beside, catalog) -> None:
    stray = Drift(DriftKind.UNREACHABLE, "stray", "", "1", under=("group:docs",))
    catalog.comparisons[beside.path] = Comparison(Project("/p"), (), (stray,), agreed=2)
    told = cli("diff", beside.path).out
    assert "1 extraneous (group not selected), 2 packages match the project" in told


def test_a_real_environment_in_a_process(home: Path, make_venv: Callable[..., Path]) -> None:
    make_venv(home / "work" / "api" / ".venv")
    (home / "work" / "api" / "requirements.txt").write_text(
        "direct @ https://me:s3cret@index.example/direct-1.0.zip?token=s3cret\n"
        "--extra-index-url https://me:s3cret@index.example/\nx = s3cret\n"
    )

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_program(*arguments, environ={**os.environ, "HOME": str(home)}, cwd=home)

    for arguments in (("diff", "work/api"), ("diff", "work/api", "--json"), ("show", "work/api"),
                      ("show", "work/api", "--json")):  # fmt: skip
        found = call(*arguments)
        assert found.returncode == (1 if arguments[0] == "diff" else 0)
        assert "direct" in found.stdout
        assert "s3cret" not in found.stdout + found.stderr


def test_versions_side_by_side_in_a_format(cli, beside) -> None:
    found = cli("diff", beside.path, "--format", "markdown")
    assert found.code == 1
    assert "| direct |  | 2.0 | only second |" in found.out
    assert "| other | 2.1 | &lt;2 | different |" in found.out
    assert "7 identical" in found.out


def test_the_json_of_another_machine_is_the_other_side(cli, catalog, environment, tmp_path) -> None:
    made = environment("work/api/.venv")
    catalog.environments = [made]
    other = tmp_path / "other.json"
    rows = [{"name": "elsewhere", "version": "9"}]
    document = {"schema": 7, "path": "/home/bo/.venv", "python": {"version": "3.9.1"}}
    other.write_text(json.dumps({**document, "distributions": rows}))
    found = cli("diff", made.path, str(other), "--json")
    assert found.code == 1
    told = json.loads(found.out)
    assert {"name": "elsewhere", "first": None, "second": "9"} in told["differences"]
    assert told["python"]["second"] == "3.9.1"
    assert "schema 7" in found.err
    other.write_text('{"schema": 1, "environments": []}')
    refused = cli("diff", made.path, str(other))
    assert refused.code == 2
    assert "holds no packages" in refused.err
