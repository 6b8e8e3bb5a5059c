"""Where environments lie in a home, and the projects and other folders around them."""

import hashlib
import json
import random
from base64 import urlsafe_b64encode

from benchmarks.synthetic.packages import made_up_name
from benchmarks.synthetic.writer import Writer

IN_PROJECT = ("venv", "venv", "virtualenv", "uv", "uv", "uv")
"""Who made the environments that lie in their project's own folder, in turn."""
_AREAS = ("work", "src", "old", "courses")


def project_path(writer: Writer, number: int) -> str:
    return writer.path(_AREAS[number % len(_AREAS)], f"{made_up_name(number)}-{number}")


def write_project(writer: Writer, path: str, folders: int, random_: random.Random) -> None:
    """Make a project's own tree of that many folders, with five files in each or so."""
    name = path.rpartition("/")[2]
    writer.folder(path)
    writer.text(f"{path}/pyproject.toml", f'[project]\nname = "{name}"\nversion = "1.0"\n')
    writer.text(f"{path}/README.md", f"# {name}\n")
    below = [writer.folder(f"{path}/src")]
    for number in range(folders - 1):
        folder = writer.folder(f"{random_.choice(below[-12:])}/part{number}")
        below.append(folder)
        for item in range(random_.randrange(10)):
            writer.file(f"{folder}/item{item}.py")


def write_repository(writer: Writer, path: str) -> None:
    """Make a `.git` with the folders of a repository that was never packed."""
    git = writer.folder(f"{path}/.git")
    writer.text(f"{git}/HEAD", "ref: refs/heads/main\n")
    for name in ("refs/heads", "refs/tags", "hooks", "info", "logs/refs/heads"):
        writer.folder(f"{git}/{name}")
    for number in range(256):
        folder = writer.folder(f"{git}/objects/{number:02x}")
        if number % 4 == 0:
            writer.file(f"{folder}/{number:038x}")


def write_node_modules(writer: Writer, path: str, folders: int) -> None:
    """Make a `node_modules` of at least that many folders."""
    start = writer.folders
    number = 0
    while writer.folders - start < folders:
        package = writer.folder(f"{path}/node_modules/{made_up_name(number)}")
        writer.file(f"{package}/package.json")
        for name in ("dist/cjs", "dist/esm", "lib", "src", "types"):
            writer.folder(f"{package}/{name}")
        number += 1


def kept(writer: Writer, project: str, number: int, minor: str) -> tuple[str, str, dict[str, str]]:
    """Return path, creator and extra files of an environment that a tool keeps elsewhere."""
    name = project.rpartition("/")[2]
    short = made_up_name(number)
    data = writer.path(".local", "share")
    of_project = _hash(hashlib.sha256(project.encode()))
    of_pipfile = _hash(hashlib.sha256(f"{project}/Pipfile".encode()))
    of_pdm = _hash(hashlib.md5(project.encode(), usedforsecurity=False))
    main = {"main_package": {"package": short, "package_version": "1.0"}}
    choices: tuple[tuple[str, str, dict[str, str]], ...] = (
        (
            writer.path(".cache/pypoetry/virtualenvs", f"{name}-{of_project}-py{minor}"),
            "virtualenv",
            {},
        ),
        (f"{data}/virtualenvs/{name}-{of_pipfile}", "virtualenv", {".project": project}),
        (f"{data}/pdm/venvs/{name}-{of_pdm}-{minor}", "virtualenv", {}),
        (f"{data}/hatch/env/virtual/{name}/{of_project}/test", "virtualenv", {}),
        (f"{data}/pipx/venvs/{short}", "venv", {"pipx_metadata.json": json.dumps(main)}),
        (f"{data}/uv/tools/{short}", "uv", {"uv-receipt.toml": "[tool]\nrequirements = []\n"}),
        (
            writer.path(".cache/pre-commit", f"repo{number:08x}", f"py_env-python{minor}"),
            "virtualenv",
            {},
        ),
        (writer.path(".virtualenvs", short), "virtualenv", {".project": project}),
        (f"{project}/.tox/py{minor.replace('.', '')}", "virtualenv", {".tox-info.json": "{}"}),
        (f"{project}/.nox/tests", "virtualenv", {}),
        (f"{project}/.direnv/python-{minor}", "venv", {}),
        (writer.path("miniconda3/envs", short), "conda", {}),
    )
    return choices[number % len(choices)]


def _hash(digest: "hashlib._Hash") -> str:
    return urlsafe_b64encode(digest.digest()).decode()[:8]
