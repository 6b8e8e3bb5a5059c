"""A file beside its example."""

from envdeck.core.dotenv.files import compare
from envdeck.core.dotenv.model import DotenvFile, FileKind, Key, KeyComparison


def file(path: str, *names: str, problem: str = "") -> DotenvFile:
    kind = FileKind.EXAMPLE if "example" in path or "sample" in path else FileKind.ENV
    keys = tuple(Key(name, 1, has_value=True) for name in names)
    return DotenvFile(path, kind, keys, problem=problem)


def test_both_ways_are_compared_in_the_order_of_each():
    files = (file("/p/.env", "X", "B", "W"), file("/p/.env.example", "C", "B", "A"))
    assert compare(files) == (
        KeyComparison("/p/.env", "/p/.env.example", missing=("C", "A"), extra=("X", "W")),
    )


def test_each_file_has_its_own_example_and_an_overlay_none():
    files = (
        file("/p/.env"),
        file("/p/.env.example", "A"),
        file("/p/.env.local", "B"),
        file("/p/.env.test"),
        file("/p/.env.test.example", "T"),
        file("/p/docker/.env"),
        file("/p/docker/example.env", "D"),
    )
    assert [(one.file, one.missing) for one in compare(files)] == [
        ("/p/.env", ("A",)),
        ("/p/.env.test", ("T",)),
        ("/p/docker/.env", ("D",)),
    ]


def test_of_several_examples_the_usual_one_counts():
    files = (
        file("/p/.env", "A"),
        file("/p/.env.sample", "B"),
        file("/p/.env.example", "C"),
        file("/p/example.env", "D"),
    )
    assert compare(files)[0].missing == ("C",)


def test_a_local_file_stands_in_for_one_that_is_not_there():
    files = (file("/p/.env.local"), file("/p/.env.example", "A"))
    assert [one.file for one in compare(files)] == ["/p/.env.local"]


def test_what_was_not_read_is_not_compared():
    assert not compare((file("/p/.env", problem="is a FIFO"), file("/p/.env.example", "A")))
    assert not compare((file("/p/.env", "A"), file("/p/.env.example", problem="is a FIFO")))
