"""Where hooks are, told without running git, and as git itself tells it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.git import hooks_folder
from envdeck.core.git.repository import settings
from envdeck.core.system.host import Host

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not here")


def run_git(folder: Path, *words: str) -> str:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    given = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = [str(GIT), *given, "-C", str(folder), *words]
    done = subprocess.run(
        command, check=True, capture_output=True, env=environ, timeout=60, text=True
    )
    return done.stdout.removesuffix("\n")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = (tmp_path / "home" / "shop").resolve()
    folder.mkdir(parents=True)
    run_git(folder, "init")
    run_git(folder, "commit", "--allow-empty", "-m", "one")
    return folder


def said_by_git(folder: Path) -> str:
    top = run_git(folder, "rev-parse", "--show-toplevel")
    return os.path.normpath(
        os.path.join(top, run_git(Path(top), "rev-parse", "--git-path", "hooks"))
    )


def host_of(repository: Path) -> Host:
    home = repository.parent
    return Host("linux", str(home), {}, root=str(home / "no-system"))


def test_hooks_are_in_the_repository(repository: Path):
    (repository / "src").mkdir()
    expected = str(repository / ".git" / "hooks")
    assert hooks_folder(str(repository)) == expected == said_by_git(repository)
    assert hooks_folder(str(repository / "src")) == expected


@pytest.mark.parametrize("value", ["tools/hooks", "/opt/hooks", "~/hooks", 'a "quoted" #; name\\x'])
def test_a_configured_folder_is_the_one_git_says(repository: Path, value: str):
    run_git(repository, "config", "core.hooksPath", value)
    assert hooks_folder(str(repository), host_of(repository)) == said_by_git(repository)


def test_the_persons_own_setting_counts_where_the_repository_has_none(repository: Path):
    (repository.parent / ".gitconfig").write_text("[core]\n\tHOOKSPATH = ~/all ; mine\n")
    host = host_of(repository)
    assert hooks_folder(str(repository), host) == said_by_git(repository)
    run_git(repository, "config", "core.hooksPath", ".hooks")
    assert hooks_folder(str(repository), host) == str(repository / ".hooks")
    assert hooks_folder(str(repository)) == str(repository / ".hooks")


def test_worktrees_share_hooks(repository: Path, tmp_path: Path):
    tree = tmp_path / "home" / "tree"
    run_git(repository, "worktree", "add", str(tree))
    assert hooks_folder(str(tree)) == str(repository / ".git" / "hooks") == said_by_git(tree)
    run_git(repository, "config", "extensions.worktreeConfig", "true")
    run_git(tree, "config", "--worktree", "core.hooksPath", "own")
    assert hooks_folder(str(tree)) == str(tree / "own") == said_by_git(tree)
    assert hooks_folder(str(repository)) == str(repository / ".git" / "hooks")


def test_a_submodule_has_its_own(repository: Path, tmp_path: Path):
    library = tmp_path / "home" / "library"
    library.mkdir()
    run_git(library, "init")
    run_git(library, "commit", "--allow-empty", "-m", "one")
    run_git(repository, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "lib")
    module = repository / "lib"
    expected = str(repository / ".git" / "modules" / "lib" / "hooks")
    assert hooks_folder(str(module)) == expected == said_by_git(module)


@pytest.mark.parametrize(
    "content", ["", "gitdir: nowhere\n", "\0", "gitdir: .git\n", "x" * 100_000]
)
def test_a_broken_repository_has_none(tmp_path: Path, content: str):
    (tmp_path / ".git").write_text(content)
    assert hooks_folder(str(tmp_path)) is None


def test_what_is_no_repository_has_none(tmp_path: Path):
    assert hooks_folder(str(tmp_path)) is None


def test_a_configuration_that_would_block_is_passed_over(repository: Path):
    (repository / ".git" / "config").unlink()
    os.mkfifo(repository / ".git" / "config")
    assert hooks_folder(str(repository)) == str(repository / ".git" / "hooks")


def test_settings_are_read_as_git_reads_them():
    text = (
        '\ufeff[core] bare = false # x\n[ Core ]\n\thooksPath = a\\\n b "c ; d" ; e\nflag\n'
        '[remote "Or\\"igin"]\n url=x\n[core]\nhookspath = "last\\t" \n=junk\n[broken\nx = 1\n'
    )
    found = settings(text)
    assert found["core.bare"] == "false"
    assert found["core.hookspath"] == "last\t"
    assert found["core.flag"] == "true"
    assert found['remote.Or\\"igin.url'] == "x"


@given(st.text())
def test_any_text_is_settings_or_nothing(text: str):
    assert all(isinstance(value, str) for value in settings(f"[core]\n{text}").values())
