"""What a scan tells of files and of extraneous packages, kept and told again as things change."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.catalog import Scope
from envdeck.core.health import FILE_CHECKS
from envdeck.core.inspection import size_pool
from envdeck.core.inspection.packages.record import PresenceReader
from envdeck.core.inspection.size import measure
from envdeck.core.model import Examined, Found, Sized
from support.installed import Installed


@pytest.fixture
def real(tmp_path) -> Installed:
    real = Installed(tmp_path)
    real.wheel("thing", files={"thing/__init__.py": "v = 1\n", "thing/more.py": "w = 2\n"})
    real.wheel("spare")
    real.uv("install", "--link-mode", "copy", "thing", "spare")
    return real


def scan(real: Installed, **more: bool) -> dict[str, str]:
    """Scan; return subject by check of what the last word on the environment has."""
    found: dict = {}
    for event in real.catalog.scan(Scope(roots=(str(real.home),), health=True, **more)):
        match event:
            case Found(environment):
                found = {one.check: one.subject for one in environment.findings}
            case Examined(_, findings):
                found = {one.check: one.subject for one in findings}
            case _:
                pass
    return found


def severities(real: Installed) -> dict[str, str]:
    """Scan; return severity by check of what the last word on the environment has."""
    found: dict = {}
    for event in real.catalog.scan(Scope(roots=(str(real.home),), health=True)):
        if isinstance(event, Found):
            found = {one.check: one.severity.value for one in event.environment.findings}
        elif isinstance(event, Examined):
            found = {one.check: one.severity.value for one in event.findings}
    return found


@pytest.mark.parametrize("sizes", [True, False])
def test_a_missing_and_a_changed_file_stand_in_the_list(real, sizes):
    (real.site / "thing" / "more.py").unlink()
    (real.site / "spare.py").write_text("v = 'another length'\n")
    found = scan(real, sizes=sizes)
    assert found == {"missing-file": "thing", "changed-file": "spare"}
    assert scan(real, sizes=sizes) == found, "told from the index too"
    real.uv("install", "--reinstall", "--link-mode", "copy", "thing", "spare")
    assert scan(real, sizes=sizes) == {}


def test_no_sizes_are_told_where_none_are_asked_for(real):
    scope = Scope(roots=(str(real.home),), health=True, sizes=False)
    assert not any(isinstance(event, Sized) for event in real.catalog.scan(scope))


def test_digests_of_records_are_kept_no_longer_than_until_the_walk_has_used_them(real, monkeypatch):
    sizer, kept, met = size_pool.Sizer, [], []

    def note(host, mounts, stopped, digests):
        kept.append(digests)
        return sizer(host, mounts, stopped, digests)

    monkeypatch.setattr(size_pool, "Sizer", note)
    for event in real.catalog.scan(Scope(roots=(str(real.home),), health=True)):
        if isinstance(event, Examined):
            met += [dict(digests) for digests in kept]
    assert any(digests for each in met for digests in each.values())
    assert kept == [{}]


def test_of_what_is_whole_no_file_is_looked_at_twice(real, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("envdeck.core.health.context.compare_lengths", refuse)
    assert scan(real) == {}


def test_extraneous_packages_follow_the_files_of_the_project(real):
    manifest = real.project / "pyproject.toml"
    head = "[project]\nname = 'api'\nversion = '1'\ndependencies = "
    manifest.write_text(f"{head}['thing', 'spare']\n")
    assert scan(real) == {}
    manifest.write_text(f"{head}['thing']\n")
    assert scan(real) == {"unneeded-distribution": "spare"}
    manifest.write_text(f"{head}['thing', 'spare']\n")
    assert scan(real) == {}


HEAD = "[project]\nname = 'api'\nversion = '1'\ndependencies = "
WORKSPACE = "[tool.uv.workspace]\nmembers = ['*']\n"
OVERRIDE = "[tool.uv]\noverride-dependencies = ['absent; sys_platform == \"never\"']\n"


def lacking(real: Installed) -> None:
    """Have a package lack a requirement, and the project need that package."""
    real.wheel("lacks", requires=["absent"])
    real.uv("install", "--no-deps", "lacks")


def test_an_override_is_met_in_the_manifest_of_the_project(real):
    lacking(real)
    manifest = real.project / "pyproject.toml"
    manifest.write_text(f"{HEAD}['thing', 'spare', 'lacks']\n")
    assert severities(real) == {"missing-requirement": "error"}
    manifest.write_text(f"{HEAD}['thing', 'spare', 'lacks']\n{OVERRIDE}")
    assert severities(real) == {"missing-requirement": "note"}


def test_an_override_is_met_in_the_manifest_of_the_workspace(real):
    lacking(real)
    (real.project / "pyproject.toml").write_text(f"{HEAD}['thing', 'spare', 'lacks']\n")
    above = real.project.parent / "pyproject.toml"
    assert severities(real) == {"missing-requirement": "error"}, "there is no workspace yet"
    above.write_text(WORKSPACE)
    assert severities(real) == {"missing-requirement": "error"}
    above.write_text(f"{WORKSPACE}{OVERRIDE}")
    assert severities(real) == {"missing-requirement": "note"}
    above.unlink()
    assert severities(real) == {"missing-requirement": "error"}


@pytest.mark.parametrize("place", ["requirements/base.txt", "deps/all.txt", "../shared.txt"])
def test_extraneous_packages_follow_what_the_project_includes(real, place):
    included = real.project / place
    included.parent.mkdir(exist_ok=True)
    included.write_text("thing\nspare\n")
    (real.project / "requirements.txt").write_text(f"-r {place}\n")
    assert scan(real) == {}
    included.write_text("thing\n")
    assert scan(real) == {"unneeded-distribution": "spare"}


def test_what_the_user_site_no_longer_has_is_missing(tmp_path):
    real = Installed(tmp_path, flags=("--system-site-packages",))
    lacking(real)
    minor = real.site.parent.name
    user = real.home / ".local" / "lib" / minor / "site-packages"
    (user / "absent-1.0.dist-info").mkdir(parents=True)
    (user / "absent-1.0.dist-info" / "METADATA").write_text("Name: absent\nVersion: 1.0\n")
    assert "missing-requirement" not in severities(real)
    shutil.rmtree(user / "absent-1.0.dist-info")
    assert severities(real)["missing-requirement"] == "error"


def test_an_edit_of_one_length_is_met_whose_time_was_set_back(real):
    manifest = real.project / "pyproject.toml"
    manifest.write_text(f"{HEAD}['thing', 'spare']\n")
    assert scan(real) == {}
    before = manifest.stat()
    manifest.write_text(f"{HEAD}['thing', 'thing']\n")
    os.utime(manifest, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert scan(real) == {"unneeded-distribution": "spare"}


def test_a_module_that_comes_into_the_project_is_met(real):
    (real.project / "pyproject.toml").write_text(f"{HEAD}['thing', 'spare']\n")
    assert scan(real) == {}
    (real.project / "random.py").write_text("")
    assert scan(real) == {"shadowed-module": "random"}
    (real.project / "random.py").unlink()
    assert scan(real) == {}


def test_a_variable_that_comes_into_the_dotenv_file_is_met(real):
    (real.home / "other").mkdir()
    (real.project / ".env").write_text("A=1\n")
    assert scan(real) == {}
    (real.project / ".env").write_text(f"PYTHONPATH={real.home}/other\n")
    assert scan(real) == {"path-pollution": "PYTHONPATH"}


def test_a_setting_of_pip_that_is_edited_in_place_is_met(real):
    real.wheel("pip")
    real.uv("install", "pip")
    (real.path / "pip.conf").write_text("[global]\nno-index = true\n")
    assert scan(real) == {}
    (real.path / "pip.conf").write_text("[global]\ntarget = /nowhere\n")
    assert scan(real) == {"path-pollution": "PIP_TARGET"}


def test_a_path_file_that_is_edited_in_place_is_met(real):
    file = real.site / "more.pth"
    file.write_text("")
    known = scan(real)
    file.write_text("import os; os.unlink('x')\n")
    assert scan(real) == {**known, "code-at-start": str(file)}
    file.write_text("")
    assert scan(real) == known


def test_what_is_read_again_alone_has_what_a_scan_finds(real):
    """The list tells the same of an environment that an operation changed and of all others."""
    (real.project / "pyproject.toml").write_text(f"{HEAD}['thing', 'absent']\n")
    (real.project / ".env").write_text("KEY = 1\nKEY = 2\n")
    (real.site / "thing" / "more.py").unlink()
    found = scan(real)
    assert "missing-file" in found
    again = real.catalog.examine(real.look(), scanned=True)
    assert {one.check: one.subject for one in again.findings} == found


NAMES = st.sampled_from(["a.py", "b/c.py", "b/__init__.py", "d.so", "e,f.py", 'q".py', "x y.py"])
EDITS = st.sampled_from(["remove", "grow", "link", "folder", "none"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.tuples(st.binary(max_size=8), EDITS), max_size=6), st.booleans())
def test_where_the_walk_finds_all_there_no_check_finds_anything(make_made, files, hashed):
    """It may ask for a closer look in vain, but never pass over a fault."""
    made = make_made()
    info = made.install("one", {name: data for name, (data, _) in files.items()})
    rows = [
        f'"{name.replace(chr(34), chr(34) * 2)}",{made.digest(data) if hashed else ""},{len(data)}'
        for name, (data, _) in files.items()
    ]
    (info / "RECORD").write_text("\n".join(rows))
    for name, (data, edit) in files.items():
        path = made.site / name
        if edit == "grow":
            path.write_bytes(data + b"x")
        elif edit != "none":
            path.unlink()
            if edit == "link":
                path.symlink_to("/nowhere")
            elif edit == "folder":
                path.mkdir()
    presence = PresenceReader().expect(str(made.path), (str(made.site),))
    measure(str(made.path), now=0.0, presence=presence)
    if presence.end():
        assert made.examine(*FILE_CHECKS).findings == ()
    elif all(edit == "none" for _, edit in files.values()):
        raise AssertionError(os.listdir(made.site))
