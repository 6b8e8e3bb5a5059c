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


_MOVE, _FIND, _MARK, _DO, _PACKAGES, _PROJECT, _OPERATIONS, _CHOICES, _TRASH, _DIALOGS, _PROGRAM = (
    "Move",
    "Find and sort",
    "Mark",
    "With the environment",
    "In the packages",
    "In the project and .env",
    "In the operations",
    "Where versions are chosen",
    "In the trash",
    "In a dialog",
    "Program",
)

ACTIONS: tuple[Action, ...] = (
    Action("up", "k,up", "Row up", _MOVE, "Go to the row above."),
    Action("down", "j,down", "Row down", _MOVE, "Go to the row below."),
    Action("first", "g,home", "First row", _MOVE, "Go to the first row."),
    Action("last", "G,end", "Last row", _MOVE, "Go to the last row."),
    Action("page_up", "pageup,ctrl+b", "Page up", _MOVE, "Go up by one page."),
    Action("page_down", "pagedown,ctrl+f", "Page down", _MOVE, "Go down by one page."),
    Action("open", "enter,l,right", "Open the detail", _MOVE, "Look into the environment.", "open"),
    Action(
        "back",
        "escape,h,left",
        "Back, clear, stop",
        _MOVE,
        "Leave the detail; in the list: give up the range, clear the filter, or stop the scan.",
        "back",
    ),
    Action("next_pane", "tab", "Next pane", _MOVE, "Go to the next pane."),
    Action("previous_pane", "shift+tab", "Previous pane", _MOVE, "Go to the pane before."),
    Action("tab.1", "1", "Overview", _MOVE, "See what is known of the environment."),
    Action("tab.2", "2", "Packages", _MOVE, "See what is installed in it."),
    Action("tab.3", "3", "Project", _MOVE, "See how far it is from what its project says."),
    Action("tab.4", "4", ".env", _MOVE, "See the dotenv files of its project."),
    Action("filter", "/", "Filter", _FIND, "Show only what matches.", "filter"),
    Action("sort", "s", "Sort by the next column", _FIND, "Sort by the next column.", "sort"),
    Action("reverse", "S", "Reverse the order", _FIND, "Sort the other way round."),
    Action("mark", "space", "Mark", _MARK, "Mark the row, or take its mark away.", "mark"),
    Action("mark_all", "a", "Mark all shown", _MARK, "Mark every row shown, or none of them."),
    Action("range", "v", "Mark a range", _MARK, "Start a range here; again at its end to mark it."),
    Action(
        "delete",
        "d",
        "Delete",
        _DO,
        "Put the marked ones (or this one) into the trash; it asks first, and can be undone.",
        "delete",
    ),
    Action(
        "recreate",
        "c",
        "Recreate",
        _DO,
        "Make this one anew, from what is in it or from what its project locks or declares.",
        "recreate",
    ),
    Action(
        "upgrade",
        "u",
        "Upgrade",
        _DO,
        "Choose packages to upgrade in this one, or another interpreter for it.",
        "upgrade",
    ),
    Action("new", "n", "New environment", _DO, "Make a new environment for a project.", "new"),
    Action(
        "walkthrough",
        "w",
        "Walkthrough",
        _DO,
        "Go with its project from a fresh clone to the first command that runs, step by step.",
    ),
    Action(
        "walkthrough_of",
        "W",
        "Walkthrough of a folder",
        _DO,
        "The same for a project that you name: a fresh clone has no environment, and no row.",
    ),
    Action(
        "undo",
        "z",
        "Undo",
        _DO,
        "Take the last operation back; it shows first what that would be.",
        "undo",
    ),
    Action(
        "refresh",
        "r",
        "Refresh",
        _DO,
        "Read and measure the marked ones (or this one) anew, then look everywhere again.",
    ),
    Action("copy", "y", "Copy the path", _DO, "Copy the path to the clipboard."),
    Action("folder", "o", "Open the folder", _DO, "Open the folder in the file manager."),
    Action(
        "asked",
        "t",
        "Only what was asked for",
        _PACKAGES,
        "Show only the packages that were asked for, or all again.",
        "asked for",
        only="packages",
    ),
    Action(
        "mend",
        "f",
        "Mend it",
        _PROJECT,
        "Mend the drift or the finding under the cursor; it shows first how.",
        "mend",
        only="mending",
    ),
    Action(
        "reveal",
        "p",
        "Peek at a value",
        _PROJECT,
        "Show the value of the key under the cursor, for 30 seconds at most, or hide it.",
        "peek",
        only="dotenv",
    ),
    Action(
        "cancel",
        "x",
        "Cancel the operation",
        _OPERATIONS,
        "Stop what runs or waits under the cursor; everything is as it was before then.",
        "cancel",
        only="operations",
    ),
    Action(
        "newer",
        "+",
        "A newer version",
        _CHOICES,
        "Choose a newer version of the package than the one that is proposed.",
        "newer",
        only="choices",
    ),
    Action(
        "older",
        "-",
        "An older version",
        _CHOICES,
        "Choose an older version of the package again.",
        "older",
        only="choices",
    ),
    Action(
        "version",
        "=",
        "Type a version",
        _CHOICES,
        "Type the version of the package that is wanted.",
        "version",
        only="choices",
    ),
    Action(
        "restore",
        "R",
        "Restore",
        _TRASH,
        "Put the marked ones (or this one) back to where they were.",
        "restore",
        only="trash",
    ),
    Action(
        "purge",
        "X",
        "Purge for good",
        _TRASH,
        "Remove the marked ones (or this one) from the trash for good, which frees their space.",
        "purge",
        only="trash",
    ),
    Action(
        "yes",
        "y",
        "Yes, do it",
        _DIALOGS,
        "Do what the dialog shows; nothing is done without it, and enter alone cancels.",
        "yes",
        only="dialog",
    ),
    Action(
        "operations",
        "O",
        "Operations",
        _PROGRAM,
        "See what is being done and what was done, with its output and its commands.",
    ),
    Action(
        "history",
        "H",
        "History",
        _PROGRAM,
        "See what was done to environments, and what of it can be taken back.",
        "history",
    ),
    Action(
        "trash",
        "T",
        "Trash",
        _PROGRAM,
        "See what was put aside, restore it, or remove it for good.",
        "trash",
    ),
    Action(
        "interpreters",
        "i",
        "Interpreters",
        _PROGRAM,
        "See the Pythons that environments rest on.",
    ),
    Action("machine", "m", "Machine", _PROGRAM, "See where the space is, as bars."),
    Action(
        "unreadable",
        "e",
        "What could not be read",
        _PROGRAM,
        "List the places that the scan could not look into, each with its reason.",
    ),
    Action(
        "palette",
        "ctrl+p",
        "Palette",
        _PROGRAM,
        "Find any action by its name, and choose a theme.",
        program=True,
    ),
    Action("help", "?", "Help", _PROGRAM, "Show every key.", "help", program=True),
    Action(
        "tour",
        "f12",
        "Tour",
        _PROGRAM,
        "Show in five short cards what this is and how it is used.",
        program=True,
    ),
    Action("quit", "q,ctrl+q,ctrl+c", "Quit", _PROGRAM, "Leave EnvDeck.", "quit", program=True),
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
                problems.append(f"key {key!r} is given to both {holder.id!r} and {action.id!r}")
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
    return f"there is no action {name!r}" + (f"; did you mean {near!r}?" if near else "")


def _impossible(action: str, key: str) -> str:
    near = nearest(key, _key_names())
    return f"action {action!r}: there is no key {key!r}" + (
        f"; did you mean {near!r}?" if near else ""
    )


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
