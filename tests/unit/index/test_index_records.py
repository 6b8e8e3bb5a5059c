"""Records survive the way to the memory and back; what is no record stays out."""

import json
from array import array
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.index.database import key, unkey
from envdeck.core.index.records import (
    ProjectMark,
    StoredEnvironment,
    decode_environments,
    decode_interpreters,
    deflate,
    encode_environment,
    encode_interpreter,
    inflate,
)
from envdeck.core.model import (
    Creation,
    Environment,
    Finding,
    Fix,
    FixKind,
    GlobalPackages,
    Identity,
    Interpreter,
    LastUsed,
    ProjectLink,
    ProjectState,
    Python,
    Seen,
    Severity,
    SharedFiles,
    Size,
    Status,
)

names = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    ),
    max_size=30,
)
"""Any text a path may be, the bytes that are not UTF-8 among them (PEP 383)."""
maybe = st.none() | names
numbers = st.integers(-(2**80), 2**80)
times = st.floats(allow_nan=False)
several = st.lists(names, max_size=3).map(tuple)

evidence = st.lists(st.tuples(names, numbers | st.booleans() | maybe | several)).map(tuple)
environments = st.builds(
    Environment,
    path=names,
    identity=st.builds(Identity, numbers, numbers),
    name=names,
    manager=names,
    status=st.sampled_from(Status),
    reason=names,
    python=st.builds(Python, maybe, maybe, maybe, maybe, maybe, maybe),
    creation=st.builds(
        Creation, maybe, maybe, st.booleans(), maybe, st.booleans(), st.booleans(), maybe
    ),
    packages=st.none() | numbers,
    site_packages=several,
    last_used=st.builds(LastUsed, st.none() | times, names),
    project=st.builds(ProjectLink, st.sampled_from(ProjectState), maybe, names),
    links=several,
    protected=maybe,
    findings=st.lists(
        st.builds(
            Finding,
            names,
            st.sampled_from(Severity),
            names,
            names,
            names,
            st.lists(st.tuples(names, names | numbers | st.booleans() | maybe | several)).map(
                tuple
            ),
            st.none() | st.builds(Fix, st.sampled_from(FixKind), several),
        ),
        max_size=2,
    ).map(tuple),
    examined=st.booleans(),
    leftovers=numbers,
    size=st.none()
    | st.builds(Size, numbers, numbers, numbers, numbers, st.booleans(), numbers, times),
    seen_at=times,
)
stored = st.builds(
    StoredEnvironment,
    environments,
    names,
    st.lists(times, max_size=3).map(tuple),
    project_mark=st.builds(ProjectMark, names, several),
    seen=st.builds(Seen, several, several, names, names),
)
interpreters = st.builds(
    Interpreter,
    names,
    names,
    st.builds(Identity, numbers, numbers),
    maybe,
    maybe,
    names,
    maybe,
    st.booleans(),
    st.lists(st.builds(GlobalPackages, names, names, several), max_size=2).map(tuple),
    several,
)

PLAIN = StoredEnvironment(
    Environment("/home/ada/v", Identity(1, 2), "v", "venv", Status.OK, size=Size(1, 2, 3)), "f"
)


@settings(deadline=None)
@given(st.lists(stored, max_size=3))
def test_environments_survive(several):
    assert decode_environments([encode_environment(one) for one in several]) == several


@settings(deadline=None)
@given(st.lists(interpreters, max_size=3))
def test_interpreters_survive(several):
    assert decode_interpreters([encode_interpreter(one) for one in several]) == several


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (Environment, 19),
        (Python, 6),
        (Creation, 7),
        (LastUsed, 2),
        (ProjectLink, 3),
        (Finding, 7),
        (Size, 8),
        (Interpreter, 10),
        (GlobalPackages, 3),
    ],
)
def test_no_field_is_left_out(kind, known):
    """A field that is added must be kept too, and the schema's version raised."""
    assert len(fields(kind)) == known


RECORDED = (
    '["f",[0.5],true,["/home/ada/v","v","venv","ok","","pyvenv.cfg atime","none",""],'
    '["3.8.18","cpython","/home/ada/v/bin/python","/opt/python3.8",null,"2024-10-07",null,null,'
    "null,null,null,null],[false,false,false],[1,2],3,1.5,2.5,"
    '["/home/ada/v/lib/python3.8/site-packages"],["/home/ada/l"],'
    '[["end-of-life","warning","ended","recreate"]],[1,2,3,0,0,false,0.0]]'
)
"""As it was written before contents were examined, and leftovers counted."""


def test_what_an_earlier_version_kept_is_read():
    (stored,) = decode_environments([RECORDED])
    kept = stored.environment
    assert kept.findings == (Finding("end-of-life", Severity.WARNING, "ended", "recreate"),)
    assert (kept.packages, kept.examined, kept.leftovers) == (3, False, 0)
    assert kept.last_used == LastUsed(1.5, "pyvenv.cfg atime")
    assert (stored.fingerprint, stored.atimes) == ("f", (0.5,))


def test_records_are_plain_ascii():
    odd = replace(PLAIN, environment=replace(PLAIN.environment, path="/\udcff\n[é"))
    assert encode_environment(odd).isascii()


def leaves(value, trail=()):
    """Yield the way to every value in nested lists."""
    yield trail
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*trail, index))


def changed(value, trail, new):
    if not trail:
        return new
    copy = list(value)
    copy[trail[0]] = changed(copy[trail[0]], trail[1:], new)
    return copy


@pytest.mark.parametrize("new", [None, {}, [], [[]], "text", 7, 1.5, True])
def test_a_value_of_another_type_never_gets_through(new):
    """Either the record is refused, or what was put in is a value such a field may have."""
    row = json.loads(encode_environment(PLAIN))
    for trail in leaves(row):
        text = json.dumps(changed(row, trail, new))
        (found,) = decode_environments([text])
        if found is not None:
            assert json.loads(encode_environment(found)) == json.loads(text)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 5000, "1],[1", "\udcff", "[NaN]"])
def test_damage_costs_one_record_and_no_other(text):
    good = encode_environment(PLAIN)
    assert decode_environments([good, text, good]) == [PLAIN, None, PLAIN]
    assert decode_interpreters([text]) == [None]


def test_two_halves_that_make_a_whole_are_not_taken_for_two_records():
    assert decode_environments(["[1", "2]"]) == [None, None]


@settings(deadline=None)
@given(names)
def test_paths_survive_as_bytes(path):
    assert unkey(key(path)) == path


words = st.integers(0, 2**64 - 1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), words, words, words)))
def test_shared_files_survive(records):
    packed = array("Q", [number for record in records for number in record]).tobytes()
    assert inflate(5, deflate(SharedFiles(5, packed))) == SharedFiles(5, packed)


def test_shared_files_of_file_systems_with_huge_inodes_survive():
    packed = array("Q", [2**64 - 1, 2, 1, 4096, 3, 2, 1, 4096]).tobytes()
    assert inflate(5, deflate(SharedFiles(5, packed))) == SharedFiles(5, packed)


def test_a_linked_environment_takes_a_tenth():
    records = [n for i in range(8000) for n in (10_000_000 + i * 3, 121, 1, 4096 * (i % 9))]
    packed = array("Q", records).tobytes()
    assert len(deflate(SharedFiles(5, packed))) < len(packed) / 10


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_what_is_no_packed_list_is_none(data):
    assert inflate(5, data) is None
