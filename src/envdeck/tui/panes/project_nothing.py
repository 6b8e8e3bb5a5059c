"""What the Project tab and the .env tab say where there is no project to read."""

from envdeck.core.model import Environment, ProjectState
from envdeck.tui.panes.tab_rows import TabRow, told
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look


def say(lines: list[Line], look: Look, cells: int) -> list[TabRow]:
    """Return sentences as rows, wrapped, a blank between two."""
    rows: list[TabRow] = []
    for line in lines:
        rows += [TabRow(), *(TabRow(one) for one in told(line, look, cells))]
    return rows[1:]


def has_project(environment: Environment) -> bool:
    """Whether there is a project to read."""
    return environment.project.state is ProjectState.FOUND and bool(environment.project.path)


def no_project(environment: Environment, look: Look, cells: int) -> list[TabRow] | None:
    """Return why there is no project to read, and what can be done; None where there is one."""
    link = environment.project
    path = Part(look.path(link.path or "its place is not known"), path=True)
    match link.state:
        case ProjectState.FOUND if has_project(environment):
            return None
        case ProjectState.GONE:
            lines: list[Line] = [
                (Part(f"{look.signs.warning} Its project is gone: ", Tone.WARNING), path),
                (
                    Part("Nothing declares any more what belongs into this environment. "),
                    *_key(look, "recreate", "makes it anew from what is in it, "),
                    *_key(look, "delete", "puts it into the trash."),
                ),
            ]
        case ProjectState.UNMOUNTED:
            lines = [
                (
                    Part(f"{look.signs.away} Its project is on a disk that is not mounted: "),
                    path,
                ),
                (Part("Mount it; "), *_key(look, "refresh", "reads it then.")),
            ]
        case _:
            lines = [
                (Part("No project is known for this environment.", Tone.STRONG),),
                (
                    Part(
                        "A project is the folder beside or around an environment with a "
                        "pyproject.toml, requirements or a lock file in it, or one that the "
                        "environment itself names. This one may well be in use without any.",
                        Tone.MUTED,
                    ),
                ),
            ]
    return say(lines, look, cells)


def declares_nothing(look: Look, cells: int) -> list[TabRow]:
    """Return what a project is told that declares nothing."""
    lines: list[Line] = [
        (Part("The project declares nothing.", Tone.STRONG),),
        (
            Part(
                "A pyproject.toml or a requirements.txt says what belongs into its environment, "
                "and a lock file at which version: then what drifts from it is shown here.",
                Tone.MUTED,
            ),
        ),
    ]
    return say(lines, look, cells)


def no_dotenv(look: Look, cells: int) -> list[TabRow]:
    """Return what a project is told that has no dotenv files."""
    lines: list[Line] = [
        (Part("This project has no dotenv files.", Tone.STRONG),),
        (
            Part(
                "A .env holds the settings and secrets that a project is run with, one KEY=value "
                "a line, and stays out of git; a .env.example beside it names the keys for "
                "everybody else.",
                Tone.MUTED,
            ),
        ),
    ]
    return say(lines, look, cells)


def _key(look: Look, action: str, words: str) -> Line:
    return Part(look.key(action), Tone.HEADING), Part(f" {words}")
