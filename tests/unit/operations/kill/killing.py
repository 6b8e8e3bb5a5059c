"""Does one real operation and dies in it: `killing.py HOME PATH ACTION [call|phase N]`.

`call` counts the system calls of the transaction, and `phase` the entries of the journal. Without
them it runs to its end, and whoever started it kills it. It prints each step and command when it
begins, and how it ended.
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "transaction"))
from dying import Interrupter

from envdeck.core.catalog import Catalog
from envdeck.core.model import (
    CommandStarted,
    NoPlan,
    OperationEvent,
    PackageChoice,
    Plan,
    RecreateRequest,
    StepStarted,
)
from envdeck.core.operations.api import Operations
from envdeck.core.operations.transaction.journal import Entry, Journal
from envdeck.core.system.host import Host


def host_of(home: str) -> Host:
    """Return this machine with another home; pip is configured there."""
    base = os.path.dirname(home)
    environ = {
        "PATH": os.environ["PATH"],
        "UV_CACHE_DIR": os.path.join(base, "uv-cache"),
        "VIRTUALENV_OVERRIDE_APP_DATA": os.path.join(base, "virtualenv-data"),
    }
    return Host(sys.platform, home, environ, root=os.path.join(base, "system"))


def plan_of(operations: Operations, action: str, path: str) -> Plan | NoPlan:
    """Plan an action on the environment at a path."""
    if action == "undo":
        return operations.plan_undo()
    if action == "purge":
        return operations.plan_purge()
    if action == "create":
        return operations.plan_create(os.path.dirname(path))
    environment = operations.catalog.lookup(path)
    assert environment is not None, path
    if action == "recreate":
        # One that is built again each time is never built unless a person says so.
        names = {each.name for each in operations.catalog.distributions(environment)}
        choices = {"slow": PackageChoice.RELEASE} if "slow" in names else {}
        return operations.plan_recreate(environment, RecreateRequest(choices=choices))
    if action == "install":
        return operations.plan_install(environment, ["bulb"])
    if action == "upgrade":
        return operations.plan_upgrade(environment, {"lamp": None})
    return operations.plan_delete([environment], allow=frozenset({"unowned-files"}))


def die_at_entry(number: int) -> None:
    """Have the process die right after the journal has kept its entry of this number."""
    real, count = Journal.write, iter(range(1, 1000))

    def write(journal: Journal, entry: Entry) -> Entry:
        written = real(journal, entry)
        if next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    Journal.write = write  # type: ignore[method-assign]


def say(line: str) -> None:
    """Tell who started us, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(event: OperationEvent) -> None:
    """Let who started us know how far it is."""
    if isinstance(event, StepStarted):
        say(f"step {event.title}")
    elif isinstance(event, CommandStarted):
        say(f"command {' '.join(event.command)!r}")


def main() -> None:
    home, path, action, *rest = sys.argv[1:]
    operations = Operations(Catalog(host_of(home)))
    plan = plan_of(operations, action, path)
    assert isinstance(plan, Plan), plan
    counter = Interrupter(int(rest[1]) if rest and rest[0] == "call" else -1, "kill")
    counter.install()
    if rest and rest[0] == "phase":
        die_at_entry(int(rest[1]))
    result = operations.run(plan, told)
    say(f"ended {result.status.value} {counter.count} {result.message}")


if __name__ == "__main__":
    main()
