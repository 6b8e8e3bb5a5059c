"""Packages are installed, reinstalled and uninstalled as planned, and come back as they were."""

import shutil

import pytest

from envdeck.core.model import (
    STILL_REQUIRED,
    Ending,
    Finding,
    Fix,
    FixKind,
    NoPlan,
    Operation,
    PackageChange,
    RecreateRequest,
    Severity,
)


@pytest.fixture
def path(machine):
    """An environment of `shop`, which needs `cart`, which needs `wheel-set`; `lone` beside it."""
    machine.wheel("wheel-set", "1.0")
    for version in ("1.0", "1.1", "2.0"):
        machine.wheel("cart", version, requires=["wheel-set"], files={"cart/data.txt": "data\n"})
    machine.wheel("shop", "1.0", {"shop/__init__.py": "import cart\n"}, requires=["cart<2"])
    machine.wheel("lone", "1.0")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "cart==1.0", "shop", "lone")
    (path / ".lock").touch()  # uv's own, which it makes even when it only plans
    return path


def names(kit, path):
    return sorted(name.removesuffix(".dist-info") for name in kit.records(path))


def site(path):
    return next(path.glob("lib/python*/site-packages"))


def back(machine, kit, path, before):
    machine.done(machine.operations.plan_undo())
    assert kit.account(path) == before


def test_a_package_goes_and_comes_back(machine, kit, path):
    before = kit.account(path)
    plan = machine.operations.plan_uninstall(machine.look(path), ["Shop"])
    assert plan.operation is Operation.UNINSTALL
    assert plan.package_changes == (PackageChange("shop", "1.0", None),)
    assert plan.warnings == ()
    assert plan.unneeded == ("cart", "wheel-set")

    result = machine.done(plan)

    assert result.package_changes == plan.package_changes
    assert "no missing dependencies" in result.verified
    assert names(kit, path) == ["cart-1.0", "lone-1.0", "wheel_set-1.0"]
    assert not (site(path) / "shop").exists()
    (item,) = machine.operations.history()
    assert item.entry.operation is Operation.UNINSTALL
    back(machine, kit, path, before)


def test_what_only_it_needed_goes_too(machine, kit, path):
    before = kit.account(path)
    plan = machine.operations.plan_uninstall(machine.look(path), ["shop"], unneeded=True)
    assert [each.name for each in plan.package_changes] == ["cart", "shop", "wheel-set"]
    machine.done(plan)
    assert names(kit, path) == ["lone-1.0"]
    back(machine, kit, path, before)


def test_what_the_project_declares_or_another_needs_stays(machine, kit, path):
    machine.wheel("rack", "1.0", requires=["wheel-set"])
    machine.install(path, "uv", "rack")
    (path.parent / "requirements.txt").write_text("cart\n")
    plan = machine.operations.plan_uninstall(machine.look(path), ["shop"], unneeded=True)
    assert [each.name for each in plan.package_changes] == ["shop"]
    (path.parent / "requirements.txt").write_text("shop\n")
    plan = machine.operations.plan_uninstall(machine.look(path), ["shop"], unneeded=True)
    assert [each.name for each in plan.package_changes] == ["cart", "shop"]
    assert plan.warnings == ("declared by the project: shop",)


def test_what_is_still_required_blocks_unless_allowed(machine, kit, path):
    before = kit.account(path)
    environment = machine.look(path)
    plan = machine.operations.plan_uninstall(environment, ["cart"])
    assert plan.warnings == ("shop requires cart<2, which would be missing",)
    (refusal,) = plan.refusals
    assert (refusal.guard, refusal.overrulable) == (STILL_REQUIRED, True)
    assert machine.run(plan)[0].status is Ending.REFUSED
    assert kit.account(path) == before

    both = machine.operations.plan_uninstall(environment, ["cart", "shop"])
    assert (both.refusals, both.warnings) == ((), ())

    allow = frozenset({STILL_REQUIRED})
    result = machine.done(machine.operations.plan_uninstall(environment, ["cart"], allow=allow))
    assert "no missing dependencies" not in result.verified
    assert names(kit, path) == ["lone-1.0", "shop-1.0", "wheel_set-1.0"]
    back(machine, kit, path, before)


