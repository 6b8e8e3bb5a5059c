"""An environment that takes packages from the system keeps taking them: none is installed again,
none is lost, and the plan says so."""

import sys

import pytest
from uv import find_uv_bin

from envdeck.core.model import NoPlan, PackageChange, RecreateRequest

MINOR = f"python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def path(machine, monkeypatch):
    """Return an environment whose `user` requires `shared`, which the person has installed for
    themselves; of that the index has more."""
    monkeypatch.setenv("HOME", str(machine.home))
    machine.wheel("shared", "1.0")
    machine.wheel("shared", "1.5")
    machine.wheel("user", "1.0", requires=["shared"])
    outside = machine.home / ".local" / "lib" / MINOR / "site-packages"
    base = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index"]
    base += ["--find-links", machine.wheels, "--python", sys.executable]
    machine.call([*base, "--target", outside, "shared==1.0"])
    path = machine.make(machine.home / "work" / ".venv", "uv", "--system-site-packages")
    machine.call([*base[:-1], path, "--no-deps", "user==1.0"])
    assert machine.call([path / "bin" / "python", "-c", "import user, shared"]) == ""
    return path


def own(path) -> set[str]:
    return {each.name for each in path.glob("lib/python*/site-packages/*.dist-info")}


def facts(plan) -> dict[str, str]:
    return {fact.label: fact.text for fact in plan.targets[0].facts}


def test_it_is_recreated_without_a_copy_of_its_own(machine, path):
    plan = machine.operations.plan_recreate(machine.look(path))
    assert facts(plan)["inherited"].endswith("unchanged; required here: shared")
    result = machine.done(plan)
    assert "no missing dependencies" in result.verified
    assert own(path) == {"user-1.0.dist-info"}
    assert machine.call([path / "bin" / "python", "-c", "import user, shared"]) == ""


@pytest.mark.parametrize("source", ["declared", "file"])
def test_a_requirement_that_it_meets_is_not_installed(source, machine, path):
    (path.parent / "pyproject.toml").write_text(
        '[project]\nname = "n"\nversion = "0"\ndependencies = ["user", "shared>=0.5"]\n'
    )
    pins = path.parent / "pins.txt"
    pins.write_text("user==1.0\nshared==1.0\n")
    request = RecreateRequest(source=source, file=str(pins) if source == "file" else None)
    plan = machine.operations.plan_recreate(machine.look(path), request)
    assert "inherited, not installed: shared" in plan.warnings
    machine.done(plan)
    assert own(path) == {"user-1.0.dist-info"}
    assert machine.call([path / "bin" / "python", "-c", "import user, shared"]) == ""


@pytest.mark.parametrize(
    ("requires", "added"),
    [
        ("shared", ()),
        ("shared>=1.2", (PackageChange("shared", None, "1.5"),)),
    ],
)
def test_an_upgrade_adds_it_only_where_it_will_not_do(requires, added, machine, path):
    machine.wheel("user", "2.0", requires=[requires])
    plan = machine.operations.plan_upgrade(machine.look(path))
    assert not isinstance(plan, NoPlan), plan
    assert facts(plan)["inherited"].endswith("unchanged; required here: shared")
    assert plan.package_changes == (*added, PackageChange("user", "1.0", "2.0"))
    machine.done(plan)
    assert own(path) == {
        "user-2.0.dist-info",
        *(f"{one.name}-{one.after}.dist-info" for one in added),
    }
    assert machine.call([path / "bin" / "python", "-c", "import user, shared"]) == ""


@pytest.mark.parametrize("known", [True, False])
def test_what_is_installed_goes_on_with_what_is_inherited(known, machine, path):
    """Whether the index knows the inherited version, or a distributor has built its own."""
    machine.wheel("other", "1.0", requires=["shared"])
    if not known:
        next(machine.wheels.glob("shared-1.0-*")).unlink()
    plan = machine.operations.plan_install(machine.look(path), ("other",))
    assert plan.package_changes == (PackageChange("other", None, "1.0"),)
    machine.done(plan)
    assert own(path) == {"user-1.0.dist-info", "other-1.0.dist-info"}


@pytest.mark.parametrize(
    ("requires", "added"), [("shared", set()), ("shared>=1.2", {"shared-1.5.dist-info"})]
)
def test_what_others_require_is_installed_only_where_it_will_not_do(requires, added, machine, path):
    machine.wheel("deep", "1.0", requires=[requires])
    machine.wheel("user", "2.0", requires=["deep"])
    (path.parent / "requirements.txt").write_text("user==2.0\n")
    request = RecreateRequest(source="declared")
    plan = machine.operations.plan_recreate(machine.look(path), request)
    assert "what others require is inherited too, where its version will do" in plan.warnings
    result = machine.done(plan)
    assert "no missing dependencies" in result.verified
    assert own(path) == {"user-2.0.dist-info", "deep-1.0.dist-info", *added}
    assert machine.call([path / "bin" / "python", "-c", "import user, deep, shared"]) == ""


@pytest.mark.parametrize(("locked", "added"), [("1.0", set()), ("1.5", {"shared-1.5.dist-info"})])
def test_uv_sync_leaves_what_the_system_has_as_it_is_locked(locked, added, machine, path):
    folder = path.parent
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "n"\nversion = "0"\nrequires-python = ">=3.9"\n'
        f'dependencies = ["user"]\n[tool.uv]\nconstraint-dependencies = ["shared=={locked}"]\n'
        f'no-index = true\nfind-links = ["{machine.wheels}"]\n'
    )
    machine.call([find_uv_bin(), "lock", "-q", "--project", folder, "--python", sys.executable])
    request = RecreateRequest(source="lock")
    plan = machine.operations.plan_recreate(machine.look(path), request)
    assert ("inherited, not installed: shared" in plan.warnings) is (locked == "1.0")
    machine.done(plan)
    assert own(path) == {"user-1.0.dist-info", *added}
    assert machine.call([path / "bin" / "python", "-c", "import user, shared"]) == ""
