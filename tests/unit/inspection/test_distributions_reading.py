"""Distributions of an environment, from well-formed, old, odd and hostile metadata."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.packages import distributions as module
from envdeck.core.inspection.packages.distributions import read_distributions, read_heads
from envdeck.core.inspection.packages.metadata import KnownPackages
from envdeck.core.inspection.packages.site_packages import (
    count_distributions,
    leftovers,
    list_names,
)
from envdeck.core.model import Creation, Distribution, Environment, Identity, Python, Script, Status


def environment_of(*folders: Path, python: str = "3.12.4") -> Environment:
    return Environment(
        path=str(folders[0].parent),
        identity=Identity(1, 2),
        name="api/.venv",
        manager="venv",
        status=Status.OK,
        python=Python(python, "cpython"),
        site_packages=tuple(map(str, folders)),
    )


def install(site: Path, name: str, version: str, *headers: str, **files: str) -> Path:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    text = "\n".join(("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers))
    (folder / "METADATA").write_text(text + "\n\nbody\n", "utf-8")
    for file, content in files.items():
        (folder / file.replace("_txt", ".txt").replace("_json", ".json")).write_text(content)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return folder


def only(site: Path) -> Distribution:
    (row,) = read_distributions(environment_of(site))
    return row


def test_everything_a_wheel_leaves(site: Path):
    folder = install(
        site,
        "Api_Client",
        "2.0+local.1",
        "Summary: Talks",
        "License-Expression: MIT",
        "Requires-Python: >=3.9",
        "Requires-Dist: base>=1",
        INSTALLER="pip\n",
        REQUESTED="",
        RECORD="api/__init__.py,sha256=x,10\napi/__pycache__/a.pyc,,\napi/b.py,sha256=y,5\n",
        direct_url_json='{"url": "https://ada:pw@example.org/a.whl", "archive_info": {}}',
        entry_points_txt="[console_scripts]\napi = api:main\n",
    )
    install(site, "base", "1.5", INSTALLER="pip\n")
    row, base = read_distributions(environment_of(site))
    assert row == Distribution(
        name="api-client",
        display_name="Api_Client",
        version="2.0+local.1",
        path=str(folder),
        summary="Talks",
        licence="MIT",
        requested=True,
        installer="pip",
        origin="https://****@example.org/a.whl",
        size_bytes=15,
        requires_python=">=3.9",
        requires=("base",),
        requirements=("base>=1",),
        scripts=(Script("api", "api:main"),),
        record=row.record,
    )
    assert (bool(row.record), base.record) == (True, "")
    (folder / "RECORD").write_text("api/__init__.py,sha256=x,11\n")
    assert read_distributions(environment_of(site))[0].record not in {"", row.record}
    assert (base.required_by, base.requested, base.size_bytes) == (("api-client",), False, None)


def test_a_file_that_two_environments_share_is_read_once_and_a_changed_one_anew(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    metadata = install(first, "a", "1", "Summary: one") / "METADATA"
    second.mkdir()
    (second / "a-1.dist-info").mkdir()
    os.link(metadata, second / "a-1.dist-info" / "METADATA")
    known = KnownPackages()
    rows = [read_distributions(environment_of(one), known=known)[0] for one in (first, second)]
    assert [row.summary for row in rows] == ["one", "one"]
    metadata.write_text(metadata.read_text().replace("one", "two and more"))
    (row,) = read_distributions(environment_of(second), known=known)
    assert row.summary == "two and more"


def test_one_release_in_several_environments_has_what_is_its_own_in_each(tmp_path: Path):
    told = [
        {"RECORD": "a.py,,7\n", "INSTALLER": "pip", "REQUESTED": ""},
        {"RECORD": "a.py,,7\nb.py,,2\n", "INSTALLER": "uv"},
        {"RECORD": "a.py,,7\n", "direct_url.json": '{"url": "file:///src/a", "dir_info": {}}'},
        {"INSTALLER": "pip", "entry_points.txt": "[console_scripts]\na = a:main\n"},
    ]
    sites = [tmp_path / str(number) for number in range(len(told))]
    for site, files in zip(sites, told, strict=True):
        install(site, "a", "1", "Requires-Dist: b; python_version < '3.12'", **files)
    known = KnownPackages()
    for python in ("3.12.4", "3.9.1"):
        for site in sites:
            environment = environment_of(site, python=python)
            alone = read_distributions(environment, known=KnownPackages())
            assert read_distributions(environment, known=known) == alone
    assert [one.missing for one in alone] == [("b",)]


def test_heads_have_neither_sizes_nor_graph(site: Path):
    install(site, "a", "1", "Requires-Dist: b", RECORD="a.py,,7\n", INSTALLER="uv", REQUESTED="")
    (head,) = read_heads(environment_of(site))
    assert (head.size_bytes, head.requires, head.missing) == (None, (), ())
    assert (head.requested, head.requirements) == (True, ("b",))


def test_rows_are_sorted_by_name_over_all_folders_and_linked_ones_are_read_once(tmp_path: Path):
    lib, plat = tmp_path / "lib", tmp_path / "plat"
    install(lib, "zebra", "1")
    install(lib, "Bee", "1")
    install(plat, "ant", "1")
    (tmp_path / "lib64").symlink_to(lib, target_is_directory=True)
    environment = environment_of(lib, tmp_path / "lib64", plat)
    assert [row.name for row in read_distributions(environment)] == ["ant", "bee", "zebra"]
    assert count_distributions(environment.site_packages)[0] == 3


def test_two_of_one_name_are_two_rows_and_each_says_so(site: Path):
    install(site, "six", "1.9")
    install(site, "six", "1.16")
    install(site, "user", "1", "Requires-Dist: six>=1.10")
    rows = read_distributions(environment_of(site))
    assert [(row.name, row.version) for row in rows] == [
        ("six", "1.16"),
        ("six", "1.9"),
        ("user", "1"),
    ]
    assert [row.problem for row in rows[:2]] == ["is installed more than once: 1.16, 1.9"] * 2
    assert rows[2].missing == ()


def test_what_a_killed_pip_left_is_no_distribution(site: Path):
    install(site, "pip", "24.0")
    shutil.copytree(site / "pip-24.0.dist-info", site / "~ip-24.0.dist-info")
    (site / "~ip").mkdir()
    assert [row.name for row in read_distributions(environment_of(site))] == ["pip"]
    assert leftovers([str(site)]) == (str(site / "~ip"), str(site / "~ip-24.0.dist-info"))
    assert count_distributions([str(site)])[0] == 1


def test_metadata_that_is_missing_or_incomplete_is_filled_from_the_folder_name(site: Path):
    (site / "Gone_Away-1.2.dist-info").mkdir()
    (install(site, "nameless", "3") / "METADATA").write_text("Summary: no name\n\n")
    (install(site, "young", "4") / "METADATA").write_text("Name: Young\n\n")
    gone, nameless, young = read_distributions(environment_of(site))
    assert (gone.name, gone.version, gone.problem) == ("gone-away", "1.2", "has no METADATA")
    assert (nameless.name, nameless.version) == ("nameless", "3")
    assert nameless.summary == "no name"
    assert nameless.problem == "METADATA has no Name; METADATA has no Version"
    assert (young.display_name, young.version) == ("Young", "4")
    assert young.problem == "METADATA has no Version"


def test_metadata_of_every_hostile_kind_leaves_a_row_with_its_problem(site: Path):
    (install(site, "a-folder", "1") / "METADATA").unlink()
    (site / "a-folder-1.dist-info" / "METADATA").mkdir()
    (install(site, "b_fifo", "1") / "METADATA").unlink()
    os.mkfifo(site / "b_fifo-1.dist-info" / "METADATA")
    (install(site, "c_noise", "1") / "METADATA").write_bytes(bytes(range(256)) * 4096)
    (install(site, "d_latin", "1") / "METADATA").write_bytes(
        b"Name: d_latin\nVersion: 1\nX: \xe9\n"
    )
    huge = install(site, "e_huge", "1") / "METADATA"
    with huge.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    (site / "f_file-1.dist-info").write_text("Name: f")
    (site / "g_loop-1.dist-info").symlink_to("g_loop-1.dist-info")
    with (install(site, "h_record", "1") / "RECORD").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    rows = read_distributions(environment_of(site))
    assert [row.name for row in rows] == [
        "a-folder", "b-fifo", "c-noise", "d-latin", "e-huge", "f-file", "g-loop", "h-record"
    ]  # fmt: skip
    assert all(row.version == "1" for row in rows)
    words = ["regular", "regular", "no Name", "UTF-8", "no Name", "not a folder", "", "RECORD"]
    for row, word in zip(rows, words, strict=True):
        assert row.problem
        assert word in row.problem


def test_hostile_names_are_kept_as_they_are(site: Path):
    raw = os.fsencode(site) + b"/caf\xe9[b]\n\x1b[31m-1.dist-info"
    os.mkdir(raw)
    row = only(site)
    assert os.fsencode(row.path) == raw
    assert row.version == "1"
    assert row.display_name == "caf\udce9[b]\n\x1b[31m"


def test_package_folders_that_are_not_there(tmp_path: Path, site: Path):
    install(site, "a", "1")
    gone = environment_of(tmp_path / "gone")
    assert read_distributions(gone) == read_heads(gone) == ()
    assert count_distributions(gone.site_packages)[0] is None
    assert count_distributions(())[0] is None
    assert count_distributions([str(tmp_path / "gone"), str(site)])[0] == 1
    assert list_names(["/nul\0l"]) == leftovers([str(tmp_path / "gone")]) == ()


def test_package_folders_that_vanish_while_they_are_read(
    site: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a", "b", "c"):
        install(site, name, "1")
    real = module.read_head

    def and_then_it_is_gone(folder: str, entry: str, **asked) -> Distribution:
        row = real(folder, entry, **asked)
        shutil.rmtree(site, ignore_errors=True)
        return row

    monkeypatch.setattr(module, "read_head", and_then_it_is_gone)
    rows = read_distributions(environment_of(site))
    assert [(row.name, row.version) for row in rows] == [("a", "1"), ("b", "1"), ("c", "1")]
    assert [bool(row.problem) for row in rows] == [False, True, True]


def test_fifty_thousand_entries(site: Path):
    for number in range(50_000):
        os.symlink("nowhere", f"{site}/module{number}.py")
    install(site, "a", "1")
    assert count_distributions([str(site)])[0] == 1
    assert only(site).name == "a"


def test_an_egg_info_folder_with_requires_txt(site: Path):
    folder = site / "old_style-1.0_1-py3.8-linux-x86_64.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.1\nName: old-style\nVersion: 1.0-1\n")
    (folder / "requires.txt").write_text(
        'base\n# note\n\n[:python_version < "3"]\nenum34\n\n[fast]\nquick\n'
    )
    row = only(site)
    assert (row.name, row.version, row.size_bytes, row.problem) == ("old-style", "1.0-1", None, "")
    assert row.requirements == (
        "base",
        'enum34 ; (python_version < "3")',
        'quick ; extra == "fast"',
    )
    assert (row.requires, row.missing) == (("base",), ("base",))
    assert list_names([str(site)])[0][:2] == ("old-style", "1.0-1")


def test_an_egg_info_file(site: Path):
    (site / "distutils_made-0.5.egg-info").write_text("Name: distutils.made\nVersion: 0.5\n")
    row = only(site)
    assert (row.name, row.version, row.problem) == ("distutils-made", "0.5", "")


def test_an_egg_and_a_zipped_one(site: Path):
    (site / "Laid-1.0-py3.6.egg" / "EGG-INFO").mkdir(parents=True)
    info = site / "Laid-1.0-py3.6.egg" / "EGG-INFO" / "PKG-INFO"
    info.write_text("Name: Laid\nVersion: 1.0\n")
    (site / "zipped-2.0-py3.6.egg").write_bytes(b"PK")
    laid, zipped = read_distributions(environment_of(site))
    assert (laid.name, laid.version, laid.problem) == ("laid", "1.0", "")
    assert (zipped.name, zipped.version, zipped.problem) == ("zipped", "2.0", "is a zipped egg")


def test_a_project_in_development_by_egg_link(site: Path, home: Path):
    project = home / "work" / "my api"
    (project / "My_Api.egg-info").mkdir(parents=True)
    (project / "My_Api.egg-info" / "PKG-INFO").write_text("Name: My-Api\nVersion: 0.1\n")
    (site / "my-api.egg-link").write_text(f"{project}\n.")
    row = only(site)
    assert (row.name, row.version, row.editable, row.problem) == ("my-api", "0.1", True, "")
    assert row.origin == project.as_uri()
    assert row.path == str(site / "my-api.egg-link")


@pytest.mark.parametrize("content", ["", "relative/folder\n.", "/nowhere/at/all\n.", "/\0\n."])
def test_an_egg_link_that_leads_nowhere_is_a_row_with_its_problem(site: Path, content: str):
    (site / "lost.egg-link").write_text(content)
    row = only(site)
    assert (row.name, row.version, row.editable) == ("lost", "", True)
    assert row.problem


def test_names_and_versions_without_opening_a_file(site: Path, monkeypatch: pytest.MonkeyPatch):
    paths = [
        str(install(site, "ruamel.yaml", "0.18.6")),
        str(install(site, "python-dateutil", "2.8")),
        str(install(site, "A_b", "1!2.0rc1+cu12")),
    ]

    def refuse(*_: object) -> int:
        raise AssertionError("opened a file")

    monkeypatch.setattr(os, "open", refuse)
    assert set(list_names((str(site),))) == {
        ("a-b", "1!2.0rc1+cu12", paths[2]),
        ("python-dateutil", "2.8", paths[1]),
        ("ruamel-yaml", "0.18.6", paths[0]),
    }


def test_requirements_that_cannot_be_read_are_kept_and_said(site: Path):
    install(site, "a", "1", "Requires-Dist: ???", "Requires-Dist: b")
    row = only(site)
    assert (row.requires, row.requirements) == (("b",), ("???", "b"))
    assert row.problem == "invalid requirements: ???"


def test_system_packages_satisfy_when_they_are_switched_on(site: Path, tmp_path: Path):
    base = tmp_path / "base"
    install(base / "lib" / "python3.12" / "site-packages", "numpy", "2.0")
    install(base / "lib" / "python3" / "dist-packages", "six", "1.16")
    install(site, "a", "1", "Requires-Dist: numpy>=1", "Requires-Dist: six>=2")
    alone = replace(environment_of(site), python=Python("3.12.4", "cpython", base=str(base)))
    assert read_distributions(alone)[0].missing == ("numpy>=1", "six>=2")
    open_to_system = replace(alone, creation=Creation(system_site_packages=True))
    (row,) = read_distributions(open_to_system)
    assert (row.requires, row.missing) == (("numpy", "six"), ("six>=2",))
    (row,) = read_distributions(open_to_system, system_folders=())
    assert row.missing == ("numpy>=1", "six>=2")


def test_nothing_is_executed_or_imported(site: Path, tmp_path: Path):
    trap = tmp_path / "ran"
    install(
        site, "trap", "1", RECORD="trap.py,,9\n", entry_points_txt="[console_scripts]\nt=trap:t"
    )
    (site / "trap.py").write_text(f"open({str(trap)!r}, 'w')")
    (site / "trap.pth").write_text(f"import trap; open({str(trap)!r}, 'w')")
    assert only(site).scripts == (Script("t", "trap:t"),)
    assert not trap.exists()
    assert "trap" not in sys.modules


def test_looking_leaves_access_times_alone(site: Path):
    folder = install(site, "a", "1", INSTALLER="pip\n", RECORD="a.py,,1\n")
    files = [folder / name for name in ("METADATA", "INSTALLER", "RECORD")]
    for file in files:
        os.utime(file, ns=(1, file.stat().st_mtime_ns))
    assert only(site).size_bytes == 1
    assert [file.stat().st_atime_ns for file in files] == [1, 1, 1]


@pytest.mark.parametrize("name", ["-umpy", "~umpy", "=umpy", "%umpy", ".umpy", "~-mpy"])
def test_what_an_interrupted_pip_left_is_counted_apart(tmp_path, name):
    for entry in ("numpy-1.21.0.dist-info", f"{name}-1.21.0.dist-info"):
        (tmp_path / entry).mkdir()
    assert count_distributions([str(tmp_path)]) == (1, 1)
    assert [one.name for one in list_names([str(tmp_path)])] == ["numpy"]
    assert leftovers([str(tmp_path)]) == (str(tmp_path / f"{name}-1.21.0.dist-info"),)
