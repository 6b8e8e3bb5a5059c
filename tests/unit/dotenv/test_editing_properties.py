"""The editor, checked over texts that nobody would write: what python-dotenv reads of them differs
in the edited key alone, and every byte outside of the edit is what it was."""

import re
from io import StringIO

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.dotenv.syntax import Unedited, add_keys, quoted, set_key

NAMES = ("A", "B", "KEY", "a.b", "Ü")
values = st.text(
    st.one_of(
        st.sampled_from("'\"\\#$ {}=`\n\r\tabn~;!*é€\u2028\x85\ufeff"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)
blanks = st.sampled_from(["", " ", "\t", "  "])
ends = st.sampled_from(["\n", "\r\n", "\r"])
written = st.one_of(
    values.map(quoted),
    st.text(st.sampled_from("ab'\"\\# $=\n"), max_size=8),
    st.sampled_from(["'two\nlines'", '"two\r\nlines"', '"a\\"b"', "'it\\'s'", '"open', "'open"]),
)
lines = st.one_of(
    st.builds(
        lambda *parts: "".join(parts),
        blanks,
        st.sampled_from(["", "", "export "]),
        st.sampled_from([*NAMES, "'KEY'", "'a b'"]),
        blanks,
        st.sampled_from(["=", "=", "=", ""]),
        blanks,
        written,
        st.sampled_from(["", "", " # comment", "#tail", "  "]),
    ),
    st.sampled_from(["", "# comment", "broken line", "=", "  ", "'", '"', "\x0c", "\ufeff"]),
)


@st.composite
def files(draw):
    end = draw(ends)
    text = "".join(
        draw(lines) + draw(st.sampled_from([end, end, "\n"]))
        for _ in range(draw(st.integers(0, 6)))
    )
    text += draw(st.one_of(st.just(""), lines))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "latin-1"]))
    if encoding == "latin-1":
        text = text.encode("latin-1", "ignore").decode("latin-1") + "# \xe9"
    return text.encode(encoding)


def text_of(data, like):
    return data.decode("latin-1" if is_latin_1(like) else "utf-8")


def read(data, like):
    """What python-dotenv makes of it, in order; a statement that it cannot read as None."""
    bindings = parse_stream(StringIO(text_of(data, like), newline=""))
    return [(one.key, one.value) for one in bindings if one.key is not None or one.error]


@settings(deadline=None)
@given(values)
def test_value_is_read_back_as_it_was(value):
    line = f"K={quoted(value)}\nNEXT=1\n"
    assert dotenv_values(stream=StringIO(line, newline=""), interpolate=False) == {
        "K": value,
        "NEXT": "1",
    }


@settings(deadline=None)
@given(values, st.sampled_from(["\n", "\r\n"]))
def test_value_is_read_back_from_a_file(tmp_path_factory, value, end):
    path = tmp_path_factory.mktemp("read") / ".env"
    path.write_bytes(f"K={quoted(value)}{end}NEXT=1{end}".encode())
    assert dotenv_values(path, interpolate=False) == {"K": value, "NEXT": "1"}


@settings(max_examples=300, deadline=None)
@given(files(), st.sampled_from(NAMES), values)
def test_only_the_key_that_is_set_is_read_otherwise(data, name, value):
    done = set_key(data, name, value)
    before = read(data, data)
    if isinstance(done, Unedited):
        absent = name not in [key for key, _ in before]
        assert absent or not value.isascii() or before.count((None, None)), done
        return
    after = read(done, data)
    at = max(place for place, (key, _) in enumerate(before) if key == name)
    assert after == [*before[:at], (name, value), *before[at + 1 :]]
    hold_the_rest(data, done, name)


@settings(max_examples=300, deadline=None)
@given(files(), st.dictionaries(st.sampled_from(["N1", "N2", "N3"]), values, min_size=1))
def test_only_what_is_added_is_read_more(data, added):
    order = ("A", "N1", "KEY", "N2", "B", "N3")
    done = add_keys(data, added, order=order)
    before = read(data, data)
    if isinstance(done, Unedited):
        told = done.line is not None or not all(map(str.isascii, added.values()))
        assert told, done
        return
    after = read(done, data)
    assert [one for one in after if one[0] not in added] == before
    assert {one for one in after if one[0] in added} == set(added.items())
    assert len(after) == len(before) + len(added)
    encoding = "latin-1" if is_latin_1(data) else "utf-8"
    left = done
    for name, value in added.items():
        left, count = re.subn(
            rb"(\r\n|\n|\r)?"
            + re.escape(f"{name}={quoted(value)}".encode(encoding))
            + rb"(\r\n|\n|\r)",
            lambda found: found[1] or b"",
            left,
            count=1,
        )
        assert count == 1
    assert left in {data, data + b"\n", data + b"\r\n", data + b"\r"}


def hold_the_rest(data, done, name):
    """Check that what differs is the value alone, in the last statement of that name."""
    stretch = span_of(data, name)
    head, tail = data[: stretch[0]], data[stretch[1] :]
    assert done.startswith(head)
    assert done.endswith(tail)
    old, new = data[stretch[0] : stretch[1]], done[len(head) : len(done) - len(tail)]
    written = name.encode("latin-1" if is_latin_1(data) else "utf-8")
    same = next((at for at in range(len(old)) if old[at : at + 1] != new[at : at + 1]), len(old))
    assert written in old[:same]
    assert ends_of(new) == ends_of(old)


def span_of(data, name):
    """Return from where to where, in bytes, the last statement of a name stands."""
    text, found = text_of(data, data), (0, 0)
    statements = list(parse_stream(StringIO(text, newline="")))
    place = len(text) - sum(len(one.original.string) for one in statements)  # a BOM
    for one in statements:
        behind = place + len(one.original.string)
        if one.key == name:
            found = (place, behind)
        place = behind
    encoding = "latin-1" if is_latin_1(data) else "utf-8"
    first, last = (len(text[:each].encode(encoding)) for each in found)
    return first, last


def ends_of(statement):
    return statement[len(statement.rstrip(b"\r\n")) :]


def is_latin_1(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False
