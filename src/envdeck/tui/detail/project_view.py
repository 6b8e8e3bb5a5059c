"""Tab 3 as lines."""

from collections.abc import Iterator, Sequence

from envdeck.core.model import Environment, ProjectState
from envdeck.core.project.model import (
    Comparison,
    Drift,
    DriftKind,
    NamedPython,
    PythonDrift,
    Where,
)
from envdeck.text import clip, counted, pad, place, plain, width
from envdeck.text.difference import DRIFT_WORDS, part_name, part_words
from envdeck.tui.detail.tab import BLANK, TabRow, heading, pieces, wrap_indented
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined, line_width


def agreement(comparison: Comparison, look: Display) -> str:
    """Return how many packages are as the project says: what counts most."""
    total = comparison.agreed + len(comparison.drifts)
    if not total:
        return "" if comparison.unchecked else "no packages installed, none required"
    said = "the declared dependencies"
    if comparison.against:
        said = place(comparison.against, None, look.home, comparison.project.folder)
    if not comparison.drifts:
        return (
            f"all {total:,} packages match {said}" if total > 1 else f"the package matches {said}"
        )
    packages = "package" if total == 1 else "packages"
    match = "matches" if comparison.agreed == 1 or total == 1 else "match"
    return f"{comparison.agreed:,} of {total:,} {packages} {match} {said}"


_BELOW = 5
"""Cells by which what stands below a drift is set in."""
_SIGN = 3
_NAME = 28
_MOST = 500
"""Drifts that are laid out; how many more there are is said. Thousands would stall the screen."""
_WHERE = {Where.DEPLOYED: "deployed on", Where.TESTED: "tested on"}


def project_rows(
    comparison: Comparison, environment: Environment, look: Display, cells: int
) -> list[TabRow]:
    """Return the tab in lines of `cells` cells: what counts most first."""
    rows: list[TabRow] = []
    for block in (
        _head(comparison, look, cells),
        _drifts(comparison, look, cells),
        _pythons(comparison, look, cells),
        _troubles(comparison, look, cells),
        _declares(comparison, look, cells),
        _locks(comparison, look, cells),
        _asks(comparison, environment, look, cells),
    ):
        drawn = list(block)
        if drawn:
            rows += [*drawn, BLANK]
    return rows[:-1]


def _lines(lines: Iterator[Line]) -> Iterator[TabRow]:
    return (TabRow(line) for line in lines)


