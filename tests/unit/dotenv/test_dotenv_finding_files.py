"""Which files are dotenv files, and where they are looked for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.dotenv.files import find_files, kind_of, made_from, read_document, required_files
from envdeck.core.dotenv.model import FileKind


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.local",
        ".env.production",
        ".env-staging",
        ".env_old",
        ".env~",
        ".ENV",
        "prod.env",
        ".env.bak",
        ".env.\udcff",
        ".env.a\nb",
        "docker-compose.env",
    ],
)
def test_files_with_values_are_told_by_their_names(name: str):
    assert kind_of(name) is FileKind.ENV


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (".env.example", ".env"),
        (".env.sample", ".env"),
        (".env.template", ".env"),
        (".env.dist", ".env"),
        (".env-example", ".env"),
        (".env.defaults", ".env"),
        ("env.example", ".env"),
        ("example.env", ".env"),
        (".example.env", ".env"),
        (".env.local.example", ".env.local"),
        (".env.example.local", ".env.local"),
        ("prod.example.env", "prod.env"),
        (".env.EXAMPLE", ".env"),
    ],
)
def test_examples_are_told_with_what_they_are_of(name: str, made: str):
    assert kind_of(name) is FileKind.EXAMPLE
    assert made_from(os.path.join("/x", name)) == os.path.join("/x", made)


@pytest.mark.parametrize(
    "name",
    [".envrc", "env", "env.py", "env.sh", ".environment", ".env.vault", ".env.gpg", ".env.d.ts",
     ".env.json", "environment.yml", ".env.swp", "example", ".venv", "venv", "example.envrc"],
)  # fmt: skip
def test_other_files_are_none(name: str):
    assert kind_of(name) is None


def found(folder: Path, environment: Path | None = None) -> dict[str, str]:
    files = find_files(str(folder), str(environment) if environment else None)
    return {os.path.relpath(file.path, folder): file.kind.value for file in files}


def test_three_levels_below_are_looked_at_and_no_deeper(tmp_path: Path):
    for path in (
        ".env", "prod.env", ".env.example", "docker/.env", "backend/.env.sample", "a/b/.env",
        "a/b/c/d/.env",
        "node_modules/.env", ".hidden/.env", "other/.git/HEAD", "other/.env", "site-packages/.env",
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "linked").symlink_to(tmp_path / "a" / "b")
    assert list(found(tmp_path).items()) == [
        (".env", "env"),
        (".env.example", "example"),
        ("prod.env", "env"),
        ("backend/.env.sample", "example"),
        ("docker/.env", "env"),
        ("a/b/.env", "env"),
    ]


def test_a_file_in_an_environment_is_a_stray(tmp_path: Path, make_venv: Callable[..., Path]):
    project = tmp_path / "shop"
    make_venv(project / ".venv")
    far = make_venv(tmp_path / "far")
    for folder in (project, project / ".venv", far):
        (folder / ".env").touch()
    assert found(project) == {".env": "env", ".venv/.env": "stray"}
    assert found(project, far) == {".env": "env", ".venv/.env": "stray", "../far/.env": "stray"}
    assert found(project, project / ".venv") == {".env": "env", ".venv/.env": "stray"}


def test_what_lies_in_an_environment_in_the_projects_own_folder_is_a_stray(
    tmp_path: Path, make_venv: Callable[..., Path]
):
    make_venv(tmp_path / "shop")
    (tmp_path / "shop" / ".env").touch()
    assert found(tmp_path / "shop", tmp_path / "shop") == {".env": "stray"}


def test_an_environment_called_dotenv_is_no_file(tmp_path: Path, make_venv: Callable[..., Path]):
    make_venv(tmp_path / ".env")
    (tmp_path / "settings.env").mkdir()
    assert found(tmp_path) == {}


def test_a_folder_that_cannot_be_listed_has_none(tmp_path: Path):
    assert find_files(str(tmp_path / "gone")) == ()
    assert find_files(str(tmp_path) + "\0") == ()


def test_there_is_an_end_to_it(tmp_path: Path):
    for number in range(150):
        (tmp_path / f"{number}.env").touch()
    (tmp_path / ".env").touch()
    files = find_files(str(tmp_path))
    assert len(files) == 100
    assert files[0].path == str(tmp_path / ".env")


@pytest.mark.parametrize(
    ("example", "needed"),
    [
        ("apps/web/.env.example", "apps/web/.env"),
        ("deploy/compose/dev/.env.example", "deploy/compose/dev/.env"),
        (".docker/.env.example", ".docker/.env"),
        (".env.local.example", ".env.local"),
        (".env.development.example", ".env.development"),
        ("dev.env.example", "dev.env"),
        (".environment-example", ".environment"),
        (".env.example.txt", ".env"),
    ],
)
def test_what_a_project_is_started_with(tmp_path: Path, example: str, needed: str):
    (tmp_path / example).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / example).write_text("A=\n")
    documents = [read_document(one) for one in find_files(str(tmp_path))]
    (file,) = required_files(one.file for one in documents)
    assert file == str(tmp_path / needed)


def test_a_folder_of_files_with_names_of_their_own(tmp_path: Path):
    (tmp_path / ".envs" / ".local").mkdir(parents=True)
    (tmp_path / ".envs" / ".local" / ".django").write_text("DEBUG=true\n")
    assert list(found(tmp_path).items()) == [(".envs/.local/.django", "env")]


def test_utf_16_is_told_without_its_mark(tmp_path: Path):
    (tmp_path / ".env").write_bytes("KEY=value\n".encode("utf-16-le"))
    (one,) = find_files(str(tmp_path))
    file = read_document(one).file
    assert (file.encoding, file.names, file.problem) == ("utf-16", ("KEY",), "")
