"""What comes into `sys.path` from outside, and what is run at every start; the interpreter of each
environment is asked what it really imports."""

import hashlib
import json
import os
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import Examiner, examine_whole
from envdeck.core.model import Creation, Finding, Fix, FixKind, Severity
from envdeck.core.system.host import Host

CHECKS = ("code-at-start", "shadowed-module", "path-pollution", "writable-by-others")


@dataclass
class Room:
    """A project with a real environment."""

    project: Path
    host: Host
    make: Callable[..., Path]
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True, exist_ok=True)
        self.write("pyproject.toml", '[project]\nname = "api"\nversion = "1"\n')
        self.path = self.make(self.project / ".venv", creator="uv", flags=self.flags)
        (self.site,) = self.path.glob("lib/python*/site-packages")

    def write(self, name: str, text: str = "") -> Path:
        file = self.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def install(self, name: str, files: dict[str, str], version: str = "1.0") -> None:
        """Install a distribution with these files, as pip records it."""
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        rows = []
        for path, text in files.items():
            file = self.site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(text)}\n")
        (info / "RECORD").write_text("".join([*rows, f"{info.name}/RECORD,,\n"]))

    def context(self, *, kept: bool = False) -> HealthContext:
        environment = Catalog(
            self.host, index_file=str(self.project.parent / "index.sqlite")
        ).lookup(str(self.path))
        assert environment is not None
        return HealthContext(environment, self.host, kept=kept)

    def find(self, *names: str) -> tuple[Finding, ...]:
        """Run the checks of this subject, or those named."""
        return examine_whole(self.context(), names=names or CHECKS).findings

    def imported(self, *names: str, **variables: str) -> dict[str, str]:
        """Ask the interpreter in the project's folder where it takes modules from."""
        code = "import sys, json, importlib as i; print(json.dumps({n: getattr("
        code += "i.import_module(n), '__file__', None) for n in sys.argv[1:]}))"
        done = subprocess.run(
            [str(self.path / "bin" / "python"), "-c", code, *names],
            cwd=self.project,
            env=variables,
            capture_output=True,
            check=True,
            text=True,
        )
        return json.loads(done.stdout)


@pytest.fixture
def room(home, tmp_path, make_venv) -> Room:
    host = Host("linux", str(home), {"PATH": "/usr/bin"}, root=str(tmp_path / "system"))
    return Room(home / "work" / "api", host, make_venv)


def evidence(finding: Finding) -> dict[str, object]:
    return dict(finding.evidence)


# shadowed-module


def test_a_stray_module_of_the_project_hides_a_standard_one(room):
    stray = room.write("random.py")
    package = room.write("email/__init__.py")
    found = room.find()
    assert [(one.check, one.subject, one.severity) for one in found] == [
        ("shadowed-module", "email", Severity.WARNING),
        ("shadowed-module", "random", Severity.WARNING),
    ]
    assert found[1].message == "random.py of the project hides the standard module random"
    assert str(stray) in found[1].remedy
    assert room.imported("random", "email") == {"random": str(stray), "email": str(package)}


def test_a_stray_module_of_the_project_hides_an_installed_one(room):
    room.install("pyyaml", {"yaml/__init__.py": "", "_yaml/__init__.py": ""})
    stray = room.write("yaml.py")
    (found,) = room.find()
    assert found.message == "yaml.py of the project hides yaml of pyyaml"
    assert evidence(found)["owner"] == "pyyaml"
    assert room.imported("yaml") == {"yaml": str(stray)}


def test_what_the_interpreter_does_not_take_from_the_project_hides_nothing(room):
    room.install("pyyaml", {"yaml/__init__.py": ""})
    room.write("os.py")  # loaded before the script's folder is on the path
    room.write("sys.py")  # built in
    room.write("random/data.txt")  # no package
    room.write("yaml/schema.yml")
    room.write("tests/__init__.py")
    assert room.find() == ()
    taken = room.imported("os", "random", "yaml").values()
    assert not [one for one in taken if one and one.startswith(f"{room.project}/") and
                not one.startswith(f"{room.path}/")]  # fmt: skip


def test_a_project_installed_as_a_copy_does_not_hide_itself(room):
    room.install("api", {"api/__init__.py": ""})
    room.write("api/__init__.py")
    assert room.find() == ()


