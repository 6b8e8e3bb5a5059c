"""The synthetic home of the benchmarks: what is measured must be what the tools leave behind."""

import importlib
import json
import os
import re
import time
from collections import Counter
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from envdeck.core.discovery.find import FoundEnvironment, Survey
from envdeck.core.discovery.prefix import recognise
from envdeck.core.discovery.prune import Prune
from envdeck.core.discovery.walk import Walk
from envdeck.core.inspection.size import measure
from envdeck.core.system.host import Host

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def disk() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TESTS))
        return importlib.import_module("benchmarks.disk")


@pytest.fixture(scope="module")
def tiny(disk: ModuleType, tmp_path_factory: pytest.TempPathFactory):
    return disk.make(disk.TINY, str(tmp_path_factory.mktemp("disk") / "ada"))


@pytest.fixture(scope="module")
def survey(tiny) -> list[FoundEnvironment]:
    host = Host("linux", tiny.home, {}, root=tiny.home + "/no-root")
    signs = Survey(host, (tiny.home,), only_roots=True, prune=Prune.for_host(host))
    return [sign for sign in signs if isinstance(sign, FoundEnvironment)]


def test_the_promised_number_of_folders_and_environments_is_made(disk, tiny) -> None:
    folders = sum(len(names) for _, names, _ in os.walk(tiny.home))
    links = sum(
        Path(top, name).is_symlink() for top, names, _ in os.walk(tiny.home) for name in names
    )
    assert folders - links == tiny.folders >= disk.TINY.folders
    assert len(set(tiny.environments)) == disk.TINY.environments


def test_most_folders_lie_where_the_walk_does_not_look(tiny) -> None:
    host = Host("linux", tiny.home, {})
    walk = Walk(tiny.home, Prune.for_host(host))
    for _ in walk:
        pass
    assert walk.visited < tiny.folders / 8


def test_every_environment_is_found_and_has_all_its_markers(tiny, survey) -> None:
    assert sorted(s.candidate.path for s in survey) == sorted(tiny.environments)
    assert {s.candidate.path: s.candidate.shortcoming for s in survey} == dict.fromkeys(
        tiny.environments, ""
    )


def test_several_tools_recognise_their_own(survey) -> None:
    managers = Counter(sighting.manager.name for sighting in survey)
    assert {"uv", "venv", "poetry", "pipenv", "pdm", "hatch"} <= set(managers)


def test_one_interpreter_works_and_one_is_gone(tiny) -> None:
    entries = [path + "/bin/python" for path in tiny.environments]
    assert any(not os.path.exists(entry) for entry in entries)
    assert any(os.access(entry, os.X_OK) for entry in entries)


def test_metadata_is_read_by_the_standard_library(tiny) -> None:
    folders = [c.layout.package_folders[0].path for p in tiny.environments if (c := recognise(p))]
    found = list(metadata.distributions(path=folders))
    assert len(found) >= 2 * len(folders)
    for distribution in found:
        headers = distribution.metadata
        assert re.fullmatch(r"\w+-\w+", headers["Name"])
        assert headers.get("License-Expression") or headers.get("License")
        assert len(headers.get_payload()) > 500
        listed = distribution.files
        assert listed
        assert all(file.locate().exists() for file in listed)
        sizes = {file.name: file.size for file in listed if file.hash}
        assert sizes["METADATA"] == len(distribution.read_text("METADATA").encode())
    needs = [line for distribution in found for line in distribution.requires or ()]
    assert any("extra ==" in line for line in needs)
    assert any(distribution.entry_points for distribution in found)


def test_what_uv_made_shares_its_files_with_the_cache(tiny, survey) -> None:
    for sighting in survey:
        size = measure(sighting.candidate.path, now=0)
        assert size is not None
        shares = "uv" in sighting.candidate.cfg
        assert (size.reclaimable_bytes < size.disk_bytes) == shares


def test_folders_were_not_changed_lately(tiny) -> None:
    limit = time.time() - 86_400
    assert all(os.stat(top).st_mtime < limit for top, _, _ in os.walk(tiny.home))


def test_one_scale_gives_one_tree(disk, tiny, tmp_path: Path) -> None:
    again = disk.make(disk.TINY, str(tmp_path / "ada"))
    assert _tree(again.home) == _tree(tiny.home)


def test_a_home_is_made_once_and_again_when_the_scale_changes(disk, tmp_path: Path) -> None:
    scale = disk.Scale("small", 1, 2, (1, 1), 2, (0, 0), repositories=False)
    first = disk.ready(scale, str(tmp_path))
    marker = Path(first.home, "kept")
    marker.touch()
    assert disk.ready(scale, str(tmp_path)) == first
    assert marker.exists()
    other = disk.Scale("small", 1, 3, (1, 1), 2, (0, 0), repositories=False)
    assert len(disk.ready(other, str(tmp_path)).environments) == 3
    assert not marker.exists()
    wanted = json.loads((tmp_path / "small" / "stamp.json").read_text())["wanted"]
    assert wanted["environments"] == 3


def _tree(home: str) -> list[tuple[str, int]]:
    """Paths and lengths. Names that hash the project's path, and files that hold it, differ
    with the place: they are told by what comes before the hash, and without their length."""
    rows = []
    for top, folders, files in os.walk(home):
        for name in (*folders, *files):
            path = os.path.join(top, name)
            relative = re.sub(
                r"[-/][\w-]{8}(?=-py3|-3\.\d+|/|$)", "-*", os.path.relpath(path, home)
            )
            holds_paths = "/bin/" in path or name in {"pyvenv.cfg", ".project"}
            is_file = os.path.isfile(path) and not os.path.islink(path)
            rows.append((relative, os.path.getsize(path) if is_file and not holds_paths else 0))
    return sorted(rows)
