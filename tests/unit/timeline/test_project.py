"""What the files of a project tell: by git where that knows, and nothing of it is run."""

import os
import shutil
import subprocess

import pytest

from envdeck.core.system.host import Host
from envdeck.core.timeline.model import PastOperation
from envdeck.core.timeline.read import project_events

GIT = shutil.which("git")
NOW = 1_000_000_000.0
needs_git = pytest.mark.skipif(GIT is None, reason="git is not here")


class Project:
    """A project, and its clock."""

    def __init__(self, folder):
        self.folder, self.home, self.now = folder / "work", folder, NOW
        self.folder.mkdir()

    def write(self, name, text, day=0):
        file = self.folder / name
        file.write_text(text)
        os.utime(file, (NOW + day * 86400, NOW + day * 86400))

    def git(self, *words, day=0):
        moment = f"@{int(NOW + day * 86400)} +0000"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        subprocess.run(
            [GIT, "-C", self.folder, "-c", "user.name=a", "-c", "user.email=a@b.example", *words],
            check=True, capture_output=True, timeout=60,
            env={
                **kept, "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment,
            },
        )  # fmt: skip

    def commit(self, subject, *names, day=0):
        self.git("add", "-f", *names)
        self.git("commit", "-q", "-m", subject, day=day)

    def past(self, *operations, since=NOW, day=99):
        environ = {"PATH": os.environ["PATH"]}
        host = Host("linux", str(self.home), environ, lambda: NOW + day * 86400)
        return project_events(str(self.folder), str(self.folder / ".venv"), host, since, operations)

    def told(self, *operations, **more):
        past = self.past(*operations, **more)
        assert past.notices == []
        return [
            (round((one.at - NOW) / 86400), one.kind.value, one.subject, one.source, one.detail)
            for one in sorted(past.events, key=lambda one: (one.at, one.subject))
        ]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_without_git_the_times_of_files_tell(project):
    project.write("pyproject.toml", "[project]\n", 1)
    project.write("uv.lock", "version = 1\n", 2)
    project.write(".env", "TOKEN=hush\n", 3)
    project.write("notes.txt", "", 3)
    assert project.told() == [
        (1, "manifest", "pyproject.toml", "files", ""),
        (2, "lock", "uv.lock", "files", ""),
        (3, "dotenv", ".env", "files", ""),
    ]


def test_what_is_older_than_the_environment_or_of_the_future_is_left_out(project):
    project.write("pyproject.toml", "[project]\n", -1)
    project.write("uv.lock", "version = 1\n", 100)
    assert project.told() == []


def test_what_an_operation_wrote_is_not_said_again(project):
    project.write("uv.lock", "version = 1\n", 2)
    project.write(".env", "TOKEN=hush\n", 3)
    day = 86400
    upgrade = PastOperation(
        "one", "upgrade", NOW + 2 * day - 5, NOW + 2 * day, str(project.folder / "uv.lock")
    )
    edit = PastOperation("two", "edit", NOW + 3 * day, NOW + 3 * day, str(project.folder / ".env"))
    assert project.told(upgrade, edit) == [(3, "dotenv", ".env", "journal", "edit two")]


@needs_git
def test_in_a_repository_commits_tell_and_only_what_is_not_committed_by_its_time(project):
    project.git("init", "-q")
    project.write("pyproject.toml", "[project]\n", 1)
    project.write("uv.lock", "version = 1\n", 1)
    project.commit("Add both", "pyproject.toml", "uv.lock", day=2)
    project.write("pyproject.toml", "[project]\r\n", 3)  # the same, with other line ends
    project.write("uv.lock", "version = 2\n", 4)
    assert project.told() == [
        (2, "manifest", "pyproject.toml", "git", "Add both"),
        (2, "lock", "uv.lock", "git", "Add both"),
        (4, "lock", "uv.lock", "files", "not committed"),
    ]


@needs_git
def test_of_a_dotenv_file_names_of_keys_are_told_and_no_value(project):
    project.git("init", "-q")
    project.write(".env", "TOKEN=hush-1\nOLD=hush-2\n", 1)
    project.commit("One", ".env", day=1)
    project.write(".env", "TOKEN=hush-3\nNEW=hush-4\nMIIEvQIBADANBgkqhkiG9w0BAQEF==\n", 2)
    project.commit("Two", ".env", day=2)
    project.write(".env", "TOKEN=hush-5\n", 3)
    told = project.told()
    assert [each[4] for each in told] == ["One (+TOKEN +OLD)", "Two (+NEW -OLD)", "-NEW"]
    assert "hush" not in repr(project.past())
    assert "MIIE" not in repr(project.past())


@needs_git
def test_a_subject_with_a_password_is_masked(project):
    project.git("init", "-q")
    project.write("pyproject.toml", "[project]\n", 1)
    project.commit("Use https://ada:hush@index.example/simple", "pyproject.toml", day=1)
    assert "hush" not in repr(project.past())


@needs_git
def test_nothing_that_a_repository_names_is_run(project):
    trap = project.home / "trap"
    project.git("init", "-q")
    project.write("pyproject.toml", "[project]\n", 1)
    project.commit("One", "pyproject.toml", day=1)
    project.write("pyproject.toml", "[project]\nname = 'x'\n", 2)
    (project.folder / ".gitattributes").write_text("* filter=evil diff=evil\n")
    run = f"touch {trap}"
    for name in (
        "core.fsmonitor", "core.pager", "pager.log", "filter.evil.clean", "filter.evil.smudge",
        "diff.evil.textconv", "diff.external", "gpg.program", "core.sshCommand",
    ):  # fmt: skip
        project.git("config", name, run)
    project.git("config", "log.showSignature", "true")
    hook = project.folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{run}\n")
    hook.chmod(0o755)
    trap.unlink(missing_ok=True)
    assert len(project.told()) == 2
    assert not trap.exists()


@needs_git
def test_a_repository_that_cannot_be_read_is_a_notice_and_times_tell(project):
    project.git("init", "-q")
    project.write("pyproject.toml", "[project]\n", 1)
    project.commit("One", "pyproject.toml", day=1)
    shutil.rmtree(project.folder / ".git" / "objects")
    past = project.past()
    assert [one.kind.value for one in past.events] == ["manifest"]
    assert "were not read" in past.notices[0].message


@needs_git
def test_a_repository_without_a_commit_is_no_problem(project):
    project.git("init", "-q")
    project.write("pyproject.toml", "[project]\n", 1)
    assert project.told() == [(1, "manifest", "pyproject.toml", "files", "")]


@needs_git
def test_a_project_below_the_top_of_a_repository_is_told_by_its_own_names(project):
    project.git("init", "-q")
    top = project.folder
    project.folder = top / "services" / "api"
    project.folder.mkdir(parents=True)
    project.write("pyproject.toml", "[project]\n", 1)
    project.commit("Deep", "pyproject.toml", day=1)
    assert project.told() == [(1, "manifest", "pyproject.toml", "git", "Deep")]
