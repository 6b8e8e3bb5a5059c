"""The one registry of actions, and the keys a person may choose."""

import pytest

from envdeck.tui.app import EnvDeck
from envdeck.tui.base.actions import (
    ACTIONS,
    BY_ID,
    bindings,
    keys_of,
    program_bindings,
    shown_key,
)
from envdeck.tui.base.keymap import keymap, validate_keys
from envdeck.tui.detail.health import HealthTab
from envdeck.tui.detail.packages import Packages
from envdeck.tui.detail.timeline import TimelineTab
from envdeck.tui.dialogs.dialog import Dialog
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.history.screen import TrashScreen
from envdeck.tui.machine.compare import CompareScreen
from envdeck.tui.main.commands import Commands
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.screen import MainScreen
from envdeck.tui.main.view import ListView
from envdeck.tui.operations.screen import OperationsScreen
from envdeck.tui.upgrade.dialog import UpgradeDialog
from envdeck.tui.widgets.list_detail import ListDetailScreen

_OWNERS = {
    "change": Packages,
    "compare": CompareScreen,
    "choices": UpgradeDialog,
    "dialog": (Dialog, PlanDialog),
    "health": HealthTab,
    "level": ListDetailScreen,
    "operations": OperationsScreen,
    "packages": Packages,
    "timeline": TimelineTab,
    "trash": TrashScreen,
}
"""What answers to the actions that mean something in one view alone."""
_MAIN = (MainScreen, EnvironmentList)
"""What answers to the others, each to its own; all that takes the focus lies in all of them."""


def test_the_usual_keys_are_valid_and_each_means_one_thing():
    assert validate_keys({}) == []
    apart = {"dialog", "change", "level", "choices"}  # answered where nothing else has their key
    keys = [key for action in ACTIONS if action.only not in apart for key in keys_of(action.id, {})]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_method_words_and_a_key(action):
    owners = (EnvDeck,) if action.program else _MAIN
    if action.only in _OWNERS:
        owners = _OWNERS[action.only]
        owners = owners if isinstance(owners, tuple) else (owners,)
    (owner,) = (each for each in owners if action.id in _bound(each))
    called, _, argument = _bound(owner)[action.id].partition("(")
    if called == "screen.command":  # the screen asks the tab what it means there
        assert argument.strip("')") == action.id
        called, argument, owner = "command", "delete", MainScreen
    assert callable(getattr(owner, f"action_{called}"))
    assert called != "command" or any(
        callable(getattr(each, argument.strip("')"), None)) for each in (Commands, ListView)
    )
    assert action.title
    assert action.tooltip.endswith(".")
    assert keys_of(action.id, {})
    assert len(action.hint) <= 9


def _bound(owner):
    """Return what an owner calls for each of its actions."""
    return {each.id: each.action for each in owner.BINDINGS if getattr(each, "id", None)}


def test_bindings_come_from_the_registry():
    (binding,) = bindings("sort")
    assert (binding.id, binding.key, binding.action) == ("sort", "s", "sort")
    told = {binding.id for binding in program_bindings()}.union(*map(_bound, _MAIN))
    assert told | {action.id for action in ACTIONS if action.only} == set(BY_ID)
    assert {"asked"} <= {getattr(each, "id", None) for each in Packages.BINDINGS}


def test_the_keys_that_people_know_from_other_programs():
    usual = {"shell": ("!",), "editor": ("E",), "filter": ("/",), "undo": ("z",)}
    assert {name: keys_of(name, {}) for name in usual} == usual


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"mrak": "x"}, "unknown action 'mrak'; did you mean 'mark'?"),
        ({"zzzz": "x"}, "unknown action 'zzzz'"),
        ({"mark": "spcae"}, "unknown key 'spcae'; did you mean 'space'?"),
        ({"mark": "ctrl+pagup"}, "did you mean 'ctrl+pageup'?"),
        ({"mark": "hypr+x"}, "unknown key 'hypr+x'"),
        ({"mark": ""}, "action 'mark' has no key"),
        ({"mark": " , "}, "action 'mark' has no key"),
        ({"mark": "q"}, "key 'q' is used by both 'mark' and 'quit'"),
        ({"yes": "q"}, "key 'q' is used by both 'yes' and 'quit'"),
        ({"yes": "j"}, "key 'j' is used by both 'down' and 'yes'"),
        ({"cancel": "z"}, "key 'z' is used by both 'undo' and 'cancel'"),
        ({"mark": "slash"}, "is used by both 'filter' and 'mark'"),
        ({"mark": "Q", "sort": "Q"}, "key 'Q' is used by both 'sort' and 'mark'"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(mapping, words):
    problems = validate_keys(mapping)
    assert len(problems) == 1
    assert words in problems[0]


@pytest.mark.parametrize(
    "mapping",
    [
        {"mark": "x"},
        {"cancel": "d"},
        {"yes": "Y"},
        {"mark": "space,m", "machine": "M"},
        {"help": "f1,?"},
        {"filter": "ctrl+slash,/"},
        {"up": "ctrl+k,up", "down": "ctrl+j,down"},
        {"sort": "question_mark", "help": "f1"},
        {"mark": "é"},
        {"mark": "alt+m"},
    ],
)
def test_a_mapping_that_can_be_used_has_nothing_wrong(mapping):
    assert validate_keys(mapping) == []


def test_characters_are_given_to_textual_by_name():
    assert keymap({"filter": "/, ?", "mark": "é,G"}) == {
        "filter": "slash,question_mark",
        "mark": "é,G",
    }


def test_keys_are_shown_as_people_write_them():
    assert [shown_key(key) for key in ("escape", "slash", "ctrl+p", "j")] == [
        "esc",
        "/",
        "ctrl+p",
        "j",
    ]
