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
        ["bash", "--norc", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=30
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
