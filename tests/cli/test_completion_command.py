"""`envdeck completion`: scripts that shells take."""

import subprocess

import pytest


def test_bash_takes_the_script_and_completes_with_it(cli, tmp_path):
    script = cli("completion", "bash").out
    (tmp_path / "envdeck.bash").write_text(script)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    code = """
source ./envdeck.bash
complete_for() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _shtab_envdeck
    echo "${COMPREPLY[@]}"
}
complete_for envdeck li
complete_for envdeck list --no
complete_for envdeck list --status b
complete_for envdeck completion z
complete_for envdeck list fo
complete_for envdeck recr
complete_for envdeck delete --allow tr
complete_for envdeck delete fo
complete_for envdeck recreate --pyt
complete_for envdeck recreate --jump n
complete_for envdeck trash pu
complete_for envdeck doctor --check wrong-b
"""
    result = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert result.stderr == ""
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[:5] == ["list", "--no-size", "broken", "zsh", "folder"]
    assert lines[5:] == [
        "recreate",
        "tracked",
        "folder",
        "--python",
        "newest",
        "purge",
        "wrong-build",
    ]


@pytest.mark.parametrize(
    ("shell", "start"),
    [("zsh", "#compdef envdeck"), ("tcsh", "# AUTOMATICALLY"), ("fish", "# AUTOMATICALLY")],
)
def test_other_shells_get_scripts_of_their_own(cli, shell, start):
    script = cli("completion", shell).out
    assert script.startswith(start)
    for word in ("interpreters", "ndjson", "tcsh"):
        assert word in script


def test_a_writer_without_the_shell_is_named(cli, monkeypatch):
    import shtab

    monkeypatch.setattr(shtab, "SUPPORTED_SHELLS", ["bash"])
    result = cli("completion", "fish")
    assert result.code == 2
    assert "does not support fish" in result.err


@pytest.fixture
def known(catalog, environment):
    """Environments, two of one name, and one that a shell would obey."""
    catalog.environments = [
        environment("work/api/.venv", version="3.12.4"),
        environment("work/blog/.venv", version="3.8.18"),
        environment("old/shop/venv"),
        environment("more/shop/venv"),
        environment("x/$(touch y)/.venv"),
        environment("x/a b/.venv"),
    ]
    catalog.remembered_interpreters = lambda: ()


def names(cli, kind):
    result = cli("completion", "--names", kind)
    assert (result.code, result.err) == (0, "")
    return result.out.splitlines()


def test_names_are_those_that_a_command_takes_and_no_shell_obeys(cli, known, catalog):
    assert names(cli, "environments") == ["api", "api/.venv", "blog", "blog/.venv"]
    assert names(cli, "pythons") == ["3.12", "3.12.4", "3.8", "3.8.18"]
    assert names(cli, "sources") == ["declared", "exact", "lock"]
    assert {"uv", "venv", "pre-commit"} <= set(names(cli, "managers"))
    assert names(cli, "operations") == []
    assert catalog.scopes == []  # a person waits: nothing is looked at


def test_one_of_both_is_asked_for(cli):
    result = cli("completion")
    assert (result.code, "missing shell" in result.err) == (2, True)


def test_bash_completes_names(cli, tmp_path):
    (tmp_path / "envdeck.bash").write_text(cli("completion", "bash").out)
    (tmp_path / "apple").mkdir()
    code = """
source ./envdeck.bash
envdeck() { [ "$1 $2" = "completion --names" ] && echo "ap-$3"; }
complete_for() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _shtab_envdeck
    echo "${COMPREPLY[@]}"
}
complete_for envdeck show ap
complete_for envdeck delete one ap
complete_for envdeck dotenv ap
complete_for envdeck list --manager ap
complete_for envdeck recreate one --python ap
complete_for envdeck recreate one --from ap
complete_for envdeck undo ap
"""
    result = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert result.stderr == ""
    assert [line.strip() for line in result.stdout.splitlines()] == [
        *["ap-environments apple"] * 3,
        "ap-managers",
        "ap-pythons",
        "ap-sources apple",
        "ap-operations",
    ]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_for_names(cli, shell):
    script = cli("completion", shell).out
    for kind in ("environments", "managers", "sources", "pythons", "operations"):
        assert f"envdeck completion --names {kind}" in script
