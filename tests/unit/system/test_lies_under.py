"""What lies where, by names alone."""

from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.system.host import lies_under, outermost

PATHS = st.lists(st.sampled_from(["a", "a-b", "b", "a b"]), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


def test_a_common_beginning_is_not_enough():
    assert lies_under("/home/ada", "/home/ada")
    assert lies_under("/home/ada/x", "/home/ada")
    assert not lies_under("/home/adam", "/home/ada")
    assert lies_under("/home", "/")


@given(st.lists(PATHS, max_size=12))
def test_the_outermost_are_those_below_no_other(paths):
    expected = [
        path
        for path in dict.fromkeys(paths)
        if not any(other != path and lies_under(path, other) for other in paths)
    ]
    assert list(outermost(tuple(paths))) == expected
