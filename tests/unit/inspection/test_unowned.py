"""What no package owns: nothing in what tools made, and everything a person put there."""

import os
import subprocess
import sys
import zipfile

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection import unowned
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.unowned import UnownedFile, unowned_files
from envdeck.core.model import ProjectLink


@pytest.fixture
def left(host):
    """Return a function that tells what no package owns in the environment at a path."""

    def telling(path):
        candidate = recognise(str(path))
        environment = Inspector(host).inspect(
            candidate, manager_of(candidate, managers(host)), ProjectLink()
        )
        return unowned_files(environment)

    return telling


def names(found):
    return [file.path for file in found.files]


def packages(path):
    (folder,) = (path / "lib").glob("python*/site-packages")
    return folder


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def build(folder, name, files, **metadata):
    """Make a wheel of these files, with a script and data outside the package folder."""
    info = f"{name}-1.0.dist-info"
    every = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
        f"{name}-1.0.data/data/share/man/man1/{name}.1": "",
        f"{name}-1.0.data/headers/{name}.h": "",
    }
    quoted = [f'"{one}"' if "," in one else one for one in (*every, f"{info}/RECORD")]
    every[f"{info}/RECORD"] = "".join(f"{one},,\n" for one in quoted)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for one, text in every.items():
            archive.writestr(one, text)
    return path


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_nothing_in_what_a_creator_made(make_venv, tmp_path, left, creator):
    found = left(make_venv(tmp_path / "venv", creator=creator))
    assert (found.files, found.count, found.unread, found.nested) == ((), 0, (), ())
    assert found.complete


def test_nothing_in_what_was_made_with_copies_and_seeds(tmp_path, left):
    path = tmp_path / "venv"
    command = [sys.executable, "-m", "virtualenv", "-q", "--copies", "--no-download"]
    environ = {**os.environ, "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "data")}
    command += ["--no-periodic-update", "--setuptools", "bundle", str(path)]
    subprocess.run(command, check=True, env=environ, capture_output=True, timeout=120)
    assert (packages(path) / "setuptools").is_dir()
    assert names(left(path)) == []


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_nothing_in_what_an_installer_put_there(make_venv, tmp_path, left, installer):
    """Scripts, headers, manuals, names with commas, and bytecode that a run wrote."""
    path = make_venv(tmp_path / "venv")
    wheel = build(tmp_path, "cow", {"cow/__init__.py": "", "cow/a, b.txt": "", "cow/m.py": ""})
    python = str(path / "bin" / "python")
    if installer == "uv":
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--offline"]
        command += ["--no-index", "--python", python, "--cache-dir", str(tmp_path / "cache")]
    else:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, timeout=120)
    run = [python, "-c", "import cow.m"]
    subprocess.run(run, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}, timeout=60)
    assert list(packages(path).glob("cow/__pycache__/m.*.pyc"))
    assert names(left(path)) == []
    write(packages(path) / "cow" / "local_settings.py", "KEY = 1")
    assert names(left(path)) == [str(packages(path).relative_to(path) / "cow/local_settings.py")]


