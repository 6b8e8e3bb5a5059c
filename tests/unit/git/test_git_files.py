"""What git knows of files, asked of real repositories."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from envdeck.core.git import Git, GitStatus, queries
from envdeck.core.system.host import Host

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not here")


def run_git(folder: Path, *words: str) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "GIT_ALLOW_PROTOCOL": "file",
    }
    given = [
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
    command = [str(GIT), *given, "-C", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True, env=environ, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "shop [1]"
    folder.mkdir(parents=True)
    run_git(folder, "init")
    return folder


def known(*files: Path, git: str | None = GIT, **variables: str) -> list[GitStatus]:
    path = os.path.dirname(str(GIT))
    host = Host("linux", str(files[0].parent), {"PATH": path, **variables})
    answers = Git(host, git, seconds=60).known([str(file) for file in files])
    return [answers[str(file)] for file in files]


def program(folder: Path, script: str) -> str:
    path = folder / "fake-git"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_each_state_of_a_file_is_told(repository: Path):
    names = ["tracked", "staged", "ignored", "loose", "removed", "both", ":(top) *\n"]
    files = [repository / f".env.{name}" for name in names]
    for file in files:
        file.write_text("A=1\n")
    (repository / ".gitignore").write_text(".env.ignored\n.env.both\n")
    run_git(repository, "add", "-f", ".env.tracked", ".env.removed", ".env.both")
    run_git(repository, "--literal-pathspecs", "add", "-f", ".env.:(top) *\n")
    run_git(repository, "commit", "-m", "one")
    run_git(repository, "rm", "--cached", ".env.removed")
    run_git(repository, "commit", "-m", "two")
    run_git(repository, "add", ".env.staged")

    found = [(one.tracked, one.ignored, one.committed, one.problem) for one in known(*files)]

    assert found == [
        (True, False, True, ""),
        (True, False, False, ""),
        (False, True, False, ""),
        (False, False, False, ""),
        (False, False, True, ""),
        (True, True, True, ""),
        (True, False, True, ""),
    ]


def test_a_repository_without_commits_has_no_history(repository: Path):
    (repository / ".env").touch()
    assert known(repository / ".env") == [GitStatus(str(repository), False, False, False)]


def test_a_commit_of_another_branch_and_of_a_merge_alone_counts(repository: Path):
    run_git(repository, "commit", "--allow-empty", "-m", "start")
    run_git(repository, "checkout", "-b", "side")
    (repository / ".env").write_text("A=1\n")
    run_git(repository, "add", ".env")
    run_git(repository, "commit", "-m", "side")
    run_git(repository, "checkout", "main")
    run_git(repository, "commit", "--allow-empty", "-m", "main")
    run_git(repository, "merge", "--no-commit", "--no-ff", "side")
    (repository / ".env.merged").write_text("A=1\n")
    run_git(repository, "rm", "-f", ".env")
    run_git(repository, "add", ".env.merged")
    run_git(repository, "commit", "-m", "merge")
    run_git(repository, "rm", ".env.merged")
    run_git(repository, "commit", "-m", "gone")
    assert [one.committed for one in known(repository / ".env", repository / ".env.merged")] == [
        True,
        True,
    ]


def test_outside_of_a_repository_nothing_is_asked(tmp_path: Path):
    ran = tmp_path / "ran"
    git = program(tmp_path, f"touch '{ran}'")
    assert known(tmp_path / ".env", git=git) == [GitStatus()]
    assert not ran.exists()


def test_inside_a_bare_repository_nothing_is_asked(tmp_path: Path):
    bare = tmp_path / "bare.git"
    bare.mkdir()
    run_git(bare, "init", "--bare")
    assert known(bare / ".env") == [GitStatus()]


def test_worktree_and_submodule_answer_for_themselves(repository: Path, tmp_path: Path):
    (repository / ".gitignore").write_text(".env\n")
    run_git(repository, "add", ".gitignore")
    run_git(repository, "commit", "-m", "one")
    tree = tmp_path / "tree"
    run_git(repository, "worktree", "add", "-b", "other", str(tree))
    library = tmp_path / "library"
    library.mkdir()
    run_git(library, "init")
    (library / ".env").write_text("A=1\n")
    run_git(library, "add", ".env")
    run_git(library, "commit", "-m", "one")
    run_git(repository, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "lib")
    (tree / ".env").touch()

    of_tree, of_module = known(tree / ".env", repository / "lib" / ".env")

    assert of_tree == GitStatus(str(tree), False, True, False)
    assert of_module == GitStatus(str(repository / "lib"), True, False, True)


def test_variables_of_git_lead_nowhere_else(repository: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init")
    (repository / ".env").touch()
    run_git(repository, "add", ".env")
    variables = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_TRACE": str(tmp_path / "trace"),
    }
    assert known(repository / ".env", **variables)[0].tracked is True
    assert not (tmp_path / "trace").exists()


def test_nothing_that_a_repository_names_is_run(repository: Path, tmp_path: Path):
    ran = tmp_path / "ran"
    evil = program(tmp_path, f"touch '{ran}'; cat")
    (repository / ".env").write_text("A=1\n")
    (repository / ".gitattributes").write_text("* diff=evil filter=evil\n")
    run_git(repository, "add", ".")
    run_git(repository, "commit", "-m", "one")
    hooks = repository / ".git" / "hooks"
    for hook in (
        "post-index-change",
        "fsmonitor-watchman",
        "query-watchman",
        "reference-transaction",
    ):
        shutil.copy(evil, hooks / hook)
    for name in (
        "core.fsmonitor", "core.pager", "pager.log", "pager.ls-files", "core.editor",
        "core.sshCommand", "core.askPass", "credential.helper", "diff.external",
        "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge",
        "gpg.program", "gpg.ssh.program", "core.alternateRefsCommand", "alias.log",
        "alias.ls-files", "uploadpack.packObjectsHook", "core.gitProxy",
    ):  # fmt: skip
        run_git(repository, "config", name, f"!{evil}" if name.startswith("alias") else evil)
    run_git(repository, "config", "log.showSignature", "true")
    # A line in the file's own state that makes git look again.
    (repository / ".env").write_text("A=2 changed\n")

    assert known(repository / ".env") == [GitStatus(str(repository), True, False, True)]
    assert not ran.exists()


def test_nothing_is_fetched_for_a_partial_clone(repository: Path, tmp_path: Path):
    for number in range(2):
        (repository / ".env").write_text(f"A={number}\n")
        run_git(repository, "add", ".env")
        run_git(repository, "commit", "-m", str(number))
    run_git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    clone.mkdir()
    run_git(clone, "-c", "protocol.file.allow=always", "clone", "--no-checkout", "--filter=tree:0",
            f"file://{repository}", str(clone / "it"))  # fmt: skip
    ran = tmp_path / "ran"
    evil = program(tmp_path, f"touch '{ran}'; exit 1")
    run_git(clone / "it", "config", "remote.origin.uploadpack", evil)
    run_git(clone / "it", "config", "protocol.file.allow", "always")

    (found,) = known(clone / "it" / ".env")

    assert not ran.exists()
    assert found.committed is None
    assert found.problem


def test_what_a_shallow_clone_does_not_show_is_not_checked(repository: Path, tmp_path: Path):
    for name in (".env", "other"):
        (repository / name).touch()
        run_git(repository, "add", name)
        run_git(repository, "commit", "-m", name)
    run_git(repository, "rm", ".env")
    run_git(repository, "commit", "-m", "gone")
    clone = tmp_path / "clone"
    run_git(tmp_path, "-c", "protocol.file.allow=always", "clone", "--depth=1",
            f"file://{repository}", str(clone))  # fmt: skip
    (found,) = known(clone / ".env")
    assert found.committed is None
    assert "shallow" in found.problem


def test_a_history_that_takes_too_long_is_not_checked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (repository / ".env").touch()
    asks = tmp_path / "asks"
    slow = f"touch {asks}; sleep 60"
    git = program(tmp_path, f'case "$*" in *full-history*) {slow};; esac\nexec {GIT} "$@"')

    class TimeOver(threading.Timer):
        """Is over as soon as that question is asked, and before on no machine."""

        def run(self):
            while not self.finished.wait(0.01):
                if asks.exists():
                    return self.function(*self.args)
            return None

    monkeypatch.setattr(queries, "Timer", TimeOver)
    asked = Git(Host("linux", str(tmp_path), {"PATH": "/usr/bin:/bin"}), git)
    found = asked.known([str(repository / ".env")])[str(repository / ".env")]
    assert found == GitStatus(str(repository), False, False, None, "git did not answer in time")


def test_a_history_without_end_is_left_once_it_told_enough(repository: Path, tmp_path: Path):
    endless = "yes .env | tr '\\n' '\\0'"
    git = program(tmp_path, f'case "$*" in *full-history*) {endless};; *) exec {GIT} "$@";; esac')
    found, other = known(repository / ".env", repository / ".env.b", git=git)
    assert found.committed is True
    assert other.committed is None
    assert "too long" in other.problem


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo 'unknown option: --no-optional-locks' >&2; exit 129", "too old"),
        ("exit 128", "cannot read the repository"),
    ],
)
def test_a_git_that_does_not_answer_is_a_reason(
    repository: Path, tmp_path: Path, script: str, problem: str
):
    (found,) = known(repository / ".env", git=program(tmp_path, script))
    assert (found.tracked, found.ignored, found.committed) == (None, None, None)
    assert problem in found.problem


def test_a_git_without_check_ignore_leaves_that_alone_unchecked(repository: Path, tmp_path: Path):
    git = program(tmp_path, f'case "$*" in *check-ignore*) exit 1;; esac\nexec {GIT} "$@"')
    assert known(repository / ".env", git=git)[0].ignored is False
    git = program(tmp_path, f'case "$*" in *check-ignore*) exit 128;; esac\nexec {GIT} "$@"')
    (found,) = known(repository / ".env", git=git)
    assert (found.tracked, found.ignored, found.committed) == (False, None, False)


def test_a_repository_of_another_user_is_a_reason(repository: Path, tmp_path: Path):
    git = program(tmp_path, f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {GIT} "$@"')
    (found,) = known(repository / ".env", git=git)
    assert found.tracked is None
    assert "another user" in found.problem


def test_without_git_it_is_not_checked(repository: Path):
    (found,) = known(repository / ".env", git=None, PATH=str(repository))
    assert found == GitStatus(str(repository), problem="git is not installed")


@pytest.mark.parametrize("content", [None, "gitdir: /nowhere\n", "\0", "gitdir: ."])
def test_a_broken_repository_is_a_reason(tmp_path: Path, content: str | None):
    # The folder itself looks like a bare repository whose settings would run something.
    project = tmp_path / "project"
    project.mkdir()
    run_git(project, "init", "--bare")
    ran = tmp_path / "ran"
    run_git(project, "config", "core.fsmonitor", program(tmp_path, f"touch '{ran}'"))
    if content is None:
        (project / ".git").mkdir()
    else:
        (project / ".git").write_text(content)
    (found,) = known(project / ".env")
    assert not found.tracked
    assert "cannot read" in found.problem
    assert not ran.exists()


def test_many_long_names_are_asked_in_portions(repository: Path):
    files = [repository / f".env.{'x' * 200}{number}" for number in range(150)]
    (repository / ".gitignore").write_text(f".env.*{149}\n")
    found = known(*files)
    assert [one.ignored for one in found] == [False] * 149 + [True]


def test_three_processes_answer_for_all_files(repository: Path, tmp_path: Path):
    log = tmp_path / "log"
    git = program(tmp_path, f'echo run >> "{log}"\nexec {GIT} "$@"')
    known(*(repository / f".env.{number}" for number in range(20)), git=git)
    assert log.read_text().count("run") == 3


def test_a_file_that_is_a_link_is_asked_about_as_such(repository: Path, tmp_path: Path):
    target = tmp_path / "elsewhere.env"
    target.touch()
    (repository / ".env").symlink_to(target)
    run_git(repository, "add", ".env")
    through = tmp_path / "through"
    through.symlink_to(repository)
    assert known(through / ".env")[0].tracked is True


def test_configuration_that_puts_the_tree_elsewhere_is_no_answer(
    repository: Path, tmp_path: Path
) -> None:
    env = repository / ".env"
    env.write_text("A=1\n")
    run_git(repository, "add", ".env")
    run_git(repository, "config", "core.worktree", str(tmp_path))
    (told,) = known(env)
    assert (told.tracked, told.ignored, told.committed) == (None, None, None)
    assert "another working tree" in told.problem
    run_git(repository, "config", "core.worktree", "..")  # of its `.git`: this one
    assert known(env)[0].tracked is True
