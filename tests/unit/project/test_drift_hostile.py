"""Any text in any file of a project: nothing raises, and no credential gets out."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.model import Creation, Distribution, Environment, Identity, Python, Status
from envdeck.core.project import Comparison, Lock
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.locks.find import read_lock
from envdeck.core.project.project import read_project

SECRET = "s3cret-tops3cret"
NAMES = (
    "pyproject.toml", "setup.cfg", "Pipfile", "requirements.txt", "requirements.in",
    "requirements-dev.txt", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock",
    "environment.yml", ".python-version", "Dockerfile",
)  # fmt: skip
ENVIRONMENT = Environment(
    "/home/ada/api/.venv", Identity(1, 2), "api/.venv", "uv", Status.OK,
    python=Python("3.12.1", "cpython"), creation=Creation("uv"), packages=2,
)  # fmt: skip
ROWS = (
    Distribution("a", "a", "1", "/s/a.dist-info", requirements=("b[x]>2; extra == 'y'", "a[y]")),
    Distribution("b", "b", "no version", "/s/b.egg-info", origin="file:///x", editable=True),
)
PIECES = (
    f"a @ https://me:{SECRET}@files.example/a.zip", f"https://{SECRET}@files.example/b.zip",
    f"-e git+https://me:{SECRET}@git.example/c#egg=c", f"-r https://{SECRET}@x.example/r.txt",
    f"--index-url https://me:{SECRET}@index.example/", f"b=={SECRET}!", "a[x]>=1; extra == 'y'",
    "a==1 --hash=sha256:aa", "b; python_version < '4'", "-r requirements.in", "-c requirements.txt",
    "[project]", 'name = "a"', "[dependency-groups]", 'dev = ["a", {include-group = "dev"}]',
    'dependencies = ["a[x]", "b>2"]', "[[package]]", 'version = 1', 'version = "1"',
    'source = { editable = "." }', 'source = { virtual = "." }', "wheels = [", "]",
    '    { url = "https://files.example/a", hash = "sha256:aa" },', 'dependencies = [{name = "b"}]',
    "[tool.poetry.dependencies]", 'b = "^2"', "[tool.pdm.dev-dependencies]", "# via a",
    f'source = {{ git = "https://me:{SECRET}@git.example/c#abc" }}', "[metadata]",
    'lock-version = "1.0"', 'lock_version = "4.5"', "[[packages]]", '"""', "<<<<<<< ours",
)  # fmt: skip


def compared(folder: Path) -> Comparison:
    return compare(read_project(str(folder)), ENVIRONMENT, ROWS)


def said(found: Comparison) -> Iterable[str]:
    yield repr(found)
    yield from map(str, found.project.problems)
    yield from found.unchecked
    for one in found.drifts:
        yield f"{one} {one.wanted} {one.installed}"


@given(
    files=st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8),
        min_size=1, max_size=4,
    )
)  # fmt: skip
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_project_of_any_text_is_compared(tmp_path: Path, files: dict[str, list[str]]) -> None:
    for name in NAMES:
        (tmp_path / name).unlink(missing_ok=True)
    for name, lines in files.items():
        (tmp_path / name).write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    for text in said(compared(tmp_path)):
        assert SECRET not in text


WHEEL = st.builds(
    "    {{ url = {!r}, hash = {!r} }},".format,
    st.sampled_from(["https://files.example/a.whl", "]", "wheels = [", "#"]),
    st.sampled_from(["sha256:aa", "x"]),
)
BLOCK = st.one_of(
    st.lists(WHEEL, max_size=3).map(lambda lines: "\n".join(["wheels = [", *lines, "]"])),
    st.lists(WHEEL, max_size=3).map(lambda lines: "\n".join(["files = [", *lines, "]"])),
    st.just("sdist = { url = 'x', hash = 'sha256:bb' }"),
    st.just("wheels = [{ url = 'x', hashes = { sha256 = 'cc' } }]"),
    st.just('description = """\nwheels = [\n    { x },\n]\n"""'),
    st.just("extra = [\n  'wheels = [',\n    { a = 1 },\n]"),
)


@given(
    blocks=st.lists(st.lists(BLOCK, max_size=3), min_size=1, max_size=3),
    name=st.sampled_from(["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"]),
)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_without_hashes_a_lock_says_the_same_but_for_them(
    tmp_path: Path, blocks: list[list[str]], name: str
) -> None:
    key = "packages" if name == "pylock.toml" else "package"
    text = 'version = 1\nlock-version = "1.0"\n'
    for number, lines in enumerate(blocks):
        source = '{ virtual = "." }' if number == 0 else '{ registry = "x" }'
        keys = {line.partition(" = ")[0]: line for line in lines}
        text += f'[[{key}]]\nname = "p{number}"\nversion = "1"\nsource = {source}\n'
        text += "".join(f"{line}\n" for line in keys.values())
    text += '[metadata]\nlock-version = "2.0"\nlock_version = "4.4"\n'
    path = tmp_path / name
    path.write_text(text)
    whole, without = read_lock(str(path)), read_lock(str(path), hashes=False)
    assert whole is not None
    assert without is not None
    assert _bare(without) == _bare(whole)


def _bare(lock: Lock) -> Lock:
    return replace(lock, packages=tuple(replace(one, hashes=()) for one in lock.packages))


def test_a_mistake_is_told_by_its_true_line_without_hashes_too(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    wheels = 'wheels = [\n    { url = "a", hash = "b" },\n    { url = "c", hash = "d" },\n]\n'
    path.write_text(f'version = 1\n[[package]]\nname = "a"\n{wheels}<<<<<<< ours\n')
    found = read_lock(str(path), hashes=False)
    assert found is not None
    assert [problem.line for problem in found.problems] == [8]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt", "uv.lock", "Pipfile.lock"])
def test_what_is_no_file_is_told_or_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert compared(tmp_path).drifts == ()
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to(tmp_path / name)
    assert compared(tmp_path).drifts == ()
