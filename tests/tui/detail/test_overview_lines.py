"""What the overview says, as plain lines."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model import (
    Creation,
    Distribution,
    Environment,
    Finding,
    Fix,
    FixKind,
    Identity,
    LastUsed,
    ProjectLink,
    ProjectState,
    Python,
    Script,
    Severity,
    Size,
    Status,
)
from envdeck.text import plain, width
from envdeck.text.safe import ASCII
from envdeck.tui.detail.overview import overview
from envdeck.tui.detail.tab import InstalledState, ReadDone, ReadFailure, ReadPending
from envdeck.tui.widgets.line import Display, Part, Tone, bar, line_text, line_width, wrapped

NOW = 1_795_000_000.0
DAY = 86400.0
LOOK = Display("/home/ada", lambda: NOW)
VENV = "/home/ada/work/api/.venv"
API = Environment(
    path=VENV,
    identity=Identity(1, 2),
    name="api/.venv",
    manager="uv",
    status=Status.OK,
    python=Python(
        "3.12.4",
        "cpython",
        f"{VENV}/bin/python",
        "/home/ada/.pyenv/versions/3.12.4",
        "/home/ada/.pyenv/versions/3.12.4/bin/python3.12",
    ),
    creation=Creation("uv", "0.13.2", prompt="api", relocatable=True, seeded=True),
    packages=84,
    site_packages=(f"{VENV}/lib/python3.12/site-packages",),
    last_used=LastUsed(NOW - 95 * DAY, "pyvenv.cfg atime"),
    project=ProjectLink(ProjectState.FOUND, "/home/ada/work/api", "parent folder"),
    links=("/home/ada/api-venv",),
    size=Size(431_221_034, 412_000_768, 103_112_004, 4211, measured_at=NOW - 3 * 3600),
    seen_at=NOW - 300,
)
PACKAGES = (
    Distribution("black", "black", "24.1", "/b", requested=True, scripts=(Script("black", "b:m"),)),
    Distribution("click", "click", "8.1", "/c"),
)


def told(environment: Environment, installed: InstalledState | None = None, cells: int = 78) -> str:
    return "\n".join(line_text(line) for line in overview(environment, installed, LOOK, cells))


def test_of_many_scripts_some_are_named_and_the_others_counted(made_up):
    scripts = tuple(Script(f"tool-{number:02}", "t:m") for number in range(43))
    found = ReadDone((Distribution("tools", "tools", "1", "/t", requested=True, scripts=scripts),))
    text = "\n".join(map(line_text, overview(made_up.environment(), found, LOOK, 60)))
    assert "43: tool-00, tool-01" in text
    assert "and 37 more" in " ".join(text.split())
    assert "tool-42" not in text


def test_the_head_says_what_holds_which_python_and_who_keeps_it() -> None:
    lines = told(API, ReadDone(PACKAGES)).splitlines()
    assert lines[:2] == [" ~/work/api/.venv", " ok · CPython 3.12.4 · uv"]


def test_each_thing_is_said_once() -> None:
    reason = "its base /home/ada/.pyenv/versions/3.12.4 is gone"
    finding = Finding("broken-interpreter", Severity.ERROR, reason, "make it again")
    ended = replace(API.python, end_of_life="2024-10-07")
    broken = replace(
        API, status=Status.BROKEN, reason=reason, findings=(finding,), python=ended, links=()
    )
    text = told(broken, ReadDone(PACKAGES))
    assert text.count("is gone") == 1
    assert text.count("direct") == 1
    assert text.count("CPython 3.12.4") == 1
    assert text.count("2024-10-07") == 1
    assert "/home/ada" not in text


@pytest.mark.parametrize("cells", [38, 40, 44, 56, 80])
def test_nothing_is_broken_inside_a_figure(cells: int) -> None:
    text = told(API, ReadDone(PACKAGES), cells)
    for whole in ("103 MB", "103,112,004 bytes", "3 hours ago", "no system packages"):
        assert whole in text
    assert not any(line.rstrip().endswith("·") for line in text.splitlines())


def test_every_figure_is_exact_and_explained() -> None:
    text = told(API)
    assert "103 MB · 103,112,004 bytes · if deleted alone" in text
    assert "309 MB · 308,888,764 bytes · shared by hard links, not freed" in text
    assert "412 MB · 412,000,768 bytes" in text
    assert "431 MB · 431,221,034 bytes · sum of file lengths" in text
    assert "3 hours ago · 2026-11-18T08:06:40Z · 4,211 files" in text
    assert "3 months ago · 2026-08-15T11:06:40Z" in text
    assert "2026-08-15T11:06:40Z · pyvenv.cfg atime" in text
    assert "~/work/api · parent folder" in text
    assert "84 · lib/python3.12/site-packages" in text
    assert "5 minutes ago · 2026-11-18T11:01:40Z" in text


def test_figures_stand_under_each_other() -> None:
    figures = [line for line in told(API).splitlines() if " bytes" in line]
    assert len(figures) == 4
    assert len({line.index(" MB") for line in figures}) == 1


def test_an_upper_bound_is_said_to_be_one() -> None:
    assert API.size is not None
    text = told(replace(API, size=replace(API.size, up_to=True, unreadable=2)))
    assert "at most (shared blocks)" in text
    assert "2 folders unreadable, not counted" in text


def test_a_size_not_measured_is_not_nothing() -> None:
    text = told(replace(API, size=None))
    assert "not measured yet" in text
    assert "0 B" not in text


@pytest.mark.parametrize(
    ("status", "sign"),
    [(Status.BROKEN, "✗"), (Status.MOVED, "→"), (Status.MIXED, "≠"), (Status.SUSPECT, "?")],
)
def test_a_status_has_sign_word_and_cause(status: Status, sign: str) -> None:
    lines = told(replace(API, status=status, reason="its base is gone")).splitlines()
    assert lines[1] == f" {sign} {status.value} · CPython 3.12.4 · uv"
    assert lines[3] == " its base is gone"


def test_end_of_life_is_said_beside_the_status() -> None:
    ended = replace(API, python=replace(API.python, end_of_life="2024-10-07"))
    lines = told(ended).splitlines()
    assert lines[1] == " ● end of life · CPython 3.12.4 · uv"
    assert lines[3] == " ● end of life since 2024-10-07"
    gone = replace(ended, project=ProjectLink(ProjectState.GONE, "/home/ada/old", ".project file"))
    assert told(gone).splitlines()[1] == " ● orphan, end of life · CPython 3.12.4 · uv"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (ProjectLink(), "none found · environment may still be in use"),
        (
            ProjectLink(ProjectState.GONE, "/home/ada/old", ".project file"),
            "gone: ~/old · .project file",
        ),
        (
            ProjectLink(ProjectState.UNMOUNTED, "/media/usb/x", "virtualenv name"),
            "on an unmounted disk: /media/usb/x · virtualenv name",
        ),
    ],
)
def test_three_ways_of_having_no_project_are_told_apart(link: ProjectLink, said: str) -> None:
    assert said in told(replace(API, project=link))


def test_creation_flags_and_command_are_told() -> None:
    command = "/usr/bin/python3 -m venv --system-site-packages /home/ada/work/api/.venv"
    creation = replace(API.creation, system_site_packages=True, command=command)
    text = told(replace(API, creation=creation))
    said = "uv 0.13.2 · system packages visible · relocatable"
    assert said in " ".join(text.split())
    assert "-m venv --system-site-packages ~/work/api/.venv" in " ".join(text.split())


def test_findings_come_with_what_mends_them() -> None:
    finding = Finding("broken-interpreter", Severity.ERROR, "It does not start.", "make it again")
    text = told(
        replace(API, findings=(finding,), protected="self: EnvDeck runs from this environment")
    )
    assert text.startswith(" ✗ 1 error: It does not start. · 5 Health\n   make it again\n")
    assert " not deletable: EnvDeck runs from this environment" in text
    assert "self:" not in text


def test_the_worst_finding_leads_with_its_keys_and_the_others_follow() -> None:
    fix = Fix(FixKind.INSTALL, ("idna",))
    worst = Finding("a", Severity.ERROR, "idna is not installed", "Install idna", "idna", (), fix)
    others = tuple(Finding("b", Severity.NOTE, f"note {n}", "", str(n)) for n in range(9))
    text = told(replace(API, findings=(worst, worst, *others)))
    assert text.startswith(" ✗ 2 errors: idna is not installed · f fixes, 5 Health\n")
    assert "note 0" in text
    assert "note 3" not in text
    assert "and 7 more, 5 Health" in text
    assert told(replace(API, examined=True)).startswith(" ✓ No problems found by the scan\n")


def test_packages_are_told_as_far_as_they_are_known() -> None:
    assert "Packages    84" in told(API)
    assert "unreadable" in told(replace(API, packages=None))
    assert "reading…" in told(API, ReadPending())
    assert "✗ cannot read packages: no permission" in told(API, ReadFailure("no permission"))
    assert "1: black" in told(API, ReadDone(PACKAGES))
    assert "Packages    none" in told(replace(API, packages=0), ReadDone(()))


def test_a_use_that_is_unknown_says_why() -> None:
    unknown = replace(API, last_used=LastUsed(None, "the disk is mounted noatime"))
    assert "unknown · the disk is mounted noatime" in told(unknown)


def test_a_name_that_would_act_is_shown_as_it_is() -> None:
    hostile = "/home/ada/[/]/[@click=app.quit]x\n\x1b[31m\udcff"
    text = told(replace(API, path=hostile, reason="\x1b]0;x\x07", links=(hostile,)))
    assert "~/[/]/[@click=app.quit]x\\n\\x1b[31m\\xff" in text
    assert "\x1b" not in text


def test_without_unicode_it_is_letters() -> None:
    look = Display("/home/ada", lambda: NOW, ASCII)
    ended = replace(API, status=Status.BROKEN, python=replace(API.python, end_of_life="2024-10-07"))
    text = "\n".join(line_text(line) for line in overview(ended, ReadPending(), look, 78))
    assert text.replace(" · ", "").isascii()


@settings(max_examples=40)
@given(
    st.integers(30, 200),
    st.text(max_size=300),
    st.sampled_from(Status),
    st.booleans(),
)
def test_no_line_is_wider_than_there_is_room(
    cells: int, name: str, status: Status, measured: bool
) -> None:
    environment = replace(
        API,
        path=f"/home/ada/{name}/.venv",
        status=status,
        reason=name,
        size=API.size if measured else None,
        links=(f"/{name}",),
    )
    for line in overview(environment, ReadDone(PACKAGES), LOOK, cells):
        assert line_width(line) <= cells


@given(st.lists(st.tuples(st.text(max_size=40), st.booleans()), max_size=8), st.integers(1, 60))
def test_wrapping_keeps_to_the_width_and_loses_no_short_word(
    pieces: list[tuple[str, bool]], cells: int
) -> None:
    pieces = [(plain(text), path) for text, path in pieces]
    line = tuple(Part(text, path=path) for text, path in pieces)
    lines = wrapped(line, cells)
    assert all(line_width(one) <= cells for one in lines)
    if all(not path and all(width(w) <= cells for w in text.split(" ")) for text, path in pieces):
        kept = "".join(line_text(one) for one in lines)
        assert "".join(kept.split()) == "".join("".join(text for text, _ in pieces).split())


@pytest.mark.parametrize("name", ["short", "long-" * 8, "long-" * 30])
def test_no_sign_stands_alone_before_a_path(name: str) -> None:
    line = (Part("✗ "), Part(f"~/work/{name}/services/.venv: ", path=True), Part("is in use"))
    lines = [line_text(one) for one in wrapped(line, 40)]
    assert lines[0].startswith("✗ ~/")
    assert ".venv:" in lines[0]
    assert all(width(one) <= 40 for one in lines)


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(0, 10**13), st.integers(1, 80))
def test_a_bar_fills_its_cells_and_shows_what_is_there(
    solid: int, total: int, largest: int, cells: int
) -> None:
    largest = max(largest, total)
    for signs in (LOOK.signs, ASCII):
        parts = bar(solid, total, largest, cells, signs)
        assert line_width(parts) == cells
        drawn = {part.tone: part.text for part in parts}
        solids = drawn.get(Tone.SOLID, "") + drawn.get(Tone.EDGE, "")
        if total and min(solid, total):
            assert solids.strip()
        if 0 < solid < total and cells > 1:
            assert drawn[Tone.HOLLOW]


def test_a_little_of_much_that_is_shared_is_an_eighth_of_a_cell() -> None:
    parts = bar(90_000, 700_000, 1_400_000, 8, LOOK.signs)
    assert line_text(parts) == "▌░░░    "
    assert line_text(bar(90_000, 700_000, 1_400_000, 8, ASCII)) == "#...    "