def test_an_editable_project_in_a_folder_of_its_own_hides_nothing(room):
    room.write("src/api/__init__.py")
    room.write("src/random.py")  # behind the standard library
    room.install("api", {"__editable__.api-1.0.pth": f"{room.project}/src\n"})
    assert room.find() == ()
    assert not room.imported("random")["random"].startswith(str(room.project / "src"))


def test_a_leftover_copy_hides_the_editable_project(room):
    source = room.write("src/api/__init__.py")
    room.install("api", {"__editable__.api-1.0.pth": f"{room.project}/src\n"})
    stale = room.site / "api" / "__init__.py"
    stale.parent.mkdir()
    stale.write_text("")
    (found,) = room.find()
    assert found.check == "shadowed-module"
    assert evidence(found)["hides"] == str(source.parent)
    assert room.imported("api") == {"api": str(stale)}


def test_a_package_hides_a_module_of_another_distribution(room):
    room.install("one", {"common.py": "", "same.py": "", "same/__init__.py": ""})
    room.install("two", {"common/__init__.py": ""})
    (found,) = room.find()
    assert found.message == "common/ of two hides common of one"
    assert room.imported("common") == {"common": str(room.site / "common" / "__init__.py")}


# path-pollution


def test_a_pythonpath_in_the_dotenv_file_is_told_with_what_it_hides(room, home):
    room.install("requests", {"requests/__init__.py": ""})
    shared = home / "shared"
    shared.mkdir()
    for name in ("requests", "queue"):
        (shared / f"{name}.py").write_text("")
    room.write(".env", f"TOKEN=hunter2\nPYTHONPATH={shared}:src\n")
    pollution, shadow = room.find()
    assert (pollution.check, pollution.severity) == ("path-pollution", Severity.WARNING)
    assert evidence(pollution)["hides"] == ("queue", "requests")
    assert evidence(pollution)["adds"] == (str(shared),)
    assert pollution.remedy == f"Remove it from {room.project}/.env"
    assert evidence(shadow)["modules"] == ("queue", "requests")
    taken = room.imported("queue", "requests", PYTHONPATH=str(shared))
    assert set(taken.values()) == {str(shared / "queue.py"), str(shared / "requests.py")}
    assert "hunter2" not in repr((pollution, shadow))


def test_a_pythonpath_within_the_project_that_hides_nothing_is_a_note(room):
    room.write("src/api.py")
    room.write(".env", "PYTHONPATH=src\n")
    (found,) = room.find()
    assert (found.check, found.severity) == ("path-pollution", Severity.NOTE)


def test_a_dotenv_file_that_only_speaks_of_it_is_silent(room):
    room.write(".env", "# PYTHONPATH=/tmp\nMY_PYTHONPATH=/tmp\nNOTE='set PYTHONPATH=/tmp'\n")
    assert room.find() == ()


def test_a_variable_of_the_shell_is_told_when_asked_and_not_kept(room, home):
    shared = home / "shared"
    shared.mkdir()
    (shared / "random.py").write_text("")
    room.install("pip", {"pip/__init__.py": ""}, "26.0")
    variables = {"PYTHONPATH": str(shared), "PIP_TARGET": "/elsewhere", "PIP_USER": "0"}
    room.host = replace(room.host, environ={**room.host.environ, **variables})
    found = room.find()
    assert [(one.check, one.subject) for one in found] == [
        ("path-pollution", "PIP_TARGET"),
        ("path-pollution", "PYTHONPATH"),
        ("shadowed-module", str(shared)),
    ]
    assert room.imported("random", PYTHONPATH=str(shared))["random"] == str(shared / "random.py")
    assert Examiner(room.host).examine(room.context(kept=True)).findings == ()


def test_the_configuration_of_pip_is_told_where_pip_is(room, home):
    file = home / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[install]\ntarget = /elsewhere\nindex-url = https://ada:secret@example/\n")
    assert room.find() == ()  # nothing here would install with it
    room.install("pip", {"pip/__init__.py": ""}, "26.0")
    (found,) = room.find()
    assert found.remedy == f"Remove it from {file}"
    assert "secret" not in repr(found)


