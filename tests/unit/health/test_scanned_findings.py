"""What a scan tells of files and of extraneous packages, kept and told again as things change."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.catalog import Scope
from envdeck.core.health import FILE_CHECKS
from envdeck.core.inspection.packages import claims
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


def test_of_what_is_whole_no_file_is_looked_at_twice(real, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(claims, "compare_lengths", refuse)
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
