"""The Pythons of platforms: functions, services and their builds."""

from pathlib import Path

import pytest

from envdeck.core.project.deployed import named_pythons
from envdeck.core.project.model import Problem, Where


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("serverless.yml", "provider:\n  name: aws\n  runtime: python3.12\n", [("3.12", 3)]),
        (
            "serverless.yaml",
            (
                "provider: {runtime: nodejs20.x}\nfunctions:\n  a:\n    runtime: python3.9\n"
                "  b: {handler: x}\n  c: ${file(x.yml)}\n"
            ),
            [("3.9", 4)],
        ),
        (
            "serverless.yml",
            (
                "custom:\n  v: python3.11\nprovider:\n  runtime: ${self:custom.v}\n"
                "functions:\n  - a: {runtime: '${self:custom.gone, ''python3.8''}'}\n"
                "  - b: {runtime: '${opt:runtime}'}\n"
            ),
            [("3.11", 2), ("3.8", 6)],
        ),
        (
            "template.yaml",
            (
                "Transform: AWS::Serverless-2016-10-31\nParameters:\n  V: {Default: python3.10}\n"
                "Globals:\n  Function:\n    Runtime: python3.12\nResources:\n  A:\n"
                "    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: !Ref V\n"
                "  B:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: {Ref: V}\n"
                "      Role: !GetAtt [R, Arn]\n  C:\n    Type: Other\n"
                "    Properties: {Runtime: python3.8}\n"
            ),
            [("3.12", 6), ("3.10", 3)],
        ),
        ("app.yaml", "runtime: python312\nhandlers: []\n", [("3.12", 1)]),
        (
            "app.yaml",
            "runtime: python\nenv: flex\nruntime_config:\n  runtime_version: '3.10'\n",
            [("3.10", 4)],
        ),
        ("app.yaml", "runtime: go121\nruntime_config: {runtime_version: 3.10}\n", []),
        (
            "render.yaml",
            (
                "services:\n  - type: web\n    envVars:\n      - key: PYTHON_VERSION\n"
                "        value: 3.10\n      - {key: SECRET, value: '3.9'}\n"
            ),
            [("3.10", 5)],
        ),
        (
            "netlify.toml",
            '[build]\ncommand = "x"\n[build.environment]\nPYTHON_VERSION = "3.11"\n',
            [("3.11", 4)],
        ),
    ],
)
def test_runtimes(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, int | None]]
) -> None:
    (tmp_path / name).write_text(text)
    named, problems = named_pythons(str(tmp_path))
    assert problems == ()
    assert [(one.version, one.line) for one in named] == expected
    for one in named:
        assert (one.where, one.source, one.file) == (Where.DEPLOYED, name, str(tmp_path / name))


_NAMES = (
    "serverless.yml",
    "template.yaml",
    "app.yaml",
    "render.yaml",
    "netlify.toml",
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    ".circleci/config.yml",
    ".github/workflows/ci.yml",
    "noxfile.py",
    "tox.toml",
)


def test_each_broken_file_is_a_problem_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    for name in _NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1\nMARK-3f9c: [\n\t}: [")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    named, problems = named_pythons(str(tmp_path))
    assert [one.version for one in named] == ["3.12"]
    assert {str(Path(one.file).relative_to(tmp_path)) for one in problems} == set(_NAMES)
    assert [str(one) for one in problems if one.line is None] == []
    assert "MARK" not in str(problems) + repr(problems)


@pytest.mark.parametrize("text", ["", "[]", "x", "jobs: [1]", "- - -", "{? [a] : b}", "&a a: *a"])
def test_files_of_another_shape_name_nothing(tmp_path: Path, text: str) -> None:
    for name in _NAMES[:-1]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name.endswith((".toml", ".py")) else text)
    assert named_pythons(str(tmp_path)) == ((), ())


def test_folders_and_links_to_nowhere_in_the_place_of_files(tmp_path: Path) -> None:
    for name in (*_NAMES, "Dockerfile", "tox.ini"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "app.yml").symlink_to("gone")
    (tmp_path / "docker").write_text("no folder")
    assert named_pythons(str(tmp_path)) == ((), ())
    assert named_pythons(str(tmp_path / "gone\0")) == ((), ())


def test_nothing_but_what_is_needed_is_imported(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    code = (
        "import sys; from envdeck.core.project.deployed import named_pythons\n"
        "assert named_pythons(sys.argv[1])[0]; print('yaml' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "False\n"


def test_many_large_files_are_not_all_read(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    step = "jobs: {a: {steps: [{with: {python-version: 3.12}}]}}\n"
    for number in range(5):
        (folder / f"{number}.yml").write_text(step + "# x" * 100_000)
    named, problems = named_pythons(str(tmp_path))
    assert [Path(one.file).name for one in named] == ["0.yml", "1.yml", "2.yml"]
    assert [Path(one.file).name for one in problems] == ["3.yml", "4.yml"]


def test_problem_values_are_kept_once(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text("a: [")
    assert named_pythons(str(tmp_path)) == (
        (),
        (Problem(str(tmp_path / "serverless.yml"), "is not YAML", 1),),
    )
