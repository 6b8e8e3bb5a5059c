"""Projects in several states."""

import hashlib
import os
import random
import string
from importlib import metadata

from envdeck.demo.wheels import DemoRelease, releases
from envdeck.demo.workshop import Builder, Created, scenario

_IGNORED = (".venv/", ".env")
_COMMAND = '''
"""Prints labels for parcels."""

import os

import inkterm
import tidyargs


def label(number: int, desk: str) -> str:
    """Return the label of a parcel."""
    return f"{desk}-{number:05}"


def main() -> None:
    """Print a label, at the desk that `.env` names."""
    desk = os.environ.get("DESK_NAME", "desk")
    print(label(42, desk), "by tidyargs", tidyargs.__version__, "and inkterm", inkterm.__version__)
'''
_TESTS = """
from parcel_desk import label


def test_a_label_has_five_digits():
    assert label(42, "north") == "north-00042"


def test_a_long_number_stays_whole():
    assert label(123456, "north").endswith("-123456")
"""
_HOOKS = """
repos:
  - repo: local
    hooks:
      - id: straightedge
        name: straightedge
        entry: straightedge
        language: system
        types: [python]
"""
_MAKEFILE = """
.PHONY: test lint

test:
\tpython -m pytest tests

lint:
\tstraightedge
"""
_EXAMPLE = """
# Copy to .env and fill in.
DESK_NAME=north
DATABASE_URL=quarry://localhost/parcels
CARRIER_TOKEN=changeme
"""


@scenario("fresh clone: start of the project setup")
def clone(builder: Builder) -> Created:
    """A project without an environment."""
    minor = builder.python.minor
    pyproject = f"""
        [project]
        name = "parcel-desk"
        version = "0.4.0"
        description = "Prints labels for parcels"
        readme = "README.md"
        requires-python = ">={minor}"
        dependencies = ["tidyargs>=8.1", "inkterm>=13", "courier-http>=0.27"]

        [project.optional-dependencies]
        database = ["quarrydb>=4.4,<5", "quarrydb-migrate>=1.1"]

        [project.scripts]
        parcel-desk = "parcel_desk:main"

        [dependency-groups]
        dev = ["pytest>=8", "straightedge>=0.8", "pre-commit>=4"]
        docs = ["tallow-templates>=3"]

        [build-system]
        requires = ["uv_build{_uv_versions()}"]
        build-backend = "uv_build"
        """
    files = {
        "pyproject.toml": pyproject,
        ".python-version": f"{minor}\n",
        "README.md": "# Parcel desk\n\nPrints labels for parcels.\n",
        "src/parcel_desk/__init__.py": _COMMAND,
        "tests/test_labels.py": _TESTS,
        ".env.example": _EXAMPLE,
        ".pre-commit-config.yaml": _HOOKS,
        "Makefile": _MAKEFILE,
    }
    project = builder.write("work/parcel-desk", files)
    builder.lock(project)
    builder.commit(project, ignored=("__pycache__/", ".venv/"))
    return Created(project)


def _uv_versions() -> str:
    """Return the versions of uv's build backend that uv itself stands in for: it then builds a
    project without fetching anything."""
    version = metadata.version("uv")
    major, minor = version.split(".")[:2]
    return f">={version},<{major}.{int(minor) + 1}"


@scenario("dependency groups, one of them default", usual=False)
def groups(builder: Builder) -> Created:
    """A project of uv with dependency groups."""
    minor = builder.python.minor
    pyproject = f"""
        [project]
        name = "tide-tables"
        version = "1.0.0"
        requires-python = ">={minor}"
        dependencies = ["tidyargs>=8.1"]

        [dependency-groups]
        test = ["pytest>=8"]
        lint = ["straightedge>=0.8"]
        dev = [{{ include-group = "test" }}, {{ include-group = "lint" }}]
        docs = ["tallow-templates>=3"]

        [tool.uv]
        package = false
        default-groups = ["test"]
        """
    files = {
        "pyproject.toml": pyproject,
        "tides.py": '"""When the water comes."""\n\nHOURS = 12.42\n',
        "tests/test_tides.py": (
            "from tides import HOURS\n\n\n"
            "def test_it_comes_twice_a_day():\n    assert round(24.84 / HOURS) == 2\n"
        ),
        "Makefile": "test:\n\tpython -m pytest tests\n",
    }
    project = builder.write("work/tide-tables", files)
    builder.lock(project)
    builder.commit(project, ignored=_IGNORED)
    return Created(project)


