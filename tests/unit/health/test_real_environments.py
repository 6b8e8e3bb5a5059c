"""Each check on an environment of real tools in which the trouble came as it comes in life, and on
one that looks alike and is healthy; with what other judges say of both.

The judges, by column: `pip check`, `uv pip check`, whether `importlib.metadata` sees all as it is
declared, and whether the interpreter runs what the project would run.
"""

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from envdeck.core.model import Severity
from support.environments import create_environment
from support.installed import Installed

TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
MISSING = "-" if sys.version_info < (3, 12) else "+"
"""What `importlib.metadata` tells of missing files: since 3.12 it leaves them out."""
PRESENT = """
from importlib.metadata import distributions
named = set()
for one in distributions():
    name, files = one.metadata['Name'], one.files
    assert name not in named, 'twice'
    named.add(name)
    assert files is None or all(each.locate().exists() for each in files), 'missing'
"""


class Case(NamedTuple):
    """One way in which an environment goes wrong, and its healthy likeness."""

    check: str
    wrong: Callable[[Installed], object]
    right: Callable[[Installed], object]
    runs: str
    """What the interpreter is given to run."""
    judged: str
    """What each judge says of the wrong one: `+` fine, `-` not; of the right one all say fine."""
    severity: Severity = Severity.WARNING


def two_apart(made: Installed) -> None:
    made.wheel("needed", requires=[])
    made.wheel("app", requires=["needed>=1", "absent; python_version < '3'", "more; extra == 'x'"])


def without_what_it_needs(made: Installed) -> None:
    two_apart(made)
    made.uv("install", "--no-deps", "app")


def with_what_it_needs(made: Installed) -> None:
    two_apart(made)
    made.uv("install", "app")


def needed_too_old(made: Installed, version: str = "1.0") -> None:
    made.wheel("needed", version)
    made.wheel("app", requires=["needed>=2"], files={"app.py": "import needed; int(needed.v[0])"})
    made.uv("install", "--no-deps", f"needed=={version}", "app")


def for_another_python(made: Installed, allowed: str = "<3") -> None:
    wheel = made.wheel("app", headers=[f"Requires-Python: {allowed}"])
    made.pip("install", "--ignore-requires-python", wheel)


def unzipped(made: Installed, tag: str = "cp39") -> None:
    """As people do who copy a wheel from another machine."""
    files = {f"fast.{tag.replace('cp', 'cpython-')}-x86_64-linux-gnu.so": b"\x7fELF"}
    if tag == TAG:
        shutil.copy(next(iter(sorted(_extension()))), made.wheels)
        name = os.path.basename(next(iter(sorted(_extension()))))
        files = {name: (made.wheels / name).read_bytes()}
    wheel = made.wheel("fast", files=files, tag=f"{tag}-{tag}-linux_x86_64")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made.site)


def _extension() -> list[str]:
    """Return compiled modules of this Python."""
    import sysconfig

    folder = os.path.join(sysconfig.get_path("stdlib"), "lib-dynload")
    found = [os.path.join(folder, name) for name in os.listdir(folder)]
    return [path for path in found if os.path.basename(path).startswith("_bisect.")]


def installed_over_itself(made: Installed, second: str = "2.0") -> None:
    """`pip install --target` removes nothing of what is there."""
    made.wheel("thing", "1.0")
    made.wheel("thing", "2.0")
    made.pip("install", "thing==1.0")
    made.pip("install", "--upgrade", "--target", made.site, f"thing=={second}")


def upgraded(made: Installed) -> None:
    made.wheel("thing", "1.0")
    made.wheel("thing", "2.0")
    made.pip("install", "thing==1.0")
    made.pip("install", "--upgrade", "thing==2.0")


def two_builds(made: Installed, second: bytes = b"v = 'less'\n") -> None:
    made.wheel("opencv-python", files={"cv2/__init__.py": b"v = 'full'\n"})
    made.wheel("opencv-python-headless", files={"cv2/__init__.py": second})
    made.pip("install", "opencv-python")
    made.pip("install", "opencv-python-headless")


def killed_on_its_way(made: Installed, *, killed: bool = True) -> None:
    made.wheel("thing", "1.0", files={"thing/__init__.py": "v = 1\n"})
    made.pip("install", "thing")
    dies = "import os, pip._internal.req.req_uninstall as u; "
    dies += "u.StashedUninstallPathSet.commit = lambda _: os._exit(9)"
    made.pip("uninstall", "-y", "thing", check=False, before=dies if killed else "")


def installed_whole(made: Installed) -> None:
    made.wheel("thing", files={"thing/__init__.py": "v = 1\n", "thing/more.py": "w = 2\n"})
    made.uv("install", "thing")


def a_file_removed(made: Installed) -> None:
    installed_whole(made)
    (made.site / "thing" / "more.py").unlink()


