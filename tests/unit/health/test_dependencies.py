"""What distributions need of each other, and of the interpreter."""

from dataclasses import replace

import pytest

from envdeck.core.health import fix_command
from envdeck.core.model import Fix, FixKind, ProjectLink, ProjectState, Severity


def subjects(examination) -> list[str]:
    return [one.subject for one in examination.findings]


def test_a_requirement_of_which_nothing_is_installed_is_missing(made):
    made.add("requests", "2.32.0", "Requires-Dist: idna<4,>=2.5", "Requires-Dist: urllib3")
    made.add("urllib3", "2.2.0")
    (found,) = made.examine("missing-requirement").findings
    assert (found.severity, found.subject) == (Severity.ERROR, "idna")
    assert "requests" in found.message
    assert f"envdeck install {made.path}" in found.remedy
    assert dict(found.evidence) == {"required_by": ("requests",), "requirement": "idna<4,>=2.5"}
    assert found.fix == Fix(FixKind.INSTALL, ("idna<4,>=2.5",))


def test_a_requirement_of_another_platform_is_not_missing(made):
    made.add("click", "8.1.0", 'Requires-Dist: colorama; platform_system == "Windows"')
    assert made.examine("missing-requirement").findings == ()


def test_one_that_several_require_is_one_finding(made):
    made.add("flask", "3.0", "Requires-Dist: Click >= 8")
    made.add("black", "24.1", "Requires-Dist: click>=7")
    (found,) = made.examine("missing-requirement").findings
    assert dict(found.evidence)["required_by"] == ("black", "flask")


def test_a_remedy_has_the_command_for_it(made):
    made.add("requests", "2.32.0", "Requires-Dist: idna<4,>=2.5")
    (found,) = made.examine("missing-requirement").findings
    assert found.remedy == f"Install idna<4,>=2.5: envdeck install {made.path} 'idna<4,>=2.5'"


@pytest.mark.parametrize(
    ("kind", "packages", "command"),
    [
        (FixKind.REINSTALL, ("numpy",), "install {} numpy --reinstall"),
        (FixKind.UNINSTALL, ("a", "b"), "uninstall {} a b"),
        (FixKind.UPGRADE, ("a>=2",), "upgrade {} 'a>=2'"),
        (FixKind.REPAIR, (), "upgrade {} --python 3.12"),
        (FixKind.RECREATE, (), "recreate {}"),
        (FixKind.DELETE, (), "delete {}"),
    ],
)
def test_every_kind_of_fix_has_a_command(made, kind, packages, command):
    told = fix_command(made.environment, Fix(kind, packages))
    assert told == f"envdeck {command.format(made.path)}"


def test_an_extra_counts_where_something_installed_asks_for_it(made):
    made.add("httpx", "0.27", 'Requires-Dist: h2; extra == "http2"')
    assert subjects(made.examine("missing-requirement")) == []
    made.add("client", "1.0", "Requires-Dist: httpx[http2]")
    assert subjects(made.examine("missing-requirement")) == ["h2"]


def test_a_requirement_that_no_tool_reads_does_not_count(made):
    made.add("old", "1.0", "Requires-Dist: pytz >dev", "Requires-Dist: six >=1.*")
    assert made.examine("missing-requirement", "incompatible-requirement").findings == ()


def test_what_system_packages_have_is_not_missing(made):
    base = made.home / "base"
    inherited = base / "lib" / "python3.12" / "site-packages"
    (inherited / "idna-3.7.dist-info").mkdir(parents=True)
    (base / "lib" / "python3.12" / "os.py").write_text("")
    (base / "bin").mkdir()
    (base / "bin" / "python3.12").write_bytes(b"\x7fELF")
    (base / "bin" / "python3.12").chmod(0o755)
    made.python = replace(made.python, base=str(base))
    made.add("requests", "2.32", "Requires-Dist: idna>=2.5", "Requires-Dist: idna<3; extra == 'x'")
    assert subjects(made.examine("missing-requirement")) == ["idna"]
    made.sees_system = True
    assert subjects(made.examine("missing-requirement", "incompatible-requirement")) == []
    made.add("strict", "1.0", "Requires-Dist: idna<3")
    assert subjects(made.examine("missing-requirement")) == []
    (found,) = made.examine("incompatible-requirement").findings
    assert "idna 3.7 is installed; strict requires idna<3" in found.message


