"""What a project's tabs and its walkthrough cost, against the limits a person would notice.

One project with 200 locked packages, all of them installed, a dotenv file of 60 keys with its
example, CI, a Dockerfile and a git repository. The limits are times, since nobody else does this:
a tenth of a second for project, drift and dotenv together, warm and in one process; 0.6 s for
`envdeck onboard --check` from exec to exit; 50 ms for which the loop of the screen may stand still
while the two tabs are opened.
"""

import json
import os
import subprocess
import sys

from benchmarks.harness import (
    Outcome,
    Times,
    child_environment,
    envdeck,
    fresh_folder,
    timed,
)
from benchmarks.operations_setting import Place, crowd_the_index, place
from benchmarks.setting import Setting
from benchmarks.synthetic.environments import Base, Plan, write_environment
from benchmarks.synthetic.packages import make_packages
from benchmarks.synthetic.project_files import write_project
from benchmarks.synthetic.writer import Writer, age
from benchmarks.terminal import terminal

PACKAGES = 200
_WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watched_screen.py")


def measure(setting: Setting) -> list[Outcome]:
    with place() as here:
        folder = os.path.join(here.home, "work", "api")
        path = os.path.join(folder, ".venv")
        _write(folder, path, 40 if setting.quick else PACKAGES)
        crowd_the_index(here, here.look(path))
        return [
            _in_process(here, folder, path, setting),
            _checked(here, folder, setting),
            _opened(here, setting),
        ]


def _write(folder: str, path: str, count: int) -> None:
    packages = make_packages(count, 3, modules=(2, 4))
    version = ".".join(map(str, sys.version_info[:3]))
    write_project(folder, packages)
    base = Base(os.path.realpath(sys.base_prefix), version)
    write_environment(Writer(folder), Plan(path, "venv", base, tuple(packages)), "")
    age(path)


def _in_process(here: Place, folder: str, path: str, setting: Setting) -> Outcome:
    catalog, environment = here.operations.catalog, here.look(path)
    distributions = catalog.distributions(environment)
    project, dotenv = Times(), Times()
    for number in range(setting.rounds + 1):
        seconds = timed(lambda: catalog.project(environment, distributions))
        more = timed(lambda: catalog.dotenv(folder, path))
        if number:
            project.seconds.append(seconds)
            dotenv.seconds.append(more)
    total = project.median + dotenv.median
    detail = f"project and drift {project}, dotenv {dotenv}"
    what = f"project, drift and dotenv of one project, {PACKAGES} locked packages"
    return _limited(what, total, 0.1, detail)


def _checked(here: Place, folder: str, setting: Setting) -> Outcome:
    variables = child_environment(here.home) | {"PATH": os.environ.get("PATH", os.defpath)}
    command = envdeck("onboard", folder, "--check", "--json")

    def check() -> None:
        done = subprocess.run(command, env=variables, capture_output=True, check=False)
        if done.returncode not in {0, 1} or not json.loads(done.stdout)["steps"]:
            raise SystemExit(f"error: onboard failed: {done.stderr.decode(errors='replace')}")

    times = Times()
    for number in range(setting.rounds + 1):
        seconds = timed(check)
        if number:
            times.seconds.append(seconds)
    return _limited("`envdeck onboard --check`, whole process", times.median, 0.6, str(times))


def _opened(here: Place, setting: Setting) -> Outcome:
    """Open both tabs over and over, and see for how long the loop stood still at worst."""
    worst = Times()
    for _ in range(3):
        with fresh_folder() as folder:
            report = os.path.join(folder, "report.json")
            command = [sys.executable, _WATCHED, "tabs", here.home, report]
            with terminal(command, child_environment(here.home)) as screen:
                screen.until_closed()
            with open(report, encoding="utf-8") as file:
                worst.seconds.append(json.load(file)["stalls"][0])
    what = "worst stall of the screen while the Project and .env tabs are opened"
    return _limited(what, max(worst.seconds), 0.05, f"worst of each run {worst}")


def _limited(what: str, seconds: float, limit: float, detail: str) -> Outcome:
    milliseconds = f"{seconds * 1000:,.0f} ms"
    return Outcome(what, milliseconds, f"≤ {limit * 1000:,.0f} ms", seconds <= limit, detail)
