"""On another minor version: what has a wheel comes, what jumps is told, the rest is refused."""

import os
import re
import sys

import pytest
from virtualenv.seed.wheels.embed import BUNDLE_SUPPORT

from envdeck.core.inspection.interpreters import find_interpreters, interpreter_at
from envdeck.core.model import (
    Ending,
    Interpreter,
    NoPlan,
    PackageChange,
    PackageChoice,
    RecreateRequest,
)
from envdeck.core.system.host import Host
from support.environments import new_uv_cache
from support.wheels import write_wheel


def _other() -> str | None:
    """Return an interpreter of another minor version that this machine has."""
    found = [
        (tuple(map(int, one.version.split(".")[:2])), one.executable)
        for one in find_interpreters(Host.current())
        if isinstance(one, Interpreter)
        and one.implementation == "cpython"
        and re.match(r"3\.(9|1\d)\.\d+$", one.version or "")
    ]
    others = [pair for pair in found if pair[0] != sys.version_info[:2]]
    return max(others)[1] if others else None


OTHER = _other()
pytestmark = pytest.mark.skipif(OTHER is None, reason="no Python of another minor version is here")
OWN = os.path.realpath(sys.executable)
ANY = "py3-none-any"
MINE = f"cp{sys.version_info[0]}{sys.version_info[1]}"


@pytest.fixture
def theirs(machine):
    interpreter = interpreter_at(OTHER, machine.operations.catalog.host)
    major, minor = interpreter.version.split(".")[:2]
    return interpreter, f"cp{major}{minor}"


def furnished(machine, tag, *, native=("1.0",)):
    """Three packages: one for any Python, one for this alone at 1.0, and one that needs that."""
    machine.wheel("pure", "1.0", scripts=["pure"])
    machine.wheel("native", "1.0", tag=f"{MINE}-none-any")
    for version in native[1:]:
        machine.wheel("native", version, tag=f"{tag}-none-any")
    machine.wheel("user", "1.0", requires=["native"])
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "pure", "native==1.0", "user")
    (path / "note").write_text("mine")
    return path


def versions(kit, path):
    return dict(name.removesuffix(".dist-info").split("-") for name in kit.records(path))


def test_what_has_no_wheel_for_it_changes_nothing(machine, kit, theirs):
    path = furnished(machine, theirs[1])
    before = kit.account(path)
    result, _ = machine.run(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(interpreter=OTHER))
    )
    assert result.status is Ending.ROLLED_BACK
    assert "native" in result.message
    assert result.hint
    assert kit.account(path) == before
    assert machine.left() == []
    none = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(interpreter=OTHER, jump="newest")
    )
    assert isinstance(none, NoPlan)
    assert "native" in none.message


@pytest.mark.parametrize(("jump", "version"), [("smallest", "1.1"), ("newest", "2.0")])
def test_a_jump_goes_as_far_as_was_forecast(jump, version, machine, kit, theirs):
    path = furnished(machine, theirs[1], native=("1.0", "1.1", "2.0"))
    environment = machine.look(path)
    told = {pin.name: pin for pin in machine.operations.forecast(environment, theirs[0]).pins}
    assert {name: pin.verdict for name, pin in told.items()} == {
        "pure": "wheel", "user": "wheel", "native": "unsupported"
    }  # fmt: skip
    assert (told["native"].smallest, told["native"].newest) == ("1.1", "2.0")

    plan = machine.operations.plan_recreate(
        environment, RecreateRequest(interpreter=OTHER, jump=jump)
    )
    assert plan.package_changes == (PackageChange("native", "1.0", version),)
    assert machine.done(plan).package_changes == plan.package_changes

    assert versions(kit, path) == {"pure": "1.0", "user": "1.0", "native": version}
    assert kit.unlike_record(path) == []
    assert (path / "note").read_text() == "mine"
    assert machine.look(path).python.version == theirs[0].version
    assert machine.call([path / "bin" / "pure"]) == "pure 1.0\n"
    machine.done(machine.operations.plan_undo())
    assert versions(kit, path)["native"] == "1.0"
    assert machine.call([path / "bin" / "pure"]) == "pure 1.0\n"


