"""An environment that names its base by a link still does when it was recreated, repaired or
upgraded, and goes on working when the link moves on to the next patch release."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from envdeck.core.discovery.prefix import read_cfg
from envdeck.core.model import NoPlan, RecreateRequest, Status

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
OLD, NEW = f"{MINOR}.98", f"{MINOR}.99"
CREATORS = ["venv", "virtualenv", "uv"]
PLACES = ("home", "base-prefix", "base-exec-prefix", "base-executable")


@dataclass
class Layout:
    """Installations as a manager lays them out, and the link that it, or a person, keeps."""

    link: Path
    """What moves on with the next patch release."""
    python: Path
    """The executable, by that link."""
    install: Callable[[str], Path]
    """Make the installation of a patch release; return what the link leads to."""
    target: Callable[[str], str]
    """The link's text for a patch release."""
    variables: dict[str, str]

    def upgrade(self) -> None:
        """Play the next patch release: a new folder, the link moved on, the old folder gone."""
        self.install(NEW)
        new = self.link.with_name("new-link")
        new.symlink_to(self.target(NEW))
        new.replace(self.link)
        self.remove(OLD)

    def remove(self, version: str) -> None:
        shutil.rmtree(self.install(version).parents[1])


def install(prefix: Path) -> Path:
    """Lay out an installation: the executable copied, the library borrowed. Its version is read
    from the folder's name."""
    executable = prefix / "bin" / f"python{MINOR}"
    if not executable.exists():
        real = Path(sys.base_prefix)
        executable.parent.mkdir(parents=True)
        (prefix / "lib").mkdir()
        shutil.copy2(os.path.realpath(sys.executable), executable)
        (prefix / "bin" / "python3").symlink_to(executable.name)
        (prefix / "bin" / "python").symlink_to("python3")
        (prefix / "lib" / f"python{MINOR}").symlink_to(real / "lib" / f"python{MINOR}")
        for library in (real / "lib").glob("libpython*"):
            (prefix / "lib" / library.name).symlink_to(library)
    return executable


def beside(folder: Path, link: str, name: str = "{}", python: str = "python3", **variables: str):
    """Lay out folders of versions with a relative link among them."""
    found = Layout(
        folder / link,
        folder / link / "bin" / python,
        lambda version: install(folder / name.format(version)),
        lambda version: name.format(version),
        variables,
    )
    found.install(OLD)
    found.link.symlink_to(found.target(OLD))
    return found


def uv(home: Path) -> Layout:
    name = "cpython-{}-linux-x86_64-gnu"
    folder = home / ".local/share/uv/python"
    return beside(folder, name.format(MINOR), name, f"python{MINOR}")


def mise(home: Path) -> Layout:
    return beside(home / ".local/share/mise/installs/python", MINOR, "{}", "python")


def asdf(home: Path) -> Layout:
    return beside(home / ".asdf/installs/python", MINOR)


def pyenv(home: Path) -> Layout:
    return beside(home / ".pyenv/versions", MINOR, "{}", f"python{MINOR}")


def homebrew(home: Path) -> Layout:
    formula = f"python@{MINOR}"
    cellar = home / "brew/Cellar" / formula
    (home / "brew/opt").mkdir(parents=True)
    found = Layout(
        home / "brew/opt" / formula,
        home / "brew/opt" / formula / "bin" / f"python{MINOR}",
        lambda version: install(cellar / version),
        lambda version: f"../Cellar/{formula}/{version}",
        {"HOMEBREW_CELLAR": str(home / "brew/Cellar")},
    )
    found.install(OLD)
    found.link.symlink_to(found.target(OLD))
    return found


def debian(home: Path) -> Layout:
    """`/usr/bin/python` is a link to `/etc/alternatives/python`, and that to `python3.11`."""
    usr, alternatives = home / "debian/usr", home / "debian/etc/alternatives"
    alternatives.mkdir(parents=True)
    found = Layout(
        alternatives / "python",
        usr / "bin" / "python",
        lambda version: install(home / "debian/opt" / version),
        lambda version: str(home / "debian/opt" / version / "bin" / f"python{MINOR}"),
        {},
    )
    found.install(OLD)
    found.link.symlink_to(found.target(OLD))
    (usr / "bin").mkdir(parents=True)
    found.python.symlink_to(found.link)
    return found


