"""One file read: what it holds, in which form, and what cannot be read."""

import errno
import os
import socket
from pathlib import Path

import pytest

from envdeck.core.dotenv.files import DotenvDocument, FoundFile, read_document
from envdeck.core.dotenv.model import DotenvFile, FileKind, Key


def read(path: Path) -> DotenvFile:
    return read_document(FoundFile(str(path), FileKind.ENV)).file


@pytest.fixture
def env(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_keys_are_told_once_as_they_are_last_set(env: Path):
    env.write_text("A=1\nexport B='x\ny'\nC=\nD\nA=changeme\n")
    assert read(env).keys == (
        Key("A", 6, has_value=True, placeholder=True),
        Key("B", 2, has_value=True, exported=True, lines=2),
        Key("C", 4, has_value=False),
        Key("D", 5, has_value=False),
    )


@pytest.mark.parametrize(
    ("data", "encoding", "newline"),
    [
        (b"A=1\nB=2", "utf-8", "\n"),
        (b"A=1\r\nB=2\nC=3\r\n", "utf-8", "\r\n"),
        (b"\xef\xbb\xbfA=1\r", "utf-8-sig", "\r"),
        (b"A=caf\xe9\n", "latin-1", "\n"),
        (b"A=caf\xc3\xa9", "utf-8", "\n"),
        ("A=caf\xe9\r\n".encode("utf-16"), "utf-16", "\r\n"),
        ("A=1\n".encode("utf-16-be"), "utf-16", "\n"),
        (b"\xfe\xff" + "A=\u4f60\n".encode("utf-16-be"), "utf-16", "\n"),
        (b"", "utf-8", "\n"),
    ],
)
def test_its_form_is_told(env: Path, data: bytes, encoding: str, newline: str):
    env.write_bytes(data)
    file = read(env)
    assert (file.encoding, file.newline, file.problem) == (encoding, newline, "")
    assert file.bytes == len(data)
    assert file.names[:1] == (("A",) if data else ())


def test_the_mode_is_told_where_the_system_has_one(env: Path):
    env.touch()
    env.chmod(0o640)
    assert read(env).mode == 0o640
    found = FoundFile(str(env), FileKind.ENV)
    assert read_document(found, posix=False).file.mode is None


def test_what_is_no_text_file_is_a_problem(env: Path, tmp_path: Path):
    with env.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert read(env).problem == "is larger than 1024 KiB"
    assert read(env).bytes == 100 * 1024 * 1024
    env.unlink()
    os.mkfifo(env)
    assert read(env).problem == "is a FIFO"
    env.unlink()
    env.mkdir()
    assert read(env).problem == "is a folder"
    env.rmdir()
    assert read(env).problem == "no such file or directory"
    env.write_bytes("A=MARK-3f9c\n".encode("utf-16") + b"x")
    assert read(env).problem == "is UTF-16 that is damaged"
    assert read(env).keys == ()


def test_a_socket_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(".env")
        assert read(tmp_path / ".env").problem == "is a socket"


def test_a_file_that_may_not_be_read_is_a_problem(env: Path, monkeypatch: pytest.MonkeyPatch):
    env.write_text("A=1\n")
    opened = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:  # root is refused nothing
        if path == str(env):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    file = read(env)
    assert (file.problem, file.bytes, file.keys) == ("permission denied", 4, ())


def test_a_link_is_named_and_followed_to_a_regular_file(env: Path, tmp_path: Path):
    target = tmp_path / "elsewhere" / "secrets.env"
    target.parent.mkdir()
    env.symlink_to(target)
    assert (read(env).link, read(env).problem) == (str(target), "is a broken symlink")
    target.write_text("A=1\n")
    assert (read(env).link, read(env).names) == (str(target), ("A",))
    target.unlink()
    os.mkfifo(target)
    assert read(env).problem == "is a FIFO"
    env.unlink()
    env.symlink_to(env)
    assert "symbolic link" in read(env).problem


def test_what_takes_forever_to_read_is_a_problem(env: Path):
    env.write_text("A=x" + " " * 1000 + "y\n")
    assert read(env).problem == "line 1 has more than 256 consecutive spaces"
    env.write_text("A=1\n" * 20_001)
    assert read(env).problem == "more than 20,000 lines"


def test_no_repr_shows_what_was_read(env: Path):
    env.write_text("A=MARK-3f9c\nB='MARK-3f9c\n'\nMARK-3f9c x\n")
    document = read_document(FoundFile(str(env), FileKind.ENV))
    assert isinstance(document, DotenvDocument)
    assert "MARK" in document.text
    assert "MARK" not in repr(document)


@pytest.mark.parametrize("rest", ["S3cr3t!pass", "S3cr3tPass", "hunter2", "Ab3+x/9==", "a/b=c"])
def test_second_line_of_a_value_without_quotes_is_no_name(env: Path, rest: str):
    env.write_text(f"A=1\n{rest}\nB\n")
    assert read(env).names == ("A", "B")
