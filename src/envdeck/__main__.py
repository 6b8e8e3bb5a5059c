"""The door: what answers at once is answered here, all else is handed over."""

import atexit
import gc
import os
import sys

from envdeck import __version__

DEBUG = "ENVDECK_DEBUG"
"""When set, what goes wrong inside is shown as Python shows it."""
_COLLECT_AFTER = 20_000
"""New objects between two collections of garbage. Python's own 700 look through what was imported
a hundred times before a short command has begun. It costs no more than these objects: what is no
cycle goes at once as ever, and the older generations are collected as before."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; see :class:`envdeck.cli.context.Exit`.

    Without `argv` the process is ours, and ends here.
    """
    if argv is not None:
        return _run(argv)
    _prepare()
    code = _run(sys.argv[1:])
    _leave(code)
    return code


def _run(argv: list[str]) -> int:
    try:
        if argv in (["--version"], ["-V"]):
            return _tell_version()
        if argv[:1] == ["run"]:
            from envdeck.cli.launch import launch_directly  # start-up: a command waits for it

            code = launch_directly(argv)
            if code is not None:
                return code
        return _hand_over(argv)
    except BrokenPipeError:  # whoever read has read enough
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        return 130
    finally:
        _settle()


def _tell_version() -> int:
    try:
        sys.stdout.write(f"envdeck {__version__}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(f"error: cannot write the output: {(error.strerror or '').lower()}\n")
        return 1
    return 0


def _hand_over(argv: list[str]) -> int:
    from envdeck.cli.main import start  # start-up: `--version` needs none of it

    return start(argv)


def _prepare() -> None:
    """Make ready a process of our own: streams that exist, no trace for a person, and no garbage
    collected while it starts."""
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  it lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  it lives as long as the process
    if not os.environ.get(DEBUG):
        sys.excepthook = _explain


def _leave(code: int) -> None:
    """End the process at once: to take apart what was imported takes 15 ms, and frees what the
    system frees anyway. It returns where somebody watches, or a thread has work to do.

    What an end of the interpreter would do besides is done here, or not needed: exit handlers run
    (temporary folders, coverage), both streams are flushed, a closed pipe included, and other
    threads than daemons are waited for by the usual end. Daemons stop at any point there too: what
    they write is written whole or not at all, or is in the journal.
    """
    threading = sys.modules.get("threading")
    busy = threading is not None and any(
        not thread.daemon
        for thread in threading.enumerate()
        if thread is not threading.main_thread()
    )
    if busy or sys.gettrace() or sys.getprofile() or os.environ.get(DEBUG):
        return
    atexit._run_exitfuncs()  # noqa: SLF001 - as `multiprocessing` does before it leaves a fork
    _settle()
    os._exit(code)


def _settle() -> None:
    """Keep the interpreter from complaining, as it ends, of output that nobody takes."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _explain(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """Say what went wrong inside, and how to see where."""
    # start-up: only where something went wrong
    from envdeck.text import plain

    if isinstance(error, OSError) and isinstance(error.filename, str | bytes) and error.strerror:
        said = f"the system refused: {error.strerror.lower()}: {os.fsdecode(error.filename)}"
        sys.stderr.write(f"error: {plain(said)}\n")
        sys.stderr.write(f"hint: check its permissions; set {DEBUG}=1 for a traceback\n")
        return
    sys.stderr.write(f"error: {plain(f'{kind.__name__}: {error}')}\n")
    sys.stderr.write(f"hint: this is a bug in envdeck; set {DEBUG}=1 for a traceback\n")


if __name__ == "__main__":
    sys.exit(main())
