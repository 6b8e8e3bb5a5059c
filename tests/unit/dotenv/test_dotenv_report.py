"""The whole report on one project."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.dotenv import FileKind, GitState
from envdeck.core.dotenv.report import read_dotenv, reveal, values_of
from envdeck.core.system.host import Host

MARK = "MARK-3f9c"


@pytest.fixture
def host() -> Host:
    return Host("linux", "/home/ada", {"PATH": os.environ.get("PATH", "")})


def test_nothing_of_a_value_is_in_a_report(
    tmp_path: Path, host: Host, make_venv: Callable[..., Path]
):
    make_venv(tmp_path / ".venv")
    secret = f"{MARK}k3Jx9QmZ7bTn2VwL5pRd8SgH4cYf6A1u"
    text = (
        f"A={MARK}\nA={MARK}2\nB={MARK} two words \nC = '{MARK}'\nd=\"{MARK}\"\n"
        f" 1E={MARK} # {MARK}\n"
        f"F-G='{MARK}\n{MARK}'\nNO KEY {MARK}\nURL=https://ada:{MARK}@example.com/?t={MARK}\n"
        f"KEY=-----BEGIN PRIVATE KEY-----\n{MARK}\n{MARK}==\n-----END PRIVATE KEY-----\n"
        f"H='{MARK} never closed\n{secret}\n{secret}=1\nAPI_KEY={secret}\n"
    )
    for name in (".env", ".env.local", ".env.example", "docker/.env", ".venv/.env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".env.latin").write_bytes(f"{text}é".encode("latin-1"))
    (tmp_path / ".env.utf16").write_text(text, encoding="utf-16")
    os.mkfifo(tmp_path / ".env.fifo")
    (tmp_path / ".git").mkdir()

    report = read_dotenv(str(tmp_path), host)

    assert MARK not in repr(report)
    assert {finding.check for finding in report.findings} >= {
        "duplicated-key", "value-without-quotes", "space-character", "unreadable-line",
        "secret-in-example", "not-utf8", "not-read", "stray-in-environment", "leading-character",
    }  # fmt: skip


def test_one_bad_file_leaves_the_others(tmp_path: Path, host: Host):
    os.mkfifo(tmp_path / ".env")
    (tmp_path / ".env.local").mkdir()
    (tmp_path / ".env.example").write_text("A=\n")
    (tmp_path / "prod.env").write_text("B=1\n")
    report = read_dotenv(str(tmp_path), host)
    assert [(os.path.basename(one.path), one.names, one.problem) for one in report.files] == [
        (".env", (), "is a FIFO"),
        (".env.example", ("A",), ""),
        ("prod.env", ("B",), ""),
    ]


def test_names_that_are_hard_to_write_are_kept(tmp_path: Path, host: Host):
    project = tmp_path / os.fsdecode(b"a 'q' [b]\n\xff")
    project.mkdir()
    (project / ".env").write_text("A=1\n")
    (project / ".env.example").write_text("A=1\nB=1\n")
    report = read_dotenv(str(project), host)
    assert [one.path for one in report.files] == [
        str(project / ".env"),
        str(project / ".env.example"),
    ]
    assert report.compared[0].missing == ("B",)


def test_without_git_nothing_is_asked(tmp_path: Path, host: Host):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".env").touch()
    report = read_dotenv(str(tmp_path), host, git=False)
    assert report.files[0].git == GitState()
    assert read_dotenv(str(tmp_path), host).files[0].git.problem


def test_a_project_that_is_not_there_has_nothing(tmp_path: Path, host: Host):
    report = read_dotenv(str(tmp_path / "gone"), host)
    assert (report.files, report.compared, report.findings) == ((), (), ())


def test_the_stray_of_an_environment_elsewhere_is_told(
    tmp_path: Path, host: Host, make_venv: Callable[..., Path]
):
    project = tmp_path / "shop"
    project.mkdir()
    environment = make_venv(tmp_path / "envs" / "shop")
    (environment / ".env").touch()
    report = read_dotenv(str(project), host, environment=str(environment))
    assert [(one.path, one.kind) for one in report.files] == [
        (str(environment / ".env"), FileKind.STRAY)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(), st.text(alphabet="AB=' \"\n#-\\x\r"))
def test_any_files_make_a_report(tmp_path: Path, host: Host, data: bytes, text: str):
    (tmp_path / ".env").write_bytes(data)
    (tmp_path / ".env.example").write_text(text, newline="")
    report = read_dotenv(str(tmp_path), host, git=False)
    assert len(report.files) == 2


def test_a_project_of_a_hundred_keys_is_read_at_once(tmp_path: Path, host: Host):
    text = "".join(f"SETTING_{number:03}='value {number}'\n" for number in range(100))
    (tmp_path / ".env").write_text(text)
    (tmp_path / ".env.example").write_text(text)
    (tmp_path / ".env").chmod(0o600)
    taken = []
    for _ in range(5):
        before = time.process_time()
        report = read_dotenv(str(tmp_path), host, git=False)
        taken.append(time.process_time() - before)
    assert report.findings == ()
    assert min(taken) < 0.05


def test_files_at_the_limit_are_compared_in_time(tmp_path: Path, host: Host):
    lines = [f"KEY_{number}=${{X}} 'y\n" for number in range(19_000)]
    (tmp_path / ".env").write_text("".join(lines))
    (tmp_path / ".env.example").write_text("".join(reversed(lines)).replace("KEY", "EXAMPLE"))
    before = time.process_time()
    report = read_dotenv(str(tmp_path), host, git=False)
    assert time.process_time() - before < 10
    assert len(report.compared[0].missing) == 19_000


ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_of_any_encoding_is_read_judged_and_told(tmp_path: Path, host: Host, encoding: str):
    secret = f"ghp_{MARK.replace('-', '')}k3Jx9QmZ7bTn2VwL5pRd8SgH4cY"
    harmless = "GREETING=caf\xe9\n"
    (tmp_path / ".env").write_bytes(f"{harmless}API_TOKEN={secret}\n".encode(encoding))
    (tmp_path / ".env.local").write_bytes(harmless.encode(encoding))
    (tmp_path / ".env.example").write_bytes(f"{harmless}API_TOKEN={secret}\n".encode(encoding))
    report = read_dotenv(str(tmp_path), host, git=False)
    files = {os.path.basename(one.path): one for one in report.files}
    assert {name: (one.names, one.problem) for name, one in files.items()} == {
        ".env": (("GREETING", "API_TOKEN"), ""),
        ".env.local": (("GREETING",), ""),
        ".env.example": (("GREETING", "API_TOKEN"), ""),
    }
    assert [one.content.value for one in files.values()] == ["secrets", "secrets", "harmless"]
    told = {one.check for one in report.findings if one.file.endswith(".env.example")}
    assert "secret-in-example" in told
    assert ("not-utf8" in told) is (not encoding.startswith("utf-8"))
    assert reveal(str(tmp_path / ".env"), "GREETING") == "caf\xe9"
    assert secret in values_of(str(tmp_path))
    assert MARK.replace("-", "") not in repr(report)
