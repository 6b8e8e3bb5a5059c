"""An environment in a central store, whose project was deleted."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "newsletter")
    environment = workshop.environment(
        workshop.at(".virtualenvs", "newsletter"),
        "gridframe==2.2.0",
        "plotmill==3.9.0",
        "lanternweb==2.1.0",
        creator="virtualenv",
        made=600,
        used=380,
    )
    workshop.write(environment, {".project": project})
    return Planted("orphan", project, environment)


ORPHAN = Story("orphan", "its project is no longer there", _plant)
