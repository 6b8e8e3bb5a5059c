"""What a command prints with `--json`, held against the schema that `envdeck schema` publishes."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from jsonschema import Draft202012Validator, FormatChecker

from envdeck.cli.commands.schema import ANSWERS, schema_of

ALIASES = {"ls": "list", "rm": "delete"}
FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time", raises=ValueError)(
    lambda text: not isinstance(text, str) or bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))  # noqa: DTZ007
)


def strict(schema):
    """Return a schema that allows nothing but what it names."""
    if isinstance(schema, list):
        return list(map(strict, schema))
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "properties" in schema else {}
    return {name: strict(value) for name, value in schema.items()} | closed


@cache
def validator_of(command: str) -> Draft202012Validator:
    return Draft202012Validator(strict(schema_of(command)), format_checker=FORMATS)


def check_output(arguments: Sequence[str], text: str) -> None:
    """Fail where a command printed JSON that is not as its schema says."""
    command = ALIASES.get(arguments[0], arguments[0]) if arguments else ""
    streamed = "--ndjson" in arguments
    if command not in ANSWERS or not text.strip() or not ({"--json"} & {*arguments} or streamed):
        return
    for document in text.splitlines() if streamed else [text]:
        value = json.loads(document)
        validator = validator_of(command)
        if not validator.is_valid(value):
            worst = min(
                (error for each in ANSWERS[command] for error in errors_of(each, command, value)),
                key=lambda error: -len(error.absolute_path),
            )
            raise AssertionError(f"{command}: {worst.json_path}: {worst.message}")


def errors_of(answer, command, value):
    schema = validator_of(command).schema
    one = {"$ref": f"#/$defs/{answer}", "$defs": schema["$defs"]}
    return Draft202012Validator(one, format_checker=FORMATS).iter_errors(value)
