"""An index whose files end half way, or that stops answering: bounded, named, rolled back."""

import pytest

from envdeck.core.model import Ending, NoPlan, RecreateRequest
from support.environments import new_uv_cache

NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def served(machine, kit):
    """Return an environment of three packages, and a function that serves them with a fault."""
    for name in NAMES:
        machine.wheel(name, "1.0", [(f"{name}.bin", bytes(range(256)) * 400)])
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", *NAMES)
    (machine.home / ".config" / "pip" / "pip.conf").unlink()
    machine.environ |= {
        "UV_CACHE_DIR": new_uv_cache(machine.home / "fresh-cache"),
        "UV_HTTP_RETRIES": "0",
    }

    def serve(fault):
        machine.environ["UV_HTTP_TIMEOUT"] = "60" if fault == "cut" else "8"
        return kit.index(machine.wheels, answer={"beta": fault})

    return path, serve


WORDS = {
    "cut": "the download of beta==1.0 is incomplete or damaged",
    "stalls": "the download of beta==1.0",  # uv says of it what it says of the first
    None: "did not respond to a request for beta",
}
SOME = ["cut", "stalls", pytest.param(None, marks=pytest.mark.slow)]


@pytest.mark.parametrize("fault", SOME)
def test_what_is_made_new_is_rolled_back_and_the_package_named(fault, machine, served):
    _path, serve = served
    project = machine.home / "new"
    project.mkdir()
    (project / "requirements.txt").write_text("".join(f"{name}==1.0\n" for name in NAMES))
    with serve(fault) as (url, _asked):
        machine.environ["PIP_INDEX_URL"] = url
        plan = machine.operations.plan_create(str(project))
        result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert WORDS[fault] in result.message
    assert result.hint
    assert not (project / ".venv").exists()
    assert machine.left() == []


@pytest.mark.parametrize("fault", SOME)
def test_the_same_again_is_made_of_its_own_files(fault, machine, served, kit):
    """After one wait: the others are not waited for in turn."""
    path, serve = served
    rows = kit.records(path)
    with serve(fault) as (url, asked):
        machine.environ["PIP_INDEX_URL"] = url
        result = machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert kit.records(path) == rows
    assert any(told.startswith("rebuilt from installed files") for told in result.verified)
    assert ("offline, from the cache" in result.verified) is (fault != "cut")
    assert sum("beta" in one for one, _ in asked) <= 4


@pytest.mark.parametrize(
    "fault", ["cut", *(pytest.param(x, marks=pytest.mark.slow) for x in ("stalls", None))]
)
def test_an_upgrade_changes_nothing_and_names_it(fault, machine, served, kit):
    path, serve = served
    machine.wheel("beta", "1.0.1", [("beta.bin", bytes(range(256)) * 400)])
    before = kit.source_only(kit.account(path))
    with serve(fault) as (url, _asked):
        machine.environ["PIP_INDEX_URL"] = url
        plan = machine.operations.plan_upgrade(machine.look(path), {"beta": "1.0.1"})
        said = plan.message if isinstance(plan, NoPlan) else machine.run(plan)[0].message
    assert "beta" in said
    assert "conflict" not in said
    after = kit.source_only(kit.account(path))
    assert {key for key in before.keys() | after if before.get(key) != after.get(key)} == set()


def test_asked_about_a_doubt_it_is_the_download_that_failed(machine, served):
    path, serve = served
    module = next(path.glob("lib/python*/site-packages/beta/__init__.py"))
    module.unlink()
    module.write_text("edited = True\n")
    with serve("cut") as (url, _asked):
        machine.environ["PIP_INDEX_URL"] = url
        plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest())
    assert [one.reason.rpartition(", and ")[2] for one in plan.doubts] == [
        "the index did not respond"
    ]
