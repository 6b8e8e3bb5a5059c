"""The most used packages and this project, installed by pip and uv: no error and no warning."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.model import Severity
from envdeck.core.system.host import Host
from support.environments import create_environment

FIFTY = [
    "boto3",
    "urllib3",
    "botocore",
    "certifi",
    "requests",
    "idna",
    "charset-normalizer",
    "typing-extensions",
    "packaging",
    "python-dateutil",
    "setuptools",
    "s3transfer",
    "numpy",
    "six",
    "pyyaml",
    "fsspec",
    "s3fs",
    "cryptography",
    "pydantic",
    "pip",
    "pandas",
    "attrs",
    "click",
    "grpcio-status",
    "cffi",
    "rsa",
    "jinja2",
    "protobuf",
    "markupsafe",
    "pyasn1",
    "pytz",
    "platformdirs",
    "jmespath",
    "filelock",
    "wheel",
    "colorama",
    "virtualenv",
    "jsonschema",
    "importlib-metadata",
    "zipp",
    "pluggy",
    "iniconfig",
    "pytest",
    "tomli",
    "aiohttp",
    "multidict",
    "yarl",
    "pyjwt",
    "tzdata",
    "sqlalchemy",
]


ROOT = Path(__file__).parents[3]


def install(path, creator, *what):
    """Install with pip, or with uv in what uv made."""
    python = str(path / "bin" / "python")
    if creator.startswith("uv"):
        more = ["--compile-bytecode"] if "-" in creator else []
        command = [find_uv_bin(), "pip", "install", "-q", "--python", python, *more]
    else:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "-q"]
    subprocess.run([*command, *what], check=True, timeout=1200)


def alarms(path, home):
    """Return the errors and warnings of an environment of which every byte was read."""
    host = Host(sys.platform, str(home), {})
    catalog = Catalog(host, index_file=str(home / "index.sqlite3"))
    environment = catalog.lookup(str(path))
    assert environment is not None
    found = catalog.examine(environment, deep=True)
    return [one for one in found.findings if one.severity is not Severity.NOTE]


@pytest.mark.network
@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv", "uv-compiled"])
def test_the_fifty_most_used_packages_have_no_error_and_no_warning(tmp_path, creator):
    path = create_environment(tmp_path / "work" / ".venv", creator=creator.partition("-")[0])
    install(path, creator, *FIFTY)
    assert alarms(path, tmp_path) == []


@pytest.mark.network
@pytest.mark.parametrize("creator", ["venv", "uv"])
def test_this_project_itself_has_no_error_and_no_warning(tmp_path, creator):
    """What is in the demo is looked at in `test_demo_scenarios.py`."""
    project = tmp_path / "work"
    shutil.copytree(ROOT / "src", project / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    path = create_environment(project / ".venv", creator=creator)
    install(path, creator, "-e", f"{project}[dev]")
    assert alarms(path, tmp_path) == []