def chain(home: Path) -> Layout:
    """A link of a person's to a link of a manager's to a version."""
    found = pyenv(home)
    (home / "tools").mkdir()
    (home / "tools/py").symlink_to("../tools/current")
    (home / "tools/current").symlink_to(found.link)
    found.python = home / "tools/py/bin/python3"
    return found


def middle(home: Path) -> Layout:
    """A link in the middle of the path, the version below it."""
    release = "release-{}/usr"
    found = beside(home / "vendor", "stable", "release-{}")
    found.install = lambda version: install(home / "vendor" / release.format(version))
    shutil.rmtree(home / "vendor")
    found.install(OLD)
    found.link.symlink_to("release-" + OLD)
    found.python = found.link / "usr/bin/python3"
    return found


MANAGERS = [uv, homebrew, mise, asdf, pyenv, debian]
USUAL = list(zip(MANAGERS, CREATORS * 2, strict=True))
"""A usual run takes each manager once and each creator twice."""
PAIRS = [
    pytest.param(manager, creator, marks=() if (manager, creator) in USUAL else pytest.mark.slow)
    for manager in MANAGERS
    for creator in CREATORS
]


@pytest.fixture
def laid_out(make_machine, tmp_path):
    """Return a function that lays a machine out with a manager's Pythons."""

    def lay_out(manager: Callable[[Path], Layout]):
        home = tmp_path / "machine"
        variables = {"HOMEBREW_CELLAR": str(home / "brew/Cellar")} if manager is homebrew else {}
        machine = make_machine("machine", **variables)
        return machine, manager(machine.home)

    return lay_out


def names(path: Path) -> dict[str, str]:
    """Return everything by which an environment names its base."""
    cfg, problem = read_cfg(str(path / "pyvenv.cfg"))
    assert not problem
    found = {key: cfg[key] for key in PLACES if key in cfg}
    return found | {
        entry.name: os.readlink(entry)
        for entry in sorted((path / "bin").glob("python*"))
        if entry.is_symlink()
    }


def name_by(link: Path, path: Path) -> None:
    """Have an environment name its base by a link that its creator followed."""
    cfg = (path / "pyvenv.cfg").read_text()
    real = os.path.realpath(link)
    for old in (real, real.replace(f"python{MINOR}", "python"), os.path.dirname(real)):
        new = link.parent if old == os.path.dirname(real) else link
        cfg = re.sub(f"(?m)^(home|base-executable) = {re.escape(old)}$", rf"\1 = {new}", cfg)
    (path / "pyvenv.cfg").write_text(cfg)
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(link)


def base_of(path: Path) -> tuple[str, str]:
    """Start an environment; return its prefix, and where its standard library really is."""
    told = "import sys, os, encodings; print(sys.prefix); print(os.path.realpath(sys.base_prefix))"
    command = [path / "bin" / "python", "-I", "-c", told]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    prefix, base = done.stdout.splitlines()
    return prefix, base


@pytest.mark.parametrize(("manager", "creator"), PAIRS)
def test_recreated_it_names_its_base_as_before(manager, creator, laid_out):
    machine, layout = laid_out(manager)
    path = machine.make(machine.home / "work" / ".venv", creator, python=str(layout.python))
    if (manager, creator) == (debian, "virtualenv"):
        name_by(layout.python, path)
    machine.wheel("part-one", "1.0", scripts=["part-one"])
    machine.install(path, "uv", "part-one")
    before = names(path)
    assert str(layout.python.parent) in before.values()

    plan = machine.operations.plan_recreate(machine.look(path))

    facts = {fact.label: fact.text for fact in plan.targets[0].facts}
    assert facts["uses"].endswith(f" → {OLD}")
    machine.done(plan)
    assert names(path) == before
    assert base_of(path)[0] == str(path)
    layout.upgrade()
    assert base_of(path)[0] == str(path)
    assert machine.call([path / "bin" / "part-one"]) == "part-one 1.0\n"
    assert machine.look(path).status is Status.OK
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    again = names(path)
    steady = {name for name, value in before.items() if OLD not in value}
    assert {name: again[name] for name in steady} == {name: before[name] for name in steady}


