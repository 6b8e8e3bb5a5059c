"""Lock files that the real tools wrote, and what becomes of them for a given interpreter.

`locks/` holds what the tools wrote for the `pyproject.toml` there (pipenv: a Pipfile of its own);
addresses are renamed, and files thinned out. uv 0.13.8: `uv lock`, and `uv export --format
pylock.toml --all-groups --all-extras --no-emit-project`; Poetry 2.5.1: `poetry lock`; PDM 2.20.1:
`pdm lock -G :all`; pipenv: `pipenv lock`.
"""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.inspection.packages.requirements import (
    MarkerEnvironment,
    MarkerHost,
    marker_environment,
)
from envdeck.core.model import Python
from envdeck.core.project import Lock
from envdeck.core.project.locks.find import LOCK_FILES, find_locks, read_lock, read_locks
from envdeck.core.project.locks.selection import select

LOCKS = Path(__file__).parent / "locks"
LINUX = MarkerHost("posix", "linux", "x86_64", "6.1", "Linux", "#1")
WINDOWS = MarkerHost("nt", "win32", "AMD64", "10", "Windows", "10")


def on(version: str, machine: MarkerHost = LINUX) -> MarkerEnvironment:
    return marker_environment(Python(version, "cpython"), machine)


def lock(name: str) -> Lock:
    found = read_lock(str(LOCKS / name))
    assert found is not None
    assert found.problems == ()
    return found


def pins(
    found: Lock,
    markers: MarkerEnvironment,
    groups: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
) -> dict[str, str | None]:
    chosen = select(found, markers, groups, extras)
    assert chosen.problem == ""
    assert all(one.hashes and one.hashes[0].startswith("sha256:") for one in chosen.packages)
    return {one.name: one.version for one in chosen.packages}


def test_uv_lock_follows_the_graph_for_the_interpreter_that_is_meant() -> None:
    found = lock("uv.lock")
    assert (found.groups, found.extras, found.default_groups) == (
        ("dev", "docs"),
        ("net",),
        ("dev",),
    )
    assert pins(found, on("3.12.1")) == {"idna": "3.20"}
    assert pins(found, on("3.9.5"), ("dev",)) == {
        "idna": "3.20", "tomli": "2.5.0", "iniconfig": "2.1.0",
    }  # fmt: skip
    assert pins(found, on("3.12.1"), ("dev",))["iniconfig"] == "2.3.1"
    assert pins(found, on("3.12.1", WINDOWS), (), ("net",)) == {
        "certifi": "2026.10.18", "colorama": "0.4.6", "idna": "3.20",
    }  # fmt: skip


def test_uv_lock_installs_the_project_itself_in_place() -> None:
    [root] = select(lock("uv.lock"), on("3.12.1"), ()).roots
    assert (root.name, root.kind) == ("demo", "editable")
    assert root.requirement == f"-e {LOCKS.as_uri()}"


def test_pylock_tells_by_markers() -> None:
    found = lock("pylock.toml")
    assert pins(found, on("3.9.5"))["iniconfig"] == "2.1.0"
    assert "tomli" not in pins(found, on("3.12.1"))
    assert select(found, on("3.8.1"), ()).problem == "locked for Python >=3.9, not 3.8"


def test_pylock_markers_of_extras_and_groups(tmp_path: Path) -> None:
    (tmp_path / "pylock.dev.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "x"\nextras = ["net"]\n'
        'dependency-groups = ["dev"]\ndefault-groups = ["dev"]\n'
        '[[packages]]\nname = "a"\nversion = "1"\nmarker = "\'dev\' in dependency_groups"\n'
        '[[packages]]\nname = "b"\nversion = "2"\nmarker = "\'net\' in extras"\n'
        '[[packages]]\nname = "c"\n[packages.vcs]\ntype = "git"\n'
        'url = "https://git.example/c.git"\ncommit-id = "abc"\n'
        '[[packages]]\nname = "d"\n[packages.directory]\npath = "d d"\neditable = true\n'
    )
    found = read_lock(str(tmp_path / "pylock.dev.toml"))
    assert found is not None
    assert found.problems == ()
    assert found.default_groups == ("dev",)
    lines = {one.name: one.requirement for one in select(found, on("3.12.1"), ("dev",)).packages}
    assert lines == {
        "a": "a==1",
        "c": "c @ git+https://git.example/c.git@abc",
        "d": f"-e {(tmp_path / 'd d').as_uri()}",
    }
    assert "b" in {one.name for one in select(found, on("3.12.1"), (), ("net",)).packages}


