"""`setup.cfg`, `environment.yml`."""

import configparser
import os
import re

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import MANIFEST_LIMIT, NO_REQUIREMENT
from envdeck.core.project.manifests.pyproject import requirements_of_files
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.requirements import parsed
from envdeck.core.project.yaml_nodes import YamlNode, read_yaml
from envdeck.core.system.files import Unread, decode, read_bounded


def read_setup_cfg(path: str) -> Manifest:
    """Read `[options] install_requires` and `[options.extras_require]`."""
    parser = parse_setup_cfg(path)
    if isinstance(parser, Problem):
        return Manifest(path, "setup.cfg", problems=(parser,))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    listed = [("", parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += parser.items("options.extras_require")
    for extra, block in listed:
        if block.strip().startswith("file:"):
            names = block.strip().removeprefix("file:").replace("\n", ",").split(",")
            named = [name for name in names if name.strip()]
            more, wrong = requirements_of_files(os.path.dirname(path), named, normalise(extra))
            found += more
            problems += wrong
            continue
        for line in re.split(r"[\n;](?=\s*[\w\[])(?!\s*\w+\s*(?:[<>=!~]|in\b))|\n", block):
            text = line.partition(" #")[0].strip()
            if not text or text.startswith("#"):
                continue
            requirement = parsed(text)
            if requirement is None:
                problems.append(Problem(path, NO_REQUIREMENT))
                continue
            found.append(DeclaredRequirement(text, requirement.name, path, extra=normalise(extra)))
    name = normalise(parser.get("metadata", "name", fallback="").strip())
    return Manifest(
        path, "setup.cfg", tuple(found), name=name, builds=bool(name), problems=tuple(problems)
    )


def parse_setup_cfg(path: str) -> configparser.RawConfigParser | Problem:
    """Return the file parsed, nothing in it expanded."""
    data = read_bounded(path, MANIFEST_LIMIT)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(decode(data))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        return Problem(path, "is not a configuration file", line)
    return parser


FORMAT = "environment.yml"

_LONGEST = 2000
_SPEC = re.compile(r"(?:.*::)?\s*([A-Za-z0-9_][\w.-]{0,200})\s*(?:[=<>!~ \[].*)?\Z", re.DOTALL)
_OPTION = ("-", "#")


def read_environment_yml(path: str) -> Manifest:
    """Return its packages: conda's in conda's own words (`numpy=1.26`), each with its name, then
    the `pip:` list as requirements."""
    read = read_yaml(path)
    if isinstance(read, Problem):
        return Manifest(path, FORMAT, problems=(read,))
    document = next(iter(read.documents), YamlNode(1))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    options: list[str] = []
    for one in document.at("dependencies").items:
        if one.text is not None:
            match = _SPEC.match(one.text.strip()) if len(one.text) <= _LONGEST else None
            if match is None:
                problems.append(Problem(path, "this line is not a conda package", one.line))
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
