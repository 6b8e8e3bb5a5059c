"""What manifests declare, read and never run."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.project import DeclaredRequirement
from envdeck.core.project.manifests.poetry import poetry_specifier
from envdeck.core.project.project import read_declared, read_manifest
from envdeck.core.project.requirements import parsed


def texts(found: tuple[DeclaredRequirement, ...]) -> list[tuple[str, str, str]]:
    return [(one.text, one.group, one.extra) for one in found]


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_pyproject_with_extras_and_groups(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pyproject.toml",
        '[project]\nname = "My.App"\ndependencies = ["Idna>=3", "bad req!"]\n'
        '[project.optional-dependencies]\nNet = ["certifi"]\n'
        '[dependency-groups]\ndev = ["pytest", {include-group = "Lint"}]\nlint = ["ruff"]\n'
        'loop = [{include-group = "loop"}, "a"]\nlost = [{include-group = "none"}]\n'
        "[build-system]\nrequires = []\n",
    )
    found = read_manifest(path)
    assert texts(found.requirements) == [
        ("Idna>=3", "", ""), ("certifi", "", "net"), ("pytest", "dev", ""), ("ruff", "dev", ""),
        ("ruff", "lint", ""), ("a", "loop", ""),
    ]  # fmt: skip
    assert (found.name, found.builds, found.default_groups) == ("my-app", True, ("dev",))
    assert found.requirements[0].line == 3
    assert [one.message for one in found.problems] == [
        "this line is not a requirement (PEP 508)",
        "a dependency group includes itself",
        "a dependency group includes an unknown group",
    ]
    assert found.problems[0].line == 3


def test_groups_that_include_in_a_fan_stay_bounded(tmp_path: Path) -> None:
    groups = ['g0 = ["a"]']
    for number in range(1, 40):
        include = f'{{include-group = "g{number - 1}"}}'
        groups.append(f"g{number} = [{include}, {include}]")
    found = read_manifest(
        write(tmp_path / "pyproject.toml", "[dependency-groups]\n" + "\n".join(groups))
    )
    assert {one.text for one in found.requirements} == {"a"}


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("project = 5", "[project] is not a table", 1),
        ('\n[project]\nversion = "1"', "[project] has no name", 2),
        ("[project]\nname = 5", "invalid name in [project] (PEP 508)", 2),
        ('[project]\nname = "a b"', "invalid name in [project] (PEP 508)", 2),
        ('[project]\nname = "a"\nrequires-python = 3', "requires-python is not a string", 3),
        ('[project]\nname = "a"\ndependencies = "b"', "dependencies is not a list of strings", 3),
        ('[project]\nname = "a"\ndependencies = [1]', "dependencies is not a list of strings", 3),
        (
            '[project]\nname = "a"\noptional-dependencies = []',
            "optional-dependencies is not a table",
            3,
        ),
        (
            '[project]\nname = "a"\n[project.optional-dependencies]\nx = "b"',
            "an extra is not a list of strings",
            4,
        ),
        ("dependency-groups = 1", "[dependency-groups] is not a table", 1),
    ],
)
def test_a_pyproject_that_is_not_valid_by_its_standard(
    tmp_path: Path, text: str, told: str, line: int
) -> None:
    path = write(tmp_path / "pyproject.toml", text)
    assert [str(one) for one in read_manifest(path).problems] == [f"{path}:{line}: {told}"]


def test_poetry_tables(tmp_path: Path) -> None:
    found = read_manifest(
        write(
            tmp_path / "pyproject.toml",
            '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\npython = "^3.9"\n'
            'idna = "^3.1"\ntilde = "~1.2"\nexact = "1.0"\nany = "*"\n'
            'opt = {version = ">=1", optional = true}\n'
            'old = {version = "<2", python = "<3.10", extras = ["x"]}\n'
            'src = {git = "git@git.example:me/src.git", rev = "abc"}\n'
            'two = [{version = "1.*", python = "<3.10"}, {version = "^2", python = ">=3.10"}]\n'
            'odd = "1 || 2"\n[tool.poetry.extras]\nmore = ["opt"]\n'
            '[tool.poetry.group.test.dependencies]\npytest = "^9"\n'
            "[tool.poetry.group.docs]\noptional = true\n"
            '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n',
        )
    )
    assert texts(found.requirements) == [
        ("idna>=3.1,<4", "", ""),
        ("tilde>=1.2,<1.3", "", ""),
        ("exact==1.0", "", ""),
        ("any", "", ""),
        ("opt>=1", "", "more"),
        ("old[x]<2 ; python_version < '3.10'", "", ""),
        ("src @ git+ssh://git@git.example/me/src.git@abc", "", ""),
        ("two==1.* ; python_version < '3.10'", "", ""),
        ("two>=2,<3 ; python_version >= '3.10'", "", ""),
        ("pytest>=9,<10", "test", ""),
        ("sphinx", "docs", ""),
    ]
    assert found.default_groups == ("test",)
    assert found.optional_groups == ("docs",)
    assert ["unsupported entry" in one.message for one in found.problems] == [True]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"), ("^0.0", ">=0.0,<0.1"), ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"),
        ("~=1.2", "~=1.2"), (">=1,<2", ">=1,<2"), (">= 1.0 < 2", ">=1.0,<2"), ("1.*", "==1.*"),
        ("*", ""), ("=1.0", "==1.0"), ("!=1.5", "!=1.5"),
        # python-poetry/poetry#10569, osprey-oss/migrate-to-uv#487
        ("^1 || ^2", ">=1,<3"), ("^3.8|^3.9", ">=3.8,<4"), ("^1.2 || ^3.0", ">=1.2,<4,!=2.*"),
        ("<2 || >=3", "!=2.*"), ("1.2.* || 1.4.*", ">=1.2,<1.5,!=1.3.*"), ("^1 || *", ""),
        ("^1.5 || >=2.3", ">=1.5,!=2.0.*,!=2.1.*,!=2.2.*"), ("^1 || >=99", None),
        ("1.0 || 2.0", None), ("~2.7 || ^3.6", None), ("^1 || no", None), ("^1 ||", ""),
    ],
)  # fmt: skip
def test_poetrys_constraints(told: str, meant: str | None) -> None:
    assert poetry_specifier(told) == meant


def test_a_dependency_of_poetry_for_several_pythons(tmp_path: Path) -> None:
    table = 'six = {version = "^1 || ^2", python = "~2.7 || ^3.6"}\nidna = {python = "^3 || *"}\n'
    text = f'[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\n{table}'
    found = read_manifest(write(tmp_path / "pyproject.toml", text))
    python = (
        "(python_version >= '2.7' and python_version < '2.8' or"
        " python_version >= '3.6' and python_version < '4')"
    )
    assert [one.text for one in found.requirements] == [f"six>=1,<3 ; {python}", "idna"]
    assert parsed(found.requirements[0].text) is not None
    assert found.problems == ()


def test_groups_of_poetry_that_include_others(tmp_path: Path) -> None:
    """Poetry 2.2: `include-groups`, in rings too."""
    found = read_manifest(
        write(
            tmp_path / "pyproject.toml",
            '[tool.poetry]\nname = "app"\n[tool.poetry.group.test]\ninclude-groups = ["Base"]\n'
            '[tool.poetry.group.test.dependencies]\npytest = "*"\n'
            '[tool.poetry.group.base]\ninclude-groups = ["all", "gone"]\n'
            '[tool.poetry.group.base.dependencies]\npluggy = "*"\n'
            '[tool.poetry.group.all]\noptional = true\ninclude-groups = ["test", "base"]\n',
        )
    )
    assert [(one.group, one.text) for one in found.requirements] == [
        ("test", "pytest"), ("test", "pluggy"), ("base", "pluggy"), ("base", "pytest"),
        ("all", "pytest"), ("all", "pluggy"),
    ]  # fmt: skip
    assert (found.default_groups, found.optional_groups) == (("test", "base"), ("all",))


def test_groups_of_poetry_that_include_standard_ones(tmp_path: Path) -> None:
    """python-poetry/poetry#10394, poetry-core#888: both kinds of groups in one file."""
    found = read_manifest(
        write(
            tmp_path / "pyproject.toml",
            '[project]\nname = "app"\n[dependency-groups]\ntest = ["pytest"]\ndocs = ["sphinx"]\n'
            "[tool.poetry]\npackage-mode = false\n[tool.poetry.group.docs]\noptional = true\n"
            '[tool.poetry.group.all]\noptional = true\ninclude-groups = ["test", "docs"]\n'
            '[tool.poetry.group.all.dependencies]\nidna = "*"\n'
            '[tool.poetry.group.test.dependencies]\nsix = "*"\n',
        )
    )
    assert {(one.group, one.text) for one in found.requirements} == {
        ("test", "pytest"), ("test", "six"), ("docs", "sphinx"), ("all", "idna"),
        ("all", "pytest"), ("all", "six"), ("all", "sphinx"),
    }  # fmt: skip
    assert len(found.requirements) == 7
    assert (found.default_groups, found.optional_groups) == (("test",), ("all", "docs"))


