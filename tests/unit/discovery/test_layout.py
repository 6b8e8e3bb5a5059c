"""Where the parts of an environment are, by platform and implementation."""

import pytest

from envdeck.core.discovery.prefix import read_layout


@pytest.mark.parametrize(
    ("folder", "minor", "implementation"),
    [
        ("lib/python3.12/site-packages", "3.12", "cpython"),
        ("lib/python3.13t/site-packages", "3.13", "cpython"),
        ("lib/pypy3.10/site-packages", "3.10", "pypy"),
        ("lib/graalpy3.11/site-packages", "3.11", "graalpy"),
        ("Lib/site-packages", None, None),
        ("site-packages", None, None),
    ],
)
def test_package_folders(tmp_path, folder, minor, implementation):
    (tmp_path / folder).mkdir(parents=True)
    found = read_layout(str(tmp_path)).package_folders
    assert [tuple(item) for item in found] == [(str(tmp_path / folder), minor, implementation)]


def test_two_package_folders_are_both_told(tmp_path):
    for minor in ("3.9", "3.12"):
        (tmp_path / f"lib/python{minor}/site-packages").mkdir(parents=True)
    assert [item.minor for item in read_layout(str(tmp_path)).package_folders] == ["3.12", "3.9"]


def test_conda_on_windows_keeps_its_interpreter_at_the_root(tmp_path):
    (tmp_path / "python.exe").touch()
    (tmp_path / "Scripts").mkdir()
    assert read_layout(str(tmp_path)).executable == str(tmp_path / "python.exe")


def test_an_empty_folder_has_no_parts(tmp_path):
    layout = read_layout(str(tmp_path))
    assert (layout.scripts, layout.executable, layout.package_folders) == (None, None, ())


def test_a_link_beside_a_package_folder_is_not_a_second_one(tmp_path):
    (tmp_path / "lib/python3.11/site-packages").mkdir(parents=True)
    for name in ("python3.1", "python3", "python3.12"):  # conda-forge ships the first
        (tmp_path / "lib" / name).symlink_to("python3.11")
    found = read_layout(str(tmp_path)).package_folders
    assert [(item.path, item.minor) for item in found] == [
        (str(tmp_path / "lib/python3.11/site-packages"), "3.11")
    ]


def test_a_real_lib64_is_told_first_and_a_linked_one_not_at_all(tmp_path):
    pure, compiled = (tmp_path / f"{lib}/python3.12/site-packages" for lib in ("lib", "lib64"))
    pure.mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")
    assert [item.path for item in read_layout(str(tmp_path)).package_folders] == [str(pure)]
    (tmp_path / "lib64").unlink()
    compiled.mkdir(parents=True)
    found = [item.path for item in read_layout(str(tmp_path)).package_folders]
    assert found == [str(compiled), str(pure)]


def test_the_number_of_a_release_of_graalpy_is_no_python(tmp_path):
    (tmp_path / "lib/graalpy24.1/site-packages").mkdir(parents=True)
    assert read_layout(str(tmp_path)).package_folders[0].minor is None


def test_a_bin_beside_scripts_does_not_hide_the_interpreter(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts/python.exe").touch()
    layout = read_layout(str(tmp_path))
    assert layout.executable == str(tmp_path / "Scripts/python.exe")
    assert layout.scripts == str(tmp_path / "Scripts")