@pytest.mark.parametrize("manager", [chain, middle])
def test_a_link_anywhere_in_the_path_stays(manager, laid_out):
    machine, layout = laid_out(manager)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(layout.python))
    before = names(path)
    assert str(layout.python.parent) in before.values()

    machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert names(path) == before
    layout.upgrade()
    assert base_of(path)[0] == str(path)


def test_a_relative_link_stays_relative(laid_out):
    machine, layout = laid_out(pyenv)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(layout.python))
    entry = path / "bin" / f"python{MINOR}"
    entry.unlink()
    entry.symlink_to(os.path.relpath(layout.python, entry.parent))
    machine.wheel("part-one", "1.0")
    machine.install(path, "uv", "part-one")
    before = names(path)

    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert names(path) == before
    machine.wheel("part-one", "1.1")
    machine.done(machine.operations.plan_upgrade(machine.look(path), {"part-one": None}))

    assert names(path) == before
    layout.upgrade()
    assert base_of(path)[0] == str(path)


@pytest.mark.parametrize("source", ["lock", "declared"])
def test_from_any_source_the_link_stays(source, laid_out):
    machine, layout = laid_out(uv)
    project = machine.home / "work"
    path = machine.make(project / ".venv", "uv", python=str(layout.python))
    machine.wheel("part-one", "1.0")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "1"\ndependencies = ["part-one"]\n'
    )
    (project / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "t"\n[[packages]]\nname = "part-one"\nversion = "1.0"\n'
    )
    before = names(path)

    machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(source=source))
    )

    assert names(path) == before


@pytest.mark.parametrize("creator", ["venv", "virtualenv"])
def test_a_copied_interpreter_keeps_its_home(creator, laid_out):
    machine, layout = laid_out(homebrew)
    work = machine.home / "work"
    path = machine.make(work / ".venv", creator, "--copies", python=str(layout.python))
    before = names(path)

    machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert names(path) == before
    layout.upgrade()
    assert base_of(path)[0] == str(path)


@pytest.mark.parametrize("manager", [uv, homebrew, mise])
def test_a_new_environment_is_put_on_the_manager_s_link(manager, laid_out):
    machine, layout = laid_out(manager)
    project = machine.home / "work"
    project.mkdir()
    (project / ".python-version").write_text(f"{MINOR}\n")

    plan = machine.operations.plan_create(str(project), interpreter=str(layout.install(OLD)))

    facts = {fact.label: fact.text for fact in plan.targets[0].facts}
    assert facts["uses"] == f"{layout.link} → {OLD}"
    machine.done(plan)
    assert names(project / ".venv")["home"] == str(layout.link / "bin")
    layout.upgrade()
    assert base_of(project / ".venv")[0] == str(project / ".venv")


def test_where_one_patch_release_is_asked_for_it_is_that_one(laid_out):
    machine, layout = laid_out(uv)
    project = machine.home / "work"
    project.mkdir()
    by_hand = machine.operations.plan_create(str(project), interpreter=OLD)
    (project / ".python-version").write_text(f"{OLD}\n")
    by_file = machine.operations.plan_create(str(project), interpreter=None)
    for plan in (by_hand, by_file):
        assert plan.blueprint.interpreter == str(layout.install(OLD))
        assert "uses" not in {fact.label for fact in plan.targets[0].facts}


@pytest.mark.parametrize("manager", [pyenv, asdf, mise, homebrew, chain])
def test_the_link_that_a_person_names_is_taken(manager, laid_out):
    machine, layout = laid_out(manager)
    project = machine.home / "work"
    project.mkdir()

    machine.done(machine.operations.plan_create(str(project), interpreter=str(layout.python)))

    assert names(project / ".venv")["home"] == str(layout.python.parent)
    layout.upgrade()
    assert base_of(project / ".venv")[0] == str(project / ".venv")


