"""Each check on files that it should and should not speak of."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.dotenv import DotenvFinding, RemedyKind
from envdeck.core.dotenv.checks import CHECKS
from envdeck.core.dotenv.report import read_dotenv
from envdeck.core.model import Severity
from envdeck.core.system.host import Host

GIT = shutil.which("git")
LINES = {
    "duplicated-key": ("A=1\nB=2\nA=3\n", 3),
    "key-without-value": ("A=1\nB\n", 2),
    "incorrect-delimiter": ("A=1\n\nA-B=1\n", 3),
    "leading-character": ("A=1\n\n  B=1\n", 3),
    "lowercase-key": ("A=1\nb=2\n", 2),
    "quote-character": ('A=1\nB="x"\n', 2),
    "space-character": ("A=1\nB = 2\n", 2),
    "trailing-whitespace": ("A=1\nB=2 \n", 2),
    "unordered-key": ("A=1\nC=2\nB=3\nD=4\n", 3),
    "value-without-quotes": ("A=1\nB=two words\n", 2),
    "unreadable-line": ("A=1\nB C=2\n", 2),
}


def findings(project: Path, *, windows: bool = False) -> list[DotenvFinding]:
    path = os.path.dirname(GIT) if GIT else ""
    host = Host("win32" if windows else "linux", str(project), {"PATH": path})
    return list(read_dotenv(str(project), host).findings)


def one(project: Path, check: str) -> DotenvFinding:
    found = [finding for finding in findings(project) if finding.check == check]
    assert len(found) == 1
    return found[0]


def checks_of(project: Path, text: str) -> set[str]:
    (project / ".env").write_text(text, newline="")
    (project / ".env").chmod(0o600)
    return {finding.check for finding in findings(project)}


def run_git(folder: Path, *words: str) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    given = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = [str(GIT), *given, "-C", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True, env=environ, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    if GIT is None:
        pytest.skip("git is not here")
    run_git(tmp_path, "init")
    return tmp_path


@pytest.mark.parametrize(("check", "text", "line"), [(key, *LINES[key]) for key in LINES])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_line_is_found_with_its_number(
    tmp_path: Path, check: str, text: str, line: int, newline: str
):
    assert checks_of(tmp_path, text.replace("\n", newline)) == {check}
    assert one(tmp_path, check).line == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a = comment \n   \n",
        "A=1\nB=2\n",
        "A=\nB= # nothing\n",
        "_A1=1\nexport B_2=x\n",
        "A='two words'\nB=\"$A\"\nC='x=y'\nD=\"a\\nb\"\nE='#'\n",
        "A=\"it's\"\nB='[1]'\n",
        "B=1\n\nA=1\n",
        "B=1\n# group\nA=1\n",
        "B=1\nA=$B\n",
        "D=1\nA=1\nC=1\nB=1\n",
        "A=x # comment with words\n",
        'A="x\ny"\nB=1\n',
        "A=a=b\n",
    ],
)
def test_good_files_have_no_findings(tmp_path: Path, text: str):
    assert checks_of(tmp_path, text) == set()


def test_each_check_is_registered_once_by_its_own_name():
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names) == 24
    assert set(LINES) < set(names)


def test_a_part_of_a_value_is_not_quoted(tmp_path: Path):
    text = "KEY=-----BEGIN KEY-----\nMARK3f9cAAAA\nQQ==\n-----END KEY-----\n"
    assert checks_of(tmp_path, text) == {"unreadable-line", "value-without-quotes"}
    assert "MARK" not in repr(findings(tmp_path))


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [(".env", b"A=1\r\nB=2\r\n\r\nC=caf\xe9\r\n", 4), (".env.example", b"\xff", 1)],
)
def test_the_first_line_that_is_not_utf8_is_told(tmp_path: Path, name: str, data: bytes, line: int):
    (tmp_path / name).write_bytes(data)
    assert one(tmp_path, "not-utf8").line == line


def test_what_was_not_read_is_told(tmp_path: Path):
    os.mkfifo(tmp_path / ".env")
    (tmp_path / ".env.example").write_text("A=\n")
    (found,) = findings(tmp_path)
    assert found.check == "not-read"
    assert found.message == "cannot be read: is a FIFO"


def test_missing_keys_are_told_in_the_order_of_the_example(tmp_path: Path):
    (tmp_path / ".env.example").write_text("Z=\nA=\nM=\n")
    assert checks_of(tmp_path, "M=1\n") == {"missing-key"}
    found = one(tmp_path, "missing-key")
    assert found.message == "Z and A are missing, but in .env.example"
    assert found.fix is not None
    assert found.fix.kind is RemedyKind.ADD
    assert found.fix.keys == ("Z", "A")
    assert found.fix.example == str(tmp_path / ".env.example")
    assert found.fix.file == str(tmp_path / ".env")


def test_extra_keys_are_a_note(tmp_path: Path):
    (tmp_path / ".env.example").write_text("A=\n")
    keys = "".join(f"K{number:02}=1\n" for number in range(10))
    assert checks_of(tmp_path, "A=1\n" + keys) == {"extra-key"}
    found = one(tmp_path, "extra-key")
    assert found.severity is Severity.NOTE
    assert found.message.endswith("K07 and 2 more are not in .env.example")


def test_a_missing_file_is_made_from_the_example(tmp_path: Path):
    (tmp_path / "deploy it").mkdir()
    (tmp_path / "deploy it" / "example.env").write_text("A=\nB=\n")
    found = one(tmp_path, "no-env-file")
    assert found.file == str(tmp_path / "deploy it" / ".env")
    assert found.fix is not None
    assert found.fix.kind is RemedyKind.CREATE
    assert found.fix.keys == ("A", "B")
    assert "--create --file 'deploy it/.env'`" in found.remedy


@pytest.mark.parametrize("there", [".env", ".env.local"])
def test_no_file_is_missed_where_one_is_there(tmp_path: Path, there: str):
    (tmp_path / ".env.example").write_text("A=\n")
    (tmp_path / there).write_text("A=1\n")
    assert not [found for found in findings(tmp_path) if found.check == "no-env-file"]


def test_an_example_of_another_file_misses_none(tmp_path: Path):
    (tmp_path / ".env.docker.example").write_text("A=\n")
    assert findings(tmp_path) == []


def test_a_secret_in_the_example_is_told_with_its_line(tmp_path: Path):
    secret = "k3Jx9QmZ7bTn2VwL5pRd8SgH4cYf6A1u"
    (tmp_path / ".env.example").write_text(f"A=1\nAPI_KEY={secret}\nAPI_KEY=changeme\n")
    found = one(tmp_path, "secret-in-example")
    assert (found.severity, found.line) == (Severity.ERROR, 2)
    assert secret not in repr(findings(tmp_path))
    (tmp_path / ".env.example").write_text(f"A=1\n{secret}\n")
    assert one(tmp_path, "secret-in-example").line == 2
    assert secret not in repr(findings(tmp_path))


def test_what_git_tracks_is_an_error(repository: Path):
    for name, value in ((".env", "q8Zr2Lw0pX"), (".env.example", "")):
        (repository / name).write_text(f"API_TOKEN={value}\n")
        run_git(repository, "add", name)
    found = one(repository, "tracked-by-git")
    assert (found.severity, found.file) == (Severity.ERROR, str(repository / ".env"))
    command = re.findall(r"`([^`]*)`", found.remedy)[0]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert not [finding for finding in findings(repository) if finding.check == found.check]
    assert one(repository, "not-ignored").fix


def test_what_git_does_not_ignore_is_a_warning(repository: Path):
    (repository / ".env").write_text("A=1\n")
    (repository / ".env.example").write_text("A=\n")
    found = one(repository, "not-ignored")
    assert (found.severity, found.fix and found.fix.kind) == (
        Severity.WARNING,
        RemedyKind.IGNORE,
    )
    (repository / ".gitignore").write_text(".env\n")
    assert "not-ignored" not in {finding.check for finding in findings(repository)}


def test_what_git_was_not_asked_is_said_once(repository: Path):
    for name in (".env", ".env.local"):
        (repository / name).write_text("A=1\n")
    report = read_dotenv(str(repository), Host("linux", str(repository), {"PATH": ""}))
    (found,) = [one for one in report.findings if one.check == "git-not-checked"]
    assert found.severity is Severity.NOTE
    assert "git is not installed" in found.message
    assert not [one for one in report.findings if one.check == "not-ignored"]


def test_outside_of_a_repository_git_is_no_finding(tmp_path: Path):
    assert checks_of(tmp_path, "A=1\n") == set()


def test_what_was_once_committed_is_an_error(repository: Path):
    (repository / ".env").write_text("A=1\n")
    run_git(repository, "add", ".env")
    run_git(repository, "commit", "-m", "oops")
    run_git(repository, "rm", "--cached", ".env")
    run_git(repository, "commit", "-m", "gone")
    found = one(repository, "ever-committed")
    assert found.severity is Severity.ERROR
    assert "rotate" in found.remedy
    command = re.findall(r"`([^`]*)`", found.remedy)[0]
    done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
    assert "oops" in done.stdout


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_access_of_others_is_a_warning(tmp_path: Path, mode: int):
    (tmp_path / ".env.example").write_text("A=\n")
    (tmp_path / ".env.local").write_text("A=1\n")
    (tmp_path / ".env.local").chmod(mode)
    found = one(tmp_path, "readable-by-others")
    assert f"{mode:04o}" in found.message
    assert found.fix is not None
    assert found.fix.kind is RemedyKind.PRIVATE
    assert found.fix.file == str(tmp_path / ".env.local")
    assert not findings(tmp_path, windows=True)


def test_a_stray_in_the_environment_is_a_warning(tmp_path: Path, make_venv: Callable[..., Path]):
    make_venv(tmp_path / ".venv")
    (tmp_path / ".venv" / ".env").write_text("lower = 1\n")
    (found,) = findings(tmp_path)
    assert found.check == "stray-in-environment"


def test_a_link_that_leads_out_is_a_note(tmp_path: Path):
    project = tmp_path / "shop"
    project.mkdir()
    (tmp_path / "far.env").write_text("A=1\n")
    (tmp_path / "far.env").chmod(0o600)
    (project / ".env").symlink_to(tmp_path / "far.env")
    (found,) = findings(project)
    assert found.check == "outside-project"
    assert str(tmp_path / "far.env") in found.message
    (tmp_path / "far.env").chmod(0o644)
    (project / ".env.example").write_text("A=\nB=\n")
    found_too = findings(project)
    assert [(one.check, one.fix) for one in found_too] == [
        ("missing-key", None),
        ("readable-by-others", None),
        ("outside-project", None),
    ]
    (project / ".env.example").unlink()
    (project / "near.env").write_text("A=1\n")
    (project / "near.env").chmod(0o600)
    (project / ".env").unlink()
    (project / ".env").symlink_to("near.env")
    assert findings(project) == []


def test_errors_come_first_then_the_order_of_files_and_lines(repository: Path):
    (repository / ".env").write_text("b=1\nC=1 \n")
    (repository / ".env").chmod(0o600)
    (repository / ".env.b").write_text("B C\n")
    (repository / ".env.b").chmod(0o600)
    (repository / ".gitignore").write_text(".env*\n")
    found = [(one.severity.value, one.line) for one in findings(repository)]
    assert found == [("error", 1), ("note", 1), ("note", 2)]


def test_what_goes_on_and_on_is_counted(tmp_path: Path):
    assert checks_of(tmp_path, "a=1\n" * 103) == {"duplicated-key", "lowercase-key"}
    found = [finding for finding in findings(tmp_path) if finding.check == "lowercase-key"]
    assert len(found) == 101
    assert (found[-1].line, found[-1].message[:18]) == (101, "3 more lines are a")


def test_messages_are_one_sentence_and_name_their_remedy(repository: Path):
    (repository / ".env").write_text("".join(text for text, _ in LINES.values()))
    (repository / ".env.example").write_text("X=\n")
    for found in findings(repository):
        assert found.message
        assert found.remedy
        assert not found.message.endswith(".")
        assert not found.remedy.endswith(".")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"DEBUG=true\nPORT=8000\n", "nothing in it looks like a secret"),
        (b"DB_PASSWORD=ENC[AES256_GCM,data:Tr7o,iv:x,tag:y,type:str]\n", "encrypted"),
        (b"API_TOKEN=op://work/api/token\n", "kept elsewhere"),
        (b"\0GITCRYPT\0\x93\xfa\x01", "encrypted"),
    ],
)
def test_what_git_tracks_is_judged_by_what_is_in_it(repository: Path, text: bytes, what: str):
    (repository / ".env").write_bytes(text)
    run_git(repository, "add", ".env")
    found = one(repository, "tracked-by-git")
    assert (found.severity, what in found.message) == (Severity.NOTE, True)
    run_git(repository, "commit", "-qm", "It")
    assert "ever-committed" not in {finding.check for finding in findings(repository)}


def test_a_token_in_a_comment_of_an_example(repository: Path):
    token = "sk_live_" + "k3Jx9QmZ7bTn2VwL5pRd8SgH4cYf6A1u"
    (repository / ".env.example").write_text(f"A=\n# STRIPE={token}\n# a comment\n")
    found = one(repository, "secret-in-example")
    assert (found.line, token in repr(found)) == (2, False)
