"""Nothing that comes from the disk reaches a widget as `str` that would be parsed for markup."""

import ast
from functools import cache
from pathlib import Path

import envdeck.tui

FILES = sorted(Path(envdeck.tui.__file__).parent.rglob("*.py"))
PARSING = {"Static", "Label", "Button", "RichLog", "Tree", "DataTable", "OptionList"}
BANNED = {"from_markup", "from_text", "to_content"}


@cache
def calls():
    """Every call in the screen's source, and where it stands."""
    return [
        (node, f"{file}:{node.lineno}")
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


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


def test_notifications_and_parsing_widgets_have_markup_off():
    parsed = [(call, spot) for call, spot in calls() if name_of(call) == "notify"]
    parsed += [(call, spot) for call, spot in calls() if name_of(call) in PARSING and call.args]
    assert parsed
    for call, spot in parsed:
        given = call.args[0] if call.args else None
        constant = isinstance(given, ast.Constant)
        content = isinstance(given, ast.Call) and name_of(given) in {"Content", "content"}
        assert switched_off(call) or constant or content, spot


def test_no_text_is_turned_into_markup():
    assert [spot for call, spot in calls() if name_of(call) in BANNED] == []