def test_what_is_imported_but_not_required_keeps_everything(machine, kit, path):
    (site(path) / "lone" / "__init__.py").write_text("import shop\n")
    before = kit.account(path)
    result, _ = machine.run(machine.operations.plan_uninstall(machine.look(path), ["shop"]))
    assert result.status is Ending.ROLLED_BACK
    assert "lone" in result.message
    assert kit.account(path) == before
    assert machine.left() == []


def test_files_of_another_stay_where_two_own_them(machine, kit, path):
    machine.wheel("twin", "1.0", {"cart/data.txt": "other\n"})
    machine.install(path, "uv", "twin", "--reinstall-package", "twin")
    assert (site(path) / "cart" / "data.txt").read_text() == "other\n"
    machine.done(machine.operations.plan_uninstall(machine.look(path), ["twin"]))
    assert (site(path) / "cart" / "data.txt").read_text() == "data\n"
    assert kit.unlike_record(path) == []


def test_unknown_names_and_what_has_no_record(machine, path):
    environment = machine.look(path)
    unknown = machine.operations.plan_uninstall(environment, ["shopp"])
    assert (unknown.message, unknown.missing) == ("shopp is not installed", True)
    assert unknown.hint == "did you mean `shop`?"
    (site(path) / "lone-1.0.dist-info" / "RECORD").unlink()
    stuck = machine.operations.plan_uninstall(environment, ["lone"])
    assert stuck.message == "lone cannot be uninstalled: it has no RECORD"


def test_edited_files_that_go_are_told(machine, kit, path):
    edited = site(path) / "lone" / "__init__.py"
    edited.unlink()
    edited.write_text("mine = 1\n")
    plan = machine.operations.plan_uninstall(machine.look(path), ["lone"])
    assert plan.warnings[0].startswith("edited files of uninstalled packages are removed: 1 file")
    result = machine.done(plan)
    assert any(told.startswith("edited files removed: ") for told in result.verified)


def test_a_missing_package_comes_as_all_that_require_it_need(machine, kit, path):
    allow = frozenset({STILL_REQUIRED})
    machine.done(machine.operations.plan_uninstall(machine.look(path), ["cart"], allow=allow))
    before = kit.account(path)
    plan = machine.operations.plan_install(machine.look(path), ["cart"])
    assert plan.operation is Operation.INSTALL
    assert plan.package_changes == (PackageChange("cart", None, "1.1"),)  # shop requires cart<2
    result = machine.done(plan)
    assert result.package_changes == plan.package_changes
    assert names(kit, path) == ["cart-1.1", "lone-1.0", "shop-1.0", "wheel_set-1.0"]
    assert kit.unlike_record(path) == []
    back(machine, kit, path, before)


def test_a_new_package_moves_others_up_only_where_it_must(machine, kit, path):
    machine.wheel("modern", "1.0", requires=["cart>=1.1", "extra-part"])
    machine.wheel("extra-part", "1.0")
    plan = machine.operations.plan_install(machine.look(path), ["modern"])
    assert plan.package_changes == (
        PackageChange("cart", "1.0", "1.1"),
        PackageChange("extra-part", None, "1.0"),
        PackageChange("modern", None, "1.0"),
    )
    assert "also changes: cart" in plan.warnings
    machine.done(plan)
    assert kit.unlike_record(path) == []


def test_what_cannot_be_had_is_said_before(machine, kit, path):
    before = kit.account(path)
    environment = machine.look(path)
    machine.wheel("futuristic", "1.0", requires=["cart>=2"])
    for requirement in ("cart==9", "nowhere", "futuristic", "cart==2.0"):
        found = machine.operations.plan_install(environment, [requirement])
        assert isinstance(found, NoPlan), requirement
        assert not found.nothing
    assert "shop" in found.message
    there = machine.operations.plan_install(environment, ["cart"])
    assert (there.message, there.nothing) == ("cart is already installed", True)
    url = machine.operations.plan_install(environment, ["x @ https://example.org/x.whl"])
    assert (url.message, url.missing) == ("x is a direct URL", True)
    assert kit.account(path) == before


def test_a_package_is_installed_again_as_released(machine, kit, path):
    before = kit.account(path)
    data = site(path) / "cart" / "data.txt"
    data.unlink()
    module = site(path) / "cart" / "__init__.py"
    module.unlink()
    module.write_text("broken")
    damaged = kit.account(path)
    plan = machine.operations.plan_install(machine.look(path), ["cart"], again=True)
    assert plan.package_changes == (PackageChange("cart", "1.0", "1.0"),)
    result = machine.done(plan)
    assert result.package_changes == plan.package_changes
    ours = {key for key in before if "cart" in key and ".dist-info" not in key}
    assert {key: kit.account(path).get(key) for key in ours} == {key: before[key] for key in ours}
    assert kit.unlike_record(path) == []
    back(machine, kit, path, damaged)


