"""The Pythons that a project is tested with: CI, tox, nox."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.project.deployed import SOURCES, named_pythons
from envdeck.core.project.model import Where

GITHUB = ".github/workflows/ci.yml"
MATRIX = """\
on: [push]
env: {PY: "3.8"}
jobs:
  test:
    container: {image: "python:3.13-slim"}
    strategy:
      matrix:
        python-version: ["3.9", 3.10]
        os:
          - {python: 3.11, name: x}
        include:
          - python-version: pypy3.10
          - python-version: "3.12"
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
          python-version-file: .python-version
      - uses: astral-sh/setup-uv@v5
        with: {python-version: "${{ matrix.os.python }}"}
      - with: {python-version: "${{ env.PY }}"}
      - with: {python-version: "${{ matrix['python-version'] || '3.7' }}"}
      - with: {python-version: "${{ fromJSON(needs.x) }}"}
      - uses: actions/setup-python@v5
        with:
          python-version: |
            3.6
            3.14-dev
"""


def told(folder: Path, name: str, text: str) -> list[tuple[str, int | None]]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    named, problems = named_pythons(str(folder))
    assert problems == ()
    assert {one.where for one in named} <= {Where.TESTED}
    return [(one.version, one.line) for one in named]


def test_github_matrix(tmp_path: Path) -> None:
    assert told(tmp_path, GITHUB, MATRIX) == [
        ("3.9", 8),
        ("3.10", 8),
        ("3.12", 13),
        ("3.11", 10),
        ("3.8", 2),
        ("3.6", 28),
        ("3.14", 29),
        ("3.13", 5),
    ]


def test_github_inputs_and_fallbacks(tmp_path: Path) -> None:
    assert told(
        tmp_path,
        GITHUB,
        "on:\n  workflow_call:\n    inputs:\n      python: {default: '3.11'}\n"
        "jobs:\n  a:\n    steps:\n      - with: {python-version: '${{ inputs.python }}'}\n"
        "      - with: {python-version: \"${{ env.GONE || '3.9' }}\"}\n"
        "  b:\n    uses: ./x.yml\n    with: {python-version: 3.10}\n",
    ) == [("3.11", 4), ("3.9", 9), ("3.10", 12)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            ".gitlab-ci.yml",
            (
                "image: python:3.12\nstages: [a]\ntest:\n  image: {name: 'python:3.11-slim'}\n"
                "  script: !reference [.a, script]\ndefault:\n  image: $CI_IMAGE\n"
            ),
            [("3.12", 1), ("3.11", 4)],
        ),
        (
            ".gitlab-ci.yml",
            (
                "spec: {inputs: {}}\n---\nvariables: {V: '3.10', X: {value: slim}}\n"
                "a: {image: 'python:$V-$X'}\nb:\n  image: python:${V}\n  parallel:\n    matrix:\n"
                "      - V: ['3.8', '3.9']\n        OS: [x]\n"
            ),
            [("3.10", 3), ("3.8", 9), ("3.9", 9)],
        ),
        (
            ".circleci/config.yml",
            (
                "jobs:\n  a:\n    parameters: {v: {default: '3.9'}}\n    docker:\n"
                "      - image: cimg/python:<< parameters.v >>\n      - image: postgres:14\n"
                "  b:\n    docker: [{image: 'cimg/python:3.8'}]\n"
                "executors:\n  e:\n    docker: [{image: 'python:3.7'}]\n"
                "workflows:\n  version: 2\n  w:\n    jobs:\n      - b\n      - a:\n"
                "          matrix: {parameters: {v: ['3.10', '3.11']}}\n"
                "      - python/test: {version: 3.12}\n"
            ),
            [("3.10", 18), ("3.11", 18), ("3.8", 8), ("3.7", 11), ("3.12", 19)],
        ),
        (
            "azure-pipelines.yml",
            (
                "variables:\n  - {name: old, value: '3.8'}\n  - group: x\nstages:\n- stage: a\n"
                "  jobs:\n  - job: t\n    strategy:\n      matrix:\n"
                "        one: {python.version: '3.10'}\n        two: {python.version: '3.11'}\n"
                "    steps:\n    - task: UsePythonVersion@0\n"
                "      inputs: {versionSpec: '$(python.version)'}\n"
                "    - task: UsePythonVersion@0\n"
                "      inputs: {versionSpec: '${{ variables.old }}'}\n"
                "    - task: Other@0\n      inputs: {versionSpec: '2.7'}\n"
                "  - job: c\n    container: python:3.12\n"
            ),
            [("3.10", 10), ("3.11", 11), ("3.8", 2), ("3.12", 20)],
        ),
        (
            ".travis.yml",
            (
                "language: python\npython:\n  - 3.9\n  - 3.10-dev\n  - nightly\n  - pypy3\n"
                "jobs:\n  include:\n    - python: '3.11'\n"
            ),
            [("3.9", 3), ("3.10", 4), ("3.11", 9)],
        ),
        (
            "tox.ini",
            (
                "[tox]\nminversion = 4\nenvlist =\n  py{38, 39,310}-django{3,4}  # py27\n"
                "  lint, 3.12, pypy3\n  py3{13-14}\n[testenv]\nbasepython = python3.7\n"
                "[other]\nenvlist = py36\n"
            ),
            [
                ("3.8", 4),
                ("3.9", 4),
                ("3.10", 4),
                ("3.12", 5),
                ("3.13", 6),
                ("3.14", 6),
                ("3.7", 8),
            ],
        ),
        ("setup.cfg", "[tox:tox]\nenv_list: py39,py310\n", [("3.9", 2), ("3.10", 2)]),
        ("tox.toml", 'env_list = ["3.12", "type"]\n', [("3.12", 1)]),
        (
            "pyproject.toml",
            '[tool.tox]\nlegacy_tox_ini = """\n[tox]\nenvlist = py311\n"""\n',
            [("3.11", 4)],
        ),
        (
            "noxfile.py",
            (
                "import nox\nPYTHONS: list[str] = ['3.9',\n  '3.10']\nNEW = PYTHONS + ['3.13']\n"
                "@nox.session(python=PYTHONS)\ndef a(session): '\\d'\n"
                "@nox.session(venv_backend='uv', python='3.11')\ndef b(session): ...\n"
                "@session(py=[*NEW, '3.12', False])\ndef c(session): ...\n"
                "@nox.session\n@nox.parametrize('python', ['3.8'])\ndef d(session): ...\n"
                "@nox.session(python=nox.project.python_versions(x))\ndef e(session): ...\n"
                "@other(python='2.7')\ndef f(session): ...\nraise SystemExit('never run')\n"
            ),
            [("3.9", 2), ("3.10", 3), ("3.11", 7), ("3.13", 4), ("3.12", 9), ("3.8", 12)],
        ),
    ],
)
def test_others(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, int | None]]
) -> None:
    assert told(tmp_path, name, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".b" * 60_000,
        "-" * 120_000 + "1",
        "(" * 120_000,
        "if x:\n pass\n" + "elif x:\n pass\n" * 8_000,
        "a\0",
        "# -*- coding: nothing -*-\n",
    ],
    ids=["attributes", "operators", "brackets", "elif", "nul", "coding"],
)
def test_a_noxfile_that_no_parser_takes_is_a_problem(tmp_path: Path, text: str) -> None:
    (tmp_path / "noxfile.py").write_text(text)
    named, problems = named_pythons(str(tmp_path))
    assert named == ()
    assert len(problems) == 1


def test_a_noxfile_whose_lists_stand_in_each_other_without_end(tmp_path: Path) -> None:
    lines = ["L0 = ['x'] * 1", "A = [A, '3.12']", "Z = ['3.11']"]
    lines += [f"L{n} = [{', '.join([f'L{n - 1}'] * 10)}]" for n in range(1, 30)]
    lines += ["@nox.session(python=L29 + A)", "def a(s): ..."]
    (tmp_path / "noxfile.py").write_text("\n".join(lines))
    named, _ = named_pythons(str(tmp_path))
    assert [one.version for one in named] == ["3.12"]


def _many(rows: int) -> str:
    steps = "".join("      - *s\n" for _ in range(rows))
    return (
        "x: &s {with: {python-version: '${{ matrix.p }}'}}\njobs:\n  a:\n"
        f"    strategy: {{matrix: {{p: [{', '.join(['y'] * rows)}]}}}}\n    steps:\n{steps}"
    )


def test_many_times_many_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[tox]\nenvlist = " + "a" * 200_000)
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / GITHUB).write_text(_many(8_000))
    begun = time.process_time()
    names = ", ".join(f"v{n}: x" for n in range(8_000))
    jobs = "".join(f"j{n}: {{image: 'python:$v1'}}\n" for n in range(4_000))
    assert told(tmp_path, ".gitlab-ci.yml", f"variables: {{{names}}}\n{jobs}") == []
    assert time.process_time() - begun < 30  # its own time: others cost it nothing


_WORDS = st.sampled_from(
    [
        "jobs",
        "steps",
        "with",
        "python-version",
        "matrix",
        "image",
        "docker",
        "python",
        "runtime",
        "functions",
        "provider",
        "Resources",
        "services",
        "envVars",
        "tasks",
        "a",
        "3.10",
        "${{ matrix.python }}",
        "$V",
        "<< parameters.a >>",
        "$(a)",
        "python:3.12",
        "strategy",
    ]
)
_NESTED = st.recursive(
    _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda ones: f"[{', '.join(ones)}]")
        | st.dictionaries(_WORDS, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"'{key}': {one}" for key, one in table.items()) + "}"
        )
    ),
    max_leaves=12,
)
_FILES = (GITHUB, ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", ".travis.yml")
_FILES += ("serverless.yml", "template.yaml", "app.yaml", "render.yaml", "tox.ini", "noxfile.py")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_NESTED | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_nothing_is_raised_whatever_they_say(tmp_path: Path, text: str) -> None:
    for name in _FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    named, problems = named_pythons(str(tmp_path))
    assert all(one.line is not None for one in named)
    assert len(problems) <= len(_FILES)
    assert len(SOURCES) >= 13
