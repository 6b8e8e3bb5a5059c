"""The headers of METADATA, against the standard library's e-mail parser and against noise."""

import email.parser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.metadata import CoreMetadata, parse_metadata, read_metadata
from envdeck.core.system.files import METADATA_LIMIT, Unread

FIELDS = ("Name", "Version", "Summary", "Requires-Python", "License-Expression")


def oracle(data: bytes) -> email.message.Message:
    return email.parser.Parser().parsestr(data.decode("utf-8-sig"), headersonly=True)


def one_line(value: str | None) -> str:
    return " ".join((value or "").split())


def test_reads_what_a_wheel_of_today_says():
    data = (
        b"Metadata-Version: 2.4\nName: Zope.Interface\nVersion: 7.0\nSummary: Interfaces\n"
        b"License-Expression: ZPL-2.1\nLicense: something else\nRequires-Python: >=3.9\n"
        b"Classifier: License :: OSI Approved :: MIT License\nProvides-Extra: docs\n"
        b'Requires-Dist: setuptools\nRequires-Dist: sphinx>=7; extra == "docs"\n'
        b"\n# Name: not this one\nVersion: 9\n"
    )
    assert parse_metadata(data) == CoreMetadata(
        name="Zope.Interface",
        version="7.0",
        summary="Interfaces",
        licence="ZPL-2.1",
        requires_python=">=3.9",
        requires_dist=("setuptools", 'sphinx>=7; extra == "docs"'),
        whole=True,
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_every_system_and_folded_lines(end):
    lines = [b"NAME: a", b"version:1", b"Summary: two", b"\tlines", b"   here", b"", b"Name: body"]
    read = parse_metadata(end.join(lines))
    assert (read.name, read.version, read.summary) == ("a", "1", "two lines here")


def test_a_description_among_the_headers_does_not_end_them():
    data = (
        b"Metadata-Version: 1.1\nName: old\nDescription: first\n        \n"
        b"        Name: fake\n        last\nVersion: 3\nSummary: UNKNOWN\nLicense: UNKNOWN\n"
    )
    read = parse_metadata(data)
    assert (read.name, read.version, read.summary, read.licence) == ("old", "3", "", "")


@pytest.mark.parametrize(
    ("headers", "licence"),
    [
        (b"License: MIT", "MIT"),
        (b"License: " + b"x" * 61, ""),
        (b"License: Permission\n        is hereby", ""),
        (b"License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License", "BSD License"),
        (
            b"\n".join(
                (
                    b"Classifier: License :: OSI Approved",
                    b"Classifier: License :: OSI Approved :: MIT License",
                    b"Classifier: Framework :: Pytest",
                    b"Classifier: License :: Public Domain",
                )
            ),
            "MIT License, Public Domain",
        ),
    ],
)
def test_the_licence_is_the_first_short_answer(headers, licence):
    assert parse_metadata(b"Name: a\n" + headers + b"\n\n").licence == licence


def test_latin_1_is_read_and_said():
    read = parse_metadata("Name: a\nSummary: für alle\n\n".encode("latin-1"))
    assert read.summary == "für alle"
    assert read.problem == "metadata is not UTF-8"


def test_a_description_that_is_not_utf_8_is_nobodys_business():
    assert parse_metadata(b"Name: a\nVersion: 1\n\n\xff\xfe").problem == ""


def test_secrets_in_direct_references_are_masked():
    data = b"Name: a\nRequires-Dist: b @ https://ada:secret@example.org/b.whl ; os_name == 'nt'\n\n"
    (requirement,) = parse_metadata(data).requires_dist
    assert requirement == "b @ https://****@example.org/b.whl ; os_name == 'nt'"


def test_only_the_head_of_a_huge_file_is_read(tmp_path: Path):
    path = tmp_path / "METADATA"
    with path.open("wb") as file:
        file.write(b"Name: a\nVersion: 1\n\n")
        file.truncate(100 * 1024 * 1024)
    assert read_metadata(str(path)) == CoreMetadata(name="a", version="1", whole=True)


def test_headers_longer_than_the_first_read_are_read_on(tmp_path: Path):
    path = tmp_path / "METADATA"
    requirements = tuple(f"needed-{number}>={number}" for number in range(4000))
    lines = [*(f"Requires-Dist: {text}" for text in requirements), "Name: late", "", "Name: x"]
    path.write_text("\n".join(lines), "utf-8")
    read = read_metadata(str(path))
    assert isinstance(read, CoreMetadata)
    assert (read.name, read.requires_dist, read.problem) == ("late", requirements, "")


def test_headers_without_end_are_read_up_to_the_limit(tmp_path: Path):
    path = tmp_path / "METADATA"
    path.write_bytes(
        b"Name: a\n" + b"Platform: any\n" * (METADATA_LIMIT // 14 + 10) + b"Version: 1"
    )
    read = read_metadata(str(path))
    assert isinstance(read, CoreMetadata)
    assert (read.name, read.version) == ("a", "")
    assert read.problem == "headers exceed 256 KiB"


def test_a_folder_in_its_place_is_a_reason(tmp_path: Path):
    assert isinstance(read_metadata(str(tmp_path)), Unread)


NOISE = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"Name: a", b"name : b", b"Version:", b":x", b" fold", b"\tfold", b"", b"no colon",
             b"Requires-Dist: c", b"\xff: d", b"Summary: \xe9", b"License : x", b"Name", b" "]
        ),
        max_size=12,
    ).map(b"\n".join),
)  # fmt: skip


@given(NOISE)
@example(b"\n\n")
@example(b"\xef\xbb\xbfName: a\n\n")
def test_any_bytes_are_parsed_and_as_the_e_mail_parser_does(data):
    read = parse_metadata(data)
    head = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[0]
    if read.problem or head.startswith(b"From "):  # a mailbox, which metadata never is
        return
    message = oracle(head + b"\n\n")
    assert (read.name, read.version) == (one_line(message["Name"]), one_line(message["Version"]))
    assert read.requires_dist == tuple(map(one_line, message.get_all("Requires-Dist") or ()))


VALUES = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=40).map(str.strip)


@given(
    st.lists(
        st.tuples(st.sampled_from((*FIELDS, "Requires-Dist", "X-Other")), VALUES), max_size=20
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n ", "\n        "]),
)
def test_well_formed_headers_are_read_as_the_e_mail_parser_reads_them(headers, end, fold):
    text = "".join(f"{field}: {value}{fold and fold + 'more'}\n" for field, value in headers)
    data = (text + "\nbody: no\n").replace("\n", end).encode()
    message, read = oracle(data), parse_metadata(data)
    expected = [one_line(message[field]) for field in FIELDS]
    got = (read.name, read.version, read.summary, read.requires_python or "", read.licence)
    assert [" ".join(value.split()) for value in got] == [
        "" if value == "UNKNOWN" else value for value in expected
    ]
    requirements = [one_line(value) for value in message.get_all("Requires-Dist") or ()]
    assert [" ".join(value.split()) for value in read.requires_dist] == requirements