def test_a_version_that_is_gone_is_not_reinstalled(machine, kit, path):
    (machine.wheels / "lone-1.0-py3-none-any.whl").unlink()
    before = kit.account(path)
    found = machine.operations.plan_install(machine.look(path), ["lone"], again=True)
    assert isinstance(found, NoPlan)
    assert "lone" in found.message
    assert kit.account(path) == before


@pytest.mark.parametrize("stop_at", range(1, 5))  # the fifth is the swap, which is not stopped
def test_a_change_that_is_stopped_leaves_everything(machine, kit, path, stop_at):
    before = kit.account(path)
    plan = machine.operations.plan_uninstall(machine.look(path), ["shop"], unneeded=True)
    result, _ = machine.run(plan, stop_at=stop_at)
    assert result.status is Ending.ROLLED_BACK
    assert kit.account(path) == before
    assert machine.left() == []


def finding(kind, *packages):
    fix = None if kind is None else Fix(kind, packages)
    return Finding("some-check", Severity.ERROR, "it is wrong", "do it", fix=fix)


def test_findings_of_one_kind_are_fixed_in_one_plan(machine, kit, path):
    environment, fix = machine.look(path), machine.operations.plan_fix
    uninstalled = fix(environment, [finding(FixKind.UNINSTALL, name) for name in ("shop", "lone")])
    assert [each.name for each in uninstalled.package_changes] == ["lone", "shop"]
    again = fix(environment, [finding(FixKind.REINSTALL, "cart")])
    assert again.package_changes == (PackageChange("cart", "1.0", "1.0"),)
    upgraded = fix(environment, [finding(FixKind.UPGRADE, "cart>1.0", "cart<3")])
    assert upgraded.package_changes == (PackageChange("cart", "1.0", "1.1"),)
    machine.wheel("absent", "1.0")
    installed = fix(environment, [finding(FixKind.INSTALL, "absent>=1")])
    assert installed.package_changes == (PackageChange("absent", None, "1.0"),)
    recreated = fix(environment, [finding(FixKind.RECREATE)])
    assert recreated.operation is Operation.RECREATE
    assert recreated.package_changes == ()
    deleted = fix(environment, [finding(FixKind.DELETE)])
    assert (deleted.operation, deleted.package_changes) == (Operation.DELETE, None)
    repaired = fix(environment, [finding(FixKind.REPAIR)])
    assert repaired.nothing  # it runs on that interpreter


def test_findings_that_no_one_plan_fixes(machine, path):
    environment, fix = machine.look(path), machine.operations.plan_fix
    mixed = fix(environment, [finding(FixKind.UNINSTALL, "lone"), finding(FixKind.DELETE)])
    assert mixed.message == "these need different operations: uninstall, delete"
    assert fix(environment, [finding(None)]).message == "no operation fixes this: some-check"
    assert isinstance(fix(environment, []), NoPlan)


def test_a_recreate_says_what_becomes_of_packages(machine, kit, path):
    (path.parent / "requirements.txt").write_text("shop\n")
    environment = machine.look(path)
    declared = machine.operations.plan_recreate(environment, RecreateRequest(source="declared"))
    assert declared.package_changes is None
    result = machine.done(declared)
    assert result.package_changes == (
        PackageChange("cart", "1.0", "1.1"),
        PackageChange("lone", "1.0", None),
    )


def test_one_of_two_of_a_name_stays(machine, kit, path):
    folder = site(path)
    (folder / "lone-1.0.dist-info").rename(folder / "lone-0.9.dist-info")
    for file in ("METADATA", "RECORD"):
        told = folder / "lone-0.9.dist-info" / file
        text = told.read_text().replace("Version: 1.0", "Version: 0.9")
        told.unlink()  # the cache has it too
        told.write_text(text.replace("lone-1.0.dist-info", "lone-0.9.dist-info"))
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "lone")
    shutil.copytree(site(other) / "lone-1.0.dist-info", folder / "lone-1.0.dist-info")
    before = kit.account(path)

    plan = machine.operations.plan_install(machine.look(path), ["lone"], again=True)
    assert plan.warnings[0] == "lone is installed as 0.9, 1.0: only 1.0 stays"
    machine.done(plan)
    assert [each for each in names(kit, path) if each.startswith("lone")] == ["lone-1.0"]
    assert kit.unlike_record(path) == []
    back(machine, kit, path, before)

    machine.done(machine.operations.plan_uninstall(machine.look(path), ["lone"]))
    assert [each for each in names(kit, path) if each.startswith("lone")] == []
    back(machine, kit, path, before)


