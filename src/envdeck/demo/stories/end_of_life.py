"""An environment of a Python that nobody supports any more.

Such a Python cannot be had without a network: its place is taken by a program that only says so.
"""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_VERSION = "3.8.18"
_INSTALLED = ("inkterm==13.8.0", "tallow-templates==3.0.1", "wickrouter==1.2.0")
_SAYS = """#!/bin/sh
echo "this Python 3.8 only stands in for one, in the demo of EnvDeck" >&2
exit 1
"""


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("old", "blog")
    base = workshop.at(".pyenv", "versions", _VERSION)
    workshop.write(
        base,
        {
            "bin/python3.8": _SAYS,
            "lib/python3.8/os.py": '"""Marks a standard library."""\n',
            "include/python3.8/patchlevel.h": f'#define PY_VERSION "{_VERSION}"\n',
        },
    )
    executable = os.path.join(base, "bin", "python3.8")
    os.chmod(executable, 0o700)
    workshop.write(
        project,
        {
            "requirements.txt": "inkterm<14\ntallow-templates\nwickrouter\n",
            "blog.py": '"""Thoughts."""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, "venv"), *_INSTALLED, creator="venv", prompt="blog"
    )
    _make_old(workshop, environment, base)
    workshop.age(environment, made=1400, used=395)
    return Planted("end-of-life", project, environment)


def _make_old(workshop: Workshop, environment: str, base: str) -> None:
    """Make of an environment what `python -m venv` of that Python would have left."""
    cfg = f"home = {base}/bin\ninclude-system-site-packages = false\nversion = {_VERSION}\n"
    workshop.write(environment, {"pyvenv.cfg": cfg})
    library = os.path.join(environment, "lib")
    os.rename(
        os.path.join(library, f"python{workshop.python.minor}"), os.path.join(library, "python3.8")
    )
    scripts = os.path.join(environment, "bin")
    for name in ("python", "python3", f"python{workshop.python.minor}"):
        os.unlink(os.path.join(scripts, name))
    os.symlink(os.path.join(base, "bin", "python3.8"), os.path.join(scripts, "python3.8"))
    for name in ("python", "python3"):
        os.symlink("python3.8", os.path.join(scripts, name))


STORY = Story("end-of-life", "its Python gets no fixes any more, not even for security", _plant)
