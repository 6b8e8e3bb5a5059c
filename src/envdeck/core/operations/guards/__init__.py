"""What stands between a person and an accident, asked when planning and again when acting.

One guard a module, in the order of :data:`GUARDS`. They only look, and never touch anything.
"""

from collections.abc import Iterator

from envdeck.core.model import Refusal
from envdeck.core.operations.guards.guard import Guard
from envdeck.core.operations.guards.has_dependants import HasDependants
from envdeck.core.operations.guards.in_use import InUse
from envdeck.core.operations.guards.moment import Question
from envdeck.core.operations.guards.mount import Mounted
from envdeck.core.operations.guards.not_an_environment import NotAnEnvironment
from envdeck.core.operations.guards.own_environment import OwnEnvironment
from envdeck.core.operations.guards.owned_by_tool import OwnedByTool
from envdeck.core.operations.guards.protected_path import ProtectedPath
from envdeck.core.operations.guards.read_only import ReadOnly
from envdeck.core.operations.guards.symlink import Symlink
from envdeck.core.operations.guards.tracked import TrackedByGit
from envdeck.core.operations.guards.unowned_files import UnownedFiles

GUARDS: tuple[Guard, ...] = (
    NotAnEnvironment(),
    ProtectedPath(),
    Symlink(),
    HasDependants(),
    Mounted(),
    OwnEnvironment(),
    OwnedByTool(),
    TrackedByGit(),
    UnownedFiles(),
    InUse(),
    ReadOnly(),
)
"""In the order in which they are told."""


def ask(question: Question, *, allowed: frozenset[str] = frozenset()) -> tuple[Refusal, ...]:
    """Return all that stands in the way, what nobody may overrule first.

    `allowed` are the guards that a person has overruled by name; of those that cannot be
    overruled it changes nothing. Where one refuses for good, the slow ones are not asked: the
    files of a home folder are not listed to tell that it stays.
    """
    refusals: list[Refusal] = []
    asked = list(_concerned(question))
    for guard in (*(one for one in asked if not one.costly), *(one for one in asked if one.costly)):
        if guard.costly and any(not refusal.overrulable for refusal in refusals):
            break
        if guard.overrulable and guard.costly and guard.name in allowed:
            continue
        refusal = guard.refuses(question)
        if refusal and not (refusal.overrulable and guard.name in allowed):
            refusals.append(refusal)
    order = {guard.name: place for place, guard in enumerate(GUARDS)}
    return tuple(sorted(refusals, key=lambda one: (one.overrulable, order[one.guard])))


def unchecked(question: Question) -> tuple[str, ...]:
    """Return what :func:`ask` could not check for this question, and why: warnings of a plan, one
    sentence each. What was not asked, since another guard refuses for good, is not among them."""
    said = (guard.unchecked(question) for guard in _concerned(question))
    return tuple(sentence for sentence in said if sentence)


def _concerned(question: Question) -> Iterator[Guard]:
    """Yield the guards of this operation; before a link, only those that look at the link."""
    for guard in GUARDS:
        if question.operation in guard.operations and (question.link is None or guard.of_links):
            yield guard
