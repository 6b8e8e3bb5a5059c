"""The part of the main screen that answers to the keys that change something: it asks."""

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from envdeck.core.model import Environment, ProjectState
from envdeck.tui.base.messages import OperationEnded
from envdeck.tui.operate.run import RunningScreen
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envdeck.core.model import Plan
    from envdeck.tui.base.services import Operating, PlanRequest
    from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog
    from envdeck.tui.detail.tab import DetailTab
    from envdeck.tui.dialogs.picker import PickerDialog
    from envdeck.tui.help.tour import TourAccepted
    from envdeck.tui.walkthrough.state import OpenWalking, Walking, WalkthroughStates


class ActingScreen(RunningScreen, inherit_bindings=False):
    """Answers to the keys that change something. None of them acts: each ends in a plan that is
    shown first, and is done in the queue once the person has said yes."""

    open_walking: "OpenWalking | None" = None
    """Opens what is behind a walkthrough, in a thread; None for the real one."""
    _walks: "WalkthroughStates | None" = None
    _walked = ""
    """The project of the last walkthrough, which the next one is proposed for."""
    """The walkthroughs that were opened, so that one that was left can be resumed."""

    def able(self) -> "Operating | None":
        """Return what can change something; else say why nothing can."""
        if self.settings.read_only:
            self.say(
                "nothing is changed in the read-only mode\n"
                "--read-only or the configuration asks for it",
                failed=True,
            )
            return None
        if self.operating is None:
            self.say("nothing can be changed from this screen", failed=True)
        return self.operating

    def request(
        self,
        request: "PlanRequest",
        chosen_in: "PickerDialog[Any] | DotenvValuesDialog | None" = None,
    ) -> None:
        """Plan what was asked for and show it; do it if the person says yes. What is not done
        leads back to the dialog that it was chosen in."""
        if self.able() is None:
            return
        from envdeck.tui.dialogs.picker import PickerDialog
        from envdeck.tui.dialogs.plan import PlanDialog

        def decided(plans: "tuple[Plan, ...] | None") -> None:
            if chosen_in is not None:
                chosen_in.remove_class("-under")
                if plans:
                    chosen_in.dismiss(None)
                elif isinstance(chosen_in, PickerDialog):
                    chosen_in.returned(dialog.plan)
            if plans:
                self._go_on_from(plans)
            for plan in plans or ():
                self.submit(plan)

        leave = "Cancel" if chosen_in is None else "Back"
        if chosen_in is not None:
            chosen_in.add_class("-under")
        dialog = PlanDialog(request, self.look, leave=leave)
        self.app.push_screen(dialog, decided)

    def _go_on_from(self, plans: "Sequence[Plan]") -> None:
        """Put the cursor on the next row, where the one under it is about to be worked on. Whoever
        is in the detail of that one wants to see there what came of it."""
        paths = {target.path for plan in plans for target in plan.targets}
        if self.listing.cursor in paths and not self.inside:
            self.table.action_down()

    def choose(self, dialog: "PickerDialog[Any] | DotenvValuesDialog", title: str = "") -> None:
        """Let something be chosen, and plan it; the dialog waits below its plan."""
        from envdeck.tui.base.services import together

        def chosen(found: "PlanRequest | tuple[PlanRequest, ...] | None") -> None:
            requests = found if isinstance(found, tuple) else (found,) if found else ()
            if requests:
                self.request(together(title, requests), dialog)

        dialog.on_chosen = chosen
        self.app.push_screen(dialog)

    def _targets(self, doing: str) -> tuple[Environment, ...]:
        """Return what an action is about, as it is at the key press; say why where it is none."""
        if self.listing.ranging:
            key = self.look.key("range")
            self.say(f"a range is being marked: {key} ends it, then it can be acted on")
            return ()
        targets = tuple(self.listing.targets())
        if not targets:
            self.say(f"there is no environment to {doing}")
        return () if self._held([each.path for each in targets]) else targets

    def _held(self, paths: "Sequence[str]") -> bool:
        """Say it where one of some paths is acted on already."""
        busy = self.queue.active_paths() if self.queue is not None else {}
        held = next((path for path in paths if path in busy), None)
        if held is None:
            return False
        from envdeck.tui.widgets.operation_words import being

        shown = self.look.key("operations")
        self.say(f"{self.look.path(held)} {being(busy[held])}: {shown} shows it", failed=True)
        return True

    def mend(self, tab: "DetailTab") -> None:
        """Ask whether what is under the cursor of a tab shall be mended, and how; ask first for
        what that needs."""
        operating = self.able()
        if operating is None:
            return
        from envdeck.tui.base.services import PlanRequest

        found = tab.mend(operating)
        if isinstance(found, str):
            self.say(found)
        elif not isinstance(found, PlanRequest):
            self.choose(found)
        elif not self._held(found.paths):
            self.request(found)

    def _one(self, doing: str) -> Environment | None:
        targets = self._targets(doing)
        if len(targets) > 1:
            self.say(
                f"one environment at a time to {doing}, and {len(targets):,} are marked\n"
                f"{self.look.key('mark_all')} twice takes the marks away",
                failed=True,
            )
            return None
        return targets[0] if targets else None

    def action_delete(self) -> None:
        """Ask whether the marked ones, or this one, shall go to the trash."""
        operating = self.able()
        targets = self._targets("delete") if operating is not None else ()
        if operating is None or not targets:
            return
        from envdeck.tui.dialogs.requests import delete_request

        what = self.look.path(targets[0].path)
        if len(targets) > 1:
            what = f"{len(targets):,} environments"
            hidden = self.listing.hidden_marks
            what += f", {hidden:,} of them hidden by the filter" if hidden else ""
        self.request(delete_request(operating, targets, f"Delete {what}"))

    def action_recreate(self) -> None:
        """Choose from what the marked ones, or this one, are made anew."""
        operating = self.able()
        targets = self._targets("recreate") if operating is not None else ()
        if operating is not None and targets:
            from envdeck.tui.recreate.dialog import RecreateDialog

            title = f"Recreate {len(targets):,} environments"
            self.choose(RecreateDialog(operating, targets, self.look), title)

    def action_upgrade(self) -> None:
        """Choose what is upgraded in this one."""
        operating = self.able()
        environment = self._one("upgrade") if operating is not None else None
        if operating is not None and environment is not None:
            from envdeck.tui.upgrade.dialog import UpgradeDialog

            self.choose(UpgradeDialog(operating, environment, self.look))

    def action_new(self) -> None:
        """Choose a project, and what its new environment is made from."""
        operating = self.able()
        if operating is not None:
            from envdeck.tui.recreate.create_dialog import CreateDialog

            current = self.listing.current
            project = "" if current is None else current.project.path or ""
            self.choose(CreateDialog(operating, project, self.look))

    def action_undo(self) -> None:
        """Ask whether the last operation shall be taken back."""
        operating = self.able()
        if operating is not None:
            from envdeck.tui.dialogs.requests import undo_request

            self.request(undo_request(operating, "Take the last operation back"))

    # the walkthrough

    def greet(self) -> None:
        """Show what the program was opened on; else offer the tour, where that is wanted."""
        if self.settings.project:
            self.open_walkthrough(self.settings.project)
        elif self.settings.tour:
            from envdeck.tui.help.tour import TourDialog, TourOffer

            def answered(wanted: "TourAccepted | None") -> None:
                run_in_thread(self.settings.tour_answered, self.post_message)
                if wanted is not None:
                    self.app.push_screen(TourDialog(self.look))

            self.app.push_screen(TourOffer(self.look), answered)

    def action_walkthrough(self) -> None:
        """Walk through the project of this one; without one, ask which."""
        current = self.listing.current
        project = None if current is None else current.project
        if project is not None and project.path and project.state is ProjectState.FOUND:
            self.open_walkthrough(project.path, current)
        else:
            self.action_walkthrough_of()

    def action_walkthrough_of(self) -> None:
        """Walk through a project that is named; proposed is the one before."""
        from envdeck.tui.recreate.project_folder import ProjectDialog

        try:
            folder = self._walked or os.getcwd()
        except OSError:  # it was removed
            folder = self.look.home or os.sep

        def chosen(path: str | None) -> None:
            if path is not None:
                self.open_walkthrough(path)

        self.app.push_screen(ProjectDialog(folder, self.look), chosen)

    def open_walkthrough(self, project: str, environment: Environment | None = None) -> None:
        """Show the walkthrough of a project, where it was left if it was."""
        operating = self._looking()
        if operating is None:
            return
        from envdeck.tui.walkthrough.state import WalkthroughOpened, WalkthroughStates, open_walking

        self._walks, self._walked = self._walks or WalkthroughStates(), project
        begin: partial[Walking] = partial(
            self.open_walking or open_walking, operating, project, environment
        )
        walk = self._walks.of(project, environment, begin)
        self.post_message(WalkthroughOpened(walk, self))

    def on_operation_ended(self, message: OperationEnded) -> None:
        """Remember how it ended, where it was done for a walkthrough that was left."""
        if self._walks is not None:
            self._walks.job_ended(message.job, self.post_message)

    # looking at operations

    def action_operations(self) -> None:
        """What is being done, and what was."""
        operating = self._looking()
        if operating is not None:
            from envdeck.tui.operations.screen import OperationsScreen

            self.app.push_screen(OperationsScreen(self._need_queue(operating), self.look))

    def action_history(self) -> None:
        """What was done."""
        operating = self._looking()
        if operating is not None:
            from envdeck.tui.history.screen import HistoryScreen

            self.app.push_screen(HistoryScreen(operating, self.look))

    def action_trash(self) -> None:
        """What was put aside."""
        operating = self._looking()
        if operating is not None:
            from envdeck.tui.history.trash_screen import TrashScreen

            self.app.push_screen(TrashScreen(operating, self.look))

    def _looking(self) -> "Operating | None":
        """Return what knows of operations, in the read-only mode as well."""
        if self.operating is None:
            self.say("there are no operations to see in this screen")
        return self.operating