def test_a_version_outside_a_specifier_is_incompatible(made):
    made.add("requests", "2.31", "Requires-Dist: urllib3<3,>=1.21.1")
    made.add("botocore", "1.30", "Requires-Dist: urllib3<2")
    made.add("urllib3", "2.2.0")
    (found,) = made.examine("incompatible-requirement").findings
    assert (found.severity, found.subject) == (Severity.ERROR, "urllib3")
    assert found.message == "urllib3 2.2.0 is installed; botocore requires urllib3<2"
    assert found.fix == Fix(FixKind.UPGRADE, ("urllib3<2,<3,>=1.21.1",))
    assert dict(found.evidence)["required_by"] == ("botocore",)
    assert made.examine("missing-requirement").findings == ()


def test_where_no_version_is_in_all_who_requires_it_has_to_move(made):
    made.add("modern", "1.0", "Requires-Dist: pydantic>=2")
    made.add("legacy", "1.0", "Requires-Dist: pydantic<2")
    made.add("pydantic", "2.7")
    (found,) = made.examine("incompatible-requirement").findings
    assert found.fix == Fix(FixKind.UPGRADE, ("legacy",))
    assert dict(found.evidence)["satisfies_all"] is None


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("pydantic>=2", "2.7"),
        ("pydantic>=2", "3.0b1"),
        ("torch==2.1.0", "2.1.0+cpu"),
        ("tool @ https://files.example/tool-1.0.tar.gz", "0.1"),
        ("tool<2", "no-version"),
    ],
)
def test_what_satisfies_is_silent(made, requirement, version):
    made.add("user", "1.0", f"Requires-Dist: {requirement}")
    made.add(requirement.partition(" ")[0].rstrip("<>=.0123456789"), version)
    assert made.examine("missing-requirement", "incompatible-requirement").findings == ()


def test_a_distribution_that_excludes_the_interpreter(made):
    made.add("click", "8.2.1", "Requires-Python: >=3.13")
    made.add("flask", "3.0", "Requires-Python: >=3.8")
    made.add("old", "1.0", "Requires-Python: >=3.6.*")
    (found,) = made.examine("python-requirement").findings
    assert found.message == "click 8.2.1 requires Python >=3.13; the interpreter is 3.12.4"
    assert found.fix == Fix(FixKind.UPGRADE, ("click",))


def test_where_no_python_of_today_suits_another_release_is_the_way(made):
    made.add("relic", "1.0", "Requires-Python: <3")
    (found,) = made.examine("python-requirement").findings
    assert found.remedy == f"Upgrade or downgrade it: envdeck upgrade {made.path} relic"


def test_a_version_that_is_half_known_is_given_the_benefit_of_the_doubt(made):
    made.python = replace(made.python, version="3.12")
    made.add("fresh", "1.0", "Requires-Python: >=3.12.3")
    made.add("fresher", "1.0", "Requires-Python: >=3.13")
    assert subjects(made.examine("python-requirement")) == ["fresher"]


def test_without_a_version_nothing_is_judged(made):
    made.python = replace(made.python, version=None)
    made.add("click", "8.2.1", "Requires-Python: >=3.13")
    found = made.examine("python-requirement")
    assert found.findings == ()
    assert [one.check for one in found.not_checked] == ["python-requirement"]


def test_two_metadata_folders_of_one_name_are_an_error_and_whose_files_are_there_is_told(made):
    made.install("click", {"click.py": b"new"}, version="8.1.7")
    old = made.add("click", "8.1.0")
    made.record(old, {"click.py": b"as it was before", "click_old.py": b"gone"})
    (found,) = made.examine("duplicate-distribution").findings
    assert found.severity is Severity.ERROR
    assert "the files are those of 8.1.7" in found.message
    assert dict(found.evidence)["imported"] == "8.1.7"
    assert made.examine("missing-file", "changed-file", "file-clash").findings == ()


def test_the_rest_of_a_removed_version_is_no_duplicate(made):
    made.install("click", {"click.py": b""}, version="8.1.7")
    rest = made.add("click", "8.1.0")
    (rest / "METADATA").unlink()
    assert made.examine("duplicate-distribution").findings == ()


def test_two_of_one_name_and_one_version_agree_and_are_a_warning(made):
    made.install("click", {"click.py": b""}, version="8.1.7")
    (made.site / "click-8.1.7-py3.12.egg-info").write_text("Name: click\nVersion: 8.1.7\n")
    (found,) = made.examine("duplicate-distribution").findings
    assert found.severity is Severity.WARNING


