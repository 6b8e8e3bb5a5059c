"""One environment a manager."""

import hashlib
import os

from envdeck.demo.workshop import Builder, Created, Scenario

_CENTRAL_PYPROJECT = """
[project]
name = "atlas"
version = "1.1.0"
requires-python = ">=3.11"
dependencies = ["courier-http>=0.28", "inkterm>=14"]
"""


def _central_plant(workshop: Builder) -> Created:
    project, python = workshop.at("work", "atlas"), workshop.others.later
    workshop.write(
        project, {"pyproject.toml": _CENTRAL_PYPROJECT, "atlas.py": '"""Where things are."""\n'}
    )
    hashed = hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    environment = workshop.environment(
        os.path.join(
            workshop.layout.cache, "environments-v2", f"atlas-cp{python.version}-{hashed}"
        ),
        "courier-http==0.28.1",
        "inkterm==14.2.0",
        python=python,
        prompt="atlas",
        made=12,
        used=0.6,
    )
    os.symlink(environment, os.path.join(project, ".venv"))
    return Created("central", project, environment)


CENTRAL = Scenario(
    "central", "uv keeps it in its cache, and the project only has a link to it", _central_plant
)


def _command_plant(workshop: Builder) -> Created:
    workshop.tool("tool", "install", "-q", "--python", workshop.python.executable, "straightedge")
    environment = workshop.at(".local", "share", "uv", "tools", "straightedge")
    workshop.age(environment, made=60, used=0.3)
    return Created("command", None, environment)


COMMAND = Scenario(
    "command", "a tool that `uv tool install` has made, which its owner removes", _command_plant
)


