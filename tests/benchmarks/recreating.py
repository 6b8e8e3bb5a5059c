"""Recreating an environment of 40 packages against `uv venv` and `uv pip sync` alone.

The wheels are made up, of a realistic number of files, and come from a folder; a second row takes
40 real ones as pip is configured here, where they can be had. The cache is warm for both, and the
same. Ours freezes, rehearses, proves each package by its RECORD, carries over what nobody owns,
checks the dependencies, brings it all to the disk and exchanges the two; the peer does none of
that. The rows in brackets inform: the plan that is shown before, and where our time goes.
"""

import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.harness import Outcome, Times, paired, ratio
from benchmarks.operations_setting import Place, Uv, measured_steps, place, uv_of, write_wheels
from benchmarks.setting import Setting

if TYPE_CHECKING:
    from collections import Counter

    from envdeck.core import model

COUNT = 40
MODULES = (60, 380)
QUICK_MODULES = (2, 6)
REAL = (
    "attrs", "blinker", "certifi", "charset-normalizer", "click", "cryptography", "django",
    "flask", "fonttools", "greenlet", "idna", "itsdangerous", "jinja2", "jsonschema", "kiwisolver",
    "lxml", "markdown-it-py", "markupsafe", "mdurl", "numpy", "packaging", "pandas", "pillow",
    "pip", "platformdirs", "pluggy", "psutil", "pydantic", "pygments", "pytest", "python-dateutil",
    "pyyaml", "requests", "rich", "setuptools", "six", "sqlalchemy", "typing-extensions", "urllib3",
    "werkzeug",
)  # fmt: skip


def measure(setting: Setting) -> list[Outcome]:
    rows = []
    with place() as here:
        links = os.path.join(here.home, "wheels")
        pins = write_wheels(links, COUNT, QUICK_MODULES if setting.quick else MODULES)
        configure(here, links)
        rows += _rows(here, setting, pins, "made-up", uv_of(here))
    if setting.quick:
        return rows
    with place(real=True) as here:
        uv = uv_of(here)
        wanted = uv.write(here, "real.txt", REAL)
        if not uv.can(os.path.join(here.home, "probe"), wanted):
            return [*rows, Outcome("(40 real packages)", "not here", "", None, "no index")]
        rows += _rows(here, setting, REAL, "real", uv)
    return rows


def configure(here: Place, links: str) -> None:
    """Have pip, and with it ours, take packages from a folder alone."""
    folder = os.path.join(here.home, ".config", "pip")
    os.makedirs(folder)
    with open(os.path.join(folder, "pip.conf"), "w", encoding="utf-8") as file:
        file.write(f"[global]\nno-index = true\nfind-links = {links}\n")


def _rows(
    here: Place, setting: Setting, wanted: tuple[str, ...] | list[str], kind: str, uv: Uv
) -> list[Outcome]:
    path = os.path.join(here.home, "work", kind, ".venv")
    os.makedirs(os.path.dirname(path))
    uv.make(path, uv.write(here, "wanted.txt", wanted))
    pins = uv.write(here, "pins.txt", uv.freeze(path))
    environment = here.look(path)
    again = os.path.join(here.home, "work", f"{kind}-again", ".venv")
    plans: list[model.Plan | model.NoPlan] = []
    parts: list[Counter[str]] = []
    planned = Times()

    def before() -> None:
        if plans:
            here.undo()
        shutil.rmtree(again, ignore_errors=True)
        plans.append(planned.add(partial(here.operations.plan_recreate, environment)))
        os.sync()  # what was removed above is not for the first write of ours to bring to the disk

    def ours() -> None:
        parts.append(measured_steps(here, plans[-1]))

    own, peer = paired(ours, partial(uv.make, again, pins), setting.rounds, before=before)
    files = environment.size.files if environment.size else 0
    row = ratio(f"recreate, {COUNT} {kind} packages", own, peer, 1.5, "`uv venv`, `uv pip sync`")
    return [
        Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {files:,} files"),
        Outcome(f"({kind}: its plan)", f"{planned.median * 1000:.0f} ms", "", None, str(planned)),
        *parts_of(kind, parts),
    ]


def parts_of(kind: str, parts: list["Counter[str]"]) -> list[Outcome]:
    """Return a row that tells where the time went, in the quickest of the runs."""
    best = min(parts[1:] or parts, key=lambda part: part["all"])
    told = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in best.items())
    return [Outcome(f"({kind}: where it goes, ms)", "", "", None, told)]
