"""Every scenario of the demo, in the order in which they are created."""

from envdeck.demo.scenarios import managers, projects, troubles
from envdeck.demo.workshop import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    projects.clone,
    projects.healthy,
    projects.drifted,
    projects.dotenv,
    troubles.shared,
    troubles.large,
    projects.lagging,
    troubles.broken,
    troubles.moved,
    troubles.end_of_life,
    troubles.broke,
    troubles.unused,
    troubles.orphan,
    managers.poetry_cache,
    managers.pipenv,
    managers.tox,
    managers.hatch,
    managers.central,
    managers.direnv,
    projects.now_and_then,
    troubles.scratch,
    managers.command,
    managers.pipx,
    managers.hook,
    troubles.left_python,
    projects.groups,
    projects.requirements,
    projects.poetry,
)
