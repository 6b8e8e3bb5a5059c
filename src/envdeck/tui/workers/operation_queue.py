"""The queue of operations: side by side where they need nothing of each other, in their order where
they do.

Before the first, at the start, what was interrupted is finished or rolled back, what was announced
is purged, and what a later start purges is announced.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from envdeck.core.model import Operation, Plan
from envdeck.core.operations.transaction.journal import Entry, Phase
from envdeck.core.operations.transaction.trash import Item
from envdeck.text import counted
from envdeck.text.operation import OPERATION_WORDS
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.widgets.line import Display
from envdeck.tui.widgets.operation_words import busy_words

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

PARALLEL = max(2, os.cpu_count() or 1)
"""Operations that run at a time: as many as there are cores, and a short one beside a long one."""
KEPT = 100
"""Operations that are over and still shown; the history has them all."""


class OperationQueue:
    """Operations in the order they were asked for. Used from the screen's thread alone; each
    operation runs in a thread of its own, and is heard of by :meth:`drain`."""

    def __init__(self, operating: "Operations", clock: Callable[[], float], *, held: bool) -> None:
        self._operating = operating
        self._clock = clock
        self._held = held
        self._jobs: list[Job] = []
        self._threads: dict[Job, Thread] = {}
        self.revision = 0
        """Counts changes of what is in it, and of the state of what is."""

    @property
    def operating(self) -> "Operations":
        """What runs them."""
        return self._operating

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All, oldest first: over, running and waiting."""
        return tuple(self._jobs)

    @property
    def active(self) -> tuple[Job, ...]:
        """Those that run or wait."""
        return tuple(job for job in self._jobs if not job.state.over)

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return any(not job.state.over for job in self._jobs)

    def held(self, paths: Sequence[str]) -> tuple[str, str] | None:
        """Return the first of some paths that is acted on already, and what is said of it."""
        busy = self.active_paths()
        path = next((path for path in paths if path in busy), None)
        return None if path is None else (path, busy_words(busy[path]))

    def active_paths(self) -> dict[str, Job]:
        """Return what is being acted on, or will be, with the operation that is first there."""
        found: dict[str, Job] = {}
        for job in self.active:
            for path in job.paths:
                found.setdefault(path, job)
        return found

    def log_file(self, job: Job) -> str | None:
        """Return where the whole output of an operation is kept; None before its first command."""
        return self._operating.store.journal.log_file(job.plan.id) if job.commands else None

    def release(self) -> None:
        """Begin: what was interrupted before has been cleared up."""
        self._held = False
        self._start()

    def submit(self, plan: Plan) -> Job:
        """Put a plan to the end of the queue; it starts as soon as it may."""
        job = Job(plan)
        self._jobs.append(job)
        self._forget()
        self._start()
        return job

    def cancel(self, job: Job) -> None:
        """Give an operation up: one that runs is rolled back, one that waits never starts."""
        if job.state is JobState.WAITING:
            job.state, job.ended_at = JobState.CANCELLED, self._clock()
        elif job.state is JobState.RUNNING:
            job.stopping = True
        self.revision += 1
        self._start()

    def cancel_all(self) -> None:
        """Give everything up."""
        for job in reversed(self.active):
            self.cancel(job)

    def stop_all(self) -> None:
        """Ask what runs to give up, and start nothing more; safe to call from a signal handler."""
        self._held = True
        for job in self.active:
            job.stopping = True

    def drain(self) -> list[Job]:
        """Take over what was said since the last time, and return what is over by that."""
        now = self._clock()
        ended = [job for job in self._jobs if job.state is JobState.RUNNING and job.drain(now)]
        for job in ended:
            self._threads.pop(job, None)
        if ended:
            self.revision += 1
            self._start()
        return ended

    def wait(self, seconds: float) -> bool:
        """Wait for what runs to end, and return whether it did; for when the screen has closed."""
        end = monotonic() + seconds
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - monotonic()))
        return not any(thread.is_alive() for thread in self._threads.values())

    def _start(self) -> None:
        if self._held:
            return
        before: list[Job] = []
        running = sum(job.state is JobState.RUNNING for job in self._jobs)
        for job in self.active:
            if job.state is JobState.WAITING:
                met = ((other, job.claims.meets(other.claims)) for other in before)
                job.waits_for = next((each for each in met if each[1]), None)
                if job.waits_for is None and running < PARALLEL:
                    self._run(job)
                    running += 1
            before.append(job)  # nobody overtakes one that waits for the same thing
        self.revision += 1

    def _run(self, job: Job) -> None:
        job.state, job.started_at = JobState.RUNNING, self._clock()
        work = partial(_work, self._operating, job)
        # A daemon, so that a disk that does not answer cannot keep the program from ending:
        # what is not over by then is finished or rolled back by the next start.
        thread = Thread(target=work, name=f"envdeck-operation-{job.plan.id}", daemon=True)
        self._threads[job] = thread
        thread.start()

    def _forget(self) -> None:
        over = [job for job in self._jobs if job.state.over]
        for job in over[: max(0, len(over) - KEPT)]:
            self._jobs.remove(job)


