"""Is it an environment? Real ones, incomplete ones, and folders that only look like one."""

import os

import pytest

from envdeck.core.discovery import prefix
from envdeck.core.discovery.prefix import Kind, recognise


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_a_real_environment_is_complete(tmp_path, make_venv, creator):
    path = make_venv(tmp_path / "env", creator=creator)
    candidate = recognise(str(path))
    assert candidate is not None
    assert (candidate.kind, candidate.shortcoming) == (Kind.VENV, "")
    assert candidate.identity.inode == path.stat().st_ino
    assert os.path.samefile(
        candidate.layout.package_folders[0].path, next(path.glob("lib/*/site-packages"))
    )


def test_the_access_time_is_taken_and_looking_leaves_it_alone(tmp_path, make_venv):
    path = make_venv(tmp_path / "env")
    cfg = path / "pyvenv.cfg"
    os.utime(
        cfg, (1_600_000_000, 1_700_000_000)
    )  # older than its modification: relatime would renew it
    candidate = recognise(str(path))
    assert candidate.cfg["home"]
    assert candidate.cfg_atime == 1_600_000_000
    assert cfg.stat().st_atime == 1_600_000_000


@pytest.mark.parametrize(
    ("remove", "cause"),
    [
        ("bin", "no interpreter"),
        ("lib", "no package folder"),
    ],
)
def test_a_missing_part_makes_it_suspect(tmp_path, make_venv, remove, cause):
    path = make_venv(tmp_path / "env")
    (path / remove).rename(tmp_path / "taken")
    assert recognise(str(path)).shortcoming == cause


def test_a_stray_empty_cfg_is_suspect(tmp_path):
    (tmp_path / "pyvenv.cfg").touch()
    assert recognise(str(tmp_path)).shortcoming == "pyvenv.cfg has no home key"


def test_a_folder_called_pyvenv_cfg_is_suspect(tmp_path):
    (tmp_path / "pyvenv.cfg").mkdir()
    assert recognise(str(tmp_path)).shortcoming == "pyvenv.cfg is not a regular file"


def test_a_cfg_that_is_a_dangling_link_is_suspect(tmp_path):
    (tmp_path / "pyvenv.cfg").symlink_to("nowhere")
    assert recognise(str(tmp_path)).shortcoming == "pyvenv.cfg is a broken symlink"


def test_an_interpreter_entry_may_dangle(tmp_path, make_venv):
    path = make_venv(tmp_path / "env")
    for entry in (path / "bin").glob("python*"):
        entry.unlink()
    (path / "bin" / "python").symlink_to("/gone/bin/python3.9")
    assert recognise(str(path)).shortcoming == ""


