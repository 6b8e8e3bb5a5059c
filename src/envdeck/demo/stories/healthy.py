"""An environment that keeps every promise."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "storefront")
    pyproject = f"""
        [project]
        name = "storefront"
        version = "3.2.0"
        description = "Sells what there is"
        requires-python = ">={workshop.python.minor}"
        dependencies = [
            "lanternweb[async]>=2.3,<3",
            "quarrydb[pool]>=4.4,<5",
            "courier-http>=0.28",
            "pebblecache>=2",
            "schemapress>=2.9",
        ]

        [dependency-groups]
        dev = ["pytest>=8", "straightedge>=0.8"]

        [tool.uv]
        package = false
        """
    workshop.write(
        project,
        {
            "pyproject.toml": pyproject,
            ".python-version": f"{workshop.python.minor}\n",
            "Dockerfile": f"FROM python:{workshop.python.minor}-slim\nCOPY . /app\n",
            "storefront/__init__.py": '"""Sells what there is."""\n',
            ".env.example": "STORE_NAME=\nDATABASE_URL=\n",
            ".env": "STORE_NAME=lantern\nDATABASE_URL=quarry://localhost/store\n",
        },
    )
    workshop.private(project, ".env")
    workshop.lock(project)
    workshop.repository(project, ignored=(".venv/", ".env"))
    environment = workshop.sync(project, made=40, used=0.2)
    return Planted("healthy", project, environment)


HEALTHY = Story("healthy", "what its lock file says is what is installed", _plant)