@pytest.mark.parametrize("reachable", [True, False])
def test_seeds_are_those_of_the_other_python(reachable, machine, kit, theirs):
    """virtualenv seeds pip alone from 3.12 on: what was seeded once is brought, where it can be
    had. Below that it seeds its own setuptools."""
    machine.wheel("pure", "1.0", scripts=["pure"])
    for version in ("65.0", "80.0"):
        machine.wheel("setuptools", version)
    path = machine.make(machine.home / "work" / ".venv", "virtualenv", "--pip")
    machine.install(path, "uv", "pure", "setuptools==65.0")
    if not reachable:
        for wheel in machine.wheels.glob("setuptools-*"):
            wheel.unlink()
    result = machine.done(machine.operations.plan_interpreter(machine.look(path), OTHER))
    minor = ".".join(theirs[0].version.split(".")[:2])
    assert machine.call([path / "bin" / "pure"]) == "pure 1.0\n"
    assert f"(python {minor})" in machine.call([path / "bin" / "pip", "--version"])
    assert kit.unlike_record(path) == []
    is_seeded = tuple(map(int, minor.split("."))) < (3, 12)
    if is_seeded:
        expected = BUNDLE_SUPPORT[minor]["setuptools"].split("-")[1]
    else:
        expected = "80.0" if reachable else None
    assert versions(kit, path).get("setuptools") == expected
    left_out = "no longer bundled, omitted: setuptools"
    assert (left_out in result.verified) is not (reachable or is_seeded)


CASES = {
    # what was installed, what the index has for the other version, how it ends
    "native, the same release": (True, "same", Ending.DONE),
    "native, another project's": (True, "other", Ending.ROLLED_BACK),
    "native, its source alone": (True, "source", Ending.ROLLED_BACK),
    "native, nothing": (True, "nothing", Ending.ROLLED_BACK),
    "pure, another project's": (False, "other", Ending.DONE),
    "pure, its source alone": (False, "source", Ending.DONE),
    "pure, nothing": (False, "nothing", Ending.DONE),
}


@pytest.mark.parametrize("case", CASES)
def test_a_release_has_to_be_the_one_that_was_here(case, machine, kit, theirs, tmp_path):
    """What is for any Python comes from its own files; what is not has to be proved."""
    native, has, ending = CASES[case]
    path, harm = other_index(machine, kit, theirs[1], has, tmp_path, native=native)
    before = kit.account(path)

    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest(interpreter=OTHER))
    result, _ = machine.run(plan)

    assert result.status is ending, result
    assert not harm.exists()
    if ending is Ending.DONE:
        told = [path / "bin" / "python", "-c", "import internal.code as c; print(c.mine)"]
        assert machine.call(told) == "True\n"
        assert ("rebuilt from installed files: internal" in result.verified) is not native
    else:
        assert kit.account(path) == before
        assert "internal 1.0 cannot be recreated exactly" in result.message
        assert f"`envdeck recreate {path} --python {theirs[0].executable} --re" in result.hint
        assert "--keep" not in result.hint


def test_another_release_is_taken_where_that_is_chosen(machine, kit, theirs, tmp_path):
    path, harm = other_index(machine, kit, theirs[1], "source", tmp_path, native=True)
    choices = {"internal": PackageChoice.RELEASE}
    plan = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(interpreter=OTHER, choices=choices)
    )
    result = machine.done(plan)
    assert "from the index: internal" in result.verified
    assert harm.exists()


def other_index(machine, kit, tag, has, tmp_path, *, native):
    """Install a package, and have the index hold something for another Python; what runs of what
    is not the package that was installed leaves a file."""
    harm = tmp_path / "harm"
    files = [("internal/code.py", b"mine = True\n")]
    own = machine.wheel("internal", "1.0", files, tag=f"{MINE}-none-any" if native else ANY)
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "internal")
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "fresh-cache")
    if has != "same":
        own.unlink()
    harmful = f"open({str(harm)!r}, 'a').write('ran')"
    offered = f"{tag}-none-any" if native else ANY
    if has == "same":
        machine.wheel("internal", "1.0", files, tag=offered)
    elif has == "other":
        other = [(f"internal/{name}.py", harmful.encode()) for name in ("__init__", "code")]
        machine.wheel("internal", "1.0", other, tag=offered)
    elif has == "source":
        kit.build_sdist(machine.wheels, "internal", "1.0", before=harmful)
    return path, harm


@pytest.mark.parametrize("by", [".python-version", "pyproject.toml"])
def test_a_new_one_has_the_python_that_the_project_asks_for(by, machine, theirs):
    version = theirs[0].version
    minor = ".".join(version.split(".")[:2])
    found = machine.home / "bin"
    found.mkdir()
    (found / f"python{minor}").symlink_to(OTHER)
    machine.environ["PATH"] = f"{found}:{machine.environ['PATH']}"
    folder = machine.home / "new"
    folder.mkdir()
    if by == ".python-version":
        (folder / by).write_text(f"{minor}\n")
    else:
        asked = f'[project]\nname = "n"\nversion = "0"\nrequires-python = "=={minor}.*"\n'
        (folder / by).write_text(asked + "dependencies = []\n")
    plan = machine.operations.plan_create(str(folder))
    assert plan.warnings == ()
    machine.done(plan)
    assert machine.look(folder / ".venv").python.version.startswith(f"{minor}.")
    assert ("required", f"({by})") in [
        (fact.label, fact.text.rpartition(" ")[2]) for fact in plan.targets[0].facts
    ]
    if by == ".python-version":
        named = machine.operations.plan_create(str(folder), path="named", interpreter=OWN)
        own = ".".join(map(str, sys.version_info[:3]))
        said = f".python-version requires Python {minor}, but {own} is used"
        assert named.warnings == (said,)


