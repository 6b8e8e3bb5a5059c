"""An environment that is no longer what its lock file says."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, python = workshop.at("work", "pricing-api"), workshop.python
    pyproject = f"""
        [project]
        name = "pricing-api"
        version = "2.4.0"
        requires-python = ">={python.minor}"
        dependencies = [
            "courier-http>=0.28",
            "lanternweb>=2.3,<3",
            "pebblecache>=2.1",
            "schemapress>=2.9.2",
        ]

        [project.optional-dependencies]
        charts = ["plotmill>=3.9"]

        [dependency-groups]
        dev = ["pytest>=8.4"]

        [tool.uv]
        package = false
        """
    workflow = f"""
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v5
              - uses: actions/setup-python@v6
                with:
                  python-version: "{python.minor}"
        """
    workshop.write(
        project,
        {
            "pyproject.toml": pyproject,
            ".python-version": f"{python.minor}\n",
            "Dockerfile": f"FROM python:{python.next_minor}-slim\nCOPY . /app\n",
            ".github/workflows/test.yml": workflow,
            "pricing_api/__init__.py": '"""What things cost."""\n',
        },
    )
    workshop.lock(project)
    workshop.repository(project, ignored=(".venv/",))
    environment = workshop.sync(project)
    workshop.uninstall(environment, "pebblecache")
    workshop.install(environment, "schemapress==2.9.0", "gridframe==2.2.0")
    workshop.age(environment, made=130, used=1.5)
    return Planted("drifted", project, environment)


DRIFTED = Story(
    "drifted",
    "a package is missing, another is not as locked, some are needed by nothing, and the project "
    "is deployed on another Python",
    _plant,
)