def test_what_a_person_put_there(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    planted = [
        write(path / ".env", "SECRET=1\n"),
        write(path / "notes.ipynb", "{}"),
        write(path / "pip.conf"),
        write(path / "bin" / "postactivate", "export KEY=1\n"),
        write(path / "bin" / "backup.sh"),
        write(path / "etc" / "conf [x]\n.ini"),
        write(site / "paths.pth", "/home/ada/lib\n"),
        write(site / "sitecustomize.py", "import os"),
        write(site / "__pycache__" / "gone.cpython-312.pyc", "all that is left of a source"),
    ]
    (path / "link").symlink_to("/etc")
    planted.append(path / "link")
    os.mkfifo(path / "pipe")
    planted.append(path / "pipe")
    odd = os.fsdecode(os.fsencode(path) + b"/\xff\xfe.txt")
    with open(odd, "w") as file:
        file.write("abc")
    found = left(path)
    expected = sorted([*(str(one.relative_to(path)) for one in planted), os.path.basename(odd)])
    assert names(found) == expected
    assert UnownedFile(os.path.basename(odd), 3) in found.files
    assert found.bytes == sum(os.lstat(path / name).st_size for name in expected)
    assert (found.count, found.complete) == (len(expected), True)


def test_logs_are_toxs_only_where_tox_is(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    log = write(path / "log" / "1-install_deps.log")
    write(path / "dist" / "blog-1.0.tar.gz")
    assert names(left(path)) == ["dist/blog-1.0.tar.gz", str(log.relative_to(path))]
    write(path / ".tox-info.json", "{}")
    write(path / "log" / "notes.txt")
    assert names(left(path)) == ["log/notes.txt"]


def test_creators_files_that_a_person_wrote_into(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    hook = write(path / "bin" / "preactivate", "#!/bin/bash\n# This hook is sourced before.\n\n")
    write(path / ".gitignore", "# made\n*\n")
    write(path / ".project", "/home/ada/blog\n")
    write(path / ".lock")
    write(path / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# x\n")
    assert names(left(path)) == []
    activate = path / "bin" / "activate"
    activate.write_text(activate.read_text() + "export AWS_SECRET_ACCESS_KEY=abc\n")
    hook.write_text(hook.read_text() + "cd ~/blog\n")
    write(path / ".gitignore", "*\n!notes.md\n")
    write(path / ".project", "<projectDescription/>")
    write(path / ".lock", "not empty")
    write(path / "CACHEDIR.TAG", "mine")
    expected = [
        ".gitignore",
        ".lock",
        ".project",
        "CACHEDIR.TAG",
        "bin/activate",
        "bin/preactivate",
    ]
    assert names(left(path)) == expected


def test_bytecode_is_derived_only_from_a_source_that_is_there_and_owned(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    record = "cow.py,,\ncow-1.0.dist-info/RECORD,,\ngone.py,,\n"
    write(site / "cow-1.0.dist-info" / "RECORD", record)
    write(site / "cow.py")
    write(site / "mine.py")
    for name in (
        "cow.cpython-312",
        "cow.cpython-312.opt-2",
        "gone.cpython-312",
        "mine.cpython-312",
    ):
        write(site / "__pycache__" / f"{name}.pyc")
    for name in ("cow.pyc", "gone.pyc"):  # as Python 2 wrote them
        write(site / name)
    write(path / "bin" / "__pycache__" / "activate_this.cpython-312.pyc")
    prefix = str(site.relative_to(path))
    assert names(left(path)) == [
        "bin/__pycache__/activate_this.cpython-312.pyc",
        f"{prefix}/__pycache__/gone.cpython-312.pyc",
        f"{prefix}/__pycache__/mine.cpython-312.pyc",
        f"{prefix}/gone.pyc",
        f"{prefix}/mine.py",
    ]


def test_lists_from_before_wheels(make_venv, tmp_path, left):
    """What pip installed by setup.py, a project in development, eggs."""
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    old = site / "old-1.0-py3.6.egg-info"
    listed = "../old.py\n../../../../bin/old\n./PKG-INFO\n../__pycache__/old.cpython-36.pyc\n"
    write(old / "installed-files.txt", listed)
    write(old / "PKG-INFO")
    write(site / "old.py")
    write(site / "__pycache__" / "old.cpython-36.pyc")
    write(path / "bin" / "old")
    write(site / "dev.egg-link", f"{tmp_path}/dev\n.")
    write(site / "easy-install.pth", f"{tmp_path}/dev\n./egg-1.0-py3.6.egg\n")
    write(path / "bin" / "dev", "#!/x/python\n# EASY-INSTALL-DEV-SCRIPT: 'dev==1.0','dev'\n")
    write(site / "egg-1.0-py3.6.egg" / "EGG-INFO" / "PKG-INFO")
    write(site / "egg-1.0-py3.6.egg" / "egg.py")
    assert names(left(path)) == []
    write(site / "easy-install.pth", "import os; os.system('x')\n")
    write(site / "bare-1.0-py3.6.egg-info", "Metadata-Version: 1.0\n")
    write(site / "bare.py")
    found = left(path)
    prefix = str(site.relative_to(path))
    assert names(found) == [f"{prefix}/bare.py", f"{prefix}/easy-install.pth"]
    assert found.notes == ("bare-1.0-py3.6.egg-info has no file list",)


def test_what_a_killed_pip_left_is_nobodys_loss(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    write(
        site / "numpy-1.0.dist-info" / "RECORD", "numpy/core.py,,\nnumpy-1.0.dist-info/RECORD,,\n"
    )
    write(site / "numpy" / "core.py")
    write(site / "~umpy" / "core.py")
    write(site / "~-mpy" / "core.py")
    write(site / "~backup" / "mine.py")
    assert names(left(path)) == [f"{site.relative_to(path)}/~backup/mine.py"]


def test_a_package_that_is_linked_to_a_cache_is_owned(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    write(tmp_path / "cache" / "cow" / "__init__.py")
    write(site / "cow-1.0.dist-info" / "RECORD", "cow/__init__.py,,\n")
    (site / "cow").symlink_to(tmp_path / "cache" / "cow")
    (site / "mine").symlink_to(tmp_path / "cache" / "cow")
    assert names(left(path)) == [str(site.relative_to(path) / "mine")]


def test_a_checkout_and_an_environment_below_are_told(make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv")
    write(path / "src" / "lib" / ".git" / "HEAD", "ref: refs/heads/main\n")
    write(path / "src" / "lib" / "unpushed.py")
    make_venv(path / "old")
    found = left(path)
    assert found.nested == ("old", "src/lib")
    assert {"src/lib/.git/HEAD", "src/lib/unpushed.py", "old/pyvenv.cfg"} <= set(names(found))


def test_conda_records_and_what_they_do_not_name(tmp_path, left):
    path = tmp_path / "env"
    record = '{"files": ["bin/python3.12", "lib/python3.12/os.py"]}'
    write(path / "conda-meta" / "python-3.12.1-h1_0.json", record)
    write(path / "conda-meta" / "history")
    write(path / "bin" / "python3.12")
    write(path / "lib" / "python3.12" / "os.py")
    write(path / "lib" / "python3.12" / "__pycache__" / "os.cpython-312.pyc")
    write(path / "conda-meta" / "state", '{"env_vars": {"KEY": "1"}}')
    write(path / "etc" / "conda" / "activate.d" / "env.sh")
    write(path / "conda-meta" / "torn-1.json", "{")
    found = left(path)
    torn = "conda-meta/torn-1.json"
    assert names(found) == ["conda-meta/state", torn, "etc/conda/activate.d/env.sh"]
    assert found.notes == (f"{torn} has no file list",)


@pytest.mark.parametrize(
    "record",
    [b"", b"\xff\xfe\0,,\n", b'"unclosed,,\n', b"../../../../../../etc/passwd,,\n/etc/passwd,,\n"],
)
def test_hostile_lists_own_nothing(make_venv, tmp_path, left, record):
    path = make_venv(tmp_path / "venv")
    write(path / ".env")
    write(packages(path) / "x-1.0.dist-info" / "RECORD").write_bytes(record)
    assert names(left(path)) == [".env"]


def test_what_cannot_be_looked_at_is_told_and_nothing_claimed(
    make_venv, tmp_path, left, monkeypatch
):
    """Permissions do not bind an administrator, so the refusal is made; the rest is real."""
    path = make_venv(tmp_path / "venv")
    write(path / "share" / "shut" / "x")
    real = os.scandir

    def refusing(folder):
        if str(folder).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    found = left(path)
    assert found.unread == ("share/shut: permission denied",)
    assert not found.complete


def test_the_list_is_bounded_and_says_so(make_venv, tmp_path, left, monkeypatch):
    path = make_venv(tmp_path / "venv")
    for number in range(5):
        write(path / f"{number}.txt", "ab")
    monkeypatch.setattr(unowned, "MOST_LISTED", 2)
    found = left(path)
    assert (len(found.files), found.count, found.bytes, found.complete) == (2, 5, 10, False)
    monkeypatch.setattr(unowned, "MOST_ENTRIES", 3)
    (reason,) = left(path).unread
    assert reason.endswith(": not scanned")


def test_a_stop_is_told(make_venv, tmp_path, host):
    path = make_venv(tmp_path / "venv")
    candidate = recognise(str(path))
    environment = Inspector(host).inspect(
        candidate, manager_of(candidate, managers(host)), ProjectLink()
    )
    found = unowned_files(environment, stopped=lambda: True)
    assert found.unread == ("the folder itself: not scanned",)


def test_a_real_lib64_is_somebodys_too(tmp_path, make_venv, left):
    path = make_venv(tmp_path / "env")
    pure = packages(path)
    compiled = path / "lib64" / pure.parent.name / "site-packages"
    if (path / "lib64").is_symlink():
        (path / "lib64").unlink()
    record = "numpy/core.so,,\nnumpy-1.dist-info/METADATA,,\nnumpy-1.dist-info/RECORD,,\n"
    record += f"../../../bin/f2py,,\n../../../lib/{pure.parent.name}/site-packages/shared.py,,\n"
    write(compiled / "numpy/core.so")
    write(compiled / "numpy-1.dist-info/METADATA", "Name: numpy\nVersion: 1\n")
    write(compiled / "numpy-1.dist-info/RECORD", record)
    write(path / "bin/f2py")
    write(pure / "shared.py")
    assert names(left(path)) == []
    write(compiled / "notes.txt")
    assert names(left(path)) == [f"lib64/{pure.parent.name}/site-packages/notes.txt"]


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_lines_that_a_person_added_for_any_shell(creator, make_venv, tmp_path, left):
    path = make_venv(tmp_path / "venv", creator=creator)
    assert names(left(path)) == []
    scripts = ["activate", "activate.csh", "activate.fish"]
    scripts += ["Activate.ps1"] if creator == "venv" else ["activate.nu", "activate_this.py"]
    for name in scripts:
        with open(path / "bin" / name, "a") as file:
            file.write("# a remark alone is no loss\n\nset KEY value\n")
    assert names(left(path)) == sorted(f"bin/{name}" for name in scripts)


@pytest.mark.parametrize("moved", [False, True])
def test_a_file_that_a_record_names_by_an_absolute_path(moved, make_venv, tmp_path, left):
    """As Poetry names the files of the root project that it installs."""
    path = make_venv(tmp_path / "venv")
    site = packages(path)
    write(site / "poeapp.pth", "/home/ada/poeapp\n")
    write(path / "bin" / "poeapp")
    told = f"{site}/poeapp.pth,,\n{path}/bin/poeapp,,\n/etc/passwd,,\n"
    if moved:
        told = told.replace(str(path), "/home/ada/before")
    write(site / "poeapp-1.0.dist-info" / "RECORD", told)
    assert names(left(path)) == (["bin/poeapp"] if moved else [])
