"""`setup.cfg`: setuptools' declarative metadata."""

import configparser
import os
import re

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.reading import MANIFEST_LIMIT, NO_REQUIREMENT
from envdeck.core.project.requirement_text import parsed
from envdeck.core.project.setuptools_files import requirements_of_files


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
