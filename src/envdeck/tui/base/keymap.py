"""The keys that a person gives to actions: checked, and as Textual wants them; what a key means
where a view does not answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.keys import Keys

from envdeck.core.system.words import find_nearest
from envdeck.tui.base.actions import ACTIONS, BY_ID, MOVE, keys_of, named, shown_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envdeck.tui.base.actions import Action

_OWN_VIEWS = {
    "dialog": {"mark"},
    "operations": {
        *("undo", "operations", "history", "trash", "copy"),
        *("walkthrough", "refresh"),  # in the walkthrough, where operations are cancelled as well
        *("mend", "recreate"),  # of what a bisect found
    },
    "change": {
        *(action.id for action in ACTIONS if action.only in {"", "mending", "packages", "health"})
    }
    - {"mark", "mark_all", "range"},
    "choices": {"mark", "mark_all", "filter", "refresh", "undo"},
    "trash": {"mark", "mark_all", "filter", "refresh", "undo", "operations", "history", "trash"},
}
"""The views that have the screen to themselves, and what of the list they answer to as well,
apart from what moves and what belongs to the program."""


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
    if "leave" in {one.id, other.id}:
        return False  # a view answers to it before the program does, and a pane before the view
    if one.only in _OWN_VIEWS:
        one, other = other, one
    if other.only not in _OWN_VIEWS or one.only == other.only:
        return True
    if one.id in _OWN_VIEWS[other.only]:
        return True
    return not one.only and (one.group == MOVE or one.program)


def _unknown(name: str) -> str:
    near = nearest(name, BY_ID)
    return f"unknown action {name!r}" + (f"; did you mean {near!r}?" if near else "")


def _impossible(action: str, key: str) -> str:
    near = nearest(key, _key_names())
    return f"action {action!r}: unknown key {key!r}" + (f"; did you mean {near!r}?" if near else "")


def nearest(name: str, among: Iterable[str]) -> str | None:
    """Return the known name that is most like another one."""
    return next(iter(find_nearest(name, among, least=0.5)), None)


def _key_names() -> set[str]:
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


ANYWHERE = frozenset(
    {
        *("undo", "new", "walkthrough_of", "operations", "history", "trash", "interpreters"),
        *("problems", "packages", "compare", "caches", "machine", "unreadable"),
    }
)
"""What the main screen does for every view that gives the key no meaning of its own."""
_WHERE = {
    "": "the list",
    "change": "Packages of an environment",
    "choices": "Upgrade",
    "dialog": "dialogs",
    "dotenv": ".env",
    "health": "Health",
    "mending": "Project, .env and Health",
    "operations": "Operations",
    "packages": "Packages of an environment",
    "timeline": "Timeline",
    "trash": "Trash",
}
"""Where an action is answered, by :attr:`Action.only`."""


def why_nothing(
    key: str,
    actions: Sequence[Action],
    view: str,
    why: Mapping[str, str],
    remapped: Mapping[str, str],
) -> str:
    """Return why a key does nothing in a view: `d does nothing in History: Delete is for the
    list`."""
    told = [why[one.id] for one in actions if one.id in why]
    told = told or [
        f"{one.title} is for {_WHERE.get(one.only, one.only.capitalize())}" for one in actions
    ]
    shown = next(
        each for one in actions for each in keys_of(one.id, remapped) if named(each) == key
    )
    return f"{shown_key(shown)} does nothing in {view}: {'; '.join(told)}"
