"""`why`: the chains of requirements that lead to a package."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environment, read_distributions
from envdeck.cli.serialise import SCHEMA
from envdeck.core.inspection.packages.dependencies import chains
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import SEED_PACKAGES, Distribution
from envdeck.core.project.model import Comparison
from envdeck.core.system.words import find_nearest
from envdeck.text import plain

DESCRIPTION = """Why a package is installed: every chain of requirements from a direct or declared
package to it. Exits with 1 when there is none: the package is extraneous."""

EXAMPLES = """  envdeck why . urllib3
  envdeck why ~/work/api/.venv idna --json"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument("name", metavar="NAME", help="the package")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Print the chains."""
    catalog = context.catalog()
    environment = find_environment(arguments.reference, context, catalog)
    environment, distributions = read_distributions(environment, catalog)
    name = normalise(arguments.name)
    installed = {one.name: one for one in distributions}
    if name not in installed:
        close = find_nearest(name, installed)
        hint = f"did you mean `{close[0]}`?" if close else ""
        raise CommandError(f"{arguments.name} is not installed", hint=hint)
    declared = _declared(catalog.project(environment, distributions))
    roots = {one.name: _reason(one, declared) for one in distributions}
    roots = {root: reason for root, reason in roots.items() if reason}
    found = chains(distributions, name, roots)
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "path": environment.path,
                "name": name,
                "version": installed[name].version,
                "chains": [
                    {"packages": list(chain), "root": roots.get(chain[0]) or None}
                    for chain in found
                ],
            }
        )
    else:
        _print(installed[name], found, roots, context)
    return Exit.DONE if found else Exit.FAILED


def _declared(comparison: Comparison | None) -> frozenset[str]:
    """Return the names that the project declares."""
    manifests = comparison.project.manifests if comparison is not None else ()
    return frozenset(line.name for one in manifests for line in one.requirements if line.name)


def _reason(distribution: Distribution, declared: frozenset[str]) -> str:
    """Say in a word why a distribution needs no other to be there; empty where it does."""
    if distribution.name in declared:
        return "declared"
    if distribution.requested or distribution.editable:
        return "direct"
    return "seed" if distribution.name in SEED_PACKAGES else ""


def _print(
    distribution: Distribution,
    found: Sequence[Sequence[str]],
    roots: dict[str, str],
    context: CommandContext,
) -> None:
    console = context.console
    title = f"{distribution.display_name} {distribution.version}"
    console.line(console.style(plain(title), "bold"))
    for chain in found:
        reason = roots.get(chain[0], "required by nothing, not declared")
        root = f"{chain[0]} ({reason})"
        console.line(f"  {plain(f' {console.signs.moved} '.join([root, *chain[1:]]))}")
    if not found:
        console.line("  Extraneous: no direct or declared package requires it")