def _head(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    folder = Part(look.path(comparison.project.folder), Tone.STRONG, path=True)
    yield from _lines(wrap_indented((folder,), look, cells))
    said = agreement(comparison, look)
    drifted = bool(comparison.drifts)
    if said and not drifted and not comparison.unchecked:
        said += ". No drift"
    if said:
        sign = look.signs.warning if drifted else look.signs.marked
        tone = Tone.WARNING if drifted else Tone.GOOD
        line = (Part(said[0].upper() + said[1:], Tone.PLAIN if drifted else Tone.GOOD),)
        yield from _lines(wrap_indented(line, look, cells, _SIGN, first=(Part(f" {sign} ", tone),)))


# drift


def _pythons(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    for number, one in enumerate(comparison.pythons):
        sign, tone = _python_sign(one, look)
        where = place(one.file, one.line, look.home, comparison.project.folder)
        message = look.sentence(one.message)
        line: Line = (Part(message),)
        if where in message:  # it says so itself
            where = ""
        if where and line_width(line) + width(where) + _SIGN + 4 <= cells:
            line = (*line, Part(f" · {where}", Tone.MUTED))
            where = ""
        lines = list(wrap_indented(line, look, cells, _SIGN, first=(Part(f" {sign} ", tone),)))
        yield TabRow(lines[0], ("python", one.file, one.line, number), one)
        yield from (TabRow(more) for more in lines[1:])
        if where:
            yield from _lines(
                wrap_indented((Part(where, Tone.MUTED, path=True),), look, cells, _SIGN)
            )


def _python_sign(one: PythonDrift, look: Display) -> tuple[str, Tone]:
    if one.error:
        return look.signs.broken, Tone.ERROR
    return look.signs.warning, Tone.WARNING


def _drifts(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    drifts = comparison.drifts[:_MOST]
    if not drifts:
        return
    word = max(len(DRIFT_WORDS[one.kind][0]) for one in drifts)
    name = min(max(width(plain(one.name)) for one in drifts), _NAME, max(cells - _SIGN - word, 8))
    beside = [_versions(one, look) for one in drifts]
    versions = max(map(width, beside))
    taken = _SIGN + word + 2 + name
    fits = taken + 2 + versions < cells
    after = [_target_lines(one, comparison, look) for one in drifts]
    whole = fits and all(
        not one or taken + 2 + versions + 2 + line_width(joined(one)) < cells for one in after
    )
    for number, (one, version, rest) in enumerate(zip(drifts, beside, after, strict=True)):
        sign, tone = drift_sign(one, look)
        line: Line = (
            Part(f" {sign} ", tone),
            Part(pad(DRIFT_WORDS[one.kind][0], word), tone),
            Part("  " + pad(clip(plain(one.name), name, look.signs.ellipsis), name), Tone.STRONG),
        )
        below: list[Line] = []
        if fits:
            line = (*line, Part("  " + pad(version, versions)))
        else:
            below.append((Part(version),))
        if whole:
            line = (*line, Part("  "), *joined(rest))
        else:
            below += rest
        key = ("drift", one.kind.value, one.name, one.installed, number)
        yield TabRow(clipped(line, cells, look.signs.ellipsis), key[:4], one)
        yield from _lines(pieces(below, look, cells, _BELOW))
    left_out = len(comparison.drifts) - len(drifts)
    if left_out:
        more = Part(f"and {left_out:,} more (see `envdeck diff`)", Tone.MUTED)
        yield from _lines(wrap_indented((more,), look, cells, _SIGN))


def drift_sign(drift: Drift, look: Display) -> tuple[str, Tone]:
    """Return the sign of a drift: the project does not work without what is missing."""
    match drift.kind:
        case DriftKind.MISSING:
            return look.signs.broken, Tone.ERROR
        case DriftKind.UNREACHABLE:
            return look.signs.away, Tone.ACCENT
        case _:
            return look.signs.mixed, Tone.WARNING


def _versions(drift: Drift, look: Display) -> str:
    installed = plain(drift.installed or look.signs.unknown)
    if drift.kind is DriftKind.UNREACHABLE:
        return installed
    return f"{installed} {look.signs.moved} {plain(drift.wanted) or 'any'}"


def _target_lines(drift: Drift, comparison: Comparison, look: Display) -> list[Line]:
    who = ", ".join(part_name(one) for one in drift.under if one)
    where = place(drift.file, drift.line, look.home, comparison.project.folder)
    if drift.file == comparison.against and drift.line is None:
        where = ""  # the head of all names it
    return [(Part(said, Tone.MUTED),) for said in (who, where) if said]


def _troubles(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    folder = comparison.project.folder
    for why in comparison.unchecked:
        line: Line = (Part("not compared: ", Tone.WARNING), Part(look.sentence(why)))
        sign = (Part(f" {look.signs.unknown} ", Tone.WARNING),)
        yield from _lines(wrap_indented(line, look, cells, _SIGN, first=sign))
    for passed in comparison.project.passed:
        where = place(passed.file, None, look.home, folder)
        line = (Part("not used: ", Tone.WARNING), Part(look.sentence(f"{where}: {passed.reason}")))
        sign = (Part(f" {look.signs.unknown} ", Tone.WARNING),)
        yield from _lines(wrap_indented(line, look, cells, _SIGN, first=sign))
    for problem in comparison.project.problems:
        where = place(problem.file, problem.line, look.home, folder)
        line = (Part(f"{where}: ", Tone.STRONG), Part(look.sentence(problem.message)))
        sign = (Part(f" {look.signs.warning} ", Tone.WARNING),)
        yield from _lines(wrap_indented(line, look, cells, _SIGN, first=sign))


# what the project says


def _declares(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    manifests, folder = comparison.project.manifests, comparison.project.folder
    if not manifests:
        return
    yield heading("Declares")
    table: list[tuple[str, str, str]] = []
    for one in manifests:
        count = counted(len(one.requirements), "requirement")
        note = plain(one.format) if one.format not in one.file else ""
        table.append((place(one.file, None, look.home, folder), count, note))
    yield from _table(table, look, cells)
    if comparison.parts:
        yield TabRow()
        yield heading("Installed")
        yield from _table([part_words(part) for part in comparison.parts], look, cells)


def _locks(comparison: Comparison, look: Display, cells: int) -> Iterator[TabRow]:
    locks, folder = comparison.project.locks, comparison.project.folder
    if not locks:
        return
    yield heading("Locks")
    table = []
    for one in locks:
        note = plain(one.format) if one.format not in one.file else ""
        if not one.usable:
            note = "partly readable"
        elif one.file == comparison.against and len(locks) > 1:
            note = "used"
        count = counted(len(one.packages), "package")
        table.append((place(one.file, None, look.home, folder), count, note))
    yield from _table(table, look, cells)


def _asks(
    comparison: Comparison, environment: Environment, look: Display, cells: int
) -> Iterator[TabRow]:
    project = comparison.project
    wanted, folder = project.wanted, project.folder
    table: list[tuple[str, str, str]] = []
    for said, source in (
        (wanted.specifier, wanted.specifier_source),
        (wanted.exact, wanted.exact_source),
    ):
        if said:
            kind = f"{plain(wanted.implementation)} " if wanted.implementation else ""
            table.append(
                ("required", kind + plain(said), place(source or "", None, look.home, folder))
            )
    table += _named(project.named, folder, look)
    if not table:
        return
    yield heading("Python", f"current {plain(environment.python.version or 'unknown')}")
    yield from _table(table, look, cells)


def _named(
    named: Sequence[NamedPython], folder: str, look: Display
) -> Iterator[tuple[str, str, str]]:
    """Yield the Pythons that are named, those of one file and purpose together."""
    together: dict[tuple[Where, str], list[NamedPython]] = {}
    for one in named:
        together.setdefault((one.where, one.file), []).append(one)
    for (where, file), ones in together.items():
        versions = ", ".join(dict.fromkeys(plain(one.version) for one in ones))
        line = ones[0].line if len(ones) == 1 else None
        yield _WHERE[where], versions, place(file, line, look.home, folder)


def _table(rows: Sequence[tuple[str, str, str]], look: Display, cells: int) -> Iterator[TabRow]:
    """Yield rows of three columns; the third goes below where there is no room for it."""
    first = min(max(width(row[0]) for row in rows), max(cells // 2 - 2, 8))
    second = min(max(width(row[1]) for row in rows), max(cells - first - 6, 8))
    ellipsis = look.signs.ellipsis
    for one, two, three in rows:
        line: Line = (
            Part("   " + pad(clip(one, first, ellipsis), first)),
            Part("  " + pad(clip(two, second, ellipsis), second)),
        )
        beside = 3 + first + 2 + second + 2 + width(three) <= cells
        if three and beside:
            line = (*line, Part(f"  {three}", Tone.MUTED))
        yield TabRow(line)
        if three and not beside:
            yield from _lines(wrap_indented((Part(three, Tone.MUTED),), look, cells, _BELOW))


def say(lines: list[Line], look: Display, cells: int) -> list[TabRow]:
    """Return sentences as rows, wrapped, a blank between two."""
    rows: list[TabRow] = []
    for line in lines:
        rows += [TabRow(), *(TabRow(one) for one in wrap_indented(line, look, cells))]
    return rows[1:]


def has_project(environment: Environment) -> bool:
    """Whether there is a project to read."""
    return environment.project.state is ProjectState.FOUND and bool(environment.project.path)


def no_project(environment: Environment, look: Display, cells: int) -> list[TabRow] | None:
    """Return why there is no project to read, and what can be done; None where there is one."""
    link = environment.project
    path = Part(look.path(link.path or "unknown location"), path=True)
    match link.state:
        case ProjectState.FOUND if has_project(environment):
            return None
        case ProjectState.GONE:
            lines: list[Line] = [
                (Part(f"{look.signs.warning} Project not found: ", Tone.WARNING), path),
                (
                    Part("Its declared dependencies are gone too. "),
                    *_key(look, "recreate", "recreate from current packages, "),
                    *_key(look, "delete", "move to trash"),
                ),
            ]
        case ProjectState.UNMOUNTED:
            lines = [
                (
                    Part(f"{look.signs.away} Project is on an unmounted disk: "),
                    path,
                ),
                (Part("Mount the disk, then "), *_key(look, "refresh", "refresh")),
            ]
        case _:
            lines = [
                (Part("No project found.", Tone.STRONG),),
                (
                    Part(
                        "A project is a folder with a pyproject.toml, requirements or lock file "
                        "that contains the environment or is named by it. The environment may "
                        "still be in use.",
                        Tone.MUTED,
                    ),
                ),
            ]
    return say(lines, look, cells)


def declares_nothing(look: Display, cells: int) -> list[TabRow]:
    """Return what a project is told that declares nothing."""
    lines: list[Line] = [
        (Part("No declared dependencies.", Tone.STRONG),),
        (
            Part(
                "Add a pyproject.toml, requirements.txt or lock file to see drift between the "
                "project and this environment.",
                Tone.MUTED,
            ),
        ),
    ]
    return say(lines, look, cells)


def no_dotenv(look: Display, cells: int) -> list[TabRow]:
    """Return what a project is told that has no dotenv files."""
    lines: list[Line] = [
        (Part("No .env files in this project.", Tone.STRONG),),
        (
            Part(
                "A .env file holds settings and secrets of a project as KEY=value lines and stays "
                "out of git; a .env.example documents the keys.",
                Tone.MUTED,
            ),
        ),
    ]
    return say(lines, look, cells)


def _key(look: Display, action: str, words: str) -> Line:
    return Part(look.key(action), Tone.HEADING), Part(f": {words}")