def test_conda_and_pixi_are_known_by_their_records(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    assert recognise(str(tmp_path)) is None
    (meta / "history").touch()
    assert recognise(str(tmp_path)).kind is Kind.CONDA
    (meta / "pixi").touch()
    assert recognise(str(tmp_path)).kind is Kind.PIXI


def test_virtualenv_before_20_has_no_cfg(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "activate").write_text(f'VIRTUAL_ENV="{tmp_path}"\nexport VIRTUAL_ENV\n')
    assert recognise(str(tmp_path)) is None
    (tmp_path / "bin" / "python").symlink_to("python2.7")
    (tmp_path / "lib" / "python2.7" / "site-packages").mkdir(parents=True)
    candidate = recognise(str(tmp_path))
    assert (candidate.kind, candidate.shortcoming) == (Kind.LEGACY, "")


def test_an_environment_made_on_windows_is_one(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = C:\\Python312\nversion = 3.12.4\n")
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts" / "python.exe").touch()
    (tmp_path / "Lib" / "site-packages").mkdir(parents=True)
    assert recognise(str(tmp_path)).shortcoming == ""


def test_an_ordinary_folder_is_none(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    assert recognise(str(tmp_path)) is None


def test_only_names_that_are_there_are_looked_at(tmp_path, make_venv):
    path = make_venv(tmp_path / "env")
    assert recognise(str(path), ["bin", "pyvenv.cfg"]) is not None
    assert recognise(str(path), ["conda-meta"]) is None


@pytest.mark.parametrize("name", ["numpy-1.26.4-py311_0.json", "ca-certificates-2024-h1_0.json"])
def test_records_of_packages_make_a_conda_prefix_without_a_history(tmp_path, name):
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "settings.json").touch()
    assert recognise(str(tmp_path)) is None
    (tmp_path / "conda-meta" / name).touch()
    assert recognise(str(tmp_path)).kind is Kind.CONDA


@pytest.mark.parametrize(
    ("file", "content", "virtual"),
    [
        ("bin/activate", "echo $VIRTUAL_ENV\n", False),
        ("bin/activate", "# VIRTUAL_ENV=x\n", False),
        ("bin/activate", "if [ -n $VIRTUAL_ENV ]; then\n", False),
        ("bin/activate", "export VIRTUAL_ENV='/x'\n", True),
        ("bin/activate", "    VIRTUAL_ENV=$(cygpath /x)\n", True),
        ("bin/activate_this.py", "", True),
        ("lib/python3.9/orig-prefix.txt", "/usr", True),
    ],
)
def test_a_script_called_activate_alone_makes_no_virtualenv(tmp_path, file, content, virtual):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/activate").touch()
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3")
    (tmp_path / "lib/python3.9/site-packages").mkdir(parents=True)
    (tmp_path / file).write_text(content)
    assert (recognise(str(tmp_path)) is not None) is virtual


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("activate.fish", 'set -gx VIRTUAL_ENV "/x"'),
        ("activate.csh", 'setenv VIRTUAL_ENV "/x"'),
        ("activate.csh", "setenv VIRTUAL_ENV /x"),
        ("activate.xsh", "$VIRTUAL_ENV = r'/x'"),
        ("activate.ps1", "$env:VIRTUAL_ENV = $VIRTUAL_ENV"),
        ("Activate.ps1", '    $Env:VIRTUAL_ENV="/x"'),
        ("activate.bat", '@set "VIRTUAL_ENV=C:\\x"'),
        ("activate.bat", "set VIRTUAL_ENV=C:\\x"),
        ("activate_this.py", ""),
        ("../lib/python3.9/orig-prefix.txt", "/usr"),
    ],
)
def test_a_virtualenv_with_scripts_of_other_shells_only(tmp_path, name, line):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3")
    (tmp_path / "lib/python3.9/site-packages").mkdir(parents=True)
    (tmp_path / "bin" / name).write_text(f"# a comment\n{line}\n")
    candidate = recognise(str(tmp_path))
    assert (candidate.kind, candidate.shortcoming) == (Kind.LEGACY, "")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("activate.fish", "set -q VIRTUAL_ENV; and echo x"),
        ("activate.fish", 'test -n "$VIRTUAL_ENV"'),
        ("activate.csh", "unsetenv VIRTUAL_ENV"),
        ("activate.xsh", "$VIRTUAL_ENV == 'x'"),
        ("activate.bat", "if defined VIRTUAL_ENV goto end"),
        ("activate.ps1", "Write-Host $env:VIRTUAL_ENV"),
        ("mine.fish", 'set -gx VIRTUAL_ENV "/x"'),
    ],
)
def test_scripts_that_only_read_the_variable_make_no_virtualenv(tmp_path, name, line):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3")
    (tmp_path / "bin" / name).write_text(f"{line}\n")
    assert recognise(str(tmp_path)) is None


def test_what_it_lacks_is_known_without_asking_again(tmp_path, make_venv, monkeypatch):
    path = make_venv(tmp_path / "env")
    (path / "Setup.PY").touch()
    candidate = recognise(str(path))
    assert not candidate.lacks("pyvenv.cfg")
    assert not candidate.lacks("setup.py"), "a disk may take both for one name"
    assert candidate.has_file("pyvenv.cfg")
    assert candidate.lacks(".git")
    monkeypatch.setattr(prefix.reach, "isfile", None)
    assert not candidate.has_file("uv-receipt.toml")


def test_of_a_folder_with_very_many_names_the_disk_is_asked(tmp_path, make_venv, monkeypatch):
    path = make_venv(tmp_path / "env")
    monkeypatch.setattr(prefix, "_NAMES_AT_MOST", 3)
    candidate = recognise(str(path))
    assert not candidate.lacks("uv-receipt.toml")
    assert not candidate.has_file("uv-receipt.toml")
    assert candidate.has_file("pyvenv.cfg")
