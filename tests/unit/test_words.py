"""One word for one thing: no text of the program uses the words that its terms replaced."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
FORMER = {
    "reclaimable": ("frees later", r"frees [\w ]+ now", "when purged", "after a purge"),
    "direct": ("asked for", "asks for (?!confirmation)"),
    "extraneous": ("unreachable", "needed by nothing", "needs? it not"),
    "recreate": ("anew", "renew", "renews", "make again", "made again", "make it again"),
    "undo": ("take back", "takes? it back", "taken? back", "takes back", "took back", "way back"),
    "move to the trash": ("put aside", "puts aside", "gone for good"),
    "delete permanently": ("for good", "purged", "purges", "purging"),
    "fix": ("mend", "mends", "mended", "mending"),
    "drift": ("not as locked", "has drifted", "as locked"),
    "match": ("(?:are|is) as", "as it was", "as they were", "as it is", "as they are"),
    "base interpreter": ("rests? on", "rested on", "resting on", "leads? to", "starts as"),
    "blocked by, override": ("refused by", "overrules?", "overruled", "overrule"),
    "cancel": ("give up", "gives? (?:it|all) up", "given up", "gave up", "it was stopped"),
    "refresh": ("look again", "looks again", "look anew", "looks elsewhere"),
    "missing, not found": ("is not there", "no longer there", "is gone", "nowhere"),
    "a noun": ("what is here", "what is there", "what it", "whatever"),
    "people": ("nobody", "everybody", "somebody"),
    "an active verb": ("lies in", "is told", "tells of", "knows of"),
    "not a, invalid": ("(?:is|are) no(?! longer)", "neither"),
    "create": ("made by", "is made", "made it", "makes it"),
    "requires": ("comes first", "needs you", "it needs"),
    "exit code, passed": ("ended with", "it ended"),
    "spaces": ("blanks",),
    "continue": ("go on", "goes on"),
}
"""Phrases that are no longer used, below the word that took their place; patterns, whole words."""
TRUE_EXCEPTIONS = {"Network is unreachable", "{mend}", "mend:drift-fix?", "purged:flag"}
"""What another program says, the name of an action, which is in configurations, keys of JSON."""


@cache
def visible() -> list[tuple[str, str]]:
    """Return where each text stands, and the text: every string constant but docstrings."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        told = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in told and " " in text.strip():
                found.append((f"{path.relative_to(SOURCE)}:{node.lineno}", " ".join(text.split())))
    return found


@pytest.mark.parametrize("term", FORMER)
def test_a_thing_has_one_word(term):
    former = re.compile(rf"\b(?:{'|'.join(FORMER[term])})\b", re.IGNORECASE)
    found = [f"{where} {text}" for where, text in visible() if former.search(text)]
    assert [one for one in found if not any(part in one for part in TRUE_EXCEPTIONS)] == []
