"""Short names of environments."""

import pytest

from envdeck.core.inspection.environment import name_of
from envdeck.core.model import ProjectLink, ProjectState

API = ProjectLink(ProjectState.FOUND, "/home/ada/work/api", "parent folder")


@pytest.mark.parametrize(
    ("path", "project", "name"),
    [
        ("/home/ada/work/api/.venv", API, "api/.venv"),
        ("/home/ada/work/api/.tox/py312", API, "api/.tox/py312"),
        ("/home/ada/.cache/pypoetry/virtualenvs/api-x", API, "api-x"),
        ("/home/ada/old/venv", ProjectLink(), "old/venv"),
        ("/home/ada/Envs/shop", ProjectLink(), "shop"),
        ("/home/ada/gone/.venv", ProjectLink(ProjectState.GONE, "/home/ada/x"), "gone/.venv"),
        ("/", ProjectLink(), "/"),
    ],
)
def test_names_tell_which_is_meant(path, project, name):
    assert name_of(path, project) == name
