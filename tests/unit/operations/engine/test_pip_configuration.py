"""pip's configuration is read as pip reads it, and told to uv in uv's words."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.pip_options import configuration_files, pip_options, uv_configuration
from envdeck.core.operations.engine.pip_configuration import translated
from envdeck.core.system.host import Host


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def with_variables(host: Host, **variables: str) -> Host:
    return replace(host, environ={**host.environ, **variables})


@pytest.fixture
def user(home: Path) -> Path:
    return home / ".config" / "pip" / "pip.conf"


def test_later_places_win_and_install_goes_before_global(
    host: Host, home: Path, user: Path, tmp_path: Path
) -> None:
    system = Path(host.root)
    put(system / "etc" / "xdg" / "pip" / "pip.conf", "[global]\ntimeout = 1\nproxy = one\n")
    put(system / "etc" / "pip.conf", "[install]\nproxy = two\n[global]\ntimeout = 2\nretries = 2\n")
    put(home / ".pip" / "pip.conf", "[global]\nTrusted_Host = three\n")
    put(user, "[global]\nretries = 4\nproxy = four\n[list]\nretries = 99\n")
    put(tmp_path / "env" / "pip.conf", "[global]\ncert = /five\n")
    named = with_variables(host, PIP_DEFAULT_TIMEOUT="6")
    assert pip_options(named, str(tmp_path / "env")) == {
        "timeout": "6",
        "proxy": "two",
        "retries": "4",
        "trusted-host": "three",
        "cert": "/five",
    }


def test_a_named_file_replaces_that_of_the_user_alone(
    host: Host, user: Path, tmp_path: Path
) -> None:
    put(user, "[global]\ntimeout = 1\n")
    put(Path(host.root) / "etc" / "pip.conf", "[global]\nretries = 2\n")
    named = put(tmp_path / "pip.conf", "[global]\nproxy = p\n")
    assert pip_options(with_variables(host, PIP_CONFIG_FILE=str(named))) == {
        "retries": "2",
        "proxy": "p",
        "config-file": str(named),
    }
    assert configuration_files(with_variables(host, PIP_CONFIG_FILE=os.devnull)) == ()


def test_places_on_other_systems(host: Host, home: Path) -> None:
    macos = replace(host, platform="darwin")
    assert configuration_files(macos) == (
        host.system("Library", "Application Support", "pip", "pip.conf"),
        str(home / ".pip" / "pip.conf"),
        str(home / ".config" / "pip" / "pip.conf"),
    )
    (home / "Library" / "Application Support" / "pip").mkdir(parents=True)
    assert "Application Support" in configuration_files(macos)[-1]
    windows = with_variables(
        replace(host, platform="win32"), APPDATA="/roaming", PROGRAMDATA="/data"
    )
    assert configuration_files(windows, "/env") == (
        "/data/pip/pip.ini",
        str(home / "pip" / "pip.ini"),
        "/roaming/pip/pip.ini",
        "/env/pip.ini",
    )


def test_every_option_has_its_variable(host: Host, user: Path) -> None:
    put(
        user,
        "[global]\nindex-url = https://ada:secret@index.example/simple\n"
        "extra-index-url =\n  https://one.example/simple\n  https://two.example/simple\n"
        "find-links = wheels ~/more,less file:///links/a,b https://links.example/\n"
        "trusted-host = one.example two.example:8443\ncert = ~/ca.pem\nclient-cert = /me.pem\n"
        "proxy = proxy.example:3128\ntimeout = 7.5\nretries = 3\npre = yes\n"
        "keyring-provider = subprocess\n",
    )
    assert translated(host, folder="/work here") == {
        "UV_DEFAULT_INDEX": "https://ada:secret@index.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "file:///work%20here/wheels,"
        f"file://{host.home}/more%2Cless,file:///links/a%2Cb,https://links.example/",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "one.example two.example:8443",
        "SSL_CERT_FILE": host.at_home("ca.pem"),
        "SSL_CLIENT_CERT": "/me.pem",
        "HTTP_PROXY": "http://proxy.example:3128",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "UV_HTTP_TIMEOUT": "7",
        "UV_HTTP_RETRIES": "3",
        "UV_PRERELEASE": "allow",
        "UV_KEYRING_PROVIDER": "subprocess",
    }


def test_no_index_leaves_the_links_alone(host: Host) -> None:
    variables = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "https://x.example", "PIP_FIND_LINKS": "/l"}
    assert translated(with_variables(host, **variables)) == {
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": "/l",
    }


def test_what_uv_was_told_wins(host: Host, user: Path, tmp_path: Path) -> None:
    put(user, "[global]\nindex-url = https://pip.example\nfind-links = /l\ncert = /pip.pem\n")
    told = with_variables(host, UV_INDEX="https://uv.example", SSL_CERT_FILE="/uv.pem")
    assert translated(told) == {"UV_FIND_LINKS": "/l"}
    uv_toml = put(tmp_path / "uv.toml", '[[index]]\nurl = "https://uv.example"\n')
    assert "UV_DEFAULT_INDEX" not in translated(host, uv_files=[str(uv_toml)])
    pyproject = put(tmp_path / "pyproject.toml", '[tool.uv.pip]\nfind-links = ["/other"]\n')
    assert "UV_FIND_LINKS" not in translated(host, uv_files=[str(pyproject)])
    assert translated(host, sources=False) == {"SSL_CERT_FILE": "/pip.pem"}


def test_hostile_files_are_passed_over(host: Host, user: Path) -> None:
    put(user, "no section\n\0")
    os.mkfifo(Path(host.root).parent / "fifo")
    assert (
        translated(with_variables(host, PIP_CONFIG_FILE=str(Path(host.root).parent / "fifo"))) == {}
    )


def test_the_settings_of_uv_are_those_of_the_user_first(host: Host, home: Path) -> None:
    assert uv_configuration(host) is None
    system = put(Path(host.root) / "etc" / "uv" / "uv.toml", "")
    assert uv_configuration(host) == str(system)
    own = put(home / ".config" / "uv" / "uv.toml", "")
    assert uv_configuration(host) == str(own)
