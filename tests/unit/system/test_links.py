"""Where links lead step by step, compared with what the system itself says."""

import os
from pathlib import Path

import pytest

from envdeck.core.system.reach import deepest_link, link_hops, outer_target


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Lay out `real/bin/python` and links of every kind to it."""
    root = tmp_path.resolve()
    (root / "real" / "bin").mkdir(parents=True)
    (root / "real" / "bin" / "python").touch()
    (root / "deep" / "er").mkdir(parents=True)
    for name, target in (
        ("folder", "real"),
        ("chained", "folder"),
        ("absolute", str(root / "chained")),
        ("dangling", "nowhere/at/all"),
        ("circle", "circle"),
        ("left", "right"),
        ("right", "left"),
        ("up", "deep/er/../../real"),
        ("deep/back", "er"),
        ("dotted", "deep/back/../../folder"),
        ("real/bin/python3", "python"),
    ):
        (root / name).symlink_to(target)
    return root


@pytest.mark.parametrize(
    "path",
    [
        "real/bin/python", "folder/bin/python3", "chained/bin/python", "absolute/bin/python3",
        "dangling/bin/python", "up/bin/python", "dotted/bin/python3", "not/there",
        "deep/back/../../real/bin/python3", "real/../folder/bin/./python",
    ],
)  # fmt: skip
def test_the_last_hop_is_where_the_system_leads(tree: Path, path: str) -> None:
    hops = link_hops(str(tree / path))
    assert hops[0] == str(tree / path)
    assert os.path.normpath(hops[-1]) == os.path.realpath(tree / path)
    assert {os.path.realpath(hop) for hop in hops} == {os.path.realpath(tree / path)}


def test_every_step_is_among_them(tree: Path) -> None:
    assert link_hops(str(tree / "absolute/bin/python3")) == tuple(
        str(tree / step / "bin" / name)
        for step, name in (
            ("absolute", "python3"),
            ("chained", "python3"),
            ("folder", "python3"),
            ("real", "python3"),
            ("real", "python"),
        )
    )


@pytest.mark.parametrize("path", ["circle", "left/bin/python", "right"])
def test_a_circle_ends(tree: Path, path: str) -> None:
    assert len(link_hops(str(tree / path))) <= 3


@pytest.mark.parametrize("path", ["/nul\0/x", "/\ud800/x", "", "relative/x", "/"])
def test_what_is_no_path_leads_to_itself(path: str) -> None:
    assert link_hops(path) == (path,)
    assert deepest_link(path) is None


def test_the_innermost_link_is_told(tree: Path) -> None:
    assert deepest_link(str(tree / "absolute/bin/python")) == str(tree / "absolute")
    assert deepest_link(str(tree / "absolute/bin/python3")) == str(tree / "absolute/bin/python3")
    assert deepest_link(str(tree / "dangling/bin/python")) == str(tree / "dangling")
    assert deepest_link(str(tree / "real/bin/python")) is None


def test_where_a_link_leads_out_of_a_folder(tree: Path) -> None:
    for name, target in (
        ("python", "../../folder/bin/python"),
        ("python3", "python"),
        ("inner", "other"),
        ("other", "nowhere"),
        ("round", "round"),
    ):
        (tree / "deep" / "er" / name).symlink_to(target)
    inside = str(tree / "deep")
    assert outer_target(f"{inside}/er/python3", inside) == str(tree / "folder/bin/python")
    for name in ("inner", "round", "absent", "nul\0"):
        assert outer_target(f"{inside}/er/{name}", inside) is None
