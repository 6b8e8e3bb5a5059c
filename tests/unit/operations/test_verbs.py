"""The functions behind the interface of the operations, imported when they are called."""

import ast
from pathlib import Path

import pytest

from envdeck.core import operations


def test_each_verb_is_where_the_types_say():
    tree = ast.parse(Path(operations.__file__).read_text("utf-8"))
    typed = {
        alias.name: (node.module or "").removeprefix("envdeck.core.operations.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module or "").startswith("envdeck.core.operations.")
    }
    assert typed == operations._MODULES
    for name in typed:
        assert callable(getattr(operations, name))
    with pytest.raises(AttributeError, match="no attribute 'plan_nothing'"):
        operations.plan_nothing  # noqa: B018
