"""Where a distribution came from, and that no secret comes with it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.provenance import DirectUrl, mask_text, mask_url, parse


def read(**content: object) -> DirectUrl:
    return parse(json.dumps(content).encode())


def test_an_editable_folder():
    found = read(url="file:///home/ada/work/api", dir_info={"editable": True})
    assert found == DirectUrl("file:///home/ada/work/api", editable=True, kind="directory")


@pytest.mark.parametrize("info", [{}, {"editable": False}, {"editable": "yes"}])
def test_a_folder_that_was_copied(info):
    assert not read(url="file:///home/ada/work/api", dir_info=info).editable


def test_a_checkout():
    info = {"vcs": "git", "requested_revision": "main", "commit_id": "0f1e"}
    found = read(url="ssh://git@example.org/ada/api.git", vcs_info=info, subdirectory="py")
    assert found == DirectUrl(
        "ssh://git@example.org/ada/api.git",
        kind="git",
        commit="0f1e",
        requested="main",
        subdirectory="py",
    )


def test_an_archive():
    found = read(url="https://example.org/a.whl", archive_info={"hash": "sha256=00"})
    assert found == DirectUrl("https://example.org/a.whl", kind="archive")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 60000, "not JSON"),
        (b"\x00\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no url"),
        (b'{"url": 3, "dir_info": {}}', "no url"),
        (b'{"url": "file:///a"}', "no dir_info, archive_info or vcs_info"),
        (
            b'{"url": "file:///a", "dir_info": {}, "vcs_info": {}}',
            "no dir_info, archive_info or vcs_info",
        ),
        (b'{"url": "file:///a", "dir_info": 1}', "no dir_info, archive_info or vcs_info"),
        (b'{"url": "file:///a", "vcs_info": {}}', "system"),
    ],
)
def test_what_departs_from_the_standard_is_a_problem(data, word):
    assert word in parse(data).problem


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://ada:secret@example.org/a.whl", "https://****@example.org/a.whl"),
        ("https://secret@example.org/a.whl", "https://****@example.org/a.whl"),
        ("https://ada:sec@ret@example.org/a", "https://****@example.org/a"),
        ("https://ada:se/cret@example.org/a", "https://****@example.org/a"),
        ("https://ada:se?cr#et@example.org/a", "https://****@example.org/a"),
        ("git+ssh://git@example.org/a", "git+ssh://git@example.org/a"),
        ("ssh://git:secret@example.org/a", "ssh://****@example.org/a"),
        ("git@example.org:ada/api.git", "git@example.org:ada/api.git"),
        ("ada:secret@example.org:ada/api.git", "****@example.org:ada/api.git"),
        ("https://${TOKEN}@example.org/a", "https://${TOKEN}@example.org/a"),
        ("https://${USER}:${PASS}@example.org/a", "https://${USER}:${PASS}@example.org/a"),
        ("https://${USER}:secret@example.org/a", "https://****@example.org/a"),
        ("https://example.org/a.whl?token=secret&x=", "https://example.org/a.whl?token=****&x="),
        ("https://example.org/a.whl?secret", "https://example.org/a.whl?****"),
        (
            "https://example.org/a#egg=a&subdirectory=b",
            "https://example.org/a#egg=a&subdirectory=b",
        ),
        ("https://example.org/a#access_token=s", "https://example.org/a#access_token=****"),
        ("https://example.org:8443/a@v1", "https://example.org:8443/a@v1"),
        ("https://[2001:db8::1]:8443/a@v1", "https://[2001:db8::1]:8443/a@v1"),
        ("file:///home/ada/a@b", "file:///home/ada/a@b"),
        ("1https://ada:secret@example.org/a", "1https://****@example.org/a"),
        ("", ""),
    ],
)
def test_credentials_are_masked_and_the_place_is_kept(url, masked):
    assert mask_url(url) == masked
    assert mask_url(masked) == masked


def test_urls_inside_text_are_masked():
    assert mask_text("a @ https://u:p@example.org/a ; x") == "a @ https://****@example.org/a ; x"
    assert mask_text("x1git+https://u:p@example.org/a") == "x1git+https://****@example.org/a"


@given(st.binary(max_size=200))
def test_any_bytes_become_a_value(data):
    assert isinstance(parse(data), DirectUrl)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["url", "dir_info", "vcs_info", "archive_info", "vcs", "editable"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_becomes_a_value(content):
    assert isinstance(parse(json.dumps(content).encode()), DirectUrl)


@given(st.text(st.characters(exclude_characters="@:/?#[]\n "), min_size=3, max_size=20))
def test_no_password_survives(secret):
    password = f"<{secret}>"
    for url in (f"https://ada:{password}@example.org/x", f"https://{password}@example.org/x"):
        assert password not in str(read(url=url, dir_info={}).origin)


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("file:///work/e@f+g", "file:///work/e%40f%2Bg"),  # uv
        ("file:///work/e%40f%2bg", "file:///work/e%40f%2Bg"),  # pip
        ("file:///work/a%23b%25", "file:///work/a%23b%25"),
        ("file:///work/\u00e9%20[x]", "file:///work/%C3%A9%20%5Bx%5D"),
        ("file:///work/%FF", "file:///work/%FF"),
        ("file:///C:/work/a+b", "file:///C:/work/a%2Bb"),
        ("file:///work/a+b-1.whl#sha256=0ff", "file:///work/a%2Bb-1.whl#sha256=0ff"),
        ("file://server/a+b", "file://server/a+b"),
        ("https://files.example/a+b", "https://files.example/a+b"),
    ],
)
def test_folders_and_files_have_one_spelling(written, origin):
    """What installers wrote is compared with what is declared: pypa/pipenv#2639 and its like."""
    assert read(url=written, dir_info={}).origin == origin
