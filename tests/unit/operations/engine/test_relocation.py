"""Relocation, proven by use: built at one path, renamed to another, activated and run there."""

import base64
import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.operations.engine import scripts as activation
from envdeck.core.operations.engine.relocation import (
    find_old_paths,
    relocate,
    replace_values,
    site_folders,
)
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.scripts import rewrite_launcher, rewrite_shebang

_AWKWARD = 'it\'s "all" $HOME [a] !b `c` & d%e'
_LONG = "l" * 130
_BYTES = os.fsdecode(b"caf\xe9 \xff")
_ENTRY_POINTS = "[console_scripts]\ntool = one:main\n[gui_scripts]\nwindow = one:main\n"
_FILES = {"one-1.0.data/scripts/helper": "#!python\nprint('it helps')\n"}
_PATHS = [
    ("plain", "other"),
    ("plain", _AWKWARD),
    (_AWKWARD, "plain"),
    ("plain", _LONG),
    (_LONG, _AWKWARD + _LONG),
    ("plain", _BYTES),
]


def replace(path: str, data: bytes) -> None:
    mode = os.stat(path).st_mode
    Path(path + ".new").write_bytes(data)
    os.chmod(path + ".new", mode)
    os.replace(path + ".new", path)


@pytest.fixture
def staged(make_venv, wheel, links: Path, uv, engine_host) -> Callable[..., Path]:
    def stage(path: Path, creator: str, flags: tuple[str, ...] = ()) -> Path:
        make_venv(path, creator=creator, flags=flags)
        wheel(links, "one", files=_FILES, entry_points=_ENTRY_POINTS)
        requirements = links / "requirements.txt"
        requirements.write_text("one\n")
        command = uv.install(str(path / "bin" / "python"), str(requirements))
        done = Runner(engine_host).run(command)
        assert done.ok, done.tail
        return path

    return stage


def run(environment: Path, line: str) -> str:
    script = 'set -eu; . "$0/bin/activate"; ' + line
    environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["bash", "-c", script, environment], capture_output=True, env=environ, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return os.fsdecode(done.stdout)


def holding(environment: Path, path: Path) -> list[str]:
    """Every text file of the environment that holds the path, found by reading them all."""
    needle = os.fsencode(path)
    return [
        file.name
        for file in environment.rglob("*")
        if file.is_file() and not file.is_symlink() and file.suffix != ".pyc"
        if needle in (data := file.read_bytes()) and b"\0" not in data
    ]


def assert_records_hold(environment: Path) -> None:
    seen = 0
    for record in environment.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        with record.open(encoding="utf-8", newline="") as text:
            for name, digest, size in csv.reader(text):
                if digest:
                    data = (record.parent.parent / name).read_bytes()
                    found = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
                    assert (digest, int(size)) == ("sha256=" + found.decode(), len(data)), name
                    seen += 1
    assert seen > 3


