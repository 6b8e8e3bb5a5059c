"""`envdeck find REQUIREMENT`: who has it."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import NamedTuple

from envdeck.cli.arguments import build_scope
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import add_paths
from envdeck.cli.plan_text import path_cell
from envdeck.cli.scan import ScanReport
from envdeck.cli.serialise import SCHEMA, environment_object
from envdeck.core import lazy_versions as packaging
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.requirements import accepts
from envdeck.core.inspection.packages.site_packages import list_names, normalise
from envdeck.core.model import Environment
from envdeck.text import counted

DESCRIPTION = """List the environments that have a package, with its version. Exits with 0 even
if there are none."""

EXAMPLES = """  envdeck find requests            any version
  envdeck find "openai<1.2"        a requirement (PEP 508)
  envdeck find "django~=4.2" ~/work --json"""

_COLUMNS = (
    TableColumn("Path", flexible=True),
    TableColumn("Version"),
    TableColumn("Python", rank=2),
    TableColumn("Manager", rank=1),
)


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""A requirement that is a name alone."""


class _Wanted(NamedTuple):
    """What is looked for."""

    name: str
    """Normalised (PEP 503)."""
    specifier: str = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "requirement",
        metavar="REQUIREMENT",
        help="package name, optionally with a version specifier",
    )
    add_paths(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Find environments that have a package."""
    requirement = _read_requirement(arguments.requirement, context)
    scope = build_scope(arguments.paths, context, sizes=False)
    scan = ScanReport(context, context.catalog(), scope)
    having = sorted(_find_holders(requirement, scan.complete()), key=lambda found: found[0].path)
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "requirement": mask_text(arguments.requirement),
                "environments": [
                    {**environment_object(environment), "version": version or None}
                    for environment, version in having
                ],
            }
        )
    else:
        _print_holders(having, context)
    return Exit.DONE


def _read_requirement(text: str, context: CommandContext) -> _Wanted:
    if _NAME.fullmatch(text):
        return _Wanted(normalise(text))
    try:
        requirement = packaging.Requirement(text)
    except packaging.InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise CommandError(
            f"`{text}` is not a requirement: {reason}", hint='envdeck find "openai<1.2"'
        ) from error
    left_out = {
        "extras": requirement.extras,
        "marker": requirement.marker,
        "URL": requirement.url,
    }
    for name, given in left_out.items():
        if given:
            context.console.warn(f"the {name} of `{text}` is ignored")
    return _Wanted(normalise(requirement.name), str(requirement.specifier))


def _find_holders(
    wanted: _Wanted, environments: Iterator[Environment]
) -> Iterator[tuple[Environment, str]]:
    """Yield environments with the version each has; twice when it holds two of one name."""
    for environment in environments:
        for name, named, path in list_names(environment.site_packages):
            if name == wanted.name:
                version = named or _read_version(path)
                # pre-releases count, being there; what is no version (PEP 440) is in no range
                if accepts(wanted.specifier, version, unread=False):
                    yield environment, version


def _read_version(path: str) -> str:
    # start-up: 12 ms, and most folders of metadata are named by the version
    from envdeck.core.inspection.packages.distributions import read_head

    return read_head(*os.path.split(path)).version


def _print_holders(having: list[tuple[Environment, str]], context: CommandContext) -> None:
    console = context.console
    if not having:
        console.line("no matches")
        return
    unknown = console.signs.unknown
    rows = [
        [
            path_cell(environment.path, context.host.home),
            TableCell(version or unknown),
            TableCell(environment.python.version or unknown),
            TableCell(environment.manager),
        ]
        for environment, version in having
    ]
    for line in table(console, _COLUMNS, rows):
        console.line(line)
    console.line()
    paths = {environment.path for environment, _ in having}
    console.line(console.style(counted(len(paths), "environment"), "bold"))