def test_what_pip_left_of_a_removed_package_is_unneeded(made):
    asked = made.add("requests", "2.32", "Requires-Dist: idna")
    (asked / "REQUESTED").touch()
    made.add("idna", "3.7")
    made.add("werkzeug", "3.0", "Requires-Dist: markupsafe")
    made.install("markupsafe", {"markupsafe.py": b"four"})
    made.add("pip", "24.0")
    found = made.examine("unneeded-distribution")
    (one,) = found.findings
    assert (one.severity, one.subject) == (Severity.NOTE, "werkzeug")
    assert one.fix == Fix(FixKind.UNINSTALL, ("werkzeug", "markupsafe"))
    assert dict(one.evidence)["bytes"] == 4
    assert found.not_checked == ()


def test_without_marks_nothing_is_called_unneeded(made):
    made.add("werkzeug", "3.0", "Requires-Dist: markupsafe")
    made.add("markupsafe", "2.1")
    found = made.examine("unneeded-distribution")
    assert found.findings == ()
    assert [one.check for one in found.not_checked] == ["unneeded-distribution"]


def test_a_project_tells_what_is_unneeded(made):
    project = made.path.parent
    made.project = ProjectLink(ProjectState.FOUND, str(project), "parent folder")
    (project / "requirements.txt").write_text("requests\n")
    made.add("requests", "2.32", "Requires-Dist: idna")
    made.add("idna", "3.7")
    made.add("werkzeug", "3.0")
    assert subjects(made.examine("unneeded-distribution")) == ["werkzeug"]


def test_what_a_person_installed_beside_the_project_is_needed(made):
    project = made.path.parent
    made.project = ProjectLink(ProjectState.FOUND, str(project), "parent folder")
    (project / "requirements.txt").write_text("requests\n")
    made.add("requests", "2.32")
    (made.add("ipython", "8.0", "Requires-Dist: jedi") / "REQUESTED").touch()
    made.add("jedi", "0.19")
    origin = '{"url": "file:///work/tool", "dir_info": {}}'
    (made.add("tool", "1.0") / "direct_url.json").write_text(origin)
    made.add("werkzeug", "3.0")
    assert subjects(made.examine("unneeded-distribution")) == ["werkzeug"]


def test_a_ring_that_nothing_needs_is_unneeded_and_ends(made):
    (made.add("asked", "1.0") / "REQUESTED").touch()
    made.add("one", "1.0", "Requires-Dist: two")
    made.add("two", "1.0", "Requires-Dist: one")
    assert set(subjects(made.examine("unneeded-distribution"))) <= {"one", "two"}
    assert made.examine("unneeded-distribution").findings


def test_what_the_project_overrides_is_a_note(made):
    """astral-sh/uv#18719: an environment as the project wants it was held to be broken."""
    folder = made.path.parent
    made.project = ProjectLink(ProjectState.FOUND, str(folder))
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "api"\n[tool.uv]\noverride-dependencies = ["idna==2.4"]\n'
        'exclude-dependencies = ["chardet"]\n'
    )
    made.add("requests", "2.31.0", "Requires-Dist: idna<4,>=2.5", "Requires-Dist: chardet>=3",
             "Requires-Dist: urllib3>=1.21")  # fmt: skip
    made.add("idna", "2.4")
    (excluded,) = made.examine("incompatible-requirement").findings
    assert (excluded.severity, excluded.subject, excluded.fix) == (Severity.NOTE, "idna", None)
    assert excluded.message == (
        "idna 2.4 is installed; requests requires idna<4,>=2.5, overridden by pyproject.toml"
    )
    missing, left_out = made.examine("missing-requirement").findings
    assert (left_out.severity, left_out.subject) == (Severity.NOTE, "chardet")
    assert (missing.severity, missing.subject) == (Severity.ERROR, "urllib3")


def test_metadata_that_other_checks_stumble_over(made):
    """astral-sh/uv#6179, #20403: an `.egg-info` without a version in its name; #18751: a package
    without WHEEL, which was held to be broken."""
    (made.site / "PySide6.egg-info").write_text(
        "Metadata-Version: 1.1\nName: PySide6\nVersion: 6.7.2\n"
    )
    made.add("app", "1.0", "Requires-Dist: pyside6>=6.7")
    checks = ("missing-requirement", "incompatible-requirement", "duplicate-distribution")
    assert made.examine(*checks).findings == ()
    made.add("other", "1.0", "Requires-Dist: pyside6<6.7")
    (found,) = made.examine("incompatible-requirement").findings
    assert found.message.startswith("pyside6 6.7.2 is installed; other requires pyside6<6.7")
