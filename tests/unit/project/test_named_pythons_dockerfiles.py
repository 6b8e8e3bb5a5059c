"""The Python that a Dockerfile ends up with."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.project.deployed import named_pythons
from envdeck.core.project.deployed.platforms import DEVELOPMENT, _stages, dockerfiles
from envdeck.core.project.model import NamedPython, Where


def told(folder: Path, text: str, name: str = "Dockerfile") -> list[tuple[str, int | None]]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    named, problems = named_pythons(str(folder))
    assert problems == ()
    return [(one.version, one.line) for one in named]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM python:3.12-slim\n", [("3.12", 1)]),
        ("# c\n\nfrom --platform=linux/amd64 python:3.12 as base\n", [("3.12", 3)]),
        ("ARG V=3.11\nFROM python:${V}-slim\n", [("3.11", 2)]),
        ("ARG V='3.11'\nARG IMAGE=\"python:$V\"\nFROM $IMAGE\n", [("3.11", 3)]),
        ("ARG A=1 V=3.10\nFROM python:${V}\n", [("3.10", 2)]),
        ("FROM python:${V:-3.9}\n", [("3.9", 1)]),
        ("ARG V\nFROM python:${V}\n", []),
        ("FROM scratch\nARG V=3.9\nFROM python:$V\n", []),
        ("FROM python:3\n", []),
        ("FROM \\\n  # why\n  python:3.12 \\\n  AS x\n", [("3.12", 1)]),
        ("# escape=`\nFROM `\npython:3.12\n", [("3.12", 2)]),
        ("FROM python:3.12\r\nRUN x\r\n", [("3.12", 1)]),
        (
            "FROM python:3.11 AS build\nFROM python:3.12-slim\nCOPY --from=build / /\n",
            [("3.12", 2)],
        ),
        ("FROM python:3.11 AS Base\nFROM base AS dev\nFROM base\n", [("3.11", 1)]),
        ("FROM node:20 AS web\nFROM python:3.12 AS app\nFROM app\n", [("3.12", 2)]),
        ("FROM python:3.12 AS build\nFROM gcr.io/distroless/cc\n", [("3.12", 1)]),
        ("FROM a AS b\nFROM b AS a\nFROM a\n", []),
        ("FROM python:3.12\nRUN <<EOF\nFROM python:3.9\nEOF\nCMD x\n", [("3.12", 1)]),
        ("RUN <<-'A' <<B\nFROM python:3.9\nA\nFROM python:3.8\nB\nFROM python:3.7\n", [("3.7", 6)]),
        ("FROM\nFROM --platform=x\n", []),
    ],
)
def test_stages_and_arguments(
    tmp_path: Path, text: str, expected: list[tuple[str, int | None]]
) -> None:
    assert told(tmp_path, text) == expected


def test_where_they_are_looked_for_and_what_for(tmp_path: Path) -> None:
    for name in (
        "Dockerfile",
        "Dockerfile.prod",
        "Dockerfile.test",
        "dev.Dockerfile",
        "Containerfile",
        "docker/Dockerfile",
        ".docker/web.Dockerfile",
        "deploy/Dockerfile",
        ".devcontainer/Dockerfile",
        "Dockerfile.dockerignore",
        "other/Dockerfile",
        "Dockerfile~",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("FROM python:3.12\n")
    (tmp_path / "deploy" / "Containerfile").mkdir()
    named, problems = named_pythons(str(tmp_path))
    assert problems == ()
    assert {Path(one.file).name for one in named if one.source == DEVELOPMENT} == {
        "dev.Dockerfile",
        "Dockerfile",
    }
    places = {str(Path(one.file).relative_to(tmp_path)): one.where for one in named}
    assert places == {
        "Dockerfile": Where.DEPLOYED,
        "Dockerfile.prod": Where.DEPLOYED,
        "Dockerfile.test": Where.TESTED,
        "dev.Dockerfile": Where.TESTED,
        "Containerfile": Where.DEPLOYED,
        "docker/Dockerfile": Where.DEPLOYED,
        ".docker/web.Dockerfile": Where.DEPLOYED,
        "deploy/Dockerfile": Where.DEPLOYED,
        ".devcontainer/Dockerfile": Where.TESTED,
    }
    assert named[0] == NamedPython(
        "3.12", Where.DEPLOYED, "Containerfile", str(tmp_path / "Containerfile"), 1
    )


def test_one_too_large_is_a_problem_and_the_others_count(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"#" * 300_000)
    (tmp_path / "Dockerfile.prod").write_bytes(b"# caf\xe9\nFROM python:3.12\n")
    named, problems = named_pythons(str(tmp_path))
    assert [one.line for one in named] == [2]
    assert [one.message for one in problems] == ["cannot be read: is larger than 256 KiB"]


@pytest.mark.parametrize(
    "text",
    [
        "ARG " + "a" * 250_000,
        "ARG " + "a=" * 120_000,
        "FROM " + "${a-" * 60_000,
        "ARG a=" + "x" * 1000 + "\n" + "ARG a=$a$a$a$a\n" * 15_000 + "FROM $a\n",
        "FROM a AS a\n" * 20_000,
        "x \\\n" * 60_000,
        "RUN " + "<<A " * 60_000,
    ],
    ids=["word", "words", "variables", "growing", "stages", "continued", "heredocs"],
)
def test_hostile_ones_take_no_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    begun = time.process_time()
    assert list(dockerfiles(str(tmp_path))) == []
    assert time.process_time() - begun < 30  # its own time: others cost it nothing


_PIECES = st.sampled_from(
    [
        "FROM ",
        "python:",
        "3.12",
        "ARG ",
        "V=",
        "$V",
        "${V",
        ":-",
        "}",
        " AS ",
        "a",
        "\\\n",
        "\n",
        "# escape=`\n",
        "RUN <<A\n",
        "A\n",
        '"',
        "'",
        "--x ",
        "@sha256:0",
        "\x00",
        "\r",
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=100))
def test_nothing_is_raised_whatever_it_says(text: str) -> None:
    for stage in _stages(text):
        assert 1 <= stage.line <= text.count("\n") + 1