def test_pdm_setup_cfg_and_pipfile(tmp_path: Path) -> None:
    found = read_manifest(
        write(
            tmp_path / "pyproject.toml",
            '[project]\nname = "a"\ndependencies = ["idna"]\n'
            '[tool.pdm]\ndistribution = false\n[tool.pdm.dev-dependencies]\ntest = ["pytest"]\n',
        )
    )
    assert texts(found.requirements) == [("idna", "", ""), ("pytest", "test", "")]
    assert (found.default_groups, found.builds) == (("test",), False)
    found = read_manifest(
        write(
            tmp_path / "setup.cfg",
            "[metadata]\nname = app\n[options]\ninstall_requires =\n  idna>=3 # why\n"
            "  tomli; python_version < '3.11'\n[options.extras_require]\nNet = certifi\n",
        )
    )
    assert texts(found.requirements) == [
        ("idna>=3", "", ""), ("tomli; python_version < '3.11'", "", ""), ("certifi", "", "net"),
    ]  # fmt: skip
    found = read_manifest(
        write(
            tmp_path / "Pipfile",
            '[[source]]\nurl = "https://index.example/simple"\n[packages]\nidna = "*"\n'
            'here = {path = ".", editable = true}\n'
            'x = {version = ">=1", sys_platform = "== \'linux\'"}\n'
            '[dev-packages]\npytest = ">=9"\n',
        )
    )
    assert texts(found.requirements) == [
        ("idna", "", ""), (f"-e {tmp_path.as_uri()}", "", ""),
        ("x>=1 ; sys_platform == 'linux'", "", ""), ("pytest>=9", "dev", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "texts", "options"),
    [
        ("-e.[test]", ["-e file://{folder}[test]"], ()),
        ("-e=./lib", ["-e file://{folder}/lib"], ()),
        ("-ihttps://packages.example/simple\nsix", ["six"],
         ("--index-url https://packages.example/simple",)),
        ("-f./wheels\nsix", ["six"], ("--find-links {folder}/wheels",)),
        ("-rbase.txt", ["idna"], ()),
        ("six \\\n    >1.0", ["six      >1.0"], ()),
        ("six \\\n# comment\nidna", ["six", "idna"], ()),
        ("six #caf\u00e9\nidna", ["six", "idna"], ()),
        ("-e ${HOME}/lib#egg=lib", ["-e ${HOME}/lib#egg=lib"], ()),
        ("lib @ file://${HOME}/lib", ["lib @ file://${HOME}/lib"], ()),
        ("-e ${HOME}/lib", ["-e ${HOME}/lib"], ()),
        ("-e ${HOME}/lib ; python_version > '3'", ["-e ${HOME}/lib ; python_version > '3'"], ()),
        ("-e '${HOME}/lib'", ["-e ${HOME}/lib"], ()),
        ("${HOME}/lib ; python_version > '3'", ["${HOME}/lib ; python_version > '3'"], ()),
        ("-e ./${LIBS}/a b[x]", ["-e file://{folder}/${LIBS}/a%20b[x]"], ()),
        ("-f ${WHEELS}/all\nsix", ["six"], ("--find-links ${WHEELS}/all",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_forms_of_lines_that_people_reported(tmp_path, lines, texts, options, encoding):
    (tmp_path / "base.txt").write_text("idna\n")
    (tmp_path / "requirements.txt").write_bytes(f"{lines}\n".encode(encoding))
    found = read_manifest(str(tmp_path / "requirements.txt"))
    assert found.problems == ()
    assert [one.text for one in found.requirements] == [
        text.replace("{folder}", str(tmp_path)) for text in texts
    ]
    assert found.options == tuple(text.replace("{folder}", str(tmp_path)) for text in options)


def test_a_file_by_a_variable_is_said_and_never_looked_for(tmp_path):
    (tmp_path / "requirements.txt").write_text("six\n-r ${PARTS}/base.txt\n-c ${PARTS}/c.txt\n")
    found = read_manifest(str(tmp_path / "requirements.txt"))
    assert [(one.line, one.message) for one in found.problems] == [
        (line, "includes a file by the variable ${PARTS}: write its path") for line in (2, 3)
    ]
    assert [one.name for one in found.requirements] == ["six"]


def test_requirements_as_pip_reads_them(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "base.txt", "-r ../requirements.txt\nidna>=3 # x\n")
    write(tmp_path / "limits.txt", "idna<4\n")
    path = write(
        tmp_path / "requirements.txt",
        "# top\n-r more/base.txt\n-c limits.txt\n--extra-index-url https://me:pw@index.example/\n"
        "--find-links wheels\n--trusted-host x\na \\\n  >=1 \\\n  --hash=sha256:ab\n"
        "-e .[x,y]\n-e git+https://tok@git.example/r.git@v1#egg=R.x\n"
        "./my dir\nb @ https://${TOKEN}@files.example/b.whl\nhttps://${T}@files.example/c.zip\n"
        "lib/d_x-1.0-py3-none-any.whl\n!!!\n--what\n-r gone.txt\n",
    )
    found = read_manifest(path)
    assert [(one.text, one.name, one.line) for one in found.requirements if one.line != 2] == [
        ("a    >=1", "a", 7),
        (f"-e {tmp_path.as_uri()}[x,y]", "", 10),
        ("-e git+https://tok@git.example/r.git@v1#egg=R.x", "r-x", 11),
        ((tmp_path / "my dir").as_uri(), "", 12),
        ("b @ https://${TOKEN}@files.example/b.whl", "b", 13),
        ("https://${T}@files.example/c.zip", "", 14),
        (f"d-x @ {(tmp_path / 'lib' / 'd_x-1.0-py3-none-any.whl').as_uri()}", "d-x", 15),
    ]
    assert [one.text for one in found.requirements if one.line == 2] == ["idna>=3"]
    assert [one.text for one in found.constraints] == ["idna<4"]
    assert found.requirements[0].hashes == ("sha256:ab",)
    assert found.options == (
        "--extra-index-url https://me:pw@index.example/",
        f"--find-links {tmp_path / 'wheels'}",
    )
    assert [(Path(one.file).name, one.line) for one in found.problems] == [
        ("requirements.txt", 16), ("requirements.txt", 17), ("base.txt", 1),
        ("requirements.txt", 18),
    ]  # fmt: skip
    assert "pw@" not in repr(found)
    assert "tok@" not in repr(found)


def test_a_problem_never_shows_a_credential(tmp_path: Path) -> None:
    found = read_manifest(
        write(tmp_path / "requirements.txt", "a @ @ https://me:secret@x.example/a\n")
    )
    assert found.problems
    assert "secret" not in str(found.problems[0])


def test_includes_in_a_circle_are_told_and_in_a_diamond_are_not(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "idna\n-r b.txt\n-r c.txt\n")
    write(tmp_path / "b.txt", "-r d.txt\n")
    write(tmp_path / "c.txt", "-r d.txt\n")
    write(tmp_path / "d.txt", "certifi\n")
    assert read_manifest(str(tmp_path / "a.txt")).problems == ()
    write(tmp_path / "d.txt", "certifi\n\n-r ./a.txt\n")
    found = read_manifest(str(tmp_path / "a.txt"))
    assert [one.name for one in found.requirements] == ["idna", "certifi"]
    assert [str(one) for one in found.problems] == [f"{tmp_path / 'd.txt'}:3: circular include"]
    found = read_manifest(write(tmp_path / "self.txt", "-c self.txt\nidna\n"))
    assert [one.line for one in found.problems] == [1]


def test_an_include_at_a_distance_and_a_chain_without_end(tmp_path: Path) -> None:
    for number in range(150):
        write(tmp_path / f"{number}.txt", f"-r {number + 1}.txt\n")
    found = read_manifest(str(tmp_path / "0.txt"))
    assert found.problems[-1].message == "more than 100 included files"
    found = read_manifest(write(tmp_path / "far.txt", "-r https://me:secret@x.example/r.txt\n"))
    assert "secret" not in str(found.problems[0])


def test_manifests_of_a_project_in_order(tmp_path: Path) -> None:
    write(tmp_path / "requirements-dev.txt", "pytest\n")
    write(tmp_path / "requirements.txt", "idna\n")
    write(tmp_path / "setup.cfg", "[tool:x]\n")
    write(tmp_path / "pyproject.toml", "[broken\n")
    found = read_declared(str(tmp_path))
    names = [Path(one.file).name for one in found]
    assert names == ["pyproject.toml", "requirements.txt", "requirements-dev.txt"]
    assert found[0].problems[0].line == 1
    assert read_declared(str(tmp_path / "gone")) == ()


LINES = st.lists(
    st.sampled_from(
        ["-r requirements.txt", "-c x.txt", "a==1", "--hash=sha256:a", "-e", "-e .", "\\"]
    )
    | st.text(max_size=20),
    max_size=8,
)


@given(
    lines=LINES,
    name=st.sampled_from(["requirements.txt", "pyproject.toml", "setup.cfg", "Pipfile"]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_read_without_raising(tmp_path: Path, lines: list[str], name: str) -> None:
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    for one in read_manifest(str(path)).requirements:
        assert "\n" not in one.text


TOML = st.recursive(
    st.sampled_from(['"a"', '"^1"', "1", "true", "1979-05-27", '"a b"', "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda parts: f"[{', '.join(parts)}]")
        | st.tuples(st.sampled_from(["version", "git", "path", "extras", "x"]), inner).map(
            lambda pair: f"{{{pair[0]} = {pair[1]}}}"
        )
    ),
    max_leaves=6,
)


@given(
    values=st.lists(
        st.tuples(
            st.sampled_from(
                ["project.dependencies", "project.optional-dependencies", "dependency-groups",
                 "dependency-groups.x", "tool.poetry.dependencies", "tool.poetry.dependencies.a",
                 "tool.poetry.group", "tool.poetry.extras", "tool.pdm.dev-dependencies", "tool.uv",
                 "tool.uv.default-groups", "tool.poetry.source", "build-system", "project.dynamic"]
            ),
            TOML,
        ),
        max_size=4, unique_by=lambda pair: pair[0],
    )
)  # fmt: skip
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_tables_of_any_shape_are_read_without_raising(
    tmp_path: Path, values: list[tuple[str, str]]
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("\n".join(f"{key} = {value}" for key, value in values))
    read_manifest(str(path))


SECRET = "s3cret-tops3cret"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("requirements.txt", "-r .env\n", 2),
        ("requirements.txt", f"\n{SECRET} {SECRET}", 2),
        ("requirements.txt", f"-r {SECRET}\n", 1),
        ("requirements.txt", f"-c https://{SECRET}@example.org/{SECRET}\n", 1),
        ("requirements.txt", f"--{SECRET} x\n", 1),
        ("requirements.txt", f"URL=${{BASE}}/{SECRET}\n", 1),
        ("requirements.txt", f"${{BASE}}={SECRET}\n", 1),
        ("requirements.txt", f"-e ~/{SECRET}\n", 1),
        ("requirements.txt", f"idna==1 --hash={SECRET}\n", 1),
        ("pyproject.toml", f'[project]\ndependencies = ["x = {SECRET}"]', 2),
        ("pyproject.toml", f"[a]\nx = {SECRET}\n", 2),
        ("pyproject.toml", f"[{SECRET}]\nx = 1\nx.y = 2\n[{SECRET}]\n", 3),
        ("pyproject.toml", f'[dependency-groups]\n{SECRET} = "x"\n', 2),
        ("pyproject.toml", f'[dependency-groups]\na = [{{include-group = "{SECRET}"}}]\n', 2),
        ("pyproject.toml", f'[dependency-groups]\n{SECRET} = [{{x = "y"}}]\n', 2),
        ("pyproject.toml", f'[tool.poetry.dependencies]\n"{SECRET}!" = "1"\n', 2),
        ("Pipfile", f"PASSWORD={SECRET}\n", 1),
        ("Pipfile", f"[packages]\n{SECRET} = 5\n", 2),
        ("setup.cfg", f"[options]\ninstall_requires =\n  x = {SECRET}\n", None),
        ("setup.cfg", f"PASSWORD={SECRET}\n", 1),
    ],
)
def test_no_problem_shows_what_a_file_says(
    tmp_path: Path, name: str, text: str, line: int | None
) -> None:
    write(tmp_path / ".env", f"# mine\nAPI_KEY={SECRET}\n")
    path = write(tmp_path / name, text)
    problems = read_manifest(path).problems
    assert problems
    for problem in problems:
        assert SECRET.lower() not in str(problem).lower()
    assert problems[0].line == line


def test_what_is_included_from_outside_the_project_counts(tmp_path: Path) -> None:
    write(tmp_path / "base.txt", "idna\n")
    (tmp_path / "app").mkdir()
    found = read_manifest(write(tmp_path / "app" / "requirements.txt", "-r ../base.txt\n"))
    assert ([one.name for one in found.requirements], found.problems) == (["idna"], ())


@pytest.mark.parametrize(
    "line",
    [
        "idna @ https://${USER}:${TOKEN}@example.org/idna-3.10.tar.gz",
        "https://${TOKEN}@example.org/idna-3.10.tar.gz",
        "${INDEX}/idna-3.10.tar.gz",
        "idna==${IDNA_VERSION}",
    ],
)
def test_variables_are_left_to_the_installer(tmp_path: Path, line: str) -> None:
    found = read_manifest(write(tmp_path / "requirements.txt", f"{line}\n"))
    assert ([one.text for one in found.requirements], found.problems) == ([line], ())
