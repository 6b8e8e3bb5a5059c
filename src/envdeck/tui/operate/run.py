"""From what a person asks for to a plan that is shown, and from there to its end in the queue."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from textual.message import Message
from textual.screen import Screen

from envdeck.core.model import Operation
from envdeck.text import plain
from envdeck.tui.base.messages import OperationEnded, OutcomeSaid, QueueChanged
from envdeck.tui.widgets.line import Display
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from envdeck.core.model import Plan
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.job import Job
    from envdeck.tui.base.services import PlanRequest
    from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog
    from envdeck.tui.detail.tab import DetailTab
    from envdeck.tui.dialogs.ask import CommandDialog, InstallDialog
    from envdeck.tui.dialogs.dialog import Dialog
    from envdeck.tui.dialogs.picker import PickerDialog
    from envdeck.tui.workers.operation_queue import OperationQueue, Recovered

_POLL = 1 / 12
"""Seconds between two looks at what runs."""


class PlansAgreed(Message):
    """A person has said yes to plans: they are put into the queue."""

    def __init__(self, plans: "Sequence[Plan]") -> None:
        super().__init__()
        self.plans = plans


class OperationController:
    """Shows what would be done, does in the queue what was said yes to, and tells the main
    screen by messages what has changed. The list and the walkthrough act through it."""

    def __init__(
        self,
        screen: Screen[None],
        look: Display,
        operations: "Callable[[], Operations] | None",
        read_rows: Callable[[Sequence[str]], None],
        *,
        read_only: bool,
    ) -> None:
        self.look = look
        self.queue: OperationQueue | None = None
        self._screen = screen
        self._open = operations
        self._read_rows = read_rows
        """Puts rows right: what was known of some paths does not hold any more."""
        self._read_only = read_only
        self._opening = Lock()
        self._opened: Operations | None = None
        self._recovered = False

    # what can act

    @property
    def operating(self) -> "Operations | None":
        """What changes environments, opened when it is first asked for, from any thread."""
        with self._opening:
            if self._opened is None and self._open is not None:
                self._opened = self._open()
            return self._opened

    def able(self) -> "Operations | None":
        """Return what can change something; else say why nothing can."""
        if self._read_only:
            self.say(
                "read-only mode is on\nremove --read-only, or read-only from the configuration",
                failed=True,
            )
            return None
        if self.operating is None:
            self.say("changes are not possible on this screen", failed=True)
        return self.operating

    def knowing(self) -> "Operations | None":
        """Return what knows of operations, in the read-only mode as well; else say so."""
        if self.operating is None:
            self.say("no operations on this screen")
        return self.operating

    def say(self, text: str, *, failed: bool = False) -> None:
        """Say something once. The text is harmless already, and never markup."""
        app = self._screen.app
        app.notify(text, severity="warning" if failed else "information", markup=False)

    # what was interrupted

    def begin(self) -> None:
        """Clear up what was interrupted, before anything else acts; then what was announced."""
        self._polling = self._screen.set_interval(_POLL, self._poll, pause=True)
        if self._open is not None:
            run_in_thread(self._recover, partial(self._screen.call_later, self._take_recovery))

    def _recover(self) -> "Recovered | None":
        """Clear up (or look, in the read-only mode), and import on the way what acts: else the
        first key would wait for it. Called in a thread."""
        # first frame: only an operation needs it
        from envdeck.tui.workers.operation_queue import find_interrupted, recover

        operating = self.operating
        if operating is None:
            return None
        return find_interrupted(operating) if self._read_only else recover(operating)

    def _take_recovery(self, message: "Recovered | OutcomeSaid") -> None:
        """Say what was interrupted and what became of it, and begin."""
        recovered = None if isinstance(message, OutcomeSaid) else message
        if isinstance(message, OutcomeSaid):
            said = "" if self._read_only else "recovery of interrupted operations failed: "
            self.say(f"{said}{plain(message.text)}", failed=True)
        else:
            for text, failed in message.words(self.look):
                self.say(text, failed=failed)
        if self._read_only:
            return
        self._recovered = True
        if self.queue is not None:
            self.queue.release()
            self._tell_queue()
        operating = self.operating
        if recovered is None or operating is None:
            return
        self._read_rows([entry.path for entry in recovered.entries])
        if recovered.announced:  # note that it was said
            announce = partial(operating.announce, recovered.announced)
            run_in_thread(announce, self._screen.post_message)
        if recovered.purge is not None:
            self.submit(recovered.purge)

    # the queue

    def need_queue(self, operating: "Operations") -> "OperationQueue":
        """Return the queue; what is in it waits until all that was interrupted is over."""
        if self.queue is None:
            # first frame: only an operation needs it
            from envdeck.tui.workers.operation_queue import OperationQueue

            self.queue = OperationQueue(operating, self.look.clock, held=not self._recovered)
        return self.queue

    def submit(self, plan: "Plan") -> "Job | None":
        """Do what was shown; None where nothing can."""
        operating = self.operating
        if operating is None:
            return None
        job = self.need_queue(operating).submit(plan)
        self._polling.resume()
        self._tell_queue()
        return job

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return self.queue is not None and self.queue.busy

    def _poll(self) -> None:
        if self.queue is None:
            return
        for job in self.queue.drain():
            # first frame: only an operation needs it
            from envdeck.tui.widgets.operation_words import end_words

            text, failed = end_words(job, self.look)
            if getattr(self._screen.app.screen, "job", None) is not job:  # it says so itself
                self.say(text, failed=failed)
            self._read_rows(job.paths)
            for screen in self._screen.app.screen_stack:
                screen.post_message(OperationEnded(job, text))
        if not self.queue.busy:
            self._polling.pause()
        self._tell_queue()

    def _tell_queue(self) -> None:
        active = self.queue.active if self.queue is not None else ()
        self._screen.post_message(QueueChanged(active))
        for screen in self._screen.app.screen_stack:
            for line in screen.query("OperationLine"):
                line.post_message(QueueChanged(active))

    def held(self, paths: "Sequence[str]") -> bool:
        """Say it where one of some paths is acted on already."""
        held = self.queue.held(paths) if self.queue is not None else None
        if held is None:
            return False
        path, being = held
        shown = self.look.key("operations")
        self.say(f"{self.look.path(path)} {being} ({shown}: operations)", failed=True)
        return True

    # from a request to a plan

    def request(
        self,
        request: "PlanRequest",
        chosen_in: "Dialog[Any] | None" = None,
        then: "Callable[[tuple[Plan, ...]], None] | None" = None,
    ) -> None:
        """Plan what was asked for and show it; do it if the person says yes (or do with the plans
        what comes `then`; there are none after a no). What is not done leads back to the dialog
        that it was chosen in."""
        if self.able() is None:
            return
        # first frame: only an operation needs it
        from envdeck.tui.dialogs import picker, plan

        def decided(plans: "tuple[Plan, ...] | None") -> None:
            if chosen_in is not None:
                chosen_in.remove_class("-under")
                if plans:
                    chosen_in.dismiss(None)
                elif isinstance(chosen_in, picker.PickerDialog):
                    chosen_in.returned(dialog.plan)
            if then is not None:
                then(plans or ())
            elif plans:
                self._screen.post_message(PlansAgreed(plans))
                for each in plans:
                    self.submit(each)

        leave = "Cancel" if chosen_in is None else "Back"
        if chosen_in is not None:
            chosen_in.add_class("-under")
        dialog = plan.PlanDialog(request, self.look, leave=leave)
        self._screen.app.push_screen(dialog, decided)

    def choose(
        self, dialog: "PickerDialog[Any] | DotenvValuesDialog | InstallDialog", title: str = ""
    ) -> None:
        """Let something be chosen, and plan it; the dialog waits below its plan."""

        def chosen(found: "PlanRequest | tuple[PlanRequest, ...] | None") -> None:
            requests = found if isinstance(found, tuple) else (found,) if found else ()
            if requests:
                self.request(requests[0].joined(title, requests[1:]), dialog)

        dialog.on_chosen = chosen
        self._screen.app.push_screen(dialog)

    def undo(self) -> None:
        """Ask whether the last operation shall be taken back."""
        operating = self.able()
        if operating is not None:
            # first frame: only an operation needs it
            from envdeck.tui.dialogs.requests import undo_request

            self.request(undo_request(operating, "Undo the last operation"))

    def request_fix(self, tab: "DetailTab", action: str = "mend") -> None:
        """Ask whether what is under the cursor of a tab shall be fixed, or what else an action
        means there; ask first for what that needs."""
        operating = self.able()
        if operating is None:
            return
        found = tab.request_fix(operating, action)
        if isinstance(found, str):
            self.say(found)
        elif action == "bisect":
            dialog = cast("CommandDialog[Any]", found)
            self.ask_command(dialog, dialog.environment.path, Operation.BISECT)
        elif isinstance(found, Screen):
            self.choose(cast("DotenvValuesDialog | InstallDialog", found))
        elif not self.held(found.paths):
            self.request(found)

    def ask_command(self, dialog: "CommandDialog[Any]", path: str, operation: Operation) -> None:
        """Ask for the command of a bisect or a matrix, and show its runs; where one runs already
        at a path, that."""
        running = self.queue.active_paths().get(path) if self.queue is not None else None
        if running is not None and running.plan.operation is operation:
            self._show_runs(running)
        elif not self.held([path]):

            def begin(plan: "Plan") -> None:
                job = self.submit(plan)
                if job is not None:
                    self._show_runs(job)

            dialog.on_chosen = begin
            self._screen.app.push_screen(dialog)

    def _show_runs(self, job: "Job") -> None:
        """Show the runs of a bisect, or the grid of a matrix."""
        # first frame: only for who opens it
        from envdeck.tui.operations.screen import show_runs

        shown = None if self.queue is None else show_runs(self.queue, job, self.look)
        if shown is not None:
            self._screen.app.push_screen(shown)