def a_file_edited(made: Installed) -> None:
    installed_whole(made)
    (made.site / "thing" / "more.py").unlink()  # uv's cache has the same file
    (made.site / "thing" / "more.py").write_text("w = 3  # tried something\n")


def compiled(made: Installed) -> None:
    installed_whole(made)
    assert made.runs("import thing.more")


def a_stray_module(made: Installed) -> None:
    installed_whole(made)
    (made.site / "helpers.py").write_text("import thing\n")


def an_empty_folder(made: Installed) -> None:
    installed_whole(made)
    (made.site / "data").mkdir()


def code_nobody_owns(made: Installed) -> None:
    (made.site / "boot.pth").write_text("import sys; sys.booted = True\n")


def code_of_setuptools(made: Installed) -> None:
    line = b"import os; var = 'SETUPTOOLS_USE_DISTUTILS'\n"
    made.wheel("setuptools", "80.0", files={"distutils-precedence.pth": line})
    made.uv("install", "setuptools")


def left_alone(made: Installed) -> None:
    with_pip(made)
    made.wheel("other")
    made.pip("install", "other")
    made.pip("uninstall", "-y", "app")


def with_pip(made: Installed) -> None:
    two_apart(made)
    made.pip("install", "app")


def a_stray_random(made: Installed) -> None:
    (made.project / "pyproject.toml").write_text("[project]\nname = 'api'\nversion = '1'\n")
    (made.project / "random.py").write_text("number = 4\n")


def random_elsewhere(made: Installed) -> None:
    (made.project / "pyproject.toml").write_text("[project]\nname = 'api'\nversion = '1'\n")
    (made.project / "scripts").mkdir()
    (made.project / "scripts" / "random.py").write_text("number = 4\n")


def a_path_in_dotenv(made: Installed, name: str = "PYTHONPATH") -> None:
    (made.project / "pyproject.toml").write_text("[project]\nname = 'api'\nversion = '1'\n")
    other = made.home / "old"
    other.mkdir()
    (other / "json.py").write_text("")
    (made.project / ".env").write_text(f"{name}={other}\n")
    (made.project / ".env").chmod(0o600)


def open_to_all(made: Installed, mode: int = 0o777) -> None:
    made.site.chmod(mode)


def base_upgraded(made: Installed, before: str = "3.{}.0") -> None:
    cfg = made.path / "pyvenv.cfg"
    told = before.format(sys.version_info[1])
    lines = [line for line in cfg.read_text().splitlines() if not line.startswith("version")]
    cfg.write_text("\n".join([*lines, f"version_info = {told}", ""]))


CASES = (
    Case("missing-requirement", without_what_it_needs, with_what_it_needs, "import needed",
         "--+-", Severity.ERROR),
    Case("incompatible-requirement", needed_too_old, lambda made: needed_too_old(made, "2.0"),
         "import app, needed; assert needed.v >= '2'", "--+-", Severity.ERROR),
    Case("python-requirement", for_another_python, lambda made: for_another_python(made, ">=3"),
         "import app", "++++", Severity.ERROR),
    Case("wrong-build", unzipped, lambda made: unzipped(made, TAG),
         "import os; names = os.listdir(os.path.dirname(os.__file__)); import importlib.metadata;"
         "top = [str(f) for f in importlib.metadata.files('fast') if str(f).endswith('.so')];"
         "__import__(top[0].partition('.')[0])", "--+-", Severity.ERROR),
    Case("duplicate-distribution", installed_over_itself, upgraded,
         "import thing, importlib.metadata as m; assert m.version('thing') == thing.v", "+---",
         Severity.ERROR),
    Case("file-clash", two_builds, lambda made: two_builds(made, b"v = 'full'\n"),
         "import cv2; assert cv2.v == 'full'", "+++-"),
    Case("interrupted-install", killed_on_its_way,
         lambda made: killed_on_its_way(made, killed=False),
         "import importlib.util as u; assert u.find_spec('thing') is None", f"++{MISSING}+"),
    Case("missing-file", a_file_removed, compiled, "import thing.more", f"++{MISSING}-"),
    Case("changed-file", a_file_edited, compiled, "import thing.more as m; assert m.w == 2",
         "+++-"),
    Case("stranger-module", a_stray_module, an_empty_folder, "import thing", "++++"),
    Case("code-at-start", code_nobody_owns, code_of_setuptools,
         "import sys; assert not hasattr(sys, 'booted')", "+++-"),
    Case("unneeded-distribution", left_alone, with_pip, "import needed", "++++", Severity.NOTE),
    Case("shadowed-module", a_stray_random, random_elsewhere, "import random; random.choice",
         "+++-"),
    Case("path-pollution", a_path_in_dotenv, lambda made: a_path_in_dotenv(made, "MY_PATH"),
         "import json; json.dumps", "++++"),
    Case("writable-by-others", open_to_all, lambda made: open_to_all(made, 0o755), "pass", "++++"),
    Case("stale-base", base_upgraded,
         lambda made: base_upgraded(made, ".".join(map(str, sys.version_info[:3]))), "pass", "++++",
         Severity.NOTE),
)  # fmt: skip