def test_packages_of_the_user_are_told_under_system_packages(home, tmp_path, make_venv):
    host = Host("linux", str(home), {"PATH": "/usr/bin"}, root=str(tmp_path / "system"))
    room = Room(home / "api", host, make_venv, ("--system-site-packages",))
    user = home / ".local" / "lib" / room.site.parent.name / "site-packages"
    (user / "left_pad-1.0.dist-info").mkdir(parents=True)
    (user / "left_pad.py").write_text("")
    found = {one.subject: one for one in room.find("path-pollution")}
    assert found["user-site"].severity is Severity.WARNING
    assert evidence(found["user-site"])["adds"] == ("left-pad",)
    assert found["user-site"].fix == Fix(FixKind.RECREATE)
    taken = room.imported("left_pad", HOME=str(home))
    assert taken == {"left_pad": str(user / "left_pad.py")}


def test_packages_of_the_user_are_nothing_to_an_isolated_environment(room, home):
    user = home / ".local" / "lib" / room.site.parent.name / "site-packages"
    (user / "left_pad-1.0.dist-info").mkdir(parents=True)
    assert room.find() == ()


def test_path_files_that_lead_outside_and_nowhere(room, home):
    (home / "shared").mkdir()
    (room.site / "mine.pth").write_text(f"# mine\n{home}/shared\n")
    room.install("gone", {"__editable__.gone-1.0.pth": f"{home}/gone/src\n"})
    nowhere, outside = sorted(room.find(), key=lambda one: one.message)
    assert (nowhere.subject, nowhere.fix) == ("gone", Fix(FixKind.UNINSTALL, ("gone",)))
    assert nowhere.message.endswith(f"adds a folder that does not exist: {home}/gone/src")
    assert outside.remedy.startswith(f"Remove line 2 of {room.site}/mine.pth")


# code-at-start


def test_code_that_no_distribution_owns_is_a_warning(room):
    (room.site / "stray.pth").write_text("import os; os.environ['SEEN'] = '1'\n")
    (room.site / "sitecustomize.py").write_text("")
    found = room.find()
    assert [(one.check, one.severity) for one in found] == [
        ("code-at-start", Severity.WARNING),
        ("code-at-start", Severity.WARNING),
    ]
    assert evidence(found[1])["code"] == ("import os; os.environ['SEEN'] = '1'",)
    assert room.imported("sitecustomize") == {"sitecustomize": str(room.site / "sitecustomize.py")}


def test_code_that_a_distribution_owns_is_a_note_unless_it_was_changed(room):
    room.install("patcher", {"patcher_start.pth": "import patcher\n", "patcher.py": ""})
    (found,) = room.find()
    assert (found.severity, found.subject) == (Severity.NOTE, "patcher")
    (room.site / "patcher_start.pth").write_text("import patcher; import sys\n")
    (found,) = room.find()
    assert (found.severity, found.fix) == (
        Severity.WARNING,
        Fix(FixKind.REINSTALL, ("patcher",)),
    )


def test_what_everybody_has_is_silent(room):
    room.install("setuptools", {"distutils-precedence.pth": "import os; var = 'X'\n"}, "80.0")
    room.install("coverage", {"a1_coverage.pth": "import sys\n"}, "7.0")
    room.install("zope-interface", {"zope.interface-nspkg.pth": "import sys, types\n"}, "7.0")
    finder = "import __editable___api_1_0_finder; __editable___api_1_0_finder.install()\n"
    room.install("api", {"__editable__.api-1.0.pth": finder, "__editable___api_1_0_finder.py": ""})
    (room.site / "_virtualenv.pth").write_text("import _virtualenv")
    assert room.find() == ()


def test_a_well_known_name_without_its_owner_is_no_excuse(room):
    (room.site / "distutils-precedence.pth").write_text("import os\n")
    (room.site / "_virtualenv.pth").write_text("import _virtualenv; import something_else\n")
    assert [one.severity for one in room.find()] == [Severity.WARNING] * 2


# writable-by-others


def test_a_package_folder_that_everybody_may_write_is_a_warning(room):
    assert room.find("writable-by-others") == ()
    room.site.chmod(0o777)
    (found,) = room.find("writable-by-others")
    assert evidence(found)["files"] == (str(room.site),)
    room.site.chmod(0o1777)
    assert room.find("writable-by-others") == (), "with the sticky bit nobody can replace a file"


# whatever lies there


