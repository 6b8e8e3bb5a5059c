"""The base interpreter of an environment, and the `python` of the shell."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import Examiner, examine_whole
from envdeck.core.model import Finding, Fix, FixKind, Severity


def make_base(prefix: Path, version: str) -> Path:
    """Make what tells of an interpreter and its release, or put another one in its place."""
    name = f"python{version.rpartition('.')[0]}"
    for file, text in {
        f"bin/{name}": f"\x7fELF {version}",
        f"lib/{name}/os.py": "",
        f"include/{name}/patchlevel.h": f'#define PY_VERSION              "{version}"\n',
    }.items():
        path = prefix / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (prefix / "bin" / name).chmod(0o755)
    return prefix / "bin" / name


def make_environment(path: Path, base: Path, *, copies: bool = False, **cfg: str) -> Path:
    (path / "lib" / base.name / "site-packages").mkdir(parents=True)
    scripts = path / "bin"
    scripts.mkdir()
    if copies:
        (scripts / "python").write_bytes(base.read_bytes())
        (scripts / "python").chmod(0o755)
    else:
        (scripts / "python").symlink_to(base)
    keys = {"home": str(base.parent), "version": "3.12.1", **cfg}
    (path / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in keys.items()))
    return path


@pytest.fixture
def project(home) -> Path:
    folder = home / "work" / "api"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "api"\nversion = "1"\n')
    return folder


@pytest.fixture
def context(host, home) -> Callable[..., HealthContext]:
    def make(path: Path, *, kept: bool = False, **variables: str) -> HealthContext:
        machine = replace(host, environ=variables)
        environment = Catalog(machine, index_file=str(home / "index.sqlite")).lookup(str(path))
        assert environment is not None
        return HealthContext(environment, machine, kept=kept)

    return make


def find(context: HealthContext, name: str) -> tuple[Finding, ...]:
    return examine_whole(context, names=[name]).findings


# stale-base


@pytest.mark.parametrize(
    "recorded",
    [{"version": "3.12.1"}, {"version": "", "version_info": "3.12.1.final.0"}],
    ids=["venv", "virtualenv"],
)
def test_a_base_that_was_upgraded_is_a_note(context, home, project, recorded):
    base = make_base(home / "python", "3.12.1")
    path = make_environment(project / ".venv", base, **recorded)
    assert find(context(path), "stale-base") == ()
    make_base(home / "python", "3.12.4")
    (found,) = find(context(path), "stale-base")
    assert (found.severity, found.fix) == (Severity.NOTE, Fix(FixKind.REPAIR))
    assert "3.12.1 to 3.12.4" in found.message


def test_a_copy_of_the_old_executable_is_a_warning(context, home, project):
    base = make_base(home / "python", "3.12.1")
    path = make_environment(project / ".venv", base, copies=True)
    assert find(context(path), "stale-base") == ()
    make_base(home / "python", "3.12.4")
    (found,) = find(context(path), "stale-base")
    assert found.severity is Severity.WARNING
    assert dict(found.evidence)["created_with"] == "3.12.1"


def test_an_executable_of_one_build_on_the_library_of_another_is_a_warning(context, home, project):
    one, other = make_base(home / "one", "3.12.1"), make_base(home / "other", "3.12.4")
    path = make_environment(project / ".venv", one, home=str(other.parent))
    (found,) = find(context(path), "stale-base")
    assert found.severity is Severity.WARNING
    assert dict(found.evidence)["executable"] == str(one)


def test_two_ways_to_one_base_are_no_other_build(context, home, project):
    base = make_base(home / "cellar" / "3.12.1", "3.12.1")
    (home / "opt").symlink_to(home / "cellar" / "3.12.1")
    path = make_environment(project / ".venv", base, home=str(home / "opt" / "bin"))
    assert find(context(path), "stale-base") == ()


def test_a_candidate_for_release_is_recorded_without_its_stage(context, home, project):
    base = make_base(home / "python", "3.12.1rc2".removesuffix("rc2"))
    header = home / "python" / "include" / "python3.12" / "patchlevel.h"
    header.write_text('#define PY_VERSION "3.12.1rc2"\n')
    path = make_environment(project / ".venv", base)
    assert find(context(path), "stale-base") == ()


# wrong-python


@pytest.fixture
def path(home, project) -> Path:
    return make_environment(project / ".venv", make_base(home / "python", "3.12.1"))


def other_python(folder: Path) -> str:
    folder.mkdir(parents=True)
    (folder / "python").write_text("#!/bin/sh\n")
    (folder / "python").chmod(0o755)
    return str(folder)


def test_an_active_environment_whose_python_comes_second(context, home, path):
    scripts, other = str(path / "bin"), other_python(home / "shims")
    active = {"VIRTUAL_ENV": str(path)}
    assert find(context(path, PATH=f"{scripts}:{other}", **active), "wrong-python") == ()
    (found,) = find(context(path, PATH=f"{other}:{scripts}", **active), "wrong-python")
    assert (found.severity, found.subject) == (Severity.WARNING, f"{other}/python")
    assert scripts in found.remedy


def test_another_environment_is_active_in_the_project(context, home, project, path):
    other = home / "other"
    shell = {"VIRTUAL_ENV": str(other), "PATH": other_python(other / "bin")}
    (found,) = find(context(path, PWD=str(project / "src"), **shell), "wrong-python")
    assert (found.severity, found.subject) == (Severity.WARNING, str(other))
    assert find(context(path, PWD=str(home), **shell), "wrong-python") == ()


def test_no_environment_is_active_in_the_project(context, home, project, path):
    shell = {"PWD": str(project), "PATH": other_python(home / "system")}
    (found,) = find(context(path, **shell), "wrong-python")
    assert found.severity is Severity.NOTE
    looked = context(path, kept=True, **shell)
    assert Examiner(looked.host).examine(looked).findings == ()


def test_the_other_environment_of_the_project_may_be_active(context, project, path):
    second = project / ".venv-dev"
    shell = {"VIRTUAL_ENV": str(second), "PATH": other_python(second / "bin")}
    assert find(context(path, PWD=str(project), **shell), "wrong-python") == ()
    unset = {"PATH": other_python(project / "env" / "bin")}
    assert find(context(path, PWD=str(project), **unset), "wrong-python") == ()
