"""An environment in Pipenv's folder, which says in a file whose it is."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_PIPFILE = """
[[source]]
url = "https://packages.example/simple"
verify_ssl = true
name = "example"

[packages]
courier-http = "*"
tallow-templates = ">=3"
pebblecache = "*"
"""


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("code", "recipes")
    workshop.write(project, {"Pipfile": _PIPFILE, "recipes.py": '"""What to cook."""\n'})
    name = f"recipes-{workshop.project_name('pipenv', project)}"
    environment = workshop.environment(
        workshop.at(".local", "share", "virtualenvs", name),
        "courier-http==0.28.1",
        "tallow-templates==3.1.0",
        "pebblecache==2.1.0",
        creator="virtualenv",
        prompt="recipes",
        made=250,
        used=11,
    )
    workshop.write(environment, {".project": project})
    return Planted("pipenv", project, environment)


PIPENV = Story("pipenv", "Pipenv keeps it far from its project, under a name with a hash", _plant)
