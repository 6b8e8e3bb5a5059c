"""What a newcomer needs beside Python, and nobody says."""

import pytest

from envdeck.core.onboarding.model import StepState

COMPOSE = """services:
  db: {image: postgres:16}
  web:
    build: .
    image: web
  redis:
    image: redis
"""
NEEDS = {
    "services": ({"compose.yaml": COMPOSE}, "docker compose up -d db redis"),
    "packages of JavaScript": ({"package.json": "{}", "yarn.lock": ""}, "yarn install"),
    "submodules": (
        {".gitmodules": '[submodule "x"]\n\tpath = vendor/x\n\turl = ../x\n'},
        "git submodule update --init --recursive"),
    "large files": ({".gitattributes": "*.bin filter=lfs diff=lfs\n"}, "git lfs pull"),
    "Django below": ({"backend/manage.py": "import django\n"}, "python backend/manage.py migrate"),
    "Alembic": ({"alembic.ini": ""}, "alembic -c alembic.ini upgrade head"),
    "a Makefile": ({"Makefile": "setup: deps\n\techo\n"}, "make setup"),
    "a justfile": ({"justfile": "bootstrap:\n  echo\n"}, "just bootstrap"),
    "other hooks": ({"lefthook.yml": ""}, "lefthook install"),
    "hooks of prek": ({"prek.toml": "repos = []"}, "prek install"),
    "hooks of husky": (
        {".husky/pre-commit": "ruff check\n", "package.json": '{"scripts": {"prepare": "husky"}}'},
        "npm run prepare"),
    "tests below": ({"backend/tests/test_a.py": ""}, "cd backend && pytest"),
    "pytest in an extra": (
        {"pyproject.toml": '[project]\nname = "api"\ndependencies = []\n'
         '[project.optional-dependencies]\ntest = ["pytest"]\n'}, "--extra test"),
    "members": (
        {"pyproject.toml": '[project]\nname = "api"\n[tool.uv.workspace]\nmembers = ["libs/*"]\n',
         "libs/one/pyproject.toml": '[project]\nname = "one"\n'}, "libs/one"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEEDS)
def test_it_is_named_with_its_command(name, stands, write):
    files, command = NEEDS[name]
    write(files)
    view = stands("needs")
    assert (view.state, view.act, view.state.is_open) == (StepState.READY, None, False)
    assert any(command in line for line in view.details), view.details


def test_where_nothing_else_is_needed_there_is_no_such_step(walk, write):
    write({"pyproject.toml": '[project]\nname = "api"\n', "Makefile": "all:\n", "node/x": ""})
    assert "needs" not in [view.name for view in walk().look()]
    assert walk().step("needs").state is StepState.SKIPPED


def test_what_is_hostile_is_no_trouble(stands, write):
    write({"compose.yaml": "services: [" * 99, ".gitmodules": "path = \n", "manage.py": "\0"})
    assert "compose.yaml" in stands("needs").message


def test_a_justfile_that_is_there_is_not_said_to_be_absent(stands, write):
    write({"justfile": "build:\n  echo\n"})
    assert stands("command").message == "justfile has no test, check or run"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"package.json": "{}", "index.js": ""}, "JavaScript"),
        ({"go.mod": "module x\n"}, "Go"),
        ({"Cargo.toml": "[package]\n"}, "Rust"),
    ],
)
def test_a_repository_without_python_is_offered_no_environment(stands, write, files, said):
    write(files)
    view = stands("environment")
    assert (view.state, view.act) == (StepState.SKIPPED, None)
    assert said in view.message


def test_one_with_a_little_python_is(stands, write):
    write({"package.json": "{}", "scripts/build.py": ""})
    assert stands("environment").state is StepState.OPEN


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"pixi.toml": "[workspace]\n"}, "pixi.toml: pixi is not run"),
        ({"environment.yml": "dependencies:\n- numpy\n"}, "environment.yml: conda is not run"),
        ({"one/pyproject.toml": "", "libs/two/setup.py": ""}, "libs/two, one are projects"),
        ({"requirements/docs.txt": "x\n", "requirements/test.txt": "y\n"},
         "none of requirements/docs.txt, requirements/test.txt"),
    ],
)  # fmt: skip
def test_what_is_there_and_not_read_is_never_ticked(stands, write, make_venv, project, files, said):
    write(files)
    view = stands("environment")
    assert (view.state, view.act) == (StepState.CANNOT, None)
    assert said in view.message
    assert view.hint
    make_venv(project / ".venv")
    view = stands("packages")
    assert view.state is StepState.CANNOT
    assert said in view.message
