"""The five cards of the tour. `{delete}` stands for the key of that action, whichever it is."""

from typing import NamedTuple


class Card(NamedTuple):
    """One card: what it is about, and what it says."""

    title: str
    said: str
    """Paragraphs with an empty line between; a line end within one is a blank."""


CARDS: tuple[Card, ...] = (
    Card(
        "Every environment of this machine",
        """
Each row is one environment: where it is, its Python, who made it, when it was last used, and
what deleting it would really free.

{down} and {up} move, {filter} narrows the list (try eol, or unused:90d), {sort} sorts it by the
next column. {machine} shows the same as bars.

Looking changes nothing, and nothing of yours leaves this machine.
""",
    ),
    Card(
        "One environment, read for you",
        """
{open} opens the one under the cursor, {back} goes back. In a wide window it stands beside the
list all the time.

{tab.1} is the overview, {tab.2} what is installed in it, and why; {tab.3} is its project, {tab.4}
the project's .env files.

Where something is wrong it says what, and what mends it.
""",
    ),
    Card(
        "Clean up without fear",
        """
{mark} marks a row, {mark_all} all that are shown. {delete} deletes, {recreate} makes an
environment anew, {upgrade} upgrades it.

Nothing is done before you have seen what it is, what it costs and which commands it runs: {yes}
says yes, enter alone cancels.

What is deleted lies in the trash ({trash}) for a while: {undo} brings it back.
""",
    ),
    Card(
        "The project beside it",
        """
An environment belongs to a project. {tab.3} shows what the project declares and locks, and what
has drifted from that; {tab.4} its .env files, their values hidden. {mend} mends what is under the
cursor.

{walkthrough} walks you from a fresh clone to the first command that runs, a step at a time: each
is checked, explained, and done by one key.
""",
    ),
    Card(
        "Whatever you forget",
        """
{palette} finds any action by its name, {help} shows every key, {tour} shows these cards again.

"envdeck demo" opens a make-believe home, the place to try all of it: nothing you do there
touches anything of yours.
""",
    ),
)
