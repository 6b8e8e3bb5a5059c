"""What an `environment.yml` asks for, shown."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.project.manifests.others import read_environment_yml


def test_conda_packages_and_those_of_pip(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n"
        "  - conda-forge::numpy >=1.26,<2\n  - Scikit_Learn==1.4=py311_0\n"
        "  - scipy[version='>=1.10']\n  - pip\n  - ''\n"
        "  - pip:\n    - -r requirements.txt\n    - Django[argon2]>=5 ; sys_platform == 'linux'\n"
        "    - MARK-3f9c ==\n"
    )
    manifest = read_environment_yml(str(path))
    assert manifest.format == "environment.yml"
    assert [(one.name, one.text, one.line) for one in manifest.requirements] == [
        ("python", "python=3.11", 4),
        ("numpy", "conda-forge::numpy >=1.26,<2", 5),
        ("scikit-learn", "Scikit_Learn==1.4=py311_0", 6),
        ("scipy", "scipy[version='>=1.10']", 7),
        ("pip", "pip", 8),
        ("django", "Django[argon2]>=5 ; sys_platform == 'linux'", 12),
    ]
    assert manifest.options == ()
    assert [one.pip for one in manifest.requirements] == [False] * 5 + [True]
    assert [(one.line, one.message) for one in manifest.problems] == [
        (9, "this line is not a conda package"),
        (13, "this line is not a requirement (PEP 508)"),
        (11, "includes an unreadable file: no such file or directory"),
    ]
    assert "MARK" not in repr(manifest)


def test_one_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("a: [")
    manifest = read_environment_yml(str(tmp_path / "environment.yml"))
    assert [str(one) for one in manifest.problems] == [f"{manifest.file}:1: is not YAML"]
    assert read_environment_yml(str(tmp_path / "gone.yml")).problems
    (tmp_path / "environment.yml").write_text("")
    assert read_environment_yml(manifest.file).requirements == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_nothing_is_raised_whatever_it_says(tmp_path: Path, text: str) -> None:
    path = tmp_path / "environment.yml"
    for whole in (text, f"dependencies:\n- {text}\n- pip: ['{text}']\n"):
        path.write_text(whole)
        for one in read_environment_yml(str(path)).requirements:
            assert one.name or one.pip
