"""Whatever happens to the list, in whatever order: the cursor, the marks and the order hold."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from envdeck.core.model import Environment, Identity, LastUsed, Python, Size, Status
from envdeck.tui.store import COLUMNS, Listing, Query
from envdeck.tui.store.columns import sort_key

NOW = 1_795_000_000.0
NAMES = st.sampled_from(["a", "B", "c/d", "[/]", "é", "\udcff", "z z", "日本", "a/b", "ab"])
ENVIRONMENTS = st.builds(
    lambda name, manager, status, version, freed, used: Environment(
        f"/w/{name}",
        Identity(1, 1),
        name,
        manager,
        status,
        python=Python(version, end_of_life="2024-10-07" if version == "3.8.1" else None),
        size=None if freed is None else Size(freed, freed, freed),
        last_used=LastUsed(used, "x"),
    ),
    NAMES,
    st.sampled_from(["uv", "venv"]),
    st.sampled_from(Status),
    st.sampled_from([None, "3.8.1", "3.12", "3.9.19"]),
    st.one_of(st.none(), st.integers(0, 10**10)),
    st.one_of(st.none(), st.floats(0, 2 * NOW)),
)
QUERIES = st.sampled_from(
    ["", "a", "manager:uv", "status:broken", "eol", "python:3.12", "size:>1GB", "nonsense:", "a b"]
)


class ListingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.listing = Listing()
        self.known: dict[str, Environment] = {}

    def unmoved(self) -> str | None:
        """The cursor that must not change, if it was touched and its row stays."""
        return self.listing.cursor if self.listing.touched else None

    def keeps(self, before: str | None) -> None:
        if before is not None and self.listing.index(before) is not None:
            assert self.listing.cursor == before

    @rule(environments=st.lists(ENVIRONMENTS, max_size=6))
    def put(self, environments):
        before = self.unmoved()
        self.listing.put(environments)
        self.known.update({each.path: each for each in environments})
        self.keeps(before)

    @rule(names=st.lists(NAMES, max_size=3))
    def remove(self, names):
        before = self.unmoved()
        paths = [f"/w/{name}" for name in names]
        self.listing.remove(paths)
        for path in paths:
            self.known.pop(path, None)
        self.keeps(before)

    @rule(column=st.sampled_from(COLUMNS), reverse=st.booleans())
    def sort(self, column, reverse):
        before = self.unmoved()
        self.listing.sort_by(column, reverse=reverse)
        self.keeps(before)

    @rule(text=QUERIES)
    def narrow(self, text):
        self.listing.narrow(Query.parse(text, NOW))

    @precondition(lambda self: len(self.listing))
    @rule(data=st.data())
    def move(self, data):
        place = data.draw(st.integers(0, len(self.listing) - 1))
        wanted = self.listing.at(place).path
        self.listing.move_to(place)
        assert self.listing.cursor == wanted

    @rule(rows=st.integers(-3, 3))
    def move_by(self, rows):
        self.listing.move_to((self.listing.index(self.listing.cursor) or 0) + rows)

    @rule()
    def touch(self):
        self.listing.touch()

    @rule()
    def mark(self):
        before = self.listing.marks.paths
        self.listing.marks.toggle()
        changed = before ^ self.listing.marks.paths
        assert changed == ({self.listing.cursor} if self.listing.cursor else set())

    @rule()
    def mark_all(self):
        self.listing.marks.toggle_all()

    @rule()
    def start_range(self):
        self.listing.marks.start_range()

    @rule()
    def mark_range(self):
        listing = self.listing
        before, ranging, cursor = listing.marks.paths, listing.marks.ranging, listing.cursor
        listing.marks.mark_range()
        assert not listing.marks.ranging
        assert before <= listing.marks.paths
        if ranging:
            assert cursor in listing.marks.paths

    @invariant()
    def rows_are_what_was_put_and_match(self):
        listing = self.listing
        assert {each.path: each for each in listing.environments()} == self.known
        expected = Listing()
        expected.put(self.known.values())
        expected.narrow(listing.query)
        assert {each.path for each in listing.shown()} == {each.path for each in expected.shown()}

    @invariant()
    def rows_are_in_order(self):
        listing = self.listing
        keys = [sort_key(each, listing.column, reverse=listing.reverse) for each in listing.shown()]
        assert keys == sorted(keys)
        assert len(set(keys)) == len(keys)

    @invariant()
    def the_cursor_is_shown_if_anything_is(self):
        listing = self.listing
        assert (listing.cursor is None) == (len(listing) == 0)
        if listing.cursor is not None:
            assert listing.at(listing.index(listing.cursor)).path == listing.cursor
        if not listing.touched and len(listing):
            assert listing.index(listing.cursor) == 0

    @invariant()
    def marks_exist_and_targets_do(self):
        listing = self.listing
        assert listing.marks.paths <= set(self.known)
        assert {each.path for each in listing.marks.environments()} == listing.marks.paths
        if listing.marks.paths:
            assert {each.path for each in listing.marks.targets()} == listing.marks.paths
        else:
            assert [each.path for each in listing.marks.targets()] == [
                path for path in [listing.cursor] if path
            ]

    @invariant()
    def a_range_starts_at_a_row_shown(self):
        listing = self.listing
        within = listing.marks.range_test()
        inside = [place for place in range(len(listing)) if within(place)]
        assert listing.marks.ranging == bool(inside)
        if inside:
            assert listing.index(listing.cursor) in {inside[0], inside[-1]}


TestListingMachine = ListingMachine.TestCase
TestListingMachine.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
