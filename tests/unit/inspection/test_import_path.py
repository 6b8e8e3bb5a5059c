"""What an interpreter imports from: its own folders, the user's, the system's, those of `.pth`."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.discovery.project_links import ProjectLink
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.import_path import import_path
from envdeck.core.inspection.packages.distributions import read_distributions

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def install(folder, name, version="1.0", *requirements):
    """Lay out a distribution as an installer does, and return the package folder."""
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir(parents=True)
    needs = "".join(f"Requires-Dist: {one}\n" for one in requirements)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    )
    return folder


@pytest.fixture
def read(host):
    """Return a function that reads the environment at a path, on the host of the test."""

    def inspect(path, **environ):
        there = replace(host, environ=environ)
        candidate = recognise(str(path))
        every = managers(there)
        manager = next(one for one in every if one.claims(candidate))
        return Inspector(there).inspect(candidate, manager, ProjectLink()), there

    return inspect


@pytest.fixture
def base(home):
    """Return the prefix of an installation that is laid out and cannot run."""
    return build(home / "opt" / "python", "lib/python3.13", "python3.13")


def build(prefix, stdlib, executable, header="3.13.2"):
    program = prefix / "bin" / executable
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to(executable)
    (prefix / stdlib).mkdir(parents=True)
    (prefix / stdlib / "os.py").touch()
    include = prefix / "include" / os.path.basename(stdlib)
    include.mkdir(parents=True)
    (include / "patchlevel.h").write_text(f'#define PY_VERSION "{header}"\n')
    return prefix


def virtual(path, base, *, library="lib/python3.13", system="true", **cfg):
    """Lay out an environment of a base, and return it."""
    (path / library / "site-packages").mkdir(parents=True)
    (path / "bin").mkdir()
    (path / "bin" / "python").symlink_to(base / "bin" / "python3")
    lines = {"home": f"{base}/bin", "version_info": "3.13.0.final.0", **cfg}
    if system is not None:
        lines["include-system-site-packages"] = system
    (path / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    return path


def missing(environment, host):
    return {row.name: row.missing for row in read_distributions(environment, host=host)}


def test_a_real_lib64_is_read_beside_lib(home, base, read):
    path = virtual(home / "env", base)
    compiled = install(path / "lib64/python3.13/site-packages", "numpy")
    pure = install(path / "lib/python3.13/site-packages", "click")
    found, there = read(path)
    assert found.site_packages == (str(compiled), str(pure))
    assert (found.packages, found.status.value) == (2, "ok")
    assert [row.name for row in read_distributions(found, host=there)] == ["click", "numpy"]


@pytest.mark.parametrize("link", ["lib64", "lib64/python3.13", "lib64/python3.13/site-packages"])
def test_a_lib64_that_leads_to_lib_counts_once(home, base, read, link):
    path = virtual(home / "env", base)
    pure = install(path / "lib/python3.13/site-packages", "click")
    (path / link).parent.mkdir(parents=True, exist_ok=True)
    (path / link).symlink_to(path / link.replace("lib64", "lib"))
    found, _ = read(path)
    assert [os.path.realpath(one) for one in found.site_packages] == [str(pure)]
    assert found.packages == 1


@pytest.mark.parametrize(
    ("place", "environ"),
    [
        (".local/lib/python3.13/site-packages", {}),
        ("base/lib/python3.13/site-packages", {"PYTHONUSERBASE": "~/base"}),
        ("opt/python/lib/python3.13/site-packages", {}),
        ("opt/python/lib64/python3.13/site-packages", {}),
    ],
)
@pytest.mark.parametrize("system", ["true", "True", None])
def test_system_packages_are_all_that_the_base_sees(home, base, read, place, environ, system):
    path = virtual(home / "env", base, system=system)
    install(path / "lib/python3.13/site-packages", "app", "1", "numpy>=2")
    install(home / place, "numpy", "2.1")
    found, there = read(path, **environ)
    assert import_path(found, there).inherited == (str(home / place),)
    assert missing(found, there) == {"app": ()}


@pytest.mark.parametrize(
    ("system", "environ"), [("false", {}), ("true", {"PYTHONNOUSERSITE": "1"})]
)
def test_the_users_folder_counts_only_where_it_is_on(home, base, read, system, environ):
    path = virtual(home / "env", base, system=system)
    install(path / "lib/python3.13/site-packages", "app", "1", "numpy>=2")
    install(home / ".local/lib/python3.13/site-packages", "numpy", "2.1")
    found, there = read(path, **environ)
    assert import_path(found, there).inherited == ()
    assert missing(found, there) == {"app": ("numpy>=2",)}


@pytest.mark.parametrize(
    ("stdlib", "executable", "implementation"),
    [
        ("lib/python3.13t", "python3.13t", "cpython"),
        ("lib64/python3.13", "python3.13", "cpython"),
        ("lib/pypy3.11", "pypy3.11", "pypy"),
        ("lib/python3.12", "graalpy", "graalpy"),
    ],
)
def test_every_kind_of_base_shows_its_packages(home, read, stdlib, executable, implementation):
    number = re.search(r"3[.]\d+", stdlib).group()
    base = build(home / "graalpy-24.1", stdlib, executable, header=f"{number}.1")
    library = "lib/" + os.path.basename(stdlib)
    path = virtual(home / "env", base, library=library, version_info=f"{number}.0.final.0")
    install(path / library / "site-packages", "app", "1", "numpy>=2")
    system = install(base / stdlib / "site-packages", "numpy", "2.1")
    found, there = read(path)
    assert import_path(found, there).inherited == (str(system),)
    assert missing(found, there) == {"app": ()}
    assert (found.python.implementation, found.python.version) == (implementation, f"{number}.1")
    assert found.status.value == "ok"


@pytest.mark.parametrize(
    "line",
    [
        "{place}",
        "../../../../vendor",
        "  {place}  ",
        "# a word\n\n{place}",
        "import site; site.addsitedir({place!r})",
    ],
)
def test_a_pth_line_leads_to_further_packages(home, base, read, line):
    path = virtual(home / "env", base, system="false")
    site = install(path / "lib/python3.13/site-packages", "app", "1", "numpy>=2")
    place = install(home / "vendor", "numpy", "2.1")
    (site / "vendor.pth").write_text(line.format(place=str(place)))
    found, there = read(path)
    assert [os.path.realpath(one) for one in import_path(found, there).inherited] == [str(place)]
    assert missing(found, there) == {"app": ()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".vendor.pth", "{place}"),
        ("vendor.txt", "{place}"),
        ("vendor.pth", "#{place}"),
        ("vendor.pth", "import sys; sys.path.append({place!r})\0"),
        ("vendor.pth", "/nowhere/at/all"),
    ],
)
def test_what_no_interpreter_reads_as_a_path_is_none(home, base, read, name, content):
    path = virtual(home / "env", base, system="false")
    place = install(home / "vendor", "numpy", "2.1")
    site = path / "lib/python3.13/site-packages"
    (site / name).write_text(content.format(place=str(place)))
    found, there = read(path)
    assert import_path(found, there).inherited == ()


def test_pth_files_that_add_each_other_end(home, base, read):
    path = virtual(home / "env", base, system="false")
    site = path / "lib/python3.13/site-packages"
    other = install(home / "other", "numpy")
    (site / "a.pth").write_text(f"import site; site.addsitedir('{other}')")
    (other / "b.pth").write_text(f"import site; site.addsitedir('{site}')\n{other}\n{site}")
    found, there = read(path)
    assert import_path(found, there).inherited == (str(other),)


@pytest.mark.parametrize("closed", [True, False])
def test_before_virtualenv_20_a_missing_file_means_system_packages(home, base, read, closed):
    path = home / "env"
    site = install(path / "lib/python3.13/site-packages", "app", "1", "numpy>=2")
    (path / "bin").mkdir()
    (path / "bin/python").write_bytes(b"\x7fELF")
    (path / "bin/python").chmod(0o755)
    (path / "bin/activate").write_text(f'VIRTUAL_ENV="{path}"\n')
    (site.parent / "orig-prefix.txt").write_text(str(base))
    if closed:
        (site.parent / "no-global-site-packages.txt").touch()
    install(base / "lib/python3.13/site-packages", "numpy", "2.1")
    found, there = read(path)
    assert found.creation.system_site_packages is not closed
    assert missing(found, there) == {"app": ("numpy>=2",) if closed else ()}


def test_a_conda_prefix_sees_the_users_folder(home, read):
    path = build(home / "conda", "lib/python3.13", "python3.13")
    (path / "conda-meta").mkdir()
    (path / "conda-meta/python-3.13.2-h1_0.json").write_text("{}")
    install(path / "lib/python3.13/site-packages", "app", "1", "numpy>=2")
    user = install(home / ".local/lib/python3.13/site-packages", "numpy", "2.1")
    found, there = read(path)
    assert import_path(found, there).inherited == (str(user),)
    assert found.python.version == "3.13.2"


def test_it_is_what_a_real_interpreter_says(tmp_path, home, host, make_venv):
    path = make_venv(tmp_path / "env", flags=("--system-site-packages",))
    install(home / f".local/lib/python{MINOR}/site-packages", "numpy")
    program = "import sys; print(*sys.path, sep='\\n')"
    said = subprocess.run(
        [str(path / "bin/python"), "-c", program],
        env={"HOME": str(home)}, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip
    candidate = recognise(str(path))
    found = Inspector(host).inspect(candidate, managers(host)[-1], ProjectLink())
    seen = import_path(found, host)
    told = [os.path.realpath(one) for one in (*seen.own, *seen.inherited)]
    assert told == [
        os.path.realpath(one)
        for one in said
        if one and os.path.isdir(one) and (one.startswith(str(path)) or any(
            name.endswith((".dist-info", ".egg-info")) for name in os.listdir(one)
        ))
    ]  # fmt: skip
