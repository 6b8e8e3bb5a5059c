"""A wheel rebuilt from installed files installs to the same files, or is refused."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.inspection.packages.claims import HashCache, find_faults, read_claims
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.verify import prove
from envdeck.core.operations.recipe.wheel import Unsalvageable, salvage
from envdeck.core.operations.shared.context import never

SCRIPT = b"#!python\nimport sys\nprint('ran', sys.prefix)\n"


def rich_wheels(tools, folder: Path) -> list[Path]:
    plain = tools.build_wheel(
        folder,
        "Rich.Thing",
        "1.0+cpu",
        {
            "rich_thing/__init__.py": b"value = 1\n",
            'rich_thing/a, "b" c.txt': b"comma and quotes",
            "rich_thing/n\xe4me \u2713.dat": bytes(range(256)),
            "rich_thing/empty": b"",
            "rich_thing/old.pyc": b"sourceless",
            "DATA/scripts/own-script": SCRIPT,
            "DATA/scripts/shell": b"#!/bin/sh\necho hello\n",
            "DATA/data/share/thing/note.txt": b"note",
            "DATA/headers/thing.h": b"#define THING 1\n",
        },
        entry_points="[console_scripts]\nthing = rich_thing:main\n",
    )
    native = tools.build_wheel(
        folder,
        "native",
        "2.0",
        {"_native.so": b"\x7fELF not really", "native/__init__.py": b""},
        tag="py3-none-linux_x86_64",
        purelib=False,
    )
    return [plain, native]


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_what_is_salvaged_installs_to_the_same_rows(creator, tmp_path, make_venv, tools):
    first = make_venv(tmp_path / "first one" / "env", creator=creator)
    tools.install[creator](first, *rich_wheels(tools, tmp_path / "wheels"))
    environment = tools.inspect(first)
    recipe = freeze(environment)
    assert [pin.name for pin in recipe.pins] == ["native", "rich-thing"]
    out = tmp_path / "out"
    out.mkdir()
    wheels = [salvage(pin, environment, str(out)) for pin in recipe.pins]
    assert [os.path.basename(wheel) for wheel in wheels] == [
        "native-2.0-py3-none-linux_x86_64.whl",
        f"{os.path.basename(recipe.pins[1].path)[:-10]}-py3-none-any.whl",
    ]

    second = make_venv(tmp_path / "second", creator=creator)
    tools.uv(second, *wheels)

    after = tools.inspect(second)
    proof = prove(recipe, after)
    assert (proof.equal, proof.total, proof.whole) == (2, 2, True), proof
    assert find_faults(read_claims(after.path, after.site_packages), HashCache(), {}, never) == []
    own = (second / "bin" / "own-script").read_text()
    assert str(second) in own
    assert str(first) not in own
    assert os.access(second / "bin" / "own-script", os.X_OK)
    assert (second / "bin" / "shell").read_bytes() == b"#!/bin/sh\necho hello\n"
    assert (second / "bin" / "thing").exists()
    headers = [path.relative_to(second) for path in second.rglob("thing.h")]
    assert headers == [path.relative_to(first) for path in first.rglob("thing.h")]
    again = tmp_path / "again"
    again.mkdir()
    repeated = [salvage(pin, after, str(again)) for pin in freeze(after).pins]
    assert [Path(one).read_bytes() for one in wheels] == [
        Path(one).read_bytes() for one in repeated
    ]


def installed(tools, make_venv, tmp_path):
    path = make_venv(tmp_path / "env", creator="uv")
    files = {"pkg/__init__.py": b"x = 1\n", "pkg/data.txt": b"some data"}
    tools.uv(path, tools.build_wheel(tmp_path / "wheels", "pkg", "1.0", files))
    environment = tools.inspect(path)
    return environment, freeze(environment).pins[0], Path(environment.site_packages[0])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.with_suffix(".new").write_bytes(b"same size") and None, ""),
        (
            lambda file: put_anew(file, b"SOME data"),
            "content of pkg/data.txt does not match RECORD",
        ),
        (
            lambda file: put_anew(file, b"longer than it was"),
            "size of pkg/data.txt does not match RECORD",
        ),
        (lambda file: file.unlink(), "pkg/data.txt is missing"),
        (lambda file: (file.unlink(), os.mkfifo(file)), "pkg/data.txt is not a regular file"),
    ],
)
def test_a_file_that_is_not_as_recorded_is_named(damage, reason, tmp_path, make_venv, tools):
    environment, pin, site = installed(tools, make_venv, tmp_path)
    damage(site / "pkg" / "data.txt")
    out = tmp_path / "out"
    out.mkdir()
    result = salvage(pin, environment, str(out))
    if not reason:
        assert result == str(out / "pkg-1.0-py3-none-any.whl")
        return
    assert isinstance(result, Unsalvageable)
    assert reason in result.reason
    assert os.listdir(out) == []
    claims = read_claims(environment.path, environment.site_packages)
    found = [fault.place for fault in find_faults(claims, HashCache(), {}, never)]
    assert any(place.endswith("/pkg/data.txt") for place in found)


def put_anew(file: Path, data: bytes) -> None:
    file.unlink()  # it may be linked from a cache
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("../../../../../outside.txt,sha256=AAAA,1", "outside the environment"),
        ("/etc/passwd,sha256=AAAA,1", "outside the environment"),
        ("pkg/unhashed.txt,,", "no hash for pkg/unhashed.txt"),
        ("pkg/data.txt,md5000=AAAA,9", "unsupported hash (md5000)"),
    ],
)
def test_a_record_that_asks_for_more_is_refused(line, reason, tmp_path, make_venv, tools):
    environment, pin, site = installed(tools, make_venv, tmp_path)
    record = site / "pkg-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + line + "\n")
    (tmp_path / "outside.txt").write_text("x")
    result = salvage(pin, environment, str(tmp_path))
    assert isinstance(result, Unsalvageable)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("tag", "possible"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py311-none-any", False),
        ("cp311-cp311-linux_x86_64", False),
        ("cp37-abi3-linux_x86_64", False),
        ("py2-none-any", False),
    ],
)
def test_another_minor_version_has_to_be_one_of_its_wheel(
    tag, possible, tmp_path, make_venv, tools
):
    environment, pin, site = installed(tools, make_venv, tmp_path)
    wheel = site / "pkg-1.0.dist-info" / "WHEEL"
    put_anew(wheel, wheel.read_bytes().replace(b"py3-none-any", tag.encode()))
    record = site / "pkg-1.0.dist-info" / "RECORD"
    lines = record.read_text().splitlines()
    rest = [line for line in lines if "/WHEEL," not in line]
    data = wheel.read_bytes()
    rest.append(f"pkg-1.0.dist-info/WHEEL,sha256={tools.digest(data)},{len(data)}")
    put_anew(record, "\n".join(rest).encode() + b"\n")
    result = salvage(pin, environment, str(tmp_path), python="3.5.1")
    assert isinstance(result, str) is possible
    if isinstance(result, Unsalvageable):
        assert "can be rebuilt only for it" in result.reason
    own = environment.python.version
    assert isinstance(salvage(pin, environment, str(tmp_path), python=own), str)


def test_a_full_disk_leaves_no_half_wheel(tmp_path, make_venv, tools, no_more_than):
    environment, pin, _ = installed(tools, make_venv, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    for limit in (0, 20, 700):
        with no_more_than(limit), pytest.raises(OSError, match="File too large"):
            salvage(pin, environment, str(out))
        assert os.listdir(out) == []


def test_an_editable_and_what_has_no_record_are_refused(tmp_path, make_venv, tools):
    path = make_venv(tmp_path / "env", creator="uv")
    tools.uv(path, "-e", tools.make_project(tmp_path / "project"))
    environment = tools.inspect(path)
    pin = freeze(environment).pins[0]
    assert "editable" in salvage(pin, environment, str(tmp_path)).reason
    folder = Path(environment.site_packages[0]) / "bare-1.0.dist-info"
    folder.mkdir()
    bare = freeze(environment).pins[0]
    assert bare.name == "bare"
    assert "RECORD" in salvage(bare, environment, str(tmp_path)).reason


def test_each_package_folder_keeps_its_own(tmp_path, tools):
    """Fedora's layout: compiled packages in `lib64`, pure ones in `lib`."""
    env = tmp_path / "env"
    pure, native = (env / lib / "python3.12" / "site-packages" for lib in ("lib", "lib64"))
    info = native / "both-1.dist-info"
    for folder in (pure, info, env / "bin"):
        folder.mkdir(parents=True)
    (env / "bin" / "python").touch()
    (env / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    contents = {
        native / "_both.so": b"ELF",
        pure / "both.py": b"x = 1\n",
        info / "WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nBuild: 2x\n"
        b"Tag: cp312-cp312-manylinux_2_17_x86_64\nTag: cp312-cp312-manylinux2014_x86_64\n",
    }
    rows = ["both-1.dist-info/RECORD,,"]
    for path, data in contents.items():
        path.write_bytes(data)
        name = os.path.relpath(path, native)
        rows.append(f"{name},sha256={tools.digest(data)},{len(data)}")
    (info / "RECORD").write_text("\n".join(rows))
    environment = replace(tools.inspect(env), site_packages=(str(pure), str(native)))
    (pin,) = freeze(environment).pins
    wheel = salvage(pin, environment, str(tmp_path))
    assert os.path.basename(wheel) == (
        "both-1-2x-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    )
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == {
            "_both.so", "both-1.data/purelib/both.py", "both-1.dist-info/WHEEL",
            "both-1.dist-info/RECORD",
        }  # fmt: skip


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."} and not name.endswith((".pyc", ".pyo")))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=st.dictionaries(NAMES, st.binary(max_size=300), max_size=6))
def test_any_names_and_contents_come_back(files, tmp_path_factory, tools):
    base = tmp_path_factory.mktemp("any")
    site = base / "env" / "lib" / "python3.12" / "site-packages"
    info = site / "any-1.dist-info"
    info.mkdir(parents=True)
    (base / "env" / "bin").mkdir()
    (base / "env" / "bin" / "python").touch()
    (base / "env" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    wheel = tools.build_wheel(base, "any", "1", {f"any/{n}": d for n, d in files.items()})
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_bytes(archive.read(name))
    environment = tools.inspect(base / "env")
    out = base / "out"
    out.mkdir()
    result = salvage(freeze(environment).pins[0], environment, str(out))
    assert isinstance(result, str), result
    with zipfile.ZipFile(result) as archive:
        found = {name: archive.read(name) for name in archive.namelist() if name[:4] == "any/"}
    assert found == {f"any/{name}": data for name, data in files.items()}
