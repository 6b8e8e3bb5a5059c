"""One environment a manager."""

import hashlib
import os

from envdeck.demo.workshop import Builder, Created, scenario

_ATLAS = """
[project]
name = "atlas"
version = "1.1.0"
requires-python = ">=3.11"
dependencies = ["courier-http>=0.28", "inkterm>=14"]
"""


@scenario("central uv environment in the cache, linked from the project")
def central(builder: Builder) -> Created:
    """An environment of uv's `environments-v2`."""
    files = {"pyproject.toml": _ATLAS, "atlas.py": '"""Where things are."""\n'}
    project, python = builder.write("work/atlas", files), builder.others.later
    hashed = hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    environment = builder.environment(
        f".cache/uv/environments-v2/atlas-cp{python.version}-{hashed}",
        "courier-http==0.28.1 inkterm==14.2.0",
        python=python,
        prompt="atlas",
        made=12,
        used=0.6,
    )
    os.symlink(environment, os.path.join(project, ".venv"))
    return Created(project, environment)


@scenario("a tool installed with `uv tool install`, deleted by uv")
def command(builder: Builder) -> Created:
    """A tool of uv, which has no project."""
    builder.run_uv("tool", "install", "-q", "--python", builder.python.executable, "straightedge")
    environment = builder.at(".local/share/uv/tools/straightedge")
    builder.age(environment, made=60, used=0.3)
    return Created(None, environment)


@scenario("created by direnv on entering the folder")
def direnv(builder: Builder) -> Created:
    """An environment of direnv's `layout python3`."""
    python = builder.others.earlier
    files = {
        ".envrc": "layout python3\n",
        "requirements.txt": "gridframe\nplotmill\n",
        "lesson.py": '"""How to read a chart."""\n',
    }
    project = builder.write("teaching/notebooks", files)
    environment = builder.environment(
        f"{project}/.direnv/python-{python.minor}",
        "gridframe==2.2.3 plotmill==3.9.2 numera==1.26.4",
        creator="venv",
        python=python,
        made=410,
        used=18,
    )
    return Created(project, environment)


_ALMANAC = """
[project]
name = "almanac"
version = "0.3.0"
dependencies = ["gridframe>=2.2", "inkterm"]

[tool.hatch.envs.default]
dependencies = ["pytest"]
"""


@scenario("in Hatch's data folder, below a hash")
def hatch(builder: Builder) -> Created:
    """The default environment of Hatch."""
    files = {"pyproject.toml": _ALMANAC, "almanac/__init__.py": '"""The year."""\n'}
    project = builder.write("code/almanac", files)
    hashed = builder.project_name("hatch", project)
    environment = builder.environment(
        f".local/share/hatch/env/virtual/almanac/{hashed}/almanac",
        "gridframe==2.2.3 inkterm==14.2.0 numera==1.26.4 pytest==8.4.2",
        creator="virtualenv",
        prompt="almanac",
        made=140,
        used=8,
    )
    return Created(project, environment)


@scenario("hook environment of pre-commit, shared by projects")
def hook(builder: Builder) -> Created:
    """A hook of pre-commit, which has no project."""
    python = builder.others.earlier
    environment = builder.environment(
        f".cache/pre-commit/repo7xk2qd9f/py_env-python{python.minor}",
        "straightedge==0.8.1",
        creator="virtualenv",
        python=python,
        made=130,
        used=1.1,
    )
    return Created(None, environment)


_PIPFILE = """
[[source]]
url = "https://packages.example/simple"
verify_ssl = true
name = "example"

[packages]
courier-http = "*"
tallow-templates = ">=3"
pebblecache = "*"
"""


@scenario("Pipenv environment outside its project, with a hash in its name")
def pipenv(builder: Builder) -> Created:
    """An environment in the data folder of Pipenv."""
    files = {"Pipfile": _PIPFILE, "recipes.py": '"""What to cook."""\n'}
    project = builder.write("code/recipes", files)
    environment = builder.environment(
        f".local/share/virtualenvs/recipes-{builder.project_name('pipenv', project)}",
        "courier-http==0.28.1 tallow-templates==3.1.0 pebblecache==2.1.0",
        creator="virtualenv",
        prompt="recipes",
        made=250,
        used=11,
    )
    builder.write(environment, {".project": project})
    return Created(project, environment)


@scenario("tools installed with pipx, one unused for months")
def pipx(builder: Builder) -> Created:
    """Two tools of pipx."""
    made = []
    for name, used in (("galley", 15.0), ("quire", 240.0)):
        path, python = f".local/share/pipx/venvs/{name}", builder.others.earlier
        environment = builder.environment(
            path, name, creator="venv", python=python, made=400, used=used
        )
        made.append(builder.write(environment, {"pipx_metadata.json": "{}\n"}))
    return Created(None, made[0], tuple(made[1:]))


_TIMESHEETS = """
[tool.poetry]
name = "timesheets"
version = "1.3.0"
description = "Who was there, and when"
authors = ["Ada <ada@example.com>"]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.8"
lanternweb = "^2.1"
quarrydb = "^4.2"
inkterm = ">=13.8"

[tool.poetry.group.dev.dependencies]
pytest = "^8.2"
"""
_CURRENT = "lanternweb==2.3.1 quarrydb==4.4.1 inkterm==14.2.0 pytest==8.4.2"
_OUTDATED = "lanternweb==2.1.0 quarrydb==4.2.0 inkterm==13.8.0 pytest==8.2.0"


@scenario("in Poetry's cache, next to an unused one of an old Python")
def poetry_cache(builder: Builder) -> Created:
    """Two environments of one project of Poetry."""
    files = {"pyproject.toml": _TIMESHEETS, "timesheets/__init__.py": '"""Who was there."""\n'}
    project = builder.write("work/timesheets", files)
    hashed = builder.project_name("poetry", project)
    made = [
        builder.environment(
            f".cache/pypoetry/virtualenvs/timesheets-{hashed}-py{python.minor}",
            requirements,
            creator="virtualenv",
            python=python,
            prompt=f"timesheets-py{python.minor}",
            made=age,
            used=used,
        )
        for python, requirements, age, used in (
            (builder.python, _CURRENT, 160.0, 3.0),
            (builder.others.ended, _OUTDATED, 900.0, 430.0),
        )
    ]
    return Created(project, made[0], tuple(made[1:]))


@scenario("one tox environment per Python, recreated by tox")
def tox(builder: Builder) -> Created:
    """Two environments of one project of tox."""
    pythons = (builder.python, builder.others.coming)
    names = [f"py{python.minor.replace('.', '')}" for python in pythons]
    files = {
        "tox.ini": f"[tox]\nenv_list = {', '.join(names)}\n\n"
        "[testenv]\ndeps =\n    numera\n    pytest\ncommands = pytest\n",
        "pyproject.toml": '[project]\nname = "tidewater"\nversion = "0.7.2"\n'
        'dependencies = ["numera>=1.26"]\n',
        "tidewater/__init__.py": '"""High and low."""\n',
    }
    project = builder.write("code/tidewater", files)
    made = []
    for name, python, used in zip(names, pythons, (3.0, 26.0), strict=True):
        environment = builder.environment(
            f"{project}/.tox/{name}",
            "numera==1.26.4 pytest==8.4.2",
            creator="virtualenv",
            python=python,
            prompt=name,
            made=120,
            used=used,
        )
        made.append(builder.write(environment, {".tox-info.json": "{}\n"}))
    return Created(project, made[0], tuple(made[1:]))
