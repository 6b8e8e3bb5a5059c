"""What is declared comes from where its table says, and from nowhere else."""

import pytest
from uv import find_uv_bin

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Ending, NoPlan, RecreateRequest
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.project import read_project
from support.environments import new_uv_cache

HEAD = '[project]\nname = "work"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = [{}]\n'


def configure(machine, url):
    machine.environ |= {"UV_HTTP_TIMEOUT": "60", "UV_HTTP_RETRIES": "0"}
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "fresh-cache")
    settings = machine.home / ".config" / "pip" / "pip.conf"
    settings.write_text(f"[global]\nindex-url = {url}\n")


@pytest.fixture
def public(machine, kit, tmp_path):
    """An index that the machine takes everything from, with another project's `lib` on it; what
    that runs leaves a file."""
    harm = tmp_path / "harm"
    harmful = f"open({str(harm)!r}, 'a').write('ran')".encode()
    folder = tmp_path / "public"
    kit.build_wheel(folder, "lib", "9.0", [("lib/__init__.py", harmful), ("lib.pth", harmful)])
    kit.build_wheel(folder, "free", "1.0")
    with kit.index(folder) as (url, asked):
        configure(machine, url)
        yield asked
    assert not harm.exists()


@pytest.fixture
def corporate(kit, tmp_path):
    """An index of its own, with the `lib` that is meant."""
    folder = tmp_path / "corporate"
    kit.build_wheel(folder, "lib", "1.0", [("lib/meant.py", b"")])
    kit.build_wheel(folder, "free", "8.0")
    with kit.index(folder) as (url, _):
        yield url


def sources(machine, kit, corporate):
    """Return what stands in a `pyproject.toml` for each kind of source, and the version that is
    to come."""
    folder = machine.home / "lib"
    kit.make_project(folder, "lib", "1.5")
    kit.make_repository(machine.home / "repository", "lib")
    wheel = kit.build_wheel(machine.home / "built", "lib", "1.7")
    dependencies = HEAD.format('"lib", "free"')
    index = f'name = "corp"\nurl = "{corporate}"\n'
    uv = f"{dependencies}[tool.uv.sources]\nlib = "
    poetry = '[tool.poetry]\nname = "work"\nversion = "0"\n[tool.poetry.dependencies]\n'
    poetry += 'python = ">=3.9"\nfree = "*"\nlib = '
    return {
        "uv, index": (
            f'{uv}{{ index = "corp" }}\n[[tool.uv.index]]\n{index}explicit = true\n', "1.0"),
        "uv, path": (f'{uv}{{ path = "../lib" }}\n', "1.5"),
        "uv, path in place": (f'{uv}{{ path = "../lib", editable = true }}\n', "1.5"),
        "uv, git": (f'{uv}{{ git = "{(machine.home / "repository").as_uri()}" }}\n', "1.5"),
        "uv, url": (f'{uv}{{ url = "{wheel.as_uri()}" }}\n', "1.7"),
        "poetry, index": (
            (f'{poetry}{{ version = "*", source = "corp" }}\n'
            f'[[tool.poetry.source]]\n{index}priority = "explicit"\n'), "1.0"),
        "poetry, path": (f'{poetry}{{ path = "../lib" }}\n', "1.5"),
        "pdm, index": (
            f'{dependencies}[[tool.pdm.source]]\n{index}include_packages = ["lib"]\n', "1.0"),
    }  # fmt: skip


