"""`envdeck delete ENV …`: to the trash, or for good."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.cli.references import EnvironmentReference, find_reference
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import NoPlan, Operation, Plan, Refusal

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Move environments to the trash; `envdeck undo` restores them. --purge deletes
them permanently. Asks for confirmation first. If a guard blocks one
environment, none is deleted, unless --keep-going is given."""

EXAMPLES = """  envdeck delete ~/work/api/.venv --dry-run      show the plan
  envdeck delete api/.venv blog/.venv            one confirmation for both
  envdeck delete .venv --yes --json              for scripts
  envdeck delete .venv --allow unowned-files     including your own files"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "references", nargs="+", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "--purge",
        action="store_true",
        help="delete permanently and free the space now; cannot be undone",
    )
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="skip environments that are blocked or not found (exit 3 or 2), delete the rest",
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Delete environments."""
    references = _References(arguments, context)
    deletion = Deletion(arguments, references.read, keep_going=arguments.keep_going)
    code = operate(arguments, context, Operation.DELETE, deletion.plan, left_out=deletion.left_out)
    return Exit.USAGE if code is Exit.DONE and references.unknown else code


@dataclass(slots=True)
class Deletion:
    """What is deleted, and what is left out."""

    arguments: Namespace
    read: Callable[[], Sequence[EnvironmentReference]]
    """What is to be deleted, as it is now, with its size."""
    keep_going: bool
    """Whether what is blocked is left out."""
    left_out: list[Refusal] = field(default_factory=list)

    def plan(self, operations: "Operations", _: "Stopped") -> Plan | NoPlan:
        """Plan to delete all that may be."""
        asked = self.read()
        if not asked:
            return NoPlan("no environments match", nothing=True)
        while True:
            plan = self._plan_deletion(operations, asked)
            refused = {refusal.path for refusal in plan.refusals}
            if not (self.keep_going and refused):
                return plan
            others = [each for each in asked if not refused & {each.environment.path, each.link}]
            if not others or len(others) == len(asked):
                return plan
            self.left_out += plan.refusals
            asked = others

    def _plan_deletion(
        self, operations: "Operations", asked: Sequence[EnvironmentReference]
    ) -> Plan:
        return operations.plan_delete(
            [each.environment for each in asked],
            links={each.environment.path: each.link for each in asked if each.link},
            purge=self.arguments.purge,
            allow=frozenset(self.arguments.allow),
        )


@dataclass(slots=True)
class _References:
    """The ENVs of a call."""

    arguments: Namespace
    context: CommandContext
    unknown: int = 0
    """How many meant nothing, or more than one environment."""

    def read(self) -> list[EnvironmentReference]:
        """Return each environment once, as it is now, with what it takes."""
        catalog = self.context.catalog()
        found: dict[str, EnvironmentReference] = {}
        for reference in self.arguments.references:
            try:
                asked = find_reference(reference, self.context, catalog)
            except CommandError as error:
                if not self.arguments.keep_going:
                    raise
                self.unknown += 1
                self.context.console.warn(f"skipped: {error.message}", error.hint)
                continue
            environment = asked.environment
            before = found.get(environment.path)
            if environment.size is None:
                size = before.environment.size if before else catalog.measure(environment)
                asked = replace(asked, environment=replace(environment, size=size))
            if before is None or before.link is None:
                found[environment.path] = asked
        if not found:
            raise CommandError("no environments to delete")
        return list(found.values())
