"""`envdeck config`: where the configuration is, and what holds."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.cli.commands.screen import check_keys
from envdeck.cli.console import Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.serialise import SCHEMA
from envdeck.config import Configuration, Settings, locate
from envdeck.config.load import FOR_EVER
from envdeck.core.lazy_dataclasses import fields
from envdeck.text import plain, tilde

DESCRIPTION = """Show the path of the configuration file and the effective settings, each with
its source: the file or the default. Set ENVDECK_CONFIG to use another file.
Keys: roots, exclude, cross-devices, theme, columns, read-only, keep-days (a
number or "for ever"), threads, downloads, and the table [keys]."""

EXAMPLES = """  envdeck config                   effective settings
  envdeck config path              path of the configuration file
  ENVDECK_CONFIG=/dev/null envdeck list    ignore the configuration"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("path", "show"),
        default="show",
        metavar="path|show",
        help="default: show",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Say where the configuration is, or what holds."""
    if arguments.what == "path":
        path, origin = locate(context.host)
        if arguments.json:
            context.console.json({"schema": SCHEMA, "path": path, "path_origin": origin.value})
        else:
            context.console.line(plain(path))
        return Exit.DONE
    configuration = context.configuration()
    check_keys(configuration)
    if arguments.json:
        context.console.json(_object(configuration))
    else:
        _print(configuration, context)
    return Exit.DONE


def _values(settings: Settings) -> Iterator[tuple[str, Any]]:
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Mapping):
            value = dict(value)
        if field.name == "keep_days" and value is None:
            value = FOR_EVER
        yield field.name.replace("_", "-"), list(value) if isinstance(value, tuple) else value


def _object(configuration: Configuration) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "path": configuration.path,
        "path_origin": configuration.path_origin.value,
        "exists": configuration.exists,
        "settings": {
            name: {"value": value, "origin": configuration.origin(name).value}
            for name, value in _values(configuration.settings)
        },
    }


def _print(configuration: Configuration, context: CommandContext) -> None:
    console = context.console
    absent = "" if configuration.exists else " (not found; defaults apply)"
    path = plain(tilde(configuration.path, context.host.home))
    console.line(console.style(path, "bold") + absent)
    console.line()
    columns = (TableColumn("Setting"), TableColumn("Value"), TableColumn("Origin"))
    rows = [
        [
            TableCell(name),
            TableCell(_value_text(value, console.signs.unknown)),
            TableCell(configuration.origin(name)),
        ]
        for name, value in _values(configuration.settings)
    ]
    for line in table(console, columns, rows):
        console.line(line)


def _value_text(value: Any, unknown: str) -> str:  # noqa: ANN401  any setting's value
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return ", ".join(f"{action} = {key}" for action, key in value.items()) or unknown
        case list():
            return ", ".join(value) or unknown
        case int():
            return str(value)
        case _:
            return value or unknown