FAILS_THERE = f"import sys\nassert sys.version_info[:2] == {sys.version_info[:2]}\n".encode()


def test_a_failed_import_is_accepted_by_name_and_kept_in_the_history(machine, kit, theirs):
    files = [("choosy/code.py", b""), ("choosy/__init__.py", FAILS_THERE)]
    machine.wheel("choosy", "1.0", files)
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "choosy")
    request = RecreateRequest(interpreter=OTHER)
    before = kit.account(path)

    result, _ = machine.run(machine.operations.plan_recreate(machine.look(path), request))
    assert (result.status, result.guard) == (Ending.ROLLED_BACK, "import-check")
    assert "import of choosy fails: choosy: AssertionError" in result.message
    assert "--allow import-check" in result.hint
    assert kit.account(path) == before

    again = machine.operations.plan_recreate(machine.look(path), request)
    assert not again.refusals
    assert [(one.guard, one.overrulable) for one in again.offers] == [("import-check", True)]
    assert "import of choosy fails" in again.offers[0].message

    allowed = frozenset({"import-check"})
    done = machine.done(
        machine.operations.plan_recreate(machine.look(path), request, allow=allowed)
    )
    assert any("choosy" in told and "accepted" in told for told in done.verified)
    assert "imports verified" not in done.verified
    assert machine.look(path).python.version == theirs[0].version
    entry = machine.operations.history()[0].entry
    assert "import of choosy fails" in entry.failed_checks[0]
    assert machine.operations.plan_recreate(machine.look(path), RecreateRequest()).offers == ()


def test_a_module_that_declines_on_another_python_is_told(machine, theirs):
    files = [("yamlish.py", b""), ("_yamlish.py", FAILS_THERE.replace(b"assert ", b"if not (")
             .rstrip() + b"):\n    raise ImportError('built without')\n")]  # fmt: skip
    machine.wheel("yamlish", "1.0", files)
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "yamlish")
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest(interpreter=OTHER))
    told = machine.done(plan).verified
    assert "optional module of yamlish not available: _yamlish: ImportError: built without" in told


def test_a_jump_brings_what_the_newer_release_needs(machine, kit, theirs):
    machine.wheel("native", "1.0", tag=f"{MINE}-none-any")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "native==1.0")
    machine.wheel("native", "2.0", tag=f"{theirs[1]}-none-any", requires=["extra-part"])
    machine.wheel("extra-part", "1.0", requires=["deep-part"])
    machine.wheel("deep-part", "0.5")
    plan = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(interpreter=OTHER, jump="smallest")
    )
    assert PackageChange("extra-part", None, "1.0") in plan.package_changes
    machine.done(plan)
    assert versions(kit, path) == {"native": "2.0", "extra_part": "1.0", "deep_part": "0.5"}


def test_a_plan_says_which_python_the_project_and_its_packages_do_not_admit(machine, theirs):
    own = ".".join(map(str, sys.version_info[:2]))
    folder = machine.home / "work"
    for name, bound in (("bound", f"=={own}.*"), ("free", ">=3")):
        write_wheel(machine.wheels, name, "1.0", headers=[f"Requires-Python: {bound}"])
    path = machine.make(folder / ".venv", "uv")
    machine.install(path, "uv", "bound", "free")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "n"\nversion = "0"\nrequires-python = "=={own}.*"\n'
        'dependencies = ["free"]\n'
    )
    version = theirs[0].version
    project = f"the project requires Python =={own}.*, but {version} is used"
    packages = f"installed, but not for Python {version}: bound 1.0 (requires Python =={own}.*)"
    asked = RecreateRequest(source="declared", interpreter=OTHER)
    recreate = machine.operations.plan_recreate(machine.look(path), asked)
    upgrade = machine.operations.plan_interpreter(machine.look(path), OTHER)
    create = machine.operations.plan_create(str(folder), path="other", interpreter=OTHER)
    assert {project, packages} <= set(recreate.warnings)
    assert {project, packages} <= set(upgrade.warnings)
    assert project in create.warnings
    same = machine.operations.plan_recreate(machine.look(path))
    assert not {project, packages} & set(same.warnings)
