"""Each source gives what was told of it before: the difference shown is the one that comes."""

import subprocess

import pytest
from uv import find_uv_bin

from envdeck.core.model import RecreateRequest

LOCKED = {"part-one": "1.0", "part-two": "1.5"}
NOW = {"part-one": "1.0", "part-two": "1.0", "extra-one": "1.0"}
PROJECT = """
[project]
name = "work"
version = "1.5"
requires-python = ">=3.11"
dependencies = ["part-one"]
[project.optional-dependencies]
fast = ["part-three"]
[dependency-groups]
dev = ["part-two>=1.5"]
"""


def wheels(machine):
    found = {}
    for name, version in (
        ("part-one", "1.0"), ("part-two", "1.0"), ("part-two", "1.5"),
        ("part-three", "1.0"), ("extra-one", "1.0"),
    ):  # fmt: skip
        found[name, version] = machine.wheel(name, version)
    return found


def sha(path):
    done = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def pylock(files):
    rows = [
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n[[packages.wheels]]\n'
        f'path = "{files[name, version]}"\nhashes = {{ sha256 = "{sha(files[name, version])}" }}\n'
        for name, version in LOCKED.items()
    ]
    return 'lock-version = "1.0"\ncreated-by = "t"\n' + "".join(rows)


def hashed(files):
    return "".join(
        f"{name}=={version} --hash=sha256:{sha(files[name, version])}\n"
        for name, version in LOCKED.items()
    )


def poetry(files):
    rows = [
        f'[[package]]\nname = "{name}"\nversion = "{version}"\ndescription = ""\noptional = false\n'
        f'python-versions = ">=3.11"\ngroups = ["main"]\nfiles = [{{file = '
        f'"{files[name, version].name}", hash = "sha256:{sha(files[name, version])}"}}]\n'
        for name, version in LOCKED.items()
    ]
    end = '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\ncontent-hash = "0"\n'
    return "".join(rows) + end


def pdm(files):
    rows = [
        f'[[package]]\nname = "{name}"\nversion = "{version}"\ngroups = ["default"]\nfiles = [{{'
        f'file = "{files[name, version].name}", hash = "sha256:{sha(files[name, version])}"}}]\n'
        for name, version in LOCKED.items()
    ]
    head = '[metadata]\ngroups = ["default"]\nstrategy = []\nlock_version = "4.5.0"\n'
    return head + 'content_hash = "sha256:0"\n' + "".join(rows)


def pipfile(files):
    rows = ",".join(
        f'"{name}": {{"version": "=={version}", "hashes": ["sha256:{sha(files[name, version])}"]}}'
        for name, version in LOCKED.items()
    )
    meta = '"_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": []}'
    return f'{{{meta}, "default": {{{rows}}}, "develop": {{}}}}'


LOCKS = {
    "pylock.toml": pylock,
    "poetry.lock": poetry,
    "pdm.lock": pdm,
    "Pipfile.lock": pipfile,
    "requirements.txt": hashed,
}


def furnished(machine):
    folder = machine.home / "work"
    files = wheels(machine)
    path = machine.make(folder / ".venv", "uv")
    machine.install(path, "uv", *(f"{name}=={version}" for name, version in NOW.items()))
    return folder, path, files


def versions(kit, path):
    pairs = (name.removesuffix(".dist-info").split("-") for name in kit.records(path))
    return {name.replace("_", "-"): version for name, version in pairs}


def promised(choice, now):
    """Return what will be installed, by the difference that was shown."""
    then = dict(now)
    for name, _ in choice.removed:
        del then[name]
    then |= dict(choice.added) | {name: version for name, _, version in choice.changed}
    return then


def recreated(machine, kit, path, name):
    """Recreate from a source, and compare what comes with what was told of it."""
    environment = machine.look(path)
    now = versions(kit, path)
    (choice,) = [
        one
        for one in machine.operations.recreate_choices(environment).sources
        if one.name == name and not one.problem
    ]
    machine.done(machine.operations.plan_recreate(environment, RecreateRequest(source=name)))
    then = versions(kit, path)
    assert kit.unlike_record(path) == []
    return choice, promised(choice, now), then


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock(name, machine, kit):
    folder, path, files = furnished(machine)
    (folder / name).write_text(LOCKS[name](files))
    if name in {"poetry.lock", "pdm.lock", "pylock.toml"}:
        (folder / "pyproject.toml").write_text(PROJECT)
    if name == "Pipfile.lock":
        (folder / "Pipfile").write_text('[packages]\npart-one = "*"\n')

    choice, told, then = recreated(machine, kit, path, "lock")

    assert choice.resolved
    assert then == told == LOCKED


