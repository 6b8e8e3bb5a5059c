"""What an environment can be made again from, and on what, as text and as JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.output.table import Cell, Column, table
from envdeck.cli.plans import safe, said
from envdeck.cli.serialise import SCHEMA, Object
from envdeck.cli.serialise_operations import doubt_object
from envdeck.cli.wording import counted, implementation_name, path_cell
from envdeck.core.inspection.credentials import mask_text
from envdeck.core.model import Environment
from envdeck.text import pad, tilde

if TYPE_CHECKING:
    from envdeck.core.operations.choices import RecreateChoices, SourceChoice
    from envdeck.core.operations.forecast.outlook import Forecast

_SHOWN = 12
"""Differences that are named; more are counted."""
_INTERPRETERS = (Column("Python"), Column("Path", flexible=True), Column("Remarks", rank=1))
_FORECAST = (
    Column("Package"),
    Column("Version"),
    Column("There"),
    Column("Smallest", rank=2),
    Column("Newest", rank=2),
    Column("Remarks", rank=1),
)
_STYLES = {"wheel": "green", "build": "yellow", "unsupported": "red", "gone": "red"}


def print_choices(
    choices: "RecreateChoices", forecast: "Forecast | None", context: Context
) -> None:
    """Print the sources with their differences, the interpreters, and a forecast for one."""
    console = context.console
    console.line(console.style("sources", "bold"))
    for source in choices.sources:
        for line in _source(source, context):
            console.line(line)
    console.line()
    rows = [
        [
            Cell(
                f"{implementation_name(choice.interpreter.implementation)} "
                f"{choice.interpreter.version or console.signs.unknown}"
            ),
            path_cell(choice.interpreter.executable, context.host.home),
            Cell(", ".join(filter(None, ("proposed" if choice.proposed else "", choice.note)))),
        ]
        for choice in choices.interpreters
    ]
    for line in table(console, _INTERPRETERS, rows):
        console.line(line)
    for doubt in choices.doubts:
        options = " or ".join(f"--{option} {doubt.name}" for option in doubt.options)
        title = console.style(safe(doubt.title), "yellow")
        console.line(f"{title} cannot be recreated exactly: {said(doubt.reason, context)}")
        console.line(f"  choose {safe(options)}")
    if forecast is not None:
        _print_forecast(forecast, context)


def _source(source: "SourceChoice", context: Context) -> Iterator[str]:
    console = context.console
    file = f" ({safe(tilde(source.file, context.host.home))})" if source.file else ""
    yield f"  {console.style(pad(safe(source.name), 8), 'cyan')}  {safe(source.title)}{file}"
    if source.problem:
        why = said(source.problem, context)
        yield f"            {console.style('cannot be used:', 'red')} {why}"
        return
    differences = [
        *(f"+ {name} {version}" for name, version in source.added),
        *(f"- {name} {version}" for name, version in source.removed),
        *(f"{name} {before} to {after}" for name, before, after in source.changed),
    ]
    for difference in differences[:_SHOWN]:
        yield f"            {safe(difference)}"
    if len(differences) > _SHOWN:
        yield f"            and {counted(len(differences) - _SHOWN, 'difference')} more"
    if not source.resolved:
        yield "            only the resolver can tell the whole difference"
    for note in source.notes:
        yield f"            {said(note, context)}"


def _print_forecast(forecast: "Forecast", context: Context) -> None:
    console, unknown = context.console, context.console.signs.unknown
    console.line()
    if forecast.problem:
        console.line(f"on Python {safe(forecast.python)}: {said(forecast.problem, context)}")
    rows = [
        [
            Cell(pin.name),
            Cell(pin.version),
            Cell(pin.verdict.value, _STYLES.get(pin.verdict.value, "")),
            Cell(pin.smallest or unknown),
            Cell(pin.newest or unknown),
            Cell(mask_text(pin.note)),
        ]
        for pin in forecast.pins
        if pin.verdict.value != "wheel"
    ]
    if rows:
        for line in table(console, _FORECAST, rows):
            console.line(line)
    wheels = len(forecast.pins) - len(rows)
    total = f"{wheels:,} of {counted(len(forecast.pins), 'package')} have a wheel"
    console.line(console.style(f"on Python {safe(forecast.python)}: {total}", "bold"))


def choices_object(
    environment: Environment, choices: "RecreateChoices", forecast: "Forecast | None"
) -> Object:
    """Return the same for programs."""
    return {
        "schema": SCHEMA,
        "path": environment.path,
        "sources": [
            {
                "name": source.name,
                "title": source.title,
                "file": source.file,
                "added": [list(row) for row in source.added],
                "removed": [list(row) for row in source.removed],
                "changed": [list(row) for row in source.changed],
                "resolved": source.resolved,
                "notes": [mask_text(note) for note in source.notes],
                "problem": mask_text(source.problem) or None,
            }
            for source in choices.sources
        ],
        "interpreters": [
            {
                "path": choice.interpreter.executable,
                "version": choice.interpreter.version,
                "same_minor": choice.same_minor,
                "proposed": choice.proposed,
                "note": choice.note,
            }
            for choice in choices.interpreters
        ],
        "unproved": [doubt_object(doubt, {}) for doubt in choices.doubts],
        "forecast": None if forecast is None else _forecast_object(forecast),
    }


def _forecast_object(forecast: "Forecast") -> Object:
    return {
        "python": forecast.python,
        "problem": mask_text(forecast.problem) or None,
        "packages": [
            {
                "name": pin.name,
                "version": pin.version,
                "verdict": pin.verdict.value,
                "smallest": pin.smallest,
                "newest": pin.newest,
                "note": mask_text(pin.note),
            }
            for pin in forecast.pins
        ],
    }
