"""The list as text."""

from collections.abc import Sequence

from envdeck.cli.context import Context
from envdeck.cli.output.table import Cell, Column, table
from envdeck.cli.scanning import Scan
from envdeck.cli.wording import counted, path_cell, standing
from envdeck.core.model import Environment
from envdeck.text import age, size

_STATUS = Column("Status")
_PATH = Column("Path", flexible=True)
_PYTHON = Column("Python", rank=2)
_MANAGER = Column("Manager", rank=4)
_PACKAGES = Column("Packages", right=True, rank=5)
_RECLAIMABLE = Column("Reclaimable", right=True, rank=1)
_USED = Column("Last used", right=True, rank=3)


def print_list(scan: Scan, environments: Sequence[Environment]) -> None:
    """Print a table of environments that a scan found, and their totals."""
    context = scan.context
    console = context.console
    if not environments:
        met = counted(scan.met, "environment")
        console.line(f"none of {met} matches" if scan.met else "no environments found")
        return
    columns = [_STATUS, _PATH, _PYTHON, _MANAGER, _PACKAGES, _RECLAIMABLE, _USED]
    rows = [_row(environment, context) for environment in environments]
    if not scan.scope.sizes:
        at = columns.index(_RECLAIMABLE)
        del columns[at]
        for row in rows:
            del row[at]
    for line in table(console, columns, rows):
        console.line(line)
    console.line()
    console.line(console.style(_totals(scan, environments), "bold"))


def _row(environment: Environment, context: Context) -> list[Cell]:
    unknown = context.console.signs.unknown
    packages = environment.packages
    measured = environment.size
    return [
        standing(environment, context.console.signs),
        path_cell(environment.path, context.host.home),
        Cell(environment.python.version or unknown),
        Cell(environment.manager),
        Cell(unknown if packages is None else f"{packages:,}"),
        Cell(size(measured.reclaimable_bytes if measured else None, unknown=unknown)),
        Cell(age(environment.last_used.when, context.host.now(), unknown=unknown)),
    ]


def _totals(scan: Scan, environments: Sequence[Environment]) -> str:
    parts = [counted(len(environments), "environment")]
    if scan.scope.sizes:
        joint = scan.catalog.together(environments)
        parts.append(f"{size(joint.disk_bytes)} on disk")
        parts.append(f"{size(joint.reclaimable_bytes)} reclaimable")
        if joint.unmeasured:
            parts.append(f"{joint.unmeasured:,} not measured")
    return ", ".join(parts)
