"""What there is to choose from in the dialogs, and what was done: made up, and always the same."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import made_up
from textual.app import App

import envdeck.tui
from envdeck.core.model import (
    Identity,
    Interpreter,
    InterpreterOption,
    InterpreterReason,
    NoPlan,
    Operation,
    Status,
)
from envdeck.core.operations.recreate.forecast import Availability, Forecast, PinForecast
from envdeck.core.operations.recreate.options import (
    RecreateChoices,
    SourceChoice,
)
from envdeck.core.operations.shared.history import HistoryItem
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, UnreadableEntry
from envdeck.core.operations.transaction.trash import Item, TrashManifest
from envdeck.core.operations.upgrade.lock import LockOffer
from envdeck.core.operations.upgrade.model import Fixed, Level, UpgradeCandidate, UpgradeCandidates
from envdeck.text.safe import UNICODE
from envdeck.tui.base.messages import PlanRequested
from envdeck.tui.widgets.line import Display

HOME, NOW, DAY = made_up.HOME, made_up.NOW, made_up.DAY
LOOK = Display(home=HOME, clock=lambda: NOW, signs=UNICODE)
HOSTILE = "[@click=app.quit]x[/]\x1b[31m"
API = made_up.environment(f"{HOME}/work/api/.venv")
ORPHANS = tuple(
    made_up.environment(
        f"{HOME}/work/{name}/.venv",
        status=Status.BROKEN,
        reason="its base is gone",
        python=replace(API.python, version="3.9.19"),
        packages=count,
    )
    for name, count in (("blog", 31), ("shop", 84), ("notes", 7), ("etl", 120), ("thesis", 44))
)


def interpreter(version: str, source: str = "uv", ended: str | None = None) -> Interpreter:
    prefix = f"{HOME}/.local/share/uv/python/cpython-{version}-linux-x86_64-gnu"
    if source == "pyenv":
        prefix = f"{HOME}/.pyenv/versions/{version}"
    if source == "system":
        prefix = "/usr"
    minor = ".".join(version.split(".")[:2])
    return Interpreter(
        f"{prefix}/bin/python{minor}",
        prefix,
        Identity(1, sum(map(ord, version))),
        version,
        "cpython",
        source,
        ended,
    )


AS_NOW = interpreter("3.12.4", "system")
NEXT = interpreter("3.13.1")
PYTHONS = (
    InterpreterOption(AS_NOW, InterpreterReason.CURRENT, default=True),
    InterpreterOption(interpreter("3.12.9"), InterpreterReason.SAME_MINOR),
    InterpreterOption(NEXT, same_minor=False),
    InterpreterOption(interpreter("3.11.9", "pyenv"), same_minor=False),
    InterpreterOption(interpreter("3.8.18", "pyenv", "2024-10-07"), same_minor=False),
)
EXACT = SourceChoice(
    "exact",
    "current packages, exact versions",
    notes=("38 of 40 come from the index, 2 are salvaged from their files.",),
)
LOCKED = SourceChoice(
    "lock",
    "uv.lock",
    f"{HOME}/work/api/uv.lock",
    added=(("anyio", "4.9.0"), ("h11", "0.16.0"), ("sniffio", "1.3.1")),
    removed=(("ipython", "8.31.0"),),
    changed=(
        ("fastapi", "0.115.6", "0.115.12"),
        ("pydantic", "2.10.4", "2.11.3"),
        ("starlette", "0.41.3", "0.46.1"),
        ("uvicorn", "0.34.0", "0.34.2"),
    ),
    notes=("The dependency group dev is installed too.",),
)
DECLARED = SourceChoice(
    "declared",
    "pyproject.toml",
    f"{HOME}/work/api/pyproject.toml",
    added=(("httpx", ""),),
    changed=(("fastapi", "0.115.6", ""),),
    resolved=False,
)
TORN = SourceChoice(
    "lock",
    "poetry.lock",
    f"{HOME}/work/api/poetry.lock",
    problem="it is damaged: no TOML at line 12",
)
CHOICES = RecreateChoices((EXACT, LOCKED, DECLARED, TORN), PYTHONS)
NEW_PROJECT = RecreateChoices(
    (replace(LOCKED, removed=(), changed=()), replace(DECLARED, changed=())),
    tuple(
        replace(one, reason=reason, same_minor=False, default=one is PYTHONS[2])
        for one, reason in zip(
            (PYTHONS[2], PYTHONS[0], PYTHONS[1], *PYTHONS[3:]),
            (InterpreterReason.REQUESTED, None, None, None, None),
            strict=True,
        )
    ),
)
FORECAST = Forecast(
    "3.13",
    (
        PinForecast("numpy", "1.21.6", Availability.UNSUPPORTED, "2.1.0", "2.3.5"),
        PinForecast("oldthing", "0.3", Availability.UNSUPPORTED),
        PinForecast("leftpad", "1.0.1", Availability.GONE, None, "1.2.0"),
        PinForecast("lxml", "4.9.1", Availability.BUILD, "5.3.0", "6.0.2"),
        PinForecast("local-thing", "1.0+cpu", Availability.UNKNOWN, note="it came from a file"),
        *(PinForecast(f"package-{n:02}", f"1.{n}", Availability.WHEEL) for n in range(35)),
    ),
)
JUMPS = Forecast("3.13", (FORECAST.pins[0], *FORECAST.pins[3:]))
"""Every package without a wheel has a version with one, or can be built."""
CANDIDATES = UpgradeCandidates(
    (
        UpgradeCandidate("boto3", "1.35.99", "1.41.2", "1.41.2", Level.MINOR, (), "2026-11-14"),
        UpgradeCandidate(
            "botocore",
            "1.35.99",
            "1.41.2",
            "1.41.3",
            Level.MINOR,
            ("boto3 requires botocore<1.41.3",),
            "2026-11-14",
        ),
        UpgradeCandidate(
            "certifi", "2024.12.14", "2026.10.5", "2026.10.5", Level.MAJOR, (), "2026-10-05"
        ),
        UpgradeCandidate("click", "8.1.7", "8.1.8", "8.1.8", Level.PATCH, (), "2024-12-21"),
        UpgradeCandidate("idna", "3.10", "3.11", "3.11", Level.MINOR, (), "2025-10-12"),
        UpgradeCandidate("numpy", "1.26.4", "2.3.5", "2.3.5", Level.MAJOR, (), "2026-11-01"),
        UpgradeCandidate("pip", "24.0", "26.0", "26.0", Level.MAJOR, (), "2026-10-30", seed=True),
        UpgradeCandidate("strange", "2004d", "2025.2", "2025.2", Level.OTHER),
        UpgradeCandidate("requests", "2.32.3", "2.32.5", "2.32.5", Level.PATCH, (), "2025-08-18"),
        UpgradeCandidate(
            "urllib3",
            "1.26.20",
            "1.26.20",
            "2.6.0",
            Level.MAJOR,
            ("botocore requires urllib3<1.27", "requests requires urllib3<3"),
        ),
    ),
    (
        Fixed("api", "0.1.0", "editable install"),
        Fixed("torch", "2.5.1+cpu", "came from a local file"),
    ),
    27,
)
OFFER = LockOffer(
    "uv.lock",
    "uv",
    (("uv", "lock", "-P", "boto3"), ("uv", "sync")),
    "/usr/bin/uv",
    "uv.lock pins these too: upgraded here alone, the two would differ.",
)


@dataclass
class ChoosingOperations(made_up.MadeUpOperations):
    """Made-up operations that have something to choose from."""

    choices: RecreateChoices = CHOICES
    each: dict = field(default_factory=dict)
    """Choices of an environment of its own, by its path."""
    upgradable: UpgradeCandidates | NoPlan = CANDIDATES
    offer: LockOffer | None = OFFER
    fresh: RecreateChoices | NoPlan = NEW_PROJECT
    outlook: Forecast | NoPlan = FORECAST

    def recreate_choices(self, environment, *, file=None):
        choices = super().recreate_choices(environment, file=file)
        if file is not None:
            named = SourceChoice("file", "what the file says", file, added=(("flask", "3.1"),))
            return replace(choices, sources=(*choices.sources, named))
        return self.each.get(environment.path, choices)

    def forecast(self, environment, interpreter, stopped=lambda: False):
        super().forecast(environment, interpreter, stopped)
        return self.outlook

    def candidates(self, environment, stopped=lambda: False):
        super().candidates(environment, stopped)
        return self.upgradable

    def lock_offer(self, environment):
        return self.offer

    def create_choices(self, project):
        self.asked.append(("create choices", project))
        return self.fresh

    def plan_undo(self, identifier=None, *, to=None, allow=frozenset()):
        self.asked.append(("undo", (identifier, to, allow)))
        return made_up.plan(f"{HOME}/work/api/.venv", operation=Operation.UNDO)


def item(number: int, path: str, **changes) -> Item:
    manifest = TrashManifest(
        id=f"20261120-1015{number:02}-4f2a",
        operation=Operation.DELETE,
        path=path,
        name="/".join(path.split("/")[-2:]),
        manager="uv",
        python="3.12.4",
        put_at=NOW - number * 5 * DAY - 3600,
        packages=84,
        disk_bytes=440_401_920 >> number,
        reclaimable_bytes=431_221_034 >> number,
        project=path.rpartition("/")[0],
        freeze=("anyio==4.9.0", "fastapi==0.115.12", "numpy==2.3.5"),
        unowned=("bin/run-me.sh", "lib/notes.ipynb"),
    )
    manifest = replace(manifest, **changes)
    trash = f"{HOME}/.local/share/envdeck/trash"
    until = manifest.put_at + 30 * DAY
    return Item(f"{trash}/{manifest.id}", manifest, "", Identity(1, number), kept_until=until)


ITEMS = (
    item(0, f"{HOME}/work/api/.venv"),
    item(1, f"{HOME}/work/blog/.venv", operation=Operation.RECREATE, manager="venv"),
    item(2, f"{HOME}/old/site/venv", operation=Operation.UPGRADE, reclaimable_bytes=30_000_000),
    replace(
        item(3, "/media/disk/shop/.venv"),
        problem="cannot be accessed: the disk is not mounted",
        identity=None,
    ),
    item(4, f"{HOME}/work/link/.venv", is_link=True, disk_bytes=4096, reclaimable_bytes=4096),
    item(6, f"{HOME}/work/{HOSTILE}/.venv", put_at=NOW - 31 * DAY),
    Item(f"{HOME}/.local/share/envdeck/trash/20260101-000000-dead", None, "manifest damaged"),
)


def past(number: int, why_not: str = "", **changes) -> HistoryItem:
    entry = Entry(
        id=f"20261120-1015{number:02}-4f2a",
        group=f"20261120-1015{number:02}-4f2a",
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.DONE,
        path=f"{HOME}/work/api/.venv",
        item=f"{HOME}/.local/share/envdeck/trash/20261120-1015{number:02}-4f2a",
        old=Identity(1, 5),
        python="3.12.4",
        manager="uv",
        bytes_aside=431_221_034,
        created_at=NOW - number * 3 * DAY - 600,
        ended_at=NOW - number * 3 * DAY - 598,
    )
    return HistoryItem(replace(entry, **changes), why_not, kept_until=entry.ended_at + 30 * DAY)


PASTS = (
    past(0),
    past(
        1,
        operation=Operation.RECREATE,
        move=Move.EXCHANGE,
        path=f"{HOME}/work/blog/.venv",
        message="40 of 40 packages are as they were",
    ),
    past(
        2,
        "nothing changed",
        operation=Operation.UPGRADE,
        move=Move.EXCHANGE,
        phase=Phase.ROLLED_BACK,
        path=f"{HOME}/work/shop/.venv",
        message="the index cannot be reached: no route to host",
    ),
    past(3, "already undone", undone_by="20261120-101504-4f2a", group="20261120-101503-4f2b"),
    past(4, "trash not found: is its disk mounted?", path="/media/disk/etl/.venv"),
    past(5, "permanently deleted", operation=Operation.PURGE, move=Move.REMOVE, purged=True),
    past(6, "still running", phase=Phase.STAGING, ended_at=None, operation=Operation.CREATE),
    past(
        7,
        "needs attention: check the disk first",
        phase=Phase.ATTENTION,
        path=f"{HOME}/work/{HOSTILE}/.venv",
        message="what is there is neither the old one nor the new one",
    ),
    HistoryItem(
        UnreadableEntry(
            f"{HOME}/.local/state/envdeck/operations/20270101-000000-beef.json",
            "written by a newer version of envdeck",
        ),
        "written by a newer version of envdeck",
    ),
)


class Harness(App):
    """Shows one view in the program's own dress, and keeps what it says."""

    CSS_PATH = str(Path(envdeck.tui.__file__).with_name("theme.tcss"))

    def __init__(self, view) -> None:
        super().__init__()
        self.view = view
        self.answers = []
        self.requests = []

    def on_mount(self) -> None:
        self.push_screen(self.view, self.answers.append)

    def on_plan_requested(self, message: PlanRequested) -> None:
        self.requests.append(message.request)


def shown(app) -> str:
    """Return the screen as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


async def until(condition, seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)
