"""Real package folders: what importlib.metadata and uv say of them is what we read."""

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import virtualenv

from envdeck.core.inspection.packages.dependencies import needs
from envdeck.core.inspection.packages.distributions import (
    read_distributions,
    read_heads,
)
from envdeck.core.inspection.packages.record import RECORD_LIMIT, listed_size
from envdeck.core.inspection.packages.site_packages import count_distributions, normalise
from envdeck.core.model import Environment, Identity, Python, Script, Status

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


def environment_of(prefix: Path, *site_packages: str) -> Environment:
    version = ".".join(map(str, sys.version_info[:3]))
    return Environment(
        str(prefix),
        Identity(1, 2),
        "real",
        "venv",
        Status.OK,
        python=Python(version, sys.implementation.name),
        site_packages=site_packages or (str(prefix / "lib" / f"python{MINOR}" / "site-packages"),),
    )


@pytest.fixture(scope="module")
def running() -> Environment:
    paths = sysconfig.get_paths()
    folders = dict.fromkeys((paths["purelib"], paths["platlib"]))
    return environment_of(Path(sys.prefix), *folders)


@pytest.fixture(scope="module")
def by_library(running: Environment) -> list[importlib.metadata.Distribution]:
    found = importlib.metadata.distributions(path=list(running.site_packages))
    return sorted(found, key=lambda each: (normalise(each.metadata["Name"]), each.version))


def test_the_running_interpreters_packages_are_what_the_library_says(running, by_library):
    rows = read_distributions(running)
    assert len(rows) > 5
    assert [(row.display_name, row.version) for row in rows] == [
        (each.metadata["Name"], each.version) for each in by_library
    ]
    for row, each in zip(rows, by_library, strict=True):
        metadata = each.metadata
        assert row.problem == "", row.name
        assert row.summary == " ".join(metadata.get("Summary", "").split())
        assert list(row.requirements) == [" ".join(text.split()) for text in each.requires or ()]
        assert row.requires_python == metadata.get("Requires-Python")
        scripts = [
            Script(point.name, f"{point.module}:{point.attr}" if point.attr else point.module)
            for point in each.entry_points
            if point.group in {"console_scripts", "gui_scripts"}
        ]
        assert list(row.scripts) == scripts
        assert row.installer == (each.read_text("INSTALLER") or "").strip() or None
        if (each.read_text("RECORD") or "") != "":
            assert row.size_bytes == sum(file.size or 0 for file in each.files or ())


def test_the_levels_agree(running):
    rows, heads = read_distributions(running), read_heads(running)
    assert [(row.name, row.version, row.path) for row in rows] == [
        (head.name, head.version, head.path) for head in heads
    ]
    assert count_distributions(running.site_packages)[0] == len(rows)


def test_the_test_requirements_are_met_and_linked_both_ways(running):
    rows = {row.name: row for row in read_distributions(running)}
    pytest_row = rows["pytest"]
    assert {"iniconfig", "packaging", "pluggy"} <= set(pytest_row.requires)
    assert "colorama" not in pytest_row.requires or sys.platform == "win32"
    assert "pytest" in rows["iniconfig"].required_by
    assert pytest_row.missing == ()


def test_an_empty_environment_of_every_creator(tmp_path: Path, make_venv: Callable[..., Path]):
    for creator in ("venv", "virtualenv", "uv"):
        environment = environment_of(make_venv(tmp_path / creator, creator=creator))
        assert read_distributions(environment) == ()
        assert count_distributions(environment.site_packages)[0] == 0


def test_a_seeded_environment(tmp_path: Path):
    prefix = tmp_path / "seeded"
    virtualenv.cli_run(
        [
            "--no-download",
            "--no-periodic-update",
            "--app-data",
            str(tmp_path / "data"),
            str(prefix),
        ],
        setup_logging=False,
    )
    environment = environment_of(prefix)
    (pip,) = (row for row in read_distributions(environment) if row.name == "pip")
    assert (pip.installer, pip.requested, pip.problem) == ("pip", False, "")
    assert "pip" in {script.name for script in pip.scripts}
    with open(os.path.join(pip.path, "RECORD"), "rb") as file:
        assert pip.size_bytes == listed_size(file.read(RECORD_LIMIT))
    assert pip.size_bytes is not None
    assert pip.size_bytes > 1_000_000


def make_wheel(folder: Path, name: str, version: str, *headers: str) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "def main():\n    pass\n",
        f"{info}/METADATA": "\n".join(
            ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers, "", "")
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in files.items():
            wheel.writestr(file, content)
        wheel.writestr(
            f"{info}/RECORD", "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
        )
    return path


def test_what_uv_installs(tmp_path: Path, make_venv: Callable[..., Path]):
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "app", "1.0", "Requires-Dist: base[fast]>=1")
    make_wheel(wheels, "base", "1.2", 'Requires-Dist: quick; extra == "fast"')
    make_wheel(wheels, "quick", "3")
    direct = make_wheel(tmp_path / "elsewhere", "direct", "0.1", "Requires-Dist: quick")
    environment = environment_of(make_venv(tmp_path / "env", creator="uv"))
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--offline", "--no-config"]
    command += ["--cache-dir", str(tmp_path / "cache"), "--python", environment.path]
    command += ["--no-index", "--find-links", str(wheels), "app", f"direct @ {direct.as_uri()}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)

    app, base, found, quick = read_distributions(environment)
    assert [head.requested for head in read_heads(environment)] == [True, True, True, True]
    assert [row.requested for row in (app, base, found, quick)] == [True, False, True, False]
    assert {row.installer for row in (app, base, found, quick)} == {"uv"}
    assert (app.requires, base.requires) == (("base",), ("quick",))
    assert (base.required_by, quick.required_by) == (("app",), ("base", "direct"))
    assert (found.origin, app.origin) == (direct.as_uri(), None)
    assert [row.missing for row in (app, base, found, quick)] == [()] * 4
    assert app.scripts == (Script("app", "app:main"),)
    assert [row.name for row in needs((app, base, found, quick), "app")] == ["base", "quick"]


def test_scripts_that_were_not_installed_are_left_out(tmp_path, make_venv):
    """pip's wheel names `pip3.9`, of the Python it was built with; installers write their own."""
    from envdeck.core.inspection.packages.distributions import read_distributions
    from envdeck.core.model import Environment, Identity, Python, Status

    path = make_venv(tmp_path / "env")
    packages = next(path.glob("lib/*/site-packages"))
    metadata = packages / "shop-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: shop\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[console_scripts]\nshop = s:a\nshop3.9 = s:a\n")
    (path / "bin" / "shop").touch()
    environment = Environment(
        str(path),
        Identity(1, 1),
        "env",
        "venv",
        Status.OK,
        python=Python("3.12.1", executable=str(path / "bin" / "python")),
        site_packages=(str(packages),),
    )
    (row,) = read_distributions(environment)
    assert [script.name for script in row.scripts] == ["shop"]
