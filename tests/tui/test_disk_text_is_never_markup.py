"""Nothing that comes from the disk reaches a widget as `str` that would be parsed for markup."""

import ast
from pathlib import Path

import pytest

import envdeck.tui

FILES = sorted(Path(envdeck.tui.__file__).parent.rglob("*.py"))
PARSING = {"Static", "Label", "Button", "RichLog", "Tree", "DataTable", "OptionList"}


def calls(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def switched_off(call):
    return any(
        keyword.arg == "markup"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
        for keyword in call.keywords
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_notifications_and_parsing_widgets_have_markup_off(file):
    for call in calls(file):
        name = name_of(call)
        if name == "notify" or (name in PARSING and call.args):
            given = call.args[0] if call.args else None
            constant = isinstance(given, ast.Constant)
            content = isinstance(given, ast.Call) and name_of(given) in {"Content", "content"}
            assert switched_off(call) or constant or content, f"{file}:{call.lineno}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_text_is_turned_into_markup(file):
    banned = {"from_markup", "from_text", "to_content"}
    assert not [call.lineno for call in calls(file) if name_of(call) in banned]
