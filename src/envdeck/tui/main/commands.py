"""The keys of the main screen that change environments or open other screens."""

import os
import sys
from collections.abc import Sequence
from functools import partialmethod
from typing import TYPE_CHECKING

from textual.screen import Screen

from envdeck.core.model import Environment, Operation, ProjectState, Status
from envdeck.core.system.activate import activate_variables
from envdeck.text import plain
from envdeck.tui.base.messages import WalkthroughRequested
from envdeck.tui.base.services import ScreenSettings
from envdeck.tui.base.terminal import editor_command, run_in_terminal, shell_command
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.scan import ScanController
from envdeck.tui.operate.run import OperationController
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from envdeck.tui.help.tour import TourAccepted


class Commands:
    """What the main screen calls by the names of its actions. None of them acts: each ends in a
    plan that is shown first, and is done in the queue once the person has said yes."""

    def __init__(
        self,
        screen: Screen[None],
        shown: EnvironmentList,
        scan: ScanController,
        operations: OperationController,
        settings: ScreenSettings,
    ) -> None:
        self._screen = screen
        self._look = shown.look
        self._list = shown
        self._operations = operations
        self._scan = scan
        self._settings = settings
        self._walked = ""
        """The project of the last walkthrough, which the next one is proposed for."""

    # with the environments

    def _targets(self, doing: str) -> tuple[Environment, ...]:
        """Return what an action is about, as it is at the key press; say why where it is none."""
        listing, say = self._list.listing, self._operations.say
        if listing.marks.ranging:
            key = self._look.key("range")
            say(f"finish the range first ({key})")
            return ()
        targets = tuple(listing.marks.targets())
        if not targets:
            say(f"no environment to {doing}")
        return () if self._operations.held([each.path for each in targets]) else targets

    def delete(self) -> None:
        """Ask whether the marked ones, or this one, shall go to the trash."""
        operating = self._operations.able()
        targets = self._targets("delete") if operating is not None else ()
        if operating is None or not targets:
            return
        # first frame: only for who opens it
        from envdeck.tui.dialogs.requests import delete_request

        what = self._look.path(targets[0].path)
        if len(targets) > 1:
            what = f"{len(targets):,} environments"
        title = f"Delete {what}{_hidden(self._list)}"
        self._operations.request(delete_request(operating, targets, title))

    def recreate(self) -> None:
        """Choose from what the marked ones, or this one, are recreated."""
        targets = self._targets("recreate") if self._operations.able() is not None else ()
        if targets:
            self._recreate_all(targets)

    def _recreate_all(self, targets: Sequence[Environment]) -> None:
        """Choose from what some environments are recreated."""
        operating = self._operations.able()
        if operating is not None and not self._operations.held([each.path for each in targets]):
            # first frame: only for who opens it
            from envdeck.tui.recreate.dialog import RecreateDialog

            title = f"Recreate {len(targets):,} environments{_hidden(self._list)}"
            self._operations.choose(RecreateDialog(operating, tuple(targets), self._look), title)

    def upgrade(self) -> None:
        """Choose what is upgraded in this one."""
        operating = self._operations.able()
        targets = self._targets("upgrade") if operating is not None else ()
        if len(targets) > 1:
            self._operations.say(
                f"upgrade one environment at a time ({len(targets):,} marked)\n"
                f"{self._look.key('mark_all')} twice to unmark all",
                failed=True,
            )
        elif operating is not None and targets:
            # first frame: only for who opens it
            from envdeck.tui.upgrade.dialog import UpgradeDialog

            self._operations.choose(UpgradeDialog(operating, targets[0], self._look))

    def new(self) -> None:
        """Choose a project, and what its new environment is made from."""
        operating = self._operations.able()
        if operating is not None:
            # first frame: only for who opens it
            from envdeck.tui.recreate.create_dialog import CreateDialog

            current = self._list.listing.current
            project = _opened(self._scan) if current is None else current.project.path or ""
            self._operations.choose(CreateDialog(operating, project, self._look))

    def matrix(self) -> None:
        """Choose what is run over which Pythons in the project of this one, and show its grid;
        where one runs already, that."""
        doing, current = self._operations, self._list.listing.current
        operating = doing.able()
        if operating is None:
            return
        project = None if current is None else current.project
        path = None if project is None else project.path
        if current is None or path is None or current.project.state is not ProjectState.FOUND:
            doing.say("no project to test: none is found for this environment")
            return
        # first frame: only for who opens it
        from envdeck.tui.dialogs.ask import MatrixDialog

        dialog = MatrixDialog(operating, current, self._look)
        doing.ask_command(dialog, path, Operation.MATRIX)

    def shell(self) -> None:
        """Open the person's shell inside this one, and come back when it ends."""
        environment = self._list.listing.current
        if environment is None:
            self._operations.say("no environment to open a shell in")
            return
        if environment.status is Status.BROKEN:
            reason = self._look.sentence(environment.reason)
            key = self._look.key("recreate")
            self._operations.say(f"broken: {reason}\n{key}: recreate it first", failed=True)
            return
        project = environment.project
        found = project.state is ProjectState.FOUND and project.path
        shown = self._look.path(environment.path)
        problem = run_in_terminal(
            self._screen.app,
            shell_command(sys.platform, os.environ),
            activate_variables(os.environ, environment.path),
            project.path if found and project.path else os.path.dirname(environment.path),
            f"EnvDeck: shell with {shown} active; `exit` returns",
        )
        self._returned(problem)

    def editor(self) -> None:
        """Open the project of this one in the editor, and come back when that ends."""
        current = self._list.listing.current
        project = None if current is None else current.project
        command = editor_command(os.environ)
        if project is None or not project.path or project.state is not ProjectState.FOUND:
            self._operations.say("no project found to open in the editor")
        elif isinstance(command, str):
            self._operations.say(command, failed=True)
        else:
            app, path = self._screen.app, project.path
            self._returned(run_in_terminal(app, [*command, path], os.environ, path))

    def _returned(self, problem: str) -> None:
        """Draw everything again, say what went wrong, and read what may have changed."""
        self._screen.app.refresh(layout=True)
        if problem:
            self._operations.say(plain(problem), failed=True)
        self._scan.read_rows([each.path for each in self._list.listing.marks.targets()])

    def undo(self) -> None:
        """Ask whether the last operation shall be taken back."""
        self._operations.undo()

    # the walkthrough

    def greet(self) -> None:
        """Show what the program was opened on; else offer the tour, where that is wanted."""
        if self._settings.project:
            self.walk(self._settings.project)
        elif self._settings.tour:
            # first frame: only for who opens it
            from envdeck.tui.help.tour import TourDialog, TourOffer

            def answered(wanted: "TourAccepted | None") -> None:
                run_in_thread(self._settings.tour_answered, self._screen.post_message)
                if wanted is not None:
                    self._screen.app.push_screen(TourDialog(self._look))

            self._screen.app.push_screen(TourOffer(self._look), answered)

    def walkthrough(self) -> None:
        """Walk through the project of this one; without one, ask which."""
        current = self._list.listing.current
        project = None if current is None else current.project
        if project is not None and project.path and project.state is ProjectState.FOUND:
            self.walk(project.path, current)
        elif current is None and self._scan.facts.project:
            self.walk(self._scan.facts.project)
        else:
            self.walkthrough_of()

    def walkthrough_of(self) -> None:
        """Walk through a project that is named; proposed is the one before."""
        # first frame: only for who opens it
        from envdeck.tui.recreate.project_folder import ProjectDialog

        try:
            folder = self._walked or _opened(self._scan) or os.getcwd()
        except OSError:  # it was removed
            folder = self._look.home or os.sep

        def chosen(path: str | None) -> None:
            if path is not None:
                self.walk(path)

        self._screen.app.push_screen(ProjectDialog(folder, self._look), chosen)

    def walk(self, project: str, environment: Environment | None = None) -> None:
        """Show the walkthrough of a project."""
        operating = self._operations.knowing()
        if operating is not None:
            self._walked = project
            self._screen.app.post_message(WalkthroughRequested(operating, project, environment))

    # other screens

    def operations(self) -> None:
        """What is being done, and what was."""
        operating = self._operations.knowing()
        if operating is not None:
            # first frame: only for who opens it
            from envdeck.tui.operations.screen import OperationsScreen

            queue = self._operations.need_queue(operating)
            self._screen.app.push_screen(OperationsScreen(queue, self._look))

    def look_back(self, view: str) -> None:
        """What was done, or what was put aside."""
        operating = self._operations.knowing()
        if operating is not None:
            # first frame: only for who opens it
            from envdeck.tui.history import screen

            opened = screen.TrashScreen if view == "trash" else screen.HistoryScreen
            self._screen.app.push_screen(opened(operating, self._look))

    history = partialmethod(look_back, "history")
    trash = partialmethod(look_back, "trash")

    def caches(self) -> None:
        """What tools keep and leave behind."""
        operating = self._operations.knowing()
        if operating is not None:
            # first frame: only for who opens it
            from envdeck.tui.machine import caches

            environments = tuple(self._list.listing.environments())
            known = tuple(self._scan.interpreters.values())
            self._screen.app.push_screen(
                caches.CachesScreen(
                    caches.finder(operating, environments, known), self._look, self._operations.able
                )
            )

    def look_at(self, view: str) -> None:
        """Open a view over all environments."""
        # first frame: only for who opens one
        from envdeck.tui.machine import compare, interpreters, packages, problems, screen

        source, doing, look = self._scan.source, self._operations, self._look
        listing = self._list.listing
        environments = tuple(listing.environments())
        opened: Screen[None]
        match view:
            case "compare":
                compare.open_compare(self._screen.app, source, listing, look, doing.say)
                return
            case "interpreters":
                known = tuple(self._scan.interpreters.values())
                opened = interpreters.InterpretersScreen(
                    source, environments, known, look=look, recreate=self._recreate_all
                )
            case "packages":
                opened = packages.PackagesScreen(source, listing, look, doing.able, doing.knowing)
            case "problems":
                opened = problems.ProblemsScreen(listing, look, doing.able)
            case "machine":
                opened = screen.MachineScreen(source, environments, look=look)
            case _:
                places = dict(self._scan.unreadable)
                if not (places or self._scan.left_out):
                    doing.say("no unreadable paths")
                    return
                opened = problems.UnreadableScreen(places, look, self._scan.left_out)
        self._screen.app.push_screen(opened)

    interpreters = partialmethod(look_at, "interpreters")
    packages = partialmethod(look_at, "packages")
    problems = partialmethod(look_at, "problems")
    machine = partialmethod(look_at, "machine")
    unreadable = partialmethod(look_at, "unreadable")
    compare = partialmethod(look_at, "compare")


def _opened(scan: ScanController) -> str:
    """Return the one folder that the program was opened on; empty where there is none."""
    return scan.facts.roots[0] if len(scan.facts.roots) == 1 else ""


def _hidden(shown: EnvironmentList) -> str:
    hidden = shown.listing.marks.hidden
    return f" ({hidden:,} of them hidden by the filter)" if hidden else ""
