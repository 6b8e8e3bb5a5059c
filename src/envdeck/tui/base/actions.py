"""The one registry of what a person can do: it feeds keys, help, footer, palette and remapping.

A widget that answers to some of these itself takes its bindings from here as well
(`BINDINGS = bindings("up", "down")`), so that one key means one thing everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name

from envdeck.core.system.words import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


_MOVE, _FIND, _MARK, _DO = "Move", "Find and sort", "Mark", "Environment"
_PACKAGES, _PROJECT, _HEALTH = "Packages", "Project and .env", "Health and Timeline"
_OPERATIONS, _CHOICES, _TRASH = "Operations", "Version selection", "Trash"
_DIALOGS, _PROGRAM = "Dialogs", "Program"

ACTIONS: tuple[Action, ...] = (
    Action("up", "k,up", "Row up", _MOVE, "Previous row."),
    Action("down", "j,down", "Row down", _MOVE, "Next row."),
    Action("first", "g,home", "First row", _MOVE, "First row."),
    Action("last", "G,end", "Last row", _MOVE, "Last row."),
    Action("page_up", "pageup,ctrl+b", "Page up", _MOVE, "Page up."),
    Action("page_down", "pagedown,ctrl+f", "Page down", _MOVE, "Page down."),
    Action("open", "enter,l,right", "Open details", _MOVE, "Open the details.", "open"),
    Action(
        "back",
        "escape,h,left",
        "Back, clear, cancel",
        _MOVE,
        "Close the details; in the list: cancel the range, clear the filter, or stop the scan.",
        "back",
    ),
    Action("next_pane", "tab", "Next pane", _MOVE, "Next pane."),
    Action("previous_pane", "shift+tab", "Previous pane", _MOVE, "Previous pane."),
    Action("tab.1", "1", "Overview", _MOVE, "Overview of the environment."),
    Action("tab.2", "2", "Packages", _MOVE, "Installed packages."),
    Action("tab.3", "3", "Project", _MOVE, "Drift from the project."),
    Action("tab.4", "4", ".env", _MOVE, ".env files of the project."),
    Action("tab.5", "5", "Health", _MOVE, "Problems of the environment, with cause and fix."),
    Action("tab.6", "6", "Timeline", _MOVE, "What changed in the environment, and when."),
    Action("filter", "/", "Filter", _FIND, "Filter the list.", "filter"),
    Action("sort", "s", "Sort by the next column", _FIND, "Sort by the next column.", "sort"),
    Action("reverse", "S", "Reverse sort", _FIND, "Reverse the sort order."),
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
    Action("undo", "z", "Undo", _DO, "Undo the last operation, after confirmation.", "undo"),
    Action(
        "refresh",
        "r",
        "Refresh",
        _DO,
        "Read and measure the marked environments (or this one) again, then rescan.",
    ),
    Action("copy", "y", "Copy the path", _DO, "Copy the path to the clipboard."),
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
        "Ask the package index and the advisory service about the packages; again to cancel.",
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
        "Run the plan in the dialog; enter alone cancels.",
        "yes",
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
    Action("machine", "m", "Machine", _PROGRAM, "Disk usage as bars."),
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
    Action("help", "?", "Help", _PROGRAM, "Show all keys.", "help", program=True),
    Action("tour", "f12", "Tour", _PROGRAM, "One-minute tour of EnvDeck.", program=True),
    Action("quit", "q,ctrl+q,ctrl+c", "Quit", _PROGRAM, "Quit EnvDeck.", "quit", program=True),
)

_OWN_VIEWS = {
    "dialog": {"mark"},
    "operations": {
        *("undo", "operations", "history", "trash", "copy"),
        *("walkthrough", "refresh"),  # in the walkthrough, where operations are cancelled as well
    },
    "choices": {"mark", "mark_all", "filter", "refresh", "undo"},
    "trash": {"mark", "mark_all", "filter", "refresh", "undo", "operations", "history", "trash"},
}
"""The views that have the screen to themselves, and what of the list they answer to as well,
apart from what moves and what belongs to the program."""

BY_ID = {action.id: action for action in ACTIONS}

_SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "slash": "/",
    "question_mark": "?",
}


def bindings(*ids: str) -> list[Binding]:
    """Return the bindings of some actions, for the `BINDINGS` of a widget or a screen."""
    # start-up: the command line names the actions too, without Textual
    from textual.binding import Binding

    return [
        Binding(
            action.keys,
            action.method,
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


def keymap(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return a mapping of keys as Textual wants it, with characters by their names."""
    return {
        identifier: ",".join(named(key) for key in keys_of(identifier, mapping))
        for identifier in mapping
    }


def validate_keys(mapping: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a mapping of keys, one sentence each; none when it can be used.

    Textual takes unknown actions and impossible keys without a word, so they are refused here.
    """
    problems = [_unknown(name) for name in mapping if name not in BY_ID]
    known = {name: keys for name, keys in mapping.items() if name in BY_ID}
    holders: dict[str, list[Action]] = {}
    for action in ACTIONS:
        keys = keys_of(action.id, known)
        if not keys:
            problems.append(f"action {action.id!r} has no key")
        for key in keys:
            if action.id in known and not _possible(key):
                problems.append(_impossible(action.id, key))
                continue
            others = holders.setdefault(named(key), [])
            holder = next((each for each in others if _meet(each, action)), None)
            if holder is None:
                others.append(action)
            elif holder is not action:
                problems.append(f"key {key!r} is used by both {holder.id!r} and {action.id!r}")
    return problems


def _meet(one: Action, other: Action) -> bool:
    """Whether two actions are answered on one screen, so that they cannot share a key."""
    if one.only in _OWN_VIEWS:
        one, other = other, one
    if other.only not in _OWN_VIEWS or one.only == other.only:
        return True
    if one.only:
        return False
    return one.group == _MOVE or one.program or one.id in _OWN_VIEWS[other.only]


def _unknown(name: str) -> str:
    near = nearest(name, BY_ID)
    return f"unknown action {name!r}" + (f"; did you mean {near!r}?" if near else "")


def _impossible(action: str, key: str) -> str:
    near = nearest(key, _key_names())
    return f"action {action!r}: unknown key {key!r}" + (f"; did you mean {near!r}?" if near else "")


def nearest(name: str, among: Iterable[str]) -> str | None:
    """Return the known name that is most like another one."""
    return next(iter(find_nearest(name, among, least=0.5)), None)


def named(key: str) -> str:
    """Return a key by the name Textual knows it by: `slash` for `/`."""
    if len(key) != 1 or key.isalnum():
        return key
    # start-up: the command line names the actions too, without Textual
    from textual.keys import KEY_NAME_REPLACEMENTS

    words = name(key, key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(words, words)


def _key_names() -> set[str]:
    # start-up: the command line names the actions too, without Textual
    from textual.keys import Keys

    return {str(key.value) for key in Keys if not key.value.startswith("<")}


def _possible(key: str) -> bool:
    *modifiers, base = key.split("+") if len(key) > 1 else [key]
    if not all(_is_modifier(modifier) for modifier in modifiers):
        return False
    if len(base) == 1:
        return base.isprintable() and not base.isspace()
    names = _key_names()
    return key in names or base in names or base in _characters()


def _is_modifier(text: str) -> bool:
    return text in {"ctrl", "shift", "alt", "super", "hyper", "meta"}


def _characters() -> Iterator[str]:
    return (named(chr(code)) for code in range(0x21, 0x7F))
