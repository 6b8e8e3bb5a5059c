"""Which environments rest on which interpreter, worked out once for the whole view."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envdeck.core.model import Environment, Interpreter


@dataclass(frozen=True, slots=True)
class Base:
    """An interpreter, or the place of one that is gone, with the environments resting on it."""

    interpreter: Interpreter | None
    path: str
    """Its executable; for one that is gone, what the environments still name."""
    dependants: tuple[Environment, ...] | None = None
    """None until worked out: it asks the disk."""

    @property
    def gone(self) -> bool:
        """Whether there is no such interpreter any more."""
        return self.interpreter is None

    @property
    def global_count(self) -> int:
        """How many distributions were installed into it globally."""
        if self.interpreter is None:
            return 0
        return sum(len(folder.names) for folder in self.interpreter.global_packages)


def bases(interpreters: Sequence[Interpreter]) -> list[Base]:
    """Return the interpreters, the newest version first, nothing yet known of dependants."""
    from envdeck.tui.store.columns import version_numbers

    ordered = sorted(
        interpreters,
        key=lambda one: (version_numbers(one.version or "0"), one.version or ""),
        reverse=True,
    )
    return [Base(one, one.executable) for one in ordered]


def with_dependants(known: Sequence[Base], environments: Sequence[Environment]) -> list[Base]:
    """Return the bases with their dependants, then those that are gone, the largest first.

    Links are followed and bases looked for on the disk: not for the event loop.
    """
    from envdeck.core.inspection.dependants import base_of, orphans

    interpreters = [base.interpreter for base in known if base.interpreter is not None]
    answers: dict[tuple[str | None, ...], Interpreter | None] = {}
    resting: dict[Interpreter, list[Environment]] = {one: [] for one in interpreters}
    for environment in environments:
        python = environment.python
        key = (python.base, python.base_executable, python.version)
        if key not in answers:
            answers[key] = base_of(environment, interpreters)
        base = answers[key]
        if base is not None:
            resting[base].append(environment)
    found = [Base(one, one.executable, tuple(resting[one])) for one in interpreters]
    gone = orphans(environments, interpreters)
    return found + [Base(None, path, rested) for path, rested in gone.items()]


def query_for_all(environments: Sequence[Environment]) -> str | None:
    """Return a query that matches the environments resting on one base, as far as they name it
    in one way; None where no query says it."""
    bases = {one.python.base or one.python.base_executable for one in environments}
    if len(bases) != 1 or not (base := bases.pop()) or len(list(_runs(base))) > 1:
        return None
    minors = {".".join((one.python.version or "").split(".")[:2]) for one in environments}
    term = f'base:"{base}"' if " " in base else f"base:{base}"
    return f"{term} python:{minors.pop()}" if len(minors) == 1 and minors != {""} else term


def query_for(path: str) -> str:
    """Return a query that the environment of a path matches, and hardly another one.

    Of a name that a line of text cannot hold (a newline, a quote, bytes that are no text), the
    longest piece that it can.
    """
    return f'"{max(_runs(path), key=len)}"'


def _runs(path: str) -> Iterator[str]:
    run = ""
    for character in path:
        if character.isprintable() and character != '"':
            run += character
        else:
            yield run
            run = ""
    yield run
