"""Why a package is installed: the chains that lead to it."""

from envdeck.core.inspection.packages.dependencies import CHAINS_AT_MOST, chains
from envdeck.core.model import Distribution


def graph(**required_by: str) -> list[Distribution]:
    """Make distributions of what requires each of them, separated by blanks."""
    return [
        Distribution(name, name, "1", "", required_by=tuple(text.split()))
        for name, text in required_by.items()
    ]


def test_every_chain_from_a_root_is_told_the_shortest_first():
    found = chains(
        graph(idna="requests httpx", requests="app", httpx="requests", app=""), "idna", {"app"}
    )
    assert found == (("app", "requests", "idna"), ("app", "requests", "httpx", "idna"))


def test_a_root_by_itself_is_a_chain_of_its_own():
    assert chains(graph(idna="requests", requests=""), "idna", {"idna", "requests"}) == (
        ("idna",),
        ("requests", "idna"),
    )


def test_what_nothing_requires_and_is_no_root_has_no_chain():
    assert chains(graph(idna=""), "idna", set()) == ()


def test_a_chain_ends_at_what_nothing_requires_root_or_not():
    assert chains(graph(idna="requests", requests=""), "idna", set()) == (("requests", "idna"),)


def test_a_cycle_is_not_walked_for_ever():
    assert chains(graph(a="b", b="a"), "a", {"b"}) == (("b", "a"),)
    assert chains(graph(a="b", b="a"), "a", set()) == ()


def test_a_graph_with_very_many_chains_is_bounded():
    names = [f"n{number}" for number in range(40)]
    found = chains(
        graph(**{name: " ".join(names[at + 1 :]) for at, name in enumerate(names)}), "n0", {"n39"}
    )
    assert 0 < len(found) <= CHAINS_AT_MOST
