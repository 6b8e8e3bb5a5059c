"""Making several environments again at once: what they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envdeck.core.model import Environment, Status
from envdeck.core.operations.choices import InterpreterChoice, RecreateChoices, SourceChoice
from envdeck.text import plain
from envdeck.tui.panes.words import counted, minor
from envdeck.tui.widgets.line import Line, Part, Tone, clipped, wrapped
from envdeck.tui.widgets.look import Look

EXACT = "exact"


def common_interpreters(known: Sequence[RecreateChoices]) -> tuple[InterpreterChoice, ...]:
    """Return the interpreters that all of them could rest on, in the order of the first.

    One is of the same minor version, or proposed, only where it is that for all; its note stays
    where all of them say it.
    """
    if not known:
        return ()
    others = [
        {choice.interpreter.executable: choice for choice in choices.interpreters}
        for choices in known[1:]
    ]
    found = []
    for choice in known[0].interpreters:
        same = [other.get(choice.interpreter.executable) for other in others]
        if None in same:
            continue
        every = [choice, *(one for one in same if one is not None)]
        note = choice.note if len({one.note for one in every}) == 1 else ""
        same_minor = all(one.same_minor for one in every)
        proposed = all(one.proposed for one in every)
        found.append(replace(choice, note=note, same_minor=same_minor, proposed=proposed))
    return tuple(found)


def exact_of(choices: RecreateChoices) -> SourceChoice | None:
    """Return the source that brings back exactly what is there."""
    return next((source for source in choices.sources if source.name == EXACT), None)


def exact_for_all(known: Mapping[str, RecreateChoices]) -> SourceChoice:
    """Return the one source for several: each from exactly what is in it."""
    problems = [
        source.problem if source is not None else "it cannot be read"
        for source in map(exact_of, known.values())
        if source is None or source.problem
    ]
    problem = problems[0] if problems and len(problems) == len(known) else ""
    return SourceChoice(EXACT, "exactly what is in each", problem=problem)


def each_about(
    environments: Sequence[Environment],
    known: Mapping[str, RecreateChoices],
    cells: int,
    look: Look,
) -> list[Line]:
    """Return every environment that is made again, with what stands in its way."""
    room = max(cells - 2, 12)
    lines: list[Line] = [
        (Part(f"Each of the {counted(len(environments), 'environment')} from what is in it:"),)
    ]
    for environment in environments:
        choices = known.get(environment.path)
        source = None if choices is None else exact_of(choices)
        problem = "it cannot be read" if source is None else source.problem
        packages = environment.packages
        told = look.signs.unknown if packages is None else counted(packages, "package")
        version = plain(environment.python.version or look.signs.unknown)
        said = f"{version}  {told}"
        path = look.short_path(environment.path, max(room - len(said) - 4, 12))
        lines.append(
            clipped((Part(path), Part(f"  {said}", Tone.MUTED)), room, look.signs.ellipsis)
        )
        if problem:
            sentence = f"{look.signs.broken} {look.sentence(problem)}"
            lines += [
                (Part("  "), *line)
                for line in wrapped((Part(sentence, Tone.ERROR),), room - 2, look.signs.ellipsis)
            ]
        for note in source.notes if source is not None else ():
            lines += [
                (Part("  "), *line)
                for line in wrapped(
                    (Part(look.sentence(note), Tone.MUTED),), room - 2, look.signs.ellipsis
                )
            ]
    return [(Part(" "), *line) for line in lines]


def heading(environments: Sequence[Environment], look: Look, cells: int) -> Line:
    """Return what is made again: the environment, or how many, and that they lost their base."""
    if len(environments) == 1:
        path = look.short_path(environments[0].path, max(cells - len("Recreate "), 12))
        return Part("Recreate ", Tone.STRONG), Part(path, Tone.STRONG)
    parts = [Part(f"Recreate {counted(len(environments), 'environment')}", Tone.STRONG)]
    minors = {minor(one.python.version) for one in environments}
    if all(one.status is Status.BROKEN for one in environments):
        lost = f" {minors.pop()}" if len(minors) == 1 and minors != {""} else ""
        parts.append(Part(f"  that lost their base{plain(lost)}", Tone.MUTED))
    return clipped(tuple(parts), cells, look.signs.ellipsis)
