"""Findings as lines: how many there are, each in a sentence, and what is behind one."""

import re
from collections.abc import Iterable, Iterator, Sequence

from envdeck.core.model import Finding, FixKind, Severity
from envdeck.text import capitalise, counted, plain
from envdeck.text.environment import count_severities
from envdeck.tui.widgets.line import Display, Line, Part, Tone, wrapped

SEVERITY_TONES = {
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.NOTE: Tone.ACCENT,
}
_MOST = 99
"""The largest count that the list shows."""
_FIXES = {
    FixKind.INSTALL: "install",
    FixKind.REINSTALL: "reinstall",
    FixKind.UNINSTALL: "uninstall",
    FixKind.CLEAN_UP: "remove the leftovers",
    FixKind.UPGRADE: "change the version of",
    FixKind.RECREATE: "recreate the environment",
    FixKind.REPAIR: "repair the environment",
    FixKind.DELETE: "delete the environment",
}
_OF_ALL = frozenset({FixKind.RECREATE, FixKind.REPAIR, FixKind.DELETE})
"""Kinds that are of the whole environment, and not of some packages."""
_ROOM = 12
"""Cells for evidence beside its label; where there are fewer it stands below."""
_NAMED = 3
"""Packages of a fix that are named; how many more there are is said."""


def severity_sign(severity: Severity, look: Display) -> Part:
    """Return the sign of a severity."""
    signs = {Severity.ERROR: look.signs.broken, Severity.WARNING: look.signs.warning}
    return Part(signs.get(severity, look.signs.unknown), SEVERITY_TONES[severity])


def short_counts(findings: Iterable[Finding], look: Display) -> tuple[str, Tone]:
    """Return errors and warnings for a narrow column: `2✗ 1!`; nothing where there are none."""
    errors, warnings, _ = count_severities(findings)
    letters = ("✗", "!") if look.unicode else ("E", "W")
    said = [
        f"{count}{letter}" if count <= _MOST else f"{_MOST}+{letter}"
        for count, letter in zip((errors, warnings), letters, strict=True)
        if count
    ]
    return " ".join(said), Tone.ERROR if errors else Tone.WARNING


def count_words(findings: Iterable[Finding]) -> str:
    """Return how many there are of each severity: `2 errors, 1 note`."""
    counts = zip(count_severities(findings), Severity, strict=True)
    return ", ".join(counted(count, severity.value) for count, severity in counts if count)


def sentence(finding: Finding, look: Display) -> Line:
    """Return what is wrong in one sentence, what it is about in bold."""
    message = capitalise(look.sentence(finding.message))
    subject = look.sentence(finding.subject)
    at = message.lower().find(subject.lower()) if subject else 0
    if at < 0:
        return (Part(subject, Tone.STRONG), Part(f": {look.sentence(finding.message)}"))
    found = message[at : at + len(subject)]
    if found.lower() == subject.lower() and at == 0:
        found = subject  # a name keeps its spelling
    parts = (
        Part(message[:at]),
        Part(found, Tone.STRONG),
        Part(message[at + len(subject) :]),
    )
    return tuple(part for part in parts if part.text)


def finding_detail(finding: Finding, fixes: str, look: Display, cells: int) -> Iterator[Line]:
    """Yield all about one finding: its sentence, its evidence, and what to do about it; `fixes`
    is what the key for that would do, if anything."""
    room, ellipsis = max(cells - 2, 8), look.signs.ellipsis
    head = (severity_sign(finding.severity, look), Part(" "), *sentence(finding, look))
    yield from _set_in(wrapped(head, room, ellipsis))
    yield from _evidence(finding, look, room)
    if finding.remedy:
        remedy = (Part(capitalise(look.sentence(finding.remedy)), Tone.ACCENT),)
        yield from _set_in(wrapped(remedy, room, ellipsis))
    if fixes:
        key = (Part(look.key("mend"), Tone.HEADING), Part(f": {fixes}", Tone.MUTED))
        yield from _set_in(wrapped(key, room, ellipsis))


def _set_in(lines: Iterable[Line]) -> Iterator[Line]:
    return ((Part(" "), *line) for line in lines)


def _evidence(finding: Finding, look: Display, cells: int) -> Iterator[Line]:
    pairs = [("check", finding.check)]
    for key, value in finding.evidence:
        match value:
            case None | "" | ():
                continue
            case bool():
                said = "yes" if value else "no"
            case tuple():
                said = ", ".join(value)
            case _:
                said = str(value)
        pairs.append((plain(key).replace("_", " "), said))
    indent = max(len(key) for key, _ in pairs) + 2
    if cells - indent < _ROOM:  # a label stands above what it says
        indent = 2
    for key, said in pairs:
        label = Part(f"{key}:".ljust(indent), Tone.MUTED)
        room = max(cells - indent, 8)
        if len(label.text) > indent:
            yield from _set_in(wrapped((label,), cells, look.signs.ellipsis))
            label = Part(" " * indent)
        lines = wrapped((Part(look.sentence(said)),), room, look.signs.ellipsis)
        for number, line in enumerate(lines):
            yield (Part(" "), label if number == 0 else Part(" " * indent), *line)


# the fix


def fixed_together(finding: Finding, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings of an environment that are fixed with one: those of its kind of fix and
    of its severity, so that fixing an error does not upgrade whatever is outdated. What makes the
    environment again fixes all that needs this."""
    if finding.fix is None:
        return ()
    kind, whole = finding.fix.kind, finding.fix.kind in _OF_ALL
    return tuple(
        one
        for one in findings
        if one.fix is not None
        and one.fix.kind is kind
        and (whole or one.severity is finding.severity)
    )


def _name_of(package: str) -> str:
    """Return the name in a requirement: of the package that changes, which a finding about another
    one may name."""
    found = re.match(r"[\w.-]+", package)
    return package if found is None else found[0]


def fix_words(finding: Finding, findings: Sequence[Finding], look: Display) -> str:
    """Return what the key does about a finding: `install idna, urllib3`; nothing where no
    operation fixes it."""
    if finding.fix is None:
        return ""
    together = fixed_together(finding, findings)
    packages = dict.fromkeys(
        look.sentence(_name_of(package))
        for one in together
        if one.fix is not None
        for package in one.fix.packages
    )
    said = _FIXES[finding.fix.kind]
    if packages:
        named = list(packages)[:_NAMED]
        more = len(packages) - len(named)
        said += f" {', '.join(named)}" + (f" and {more:,} more" if more else "")
    if len(together) > 1:
        said += f" ({len(together):,} problems)"
    return said
