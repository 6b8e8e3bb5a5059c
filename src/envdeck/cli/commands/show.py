"""`envdeck show ENV`: one environment whole."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from envdeck.cli.context import Context
from envdeck.cli.describing import print_environment
from envdeck.cli.errors import Exit
from envdeck.cli.parser import complete_folders
from envdeck.cli.references import environment_of
from envdeck.cli.serialise import distribution_object, drift_object, environment_object

DESCRIPTION = """One environment whole: its interpreter, its size, its project, what is wrong with
it, and what is installed in it. Nothing in it is run."""

EXAMPLES = """  envdeck show ~/work/api/.venv    by its path
  envdeck show ~/work/api          by its project's, if that has one environment
  envdeck show api/.venv           by its name, if that is unique
  envdeck show . --json"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument("reference", metavar="ENV", help="its path, its project's, or its name")
    )
    parser.add_argument("--no-size", action="store_true", help="do not measure it")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: Namespace, context: Context) -> int:
    """Show one environment."""
    catalog = context.catalog()
    environment = environment_of(arguments.reference, context, catalog)
    if arguments.no_size:
        environment = replace(environment, size=None)
    elif environment.size is None:
        environment = replace(environment, size=catalog.measure(environment))
    distributions = catalog.distributions(environment)
    comparison = catalog.project(environment, distributions)
    if arguments.json:
        context.console.json(
            {
                **environment_object(environment),
                "distributions": [distribution_object(found) for found in distributions],
                "drift": None if comparison is None else drift_object(comparison),
            }
        )
    else:
        print_environment(environment, distributions, context, comparison)
    return Exit.DONE