def test_poetry_lock_by_groups_and_extras() -> None:
    found = lock("poetry.lock")
    assert pins(found, on("3.12.1")) == {"idna": "3.20"}
    assert pins(found, on("3.10.1"), ("dev",), ("net",)) == {
        "certifi": "2026.10.18", "idna": "3.20", "iniconfig": "2.1.0", "tomli": "2.5.0",
    }  # fmt: skip


def test_pipfile_lock_by_categories() -> None:
    found = lock("Pipfile.lock")
    assert found.options == ("--index-url https://index.example/simple",)
    assert pins(found, on("3.11.4")) == {"idna": "3.20", "markupsafe": "3.0.4"}
    assert pins(found, on("3.11.4"), ("dev",))["iniconfig"] == "2.3.1"
    assert "==3.11.*" in select(found, on("3.12.1"), ()).problem


def test_pdm_lock_by_groups() -> None:
    found = lock("pdm.lock")
    assert found.requires_python == "~=3.9"
    assert set(found.groups) == {"dev", "docs", "net"}
    assert pins(found, on("3.12.1")) == {"idna": "3.20"}
    assert pins(found, on("3.10.2"), ("dev",)) == {
        "idna": "3.20", "iniconfig": "2.1.0", "tomli": "2.5.0",
    }  # fmt: skip


PDM_PLAIN = """
[metadata]
groups = ["default", "dev", "net"]
strategy = []
lock_version = "4.5.0"

[[package]]
name = "exceptiongroup"
version = "1.2.2"
dependencies = ['tomli>=1; python_version < "3.11"', "only-there"]

[[package]]
name = "httpx"
version = "0.28.1"
dependencies = ["idna"]

[[package]]
name = "httpx"
version = "0.28.1"
extras = ["http2"]
dependencies = ["h2<5", "httpx==0.28.1"]

[[package]]
name = "h2"
version = "4.1.0"

[[package]]
name = "idna"
version = "3.20"

[[package]]
name = "only-there"
version = "1.0"

[[package]]
name = "pytest"
version = "8.0.0"
dependencies = ['exceptiongroup>=1; python_version < "3.11"', "idna"]

[[package]]
name = "tomli"
version = "2.5.0"
"""


def test_pdm_lock_whose_packages_tell_no_markers(tmp_path: Path) -> None:
    """Without `inherit_metadata` the edges alone have markers: what leads nowhere is not wanted."""
    (tmp_path / "pdm.lock").write_text(PDM_PLAIN)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\ndependencies = ["httpx"]\n'
        '[project.optional-dependencies]\nnet = ["httpx[http2]"]\n'
        '[dependency-groups]\ndev = ["pytest"]\n'
    )

    def versions(lock: Lock, markers: MarkerEnvironment, groups: tuple[str, ...] = ()):
        return {one.name: one.version for one in select(lock, markers, groups).packages}

    found = read_lock(str(tmp_path / "pdm.lock"))
    assert found is not None
    plain = {"httpx": "0.28.1", "idna": "3.20"}
    assert versions(found, on("3.12.1")) == plain
    assert versions(found, on("3.12.1"), ("dev",)) == {**plain, "pytest": "8.0.0"}
    assert versions(found, on("3.10.2"), ("dev",)) == {
        **plain, "pytest": "8.0.0", "exceptiongroup": "1.2.2", "only-there": "1.0",
        "tomli": "2.5.0",
    }  # fmt: skip
    assert versions(found, on("3.12.1"), ("net",)) == {**plain, "h2": "4.1.0"}
    (tmp_path / "pyproject.toml").unlink()
    alone = read_lock(str(tmp_path / "pdm.lock"))
    assert alone is not None
    assert len(versions(alone, on("3.12.1"))) == 7


