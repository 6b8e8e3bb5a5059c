"""Recreates two environments side by side in the screen's queue: `side.py HOME ONE OTHER`.

It prints `running` once both are, and runs until both are over, or it is killed.
"""

import sys
import time

from killing import host_of, plan_of

from envdeck.core.catalog import Catalog
from envdeck.core.operations.api import Operations
from envdeck.tui.base.job import JobState
from envdeck.tui.workers.operation_queue import OperationQueue


def main() -> None:
    home, *paths = sys.argv[1:]
    operations = Operations(Catalog(host_of(home)))
    plans = [plan_of(operations, "recreate", path) for path in paths]
    queue = OperationQueue(operations, time.monotonic, held=False)
    jobs = [queue.submit(plan) for plan in plans]
    assert [job.state for job in jobs] == [JobState.RUNNING] * 2
    sys.stdout.write("running\n")
    sys.stdout.flush()
    while queue.busy:
        queue.drain()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
