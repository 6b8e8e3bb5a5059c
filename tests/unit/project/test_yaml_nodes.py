"""YAML of any kind is read in bounded time, or refused with a line; it never ends the process."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.project.documents import (
    NODE_LIMIT,
    YAML_LIMIT,
    Yaml,
    YamlNode,
    parse_yaml,
    read_yaml,
)
from envdeck.core.project.model import Problem


def document(text: str) -> YamlNode:
    read = parse_yaml("f.yml", text)
    assert isinstance(read, Yaml), read
    return read.documents[0]


def problem(text: str) -> Problem:
    read = parse_yaml("f.yml", text)
    assert isinstance(read, Problem), read
    return read


def test_scalars_are_as_they_are_written_with_their_lines() -> None:
    node = document("# c\na: 3.10\nb: '3.10'\non: [yes, 0x10, ~]\nc: |\n  one\n  two\n")
    assert (node.string("a"), node.at("a").line) == ("3.10", 2)
    assert node.string("b") == "3.10"
    assert [one.text for one in node.at("on").scalars()] == ["yes", "0x10", "~"]
    assert (node.string("c"), node.at("c").line) == ("one\ntwo\n", 6)
    assert node.at("nothing", "there").text is None
    assert list(node.scalars()) == []


def test_tags_are_names_and_nothing_is_constructed(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    node = document(
        f"a: !Ref Version\nb: !!python/object/apply:os.mknod ['{mark}']\nc: !Sub\n  - x\n"
        "d: !reference [.a, b]\n"
    )
    assert (node.at("a").text, node.at("a").tag) == ("Version", "!Ref")
    assert [one.text for one in node.at("b").items] == [str(mark)]
    assert not mark.exists()


def test_of_two_keys_that_are_the_same_the_last_counts() -> None:
    assert document("a: 1\na: 2\n[x, y]: 3\n? {m: n}\n: 4\n").table.keys() == {"a"}
    assert document("a: 1\na: 2\n").string("a") == "2"


def test_merge_keys_and_aliases() -> None:
    node = document(
        "base: &base {image: x, tag: 1}\nother: &other {tag: 2, more: 3}\n"
        "job:\n  <<: [*base, *other]\n  image: y\nsame: *base\n"
    )
    job = node.at("job")
    assert [job.string(name) for name in ("image", "tag", "more")] == ["y", "1", "3"]
    assert node.at("same").line == 1
    assert document("a: &a [*a, *gone]\n").at("a").items == (YamlNode(0), YamlNode(0))


def test_several_documents() -> None:
    read = parse_yaml("f", "spec: 1\n---\na: 2\n---\n...\n")
    assert isinstance(read, Yaml)
    assert [one.string("a") for one in read.documents] == ["", "2", ""]
    assert parse_yaml("f", "# nothing\n") == Yaml("f", ())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "".join(" " * depth + "a:\n" for depth in range(600)),
        "".join(" " * depth + "-\n" for depth in range(600)),
        "a: " + "[" * 100 + "]" * 100,
        "{" * 100_000,
        "[{" * 50_000,
        "a: 1\nb: " + "[" * 100_000,
    ],
    ids=[
        "flow",
        "flow mappings",
        "entries",
        "keys",
        "mappings",
        "sequences",
        "closed",
        "bare flow mappings",
        "mixed flow",
        "flow below a key",
    ],
)
def test_nesting_without_end(text: str) -> None:
    begun = time.process_time()
    found = problem(text)
    assert found.message == "is nested too deeply for YAML"
    assert found.line is not None
    assert time.process_time() - begun < 30  # its own time: others cost it nothing


def test_aliases_of_aliases_count_as_what_they_stand_for() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    assert problem(bomb).line == 5
    merges = "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: v}}\n" for n in range(1, 40)
    )
    assert "size limit" in problem(merges).message
    assert "size limit" in problem("- a\n" * (NODE_LIMIT + 1)).message


def test_directives_without_end() -> None:
    text = "".join(f"%TAG !t{number}! tag:x\n" for number in range(20_000)) + "---\na: 1\n"
    assert "directives" in problem(text).message


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\n\tb: 2\n", 2), ("a: [1,\nb: }\n", 2), ("a: b: MARK-3f9c\n", 1), ("x: @MARK-3f9c", 1)],
)
def test_what_is_no_yaml_has_a_line_and_is_not_quoted(text: str, line: int) -> None:
    found = problem(text)
    assert (found.message, found.line) == ("is not YAML", line)
    assert "MARK" not in str(found)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 3.12\r\nb: x\r\n")
    read = read_yaml(str(path))
    assert isinstance(read, Yaml)
    assert (read.documents[0].string("a"), read.documents[0].at("b").line) == ("3.12", 2)
    path.write_bytes("a: caf\xe9\nb: 3.12\n".encode("latin-1"))
    read = read_yaml(str(path))
    assert isinstance(read, Yaml)
    assert read.documents[0].string("b") == "3.12"
    path.write_bytes(b"a: \0\x01\n")
    assert read_yaml(str(path)) == Problem(str(path), "is not YAML")
    path.write_bytes(b"#" * (YAML_LIMIT + 1))
    assert read_yaml(str(path)) == Problem(
        str(path), f"cannot be read: is larger than {YAML_LIMIT // 1024} KiB"
    )
    assert isinstance(read_yaml(str(tmp_path)), Problem)


_PIECES = st.sampled_from(
    [
        "a",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\n",
        "  ",
        "&x ",
        "*x",
        "<<",
        "|",
        ">",
        "!T ",
        "'",
        '"',
        "#",
        "%",
        "---\n",
        "? ",
        "\t",
        "\x85",
        "\\U0011ffff",
        "%YAML 9999999999.1\n",
        "\ufeff",
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_nothing_is_raised_whatever_it_says(text: str) -> None:
    read = parse_yaml("f", text)
    assert isinstance(read, Yaml | Problem)
    if isinstance(read, Yaml):
        for one in read.documents:
            assert 0 < one.size <= NODE_LIMIT