def _direnv_plant(workshop: Builder) -> Created:
    project, python = workshop.at("teaching", "notebooks"), workshop.others.earlier
    workshop.write(
        project,
        {
            ".envrc": "layout python3\n",
            "requirements.txt": "gridframe\nplotmill\n",
            "lesson.py": '"""How to read a chart."""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, ".direnv", f"python-{python.minor}"),
        "gridframe==2.2.3",
        "plotmill==3.9.2",
        "numera==1.26.4",
        creator="venv",
        python=python,
        made=410,
        used=18,
    )
    return Created("direnv", project, environment)


DIRENV = Scenario("direnv", "direnv makes it for whoever enters the folder", _direnv_plant)


_HATCH_PYPROJECT = """
[project]
name = "almanac"
version = "0.3.0"
dependencies = ["gridframe>=2.2", "inkterm"]

[tool.hatch.envs.default]
dependencies = ["pytest"]
"""


def _hatch_plant(workshop: Builder) -> Created:
    project = workshop.at("code", "almanac")
    workshop.write(
        project, {"pyproject.toml": _HATCH_PYPROJECT, "almanac/__init__.py": '"""The year."""\n'}
    )
    hashed = workshop.project_name("hatch", project)
    environment = workshop.environment(
        workshop.at(".local", "share", "hatch", "env", "virtual", "almanac", hashed, "almanac"),
        "gridframe==2.2.3",
        "inkterm==14.2.0",
        "numera==1.26.4",
        "pytest==8.4.2",
        creator="virtualenv",
        prompt="almanac",
        made=140,
        used=8,
    )
    return Created("hatch", project, environment)


HATCH = Scenario("hatch", "Hatch keeps it in its data folder, below a hash", _hatch_plant)


def _hook_plant(workshop: Builder) -> Created:
    python = workshop.others.earlier
    environment = workshop.environment(
        workshop.at(".cache", "pre-commit", "repo7xk2qd9f", f"py_env-python{python.minor}"),
        "straightedge==0.8.1",
        creator="virtualenv",
        python=python,
        made=130,
        used=1.1,
    )
    return Created("hook", None, environment)


HOOK = Scenario("hook", "pre-commit keeps it for a hook that several projects share", _hook_plant)


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


def _pipenv_plant(workshop: Builder) -> Created:
    project = workshop.at("code", "recipes")
    workshop.write(project, {"Pipfile": _PIPFILE, "recipes.py": '"""What to cook."""\n'})
    name = f"recipes-{workshop.project_name('pipenv', project)}"
    environment = workshop.environment(
        workshop.at(".local", "share", "virtualenvs", name),
        "courier-http==0.28.1",
        "tallow-templates==3.1.0",
        "pebblecache==2.1.0",
        creator="virtualenv",
        prompt="recipes",
        made=250,
        used=11,
    )
    workshop.write(environment, {".project": project})
    return Created("pipenv", project, environment)


PIPENV = Scenario(
    "pipenv", "Pipenv keeps it far from its project, under a name with a hash", _pipenv_plant
)


def _pipx_plant(workshop: Builder) -> Created:
    made = []
    for name, used in (("galley", 15.0), ("quire", 240.0)):
        environment = workshop.environment(
            workshop.at(".local", "share", "pipx", "venvs", name),
            name,
            creator="venv",
            python=workshop.others.earlier,
            made=400,
            used=used,
        )
        workshop.write(environment, {"pipx_metadata.json": "{}\n"})
        made.append(environment)
    return Created("pipx", None, made[0], tuple(made[1:]))


PIPX = Scenario("pipx", "tools that pipx has installed, one of them unused for months", _pipx_plant)


_POETRY_CACHE_PYPROJECT = """
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
_WANTED = ("lanternweb==2.3.1", "quarrydb==4.4.1", "inkterm==14.2.0", "pytest==8.4.2")
_BEFORE = ("lanternweb==2.1.0", "quarrydb==4.2.0", "inkterm==13.8.0", "pytest==8.2.0")


def _poetry_cache_plant(workshop: Builder) -> Created:
    project = workshop.at("work", "timesheets")
    workshop.write(
        project,
        {
            "pyproject.toml": _POETRY_CACHE_PYPROJECT,
            "timesheets/__init__.py": '"""Who was there."""\n',
        },
    )
    store = workshop.at(".cache", "pypoetry", "virtualenvs")
    hashed = workshop.project_name("poetry", project)
    made = []
    for python, wanted, age, used in (
        (workshop.python, _WANTED, 160.0, 3.0),
        (workshop.others.ended, _BEFORE, 900.0, 430.0),
    ):
        name = f"timesheets-{hashed}-py{python.minor}"
        made.append(
            workshop.environment(
                os.path.join(store, name),
                *wanted,
                creator="virtualenv",
                python=python,
                prompt=f"timesheets-py{python.minor}",
                made=age,
                used=used,
            )
        )
    return Created("poetry-cache", project, made[0], tuple(made[1:]))


POETRY_CACHE = Scenario(
    "poetry-cache",
    "Poetry keeps it in its cache, and one of an old Python beside it that nobody needs",
    _poetry_cache_plant,
)


def _tox_plant(workshop: Builder) -> Created:
    project, coming = workshop.at("code", "tidewater"), workshop.others.coming
    pythons = (workshop.python, coming)
    names = [f"py{python.minor.replace('.', '')}" for python in pythons]
    workshop.write(
        project,
        {
            "tox.ini": f"[tox]\nenv_list = {', '.join(names)}\n\n"
            "[testenv]\ndeps =\n    numera\n    pytest\ncommands = pytest\n",
            "pyproject.toml": '[project]\nname = "tidewater"\nversion = "0.7.2"\n'
            'dependencies = ["numera>=1.26"]\n',
            "tidewater/__init__.py": '"""High and low."""\n',
        },
    )
    made = []
    for name, python, used in zip(names, pythons, (3.0, 26.0), strict=True):
        environment = workshop.environment(
            os.path.join(project, ".tox", name),
            "numera==1.26.4",
            "pytest==8.4.2",
            creator="virtualenv",
            python=python,
            prompt=name,
            made=120,
            used=used,
        )
        workshop.write(environment, {".tox-info.json": "{}\n"})
        made.append(environment)
    return Created("tox", project, made[0], tuple(made[1:]))


TOX = Scenario(
    "tox", "tox makes one for each Python, and makes them anew when it likes", _tox_plant
)
