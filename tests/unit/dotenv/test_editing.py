"""Edits of single files, told one by one."""

import re
import subprocess

import pytest

from envdeck.core.dotenv.syntax import Unedited, add_keys, quoted, set_key

MARK = "MARK-3f9c"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain-1.2/x:y@z", "plain-1.2/x:y@z"),
        ("", ""),
        ("two words", "'two words'"),
        ("a#b", "'a#b'"),
        ("$HOME and ${X}", "'$HOME and ${X}'"),
        ('say "yes"', "'say \"yes\"'"),
        ("it's", '"it\'s"'),
        ("C:\\new", '"C:\\\\new"'),
        ("one\ntwo", '"one\\ntwo"'),
        ("it's $5", "'it\\'s $5'"),
        ("~/x", "'~/x'"),
        ("Grüße", "'Grüße'"),
    ],
)
def test_value_as_it_is_written(value, written):
    assert quoted(value) == written


@pytest.mark.parametrize("value", ["$HOME", "a b", "`id`", "x;rm -rf y", "a#b", "!!", "*", "~"])
def test_shell_reads_a_value_as_it_is(value):
    said = subprocess.run(
        ["sh", "-c", f'K={quoted(value)}; printf %s "$K"'], capture_output=True, check=True
    )
    assert said.stdout.decode() == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"A=1\n# c\nC=3\n", b"A=1\nB=new\n# c\nC=3\n"),
        (b"C=3\n", b"C=3\nB=new\n"),
        (b"", b"B=new\n"),
        (b"A=1", b"A=1\nB=new\n"),
        (b"A=1\r\nC=3\r\n", b"A=1\r\nB=new\r\nC=3\r\n"),
        (b"A=1\rC=3\r", b"A=1\rB=new\rC=3\r"),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbfB=new\n"),
        (b"\xef\xbb\xbfC=3", b"\xef\xbb\xbfC=3\nB=new\n"),
        (b"C=\xe9t\xe9\nA=1\n", b"C=\xe9t\xe9\nA=1\nB=new\n"),
        (b"export A='x\ny' # c\nC=3", b"export A='x\ny' # c\nB=new\nC=3"),
        (b"A=1\nA=2\nC=3\n", b"A=1\nA=2\nB=new\nC=3\n"),
        (b"not an assignment!\n=\nA=1\n", b"not an assignment!\n=\nA=1\nB=new\n"),
    ],
)
def test_key_goes_below_the_one_before_it_in_the_example(before, after):
    assert add_keys(before, {"B": "new"}, order=("A", "B", "C")) == after


def test_several_keys_keep_the_order_of_the_example():
    order = ("A", "B", "C", "D", "E")
    done = add_keys(b"D=4\nA=1\n", {"E": "5", "C": "3", "B": "2"}, order=order)
    assert done == b"D=4\nE=5\nA=1\nB=2\nC=3\n"


def test_key_that_the_example_has_not_goes_to_the_end():
    assert add_keys(b"A=1\nB=2\n", {"NEW": "x y"}, order=("A", "B")) == b"A=1\nB=2\nNEW='x y'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"A=1\nK=old # why\nB=2\n", b"A=1\nK=new # why\nB=2\n"),
        (b"export K = 'o\nld'\t# c\r\nB=2", b"export K = new\t# c\r\nB=2"),
        (b"K=1\nK=2\n", b"K=1\nK=new\n"),
        (b"K\n", b"K=new\n"),
        (b"K # c\n", b"K=new # c\n"),
        (b"K#c\n", b"K='new'#c\n"),
        (b"K='old'#c\n", b"K='new'#c\n"),
        (b"K= # c\n", b"K=new # c\n"),
        (b"K=\r\n", b"K=new\r\n"),
        (b"'K'=old", b"'K'=new"),
        (b'\xef\xbb\xbfK="a\\"b"\n', b"\xef\xbb\xbfK=new\n"),
        (b"N=\xe9\nK=old\n", b"N=\xe9\nK=new\n"),
    ],
)
def test_value_is_set_and_all_else_stays(before, after):
    assert set_key(before, "K", "new") == after


def test_empty_value_before_a_comment_is_quoted():
    assert set_key(b"K=old # c\n", "K", "") == b"K='' # c\n"
    assert set_key(b"K=old\n", "K", "") == b"K=\n"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'A=1\r\nB="never closed\r\nC=3\r\n', 2),
        (b"A=1\n\n\nB='never closed\nC=3\n", 4),
        (b"A=1\n'B never closed\n", 2),
    ],
)
def test_below_an_open_quote_nothing_is_added(data, line):
    found = add_keys(data, {"NEW": MARK})
    assert isinstance(found, Unedited)
    assert (found.line, "quote" in found.reason) == (line, True)


def test_above_an_open_quote_there_is_no_harm():
    data = b'A=1\nB="never closed\n'
    assert add_keys(data, {"N": "x y"}, order=("A", "N")) == b"A=1\nN='x y'\nB=\"never closed\n"


@pytest.mark.parametrize(
    ("data", "name", "value"),
    [
        (b"A=1\n", "A", MARK),
        (b"A=1\n", "N", f"{MARK}\0"),
        (b"A=1\n", "N", f"{MARK}\udc80"),
        (b"A=1\n", "two\nlines'", MARK),
        (b"A=1\n", "", MARK),
        (b"A=\xe9\n", "N", f"{MARK}\u20ac"),
        (b"A\0=\0", "N", MARK),
        (b"A=" + b" " * 5000 + b"x\n", "N", MARK),
        (b"A=\xff\n", "N", f"{MARK} \u00e9"),
    ],
)
def test_what_cannot_be_added_is_told_without_the_value(data, name, value):
    found = add_keys(data, {name: value})
    if data == b"A=\xff\n":
        assert found == b"A=\xff\n" + f"N='{MARK} \u00e9'\n".encode("latin-1")
        return
    assert isinstance(found, Unedited)
    assert "MARK" not in repr(found)
    assert re.search(r"\w", found.reason)


def test_latin_1_that_would_become_utf_8_is_refused():
    found = set_key(b"K=\xe9\n", "K", "\u00c3\u00a9")
    assert isinstance(found, Unedited)


def test_absent_key_cannot_be_set():
    assert isinstance(set_key(b"A=1\n", "B", MARK), Unedited)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_a_file_keeps_its_encoding(encoding):
    before = "A=caf\xe9\nB=1\n".encode(encoding)
    for found, after in (
        (add_keys(before, {"N": "th\xe9"}, order=("A", "N")), "A=caf\xe9\nN='th\xe9'\nB=1\n"),
        (set_key(before, "B", "th\xe9"), "A=caf\xe9\nB='th\xe9'\n"),
    ):
        assert found == after.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_not_written(encoding):
    before = f"A={MARK}\n".encode(encoding)
    for found in (add_keys(before, {"N": "1"}), set_key(before, "A", "1")):
        assert found == Unedited("UTF-16 is not written: save the file as UTF-8 first")
