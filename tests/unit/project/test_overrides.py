"""What a project puts in place of what packages ask for: read, and judged by."""

from pathlib import Path

import pytest

from envdeck.core.inspection.packages.requirements import (
    MarkerHost,
    marker_environment,
    parse_requirement,
)
from envdeck.core.model import Python
from envdeck.core.project import Overrides
from envdeck.core.project.project import project_overrides
from envdeck.core.project.requirements import permits

LINUX = MarkerHost("posix", "linux", "x86_64", "6.1", "Linux", "#1")
MARKERS = marker_environment(Python("3.12.1", "cpython"), LINUX)
HEAD = '[project]\nname = "app"\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[tool.uv]\noverride-dependencies = ["idna==2.4", "no requirement at all"]',
         ("idna==2.4",)),
        ('[tool.uv]\nexclude-dependencies = ["idna", "not a name"]',
         ("idna ; python_version < '0'",)),
        ('[tool.pdm.resolution]\nexcludes = ["idna"]', ("idna ; python_version < '0'",)),
        (('[tool.pdm.resolution.overrides]\nidna = "2.4"\nsix = ">=1.15"\n'
          'lib = "https://files.example/lib-1.zip"\nodd = 3\n'),
         ("idna==2.4", "six>=1.15", "lib @ https://files.example/lib-1.zip")),
        ("[tool.uv]\noverride-dependencies = 3\ndependency-metadata = 3", ()),
        ('[tool.poetry]\nname = "app"', ()),
    ],
)  # fmt: skip
def test_lines_of_each_tool(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{HEAD}{text}\n")
    found = project_overrides(str(tmp_path))
    assert found.lines == lines
    assert found.file == (str(tmp_path / "pyproject.toml") if lines else "")


def test_those_of_the_workspace_hold_for_its_members(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.uv]\noverride-dependencies = ["idna==2.4"]\n[tool.uv.workspace]\nmembers = ["one"]\n'
    )
    (tmp_path / "one").mkdir()
    (tmp_path / "one/pyproject.toml").write_text(
        f'{HEAD}[tool.uv]\noverride-dependencies = ["six==1.0"]\n'
    )
    assert project_overrides(str(tmp_path / "one")).lines == ("idna==2.4",)


def test_a_uv_toml_takes_the_place_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        f'{HEAD}[tool.uv]\noverride-dependencies = ["idna==2.4"]\n'
    )
    (tmp_path / "uv.toml").write_text('override-dependencies = ["six==1.0"]\n')
    found = project_overrides(str(tmp_path))
    assert (found.lines, found.file) == (("six==1.0",), str(tmp_path / "uv.toml"))


@pytest.mark.parametrize("text", ["[tool.uv", "", "tool = 3"])
def test_what_cannot_be_read_overrides_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert project_overrides(str(tmp_path)) == Overrides()
    assert project_overrides(str(tmp_path / "gone")) == Overrides()


METADATA = (("requests", "2.31.0", ("idna>=2",)), ("flask", "", ()))


@pytest.mark.parametrize(
    ("lines", "requirer", "asked", "there", "permitted"),
    [
        (("idna==2.4",), "requests", "idna>=2.5", ("2.4",), True),
        (("idna==2.4",), "requests", "idna>=2.5", ("2.3",), False),
        (("idna==2.4",), "requests", "idna>=2.5", (), False),
        (("idna==2.4",), "other", "six>=2", ("1.0",), False),
        (("idna ; python_version < '3'",), "other", "idna>=2.5", (), True),
        (("idna==2.4 ; python_version < '3'", "idna==2.3"), "other", "idna>=2.5", ("2.3",), True),
        ((), "requests", "idna>=2.5", ("2.4",), True),
        ((), "requests", "idna>=2.5", (), False),
        ((), "requests", "six", (), True),
        ((), "flask", "jinja2", (), True),
        ((), "other", "jinja2", (), False),
    ],
)
def test_what_is_there_will_do_where_the_project_says_so(
    lines: tuple[str, ...], requirer: str, asked: str, there: tuple[str, ...], permitted: bool
) -> None:
    """astral-sh/uv#18719: what the project says of a package was not asked."""
    requirement = parse_requirement(asked)
    assert requirement is not None
    overrides = Overrides("pyproject.toml", lines, METADATA)
    told = requirer, "2.31.0"
    assert permits(overrides, told, requirement, there, MARKERS) is permitted
    other = requirer, "2.30.0"
    again = permitted and (bool(lines) or requirer == "flask")
    assert permits(overrides, other, requirement, there, MARKERS) is again
