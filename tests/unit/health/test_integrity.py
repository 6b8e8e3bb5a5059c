"""Whether what is installed is whole, for this interpreter, and somebody's."""

import os
import struct
from dataclasses import replace

import pytest

from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import examine_whole
from envdeck.core.model import Fix, FixKind, Severity

GNU = "x86_64-linux-gnu"
X86_64, AARCH64 = 62, 183
NEED_METADATA = {"missing-requirement", "incompatible-requirement", "python-requirement"}


def elf(machine: int) -> bytes:
    """Return the head of a program or module for Linux on that machine."""
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 3, machine).ljust(48, b"\0")


def subjects(examination) -> list[str]:
    return [one.subject for one in examination.findings]


def test_modules_for_another_version_are_a_wrong_build(made):
    files = {f"yaml/_yaml.cpython-39-{GNU}.so": elf(X86_64), "yaml/__init__.py": b""}
    made.install("pyyaml", files, tag="cp39-cp39-manylinux_2_17_x86_64")
    (found,) = made.examine("wrong-build").findings
    assert (found.severity, found.subject) == (Severity.ERROR, "pyyaml")
    assert found.fix == Fix(FixKind.REINSTALL, ("pyyaml",))
    assert "cp39" in found.message
    assert "CPython 3.12" in found.message


def test_modules_for_another_machine_are_a_wrong_build(made):
    made.run_by(elf(X86_64))
    tag = "cp37-abi3-manylinux2014_aarch64"
    made.install("cryptography", {"cryptography/_rust.abi3.so": elf(AARCH64)}, tag=tag)
    (found,) = made.examine("wrong-build").findings
    assert "linux aarch64" in found.message


def test_a_program_for_another_system_is_a_wrong_build(made):
    made.run_by(elf(X86_64))
    mac = b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01".ljust(64, b"\0")
    made.install("ruff", {"../../../bin/ruff": mac}, tag="py3-none-macosx_11_0_arm64")
    (found,) = made.examine("wrong-build").findings
    assert "macos aarch64" in found.message


