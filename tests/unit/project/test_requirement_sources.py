"""A requirement is never taken without the table that says where it comes from."""

import pytest

from envdeck.core.inspection.packages.requirements import holds, marker_environment
from envdeck.core.model import Python
from envdeck.core.project.project import read_manifest

HEAD = '[project]\nname = "work"\nversion = "0"\ndependencies = [{}]\n'
INDEX = '[[tool.uv.index]]\nname = "corp"\nurl = "https://corp.example/simple"\nexplicit = true\n'


def declared(folder, text, name="pyproject.toml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return read_manifest(str(folder / name))


def uv_project(folder, requirement, source, more=""):
    sources = f"[tool.uv.sources]\n{source}\n"
    return declared(folder, HEAD.format(f'"{requirement}"') + sources + more)


SOURCES = {
    "git": ('lib = { git = "https://git.example/lib", rev = "abc" }',
            "lib @ git+https://git.example/lib@abc"),
    "git, a tag below the top": (
        'lib = { git = "https://git.example/lib", tag = "v1", subdirectory = "py" }',
        "lib @ git+https://git.example/lib@v1#subdirectory=py"),
    "ssh": ('lib = { git = "ssh://git@git.example/lib.git", branch = "main" }',
            "lib @ git+ssh://git@git.example/lib.git@main"),
    "url": ('lib = { url = "https://files.example/lib-1.0.zip" }',
            "lib @ https://files.example/lib-1.0.zip"),
    "path": ('lib = { path = "../lib" }', "lib @ file://{top}/lib"),
    "path, in place": ('lib = { path = "../lib", editable = true }', "-e file://{top}/lib"),
    "path of a wheel": ('lib = { path = "dist/lib-1.0-py3-none-any.whl" }',
                        "lib @ file://{top}/work/dist/lib-1.0-py3-none-any.whl"),
    "another spelling": ('LIB = [{ path = "../lib" }]', "lib @ file://{top}/lib"),
}  # fmt: skip


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_of_uv_takes_the_place_of_the_name(case, tmp_path):
    source, line = SOURCES[case]
    manifest = uv_project(tmp_path / "work", "lib>=1", source)
    assert manifest.problems == ()
    (one,) = manifest.requirements
    assert one.text == line.format(top=tmp_path)
    assert (one.name, one.index) == ("lib", "")


def test_extras_and_markers_stay(tmp_path):
    source = 'lib = { path = "../lib", editable = true }\nsecond = { git = "https://g.example/s" }'
    text = HEAD.format("\"lib[fast]>=1; python_version > '3'\", \"second[x]; os_name == 'nt'\"")
    manifest = declared(tmp_path / "work", f"{text}[tool.uv.sources]\n{source}\n")
    assert [one.text for one in manifest.requirements] == [
        f"-e file://{tmp_path}/lib[fast] ; python_version > \"3\"",
        'second[x] @ git+https://g.example/s ; os_name == "nt"',
    ]  # fmt: skip
    markers = marker_environment(Python("3.12.1", "cpython"))
    assert holds(manifest.requirements[0].text, "", markers) is True
    never = "-e file:///lib ; python_version < '3'"
    assert holds(never, "", markers) is False


def test_an_index_holds_for_its_package_alone(tmp_path):
    manifest = uv_project(tmp_path / "work", "lib>=1", 'lib = { index = "corp" }', INDEX)
    (one,) = manifest.requirements
    assert (one.text, one.index) == ("lib>=1", "corp")
    (index,) = manifest.indexes
    assert (index.name, index.url) == ("corp", "https://corp.example/simple")
    assert manifest.options == ()


def test_indexes_of_uv_hold_for_what_names_none(tmp_path):
    more = (
        '[[tool.uv.index]]\nname = "one"\nurl = "https://one.example/simple"\n'
        '[[tool.uv.index]]\nurl = "links"\nformat = "flat"\n'
        '[[tool.uv.index]]\nname = "main"\nurl = "https://main.example/simple"\ndefault = true\n'
    )
    manifest = declared(tmp_path / "work", HEAD.format('"lib"') + INDEX + more)
    assert manifest.options == (
        "--extra-index-url https://one.example/simple",
        f"--find-links file://{tmp_path}/work/links",
        "--index-url https://main.example/simple",
    )


@pytest.mark.parametrize("version", ["3.9.1", "3.12.1"])
@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '3.11'",
        "python_version < '3.11' and sys_platform == 'linux'",
        "python_version < '3.11' or sys_platform == 'win32' and os_name == 'nt'",
        "(python_version < '3.11' or os_name == 'java') and sys_platform != 'win32'",
    ],
)
def test_one_of_several_sources_holds_or_none(marker, version, tmp_path):
    """Where the marker does not hold, uv takes the requirement from wherever it takes others."""
    source = f'lib = [{{ git = "https://g.example/lib", marker = "{marker}" }}]'
    manifest = uv_project(tmp_path / "work", "lib>=1", source)
    markers = marker_environment(Python(version, "cpython"))
    held = [one.text for one in manifest.requirements if holds(one.text, "", markers)]
    assert len(held) == 1
    assert held[0].startswith("lib @ git+" if version == "3.9.1" else "lib>=1")


