"""Real environments, made by the tools that make them."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from uv import find_uv_bin


@lru_cache
def tool_data() -> Path:
    """Return where uv and virtualenv keep what they found out about interpreters, once for all
    environments that are made here."""
    folder = tempfile.mkdtemp(prefix="tool-data-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@lru_cache
def _asked_interpreters() -> tuple[Path, ...]:
    """Return the folders of uv's cache with what the running interpreter and its base say."""
    for number, python in enumerate({sys.executable, os.path.realpath(sys.executable)}):
        command = [find_uv_bin(), "venv", "-q", "--offline", "--no-config", "--python", python]
        environ = {**os.environ, "UV_CACHE_DIR": str(tool_data() / "uv")}
        place = str(tool_data() / f"asked-{number}")
        subprocess.run([*command, place], check=True, env=environ, timeout=60)
    return tuple((tool_data() / "uv").glob("interpreter-*"))


def new_uv_cache(path: Path) -> str:
    """Make a cache of uv with nothing in it but what the running interpreter says of itself: uv
    asks each interpreter once for a cache, which takes longer than to make an environment."""
    for folder in _asked_interpreters():
        shutil.copytree(folder, path / folder.name, dirs_exist_ok=True)
    return str(path)


def create_environment(path: Path, *, creator: str = "venv", flags: tuple[str, ...] = ()) -> Path:
    """Make an environment with the real tool, of the running interpreter, without seeds.

    What `venv` and `virtualenv` made once is copied: the next of the same name takes a tenth of
    the time, and differs in its path alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = re.fullmatch(r"[\w./+@-]+", str(path)) and not os.path.lexists(path)
    if creator == "uv" or not plain or os.path.realpath(path) != str(path):
        make_environment(path, creator, flags)
    else:
        copy_environment(_made_once(creator, flags, path.name), path)
    return path


def make_environment(path: Path, creator: str, flags: tuple[str, ...] = ()) -> None:
    """Run the tool that makes it."""
    if creator == "venv":
        command = [sys.executable, "-m", "venv", "--without-pip", *flags, str(path)]
    elif creator == "virtualenv":
        command = [sys.executable, "-m", "virtualenv", "-q", "--no-seed", "--no-periodic-update"]
        command += [*flags, str(path)]
    else:
        command = [find_uv_bin(), "venv", "-q", "--offline", "--no-config"]
        command += ["--python", sys.executable, *flags, str(path)]
    environ = {**os.environ, "UV_CACHE_DIR": str(tool_data() / "uv")}
    environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(tool_data() / "virtualenv")
    subprocess.run(command, check=True, env=environ, capture_output=True, timeout=60)


@lru_cache
def _made_once(creator: str, flags: tuple[str, ...], name: str) -> Path:
    path = Path(tempfile.mkdtemp(dir=tool_data().resolve())) / name
    make_environment(path, creator, flags)
    return path


def copy_environment(source: Path, target: Path) -> None:
    """Copy an environment as its tool would have made it there, now: with its path in its files,
    and of its files' times none."""
    old, new = os.fsencode(source), os.fsencode(target)
    for folder, folders, files in os.walk(old):
        there = folder.replace(old, new, 1)
        os.mkdir(there)
        os.chmod(there, os.stat(folder).st_mode)
        for name in (*folders, *files):
            each, copy = os.path.join(folder, name), os.path.join(there, name)
            if os.path.islink(each):
                os.symlink(os.readlink(each), copy)
            elif name in files:
                with open(each, "rb") as file, open(copy, "xb") as written:
                    written.write(file.read().replace(old, new))
                os.chmod(copy, os.stat(each).st_mode)