@pytest.mark.parametrize(
    ("creator", "before", "after"),
    [
        *(("venv", *paths) for paths in _PATHS),
        *((creator, *paths) for creator in ("uv", "virtualenv") for paths in _PATHS[1::2]),
        *((creator, *_PATHS[2]) for creator in ("uv", "virtualenv")),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_it_works_at_its_new_place(tmp_path: Path, staged, creator, before, after) -> None:
    old, new = tmp_path / before / "stage", tmp_path / after / "env"
    staged(old, creator)
    shared = tmp_path / "shared"  # a file of another environment, by a hard link
    shared.hardlink_to(old / "bin" / "tool")
    held = shared.read_bytes()

    changed = relocate(str(old), str(old), str(new), replace)

    assert find_old_paths(str(old), str(old), str(new)) == ()
    assert {"bin/activate", "bin/tool", "bin/window", "bin/helper"} <= set(changed)
    new.parent.mkdir(exist_ok=True)
    old.rename(new)
    said = run(
        new, 'tool; window; helper; python -c "import sys; print(sys.prefix)"; command -v tool'
    )
    assert said == f"it runs\nit runs\nit helps\n{new}\n{new}/bin/tool\n"
    assert holding(new, old) == []
    assert_records_hold(new)
    assert shared.read_bytes() == held


def test_scripts_of_pip_come_along(tmp_path: Path, wheel, links: Path) -> None:
    old, new = tmp_path / "stage", tmp_path / "it's new" / "env"
    environ = {**os.environ, "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "virtualenv", "-q", "--no-periodic-update", str(old)]
    subprocess.run(command, check=True, env=environ, timeout=60)
    package = wheel(links, "one", files=_FILES, entry_points=_ENTRY_POINTS)
    command = [str(old / "bin" / "pip"), "install", "-q", "--no-index", str(package)]
    subprocess.run(command, check=True, env=environ, timeout=60)
    relocate(str(old), str(old), str(new), replace)
    new.parent.mkdir()
    old.rename(new)
    said = run(new, "tool; helper; pip --version")
    assert said.startswith("it runs\nit helps\npip ")
    assert str(new) in said
    assert holding(new, old) == []
    assert_records_hold(new)


def test_a_relocatable_environment_needs_nothing(tmp_path: Path, staged) -> None:
    old = staged(tmp_path / "stage", "uv", ("--relocatable",))
    changed = relocate(str(old), str(old), str(tmp_path / "env"), replace)
    assert changed == ()
    assert find_old_paths(str(old), str(old), str(tmp_path / "env")) == ()


def test_paths_that_only_begin_alike_are_left_alone(tmp_path: Path, make_venv) -> None:
    old = make_venv(tmp_path / "env")
    site = Path(site_folders(str(old))[0])
    others = f"{old}-2/src\n{old}.bak\n/mnt{old}/src\n"
    (site / "paths.pth").write_text(others + f"{old}/src\n")
    relocate(str(old), str(old), str(old) + "-new", replace)
    assert (site / "paths.pth").read_text() == others + f"{old}-new/src\n"
    assert find_old_paths(str(old), str(old), f"{old}-new") == (
        "lib/python" + site.parent.name[6:] + "/site-packages/paths.pth",
    )


def test_what_was_installed_from_within_follows(tmp_path: Path, make_venv) -> None:
    old, new = make_venv(tmp_path / "an env"), str(tmp_path / 'it\'s "new"')
    site = Path(site_folders(str(old))[0])
    info = site / "one-1.0.dist-info"
    info.mkdir()
    url = f"file://{tmp_path}/an%20env/src/one"
    (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {"editable": True}}))
    finder = site / "__editable___one_1_0_finder.py"
    finder.write_text(f"MAPPING = {{'one': '{old}/src/one'}}\n")
    digest = "sha256=AAAA,9"
    (info / "RECORD").write_text(
        f"one-1.0.dist-info/direct_url.json,{digest}\n{finder.name},{digest}\n"
        f"{old}/share/one.txt,{digest}\nkept.py,{digest}\n"
    )
    (old / "bin" / "absolute").symlink_to(old / "bin" / "python")

    changed = relocate(str(old), str(old), new, replace)

    assert "bin/absolute" in changed
    assert os.readlink(old / "bin" / "absolute") == f"{new}/bin/python"
    direct = json.loads((info / "direct_url.json").read_text())
    assert direct["url"] == f"file://{tmp_path}/it%27s%20%22new%22/src/one"
    values: dict[str, dict[str, str]] = {}
    exec(finder.read_text(), values)
    assert values["MAPPING"] == {"one": f"{new}/src/one"}
    with (info / "RECORD").open(newline="") as text:
        rows = {row[0]: row[1:] for row in csv.reader(text)}
    assert rows["kept.py"] == rows[f"{new}/share/one.txt"] == ["sha256=AAAA", "9"]
    assert rows[finder.name][1] == str(len(finder.read_bytes()))
    assert find_old_paths(str(old), str(old), new) == ()


def test_a_body_that_cannot_be_quoted_is_named(tmp_path: Path, make_venv) -> None:
    old = make_venv(tmp_path / "env")
    script = old / "bin" / "hook"
    script.write_text(f"#!/bin/sh\ncd {old}/src\n")
    after = str(tmp_path / "a b")
    assert "bin/hook" not in relocate(str(old), str(old), after, replace)
    assert find_old_paths(str(old), str(old), after) == ("bin/hook",)
    assert "bin/hook" in relocate(str(old), str(old), str(tmp_path / "ab"), replace)
    assert script.read_text() == f"#!/bin/sh\ncd {tmp_path}/ab/src\n"


@pytest.mark.parametrize("name", sorted(activation._QUOTING))
def test_what_was_quoted_once_is_found_again(name: str) -> None:
    plain, awkward = "/home/ada/env", f"/home/ada/{_AWKWARD}\\"
    text = f"set {plain} {activation._QUOTING[name](plain)} '{plain}/bin' {plain}-2\n"
    there = activation.rewrite_activation(name, text, plain, awkward)
    assert there.count(activation._QUOTING[name](awkward)) >= 2
    back = activation.rewrite_activation(name, there, awkward, "/b")
    assert back.count("/b") >= 2
    assert "it" not in back.replace("ada", "")
    assert f"{plain}-2" in back


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"#!/a/bin/python -E\nx", b"#!/b/bin/python -E\nx"),
        (b"#!/usr/bin/env python\nx", b"#!/usr/bin/env python\nx"),
        (b"#!/ab/bin/python\nx", b"#!/ab/bin/python\nx"),
        (b'#!"/a/bin/python"\nx', b"#!/b/bin/python\nx"),
        (b"#!/bin/sh\n'''exec' /a/bin/python \"$0\" \"$@\"\n' '''\nx", b"#!/b/bin/python\nx"),
        (b"#!/bin/sh\n'''exec' \"/a/bin/python\" \"$0\" \"$@\"\n' '''\nx", b"#!/b/bin/python\nx"),
        (b"#!/a/bin/python", b"#!/a/bin/python"),
        (b"", b""),
    ],
)
def test_shebangs(line: bytes, expected: bytes) -> None:
    assert rewrite_shebang(line, b"/a", b"/b") == expected


def test_a_launcher_for_windows() -> None:
    data = b"MZ\0\0launcher#!C:\\a\\Scripts\\python.exe\r\nPK\x03\x04zip"
    new = rewrite_launcher(data, b"C:\\a", b"C:\\b c")
    assert new == b'MZ\0\0launcher#!"C:\\b c\\Scripts\\python.exe"\nPK\x03\x04zip'
    assert rewrite_launcher(b"MZ other", b"C:\\a", b"C:\\b") == b"MZ other"


def test_values_of_a_cfg_are_replaced_where_their_keys_stand() -> None:
    data = b"home = /a\nprompt = old\n# home = x\nversion = 3.12\n"
    replaced = replace_values(data, {"prompt": "new", "home": "/b", "absent": "x"})
    assert replaced == b"home = /b\nprompt = new\n# home = x\nversion = 3.12\n"