def verdicts(made: Installed, code: str) -> str:
    """Return what each judge says, in the order of the columns."""
    said = (
        made.pip("check", check=False) == 0,
        made.uv("check", check=False) == 0,
        made.runs(PRESENT, "-P"),
        made.runs(code),
    )
    return "".join("+" if one else "-" for one in said)


USUAL = {"missing-requirement", "interrupted-install", "missing-file"}
EVERY = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.check, marks=() if case.check in USUAL else pytest.mark.slow)
        for case in CASES
    ],
)


@EVERY
def test_the_trouble_is_found(tmp_path, case):
    made = Installed(tmp_path)
    case.wrong(made)
    found = made.findings(case.check)
    assert [one.severity for one in found] == [case.severity], made.examine(case.check)
    assert verdicts(made, case.runs) == case.judged


@EVERY
def test_what_looks_alike_is_healthy(tmp_path, case):
    made = Installed(tmp_path)
    case.right(made)
    assert made.findings(case.check) == ()
    worse = [one for one in made.examine().findings if one.severity is not Severity.NOTE]
    assert worse == []
    assert verdicts(made, case.runs) == "++++"


# what depends on the person and on the shell


def user_site(tmp_path, *flags: str) -> Installed:
    """`pip install --user`, as people do who read "permission denied" once."""
    made = Installed(tmp_path, flags)
    made.wheel("left-pad")
    base = copy(made)
    base.python = Path(sys._base_executable)
    base.pip("install", "--user", "--break-system-packages", "left-pad")
    return made


@pytest.mark.slow
def test_packages_of_the_user_are_seen_under_system_packages(tmp_path):
    made = user_site(tmp_path, "--system-site-packages")
    (found,) = [one for one in made.findings("path-pollution") if one.subject == "user-site"]
    assert found.severity is Severity.WARNING
    assert dict(found.evidence)["adds"] == ("left-pad",)
    judged = verdicts(made, "import left_pad, sys; assert left_pad.__file__.startswith(sys.prefix)")
    assert judged[2:] == "+-", "the checks of pip and uv say what the base has"


@pytest.mark.slow
def test_packages_of_the_user_are_nothing_to_an_environment_by_itself(tmp_path):
    made = user_site(tmp_path)
    made.uv("install", "left-pad")
    assert made.findings("path-pollution") == ()
    code = "import left_pad, sys; assert left_pad.__file__.startswith(sys.prefix)"
    assert verdicts(made, code) == "++++"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "found", "judged"),
    [
        ("install.target", "/elsewhere", ["PIP_TARGET"], "+++-"),
        ("install.no-compile", "true", [], "++++"),
    ],
    ids=["target", "no-compile"],
)
def test_a_configuration_of_pip_that_sends_packages_elsewhere(
    tmp_path, option, value, found, judged
):
    """Written by `pip config`; what is installed then does not arrive in the environment."""
    made = Installed(tmp_path)
    made.call(made.python, "-m", "ensurepip")
    made.wheel("thing")
    value = str(tmp_path) + value if value.startswith("/") else value
    made.call(made.python, "-m", "pip", "config", "--user", "set", option, value)
    links = ("--no-index", "--find-links", made.wheels)
    made.call(made.python, "-m", "pip", "install", "-q", *links, "thing")
    assert [one.subject for one in made.findings("path-pollution")] == found
    assert verdicts(made, "import thing") == judged


@pytest.mark.slow
def test_a_shell_whose_python_is_another_than_the_active_environment(tmp_path):
    """Activated, and then another environment's folder was put before it in PATH."""
    made = Installed(tmp_path)
    other = create_environment(made.home / "other", creator="uv")
    own, others = str(made.path / "bin"), str(other / "bin")
    code = "import sys; print(sys.prefix)"
    for path, subjects in (
        (f"{others}:{own}:{os.environ['PATH']}", [f"{others}/python"]),
        (f"{own}:{others}:{os.environ['PATH']}", []),
    ):
        shell = {"PATH": path, "VIRTUAL_ENV": str(made.path), "HOME": str(made.home)}
        made.catalog.host = replace(made.host, environ=shell)
        found = made.findings("wrong-python")
        assert [one.subject for one in found] == subjects
        done = subprocess.run(
            ["sh", "-c", f"python -c {shlex.quote(code)}"],
            env=shell, check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.strip() == str(other if subjects else made.path)
