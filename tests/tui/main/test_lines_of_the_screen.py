"""The lines around the list, as values: nothing here needs a screen."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from envdeck.core.model import ProjectLink, ProjectState, Python, Status
from envdeck.text import width
from envdeck.text.environment import short_manager
from envdeck.text.safe import ASCII, UNICODE
from envdeck.tui.main.cells import CellPlace, heading, places, row, status_words
from envdeck.tui.main.words import (
    DiskUse,
    Facts,
    empty_line,
    empty_lines,
    filter_line,
    key_hints,
    marked_line,
    summary_line,
)
from envdeck.tui.store import COLUMNS, Listing, Query, Totals, columns_named
from envdeck.tui.store.columns import column_named
from envdeck.tui.widgets.key_line import hints_line
from envdeck.tui.widgets.line import Display, line_text, line_width

LOOK = Display("/home/ada", lambda: 1_795_000_000.0, UNICODE)
PLAIN = replace(LOOK, signs=ASCII)
FULL = Facts(
    roots=("/home/ada/work",),
    environments=162,
    totals=Totals(48_100_000_000, 31_400_000_000),
    unreadable=2,
    phase="looking",
    visited=18_204,
    elapsed=2.04,
)


def summary(facts, cells, look=LOOK):
    return line_text(summary_line(facts, look, cells, 2))


def test_the_summary_says_it_all_where_there_is_room():
    text = summary(FULL, 120)
    assert text.startswith(" EnvDeck  ~/work  162 environments · 48 GB · 31 GB reclaimable")
    assert text.endswith("● 2 unreadable · ⠹ 18,204 folders · 2.0 s ")


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            DiskUse(14_000_000_000, 2_300_000_000, is_trash_known=True),
            "14 GB free · trash 2.3 GB (T)",
        ),
        (DiskUse(812, 5, is_trash_known=False), "812 B free · trash at least 5 B (T)"),
        (DiskUse(14_000_000_000, 0, is_trash_known=True), "14 GB free"),
    ],
)
def test_the_room_on_the_disk_stands_in_the_place_of_the_folders_once_all_is_read(use, said):
    done = summary(FULL._replace(phase="done", disk=use, remembered_at=None, unreadable=0), 140)
    assert done.endswith(f" {said} ")
    assert "folders" not in done
    looking = summary(FULL._replace(phase="looking", disk=use), 140)
    assert "folders" in looking
    assert "free" not in looking


def test_the_summary_is_plain_where_signs_are():
    text = summary(FULL, 120, PLAIN)
    assert "! 2 unreadable" in text
    assert "- 18,204 folders" in text


@pytest.mark.parametrize("phase", ["", "looking", "measuring", "stopped", "failed", "done"])
@pytest.mark.parametrize("cells", [20, 34, 50, 60, 80, 100, 120, 200])
def test_the_summary_always_fits_and_keeps_the_count(phase, cells):
    text = summary(FULL._replace(phase=phase, remembered_at=1_794_990_000.0), cells)
    assert width(text) <= cells
    assert "162 environments" in text


def test_the_summary_says_how_old_the_rows_are():
    facts = FULL._replace(phase="looking", remembered_at=1_794_989_000.0, unreadable=0)
    for phase in ("", "looking"):
        for cells in (70, 80, 120):
            assert "scanned 3 hours ago" in summary(facts._replace(phase=phase), cells)


def test_what_took_no_time_did_not_take_none():
    text = summary(FULL._replace(phase="done", elapsed=0.01), 120)
    assert text.endswith("< 0.1 s ")


def test_no_figure_is_said_before_it_is_counted():
    text = summary(FULL._replace(totals=Totals()), 120)
    assert "reclaimable" not in text
    assert "GB" not in text


@given(st.integers(10, 260), st.permutations(COLUMNS))
def test_columns_never_overlap_and_fill_the_width(cells, columns):
    layout = places(columns, cells)
    assert {"status", "path"} <= {place.column.id for place in layout}
    for left, right in pairwise(layout):
        assert left.start + left.cells <= right.start
    if cells >= 40:
        assert layout[-1].start + layout[-1].cells <= cells


def test_columns_give_way_by_what_matters_least():
    shown = {
        cells: [p.column.id for p in places(columns_named(()), cells)] for cells in (50, 79, 160)
    }
    assert shown[50] == ["status", "path", "reclaimable", "bar"]
    assert shown[79] == ["status", "path", "python", "manager", "reclaimable", "bar", "used"]
    assert shown[160] == [
        "status",
        "path",
        "health",
        "python",
        "manager",
        "packages",
        "reclaimable",
        "bar",
        "used",
    ]


def test_columns_are_those_configured_and_the_status_and_path_anyway():
    assert [column.id for column in columns_named(("used", "path", "nonsense"))] == [
        "status",
        "used",
        "path",
    ]


@pytest.mark.parametrize("look", [LOOK, PLAIN], ids=["unicode", "ascii"])
@pytest.mark.parametrize("cells", [50, 79, 120, 180])
def test_every_row_is_exactly_as_wide_as_its_headings(made_up, cells, look):
    layout = places(columns_named(()), cells)
    expected = line_width(heading(layout, column_named("path"), look, reverse=True))
    assert expected <= cells
    for environment in made_up.many(40):
        line = row(environment, layout, look, marked=True, largest=10**9)
        assert line_width(line) == expected, environment.path
        assert line_text(line).isprintable()


def test_a_heading_that_is_not_shown_is_said_beside_the_path():
    layout = places(columns_named(()), 50)
    text = line_text(heading(layout, column_named("manager"), LOOK, reverse=False))
    assert "Path · by manager ↑" in text


def test_states_are_told_by_sign_and_word(made_up):
    layout = places(columns_named(("status", "path")), 120)
    texts = [
        line_text(row(each, layout, LOOK, marked=False, largest=1))[2:17].strip()
        for each in made_up.many(40)
    ]
    assert {"✗ broken", "● end of life", "→ moved", "≠ mixed", "? suspect", "ok"} <= set(texts)


@pytest.mark.parametrize(
    ("state", "long", "short"),
    [
        (ProjectState.GONE, "● orphan", "● orphan"),
        (ProjectState.UNMOUNTED, "○ unmounted", "○ no disk"),
    ],
)
def test_a_project_that_is_not_there_is_said_in_the_list(made_up, state, long, short):
    away = made_up.environment(project=ProjectLink(state, "/media/usb/api", "name"))
    assert status_words(away, LOOK, short=False)[0] == long
    assert status_words(away, LOOK, short=True)[0] == short
    listing = Listing()
    listing.put([away, made_up.environment("/home/ada/other")])
    word = long.split()[1]
    listing.narrow(Query.parse(f"status:{word}", 0))
    assert len(listing) == 1
    listing.narrow(Query.parse(word, 0))
    assert len(listing) == 1


@pytest.mark.parametrize(
    ("version", "cells", "said"),
    [("3.8.18", 10, "3.8.18 EOL"), ("3.8.18", 8, "3.8 EOL"), ("3.10.13", 7, "3.10 ●")],
)
def test_the_end_of_life_is_a_word_where_the_status_is_another(made_up, version, cells, said):
    python = Python(version, "cpython", end_of_life="2024-10-07")
    broken = made_up.environment(status=Status.BROKEN, python=python)
    layout = (CellPlace(column_named("python"), 2, cells),)
    assert line_text(row(broken, layout, LOOK, marked=False, largest=1)).strip() == said
    fine = replace(broken, status=Status.OK)
    assert line_text(row(fine, layout, LOOK, marked=False, largest=1)).strip() == version


def test_a_manager_with_a_long_name_is_not_taken_for_another():
    assert short_manager("virtualenvwrapper", 10, "…") == "…wrapper"
    assert short_manager("virtualenvwrapper", 17, "…") == "virtualenvwrapper"
    assert short_manager("virtualenv", 10, "…") == "virtualenv"


def test_the_column_that_is_sorted_by_is_always_shown():
    for cells in (50, 60, 79, 120):
        shown = [place.column.id for place in places(columns_named(()), cells, "packages")]
        assert "packages" in shown
        assert shown[:2] == ["status", "path"]


def test_unknown_terms_are_named_and_narrow_nothing(made_up):
    listing = Listing()
    listing.put(made_up.many(7))
    listing.narrow(Query.parse("py:3.8", 0))
    assert len(listing) == 7
    assert line_text(filter_line(listing, LOOK)) == "● unknown filter py: (did you mean python:?)"
    assert Query.parse("zzzz:1", 0).problems == ("unknown filter zzzz:",)
    assert Query.parse('"py:3.8" C:', 0).words == ("py:3.8", "c:")
    listing.narrow(Query.parse("base:/usr", 0))
    assert len(listing) == 7
    assert empty_line(listing) == "Nothing to show yet."
    listing.narrow(Query.parse("base:/nowhere", 0))
    assert empty_line(listing) == "No environment matches the filter."


@pytest.mark.parametrize(
    ("path", "cells", "expected"),
    [
        ("/home/ada/work/api/.venv", 40, "~/work/api/.venv"),
        ("/home/ada/a/b/c/d/api/.venv", 18, "~/…/c/d/api/.venv"),
        ("/home/ada/.virtualenvs/blog-Ab3dEf_9-py3.12", 18, "…/blog-Ab3…-py3.12"),
    ],
)
def test_paths_keep_what_tells_them_apart(path, cells, expected):
    assert LOOK.short_path(path, cells) == expected
    assert "~" not in PLAIN.short_path(path, cells)[1:]


def test_hints_are_six_at_most_and_the_last_one_stays():
    actions = ("mark", "open", "filter", "sort", "quit", "help")
    line, hints = hints_line(actions, {}, 80, {})
    assert line_text(line).strip() == "space mark  enter open  / filter  s sort  q quit  ? help"
    assert [line_text(line)[hint.start : hint.end] for hint in hints][-1] == "? help"
    narrow, hints = hints_line(actions, {}, 24, {})
    assert line_width(narrow) <= 24
    assert [hint.action for hint in hints] == ["mark", "help"]


def test_hints_show_the_keys_as_they_are_remapped():
    line, _hints = hints_line(("mark", "help"), {"mark": "x", "help": "f1"}, 80, {})
    assert line_text(line).strip() == "x mark  f1 help"


@pytest.mark.parametrize("typing", [True, False])
@pytest.mark.parametrize("ranging", [True, False])
@pytest.mark.parametrize("inside", [None, {"back": ""}])
@pytest.mark.parametrize("looking", [True, False])
def test_as_many_keys_as_fit_are_shown_and_the_help_among_them(typing, ranging, inside, looking):
    hints = key_hints(typing=typing, ranging=ranging, inside=inside, looking=looking)
    shown = [hints_line(tuple(hints), {}, cells, hints) for cells in (40, 80, 120, 400)]
    assert [len(fit) for _, fit in shown] == sorted(len(fit) for _, fit in shown)
    assert len(shown[-1][1]) == len(hints)
    for cells, (line, fit) in zip((40, 80, 120, 400), shown, strict=True):
        assert line_width(line) <= cells
        assert fit[-1].action == [*hints][-1]


@pytest.mark.parametrize(
    ("empty", "first"),
    [
        ("filter", ["back", "filter", "refresh"]),
        ("project", ["walkthrough", "new", "filter", "refresh"]),
        ("folder", ["walkthrough_of", "new", "filter", "refresh"]),
    ],
)
def test_a_list_without_rows_names_no_key_that_needs_one(empty, first):
    hints = key_hints(typing=False, ranging=False, inside=None, looking=False, empty=empty)
    assert [*hints][: len(first)] == first
    assert not {"mark", "delete", "recreate", "upgrade", "open"} & set(hints)
    assert [*hints][-1] == "help"


def test_what_is_marked_is_said_with_what_it_frees(made_up):
    listing = Listing()
    listing.put(made_up.many(5))
    assert marked_line(listing, Totals(0, 0), LOOK) == ()
    listing.marks.toggle_all()
    assert line_text(marked_line(listing, Totals(1, 1_900_000_000), LOOK)) == (
        "5 marked, frees 1.9 GB"
    )
    assert line_text(marked_line(listing, Totals(), LOOK)).endswith("frees …")
    listing.narrow(Query.parse("no such thing", 0))
    assert "5 marked (5 hidden)" in line_text(marked_line(listing, Totals(), LOOK))


def test_empty_lists_teach(made_up):
    listing = Listing()
    nothing = empty_lines(listing, FULL._replace(phase="done"), LOOK)
    assert [line_text(line) for line in nothing] == [
        "No environments found in ~/work",
        "",
        "r: refresh",
        "envdeck PATH: scan another folder",
    ]
    opened = empty_lines(listing, FULL._replace(phase="done", project="work"), LOOK)
    assert [line_text(line) for line in opened] == [
        "~/work is a project without an environment",
        "",
        "w: set up the project",
        "n: create an environment",
    ]
    assert line_text(empty_lines(listing, FULL, LOOK)[0]) == "Scanning for environments…"
    listing.put(made_up.many(1))
    assert line_text(empty_lines(listing, FULL, LOOK)[-1]) == "esc: clear filter"
    remapped = replace(LOOK, keys={"back": "f5"})
    assert line_text(empty_lines(listing, FULL, remapped)[-1]) == "f5: clear filter"


def test_the_filter_says_how_many_match_or_what_is_wrong(made_up):
    listing = Listing()
    listing.put(made_up.many(7))
    listing.narrow(Query.parse("manager:uv", 0))
    assert line_text(filter_line(listing, LOOK)) == "1 of 7"
    listing.narrow(Query.parse("size:\x1b[31m", 0))
    assert line_text(filter_line(listing, LOOK)) == (
        "● size: use a number and a unit, such as size:>500MB"
    )


@pytest.mark.parametrize(
    "text", ["กำลังที่นี่", "हिन्दी", "e\u0301", "\u1112\u1161\u11ab", "日本", "עִבְרִית"]
)
def test_text_takes_the_cells_that_the_screen_gives_it(text):
    assert width(text) == cell_len(text)