@pytest.mark.parametrize("creator", ["venv", "virtualenv"])
def test_what_pip_installed_goes_as_well(machine, kit, creator):
    machine.wheel("part", "1.0")
    machine.wheel("whole", "1.0", requires=["part"], scripts=["whole"])
    path = machine.make(machine.home / "work" / ".venv", creator)
    machine.install(path, creator, "whole")
    (path / ".lock").touch()
    before = kit.account(path)
    plan = machine.operations.plan_uninstall(machine.look(path), ["whole"], unneeded=True)
    assert [each.name for each in plan.package_changes] == ["part", "whole"]
    machine.done(plan)
    assert names(kit, path) == []
    assert not (path / "bin" / "whole").exists()
    back(machine, kit, path, before)


def findings(machine, path, *checks):
    return machine.operations.catalog.examine(machine.look(path), checks).findings


@pytest.mark.parametrize("required", [False, True])
def test_of_two_that_own_a_file_one_goes_and_the_other_is_whole(machine, kit, path, required):
    for name, text in (("cv", "full"), ("cv-headless", "less")):
        machine.wheel(name, "1.0", {"cv2/__init__.py": f"kind = {text!r}\n"})
        machine.install(path, "uv", name)
    if required:
        machine.wheel("viewer", "1.0", requires=["cv"])
        machine.install(path, "uv", "--reinstall", "cv", "viewer")
    before = kit.account(path)
    (found,) = findings(machine, path, "file-clash")
    gone, left = ("cv_headless", "cv") if required else ("cv", "cv_headless")
    assert found.fix == Fix(FixKind.UNINSTALL, (gone.replace("_", "-"),))
    machine.done(machine.operations.plan_fix(machine.look(path), [found]))
    assert findings(machine, path, "file-clash", "missing-file", "changed-file") == ()
    assert f"{left}-1.0" in names(kit, path)
    assert f"{gone}-1.0" not in names(kit, path)
    assert kit.unlike_record(path) == []
    back(machine, kit, path, before)


def test_what_an_interrupted_installer_left_goes_and_comes_back(machine, kit, path):
    (site(path) / "~one").mkdir()
    (site(path) / "~one" / "__init__.py").write_text("")
    (site(path) / "~one-1.0.dist-info").write_text("")
    rest = site(path) / "lone-0.9.dist-info"
    rest.mkdir()
    (rest / "RECORD").write_text("")
    before = kit.account(path)
    found = findings(machine, path, "interrupted-install")
    assert {one.fix for one in found} == {Fix(FixKind.CLEAN_UP)}
    assert all("uninstall" in one.remedy and "--leftovers" in one.remedy for one in found)
    plan = machine.operations.plan_fix(machine.look(path), found)
    result = machine.done(plan)
    assert "3 leftovers removed" in result.verified
    assert findings(machine, path, "interrupted-install", "duplicate-distribution") == ()
    after = kit.account(path)
    assert {key for key in before if key not in after} == {
        str((site(path) / name).relative_to(path))
        for name in ("~one", "~one/__init__.py", "~one-1.0.dist-info", "lone-0.9.dist-info")
    } | {str((rest / "RECORD").relative_to(path))}
    back(machine, kit, path, before)
    machine.done(machine.operations.plan_fix(machine.look(path), found))
    assert machine.operations.plan_fix(machine.look(path), found).nothing


@pytest.mark.parametrize("lacks", ["METADATA", "RECORD"])
def test_half_an_install_is_installed_again(machine, kit, path, lacks):
    (site(path) / "lone-1.0.dist-info" / lacks).unlink()
    before = kit.account(path)
    (found,) = findings(machine, path, "interrupted-install")
    machine.done(machine.operations.plan_fix(machine.look(path), [found]))
    assert findings(machine, path, "interrupted-install", "missing-file") == ()
    assert kit.unlike_record(path) == []
    back(machine, kit, path, before)