def test_a_source_of_one_group_holds_there_alone(tmp_path):
    text = HEAD.format('"lib"') + '[dependency-groups]\ndev = ["lib"]\n'
    text += '[tool.uv.sources]\nlib = [{ path = "../lib", group = "dev" }]\n'
    manifest = declared(tmp_path / "work", text)
    assert [(one.group, one.text) for one in manifest.requirements] == [
        ("", "lib"),
        ("dev", f"lib @ file://{tmp_path}/lib"),
    ]


def test_a_member_of_the_workspace(tmp_path):
    declared(tmp_path / "packages" / "lib", '[project]\nname = "Lib"\nversion = "1"\n')
    root = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    shared = '[tool.uv.sources]\nlib = { workspace = true }\nother = { index = "corp" }\n'
    declared(tmp_path, root + shared + INDEX)
    app = declared(tmp_path / "packages" / "app", HEAD.format('"lib", "other"'))
    assert app.problems == ()
    assert [(one.text, one.index) for one in app.requirements] == [
        (f"-e file://{tmp_path}/packages/lib", ""),
        ("other", "corp"),
    ]
    assert [index.name for index in app.indexes] == ["corp"]


WRONG = {
    "an index that is not there": 'lib = { index = "nowhere" }',
    "no member": "lib = { workspace = true }",
    "no such kind": 'lib = { registry = "x" }',
    "text": 'lib = "corp"',
    "nothing": "lib = []",
    "not to be installed": 'lib = { path = "../lib", package = false }',
    "a marker that is none": 'lib = { git = "https://g.example/l", marker = "when it rains" }',
    "a marker that cannot be negated": (
        "lib = { git = 'https://g.example/l', marker = \"python_full_version ~= '3.9'\" }"
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_followed_is_a_problem(case, tmp_path):
    manifest = uv_project(tmp_path / "work", "lib>=1", WRONG[case])
    (problem,) = manifest.problems
    assert problem.message.startswith("the source of lib in `[tool.uv.sources]` ")
    assert problem.line == 4


POETRY = """[tool.poetry]
name = "work"
version = "0"
[tool.poetry.dependencies]
python = ">=3.9"
lib = {{ {} }}
[[tool.poetry.source]]
name = "corp"
url = "https://corp.example/simple"
priority = "explicit"
"""


@pytest.mark.parametrize(
    ("told", "line", "index"),
    [
        ('version = "^1.0", source = "corp"', "lib>=1.0,<2", "corp"),
        ('version = "^1.0", source = "PyPI"', "lib>=1.0,<2", ""),
        ('path = "../lib", develop = true', "-e file://{top}/lib", ""),
        ('path = "../lib"', "lib @ file://{top}/lib", ""),
        ('git = "https://g.example/lib", tag = "v1"', "lib @ git+https://g.example/lib@v1", ""),
    ],
)
def test_sources_of_poetry(told, line, index, tmp_path):
    manifest = declared(tmp_path / "work", POETRY.format(told))
    assert manifest.problems == ()
    (one,) = manifest.requirements
    assert (one.text, one.index) == (line.format(top=tmp_path), index)
    assert [each.name for each in manifest.indexes] == ([index] if index else [])


def test_what_poetry_adds_to_the_dependencies_of_the_project(tmp_path):
    more = POETRY.format('source = "corp"') + "\n"
    more += '[tool.poetry.dependencies.second]\ngit = "https://g.example/s"\n'
    manifest = declared(tmp_path / "work", HEAD.format('"lib>=1", "second>=2"') + more)
    assert [(one.text, one.index) for one in manifest.requirements] == [
        ("lib>=1", "corp"),
        ("second @ git+https://g.example/s", ""),
    ]


def test_an_index_of_poetry_that_is_not_there(tmp_path):
    manifest = declared(tmp_path / "work", POETRY.format('version = "1", source = "nowhere"'))
    (problem,) = manifest.problems
    assert "the source of lib" in problem.message


def test_sources_of_pdm(tmp_path):
    more = (
        '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://mirror.example/simple"\n'
        '[[tool.pdm.source]]\nname = "corp"\nurl = "https://corp.example/simple"\n'
        'include_packages = ["lib", "corp-*"]\n'
    )
    manifest = declared(tmp_path / "work", HEAD.format('"lib>=1", "corp-x", "free"') + more)
    assert [(one.text, one.index) for one in manifest.requirements] == [
        ("lib>=1", "corp"), ("corp-x", "corp"), ("free", ""),
    ]  # fmt: skip
    assert "--index-url https://mirror.example/simple" in manifest.options


def test_sources_of_pipenv(tmp_path):
    text = (
        '[[source]]\nname = "main"\nurl = "https://main.example/simple"\n'
        '[[source]]\nname = "corp"\nurl = "https://corp.example/simple"\n'
        '[packages]\nlib = { version = "==1", index = "corp" }\nfree = "*"\n'
        '[dev-packages]\nlost = { version = "*", index = "nowhere" }\n'
    )
    manifest = declared(tmp_path / "work", text, "Pipfile")
    assert [(one.name, one.index) for one in manifest.requirements][:2] == [
        ("lib", "corp"), ("free", ""),
    ]  # fmt: skip
    (problem,) = manifest.problems
    assert "the source of lost" in problem.message
