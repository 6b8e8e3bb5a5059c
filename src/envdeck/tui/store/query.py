"""What is looked for in the list; the language it is written in is read elsewhere."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from envdeck.core.model import Environment
from envdeck.tui.store.columns import standing

Test: TypeAlias = Callable[[Environment], bool]


class Query(NamedTuple):
    """What is looked for. Everything must match; terms not understood are left out and named."""

    text: str = ""
    words: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    problems: tuple[str, ...] = ()
    """Why terms were left out, one sentence each."""

    @classmethod
    def parse(cls, text: str, now: float) -> "Query":
        """Read a query; ages are counted from `now`. It never fails: see :attr:`problems`."""
        from envdeck.tui.store.query_language import read

        return cls(text.strip(), *read(text, now))

    def __bool__(self) -> bool:
        """Whether it narrows anything."""
        return bool(self.words or self.tests)

    def matches(self, environment: Environment, told: str) -> bool:
        """Whether an environment is looked for; `told` is what :func:`told_by` said of it."""
        return all(word in told for word in self.words) and all(
            test(environment) for test in self.tests
        )


def told_by(environment: Environment) -> str:
    """Return everything that plain words are looked for in, folded."""
    return "\n".join(
        (
            environment.path,
            environment.name,
            environment.manager,
            environment.python.implementation or "",
            environment.python.version or "",
            standing(environment).value,
            environment.project.path or "",
        )
    ).casefold()
