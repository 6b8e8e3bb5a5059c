"""`environment.yml`: what conda is asked for, and pip through it. Shown, never installed from:
conda's packages have names of their own, and its constraints another grammar."""

import re

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.reading import NO_REQUIREMENT
from envdeck.core.project.requirement_text import parsed
from envdeck.core.project.yaml_nodes import Node, read_yaml

FORMAT = "environment.yml"
ENVIRONMENT_FILES = ("environment.yml", "environment.yaml")

_LONGEST = 2000
_SPEC = re.compile(r"(?:.*::)?\s*([A-Za-z0-9_][\w.-]{0,200})\s*(?:[=<>!~ \[].*)?\Z", re.DOTALL)
_OPTION = ("-", "#")


def read_environment_yml(path: str) -> Manifest:
    """Return its packages: conda's in conda's own words (`numpy=1.26`), each with its name, then
    the `pip:` list as requirements."""
    read = read_yaml(path)
    if isinstance(read, Problem):
        return Manifest(path, FORMAT, problems=(read,))
    document = next(iter(read.documents), Node(1))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    options: list[str] = []
    for one in document.at("dependencies").items:
        if one.text is not None:
            match = _SPEC.match(one.text.strip()) if len(one.text) <= _LONGEST else None
            if match is None:
                problems.append(Problem(path, "this line is not a package of conda", one.line))
            else:
                text = one.text.strip()
                found.append(DeclaredRequirement(text, normalise(match[1]), path, one.line))
        for line in one.at("pip").items:
            text = (line.text or "")[:_LONGEST].strip()
            if text.startswith(_OPTION):
                options.append(text)
                continue
            requirement = parsed(text)
            if requirement is None:
                problems.append(Problem(path, NO_REQUIREMENT, line.line))
            else:
                found.append(DeclaredRequirement(text, requirement.name, path, line.line))
    return Manifest(path, FORMAT, tuple(found), options=tuple(options), problems=tuple(problems))
