"""conda: environments in, beside and far from its installations."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.discovery.managers.conda import Conda, is_root, parse
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.system.host import Host


def conda_prefix(path: Path, *folders: str) -> Path:
    """A prefix as conda lays it out."""
    for name in ("conda-meta", *folders):
        (path / name).mkdir(parents=True)
    (path / "conda-meta/history").write_text("==> 2026-01-01 10:00:00 <==\n")
    return path


def candidate_at(path: Path) -> EnvironmentCandidate:
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


def paths(host: Host) -> set[str]:
    return {place.path for place in Conda(host).places()}


def test_the_customary_roots_on_linux(host: Host) -> None:
    found = paths(host)
    for root in (
        host.at_home("miniconda3"),
        host.at_home("opt", "anaconda3"),
        host.at_home(".local", "share", "mamba"),
        host.system("opt", "miniforge3"),
        host.system("opt", "conda"),
        host.system("usr", "share", "miniconda"),
    ):
        assert os.path.join(root, "envs") in found
    assert host.at_home(".conda", "envs") in found
    assert all(place.depth == 1 for place in Conda(host).places())


def test_the_customary_roots_on_macos_and_windows(host: Host) -> None:
    macos = paths(replace(host, platform="darwin"))
    assert host.system("opt", "homebrew", "Caskroom", "miniforge", "base", "envs") in macos
    assert host.system("opt", "homebrew", "anaconda3", "envs") in macos
    data = os.path.join(host.home, "pd")
    windows = paths(replace(host, platform="win32", environ={"PROGRAMDATA": data}))
    assert os.path.join(data, "miniconda3", "envs") in windows
    assert host.at_home("AppData", "Local", "miniconda3", "envs") in windows
    assert host.at_home("miniconda3", "envs") in windows


def test_variables_name_roots_and_folders(host: Host) -> None:
    environ = {
        "MAMBA_ROOT_PREFIX": "/srv/mamba",
        "CONDA_EXE": "/srv/conda/bin/conda",
        "CONDA_ENVS_PATH": "~/a:relative:/srv/b/",
        "CONDA_ENVS_DIRS": "/srv/c",
    }
    found = paths(replace(host, environ=environ))
    assert {
        "/srv/mamba/envs",
        "/srv/conda/envs",
        host.at_home("a"),
        "/srv/b",
        "/srv/c",
    } <= found
    assert "relative" not in found


def test_conda_envs_path_is_cut_by_semicolons_on_windows(host: Host) -> None:
    windows = replace(host, platform="win32", environ={"CONDA_ENVS_PATH": "/x/a;/x/b"})
    assert {"/x/a", "/x/b"} <= paths(windows)


def test_registered_and_active_prefixes_are_places_but_roots_are_not(
    home: Path, host: Host
) -> None:
    root = conda_prefix(home / "far/conda", "condabin")
    single = conda_prefix(home / "work/env")
    active = conda_prefix(home / "active")
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{root}\n\n{single}\r\nrelative\n/gone\n")
    found = {
        place.path
        for place in Conda(replace(host, environ={"CONDA_PREFIX": str(active)})).places()
        if place.depth == 0
    }
    assert found == {str(single), str(active), "/gone"}
    assert str(root) in Conda(host).roots
    assert str(root / "envs") in paths(host)


def test_a_register_that_cannot_be_read_registers_nothing(home: Path, host: Host) -> None:
    (home / ".conda").mkdir()
    os.mkfifo(home / ".conda/environments.txt")
    assert Conda(host).registered == ()


def test_condarc_names_folders_wherever_it_is(home: Path, host: Host) -> None:
    etc = Path(host.system("etc", "conda"))
    etc.mkdir(parents=True)
    (etc / ".condarc").write_text("envs_dirs: [/srv/etc]\n")
    (home / ".condarc").write_text("channels:\n  - x\nenvs_dirs:\n  - ~/mine\n  - $BIG/envs\n")
    (home / "miniconda3").mkdir()
    (home / "miniconda3/.condarc").write_text("envs_dirs:\n- /srv/root\n")
    (home / "rc").write_text("envs_path: /srv/named  # one\n")
    environ = {"BIG": "/big", "CONDARC": str(home / "rc")}
    found = paths(replace(host, environ=environ))
    assert {"/srv/etc", str(home / "mine"), "/big/envs", "/srv/root", "/srv/named"} <= found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("envs_dirs:\n  - /a\n  - '/b c'\nother:\n  - /e\n", ["/a", "/b c"]),
        ("envs_dirs:\n  - /a\n# note\n\n  - \"/d\" # more\n", ["/a", "/d"]),
        ("envs_dirs:\n- /a\n- /b\nx: y\n- /c\n", ["/a", "/b"]),
        ("envs_dirs: ['/a', \"/b\", /c]\n", ["/a", "/b", "/c"]),
        ("envs_dirs: []\n", []),
        ("  envs_dirs:\n    - /nested\n", []),
        ("pkgs_dirs:\n  - /a\n", []),
        ("envs_dirs:\nchannels:\n  - x\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_lists_of_condarc(text: str, values: list[str]) -> None:
    assert parse(text) == values


@given(st.text())
def test_no_condarc_breaks_it(text: str) -> None:
    assert all(parse(f"envs_dirs:{text}"))


def test_roots_and_environments_are_told_apart(home: Path) -> None:
    root = conda_prefix(home / "miniconda3", "condabin", "envs")
    ordinary = conda_prefix(root / "envs/ml")
    with_conda = conda_prefix(root / "envs/dev", "condabin")
    assert is_root(str(root))
    assert not is_root(str(ordinary))
    assert not is_root(str(with_conda))
    (home / "plain/envs").mkdir(parents=True)
    assert not is_root(str(home / "plain"))


def test_roots_and_frozen_environments_are_refused(home: Path, host: Host) -> None:
    root = conda_prefix(home / "miniconda3", "condabin")
    frozen = conda_prefix(home / "miniconda3/envs/prod")
    (frozen / "conda-meta/frozen").write_text("{}")
    free = conda_prefix(home / "miniconda3/envs/ml")
    assert all(Conda(host).claims(candidate_at(path)) for path in (root, frozen, free))
    refusals = [Conda(host).refuses(candidate_at(path)) for path in (root, frozen, free)]
    guards = [refusal and refusal.guard for refusal in refusals]
    assert guards == ["has-dependants", "owned-by-tool", None]
