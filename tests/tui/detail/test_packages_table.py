"""Which packages are shown, in which order and columns, and the trees of one."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model import Distribution, Script
from envdeck.text import plain
from envdeck.text.safe import ASCII
from envdeck.tui.detail.package_page import (
    Mark,
    PageNode,
    needed_by,
    needs,
    page,
    requirement_name,
    requirement_versions,
)
from envdeck.tui.detail.package_table import (
    PackageColumns,
    PackageOrder,
    PackageView,
    empty_text,
    table_footer,
)
from envdeck.tui.widgets.line import Display, line_text, line_width

LOOK = Display("/home/ada", lambda: 0.0)


def package(name: str, *, size: int | None = 1000, **more: object) -> Distribution:
    return replace(
        Distribution(name, name, "1.0", f"/home/ada/{name}.dist-info", size_bytes=size),
        **more,  # type: ignore[arg-type]  # the fields of the dataclass, by name
    )


PACKAGES = (
    package("click", size=5_000, summary="Composable command line"),
    package("flask", size=90_000, requested=True, requires=("click",), summary="A web framework"),
    package("noise", size=None, summary="Nothing clicks here"),
    package("zope", size=200, editable=True),
)


def names(choice: PackageView) -> list[str]:
    return [one.name for one in choice.pick(PACKAGES)]


def test_sorting_by_name_and_by_size_both_ways() -> None:
    assert names(PackageView()) == ["click", "flask", "noise", "zope"]
    assert names(PackageView(reverse=True)) == ["zope", "noise", "flask", "click"]
    assert names(PackageView(order=PackageOrder.SIZE)) == ["flask", "click", "zope", "noise"]
    assert names(PackageView(order=PackageOrder.SIZE, reverse=True)) == [
        "zope",
        "click",
        "flask",
        "noise",
    ]


def test_a_search_finds_names_first_then_summaries() -> None:
    assert names(PackageView(text="CLICK")) == ["click", "noise"]
    assert names(PackageView(text="web frame")) == ["flask"]
    assert names(PackageView(text="click", order=PackageOrder.NAME, reverse=True)) == [
        "click",
        "noise",
    ]


def test_only_what_was_asked_for() -> None:
    assert names(PackageView(requested_only=True)) == ["flask"]
    assert names(PackageView(requested_only=True, text="click")) == []


def test_nothing_shown_says_what_to_press() -> None:
    assert "esc: clear" in empty_text(PACKAGES, PackageView(text="[/]"), LOOK)
    assert "t: show all" in empty_text(PACKAGES, PackageView(requested_only=True), LOOK)
    both = empty_text(PACKAGES, PackageView(requested_only=True, text="click"), LOOK)
    assert both == 'No direct package matches "click". esc: clear, t: show all'
    assert "No packages installed" in empty_text((), PackageView(), LOOK)
    assert table_footer(PACKAGES, 4, PackageView(), LOOK).startswith("4 packages · ✓ 1 direct")
    assert table_footer(PACKAGES, 1, PackageView(text="x"), LOOK).startswith("1 of 4 · ")
    remapped = replace(LOOK, keys={"asked": "f4", "back": "f5"})
    assert "f4: show all" in empty_text(PACKAGES, PackageView(requested_only=True), remapped)
    assert "f5: clear" in empty_text(PACKAGES, PackageView(text="x"), remapped)


def test_columns_give_way_when_there_is_little_room() -> None:
    wide, narrow = PackageColumns.fit(PACKAGES, 118), PackageColumns.fit(PACKAGES, 46)
    assert wide.summary
    assert wide.bar
    assert wide.origin
    assert not narrow.summary
    assert not narrow.origin
    assert "✎ editable" in line_text(wide.row(PACKAGES[3], LOOK))
    heading = line_text(wide.heading(PackageView(order=PackageOrder.SIZE), LOOK))
    assert "Size ↓" in heading
    assert line_text(wide.heading(PackageView(), LOOK)).strip().startswith("Name ↑")


def test_the_figures_of_a_column_end_in_one_cell() -> None:
    columns = PackageColumns.fit(PACKAGES, 78)
    ends = {
        line_text(columns.row(one, LOOK)).index(" kB")
        for one in PACKAGES
        if one.size_bytes != 200
        if one.size_bytes
    }
    assert len(ends) == 1


def test_a_click_on_a_heading_means_its_column() -> None:
    columns = PackageColumns.fit(PACKAGES, 78)
    heading = line_text(columns.heading(PackageView(), LOOK))
    assert columns.order_at(heading.index("Name")) is PackageOrder.NAME
    assert columns.order_at(heading.index("Size")) is PackageOrder.SIZE
    assert columns.order_at(heading.index("Version")) is None


def test_what_is_wrong_is_said_in_words_and_with_a_sign() -> None:
    columns = PackageColumns.fit(PACKAGES, 118)
    missing = line_text(columns.row(package("flask", missing=("click>=8",)), LOOK))
    assert missing.startswith("●  flask")
    assert "requires click>=8, not installed" in missing
    problem = line_text(columns.row(package("odd", problem="METADATA is empty"), LOOK))
    assert problem.startswith("✗  odd")
    assert "METADATA is empty" in problem


@pytest.mark.parametrize(
    ("origin", "word"),
    [
        ("git+https://git.example/x", "git"),
        ("file:///home/ada/x", "local"),
        ("https://files.example/x.whl", "url"),
        (None, ""),
    ],
)
def test_the_origin_is_a_word(origin: str | None, word: str) -> None:
    one = package("x", origin=origin, summary="s")
    columns = PackageColumns.fit((one, package("y", origin="file:///y")), 118)
    cells = line_text(columns.row(one, LOOK)).split()
    assert cells == [part for part in ["x", "1.0", "1.0", "kB", "█" * 16, word, "s"] if part]


@settings(max_examples=40)
@given(
    st.text(max_size=60),
    st.text(max_size=30),
    st.text(max_size=80),
    st.integers(40, 180),
    st.none() | st.integers(0, 10**13),
)
def test_no_row_is_wider_than_there_is_room_or_could_act(
    name: str, version: str, summary: str, cells: int, size: int | None
) -> None:
    one = replace(package("x", size=size, summary=summary), display_name=name, version=version)
    everything = (one, *PACKAGES)
    columns = PackageColumns.fit(everything, cells)
    lines = [columns.row(one, LOOK), columns.heading(PackageView(), LOOK)]
    for line in lines:
        assert line_width(line) <= cells
        assert plain(line_text(line)) == line_text(line)
    for row in page(one, everything, LOOK, cells):
        assert line_width(row.line) <= cells
        assert plain(line_text(row.line)) == line_text(row.line)


def graph(**edges: str) -> tuple[Distribution, ...]:
    """Return packages by name with what they need, `x!` being needed and not installed."""
    wanted = {name: tuple(text.split()) for name, text in edges.items()}
    return tuple(
        package(
            name,
            requires=tuple(one.rstrip("!") for one in needed),
            missing=tuple(one[:-1] for one in needed if one.endswith("!")),
            required_by=tuple(other for other, theirs in wanted.items() if name in theirs),
        )
        for name, needed in wanted.items()
    )


def drawn(nodes: list[PageNode]) -> list[str]:
    return [f"{node.guide(unicode=True)}{node.name} {node.mark}".rstrip() for node in nodes]


def test_a_tree_is_drawn_with_its_lines() -> None:
    everything = graph(app="log web", web="http text", http="", text="", log="")
    assert drawn(needs("app", everything)) == [
        "├─ log",
        "└─ web",
        "   ├─ http",
        "   └─ text",
    ]
    assert drawn(needed_by("text", everything)) == ["└─ web", "   └─ app"]


def test_a_tree_without_unicode() -> None:
    nodes = needs("app", graph(app="api web", api="http", http="", web=""))
    assert [node.guide(unicode=False) for node in nodes] == ["|- ", "|  `- ", "`- "]


def test_cycles_and_repeats_are_marked_and_end() -> None:
    assert drawn(needs("a", graph(a="b", b="c", c="a"))) == [
        "└─ b",
        "   └─ c",
        "      └─ a cycle",
    ]
    assert drawn(needs("a", graph(a="b c", b="d", c="d", d="e", e="")))[-1] == "   └─ d above"


def test_what_is_missing_or_of_the_wrong_version_is_marked() -> None:
    everything = graph(app="gone!", old="")
    assert [(node.mark, node.wanted) for node in needs("app", everything)] == [
        (Mark.MISSING, "gone")
    ]
    app = package("app", requires=("old",), missing=("old>=2",))
    assert [(node.mark, node.wanted) for node in needs("app", (app, package("old")))] == [
        (Mark.UNMET, "old>=2")
    ]
    assert requirement_name("Typing_Extensions[x]>=4; python_version<'3.11'") == "typing-extensions"
    assert requirement_name("\x1b not one") == "\x1b not one"


def test_a_page_says_why_a_package_is_here_and_what_it_needs() -> None:
    everything = graph(app="web gone!", web="http", http="app")
    web = replace(
        everything[1],
        summary="A summary",
        licence="MIT",
        origin="git+https://git.example/x",
        scripts=(Script("web", "web:main"),),
        requires_python=">=3.9",
        installer="uv",
    )
    rows = page(web, (everything[0], web, everything[2]), LOOK, 78)
    text = "\n".join(line_text(row.line) for row in rows)
    assert "1.0 kB · MIT · installed by uv · for Python >=3.9" in text
    assert "from git+https://git.example/x" in text
    assert "scripts web" in text
    assert "Why installed  required by 1 package" in text
    assert "└─ app 1.0" in text
    assert "Requires  4 packages, 1 not satisfied" in text
    assert "gone  ✗ not installed" in text
    assert "wants" not in text
    assert "(cycle)" in text
    assert {row.target for row in rows} == {None, "app", "web", "http"}


def test_a_tree_says_which_versions_are_needed_and_marks_what_is_cut() -> None:
    app = package("app", requires=("sqlparse", "old"), missing=("sqlparse >=0.3.1", "old>=2,<3"))
    rows = page(app, (app, package("old")), LOOK, 60)
    text = "\n".join(line_text(row.line) for row in rows)
    assert "sqlparse  ✗ not installed, requires >=0.3.1" in text
    assert "● requires <3,>=2" in text
    narrow = [line_text(row.line) for row in page(app, (app, package("old")), LOOK, 30)]
    assert any(line.startswith(" └─ sqlparse") and line.endswith("…") for line in narrow) or any(
        line.startswith(" ├─ sqlparse") and line.endswith("…") for line in narrow
    )
    assert requirement_versions("x @ https://files.example/x.whl") == "https://files.example/x.whl"
    assert requirement_versions("\x1b not one") == "\x1b not one"


def test_what_was_asked_for_and_what_is_editable_is_marked_at_any_width() -> None:
    for cells in (40, 80, 160):
        columns = PackageColumns.fit(PACKAGES, cells)
        asked = line_text(columns.row(package("flask", requested=True), LOOK))
        assert asked.startswith(" ✓ flask")
        editable = line_text(columns.row(package("app", requested=True, editable=True), LOOK))
        assert editable.startswith(" ✎ app")


def test_a_page_of_what_nobody_asked_for() -> None:
    rows = page(PACKAGES[3], PACKAGES, LOOK, 78)
    text = "\n".join(line_text(row.line) for row in rows)
    said = "extraneous: not direct, not required by any package"
    assert said in " ".join(text.split())
    assert "Requires  nothing" in text
    assert "direct" in "".join(line_text(row.line) for row in page(PACKAGES[1], PACKAGES, LOOK, 78))


def test_a_page_in_letters_alone() -> None:
    everything = graph(app="web", web="gone!")
    look = Display("/home/ada", lambda: 0.0, ASCII)
    rows = page(everything[0], everything, look, 78)
    assert "".join(line_text(row.line) for row in rows).replace(" · ", "").isascii()


def test_a_chain_of_five_hundred_ends_and_stays_in_its_width() -> None:
    chain = graph(**{f"p{n}": f"p{n + 1}" if n < 499 else "" for n in range(500)})
    rows = page(chain[0], chain, LOOK, 78)
    text = [line_text(row.line) for row in rows]
    assert all(len(line) <= 100 for line in text)
    assert any("more levels" in line for line in text)