@pytest.mark.parametrize(
    ("tag", "files"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64", {f"a/_a.cpython-312-{GNU}.so": elf(X86_64)}),
        ("cp37-abi3-manylinux_2_17_x86_64", {"a/_a.abi3.so": elf(X86_64)}),
        ("py2.py3-none-any", {"a/helper_linux_arm64.so": elf(AARCH64)}),
        ("py3-none-manylinux_2_17_x86_64", {"../../../bin/a": elf(X86_64)}),
        ("py3-none-any", {"a.py": b""}),
        ("cp39-none-any", {"a/helper.so": elf(AARCH64)}),
        (
            "cp312-cp312-linux_x86_64",
            {f"a/_{n}.cpython-{n}-{GNU}.so": elf(X86_64) for n in (39, 312)},
        ),
        ("cp39-cp39-linux_x86_64", {"a.py": b""}),
        ("cp312-cp312-linux_x86_64", {"a/_a.so": elf(X86_64)}),
        ("graalpy311-graalpy242_311_native-any", {"a.py": b""}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_the_interpreter_loads_is_silent(made, tag, files):
    made.run_by(elf(X86_64))
    made.install("a", files, tag=tag)
    assert made.examine("wrong-build").findings == ()


def test_a_module_for_several_versions_is_for_this_one_too(made):
    names = [f"a/_a.cpython-{one}-{GNU}.so" for one in (39, 311, 312)]
    made.install("a", dict.fromkeys(names, elf(X86_64)), tag="py3-none-any")
    assert made.examine("wrong-build").findings == ()


def test_a_free_threaded_interpreter_loads_no_stable_abi(made):
    made.python = replace(made.python, version="3.13.0")
    made.site = made.path / "lib" / "python3.13t" / "site-packages"
    made.site.mkdir(parents=True)
    made.install("a", {f"a.cpython-313-{GNU}.so": elf(X86_64)}, tag="cp313-cp313-linux_x86_64")
    made.install("b", {f"b.cpython-313t-{GNU}.so": elf(X86_64)}, tag="cp313-cp313t-linux_x86_64")
    made.install("c", {"c.abi3.so": elf(X86_64)}, tag="cp37-abi3-linux_x86_64")
    assert subjects(made.examine("wrong-build")) == ["a", "c"]


def test_builds_are_not_judged_for_an_interpreter_that_is_not_known(made):
    made.python = replace(made.python, version=None)
    made.install("a", {f"a.cpython-39-{GNU}.so": b""}, tag="cp39-cp39-linux_x86_64")
    found = made.examine("wrong-build")
    assert found.findings == ()
    assert [one.check for one in found.not_checked] == ["wrong-build"]


def test_two_that_own_a_file_with_different_contents_clash_and_the_winner_is_told(made):
    made.install("opencv-python", {"cv2/__init__.py": b"full", "cv2/same.py": b"same"})
    made.install("opencv-python-headless", {"cv2/__init__.py": b"less", "cv2/same.py": b"same"})
    (found,) = made.examine("file-clash").findings
    assert found.severity is Severity.WARNING
    evidence = dict(found.evidence)
    assert evidence["distributions"] == ("opencv-python", "opencv-python-headless")
    assert evidence["installed"] == "opencv-python-headless"
    assert evidence["count"] == 1
    assert "uninstall" in found.remedy
    assert made.examine("changed-file", "missing-file").findings == ()


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("google/__init__.py", b"__import__('pkg_resources').declare_namespace(__name__)", b"# 2"),
        ("zope/__init__.py", b"# comment\n", b"\n"),
        ("azure/__init__.py", b"p = __import__('pkgutil').extend_path(p, n)", b"# more\n"),
        ("tests/__init__.py", b"import a", b"import b"),
        ("LICENSE", b"MIT", b"BSD"),
    ],
)
def test_parts_of_a_namespace_and_what_nobody_imports_do_not_clash(made, path, first, second):
    made.install("two", {path: second})
    made.install("one", {path: first})
    assert made.examine("file-clash").findings == ()


def test_what_a_killed_pip_left_is_told(made):
    (made.site / "~umpy").mkdir()
    (made.site / "-andas").mkdir()
    (found,) = made.examine("interrupted-install").findings
    assert (found.severity, dict(found.evidence)["count"]) == (Severity.WARNING, 2)


def test_metadata_without_its_record_is_an_interrupted_install(made):
    made.add("click", "8.1.7")
    (found,) = made.examine("interrupted-install").findings
    assert found.fix == Fix(FixKind.REINSTALL, ("click",))
    assert dict(found.evidence)["lacks"] == "RECORD"


@pytest.mark.parametrize("content", [b"", b"\0" * 600, bytes(range(256)) * 9, None])
def test_metadata_that_says_nothing_is_told_and_nothing_that_needs_it_is_clean(made, content):
    """A file is empty, or zeros, where the power went before it was on the disk."""
    metadata = made.install("click", {"click.py": b"v = 1\n"}) / "METADATA"
    metadata.unlink()
    if content is None:
        os.mkfifo(metadata)
    else:
        metadata.write_bytes(content)
    found = made.examine("interrupted-install", *NEED_METADATA)
    (finding,) = found.findings
    assert (finding.subject, finding.fix) == ("click", Fix(FixKind.REINSTALL, ("click",)))
    assert dict(finding.evidence)["lacks"] == "readable METADATA"
    assert {one.check for one in found.not_checked} == NEED_METADATA
    assert all("click" in one.reason for one in found.not_checked)


def test_an_empty_record_is_an_interrupted_install(made):
    (made.install("click", {"click.py": b"v = 1\n"}) / "RECORD").write_bytes(b"")
    (found,) = made.examine("interrupted-install").findings
    assert dict(found.evidence)["lacks"] == "rows in RECORD"


def test_metadata_without_a_name_is_the_rest_of_another_version(made):
    rest = made.install("click", {"click.py": b"old"}, version="8.1.0")
    (rest / "METADATA").unlink()
    made.install("click", {"click.py": b"new"}, version="8.1.7")
    (found,) = made.examine("interrupted-install").findings
    assert (found.fix, dict(found.evidence)["lacks"]) == (Fix(FixKind.CLEAN_UP), "METADATA")
    assert dict(found.evidence)["path"] == str(rest)


def test_conda_keeps_its_own_list_of_files(made):
    (made.add("numpy", "1.26") / "INSTALLER").write_text("conda")
    assert made.examine("interrupted-install").findings == ()


def test_files_that_are_not_there_are_one_finding_a_distribution(made):
    files = {f"numpy/part{one}.py": b"x" for one in range(8)} | {"numpy/__init__.py": b""}
    made.install("numpy", files)
    for one in range(7):
        (made.site / f"numpy/part{one}.py").unlink()
    (found,) = made.examine("missing-file").findings
    assert (found.severity, found.subject) == (Severity.WARNING, "numpy")
    evidence = dict(found.evidence)
    assert evidence["count"] == 7
    assert len(evidence["paths"]) == 5
    assert found.fix == Fix(FixKind.REINSTALL, ("numpy",))


def test_byte_code_editables_and_scripts_beside_are_not_missing(made):
    made.install("click", {"click/__init__.py": b"", "click/__pycache__/core.cpython-312.pyc": b""})
    (made.site / "click/__pycache__/core.cpython-312.pyc").unlink()
    made.install("flask", {"flask.py": b"", "../../bin/flask": b"#!"})
    (made.site / "../../bin/flask").rename(made.site / "flask-script")
    (made.site / "bin").mkdir()
    (made.site / "flask-script").rename(made.site / "bin" / "flask")
    mine = made.install("mine", {"__editable__.mine.pth": b"/work"})
    (mine / "direct_url.json").write_text(
        '{"url": "file:///work/mine", "dir_info": {"editable": true}}'
    )
    (made.site / "__editable__.mine.pth").unlink()
    assert made.examine("missing-file").findings == ()


def test_a_file_of_another_length_is_changed_and_one_of_another_hash_when_asked(made):
    made.install("click", {"click/core.py": b"one", "click/utils.py": b"two"})
    (made.site / "click/core.py").write_bytes(b"longer")
    (made.site / "click/utils.py").write_bytes(b"owt")
    found = made.examine("changed-file")
    assert [dict(one.evidence)["count"] for one in found.findings] == [1]
    assert [one.check for one in found.not_checked] == ["changed-file"]
    deep = made.examine("changed-file", deep=True)
    assert [dict(one.evidence)["count"] for one in deep.findings] == [2]
    assert deep.findings[0].remedy == f"Reinstall it: envdeck install {made.path} click --reinstall"
    assert deep.not_checked == ()


@pytest.mark.parametrize("size", [b"", b"3"], ids=["nothing", "size"])
def test_modules_without_a_hash_are_not_called_clean(made, size):
    made.install("click", {"click/core.py": b"one", "click/__pycache__/core.pyc": b""})
    folder = made.install("six", {"six.py": b"two"})
    made.install("empty", {})
    (folder / "RECORD").write_bytes(b"six.py,,%s\nsix-1.0.dist-info/RECORD,,\n" % size)
    (made.site / "six.py").write_bytes(b"owt")
    found = made.examine("changed-file", deep=True)
    assert found.findings == ()
    told = ["RECORD has no hash for modules of six"]
    assert [one.reason for one in found.not_checked] == told


def test_hashing_tells_how_far_it_is_and_can_be_cancelled(made):
    made.install("click", {f"click/m{n}.py": b"x" for n in range(200)})
    told: list = []
    context = HealthContext(made.environment, tell=lambda *far: told.append(far))
    assert examine_whole(context, names=["changed-file"], deep=True).not_checked == ()
    assert [done for done, _ in told] == [0, 64, 128, 192]
    context = HealthContext(made.environment, stopped=lambda: True)
    found = examine_whole(context, names=["changed-file"], deep=True)
    assert [one.reason for one in found.not_checked] == ["cancelled"]


def test_a_module_that_nobody_owns_is_a_stranger(made):
    made.install("click", {"click/__init__.py": b""})
    (made.site / "random.py").write_text("")
    (made.site / "helpers").mkdir()
    (made.site / "helpers" / "__init__.py").write_text("")
    found = made.examine("stranger-module")
    assert subjects(found) == ["helpers", "random"]
    assert {one.severity for one in found.findings} == {Severity.WARNING}


def test_what_creators_and_old_installers_write_is_no_stranger(made):
    made.install("click", {"click/__init__.py": b"", "click.pth": b""})
    (made.site / "_virtualenv.py").write_text("")
    (made.site / "left").mkdir()
    (made.site / "left" / "data.json").write_text("{}")
    (made.site / "__pycache__").mkdir()
    egg = made.site / "six-1.0-py3.12.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Name: six\nVersion: 1.0\n")
    (egg / "top_level.txt").write_text("six\n")
    (made.site / "six.py").write_text("")
    found = made.examine("stranger-module")
    assert (found.findings, found.not_checked) == ((), ())


def test_beside_a_package_that_lists_no_files_nobody_can_tell_a_stranger(made):
    (made.site / "old-1.0-py3.12.egg-info").write_text("Name: old\nVersion: 1.0\n")
    (made.site / "old_module.py").write_text("")
    found = made.examine("stranger-module")
    assert found.findings == ()
    assert [one.check for one in found.not_checked] == ["stranger-module"]


def test_what_a_record_says_leads_nowhere_out_of_the_environment(made):
    folder = made.install("evil", {"evil.py": b""})
    secret = made.home / "secret"
    secret.write_text("not ours")
    row = f"../../../../../../secret,{made.digest(b'x')},1"
    (folder / "RECORD").write_text(
        f"{row}\n/etc/passwd,{made.digest(b'y')},1\nevil.py,{made.digest(b'')},0\n"
    )
    assert made.examine("missing-file", "changed-file", deep=True).findings == ()
