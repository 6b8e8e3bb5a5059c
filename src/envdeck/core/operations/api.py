"""The one door to what changes environments: plan, run, undo, history, trash, recovery."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from envdeck.core import operations as verbs
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    Environment,
    Finding,
    Interpreter,
    NoPlan,
    Plan,
    RecreateRequest,
    Result,
)
from envdeck.core.operations.shared.context import Context, Stopped, Tell, never
from envdeck.core.operations.shared.history import (
    Due,
    HistoryItem,
    announce,
    count_time,
    find_expired,
    read_history,
    read_trash,
)
from envdeck.core.operations.transaction.journal import Entry
from envdeck.core.operations.transaction.trash import Item

if TYPE_CHECKING:
    from envdeck.core.dotenv import Remedy
    from envdeck.core.operations.recreate.forecast import Forecast
    from envdeck.core.operations.recreate.options import RecreateChoices
    from envdeck.core.operations.run_command import Task
    from envdeck.core.operations.upgrade.lock import LockOffer
    from envdeck.core.operations.upgrade.model import UpgradeCandidates

_AS_IT_IS = RecreateRequest()
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Operations(Context):
    """Every operation on the environments of one catalog. All of it may be slow, and may be
    called from any thread.

    A plan is a value: it is shown, and then run as it was shown. What stands in its way is asked
    again at the moment of acting, on the identity that was shown.
    """

    # plans

    def plan_delete(
        self,
        environments: Sequence[Environment],
        *,
        links: Mapping[str, str] | None = None,
        purge: bool = False,
        allow: frozenset[str] = frozenset(),
    ) -> Plan:
        """Plan to delete environments: into the trash, or for good with `purge`.

        `links` tells, by an environment's path, the symbolic link by which it was asked for.
        """
        return verbs.plan_delete(self, environments, links or {}, purge=purge, allow=allow)

    def recreate_choices(
        self, environment: Environment, *, file: str | None = None
    ) -> "RecreateChoices":
        """Return from what an environment can be made again, and on which interpreters."""
        return verbs.recreate_choices(self, environment, file)

    def create_choices(self, project: str) -> "RecreateChoices | NoPlan":
        """Return from what a new environment of a project can be made, and on what."""
        return verbs.create_choices(self, project)

    def lock_offer(self, environment: Environment) -> "LockOffer | None":
        """Return how the lock file of its project is upgraded with it; None where it has none.
        Only names of files are looked at."""
        project = environment.project.path
        if project is None:
            return None
        return verbs.lock_offer(self.catalog.host, project, (), manager=environment.manager)

    def forecast(
        self, environment: Environment, interpreter: Interpreter, stopped: Stopped = never
    ) -> "Forecast | NoPlan":
        """Return what another interpreter would make of each package that is pinned now."""
        return verbs.forecast_for(self, environment, interpreter, stopped)

    def plan_recreate(
        self,
        environment: Environment,
        request: RecreateRequest = _AS_IT_IS,
        *,
        allow: frozenset[str] = frozenset(),
        stopped: Stopped = never,
    ) -> Plan | NoPlan:
        """Plan to recreate an environment, and exchange it for the one that is there: as it is
        now, or as the request says."""
        return verbs.plan_recreate(self.until(stopped), environment, request, allow=allow)

    def candidates(
        self, environment: Environment, stopped: Stopped = never
    ) -> "UpgradeCandidates | NoPlan":
        """Return what of an environment's packages could be upgraded, and what is held back."""
        return verbs.candidates_of(self, environment, stopped)

    def plan_upgrade(
        self,
        environment: Environment,
        wanted: Mapping[str, str | None] | None = None,
        *,
        lock: bool = False,
        keep_edits: bool = False,
        allow: frozenset[str] = frozenset(),
        stopped: Stopped = never,
    ) -> Plan | NoPlan:
        """Plan to upgrade packages: `wanted` gives each name a version, or None for the newest
        that the others permit; no `wanted` is all of them. With `lock`, the project's own tool
        upgrades its lock file first, and the environment is synced with that. With `keep_edits`,
        edited files are put over new ones whose original is the same."""
        return verbs.plan_upgrade(
            self.until(stopped),
            environment,
            wanted,
            lock=lock,
            allow=allow,
            keep_edits=keep_edits,
        )

    def plan_interpreter(
        self,
        environment: Environment,
        interpreter: str | None = None,
        *,
        keep_edits: bool = False,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to move an environment to another interpreter: repaired in place for the same
        minor version, recreated for another."""
        return verbs.plan_interpreter(
            self, environment, interpreter, allow=allow, keep_edits=keep_edits
        )

    def plan_install(
        self,
        environment: Environment,
        requirements: Sequence[str],
        *,
        again: bool = False,
        allow: frozenset[str] = frozenset(),
        stopped: Stopped = never,
    ) -> Plan | NoPlan:
        """Plan to install requirements (PEP 508), with what they need; all else stays at its
        version where that can be. With `again`, names are installed again at the version that
        they have."""
        return verbs.plan_install(
            self.until(stopped), environment, requirements, again=again, allow=allow
        )

    def plan_uninstall(
        self,
        environment: Environment,
        names: Sequence[str],
        *,
        unneeded: bool = False,
        allow: frozenset[str] = frozenset(),
        stopped: Stopped = never,
    ) -> Plan | NoPlan:
        """Plan to uninstall packages; with `unneeded`, what only they need goes too, unless it is
        direct, declared by the project, or pip, setuptools or wheel. What stays and requires one
        of them blocks the plan unless `allow` holds `still-required`."""
        return verbs.plan_uninstall(
            self.until(stopped), environment, names, unneeded=unneeded, allow=allow
        )

    def plan_fix(
        self,
        environment: Environment,
        findings: Sequence[Finding],
        *,
        allow: frozenset[str] = frozenset(),
        stopped: Stopped = never,
    ) -> Plan | NoPlan:
        """Plan to fix findings of one environment, all of one kind of fix."""
        return verbs.plan_fix(self.until(stopped), environment, findings, allow=allow)

    def plan_create(
        self,
        project: str,
        *,
        path: str | None = None,
        source: str | None = None,
        interpreter: str | None = None,
        groups: Sequence[str] | None = None,
        extras: Sequence[str] | None = None,
        itself: bool = True,
    ) -> Plan | NoPlan:
        """Plan a new environment for a project (a folder), `.venv` in it unless `path` is given,
        from its lock (`lock`), its declaration (`declared`) or a file (its absolute path), with
        the interpreter that it asks for, and the `groups` and `extras` named (None: those its own
        tool installs). Without `itself` the project is left out, and only what it needs is
        installed."""
        file = source if source is not None and os.path.isabs(source) else None
        return verbs.plan_create(
            self,
            project,
            path=path,
            source=None if file else source,
            file=file,
            interpreter=interpreter,
            parts=verbs.Parts.choose(groups, extras, itself=itself),
        )

    def plan_undo(
        self,
        identifier: str | None = None,
        *,
        to: str | None = None,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to take an operation back: the last one that can be, or the one named (of one
        environment, or of a whole plan). `to` restores to another path than the first."""
        return verbs.plan_undo(self, identifier, to, allow)

    def plan_purge(self, identifiers: Sequence[str] = ()) -> Plan | NoPlan:
        """Plan to remove items of the trash for good: those named, or all."""
        return verbs.plan_purge(self, identifiers)

    def plan_remedy(self, remedy: "Remedy", values: Mapping[str, str] = _NOTHING) -> Plan | NoPlan:
        """Plan what fixes a finding in the dotenv files of a project: one file is written, and
        the one before it is kept. `values` are those of keys that are added; they stand in the
        file alone, never in the plan's words, the journal or a log."""
        return verbs.plan_remedy(self, remedy, values)

    def plan_run(self, task: "Task") -> Plan | NoPlan:
        """Plan to run a command of a project, in its folder and with its environment. What it
        does cannot be taken back, and its output is not kept."""
        return verbs.plan_run(self, task)

    # acting

    def run(self, plan: Plan, tell: Tell, stopped: Stopped = never) -> Result:
        """Run a plan, once. It ends whole or changes nothing; `stopped` is polled to give up.

        What goes wrong on the way is in the result. Raises nothing a person could act on.
        """
        return verbs.run(self, plan, tell, stopped)

    # looking back

    def history(self) -> tuple[HistoryItem, ...]:
        """Return what was done, newest first, and whether it can still be taken back."""
        return read_history(self.store, self.trash())

    def trash(self) -> tuple[Item, ...]:
        """Return what is in the trashes of this user, newest first, and how long it is kept."""
        return read_trash(self.store, self.policy)

    def pending(self) -> tuple[Entry, ...]:
        """Return the operations that were begun and are not over, one that runs now included."""
        return verbs.list_pending(self.store)

    def recover(self) -> tuple[Entry, ...]:
        """Finish or roll back what was interrupted, and return those that are over now; what
        somebody still works on is left alone. Room for a full disk is kept from then on."""
        settled = verbs.recover(self.store)
        self.store.spare.keep()
        return settled

    def expired(self) -> tuple[Item, ...]:
        """Return the items that the trash has kept for as long as the policy says."""
        return find_expired(self.store, self.policy)

    def due(self) -> Due:
        """Count the time that has passed, and return which items a start of the program may
        remove for good, and which it has to announce."""
        return count_time(self.store, self.policy)

    def announce(self, items: Sequence[Item]) -> None:
        """Note that a person was told that a later start removes these items."""
        announce(items, self.store)