def test_hostile_files_are_neither_waited_for_nor_believed(room):
    for name in ("pipe.pth", "random.py"):
        os.mkfifo(room.site / name)
    (room.site / "loop.pth").symlink_to("loop.pth")
    (room.site / "folder.pth").mkdir()
    (room.site / "noise.pth").write_bytes(b"import os\n\xff\xfe" + b"A" * 60_000)
    (room.site / "many.pth").write_text("".join(f"/nowhere/{n}\n" for n in range(3000)))
    os.mkfifo(room.project / ".env")
    record = room.site / "wide-1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("x/site-packages/" * 100_000 + "noise.pthz")
    found = room.find()
    assert [(one.check, os.path.basename(one.subject)) for one in found] == [
        ("path-pollution", "noise.pth"),
        ("code-at-start", "noise.pth"),
        ("path-pollution", "many.pth"),
    ]
    assert "and 2,997 more" not in found[2].message, "a file is read in part"
    assert len(repr(found)) < 6000


def test_conda_sees_the_packages_of_the_user_before_its_own(room, home):
    environment = replace(
        room.context().environment,
        creation=Creation("conda"),
        manager="conda",
    )
    meta = room.path / "conda-meta"
    meta.mkdir()
    (meta / "patcher-1.0-py_0.json").write_text(
        json.dumps({"files": [f"lib/{room.site.parent.name}/site-packages/patcher.pth"]})
    )
    (room.site / "patcher.pth").write_text("import patcher\n")
    room.install("numpy", {"numpy/__init__.py": ""})
    user = home / ".local" / "lib" / room.site.parent.name / "site-packages"
    (user / "numpy-1.0.dist-info").mkdir(parents=True)
    (user / "numpy").mkdir()
    (user / "numpy" / "__init__.py").write_text("")
    found = examine_whole(HealthContext(environment, room.host), names=CHECKS).findings
    by_check = {one.check: one for one in found}
    assert by_check["code-at-start"].subject == "patcher"
    assert by_check["code-at-start"].severity is Severity.NOTE
    assert by_check["path-pollution"].remedy == "Set PYTHONNOUSERSITE=1"
    assert evidence(by_check["shadowed-module"])["modules"] == ("numpy",)


@pytest.mark.parametrize("data", [b"# caf\xe9\n", b"/srv/lib\n\xff\xfe\n", bytes(range(128, 256))])
def test_a_path_file_that_is_not_utf8_ends_python_at_its_start(room, data):
    file = room.site / "odd.pth"
    file.write_bytes(data)
    with pytest.raises(subprocess.CalledProcessError):
        room.imported("json", LC_ALL="C.UTF-8")
    found = [one for one in room.find("path-pollution") if one.severity is Severity.ERROR]
    assert [(one.subject, one.fix) for one in found] == [(str(file), None)]
    assert found[0].message == "odd.pth is not UTF-8: Python does not start in a UTF-8 locale"
    assert found[0].remedy == f"Delete {file}, or save it as UTF-8"


def test_a_path_file_in_utf8_is_no_such_error(room):
    (room.site / "good.pth").write_text("# café\n", "utf-8")
    assert room.imported("json", LC_ALL="C.UTF-8")
    assert room.find() == ()


def test_code_before_a_null_byte_runs_and_is_found(room):
    ran = room.project / "ran"
    (room.site / "odd.pth").write_bytes(
        f"import os; open({str(ran)!r}, 'w')\n/srv/\0lib\nimport \0sys\nimport json\n".encode()
    )
    room.imported("json")
    assert ran.exists()
    (found,) = room.find("code-at-start")
    assert "open(" in str(evidence(found)["code"])
    assert "json" not in str(evidence(found)["code"])


@pytest.mark.parametrize("check", ["code-at-start", "path-pollution"])
def test_what_of_a_path_file_is_not_read_is_said(room, check):
    (room.site / "big.pth").write_text("import os\n/nowhere/at/all\n" + "# x\n" * 20_000)
    (room.site / "long.pth").write_text("\n" * 2_000)
    os.mkfifo(room.site / "pipe.pth")
    (room.site / "gone.pth").symlink_to(room.site / "nothing")
    (room.site / "folder.pth").mkdir()
    found = examine_whole(room.context(), names=[check])
    assert [one.reason for one in found.not_checked] == [
        "big.pth is larger than 64 KiB",
        "long.pth has more than 1,000 lines",
        "pipe.pth is not a regular file",
    ]
    assert [one.check for one in found.findings] == [check]
