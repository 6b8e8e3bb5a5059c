"""Which licence a distribution is under, from the three places where metadata may say so."""

from collections.abc import Iterable

SHORT = 60
"""Characters; a longer `License` is the text of one, not its name."""

_TROVE = "License ::"


def licence_of(expression: str, field: str, classifiers: Iterable[str]) -> str:
    """Return `License-Expression` (PEP 639), else a `License` of one short line, else the
    licences among the trove classifiers, joined; empty where nothing tells."""
    expression, field = expression.strip(), field.strip()
    if known(expression):
        return " ".join(expression.split())
    if known(field) and len(field) <= SHORT and "\n" not in field:
        return field
    names = [
        text.rpartition("::")[2].strip() for text in classifiers if text.lstrip().startswith(_TROVE)
    ]
    return ", ".join(dict.fromkeys(name for name in names if name and name != "OSI Approved"))


def known(value: str) -> bool:
    """Tell whether a field says something: older tools write `UNKNOWN` where nothing was given."""
    return value.strip() not in {"", "UNKNOWN"}
