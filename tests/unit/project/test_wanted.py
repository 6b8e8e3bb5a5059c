"""Which Python a project asks for."""

from pathlib import Path

import pytest

from envdeck.core.project.pythons import wanted_python


@pytest.mark.parametrize(
    ("name", "text", "exact", "implementation"),
    [
        (".python-version", "3.12\n", "3.12", None),
        (".python-version", "my-env\n3.11.4\n", "3.11.4", None),
        (".python-version", "# c\ncpython@3.13\n", "3.13", "cpython"),
        (".python-version", "pypy3.10-7.3.12\n", "3.10", "pypy"),
        (".python-version", "cpython-3.12.1-linux-x86_64-gnu\n", "3.12.1", "cpython"),
        (".python-version", "system\n", None, None),
        (".tool-versions", "nodejs 20\npython 3.11.9 3.10.1\n", "3.11.9", None),
        ("runtime.txt", "python-3.10.4\n", "3.10.4", None),
        ("Pipfile", '[requires]\npython_version = "3.9"\n', "3.9", None),
    ],
)
def test_version_files(
    tmp_path: Path, name: str, text: str, exact: str | None, implementation: str | None
) -> None:
    (tmp_path / name).write_text(text)
    found = wanted_python(str(tmp_path))
    assert (found.exact, found.implementation) == (exact, implementation)
    assert found.exact_source == (str(tmp_path / name) if exact else None)


def test_ranges(tmp_path: Path) -> None:
    assert wanted_python(str(tmp_path / "gone")).specifier == ""
    (tmp_path / "setup.cfg").write_text("[options]\npython_requires = >=3.8\n")
    assert wanted_python(str(tmp_path)).specifier == ">=3.8"
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "^3.9"\n')
    assert wanted_python(str(tmp_path)).specifier == ">=3.9,<4"
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.10"\n')
    found = wanted_python(str(tmp_path))
    assert (found.specifier, found.specifier_source) == (">=3.10", str(tmp_path / "pyproject.toml"))


def test_a_range_that_is_none_is_a_problem_and_the_next_file_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = "new ones"\n')
    (tmp_path / "setup.cfg").write_text("[options]\npython_requires = >=3.8\n")
    found = wanted_python(str(tmp_path))
    assert found.specifier == ">=3.8"
    assert found.problems[0].line == 2
    assert found.problems[0].message == "invalid Python version range"
