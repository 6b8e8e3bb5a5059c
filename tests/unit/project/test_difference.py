"""Two sets of packages side by side, and what is written of them."""

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from envdeck.core.model import Distribution, Environment, Identity, Python, Status
from envdeck.core.project.difference import (
    Side,
    SideError,
    difference,
    difference_from_file,
    read_json_side,
    side_of,
)
from envdeck.text.difference import export

HERE = Environment(
    "/home/ada/work/api/.venv",
    Identity(1, 1),
    "api/.venv",
    "uv",
    Status.OK,
    python=Python("3.12.4", "cpython"),
    packages=3,
)


def distribution(name, version, **changes):
    return replace(Distribution(name, name, version, f"/x/{name}"), **changes)


INSTALLED = (
    distribution("attrs", "25.1"),
    distribution("idna", "3.7"),
    distribution("mine", "0.1", editable=True),
)


def written(tmp_path, document, name="there.json"):
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def shown(*packages, schema=1, **more):
    return {
        "schema": schema,
        "path": "/home/bo/api/.venv",
        "python": {"version": "3.13.1"},
        "distributions": [{"name": name, "version": version} for name, version in packages],
        **more,
    }


def test_two_environments():
    other = replace(HERE, path="/home/ada/old/.venv", python=Python("3.8.18"))
    found = difference(
        side_of(HERE, INSTALLED),
        side_of(other, (distribution("attrs", "24.0"), distribution("idna", "3.7"))),
    )
    assert [(one.name, one.first, one.second) for one in found.differing] == [
        ("attrs", "25.1", "24.0"),
        ("mine", "0.1 (editable)", None),
    ]
    assert (len(found.changed), len(found.only_first), len(found.only_second)) == (1, 1, 0)
    assert (found.agreed, found.same_python) == (1, False)


def test_the_json_of_another_machine(tmp_path, host):
    path = written(tmp_path, shown(("Attrs", "25.1"), ("new_one", "2")))
    found, project = difference_from_file(HERE, INSTALLED, path, host)
    assert project is None
    assert found.second.python == "3.13.1"
    assert [one.name for one in found.only_second] == ["new-one"]
    assert "attrs" not in [one.name for one in found.differing]


def test_a_newer_schema_is_read_as_far_as_it_is_known_and_that_is_said(tmp_path):
    document = shown(("attrs", "25.1"), schema=9, locks={"new": "things"})
    document["distributions"] += [{"name": "odd", "version": {"epoch": 1}}, 7, {"name": "", "v": 1}]
    side = read_json_side(written(tmp_path, document), HERE)
    assert side.packages == {"attrs": "25.1"}
    assert "schema 9" in side.notes[0]
    assert "3 entries" in side.notes[1]


def test_what_show_writes_has_no_schema_of_its_own(tmp_path):
    document = shown(("attrs", "25.1"))
    del document["schema"]
    side = read_json_side(written(tmp_path, document), HERE)
    assert (side.packages, side.notes) == ({"attrs": "25.1"}, ())


def test_of_a_list_the_one_like_this_is_taken(tmp_path):
    other, same = shown(("x", "1")), shown(("x", "2"), name="api/.venv")
    path = written(tmp_path, {"schema": 1, "environments": [other, same]})
    assert read_json_side(path, HERE).packages == {"x": "2"}


@pytest.mark.parametrize(
    "document",
    [
        "{", "[" * 100_000, {"schema": 1, "environments": []},
        {"schema": 1, "environments": [{"path": "/a"}, {"path": "/b"}]},
        {"schema": 1, "distributions": "many"},
    ],
    ids=["torn", "deep", "empty", "list without packages", "text"],
)  # fmt: skip
def test_what_holds_no_packages_is_refused(tmp_path, document):
    with pytest.raises(SideError):
        read_json_side(written(tmp_path, document), HERE)


def test_json_of_another_kind_is_no_side(tmp_path):
    assert read_json_side(written(tmp_path, {"default": {}, "develop": {}}), HERE) is None
    assert read_json_side(written(tmp_path, [1]), HERE) is None


def test_a_requirements_file(tmp_path, host):
    path = written(tmp_path, "attrs<25\nidna\nmissing-one==1\n", "requirements.txt")
    found, project = difference_from_file(HERE, INSTALLED, path, host)
    assert project is not None
    told = {one.name: (one.first, one.second) for one in found.pairs}
    assert told["attrs"] == ("25.1", "<25")
    assert told["missing-one"] == (None, "==1")


HOSTILE = difference(
    Side("/home/ada/a|b`<i>", "3.12", {"=cmd()": "1|2", "x": "1\x1b[31m"}),
    Side("two", "3.13", {"x": "2", "y": "<script>"}, notes=("a <b> note",)),
)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.cells = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.cells.append(data)


def test_html_holds_no_tag_of_a_name():
    read = Tags()
    read.feed(export(HOSTILE, "html", "/home/ada"))
    assert {"script", "i", "b"}.isdisjoint(read.tags)
    assert "<script>" in read.cells


def test_csv_is_read_back_and_a_spreadsheet_calculates_nothing():
    rows = list(csv.reader(io.StringIO(export(HOSTILE, "csv", "/home/ada"))))
    assert rows[0] == ["package", "~/a|b`<i>", "two", "difference"]
    assert rows[1] == ["Python", "3.12", "3.13", "different"]
    assert rows[2] == ["'=cmd()", "1|2", "", "only first"]
    assert "\x1b" not in rows[3][1]


def test_markdown_keeps_its_columns():
    lines = [one for one in export(HOSTILE, "markdown", "/home/ada").splitlines() if "|" in one]
    table = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {5}
    assert "<script>" not in "".join(lines)


def test_a_python_that_is_not_told_does_not_differ():
    found = difference(Side("one", "3.12", {}), Side("two", None, {}))
    for form in ("markdown", "csv", "html"):
        assert "different" not in export(found, form, "").split("Python")[-1].split("\n")[0]


def test_text_names_both_sides():
    text = export(HOSTILE, "text", "/home/ada")
    assert "first: ~/a|b`<i>, Python 3.12" in text
    assert "1 different, 1 only in the first, 1 only in the second, 0 identical" in text
    assert "\x1b" not in text
