"""The most used packages, installed by pip and uv: no error and no warning."""

import subprocess
import sys

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


@pytest.mark.network
@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv", "uv-compiled"])
def test_the_fifty_most_used_packages_have_no_error_and_no_warning(tmp_path, creator):
    path = create_environment(tmp_path / "work" / ".venv", creator=creator.partition("-")[0])
    python = str(path / "bin" / "python")
    if creator.startswith("uv"):
        more = ["--compile-bytecode"] if "-" in creator else []
        command = [find_uv_bin(), "pip", "install", "-q", "--python", python, *more]
    else:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "-q"]
    subprocess.run([*command, *FIFTY], check=True, timeout=1200)
    host = Host(sys.platform, str(tmp_path), {})
    catalog = Catalog(host, index_file=str(tmp_path / "index.sqlite3"))
    environment = catalog.lookup(str(path))
    assert environment is not None
    found = catalog.examine(environment, deep=True)
    assert [one for one in found.findings if one.severity is not Severity.NOTE] == []
