"""Everything that the demo invites to try works on it, and asks no network."""

import os
import subprocess
import sys

import pytest

from envdeck.core.model import Ending, NoPlan, RecreateRequest, Status


def done(operations, plan, expected=Ending.DONE):
    assert not isinstance(plan, NoPlan), plan
    assert not plan.refusals
    result = operations.run(plan, lambda _event: None)
    assert result.status is expected, result
    return result


def versions(operations, path):
    catalog = operations.catalog
    return {one.name: one.version for one in catalog.distributions(catalog.lookup(path))}


def test_what_is_deleted_comes_back(worked_on, operations):
    path = worked_on.environment("unused")
    plan = operations.plan_delete([operations.catalog.lookup(path)])
    done(operations, plan)
    assert not os.path.lexists(path)
    assert all(item.folder.startswith(worked_on.root) for item in operations.trash())
    done(operations, operations.plan_undo(plan.id))
    assert operations.catalog.lookup(path).status is Status.OK


def test_what_has_drifted_is_made_anew_from_its_lock(worked_on, operations):
    path = worked_on.environment("drifted")
    environment = operations.catalog.lookup(path)
    plan = operations.plan_recreate(environment, RecreateRequest(source="lock"))
    done(operations, plan)
    compared = operations.catalog.project(operations.catalog.lookup(path))
    assert not compared.drifts
    done(operations, operations.plan_undo(plan.id))
    assert versions(operations, path)["schemapress"] == "2.9.0"


@pytest.mark.parametrize(
    "scenario", ["unused", "shared", "orphan", "large", "poetry-cache", "pipenv", "now-and-then"]
)
def test_what_is_there_is_made_anew_exactly(worked_on, operations, scenario):
    path = worked_on.environment(scenario)
    before = versions(operations, path)
    done(
        operations,
        operations.plan_recreate(operations.catalog.lookup(path), RecreateRequest(source="exact")),
    )
    assert versions(operations, path) == before


def test_packages_are_upgraded(worked_on, operations):
    path = worked_on.environment("dotenv")
    environment = operations.catalog.lookup(path)
    offered = operations.candidates(environment)
    assert not isinstance(offered, NoPlan), offered
    assert {"courier-http", "tidyargs"} <= {row.name for row in offered.rows}
    done(operations, operations.plan_upgrade(environment, {"tidyargs": None}))
    assert versions(operations, path)["tidyargs"] == "8.2.0"


def test_a_broken_one_gets_a_base_again(worked_on, operations):
    path = worked_on.environment("broken")
    environment = operations.catalog.lookup(path)
    assert environment.status is Status.BROKEN
    done(operations, operations.plan_interpreter(environment))
    assert operations.catalog.lookup(path).status is Status.OK


def test_a_moved_one_is_made_anew_where_it_is(worked_on, operations):
    path = worked_on.environment("moved")
    done(
        operations,
        operations.plan_recreate(operations.catalog.lookup(path), RecreateRequest(source="exact")),
    )
    assert operations.catalog.lookup(path).status is Status.OK


def test_one_of_an_old_python_is_made_anew_on_a_new_one(worked_on, operations):
    path = worked_on.environment("end-of-life")
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    plan = operations.plan_interpreter(operations.catalog.lookup(path), minor)
    done(operations, plan)
    assert operations.catalog.lookup(path).python.version.startswith(minor)


def test_an_environment_is_created_for_the_clone_and_its_command_runs(worked_on, operations):
    project = worked_on.project("clone")
    done(operations, operations.plan_create(project, source="lock"))
    command = os.path.join(project, ".venv", "bin", "parcel-desk")
    said = subprocess.run([command], capture_output=True, text=True, check=True, cwd=project)
    assert "desk-00042" in said.stdout


def test_what_holds_an_upgrade_back_is_named(worked_on, operations):
    offered = operations.candidates(operations.catalog.lookup(worked_on.environment("lagging")))
    rows = {row.name: row for row in offered.rows}
    assert len(rows) > 9
    assert any("plotmill" in words for words in rows["numera"].held_back_by)


def test_one_of_a_python_that_only_stands_in_is_made_anew_on_the_one_that_works(
    worked_on, operations
):
    path = worked_on.environment("direnv")
    done(
        operations,
        operations.plan_recreate(operations.catalog.lookup(path), RecreateRequest(source="exact")),
    )
    assert operations.catalog.lookup(path).python.version == worked_on.python.version


@pytest.mark.parametrize("scenario", ["groups", "requirements", "poetry"])
def test_an_environment_is_created_for_every_shape(worked_on, operations, scenario):
    project = worked_on.project(scenario)
    done(operations, operations.plan_create(project))
    assert operations.catalog.lookup(os.path.join(project, ".venv")).packages
