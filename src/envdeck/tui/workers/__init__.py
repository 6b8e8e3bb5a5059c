"""Short work beside the screen, in threads that never keep the program from ending."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from textual.message import Message

from envdeck.tui.base.messages import OutcomeSaid


def run_in_thread(call: Callable[[], Message | None], post: Callable[[Message], object]) -> None:
    """Run `call` in a daemon thread, and post the message it returns."""

    def run() -> None:
        try:
            message = call()
        except Exception as error:  # noqa: BLE001 - whatever fails in a thread must be told
            message = OutcomeSaid(f"{type(error).__name__}: {error}", failed=True)
        if message is not None:
            with suppress(RuntimeError):  # the screen has closed, and its loop with it
                post(message)

    Thread(target=run, name="envdeck-background", daemon=True).start()