def test_requirements_are_a_lock_when_all_is_pinned(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "idna==3.20 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb  # why\n"
        "tomli==2.5.0 ; python_version < '3.11' --hash=sha256:cc\n"
    )
    found = read_lock(str(path))
    assert found is not None
    assert pins(found, on("3.12.1")) == {"idna": "3.20"}
    assert found.packages[0].hashes == ("sha256:aa", "sha256:bb")
    assert [one.file for one in read_locks(str(tmp_path))] == [str(path)]
    path.write_text("idna==3.20\ntomli>=2\n")
    assert read_lock(str(path)) is None
    path.write_text("idna==3.*\n")
    assert read_lock(str(path)) is None


@pytest.mark.parametrize(
    ("name", "text", "told", "line"),
    [
        ("uv.lock", "version = 2\n", "has format version 2; EnvDeck supports 1", None),
        ("uv.lock", "version = 1\n[[package\n", "is not TOML", 2),
        (
            "pylock.toml",
            'lock-version = "2.0"\n',
            "has format version 2.0; EnvDeck supports 1",
            1,
        ),
        ("poetry.lock", "", "has no format version", None),
        (
            "pdm.lock",
            '[metadata]\nlock_version = "5.0"\n',
            "has format version 5.0; EnvDeck supports 3 and 4",
            2,
        ),
        ("Pipfile.lock", '{\n"_meta": }', "is not JSON", 2),
        ("Pipfile.lock", "[]", "is not a JSON object", None),
        ("uv.lock", 'version = 1\n[[package]]\nname = "a b"\n', "without a name", None),
    ],
)
def test_what_cannot_be_read_is_a_problem_of_its_file_and_line(
    tmp_path: Path, name: str, text: str, told: str, line: int | None
) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = read_lock(str(path))
    assert found is not None
    assert not found.usable
    assert told in found.problems[0].message
    assert (found.problems[0].file, found.problems[0].line) == (str(path), line)
    assert find_locks(str(tmp_path)) == (str(path),)


def test_two_versions_of_one_name_are_no_choice_that_we_make() -> None:
    found = lock("uv.lock")
    doubled = Lock(found.file, "pylock", tuple(one for one in found.packages if not one.root))
    assert "iniconfig is locked more than once" in select(doubled, on("3.12.1"), ()).problem


def test_a_marker_that_cannot_be_told_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(
        'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\nmarker = "what now"\n'
    )
    found = read_lock(str(tmp_path / "pylock.toml"))
    assert found is not None
    assert "cannot be evaluated" in select(found, on("3.12.1"), ()).problem


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("1.0"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "version", "source", "package", "hash", "git", "default", "_meta"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    name=st.sampled_from(LOCK_FILES),
    table=VALUES,
    cut=st.integers(0, 3000),
    data=st.binary(max_size=6),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_garbage_never_raises(
    tmp_path: Path, name: str, table: object, cut: int, data: bytes
) -> None:
    path = tmp_path / name
    source = LOCKS / name
    real = source.read_bytes() if source.exists() else b'[metadata]\nlock_version = "4.5"\n'
    contents = [
        real[:cut] + data + real[cut:],
        json.dumps({"_meta": table, "default": table}).encode(),
    ]
    for content in contents:
        path.write_bytes(content)
        found = read_lock(str(path))
        assert found is not None
        select(found, on("3.12.1"), ("dev",), ("net",))


def test_recorded_locks_are_found_in_order(tmp_path: Path) -> None:
    shutil.copytree(LOCKS, tmp_path / "p")
    (tmp_path / "p" / "pylock.ci.toml").write_text('lock-version = "1.0"\n')
    found = [Path(path).name for path in find_locks(str(tmp_path / "p"))]
    assert found == [*LOCK_FILES, "pylock.ci.toml"]