@scenario("matches its lock file")
def healthy(builder: Builder) -> Created:
    """A project whose environment matches its lock file."""
    minor = builder.python.minor
    pyproject = f"""
        [project]
        name = "storefront"
        version = "3.2.0"
        description = "Sells what there is"
        requires-python = ">={minor}"
        dependencies = [
            "lanternweb[async]>=2.3,<3",
            "quarrydb[pool]>=4.4,<5",
            "courier-http>=0.28",
            "pebblecache>=2",
            "schemapress>=2.9",
        ]

        [dependency-groups]
        dev = ["pytest>=8", "straightedge>=0.8"]

        [tool.uv]
        package = false
        """
    files = {
        "pyproject.toml": pyproject,
        ".python-version": f"{minor}\n",
        "Dockerfile": f"FROM python:{minor}-slim\nCOPY . /app\n",
        "storefront/__init__.py": '"""Sells what there is."""\n',
        ".env.example": "STORE_NAME=\nDATABASE_URL=\n",
        ".env": "STORE_NAME=lantern\nDATABASE_URL=quarry://localhost/store\n",
    }
    project = builder.write("work/storefront", files)
    os.chmod(os.path.join(project, ".env"), 0o600)
    builder.lock(project)
    builder.commit(project, ignored=_IGNORED)
    return Created(project, builder.sync(project, made=40, used=0.2))


_LOCKED = (
    ("inkterm", "14.2.0", "main"),
    ("huewheel", "2.18.0", "main"),
    ("tidyargs", "8.2.0", "main"),
    ("pytest", "8.4.2", "dev"),
)


@scenario("a Poetry project with its lock file", usual=False)
def poetry(builder: Builder) -> Created:
    """A project of Poetry without an environment."""
    minor = builder.python.minor
    pyproject = f"""
        [tool.poetry]
        name = "invoices"
        version = "0.9.0"
        description = "What is to be paid"
        authors = ["Ada <ada@example.com>"]
        package-mode = false

        [tool.poetry.dependencies]
        python = "^{minor}"
        inkterm = "^14.0"
        tidyargs = "^8.1"

        [tool.poetry.group.dev.dependencies]
        pytest = "^8.4"

        [build-system]
        requires = ["poetry-core>=2"]
        build-backend = "poetry.core.masonry.api"
        """
    files = {
        "pyproject.toml": pyproject,
        "invoices/__init__.py": '"""What is to be paid."""\n\nTAX = 19\n',
        "tests/test_invoices.py": (
            "from invoices import TAX\n\n\ndef test_something_is_left():\n    assert TAX < 100\n"
        ),
        "Makefile": "test:\n\tpython -m pytest tests\n",
    }
    project = builder.write("work/invoices", files)
    builder.write(project, {"poetry.lock": _poetry_lock(builder, project)})
    builder.commit(project, ignored=_IGNORED)
    return Created(project)


def _poetry_lock(builder: Builder, project: str) -> str:
    """Return a lock file as Poetry 2 writes it."""
    known = {(one.name, one.version): one for one in releases()}
    parts = ["# This file is automatically @generated by Poetry 2.1.1.\n\n"]
    for name, version, group in _LOCKED:
        release = known[name, version]
        parts.append(_package(release, group, _digest(builder.layout.packages, release.file)))
    declared = _digest(project, "pyproject.toml")
    parts.append(
        f'[metadata]\nlock-version = "2.1"\npython-versions = "^{builder.python.minor}"\n'
        f'content-hash = "{declared}"\n'
    )
    return "".join(parts)


def _package(release: DemoRelease, group: str, digest: str) -> str:
    lines = [
        "[[package]]",
        f'name = "{release.name}"',
        f'version = "{release.version}"',
        f'description = "{release.summary}"',
        "optional = false",
        'python-versions = ">=3.8"',
        f'groups = ["{group}"]',
        f'files = [\n    {{file = "{release.file}", hash = "sha256:{digest}"}},\n]',
    ]
    if release.requires:
        lines += ["", "[package.dependencies]"]
        for requirement in release.requires:
            name, _, specifier = requirement.partition(">=")
            lines.append(f'{name} = "{">=" + specifier if specifier else "*"}"')
    return "\n".join(lines) + "\n\n"