def _work(operating: "Operations", job: Job) -> None:
    try:
        job.end(operating.run(job.plan, job.tell, job.stopped))
    except Exception as error:  # noqa: BLE001 - or it would be waited for for ever
        job.end(f"{type(error).__name__}: {error}")


class Recovered(Message):
    """What was interrupted is over now, or (not `cleared`) waits for a start that clears it up."""

    def __init__(
        self,
        entries: tuple[Entry, ...] = (),
        purge: Plan | None = None,
        *,
        announced: tuple[Item, ...] = (),
        hours: int = 0,
        cleared: bool = True,
    ) -> None:
        super().__init__()
        self.entries = entries
        self.purge = purge
        """What removes the items of the trash that an earlier start has announced; None where
        there are none."""
        self.announced = announced
        """The items that a later start removes."""
        self.hours = hours
        """After how many hours a start may."""
        self.cleared = cleared

    def words(self, look: Display) -> list[tuple[str, bool]]:
        """Return what a person should know of it, and which of that is bad news."""
        if not self.cleared:
            return [(_interrupted_words(self.entries, look), True)]
        said = [_entry_words(entry, look) for entry in self.entries]
        if self.announced:
            said.append((_announcement_words(self.announced, self.hours, look), False))
        return said


def recover(operating: "Operations") -> Recovered:
    """Clear up, and plan to purge what was announced; called in a thread."""
    entries = operating.recover()
    due = operating.due()
    plan = operating.plan_purge([item.id for item in due.purge]) if due.purge else None
    purge = plan if isinstance(plan, Plan) and not plan.refusals else None
    return Recovered(entries, purge, announced=due.announced, hours=due.hours)


def find_interrupted(operating: "Operations") -> Recovered | None:
    """Find what waits for a start that may clear it up; called in a thread."""
    entries = operating.pending()
    return Recovered(entries, cleared=False) if entries else None


def _announcement_words(items: Sequence[Item], hours: int, look: Display) -> str:
    """Return what is said of the items that a start in so many hours, or later, removes for
    good."""
    edits = any(item.manifest and item.manifest.operation is Operation.EDIT for item in items)
    many = counted(len(items), "item" if edits else "environment")
    return (
        f"{many} will be permanently deleted from the trash when EnvDeck starts in "
        f"{counted(hours, 'hour')} or later ({look.key('trash')}: open trash)"
    )


def _interrupted_words(entries: Sequence[Entry], look: Display) -> str:
    """Return what a person should know of what is not over; it may be that another EnvDeck is at
    it now."""
    first = entries[0]
    what = f"{OPERATION_WORDS[first.operation].doing} {look.path(first.path)}"
    if len(entries) > 1:
        what += f" and {len(entries) - 1:,} more"
    return (
        f"{what}: interrupted, or running in another envdeck\n"
        f"start without --read-only to recover ({look.key('history')}: history)"
    )


def _entry_words(entry: Entry, look: Display) -> tuple[str, bool]:
    doing = OPERATION_WORDS[entry.operation].doing
    what = f"{doing} {look.path(entry.path)} was interrupted"
    if entry.phase is Phase.ATTENTION:
        why = look.sentence(entry.message) or "nothing changed"
        return f"{what} and needs attention: {why}\n{look.key('history')}: history", True
    if not entry.phase.over:
        return f"{what} and is still pending: {look.sentence(entry.message)}", True
    became = "rolled back" if entry.phase is Phase.ROLLED_BACK else "finished"
    return f"{what}, now {became}", False
