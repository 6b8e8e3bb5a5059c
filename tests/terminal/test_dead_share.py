"""A share that never answers is not touched because something names it, and keeps nothing open."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.program import run_program

SERVER = Path(__file__).with_name("dead_share.py")
SECONDS = 120
"""Long after anything that does not hang is over, on any machine."""
LOOKING = [
    ("list",),
    ("list", "--json"),
    ("list", "--no-size", "--fresh"),
    ("show", "{home}/work/based"),
    ("show", "{home}/work/placed", "--json"),
    ("find", "pip"),
    ("interpreters",),
    ("diff", "{home}/work/placed"),
    ("dotenv", "{home}/work/placed"),
    ("show", "{home}/work/linked"),
    ("diff", "{home}/work/linked"),
    ("onboard", "--check", "{home}/work/linked"),
    ("create", "{home}/work/linked", "--dry-run"),
    ("onboard", "--check", "{home}/work/placed"),
    ("history",),
    ("trash",),
    (),
]


class Share:
    """A mounted share, and the requests that reached it."""

    def __init__(self, folder: Path, *how: str) -> None:
        self.folder = folder
        folder.mkdir()
        self._server = subprocess.Popen(
            [sys.executable, SERVER, folder, *how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._server.stdout.readline() != b"ready\n":
            pytest.skip(f"no share can be mounted here: {self._server.communicate()[1].decode()}")

    def requests(self) -> bytes:
        """Return the numbers of the requests that have come so far, one a line."""
        ready, _, _ = select.select([self._server.stdout], [], [], 0)
        return os.read(self._server.stdout.fileno(), 65536) if ready else b""

    def close(self) -> None:
        self._server.stdin.close()
        try:
            self._server.wait(timeout=SECONDS)
        finally:
            self._server.kill()  # whoever waits for it gets an error then
        self._server.stdout.close()
        self._server.stderr.close()


@pytest.fixture
def mount(tmp_path):
    """Return a function that mounts a share until the test is over."""
    shares = []

    def mounting(*how: str) -> Share:
        shares.append(Share(tmp_path / "share", *how))
        return shares[-1]

    yield mounting
    for share in shares:
        share.close()


def environment(path: Path, base: Path) -> Path:
    """Write an environment on a base; returns its package folder."""
    site = path / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    (path / "bin").mkdir()
    (path / "bin" / "python").symlink_to(base / "bin" / "python3.12")
    (path / "bin" / "activate").write_text(f"VIRTUAL_ENV={path}\nexport VIRTUAL_ENV\n")
    cfg = f"home = {base}/bin\nversion = 3.12.4\nexecutable = {base}/bin/python3.12\n"
    (path / "pyvenv.cfg").write_text(cfg)
    return site


def name_everywhere(home: Path, share: Path, base: Path) -> dict[str, str]:
    """Have every kind of file, link and setting name a path on the share; return variables."""
    work = home / "work"
    work.mkdir(parents=True)
    (home / "nas").symlink_to(share)
    environment(work / "based" / ".venv", share / "python")
    for name in ("pointed", "linked", "stored"):
        (work / name).mkdir()
        (work / name / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n")
    (work / "pointed" / ".venv").write_text(f"{share}/pointed\n")
    (work / "linked" / ".venv").symlink_to(share / "linked")
    site = environment(work / "placed" / ".venv", base)
    (site / "there.pth").write_text(f"{share}/source\n")
    (site / "old.egg-link").write_text(f"{share}/old\n.\n")
    info = site / "there-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: there\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{share}/recorded.py,,\nthere-1.0.dist-info/RECORD,,\n")
    url = f'{{"url": "file://{share}/source", "dir_info": {{"editable": true}}}}'
    (info / "direct_url.json").write_text(url)
    placed = work / "placed"
    (placed / "requirements.txt").write_text(f"-r {share}/base.txt\n-e {share}/source\n")
    (placed / ".git").write_text(f"gitdir: {share}/repository\n")
    (placed / ".env").symlink_to(share / "env")
    (placed / ".env.example").write_text("KEY=\n")
    named = environment(home / ".virtualenvs" / "named", base).parents[2]
    (named / ".project").write_text(f"{share}/project\n")
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{share}/conda\n")
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "python3.9").symlink_to(share / "python" / "bin" / "python3.9")
    return {
        "PATH": f"{share}/bin{os.pathsep}{home}/.local/bin{os.pathsep}{os.environ['PATH']}",
        "WORKON_HOME": f"{share}/workon",
        "PYENV_ROOT": f"{share}/pyenv",
        "POETRY_CACHE_DIR": f"{share}/poetry",
        "PIPX_HOME": f"{share}/pipx",
        "UV_PYTHON_INSTALL_DIR": f"{share}/pythons",
        "UV_TOOL_DIR": f"{share}/tools",
        "CONDA_PREFIX": f"{share}/conda",
        "CONDA_ENVS_PATH": f"{share}/envs",
        "ASDF_DATA_DIR": f"{share}/asdf",
        "VIRTUAL_ENV": f"{share}/active",
    }


@pytest.fixture
def places(tmp_path):
    """Return a function that fills a home, and gives it with the variables for it."""

    def filling(share: Path) -> tuple[Path, dict[str, str]]:
        base = tmp_path / "base"
        (base / "bin").mkdir(parents=True)
        (base / "bin" / "python3.12").write_text("#!/bin/sh\nexit 0\n")
        (base / "bin" / "python3.12").chmod(0o755)
        home = tmp_path / "home"
        variables = name_everywhere(home, share, base)
        return home, {**os.environ, **variables, "HOME": str(home), "PYTHONUTF8": "1"}

    return filling


def call(words, environ, home) -> subprocess.CompletedProcess:
    return run_program(*(word.format(home=home) for word in words), environ=environ, cwd=home)


def test_what_only_names_it_touches_it_nowhere(mount, places):
    share = mount()
    home, environ = places(share.folder)
    touched = {}
    for words in LOOKING:
        done = call(words, environ, home)
        assert "bug in envdeck" not in done.stderr, (words, done.stderr)
        if requests := share.requests():
            touched[words] = requests
    assert touched == {}


def test_what_was_not_looked_at_is_said_and_nothing_untrue(mount, places):
    import json

    share = mount()
    home, environ = places(share.folder)
    listed = json.loads(call(("list", "--json"), environ, home).stdout)
    by_name = {Path(one["path"]).parent.name: one for one in listed["environments"]}
    assert by_name["based"]["status"] == "ok"
    paths = {one["path"] for one in listed["not_looked_at"]}
    links = [home / "nas", home / "work/linked/.venv", home / "work/based/.venv/bin/python"]
    links += [home / "work/placed/.env", home / ".local/bin/python3.9"]
    assert set(map(str, [share.folder, *links[:2]])) <= paths
    assert paths <= set(map(str, [share.folder, *links, home / ".cache"]))
    others = [one for one in listed["not_looked_at"] if "fuse.sshfs" not in one["reason"]]
    assert {one["path"] for one in others} <= {str(home / ".cache")}
    assert all("caches" in one["reason"] for one in others)
    told = call(("list",), environ, home).stderr
    assert "skipped: on a network disk (fuse.sshfs" in told
    assert "envdeck list PATH" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_waits_for_a_share_that_was_named_can_be_ended(number, mount, places):
    share = mount("deaf")
    home, environ = places(share.folder)
    program = subprocess.Popen(
        [sys.executable, "-m", "envdeck", "list", share.folder],
        env=environ, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + SECONDS
    while not any(is_waiting(task) for task in Path(f"/proc/{program.pid}/task").iterdir()):
        assert time.monotonic() < deadline
        assert program.poll() is None, program.communicate()
        time.sleep(0.02)
    program.send_signal(number)
    program.communicate(timeout=SECONDS)
    assert program.returncode == (130 if number is signal.SIGINT else -15)


def is_waiting(task: Path) -> bool:
    """Tell whether a thread waits for an answer of the share."""
    return "fuse" in (task / "wchan").read_text() or "request_wait" in (task / "stack").read_text()


def lead_a_folder(path: Path, share: Path) -> None:
    data = next(path.glob("lib/*/site-packages")) / "placed" / "data"
    (data / "one.txt").unlink()
    data.rmdir()
    data.symlink_to(share / "data")


def lead_a_file(path: Path, share: Path) -> None:
    file = next(path.glob("lib/*/site-packages")) / "placed" / "data" / "one.txt"
    file.unlink()
    file.symlink_to(share / "one.txt")


def name_in_two_records(path: Path, share: Path) -> None:
    info = next(path.glob("lib/*/site-packages")) / "placed-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: placed\nVersion: 2.0\n")
    (info / "RECORD").write_text(f"{share}/recorded.py,sha256=none,3\n")


def lead_the_interpreter(path: Path, share: Path) -> None:
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(share / "bin" / "python3")
    lines = (path / "pyvenv.cfg").read_text().splitlines(keepends=True)
    told = [f"home = {share}/bin\n" if line.startswith("home") else line for line in lines]
    (path / "pyvenv.cfg").write_text("".join(told))


PLANS = [
    ("delete", "--dry-run"),
    ("recreate", "--dry-run"),
    ("recreate", "--choices"),
    ("recreate", "--keep", "placed", "--dry-run"),
    ("upgrade", "placed", "--dry-run"),
    ("recreate", "--keep", "placed", "-y"),
    ("delete", "-y"),
]


@pytest.mark.parametrize(
    "lead", [lead_a_folder, lead_a_file, name_in_two_records, lead_the_interpreter]
)
def test_no_plan_and_no_run_touches_what_an_environment_leads_to(lead, mount, tmp_path):
    home = tmp_path / "home"
    path = home / "work" / ".venv"
    path.parent.mkdir(parents=True)
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text("[global]\nno-index = true\n")
    # the share is named in the environment of what is asked alone, and so are its requests
    environ = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(home / "cache")}
    make = [sys.executable, "-m", "uv", "venv", "-q", "--offline", "--no-config"]
    subprocess.run([*make, "--python", sys.executable, path], check=True, env=environ, timeout=60)
    site = next(path.glob("lib/*/site-packages"))
    files = {
        "placed/__init__.py": "",
        "placed/data/one.txt": "one",
        "placed-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: placed\nVersion: 1.0\n",
        "placed-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    listed = "".join(f"{name},,{len(text)}\n" for name, text in files.items())
    (site / "placed-1.0.dist-info" / "RECORD").write_text(listed)
    share = mount()
    lead(path, share.folder)
    environ["SHARE"] = str(share.folder)

    touched, ended = {}, {}
    for verb, *flags in PLANS:
        done = call((verb, str(path), *flags), environ, home)
        assert "bug in envdeck" not in done.stderr, (verb, done.stderr)
        ended[verb, *flags] = done.returncode
        if requests := share.requests():
            touched[verb, *flags] = requests
    assert touched == {}
    assert ended["delete", "-y"] == 0, done.stderr
