"""The one registry of what a person can do: it feeds keys, help, footer, palette and remapping.

A widget that answers to some of these itself takes its bindings from here as well
(`BINDINGS = bindings("up", "down")`), so that one key means one thing everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.binding import Binding


class Action(NamedTuple):
    """One thing a person can do."""

    id: str
    """The name in the configuration; see :attr:`method` for what it calls."""
    keys: str
    """Its keys, with commas between, as Textual names them."""
    title: str
    """A few words, for the palette and the help."""
    group: str
    """The heading it stands under in the help."""
    tooltip: str
    """One sentence: what it does and why one would."""
    hint: str = ""
    """One word for the key line, where it is shown there."""
    program: bool = False
    """Whether it belongs to the whole program and not to the list."""
    only: str = ""
    """The view that it means something in alone: `packages`, `operations`, `trash` …; empty for
    what the list answers to. Those of `mending` and `dotenv` are answered on the whole main screen,
    for the tab that is open."""

    @property
    def method(self) -> str:
        """The name of its method, as Textual knows it."""
        return "command_palette" if self.id == "palette" else self.id.replace(".", "_")


MOVE, _FIND, _MARK, _DO = "Move", "Find and sort", "Mark", "Environment"
_PACKAGES, _PROJECT, _HEALTH = "Packages", "Project and .env", "Health and Timeline"
_OPERATIONS, _CHOICES, _TRASH = "Operations", "Version selection", "Trash"
_DIALOGS, _PROGRAM = "Dialogs", "Program"

ACTIONS: tuple[Action, ...] = (
    Action("up", "k,up", "Row up", MOVE, "Previous row."),
    Action("down", "j,down", "Row down", MOVE, "Next row."),
    Action("first", "g,home", "First row", MOVE, "First row."),
    Action("last", "G,end", "Last row", MOVE, "Last row."),
    Action("page_up", "pageup,ctrl+b", "Page up", MOVE, "Page up."),
    Action("page_down", "pagedown,ctrl+f", "Page down", MOVE, "Page down."),
    Action("open", "enter,l,right", "Open details", MOVE, "Open the details.", "open"),
    Action(
        "back",
        "escape,h,left",
        "Back, clear, cancel",
        MOVE,
        "Close the details; in the list: end the range, clear the filter, stop the scan, unmark.",
        "back",
    ),
    Action("next_pane", "tab", "Next pane", MOVE, "Next pane."),
    Action("previous_pane", "shift+tab", "Previous pane", MOVE, "Previous pane."),
    Action("tab.1", "1", "Overview", MOVE, "Overview of the environment."),
    Action("tab.2", "2", "Packages", MOVE, "Installed packages."),
    Action("tab.3", "3", "Project", MOVE, "Drift from the project."),
    Action("tab.4", "4", ".env", MOVE, ".env files of the project."),
    Action("tab.5", "5", "Health", MOVE, "Problems of the environment, with cause and fix."),
    Action("tab.6", "6", "Timeline", MOVE, "What changed in the environment, and when."),
    Action("filter", "/", "Filter", _FIND, "Filter the list.", "filter"),
    Action("sort", "s", "Sort by the next column", _FIND, "Sort by the next column.", "sort"),
    Action("sort_menu", "S", "Sort menu", _FIND, "Choose what the list is sorted by."),
    Action("reverse", "I", "Reverse sort", _FIND, "Reverse the sort order."),
    Action("filters", "'", "Saved filters", _FIND, "Use a saved filter, or save the one in use."),
    Action("columns", "C", "Columns", _FIND, "Choose the columns of the list; kept."),
    Action("hide_detail", "\\", "Hide the details", _FIND, "Hide the details, or show them; kept."),
    Action("mark", "space", "Mark", _MARK, "Mark or unmark the row.", "mark"),
    Action("mark_all", "a", "Mark all shown", _MARK, "Mark or unmark all rows shown."),
    Action("range", "v", "Mark a range", _MARK, "Start a range; again to mark it."),
    Action(
        "delete",
        "d",
        "Delete",
        _DO,
        "Move the marked environments (or this one) to the trash; asks first, can be undone.",
        "delete",
    ),
    Action(
        "recreate",
        "c",
        "Recreate",
        _DO,
        "Recreate the environment from its packages, the lock file or the declared dependencies.",
        "recreate",
    ),
    Action("upgrade", "u", "Upgrade", _DO, "Upgrade packages or the base interpreter.", "upgrade"),
    Action("new", "n", "New environment", _DO, "Create an environment for a project.", "new"),
    Action(
        "walkthrough",
        "w",
        "Project setup",
        _DO,
        "Set up its project step by step, from a fresh clone to the first command.",
    ),
    Action(
        "walkthrough_of",
        "W",
        "Project setup of a folder",
        _DO,
        "Set up another project: a fresh clone has no environment in the list yet.",
    ),
    Action(
        "matrix",
        "V",
        "Test versions",
        _DO,
        "Run a command of its project over several Pythons and library versions.",
    ),
    Action("undo", "z", "Undo", _DO, "Undo the last operation, after confirmation.", "undo"),
    Action(
        "refresh",
        "r",
        "Refresh",
        _DO,
        "Read and measure the marked environments (or this one) again, then rescan.",
    ),
    Action(
        "compare",
        "=",
        "Compare",
        _DO,
        "Compare two marked environments (or the marked one and this one), or this one and a file.",
    ),
    Action(
        "export",
        "ctrl+s",
        "Export",
        _DO,
        "Write the comparison into a file, as text, Markdown, CSV or HTML.",
        "export",
        only="compare",
    ),
    Action("copy", "y", "Copy the path", _DO, "Copy the path to the clipboard."),
    Action("shell", "!", "Shell inside", _DO, "Open your shell with the environment active."),
    Action("editor", "E", "Open in the editor", _DO, "Open the project in $VISUAL or $EDITOR."),
    Action("folder", "o", "Open the folder", _DO, "Open the folder in the file manager."),
    Action(
        "asked",
        "t",
        "Direct packages only",
        _PACKAGES,
        "Show only direct packages, or all.",
        "direct",
        only="packages",
    ),
    Action(
        "install",
        "a",
        "Install packages",
        _PACKAGES,
        "Install packages by name or requirement; shows the plan first.",
        "install",
        only="change",
    ),
    Action(
        "uninstall",
        "x",
        "Uninstall",
        _PACKAGES,
        "Uninstall the selected package; shows what would break first. In Health as well.",
        "uninstall",
        only="change",
    ),
    Action(
        "mend",
        "f",
        "Fix",
        _PROJECT,
        "Fix the selected drift or problem; shows the plan first.",
        "fix",
        only="mending",
    ),
    Action(
        "reveal",
        "p",
        "Reveal a value",
        _PROJECT,
        "Show the value of the selected key for up to 30 seconds, or hide it.",
        "reveal",
        only="dotenv",
    ),
    Action(
        "deep",
        "D",
        "Hash installed files",
        _HEALTH,
        "Compare every installed file with its recorded hash; again to cancel.",
        "hash",
        only="health",
    ),
    Action(
        "online",
        "A",
        "Ask the index",
        _HEALTH,
        "Ask the package index (in Health also the advisory service); again to cancel.",
        "ask index",
        only="health",
    ),
    Action(
        "good",
        "K",
        "Mark as good",
        _HEALTH,
        "Mark the selected snapshot as known to have worked, or unmark it.",
        "mark good",
        only="timeline",
    ),
    Action(
        "bisect",
        "b",
        "Bisect",
        _HEALTH,
        "Find which change of packages makes a command fail, from the selected snapshot on.",
        "bisect",
        only="timeline",
    ),
    Action(
        "cancel",
        "x",
        "Cancel the operation",
        _OPERATIONS,
        "Cancel the selected operation and roll it back.",
        "cancel",
        only="operations",
    ),
    Action(
        "newer",
        "+",
        "Newer version",
        _CHOICES,
        "Select a newer version of the package.",
        "newer",
        only="choices",
    ),
    Action(
        "older",
        "-",
        "Older version",
        _CHOICES,
        "Select an older version of the package.",
        "older",
        only="choices",
    ),
    Action(
        "version",
        "=",
        "Enter a version",
        _CHOICES,
        "Enter a version of the package.",
        "version",
        only="choices",
    ),
    Action(
        "restore",
        "R",
        "Restore",
        _TRASH,
        "Restore the marked items (or this one) to their original path.",
        "restore",
        only="trash",
    ),
    Action(
        "purge",
        "X",
        "Delete permanently",
        _TRASH,
        "Permanently delete the marked items (or this one) and free their space.",
        "delete",
        only="trash",
    ),
    Action(
        "yes",
        "y",
        "Confirm",
        _DIALOGS,
        "Confirm; a plan is run by this key alone.",
        "yes",
        only="dialog",
    ),
    Action(
        "no",
        "n",
        "Go back",
        _DIALOGS,
        "Go back without doing anything, as by esc.",
        "no",
        only="dialog",
    ),
    Action(
        "leave_out",
        "o",
        "Leave out the blocked",
        _DIALOGS,
        "Leave out the environments that are blocked, and plan again for the rest.",
        "leave out",
        only="dialog",
    ),
    Action(
        "operations",
        "O",
        "Operations",
        _PROGRAM,
        "Running and finished operations with output and commands.",
    ),
    Action("history", "H", "History", _PROGRAM, "Past operations; undo them.", "history"),
    Action(
        "trash",
        "T",
        "Trash",
        _PROGRAM,
        "List, restore or permanently delete trashed items.",
        "trash",
    ),
    Action("interpreters", "i", "Interpreters", _PROGRAM, "Base interpreters and their users."),
    Action(
        "problems",
        "P",
        "Problems",
        _PROGRAM,
        "Problems of all environments, worst first; the same as `envdeck doctor`.",
    ),
    Action(
        "packages",
        "L",
        "Packages of all environments",
        _PROGRAM,
        "Packages of all environments: versions, sizes, upgrades.",
    ),
    Action("machine", "m", "Machine", _PROGRAM, "Disk usage as bars."),
    Action(
        "caches",
        "B",
        "Caches and debris",
        _PROGRAM,
        "Caches of tools and what they leave in projects: sizes, and clearing them.",
        "caches",
    ),
    Action(
        "unreadable",
        "e",
        "Unreadable paths",
        _PROGRAM,
        "Paths that the scan could not read, with reasons.",
    ),
    Action(
        "palette",
        "ctrl+p",
        "Palette",
        _PROGRAM,
        "Find an action by name; choose a theme.",
        program=True,
    ),
    Action(
        "help",
        "?,f1",
        "Help",
        _PROGRAM,
        "Search the keys of the view or dialog; enter runs one.",
        "help",
        program=True,
    ),
    Action("tour", "f12", "Tour", _PROGRAM, "One-minute tour of EnvDeck.", program=True),
    Action(
        "leave",
        "q",
        "Back one level",
        _PROGRAM,
        "Go back one level; q quits in the list.",
        only="level",
    ),
    Action("quit", "q,ctrl+q,ctrl+c", "Quit", _PROGRAM, "Quit EnvDeck.", "quit", program=True),
)

BY_ID = {action.id: action for action in ACTIONS}
_SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "slash": "/",
    "question_mark": "?",
}


def bindings(*ids: str, to: str = "") -> list[Binding]:
    """Return the bindings of some actions, for the `BINDINGS` of a widget or a screen; `to` is
    what does them there, where that is not the method of their name."""
    # start-up: the command line names the actions too, without Textual
    from textual.binding import Binding

    return [
        Binding(
            action.keys,
            to or action.method,
            action.title,
            show=bool(action.hint),
            tooltip=action.tooltip,
            id=action.id,
            group=None,
        )
        for action in (BY_ID[name] for name in ids)
    ]


def program_bindings() -> list[Binding]:
    """Return the bindings that hold on every screen."""
    return bindings(*(action.id for action in ACTIONS if action.program))


def keys_of(identifier: str, remapped: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of an action as they are now."""
    return tuple(
        key.strip()
        for key in remapped.get(identifier, BY_ID[identifier].keys).split(",")
        if key.strip()
    )


def shown_key(key: str) -> str:
    """Return a key as people write it: `esc`, `?`, `ctrl+p`."""
    return _SHOWN.get(key, key)


def named(key: str) -> str:
    """Return a key by the name Textual knows it by: `slash` for `/`."""
    if len(key) != 1 or key.isalnum():
        return key
    # start-up: the command line names the actions too, without Textual
    from textual.keys import KEY_NAME_REPLACEMENTS

    words = name(key, key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(words, words)