KINDS = ("uv, index", "uv, path", "uv, path in place", "uv, git", "uv, url", "poetry, index")
KINDS += ("poetry, path", "pdm, index")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_environment_takes_each_from_its_source(kind, machine, kit, public, corporate):
    project = machine.home / "work"
    project.mkdir()
    text, version = sources(machine, kit, corporate)[kind]
    (project / "pyproject.toml").write_text(text)

    machine.done(machine.operations.plan_create(str(project)))

    environment = machine.look(project / ".venv")
    there = {row.name: row.version for row in read_distributions(environment)}
    assert there["lib"] == version
    if not kind.startswith("pdm"):  # there the index is one of all, and goes before the others
        assert there["free"] == "1.0"
    assert not any("/lib/" in path for path, _ in public)
    assert machine.operations.pending() == ()
    found = compare(read_project(str(project)), environment, read_distributions(environment))
    assert [(one.name, one.kind) for one in found.drifts if one.name == "lib"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_has_the_other_project_is_recreated_right(kind, machine, kit, public, corporate):
    """What a diff can tell of it, it tells; the index of a package leaves no trace in it."""
    project = machine.home / "work"
    path = machine.make(project / ".venv", "uv")
    machine.install(path, "uv", kit.build_wheel(machine.wheels, "free", "1.0"))
    machine.install(path, "uv", kit.build_wheel(machine.home / "others", "lib", "9.0"))
    info = next(path.glob("lib/python*/site-packages/lib-9.0.dist-info"))
    (info / "direct_url.json").unlink()  # as if it were from an index
    text, version = sources(machine, kit, corporate)[kind]
    (project / "pyproject.toml").write_text(text)
    environment = machine.look(path)
    found = compare(read_project(str(project)), environment, read_distributions(environment))
    drifted = [one.name for one in found.drifts if one.name == "lib"]
    untold = [one for one in found.unchecked if "lib" in one]
    assert drifted or untold
    assert bool(drifted) is ("index" not in kind)

    machine.done(machine.operations.plan_recreate(environment, RecreateRequest(source="declared")))

    there = {row.name: row.version for row in read_distributions(machine.look(path))}
    assert there["lib"] == version
    assert not any("/lib/" in path for path, _ in public)


@pytest.mark.parametrize("setting", ["index-url", "extra-index-url"])
@pytest.mark.parametrize("default", ["default = true", ""])
def test_an_index_for_all_goes_before_those_of_the_person(
    default, setting, machine, kit, public, corporate
):
    settings = machine.home / ".config" / "pip" / "pip.conf"
    settings.write_text(settings.read_text().replace("index-url", setting))
    project = machine.home / "work"
    project.mkdir()
    index = f'[[tool.uv.index]]\nname = "corp"\nurl = "{corporate}"\n{default}\n'
    (project / "pyproject.toml").write_text(HEAD.format('"lib"') + index)
    machine.done(machine.operations.plan_create(str(project)))
    environment = machine.look(project / ".venv")
    assert {row.name: row.version for row in read_distributions(environment)} == {"lib": "1.0"}


WRONG = {
    "uv": '[tool.uv.sources]\nlib = { index = "nowhere" }\n',
    "uv, workspace": "[tool.uv.sources]\nlib = { workspace = true }\n",
    "pdm": '[[tool.pdm.source]]\nname = "corp"\ninclude_packages = ["lib"]\n',
    "poetry": '[tool.poetry.dependencies]\nlib = { source = "nowhere" }\n',
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_source_that_cannot_be_followed_stops_it(kind, machine, public):
    project = machine.home / "work"
    project.mkdir()
    (project / "pyproject.toml").write_text(HEAD.format('"lib"') + WRONG[kind])
    plan = machine.operations.plan_create(str(project))
    assert isinstance(plan, NoPlan)
    assert "pyproject.toml:5: the source of lib in " in plan.message
    assert public == []


def test_an_index_that_has_it_no_more_is_no_cause_to_ask_another(machine, kit, public, tmp_path):
    project = machine.home / "work"
    project.mkdir()
    empty = tmp_path / "empty"
    empty.mkdir()
    with kit.index(empty) as (url, _):
        text, _ = sources(machine, kit, url)["uv, index"]
        (project / "pyproject.toml").write_text(text)
        result, _ = machine.run(machine.operations.plan_create(str(project)))
    assert result.status is Ending.ROLLED_BACK
    assert "lib" in result.message
    assert not (project / ".venv").exists()
    assert not any("/lib/" in path for path, _ in public)


def test_a_password_of_an_index_is_in_no_word(machine, kit, public, corporate):
    project = machine.home / "work"
    project.mkdir()
    secret = "hunter2-s3cret"
    url = corporate.replace("//", f"//ada:{secret}@")
    text, _ = sources(machine, kit, url)["uv, index"]
    (project / "pyproject.toml").write_text(text)
    plan = machine.operations.plan_create(str(project))
    result, told = machine.run(plan)
    assert result.status is Ending.DONE
    assert secret not in repr((plan, result, told))
    held = (machine.home / ".local").rglob("*") if (machine.home / ".local").exists() else ()
    assert not any(secret.encode() in one.read_bytes() for one in held if one.is_file())


@pytest.mark.parametrize(
    ("line", "value"),
    [("-e ${LIBS}/mine", "{home}/my libs"),
     ("-e ${LIBS}/mine ; python_version > '3'", "{home}/my libs"),
     ("${LIBS}/mine", "{home}/my libs"), ("-e file://${LIBS}/mine", "{home}/my libs"),
     ("-e ../${LIBS}/mine", "my libs"), ("-e ${LIBS}/mine", "../my libs"),
     ("-e ${LIBS}", "{home}/my libs/mine")],
)  # fmt: skip
def test_a_place_by_a_variable_is_made_compared_and_named(make_machine, kit, line, value):
    machine = make_machine("variables")
    machine.environ["LIBS"] = value.format(home=machine.home)
    kit.make_project(
        machine.home / "my libs" / "mine",
        "mine",
        more='[project]\nname = "mine"\nversion = "1.5"\n',
    )
    machine.wheel("one", "1.0")
    folder = machine.home / "work"
    folder.mkdir()
    (folder / "requirements.txt").write_text(f"one\n{line}\n")
    machine.done(machine.operations.plan_create(str(folder)))
    path = folder / ".venv"
    compared = machine.operations.catalog.project(machine.look(path))
    assert compared.drifts == ()
    assert compared.unchecked == ()
    assert [(one.declared, one.installed) for one in compared.parts] == [(2, 2)]
    machine.call([find_uv_bin(), "pip", "uninstall", "-q", "--python", path, "mine"])
    compared = machine.operations.catalog.project(machine.look(path))
    assert [(one.name, one.kind.value) for one in compared.drifts] == [("mine", "missing")]
    request = RecreateRequest(source="declared")
    machine.done(machine.operations.plan_recreate(machine.look(path), request))
    assert machine.operations.catalog.project(machine.look(path)).drifts == ()


def test_what_a_variable_holds_is_never_shown(make_machine):
    machine = make_machine("secret")
    machine.environ["LIBS"] = "git+https://ada:TOKEN-3f9c@example.org"
    folder = machine.home / "work"
    folder.mkdir()
    lines = "-e ${LIBS}/mine\n${LIBS}/other\n-e git+https://${LIBS}/third\nlib @ ${LIBS}/lib\n"
    (folder / "requirements.txt").write_text(lines)
    path = machine.make(folder / ".venv", "uv")
    environment = machine.look(path)
    request = RecreateRequest(source="declared")
    told = (
        machine.operations.catalog.project(environment),
        machine.operations.plan_recreate(environment, request),
        machine.operations.plan_create(str(folder), path="other"),
    )
    assert [one.declared for one in told[0].parts] == [4]
    for plan in told[1:]:
        shown = (plan.targets, plan.steps, plan.warnings, plan.refusals, plan.package_changes)
        assert "TOKEN" not in repr(shown)
    assert "TOKEN" not in repr(told[0])


def overriding(machine, project):
    """A project whose packages do not have what they ask for, because it says so."""
    machine.wheel("app", "1.0", requires=["old>=2", "never"])
    for version in ("1.0", "2.0"):
        machine.wheel("old", version)
    machine.wheel("never", "1.0")
    project.mkdir()
    (project / "pyproject.toml").write_text(
        HEAD.format('"app"') + '[tool.uv]\noverride-dependencies = ["old==1.0"]\n'
        'exclude-dependencies = ["never"]\n'
    )


@pytest.mark.parametrize("locked", [True, False])
def test_what_the_project_overrides_is_made_so_and_stays(machine, locked):
    """astral-sh/uv#18719: the project's word went for nothing once it was installed."""
    project = machine.home / "work"
    overriding(machine, project)
    if locked:
        command = [find_uv_bin(), "lock", "-q", "--no-index", "--find-links", machine.wheels]
        machine.call([*command, "--project", project])
    machine.done(machine.operations.plan_create(str(project)))

    def there():
        environment = machine.look(project / ".venv")
        rows = read_distributions(environment)
        found = compare(read_project(str(project)), environment, rows)
        assert (found.drifts, found.unchecked) == ((), ())
        return {row.name: row.version for row in rows}

    assert there() == {"app": "1.0", "old": "1.0"}
    machine.install(project / ".venv", "uv", "old==2.0", "never")
    source = "lock" if locked else "declared"
    plan = machine.operations.plan_recreate(
        machine.look(project / ".venv"), RecreateRequest(source=source)
    )
    machine.done(plan)
    assert there() == {"app": "1.0", "old": "1.0"}
    if not locked:
        machine.wheel("app", "2.0", requires=["old>=2", "never"])
        machine.done(machine.operations.plan_upgrade(machine.look(project / ".venv")))
        assert there() == {"app": "2.0", "old": "1.0"}
