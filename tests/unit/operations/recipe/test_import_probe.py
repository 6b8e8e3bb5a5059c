"""Only what could be imported before and cannot now is a failure; and no package spoils it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.recipe.import_probe import (
    ImportRequest,
    Imports,
    lost_imports,
    lost_options,
    modules_of,
    probe,
)
from envdeck.core.operations.recipe.import_probe_program import MARK
from envdeck.core.system.host import Host
from support.limits import pass_hours

SHOW = b"""
import os, pathlib
kept = sorted(os.environ)
pathlib.Path(os.path.expanduser("~"), "seen.txt").write_text(" ".join([os.getcwd(), *kept]))
"""


@pytest.fixture
def host():
    environ = {"PATH": os.environ["PATH"], "MY_TOKEN": "hunter22", "LC_ALL": "C.UTF-8"}
    return Host(sys.platform, "/nowhere", environ)


@pytest.fixture
def odd(tmp_path, make_venv, tools):
    """An environment whose packages do at import what packages should not."""
    path = make_venv(tmp_path / "env", creator="uv")
    contents = {
        "good": {"good/__init__.py": b"import os\n", "good/sub.py": b"1/0\n"},
        "noisy": {"noisy.py": f"import os; os.write(1, b'x' * 9000); print('{MARK}')".encode()},
        "failing": {"failing.py": b"raise ValueError('https://ada:hunter22@x.example')\n"},
        "leaving": {"leaving.py": b"import sys; sys.exit(3)\n"},
        "crashing": {"crashing.py": b"import os; os.abort()\n"},
        "silent": {"silent-data/x.txt": b"no module"},
        "spaced": {"spaced/inner/__init__.py": b"", "spaced/inner/deep/__init__.py": b"1/0"},
        "showing": {"showing.py": SHOW},
        "touchy": {"touchy.py": b"import sys\nassert 'good' not in sys.modules\n"},
        "forking": {"forking.py": b"import os\nif os.fork(): os.wait()\n"},
    }
    wheels = [tools.build_wheel(tmp_path, name, files=files) for name, files in contents.items()]
    tools.uv(path, *wheels)
    return tools.inspect(path)


def test_each_import_is_told_apart_and_nothing_is_written(odd, host, tmp_path):
    home = tmp_path / "scratch"
    home.mkdir()
    found = probe(ImportRequest(odd), host, Runner(host), str(home))
    assert found.imported == {"good", "noisy", "spaced", "showing", "forking", "touchy"}
    assert found.untried == {"silent"}
    assert found.problem == ""
    reasons = dict(found.failed)
    assert reasons.keys() == {"failing", "leaving", "crashing"}
    assert reasons["failing"] == "failing: ValueError: https://****@x.example"
    assert reasons["leaving"] == "leaving: SystemExit: 3"
    assert reasons["crashing"] == "crashing: crashes the interpreter (signal 6)"
    folder, *variables = (home / "seen.txt").read_text().split()
    assert folder == str(home)
    assert "MY_TOKEN" not in variables
    assert "LC_ALL" in variables
    assert list(Path(odd.path).rglob("*.pyc")) == []
    one = probe(ImportRequest(odd, {"good", "failing"}), host, Runner(host), str(home))
    assert (one.imported, [name for name, _ in one.failed]) == ({"good"}, ["failing"])


def test_what_hangs_takes_no_longer_than_it_may(tmp_path, make_venv, tools, host, monkeypatch):
    path, mark = make_venv(tmp_path / "env", creator="uv"), tmp_path / "hangs"
    pass_hours(monkeypatch, mark)
    hang = f"open({str(mark)!r}, 'a').write('x')\nimport threading; threading.Event().wait()\n"
    tools.uv(
        path,
        tools.build_wheel(tmp_path, "aaa", files={"aaa.py": b""}),
        tools.build_wheel(tmp_path, "hang", files={"hang.py": hang.encode()}),
        tools.build_wheel(tmp_path, "zzz", files={"zzz.py": b""}),
    )
    request = ImportRequest(tools.inspect(path), limit=60)
    found = probe(request, host, Runner(host, grace_seconds=0.1), str(tmp_path))
    late = frozenset({"hang", "zzz"})
    assert found == Imports(frozenset({"aaa"}), (), late, late)


def test_an_interpreter_that_does_not_run_is_a_problem(odd, host, tmp_path):
    entry = str(tmp_path / "nothing")
    broken = replace(odd, python=replace(odd.python, executable=entry))
    found = probe(ImportRequest(broken), host, Runner(host), str(tmp_path))
    assert found.problem.startswith("interpreter does not run: ")
    assert not found.imported
    assert not found.failed
    without = replace(odd, python=replace(odd.python, executable=None))
    nowhere = probe(ImportRequest(without), host, Runner(host), "/")
    assert nowhere.problem == "no interpreter"


def test_many_modules_are_tried_in_parts(odd, host, tmp_path, monkeypatch):
    class Says:
        """Answers for an interpreter in which everything can be imported."""

        def __init__(self):
            self.parts = 0

        def run(self, command, *, stopped=None, limit=None):
            self.parts += 1
            names = eval(command.argv[-1])  # a list of texts
            lines = [f"{MARK}[{index}, null]" for index, _ in enumerate(names)]
            return Completed(0, "\n".join([f'{MARK}["start"]', *lines, f'{MARK}["end"]']))

    monkeypatch.setattr("envdeck.core.operations.recipe.import_probe._ARGUMENT_LIMIT", 30)
    runner = Says()
    found = probe(ImportRequest(odd), host, runner, str(tmp_path))
    assert len(found.imported) == 9
    assert runner.parts > 2


def test_only_what_is_lost_counts():
    before = Imports(frozenset({"a", "b"}), (("c", "no"),), frozenset({"d"}))
    after = Imports(frozenset({"a"}), (("b", "b: gone"), ("c", "no"), ("d", "no")))
    assert lost_imports(before, after) == (("b", "b: gone"),)


def test_modules_are_told_by_record_and_else_by_top_level(tmp_path):
    info = tmp_path / "x-1.dist-info"
    info.mkdir()
    info.joinpath("top_level.txt").write_text("one\nnot a name\ntests\n")
    assert modules_of(str(info)) == ("one",)
    paths = [
        "pkg/__init__.py", "pkg/a.py", "_ext.cpython-312-x86_64-linux-gnu.so", "mod.py",
        "tests/__init__.py", "google/cloud/a/__init__.py", "google/cloud/a/b/__init__.py",
        "../../../bin/x.py", "x-1.dist-info/x.py", "__pycache__/mod.cpython-312.pyc",
    ]  # fmt: skip
    info.joinpath("RECORD").write_text("".join(f"{path},,\n" for path in paths))
    assert modules_of(str(info)) == ("google.cloud.a", "mod", "pkg", "_ext")


def test_a_module_that_its_package_does_without_is_no_failure(tmp_path, make_venv, tools, host):
    """As PyYAML's `_yaml` without libyaml, and as an accelerator that a `try` alone imports."""
    path = make_venv(tmp_path / "env", creator="uv")
    guarded = b"try:\n    import _fast\nexcept ImportError:\n    _fast = None\n"
    declining = b"raise ModuleNotFoundError('not built')\n"
    because = b"try:\n    import nothing\nexcept ImportError:\n    raise ImportError('broken')\n"
    contents = {
        "yaml": {"yaml.py": b"", "_yaml.py": b"import yaml\n" + declining},
        "fast": {"fast.py": guarded, "_fast.py": b"import nothing\n"},
        "twice": {"twice.py": guarded.replace(b"fast", b"twice"), "_twice.py": b"import nothing\n",
                  "other.py": b"def use():\n    import _twice\n"},
        "alone": {"alone.py": declining},
        "broken": {"broken.py": b"", "_broken.py": because},
        "lacking": {"lacking.py": b"", "_lacking.py": b"import nothing\n"},
    }  # fmt: skip
    wheels = [tools.build_wheel(tmp_path, name, files=files) for name, files in contents.items()]
    tools.uv(path, *wheels)
    found = probe(ImportRequest(tools.inspect(path)), host, Runner(host), str(tmp_path))
    assert [(name, module) for name, module, _ in found.optional] == [
        ("fast", "_fast"),
        ("yaml", "_yaml"),
    ]
    assert found.imported == {"yaml", "fast"}
    assert {name for name, _ in found.failed} == {"twice", "alone", "broken", "lacking"}


def test_an_optional_module_is_told_once_it_is_lost():
    before = Imports(frozenset({"a", "b"}), optional=(("b", "_b", "no"),))
    after = Imports(frozenset({"a", "b"}), optional=(("a", "_a", "why"), ("b", "_b", "no")))
    assert lost_options(before, after) == (("a", "_a: why"),)
