"""A home whose one project is full of marked secrets, which may lie in their own files alone."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MARKS = tuple(f"MARK{number:02}-3f9c-hush" for number in range(12))
"""Words that nothing may say but the files that they stand in."""
_OWN = (".env", ".env.local", ".env.example", "pyproject.toml", "requirements.txt", "stray.env")


@dataclass(frozen=True)
class Marked:
    """The home, its project and its environment."""

    home: Path
    project: Path
    environment: Path

    def told(self, text: str) -> list[str]:
        """Return the marks that a text has, whole or in part."""
        return [mark for mark in MARKS if mark in text or mark[:11] in text]

    def kept(self) -> dict[str, list[str]]:
        """Return every file of the home that has a mark and may not have it.

        A file that a person edits through us is kept as it was, for the way back: that copy lies
        in the trash under the name that every item has, and is its owner's alone.
        """
        found = {}
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = Path(folder, name)
                own = name in _OWN or ".git" in path.parts
                if own or path.is_symlink() or not path.is_file():
                    continue
                if name == "environment" and path.parent.parent.name == "trash":
                    assert path.parent.stat().st_mode & 0o077 == 0
                    continue
                if told := self.told(path.read_bytes().decode("latin-1")):
                    found[str(path.relative_to(self.home))] = told
        return found


def _quietly(*command: str | Path, home: Path) -> None:
    subprocess.run(
        command, check=True, capture_output=True, timeout=60,
        env={**os.environ, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"},
    )  # fmt: skip


@pytest.fixture
def marked(home, make_venv) -> Marked:
    project = home / "work" / "api"
    environment = make_venv(project / ".venv", creator="uv")
    one = iter(MARKS)
    (project / ".env").write_text(
        f"TOKEN={next(one)}\nQUOTED='{next(one)} # and more'\n"
        f'LONG="first line\n{next(one)}\nlast line"\n'
        f"DATABASE_URL=postgres://ada:{next(one)}@db.example/app\n"
        f"export SPACED = {next(one)}\nTOKEN={next(one)}\nbad line {next(one)}\n"
        f"lower={next(one)}\nOPEN='{next(one)}\n"
    )
    (project / ".env.local").write_bytes(b"NAME=caf\xe9 " + next(one).encode() + b"\r\n")
    (project / ".env.example").write_text(f"TOKEN=\nAPI_SECRET=sk-live-{next(one)}{'a8Z' * 8}\n")
    shutil.copy(project / ".env.local", environment / ".env")
    credentials = next(one)
    (project / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
        f'dependencies = ["one @ https://ada:{credentials}@files.example/one.whl"]\n'
        '[project.scripts]\napi = "api:main"\n'
    )
    (project / "requirements.txt").write_text(
        f"--extra-index-url https://ada:{credentials}@index.example/simple\n"
        f"two @ git+https://{credentials}@git.example/two.git\nbroken line {credentials} !!\n"
    )
    if shutil.which("git"):
        git = ("git", "-C", project, "-c", "user.name=ada", "-c", "user.email=ada@mail.example")
        _quietly("git", "init", "-q", project, home=home)
        _quietly(*git, "add", ".env", ".env.example", home=home)
        _quietly(*git, "commit", "-q", "-m", "first", home=home)
    return Marked(home, project, environment)
