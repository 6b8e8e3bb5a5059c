"""What is planted in the demo home, folder by folder, and what is true of each."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from demo_home.packages import Package
from demo_home.plan import Base, Plan
from demo_home.writing import Writer
from envdeck.core.discovery.managers import managers
from envdeck.core.model import ProjectState, Status
from envdeck.core.system.host import Host

_OK, _FOUND, _NONE = Status.OK, ProjectState.FOUND, ProjectState.NONE


@dataclass(frozen=True, slots=True)
class Case:
    """One planted environment, and what is true of it."""

    plan: Plan
    manager: str
    status: Status = _OK
    project: ProjectState = _NONE
    project_path: str | None = None
    frees_most: bool = True
    """Whether deleting it frees what it occupies; not where a cache holds its files too."""


class Bases:
    """The interpreters, written; and those that are gone."""

    def __init__(self, home: str, writer: Writer) -> None:
        versions = f"{home}/.pyenv/versions"
        uv = f"{home}/.local/share/uv/python"
        self.py312 = writer.base(Base(f"{versions}/3.12.4", "3.12.4"))
        self.py311 = writer.base(
            Base(f"{versions}/3.11.9", "3.11.9"), installed=("requests", "black", "pandas")
        )
        self.py39 = writer.base(Base(f"{versions}/3.9.18", "3.9.18"))
        self.py38 = writer.base(Base(f"{versions}/3.8.18", "3.8.18"))
        self.gone = Base(f"{versions}/3.10.13", "3.10.13")
        self.ancient = Base("/usr", "2.7.18")
        linux = "linux-x86_64-gnu"
        self.uv313 = writer.base(Base(f"{uv}/cpython-3.13.1-{linux}", "3.13.1"), managed=True)
        self.uv312 = writer.base(Base(f"{uv}/cpython-3.12.8-{linux}", "3.12.8"), managed=True)
        for base in (self.uv313, self.uv312):
            writer.link(os.path.basename(base.prefix), f"{uv}/cpython-{base.minor}-{linux}")
        mise = f"{home}/.local/share/mise/installs/python"
        self.mise = writer.base(Base(f"{mise}/3.14.0", "3.14.0"))
        writer.link("./3.14.0", f"{mise}/latest")
        self.before_mise = Base(f"{mise}/latest", "3.13.2")
        self.conda_root = writer.base(Base(f"{home}/miniforge3", "3.12.8"))
        writer.file(f"{home}/miniforge3/conda-meta/history", "==> made for the demo <==\n")
        writer.folder(f"{home}/miniforge3/condabin")


class Planner:
    """Says what there is, folder by folder."""

    def __init__(self, host: Host, bases: Bases) -> None:
        self.host = host
        self.home = host.home
        self.bases = bases
        self._tools = {manager.name: manager for manager in managers(host)}

    def cases(self) -> Iterator[Case]:
        """Yield every environment; no two alike."""
        yield from self._in_projects()
        yield from self._in_stores()
        yield from self._of_commands()
        yield from self._of_conda()
        yield from self._with_flaws()

    def at(self, path: str) -> str:
        """Return a path at home."""
        return f"{self.home}/{path}"

    def named(self, tool: str, project: str) -> str:
        """Return what a tool calls the environments of a project, as far as that is a hash."""
        return next(iter(self._tools[tool].project_names(self.at(project))))

    def found(self, plan: Plan, manager: str, project: str, **told: object) -> Case:
        """Return a case whose project is at `project`."""
        return Case(plan, manager, project=_FOUND, project_path=self.at(project), **told)

    def _in_projects(self) -> Iterator[Case]:
        at, bases = self.at, self.bases
        own = "A service of this demo"
        yield self.found(
            Plan(
                at("work/storefront/.venv"), "uv", bases.uv313,
                ("Django", "djangorestframework", "psycopg", "redis", "celery", "gunicorn",
                 "pillow", "requests", "pytest", "pytest-cov", "ruff"),
                made=210, used=0.1, prompt="storefront",
            ),
            "uv", "work/storefront", frees_most=False,
        )  # fmt: skip
        pricing = Package(
            "pricing-api", "2.4.0", "MIT", 0, own, ("fastapi", "httpx", "SQLAlchemy"),
            editable=at("work/pricing-api"),
        )  # fmt: skip
        yield self.found(
            Plan(
                at("work/pricing-api/.venv"), "uv", bases.uv313,
                ("fastapi", "uvicorn", "httpx", "SQLAlchemy", "alembic", "psycopg", "pytest",
                 "mypy", "ruff"),
                made=95, used=1.2, prompt="pricing-api", extra=(pricing,),
            ),
            "uv", "work/pricing-api", frees_most=False,
        )  # fmt: skip
        science = ("pandas", "scikit-learn", "matplotlib")
        for name, made, used in (("forecast", 300.0, 41.0), ("forecast-2", 44.0, 2.1)):
            yield self.found(
                Plan(
                    at(f"work/{name}/.venv"), "uv", bases.uv312, science,
                    made=made, used=used, prompt=name,
                ),
                "uv", f"work/{name}", frees_most=False,
            )  # fmt: skip
        yield self.found(
            Plan(
                at(".cache/uv/environments-v2/atlas-cp3.13.1-f89855d536887767"), "uv",
                bases.uv313, ("httpx", "rich", "PyYAML"), made=12, used=0.6, prompt="atlas",
            ),
            "uv", "work/atlas", frees_most=False,
        )  # fmt: skip
        yield self.found(
            Plan(
                at("code/chessclock/venv"), "venv", bases.py312, ("rich", "click"),
                made=75, used=6, seeds=("pip",),
            ),
            "venv", "code/chessclock",
        )  # fmt: skip
        for name, base, used in (("py312", bases.py312, 3.0), ("py39", bases.py39, 64.0)):
            yield self.found(
                Plan(
                    at(f"code/tidewater/.tox/{name}"), "virtualenv", base,
                    ("pytest", "numpy"), made=120, used=used, prompt=name, seeds=("pip",),
                    files={".tox-info.json": "{}\n"},
                ),
                "tox", "code/tidewater",
            )  # fmt: skip
        yield self.found(
            Plan(
                at("code/gazetteer/.nox/tests-3-11"), "virtualenv", bases.py311,
                ("pytest", "coverage", "lxml"), made=30, used=9, seeds=("pip",),
            ),
            "nox", "code/gazetteer",
        )  # fmt: skip
        yield self.found(
            Plan(
                at("teaching/notebooks/.direnv/python-3.11"), "venv", bases.py311,
                ("matplotlib", "pandas"), made=410, used=18, seeds=("pip", "setuptools"),
            ),
            "direnv", "teaching/notebooks",
        )  # fmt: skip

    def _in_stores(self) -> Iterator[Case]:
        at, bases = self.at, self.bases
        poetry = at(".cache/pypoetry/virtualenvs")
        invoices = self.named("poetry", "work/invoices")
        for base, made, used in ((bases.py312, 160.0, 4.0), (bases.py39, 900.0, 430.0)):
            yield self.found(
                Plan(
                    f"{poetry}/invoices-{invoices}-py{base.minor}", "virtualenv", base,
                    ("Flask", "SQLAlchemy", "alembic", "Markdown", "pytest"),
                    made=made, used=used, prompt=f"invoices-py{base.minor}",
                ),
                "poetry", "work/invoices",
            )  # fmt: skip
        yield Case(
            Plan(
                f"{poetry}/parcel-tracker-Hq2nX8sd-py3.8", "virtualenv", bases.py38,
                ("requests", "beautifulsoup4", "lxml", "pandas==2.0.3", "numpy==1.24.4"),
                made=1100, used=690, prompt="parcel-tracker-py3.8",
            ),
            "poetry",
        )  # fmt: skip
        pipenv = at(".local/share/virtualenvs")
        yield self.found(
            Plan(
                f"{pipenv}/mailer-{self.named('pipenv', 'work/mailer')}", "virtualenv",
                bases.py312, ("Jinja2", "Markdown", "redis"),
                made=250, used=11, files={".project": at("work/mailer")},
            ),
            "pipenv", "work/mailer",
        )  # fmt: skip
        yield Case(
            Plan(
                f"{pipenv}/newsletter-{self.named('pipenv', 'work/newsletter')}", "virtualenv",
                bases.py311, ("Flask", "lxml", "feedparser", "pillow"),
                made=600, used=380, files={".project": at("work/newsletter")},
            ),
            "pipenv", project=ProjectState.GONE, project_path=at("work/newsletter"),
        )  # fmt: skip
        gazetteer = self.named("pdm", "code/gazetteer")
        yield self.found(
            Plan(
                at(f".local/share/pdm/venvs/{gazetteer}-3.12"), "virtualenv", bases.py312,
                ("geopandas", "click"), made=33, used=8, prompt="gazetteer-3.12",
            ),
            "pdm", "code/gazetteer",
        )  # fmt: skip
        hatch = f".local/share/hatch/env/virtual/tidewater/{self.named('hatch', 'code/tidewater')}"
        for name, asked, used in (("tidewater", ("numpy", "rich"), 3), ("docs", ("Markdown",), 52)):
            yield self.found(
                Plan(at(f"{hatch}/{name}"), "virtualenv", bases.py312, asked, made=140, used=used),
                "hatch", "code/tidewater",
            )  # fmt: skip
        yield Case(
            Plan(
                at(".virtualenvs/scratch"), "virtualenv", bases.py312, ("requests", "toolz"),
                made=500, used=0.4, seeds=("pip", "setuptools"),
            ),
            "virtualenvwrapper",
        )  # fmt: skip
        yield Case(
            Plan(
                at(".virtualenvs/thesis"), "virtualenv", bases.py39,
                ("matplotlib", "scipy"), made=1500, used=820, seeds=("pip", "setuptools", "wheel"),
                files={".project": at("archive/thesis")},
            ),
            "virtualenvwrapper", project=ProjectState.UNMOUNTED, project_path=at("archive/thesis"),
        )  # fmt: skip
        yield self.found(
            Plan(
                at(".pyenv/versions/3.11.9/envs/bots"), "venv", bases.py311, ("discord.py",),
                made=330, used=27, seeds=("pip", "setuptools"),
            ),
            "pyenv", "code/bots",
        )  # fmt: skip
        yield Case(
            Plan(
                at("envs/try-polars"), "venv", bases.py312, ("numpy",), made=160, used=None,
                seeds=("pip",),
            ),
            "venv",
        )  # fmt: skip

    def _of_commands(self) -> Iterator[Case]:
        at, bases = self.at, self.bases
        pipx = {"pipx_metadata.json": "{}\n"}
        shared = at(".local/share/pipx/shared")
        yield Case(Plan(shared, "venv", bases.py312, ("pip",), made=400, used=70), "pipx")
        for name, used in (("httpie", 15.0), ("cookiecutter", 240.0)):
            plan = Plan(
                at(f".local/share/pipx/venvs/{name}"), "venv", bases.py312, (name,),
                made=400, used=used, files=pipx,
            )  # fmt: skip
            yield Case(plan, "pipx")
        for name, used in (("ruff", 0.2), ("yt-dlp", 33.0)):
            receipt = {"uv-receipt.toml": f'[tool]\nrequirements = [{{ name = "{name}" }}]\n'}
            plan = Plan(
                at(f".local/share/uv/tools/{name}"), "uv", bases.uv313, (name,),
                made=60, used=used, files=receipt,
            )  # fmt: skip
            yield Case(plan, "uv-tool", frees_most=False)
        script = ".cache/uv/environments-v2/rename-photos-4e0b510be963ec57"
        plan = Plan(
            at(script), "uv", bases.uv313, ("pillow", "rich"), made=21, used=21,
            prompt="rename-photos",
        )  # fmt: skip
        yield Case(plan, "uv-script", frees_most=False)
        hook = at(".cache/pre-commit/repo7xk2qd9f/py_env-python3.12")
        yield Case(
            Plan(hook, "virtualenv", bases.py312, ("mypy",), made=130, used=1.1, seeds=("pip",)),
            "pre-commit",
        )

    def _of_conda(self) -> Iterator[Case]:
        at = self.at
        climate = Base(at("miniforge3/envs/climate"), "3.11.10")
        yield Case(
            Plan(climate.prefix, "conda", climate, ("xarray", "matplotlib"), made=190, used=36),
            "conda",
        )
        gis = Base(at("miniforge3/envs/gis-course"), "3.8.20")
        yield Case(
            Plan(gis.prefix, "conda", gis, ("geopandas==0.13.2",), made=1300, used=1190), "conda"
        )
        starmap = Base(at("code/starmap/.pixi/envs/default"), "3.13.1")
        marker = json.dumps({"manifest_path": at("code/starmap/pixi.toml")})
        yield self.found(
            Plan(
                starmap.prefix, "conda", starmap, ("numpy", "pillow"), made=50, used=5,
                files={"conda-meta/pixi": marker},
            ),
            "pixi", "code/starmap",
        )  # fmt: skip

    def _with_flaws(self) -> Iterator[Case]:
        at, bases = self.at, self.bases
        yield self.found(
            Plan(
                at("work/ledger/.venv"), "venv", bases.gone, ("Django==4.2.17", "psycopg", "pytz"),
                made=620, used=150, seeds=("pip", "setuptools"),
            ),
            "venv", "work/ledger", status=Status.BROKEN,
        )  # fmt: skip
        yield self.found(
            Plan(
                at("work/weather-station/.venv"), "venv", bases.py311, ("Flask", "requests"),
                made=280, used=100, known_as=at("work/weather/.venv"), seeds=("pip", "setuptools"),
            ),
            "venv", "work/weather-station", status=Status.MOVED,
        )  # fmt: skip
        yield self.found(
            Plan(
                at("code/kiosk/.venv"), "venv", bases.before_mise, ("PyYAML", "rich"),
                made=270, used=47, seeds=("pip",),
            ),
            "venv", "code/kiosk", status=Status.MIXED,
        )  # fmt: skip
        yield self.found(
            Plan(
                at("old/blog/venv"), "venv", bases.py38, ("Django==3.2.25", "Markdown", "pillow"),
                made=1400, used=395, without=("sqlparse",), seeds=("pip", "setuptools"),
            ),
            "venv", "old/blog",
        )  # fmt: skip
        yield self.found(
            Plan(
                at("old/wiki-bot/env"), "virtualenv-16", bases.ancient, ("requests==2.27.1", "six"),
                made=2900, used=2500, seeds=("pip", "setuptools", "wheel"),
            ),
            "virtualenv", "old/wiki-bot",
        )  # fmt: skip
        yield self.found(
            Plan(
                at("old/pi-camera"), "venv", bases.py39, ("picamera",), made=1700, used=1600,
                seeds=("pip", "setuptools"),
            ),
            "venv", "old/pi-camera",
        )  # fmt: skip
