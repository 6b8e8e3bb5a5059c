"""What is installed in place, read from hostile package folders."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.discovery import project_links as project_editable
from envdeck.core.discovery.project_links import editables, path_of


@pytest.fixture
def packages(home):
    """Return the package folder of an environment."""
    folder = home / "env/lib/python3.13/site-packages"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def found(packages, home):
    """Return a function that reads it: pairs of name and path."""
    return lambda: [
        (item.name, item.path) for item in editables([str(packages)], str(home / "env"))
    ]


def direct_url(url, editable=True):
    return json.dumps({"url": url, "dir_info": {"editable": editable}})


def test_direct_urls_are_the_strongest_sign(packages, found, write):
    write(packages / "shop-1.dist-info/direct_url.json", direct_url("file:///w/my%20shop"))
    write(packages / "blog-1.dist-info/direct_url.json", direct_url("file:///w/blog/"))
    write(packages / "no-1.dist-info/direct_url.json", direct_url("file:///w/no", False))
    write(packages / "git-1.dist-info/direct_url.json", direct_url("https://example.com/x"))
    write(packages / "path.pth", "/elsewhere\n")
    assert found() == [("blog", "/w/blog"), ("shop", "/w/my shop")]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "editable", '{"dir_info": {"editable": true}}', '{"dir_info": "editable"}',
     '{"url": 3, "dir_info": {"editable": true}}', "[" * 5000 + '"editable"',
     direct_url("file:///w/a%00b"), direct_url("file:relative"), "x" * 70_000],
)  # fmt: skip
def test_a_broken_direct_url_is_none(packages, found, write, content):
    write(packages / "a-1.dist-info/direct_url.json", content)
    assert found() == []


def test_lines_of_pth_files_that_lead_out(packages, found, write, home):
    write(packages / "__editable__.blog-1.0.pth", "/w/blog/src\n")
    write(packages / "_shop.pth", f"import os\n# x\nrelative\n\n{home}/env/inside\n/w/shop\n")
    write(packages / "more.pth", "/usr/lib/python3/dist-packages\n/x/site-packages/y\n")
    write(packages / "bad.pth", b"/w/a\0b\n")
    assert found() == [("_shop", "/w/shop"), ("blog", "/w/blog/src")]


def test_the_mapping_of_a_finder(packages, found, write):
    mapping = {"blog": "/w/blog/src/blog", "x": 3, "odd": "/w/back\\slash/odd"}
    write(
        packages / "__editable___blog_1_0_finder.py",
        f"MAPPING: dict[str, str] = {mapping!r}\nNAMESPACES = {{'a': '/b'}}\n",
    )
    assert found() == [("blog", "/w/blog/src"), ("odd", "/w/back\\slash")]


@pytest.mark.parametrize(
    "content",
    ["MAPPING = {__import__('os').getcwd(): '/x'}", "MAPPING = {", "MAPPING = {1: 2}",
     "MAPPING = {'a': 'relative'}", "MAPPING = {" + "{" * 9000 + "}"],
)  # fmt: skip
def test_a_strange_finder_is_not_run(packages, found, write, content):
    write(packages / "__editable___a_finder.py", content)
    assert found() == []


def test_a_missing_folder_and_many_names(packages, home, monkeypatch, write):
    assert editables([str(home / "missing")], "/env") == []
    monkeypatch.setattr(project_editable, "_ENTRIES", 3)
    for number in range(9):
        write(packages / f"{number}.pth", "/w/blog")
    assert len(editables([str(packages)], "/env")) == 3


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///home/ada/work/blog", "/home/ada/work/blog"),
        ("file://localhost/w/blog", "/w/blog"),
        ("file:///w/h%C3%B6hle", "/w/höhle"),
        ("file:///w/caf%E9", "/w/caf\udce9"),
        ("file:///w/x#subdirectory=y", "/w/x"),
        ("file:///C:/Users/Ada/blog", "C:\\Users\\Ada\\blog"),
        ("file://server/share/blog", "\\\\server\\share\\blog"),
        ("FILE:///", "/"),
        ("file://", None),
        ("https://example.com/x", None),
        ("", None),
    ],
)
def test_file_urls(url, path):
    assert path_of(url) == path


@given(st.text(max_size=80).map("file://".__add__))
def test_any_url_is_a_path_or_none(url):
    path = path_of(url)
    assert path is None or (path and "\0" not in path)


@given(st.binary(max_size=200))
def test_any_pth_is_read(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("packages")
    (folder / "x.pth").write_bytes(content)
    (folder / "__editable___x_finder.py").write_bytes(b"MAPPING = {" + content + b"}\n")
    for item in editables([str(folder)], "/env"):
        assert os.path.isabs(item.path)