def test_a_lock_of_uv_with_the_project_in_place(machine, kit):
    folder, path, _ = furnished(machine)
    kit.make_project(folder, "work", "1.5", more=PROJECT)
    links = ["--no-index", "--find-links", machine.wheels]
    machine.call([find_uv_bin(), "lock", "-q", "--project", folder, *links])
    machine.call(
        [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index",
         "--no-deps", "--python", path, "-e", folder]
    )  # fmt: skip

    choice, told, then = recreated(machine, kit, path, "lock")

    assert choice.resolved
    assert then == told == {**LOCKED, "work": "1.5"}
    asked = [path / "bin" / "python", "-c", "import work; print(work.__file__)"]
    assert machine.call(asked) == f"{folder}/work.py\n"
    assert machine.look(path).path == str(path)


def test_what_a_project_declares(machine, kit):
    folder, path, _ = furnished(machine)
    (folder / "pyproject.toml").write_text(PROJECT)

    choice, _, then = recreated(machine, kit, path, "declared")

    assert not choice.resolved
    assert then == LOCKED
    assert [name for name, _ in choice.removed] == ["extra-one"]
    assert [(name, before) for name, before, _ in choice.changed] == [("part-two", "1.0")]


@pytest.mark.parametrize("source", ["lock", "declared"])
def test_groups_and_extras_that_were_chosen(machine, kit, source):
    folder, path, _ = furnished(machine)
    kit.make_project(folder, "work", "1.5", more=PROJECT)
    if source == "lock":
        links = ["--no-index", "--find-links", machine.wheels]
        machine.call([find_uv_bin(), "lock", "-q", "--project", folder, *links])
    environment = machine.look(path)

    def named(**parts):
        plan = machine.operations.plan_recreate(
            environment, RecreateRequest(source=source, **parts)
        )
        machine.done(plan)
        return {name for name in versions(kit, path) if name != "work"}

    assert named(groups=(), extras=()) == {"part-one"}
    environment = machine.look(path)
    assert named(groups=("Dev",), extras=("fast",)) == {"part-one", "part-two", "part-three"}


def test_a_new_environment_with_the_groups_that_were_chosen(machine, kit):
    folder = machine.home / "fresh"
    wheels(machine)
    kit.make_project(folder, "fresh", "1.5", more=PROJECT.replace('"work"', '"fresh"'))
    machine.done(machine.operations.plan_create(str(folder), groups=(), extras=("fast",)))
    assert set(versions(kit, folder / ".venv")) == {"part-one", "part-three", "fresh"}


def test_a_group_that_there_is_not_is_said(machine, kit):
    folder, path, _ = furnished(machine)
    (folder / "pyproject.toml").write_text(PROJECT)
    plans = (
        machine.operations.plan_recreate(
            machine.look(path), RecreateRequest(source="declared", groups=("deb",))
        ),
        machine.operations.plan_create(str(folder), path="other", extras=("fats",)),
    )
    assert [plan.message for plan in plans] == [
        "the project has no group `deb`; available: dev",
        "the project has no extra `fats`; available: fast",
    ]


def test_a_file(machine, kit):
    folder, path, _ = furnished(machine)
    file = folder / "some list.txt"
    file.write_text("part-three\n-r more.txt\n")
    (folder / "more.txt").write_text("part-one==1.0\n")
    plan = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(source="file", file=str(file))
    )
    machine.done(plan)
    assert versions(kit, path) == {"part-one": "1.0", "part-three": "1.0"}


def test_what_is_here_differs_in_nothing(machine, kit):
    _, path, _ = furnished(machine)
    choice, told, then = recreated(machine, kit, path, "exact")
    assert (choice.added, choice.removed, choice.changed) == ((), (), ())
    assert then == told == NOW
