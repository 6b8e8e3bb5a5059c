"""Variables in the words of pipelines: what a scalar comes to with each value that is known."""

import re
from collections.abc import Iterator, Mapping

from envdeck.core.project.yaml_nodes import Node

Values = Mapping[str, tuple[Node, ...]]
"""The scalars that each variable may have, by its name."""

_VARIABLE = re.compile(
    r"\$\{\{\s*(?:variables|parameters|matrix)\.([\w.-]+)\s*\}\}"  # Azure, at compile time
    r"|\$\{\{\s*variables\[\s*'([\w.-]+)'\s*\]\s*\}\}"
    r"|<<\s*(?:pipeline\.)?parameters\.([\w-]+)\s*>>"  # CircleCI
    r"|\$\(([\w.-]+)\)|\$\{(\w+)\}|\$(\w+)"  # Azure, then GitLab
)
_LONGEST = 512
_MANY = 64
VARIABLES_LIMIT = 200
"""So many are known of one place that can set them."""


def put_in(scalar: Node, values: Values) -> Iterator[tuple[Node, str]]:
    """Yield each text that a scalar comes to, with the node that says its version: itself, or
    where one variable stands in it, each value of that. More than one is not told."""
    text = scalar.text or ""
    if not text or len(text) > _LONGEST:
        return
    names = {next(filter(None, match.groups())) for match in _VARIABLE.finditer(text)}
    several = [name for name in names if len(values.get(name, ())) > 1]
    if not names:
        yield scalar, text
    elif len(several) <= 1:
        varied = several[0] if several else next(iter(names))
        for node in values.get(varied, ())[:_MANY]:
            yield node, _VARIABLE.sub(_Putting(values, varied, node.text or ""), text)


class _Putting:
    """The value of each variable, the varied one's being this."""

    def __init__(self, values: Values, varied: str, value: str) -> None:
        self.values, self.varied, self.value = values, varied, value

    def __call__(self, match: re.Match[str]) -> str:
        name = next(filter(None, match.groups()))
        if name == self.varied:
            return self.value[:_LONGEST]
        known = self.values.get(name, ())
        return (known[0].text or "")[:_LONGEST] if known else ""