def test_an_environment_is_no_base_of_another_one(laid_out):
    machine, layout = laid_out(pyenv)
    first = machine.make(machine.home / "first", "venv", python=str(layout.python))
    (machine.home / "py").symlink_to(first / "bin" / "python")
    for asked in (first / "bin" / "python", machine.home / "py"):
        plan = machine.operations.plan_create(str(machine.home), interpreter=str(asked))
        assert plan.blueprint.interpreter == str(layout.install(OLD))


def test_from_a_version_s_folder_an_upgrade_goes_to_the_link(laid_out):
    machine, layout = laid_out(uv)
    old = layout.install(OLD)
    path = machine.make(machine.home / "work" / ".venv", "uv", python=str(old))
    stays = machine.operations.plan_recreate(machine.look(path))
    assert stays.blueprint.interpreter == str(old)
    layout.upgrade()
    assert machine.look(path).status is Status.BROKEN

    machine.done(machine.operations.plan_interpreter(machine.look(path), None))

    assert names(path)["home"] == str(layout.link / "bin")
    assert base_of(path)[1] == os.path.realpath(layout.link)
    again = machine.operations.plan_interpreter(machine.look(path), MINOR)
    assert isinstance(again, NoPlan)
    assert again.message == f"already uses {layout.python}"


def test_after_a_patch_release_only_the_version_is_written_anew(laid_out):
    machine, layout = laid_out(homebrew)
    path = machine.make(machine.home / "work" / ".venv", "virtualenv", python=str(layout.python))
    before = names(path)
    layout.upgrade()

    plan = machine.operations.plan_interpreter(machine.look(path), MINOR)

    machine.done(plan)
    assert names(path) == before
    assert machine.look(path).python.version == NEW


def test_a_link_that_leads_nowhere_is_named_in_the_plan(laid_out):
    machine, layout = laid_out(uv)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(layout.python))
    other = layout.install(NEW)
    layout.remove(OLD)

    recreate = machine.operations.plan_recreate(machine.look(path))
    repair = machine.operations.plan_interpreter(machine.look(path), None)

    said = f"symlink {layout.link} → {layout.link.parent / layout.target(OLD)}"
    for plan in (recreate, repair):
        assert plan.warnings[0].startswith(said)
        assert plan.warnings[0].endswith("is no longer an interpreter")
    machine.done(repair)
    assert names(path)["home"] == str(other.parent)
    assert base_of(path)[0] == str(path)


def test_a_link_that_leads_to_another_minor_version_is_named_in_the_plan(laid_out):
    machine, layout = laid_out(debian)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(layout.python))
    other = machine.home / "debian/opt/3.99.1"
    (other / "lib/python3.99").mkdir(parents=True)
    (other / "lib/python3.99/os.py").touch()
    (other / "bin").mkdir()
    shutil.copy2(os.path.realpath(sys.executable), other / "bin/python3.99")
    layout.link.unlink()
    layout.link.symlink_to(other / "bin/python3.99")
    layout.install(OLD)

    asked = str(layout.install(OLD))
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest(interpreter=asked))

    assert plan.warnings[0] == f"symlink {layout.python} now resolves to Python 3.99.1"
    assert plan.blueprint.interpreter == asked


def test_undo_brings_the_link_back(laid_out):
    machine, layout = laid_out(mise)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(layout.python))
    other = str(layout.install(NEW))
    before = names(path)
    machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(interpreter=NEW))
    )
    assert names(path)["home"] == os.path.dirname(other)

    machine.done(machine.operations.plan_undo(None))

    assert names(path) == before
    assert base_of(path)[0] == str(path)


def test_a_home_that_is_a_link_is_no_link_to_a_base(laid_out):
    """The folder of one patch release is named below it."""
    machine, layout = laid_out(pyenv)
    (machine.home.parent / "ada").symlink_to(machine.home)
    python = machine.home.parent / "ada" / layout.install(OLD).relative_to(machine.home)
    path = machine.make(machine.home / "work" / ".venv", "venv", python=str(python))
    before = names(path)
    assert str(python.parent) in before.values()

    plan = machine.operations.plan_recreate(machine.look(path))

    assert "uses" not in {fact.label for fact in plan.targets[0].facts}
    machine.done(plan)
    assert names(path) == before