def _digest(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


_MANAGE = '''
#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shelf.settings")
    execute_from_command_line(sys.argv)
'''


@scenario("requirements files and a `manage.py`", usual=False)
def requirements(builder: Builder) -> Created:
    """A project of Django without an environment."""
    files = {
        "requirements.txt": "Django>=5\nquarrydb==4.4.1\n",
        "requirements-dev.txt": "-r requirements.txt\npytest\n",
        "manage.py": _MANAGE,
        "shelf/settings.py": '"""Books, in order."""\n',
        ".env.example": "DEBUG=1\nSECRET_KEY=changeme\n",
    }
    project = builder.write("work/bookshelf", files)
    builder.commit(project, ignored=_IGNORED)
    return Created(project)


@scenario(
    ".env tracked by git and readable by others, with a duplicate and a missing key, another .env "
    "inside the environment, and a secret in the example"
)
def dotenv(builder: Builder) -> Created:
    """A project whose dotenv files have every trouble."""
    files = {
        "requirements.txt": "courier-http>=0.27\nlanternweb>=2.3,<3\ntidyargs\n",
        "mailroom.py": '"""Sorts the mail."""\n',
        ".env.example": f"""
            # Copy to .env and fill in.
            MAIL_HOST=localhost
            MAIL_PORT=2525
            MAIL_USER=
            MAIL_PASSWORD=changeme
            PAYMENT_TOKEN={_made_up("sk_live_", 32)}
            LOG_LEVEL=info
            """,
        ".env": f"""
            MAIL_HOST=mail.example.com
            MAIL_PORT=2525
            MAIL_USER=ada
            MAIL_PORT=587
            MAIL_PASSWORD={_made_up("", 20)}
            OLD_QUEUE = heron
            PAYMENT_TOKEN={_made_up("sk_live_", 32)}
            """,
    }
    project = builder.write("work/mailroom", files)
    os.chmod(os.path.join(project, ".env"), 0o644)
    builder.commit(project)
    wanted = "courier-http==0.27.0 lanternweb==2.3.1 tidyargs==8.1.7"
    environment = builder.environment(f"{project}/.venv", wanted, made=220, used=4)
    builder.write(environment, {".env": "MAIL_HOST=localhost\nMAIL_USER=test\n"})
    return Created(project, environment)


def _made_up(prefix: str, length: int) -> str:
    """Return a text that looks like a secret; no service has ever issued it."""
    chance = random.Random(f"{prefix}{length}")  # noqa: S311
    return prefix + "".join(chance.choices(string.ascii_letters + string.digits, k=length))


@scenario("drift: missing, mismatched and extraneous packages, deployed on another Python")
def drifted(builder: Builder) -> Created:
    """A project whose environment differs from its lock file."""
    minor = builder.python.minor
    pyproject = f"""
        [project]
        name = "pricing-api"
        version = "2.4.0"
        requires-python = ">={minor}"
        dependencies = [
            "courier-http>=0.28",
            "lanternweb>=2.3,<3",
            "pebblecache>=2.1",
            "schemapress>=2.9.2",
        ]

        [project.optional-dependencies]
        charts = ["plotmill>=3.9"]

        [dependency-groups]
        dev = ["pytest>=8.4"]

        [tool.uv]
        package = false
        """
    workflow = f"""
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v5
              - uses: actions/setup-python@v6
                with:
                  python-version: "{minor}"
        """
    files = {
        "pyproject.toml": pyproject,
        ".python-version": f"{minor}\n",
        "Dockerfile": f"FROM python:{builder.python.next_minor}-slim\nCOPY . /app\n",
        ".github/workflows/test.yml": workflow,
        "pricing_api/__init__.py": '"""What things cost."""\n',
    }
    project = builder.write("work/pricing-api", files)
    builder.lock(project)
    builder.commit(project, ignored=(".venv/",))
    environment = builder.sync(project)
    builder.uninstall(environment, "pebblecache")
    builder.install(environment, "schemapress==2.9.0 gridframe==2.2.0")
    builder.age(environment, made=130, used=1.5)
    return Created(project, environment)


_OUTDATED = (
    "lanternweb==2.1.0 tallow-templates==3.0.1 wickrouter==1.2.0 courier-http==0.27.0 "
    "certbundle==2024.8.30 gridframe==2.2.0 numera==1.26.4 plotmill==3.9.0 quarrydb==4.2.0 "
    "quarrydb-migrate==1.1.0 pebblecache==2.0.3 schemapress==2.9.0 inkterm==13.8.0 tidyargs==8.1.7"
)


@scenario("nearly all packages outdated")
def lagging(builder: Builder) -> Created:
    """An environment with old releases."""
    names = [pin.partition("==")[0] for pin in _OUTDATED.split()]
    files = {
        "requirements.txt": "".join(f"{name}\n" for name in names),
        "requirements-dev.txt": "pytest\nstraightedge\n",
        "dashboard.py": '"""All at a glance."""\n',
    }
    project = builder.write("work/dashboard", files)
    builder.commit(project, ignored=_IGNORED)
    environment = builder.environment(
        f"{project}/.venv",
        f"{_OUTDATED} pytest==8.2.0 straightedge==0.6.0",
        creator="virtualenv",
        prompt="dashboard",
        made=310,
        used=0.7,
    )
    return Created(project, environment)


@scenario("small, up to date, rarely used")
def now_and_then(builder: Builder) -> Created:
    """An environment without any trouble, of `venv`."""
    files = {"requirements.txt": "inkterm>=13\ntidyargs\n", "clock.py": '"""Your move."""\n'}
    project, wanted = builder.write("code/chessclock", files), "inkterm==14.2.0 tidyargs==8.2.0"
    environment = builder.environment(f"{project}/venv", wanted, creator="venv", made=75, used=6)
    return Created(project, environment)
