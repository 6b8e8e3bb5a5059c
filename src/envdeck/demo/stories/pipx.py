"""Commands that pipx has installed, each in an environment of its own."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    made = []
    for name, used in (("galley", 15.0), ("quire", 240.0)):
        environment = workshop.environment(
            workshop.at(".local", "share", "pipx", "venvs", name),
            name,
            creator="venv",
            python=workshop.others.earlier,
            made=400,
            used=used,
        )
        workshop.write(environment, {"pipx_metadata.json": "{}\n"})
        made.append(environment)
    return Planted("pipx", None, made[0], tuple(made[1:]))


PIPX = Story("pipx", "tools that pipx has installed, one of them unused for months", _plant)
