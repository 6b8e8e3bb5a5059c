"""`envdeck schema`: the contract as a JSON Schema. Every JSON answer of the other tests is held
against it (:mod:`support.contract`)."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from envdeck.cli.commands import schema as contract
from envdeck.cli.commands.schema import ANSWERS, RECORDS, VALUES, schema_of
from envdeck.cli.main import COMMANDS, build_parser
from envdeck.core.dotenv.model import FileKind
from envdeck.core.onboarding.model import StepState
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.core.operations.recreate.forecast import Availability
from envdeck.core.operations.transaction.journal import Phase
from envdeck.core.operations.upgrade.model import Level
from support.contract import check_output


@pytest.mark.parametrize("command", [None, *ANSWERS])
def test_it_is_a_valid_schema(command):
    Draft202012Validator.check_schema(schema_of(command))
    named = re.findall(r'"#/[$]defs/([a-z-]+)"', json.dumps(schema_of(command)))
    assert {*named} == schema_of(command)["$defs"].keys()


def test_every_command_with_json_has_one_and_no_other():
    with_json = {name for name in COMMANDS if "--json" in build_parser(name)._option_string_actions}
    assert with_json == ANSWERS.keys()


def test_the_schema_of_all_has_every_record():
    assert schema_of()["$defs"].keys() == RECORDS.keys() | VALUES.keys()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("file-kind", [kind.value for kind in FileKind]),
        ("step-state", [state.value for state in StepState]),
        ("bisect-status", [status.value for status in SearchStatus]),
        ("forecast-verdict", [verdict.value for verdict in Availability]),
        ("level", [level.value for level in Level]),
        ("past-status", [*(phase.value for phase in Phase if phase.over), "pending"]),
    ],
)
def test_values_that_are_repeated_are_those_of_the_model(name, values):
    assert {*VALUES[name]} == {*values}


def test_it_prints_one_or_all(cli):
    assert json.loads(cli("schema").out) == schema_of()
    one = json.loads(cli("schema", "why").out)
    assert one == schema_of("why")
    assert one["$ref"] == "#/$defs/why"
    assert {*one["$defs"]} == {"why", "chain"}


@pytest.mark.parametrize(
    ("name", "error", "hint"),
    [
        ("run", "`run` prints no JSON", "envdeck schema"),
        ("lst", "`lst` is not a command", "envdeck schema list"),
    ],
)
def test_what_has_none_is_refused_with_a_way_out(cli, name, error, hint):
    result = cli("schema", name)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [f"error: {error}", f"hint: {hint}"]


def test_an_answer_that_is_not_as_promised_is_found(cli, catalog, environment, monkeypatch):
    catalog.environments = [environment("work/api/.venv")]
    cli("list", "--json")
    shorter = RECORDS["environment"].replace(" links:[text]", "")
    monkeypatch.setattr(contract, "RECORDS", {**RECORDS, "environment": shorter})
    from support.contract import validator_of

    validator_of.cache_clear()
    try:
        with pytest.raises(AssertionError, match="'links' was unexpected"):
            cli("list", "--json")
    finally:
        validator_of.cache_clear()


def test_what_is_no_json_is_not_looked_at():
    check_output(["list"], "no environments found")
    check_output([], "")
