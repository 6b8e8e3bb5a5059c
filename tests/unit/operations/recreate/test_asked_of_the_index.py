"""What an index is asked of packages that their files do not prove, and what comes of it before
anything of theirs is run."""

import csv
import io
import os
import py_compile
import re
import shutil
import socket
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.model import NoPlan, OutputLine, PackageChoice, RecreateRequest
from envdeck.core.online import releases
from envdeck.core.online.client import Client, Silence
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import FailureKind
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import QuietWatch, UvAdapter
from envdeck.core.operations.recipe.carry import _drop_compiled
from envdeck.core.operations.recipe.identity import other_release
from envdeck.core.operations.recreate import doubts
from envdeck.core.operations.upgrade import resolve
from envdeck.core.operations.upgrade.resolve import UvResolver
from envdeck.core.system.files import Unread
from envdeck.core.system.host import Host
from support.environments import new_uv_cache

NAME, MODULE = "internal-lib", "internal_lib"


def site(path):
    return next(path.glob("lib/python*/site-packages"))


def without_hashes(wheel: Path) -> None:
    """Take the hashes out of the RECORD of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {each: archive.read(each) for each in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, data in inside.items():
            if member.filename.endswith("/RECORD"):
                paths = [row[0] for row in csv.reader(io.StringIO(data.decode()))]
                data = "".join(f"{path},,\n" for path in paths).encode()
            archive.writestr(member, data)


def furnished(machine, *names):
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", *names)
    return path


def elsewhere(machine):
    """Have nothing in uv's cache: what was installed shares files with it."""
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "fresh-cache")


LAYOUTS = {
    "modules": {},
    "a program": {"scripts": ["tool"]},
    "a script": {"files": [("DATA/scripts/told", b"#!python\nprint('told')\n")]},
    "headers": {"files": [("DATA/headers/told.h", b"int told;\n")]},
    "data": {"files": [("DATA/data/share/told.txt", b"told\n")]},
}


@pytest.mark.parametrize("state", ["without hashes", "edited"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_index_has_the_same_is_no_doubt_wherever_its_files_lie(
    layout, state, machine, kit
):
    wheel = machine.wheel(NAME, "1.0", **LAYOUTS[layout])
    if state == "without hashes":
        without_hashes(wheel)
    path = furnished(machine, f"{NAME}==1.0")
    if state == "edited":
        module = site(path) / MODULE / "__init__.py"
        module.unlink()
        module.write_bytes(b"edited = True\n")
    elsewhere(machine)
    before = set(kit.source_only(kit.account(path)))

    plan = machine.operations.plan_recreate(machine.look(path))

    assert plan.doubts == ()
    machine.done(plan)
    assert set(kit.source_only(kit.account(path))) == before


@pytest.mark.parametrize("changed", [f"{MODULE}/__init__.py", "script", "header"])
def test_without_hashes_another_release_is_a_doubt(changed, machine, kit):
    files = {
        f"{MODULE}/__init__.py": b"value = 1\n",
        "DATA/scripts/told": b"#!python\nprint('told')\n",
        "DATA/headers/told.h": b"int told;\n",
    }
    without_hashes(machine.wheel(NAME, "1.0", files.items()))
    path = furnished(machine, f"{NAME}==1.0")
    elsewhere(machine)
    key = next(each for each in files if changed in each)
    files[key] = files[key].replace(b"told", b"tale").replace(b"1", b"2")
    without_hashes(machine.wheel(NAME, "1.0", files.items()))

    plan = machine.operations.plan_recreate(machine.look(path))

    assert [each.name for each in plan.doubts] == [NAME]
    assert plan.doubts[0].reason.endswith("the index has no identical release")


def test_packages_that_the_index_has_are_proved_beside_those_it_has_not(machine):
    """However many there are, and whichever is missing: they are not taken for lost with it."""
    names = [f"part-{number}" for number in range(25)]
    for name in names:
        without_hashes(machine.wheel(name, "1.0"))
    path = furnished(machine, *names)
    elsewhere(machine)
    for name in names[3:5]:
        next(machine.wheels.glob(f"{name.replace('-', '_')}-*")).unlink()

    plan = machine.operations.plan_recreate(machine.look(path))

    assert [each.name for each in plan.doubts] == names[3:5]


def test_an_index_that_does_not_answer_is_asked_once_and_said(machine, kit, monkeypatch):
    monkeypatch.setattr(doubts, "_CALL_SECONDS", 2.0)
    for name in ("one", "two", "three"):
        without_hashes(machine.wheel(name, "1.0"))
    path = furnished(machine, "one", "two", "three")
    elsewhere(machine)
    (machine.home / ".config" / "pip" / "pip.conf").unlink()
    with kit.index(machine.wheels, answer=None) as (url, asked):
        machine.environ["PIP_INDEX_URL"] = url
        plan = machine.operations.plan_recreate(machine.look(path))

    assert len(plan.doubts) == 3
    assert all(each.reason.endswith("the index did not respond") for each in plan.doubts)
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("answer", [(500, b""), (401, b"")])
def test_an_index_that_fails_is_not_said_to_have_another_release(answer, machine, kit):
    without_hashes(machine.wheel(NAME, "1.0"))
    path = furnished(machine, NAME)
    elsewhere(machine)
    (machine.home / ".config" / "pip" / "pip.conf").unlink()
    machine.environ["UV_HTTP_RETRIES"] = "0"
    with kit.index(machine.wheels, answer=answer) as (url, _asked):
        machine.environ["PIP_INDEX_URL"] = url
        plan = machine.operations.plan_recreate(machine.look(path))
    assert [each.reason.rpartition(", and ")[2] for each in plan.doubts] == [
        "the index did not respond"
    ]


def bytecode(folder, value: str) -> bytes:
    source = folder / "source.py"
    source.write_text(f"value = {value!r}\n")
    made = py_compile.compile(str(source), str(folder / "made.pyc"), doraise=True)
    return Path(made).read_bytes()


KINDS = {
    "bytecode in place of a source": lambda folder, word: [
        (f"{MODULE}/hidden.pyc", bytecode(folder, word))
    ],
    "a script": lambda _folder, word: [
        ("DATA/scripts/told", f"#!python\nprint({word!r})\n".encode())
    ],
    "a script of another kind": lambda _folder, word: [
        ("DATA/scripts/told", f"#!/bin/sh\necho {word}\n".encode())
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_alone_differs_is_no_less_another_release(kind, machine, kit, tmp_path):
    machine.wheel(NAME, "1.0", KINDS[kind](tmp_path, "mine"))
    path = furnished(machine, f"{NAME}==1.0")
    before = kit.source_only(kit.account(path))
    machine.wheel(NAME, "1.0", KINDS[kind](tmp_path, "evil"))
    elsewhere(machine)

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert f"rebuilt from installed files: {NAME}" in result.verified
    after = kit.source_only(kit.account(path))
    told = {each for each in before if each.endswith(("hidden.pyc", "bin/told"))}
    assert told
    assert {each: after[each] for each in told} == {each: before[each] for each in told}


@pytest.mark.parametrize("change", ["edited", "missing"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_it_is_seen_and_comes_back_released(kind, change, machine, kit, tmp_path):
    machine.wheel(NAME, "1.0", KINDS[kind](tmp_path, "mine"))
    path = furnished(machine, f"{NAME}==1.0")
    file = next(each for each in path.rglob("*") if each.name in {"hidden.pyc", "told"})
    was = file.read_bytes()
    file.unlink()
    if change == "edited":
        file.write_bytes(was + b"\n# edited")
        file.chmod(0o755)
    elsewhere(machine)

    plan = machine.operations.plan_recreate(machine.look(path))
    machine.done(plan)

    edited = [os.path.basename(each.path) for each in plan.targets[0].edits.files]
    assert edited == ([file.name] if change == "edited" else [])
    assert file.read_bytes() == was


def test_bytecode_without_a_source_is_kept_where_that_is_chosen(machine, tmp_path):
    machine.wheel(NAME, "1.0", KINDS["bytecode in place of a source"](tmp_path, "mine"))
    path = furnished(machine, f"{NAME}==1.0")
    hidden = site(path) / MODULE / "hidden.pyc"
    was = hidden.read_bytes()
    next(machine.wheels.glob(f"{MODULE}-*")).unlink()
    choices = {NAME: PackageChoice.KEEP}
    machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(choices=choices))
    )
    assert hidden.read_bytes() == was


def test_a_record_that_does_not_list_itself_is_kept_where_that_is_chosen(machine, kit):
    machine.wheel(NAME, "1.0")
    path = furnished(machine, f"{NAME}==1.0")
    record = site(path) / f"{MODULE}-1.0.dist-info" / "RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if ".dist-info/RECORD" not in line))
    before = kit.source_only(kit.account(site(path)))
    choices = {NAME: PackageChoice.KEEP}
    machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(choices=choices))
    )
    assert kit.source_only(kit.account(site(path))).keys() == before.keys()


def test_of_eggs_and_old_lists_what_has_no_source_is_kept():
    names = ["a.py", "a.pyc", "b.pyc", "__pycache__/c.pyc", "d.so"]
    assert list(_drop_compiled(names)) == ["a.py", "b.pyc", "d.so"]


def evil(harm) -> list[tuple[str, bytes]]:
    return [("aa_evil.pth", f"import os; open({str(harm)!r}, 'w')\n".encode())]


@pytest.mark.parametrize("setting", ["compiles", "has no cache"])
def test_nothing_of_another_release_runs_whatever_uv_is_told(setting, machine, kit, tmp_path):
    """uv starts the environment's interpreter to compile, and to ask it what it does not
    remember; that runs what lies there in a `.pth` file."""
    harm = tmp_path / "harm"
    broken = ("broken", "more-broken")
    for name in ("aa", "bystander", *broken):
        machine.wheel(name, "1.0")
    path = furnished(machine, "aa", "bystander", *broken)
    before = kit.records(path)
    machine.wheel("aa", "1.0", evil(harm))
    elsewhere(machine)
    if setting == "compiles":
        settings = machine.home / ".config" / "uv" / "uv.toml"
        settings.parent.mkdir()
        settings.write_text("[pip]\ncompile-bytecode = true\n")
    else:
        machine.environ["UV_NO_CACHE"] = "1"
        for name in broken:  # of which uv does not say which one: they are halved
            wheel = next(machine.wheels.glob(f"{name.replace('-', '_')}-*"))
            wheel.write_bytes(wheel.read_bytes()[:200])

    machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert kit.records(path) == before
    assert not harm.exists()


METADATA = b"Metadata-Version: 2.1\nName: some\nVersion: 1.0\nSummary: told\n\nAt length.\n"


@pytest.mark.parametrize(("code", "same"), [(b"a = 1\n", True), (b"a = 2\n", False)])
def test_without_hashes_the_code_is_compared_for_another_version_of_python(code, same, tmp_path):
    """The same words in METADATA say nothing where the files say otherwise."""
    for folder, data, native in (("old", b"a = 1\n", b"one"), ("new", code, b"two")):
        info = tmp_path / folder / "some-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_bytes(METADATA)
        (info.parent / "some.py").write_bytes(data)
        (info.parent / "_some.so").write_bytes(native)
        listed = ("some.py", "_some.so", "some-1.0.dist-info/METADATA")
        (info / "RECORD").write_text("".join(f"{each},,\n" for each in listed))
    infos = [str(tmp_path / each / "some-1.0.dist-info") for each in ("old", "new")]
    assert (not other_release(*infos)) == same


# an index that does not answer, said in the plan


def unreachable(machine, kit, tmp_path, names=("free",)):
    """Have the machine know an index that is gone, of which uv's cache has some packages."""
    for name in names:
        kit.build_wheel(tmp_path / "there", name, "1.0")
    machine.environ |= {"UV_HTTP_TIMEOUT": "60", "UV_HTTP_RETRIES": "0"}
    settings = machine.home / ".config" / "pip" / "pip.conf"
    with kit.index(tmp_path / "there") as (url, asked):
        settings.write_text(f"[global]\nindex-url = {url}\n")
        path = machine.make(machine.home / "work" / ".venv", "uv")
        for name in names:
            command = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--python", path]
            machine.call([*command, "--default-index", url, name])
        asked.clear()
    return path


GONE = r"the index cannot be reached \(127\.0\.0\.1: connection refused\): packages come from uv's"


def told_of(plan):
    assert not isinstance(plan, NoPlan), plan
    return [each for each in plan.warnings if "index" in each]


@pytest.mark.parametrize("source", ["exact", "declared"])
def test_a_plan_to_recreate_says_that_the_index_is_gone(machine, kit, tmp_path, source):
    path = unreachable(machine, kit, tmp_path)
    (machine.home / "work" / "requirements.txt").write_text("free\n")
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest(source=source))
    (said,) = told_of(plan)
    assert re.match(GONE, said)
    still = "rebuilt from installed files" if source == "exact" else "nothing changes"
    assert still in said
    machine.done(plan)


def test_a_plan_to_create_says_that_the_index_is_gone(machine, kit, tmp_path):
    unreachable(machine, kit, tmp_path)
    project = machine.home / "new"
    project.mkdir()
    (project / "requirements.txt").write_text("free\n")
    (said,) = told_of(machine.operations.plan_create(str(project)))
    assert re.match(GONE, said)


def test_what_is_newest_is_not_told_without_the_index(machine, kit, tmp_path):
    path = unreachable(machine, kit, tmp_path)
    environment = machine.look(path)
    for found in (
        machine.operations.candidates(environment),
        machine.operations.plan_upgrade(environment),
        machine.operations.plan_upgrade(environment, {"free": None}),
    ):
        assert isinstance(found, NoPlan)
        assert not found.nothing
        why = "the newest versions are not known: the index cannot be reached (127.0.0.1: "
        assert found.message == f"{why}connection refused)"


def test_what_the_cache_has_is_installed_without_the_index(machine, kit, tmp_path):
    path = unreachable(machine, kit, tmp_path, ("free", "other"))
    machine.call([find_uv_bin(), "pip", "uninstall", "-q", "--python", path, "other"])
    plan = machine.operations.plan_install(machine.look(path), ["other"])
    (said,) = told_of(plan)
    assert re.match(GONE, said)
    machine.done(plan)
    found = machine.operations.plan_install(machine.look(path), ["never-had"])
    assert isinstance(found, NoPlan)


def test_the_index_is_asked_once_and_only_where_one_is_needed(machine, kit, tmp_path):
    kit.build_wheel(tmp_path / "there", "free", "1.0")
    path = unreachable(machine, kit, tmp_path)
    with kit.index(tmp_path / "there") as (url, asked):
        settings = machine.home / ".config" / "pip" / "pip.conf"
        settings.write_text(f"[global]\nindex-url = {url}\n")
        door = machine.door()
        environment = machine.look(path, door)
        plans = [door.plan_recreate(environment) for _ in range(3)]
        assert [told_of(plan) for plan in plans] == [[], [], []]
        assert [where for where, _ in asked] == ["/simple"]
        asked.clear()
        door.plan_uninstall(environment, ["free"])
        door.plan_interpreter(environment)
        kit.make_project(tmp_path / "placed")
        alone = machine.make(machine.home / "alone" / ".venv", "uv")
        machine.install(alone, "uv", "-e", tmp_path / "placed")
        assert told_of(door.plan_recreate(machine.look(alone, door))) == []
        assert asked == []


def test_a_server_is_silent_late_or_there(kit, tmp_path, home):
    client = Client(host=Host("linux", str(home), {}), options={})
    for answer in ("files", (404, b""), (401, b""), (500, b"")):
        with kit.index(tmp_path, answer) as (url, _):
            assert client.silence(url) is None
    with kit.index(tmp_path, None) as (url, _):
        found = client.silence(url, 0.2)
        assert found == Silence("127.0.0.1 did not answer in 0.2 s", late=True)
    assert client.silence(url) == Silence("127.0.0.1: connection refused")
    for name in ("ALL_PROXY", "https_proxy"):
        by_proxy = Host("linux", str(home), {name: "socks5://127.0.0.1:9"})
        assert Client(host=by_proxy, options={}).silence(url) is None


def test_an_index_that_trickles_is_given_up(machine, kit, tmp_path, monkeypatch):
    path = unreachable(machine, kit, tmp_path)
    plan = machine.operations.plan_recreate(machine.look(path))
    monkeypatch.setattr(
        "envdeck.core.operations.staging.stage.QuietWatch", lambda *given: QuietWatch(*given, 0.5)
    )
    shutil.rmtree(machine.cache)
    with kit.index(tmp_path / "there", None) as (url, _):
        machine.environ["UV_HTTP_TIMEOUT"] = "600"
        (machine.home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nindex-url = {url}\n")
        result = machine.done(plan)
    assert "rebuilt from installed files: free" in result.verified
    assert "offline, from the cache" in result.verified


def test_what_builds_is_waited_for():
    command, told = Command(("uv", "pip", "install"), "/", {}), []
    for lines, late in (
        ((), True), (("   Building slow==1",), False), (("Building a", "  Built a"), True),
        (("Resolved 3 packages in 4ms",), False), (("warning: x",), True),
    ):  # fmt: skip
        watch = QuietWatch(command, told.append, lambda: False, -1)
        for line in lines:
            watch.tell(OutputLine(line))
        assert watch.stopped() is late
        done = watch.judged(Completed(-15, stopped=True))
        assert (done.overdue, done.stopped) == (late, not late)
    assert not QuietWatch(Command(("uv", "venv"), "/", {}), told.append, bool, -1).stopped()
    assert len(told) == 5
    by_person = QuietWatch(command, told.append, lambda: True, -1)
    assert by_person.stopped()
    assert by_person.judged(Completed(-15, stopped=True)).stopped


# no question to an index without a time limit for all of it


def test_an_answer_that_trickles_is_late_as_a_whole(home):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        over = threading.Event()

        def trickle() -> None:
            connection, _ = server.accept()
            with connection, suppress(ConnectionError):  # it is closed before all has come
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not over.wait(0.05):
                    connection.sendall(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        client = Client(host=Host("linux", str(home), {}), options={}, timeout=0.5)
        found = client.ask(f"http://127.0.0.1:{port}/simple/free/")
        over.set()
        thread.join()
    assert found == Unread("127.0.0.1 did not answer in 0.5 s")


def test_packages_are_asked_about_as_long_as_all_may_take(home, monkeypatch):
    monkeypatch.setattr(releases, "ALL_SECONDS", -1.0)
    options = {"index-url": "http://127.0.0.1:9/simple"}
    host = Host("linux", str(home), {})
    reader = releases.IndexReader(host, Client(host=host, options=options))
    told = Unread("the index takes longer than -1 s for all packages")
    assert reader.read([("a", "1"), ("b", "2")]) == {"a": told, "b": told}


def test_an_upgrade_is_resolved_as_long_as_all_may_take(machine, kit, tmp_path, monkeypatch):
    """And an index that is gone for one package is asked for no other."""
    kit.build_wheel(tmp_path / "there", "free", "1.0")
    path = unreachable(machine, kit, tmp_path)
    environment = machine.look(path)
    uv = UvAdapter(machine.operations.catalog.host, folder=str(machine.home))
    ran = []

    class Counting(Runner):
        def run(self, command, *given, **named):
            ran.append(named["limit"])
            return super().run(command, *given, **named)

    resolver = UvResolver(uv, Counting(machine.operations.catalog.host), environment)
    names = [f"name-{number}" for number in range(9)]
    found = resolver.unanswered(names)
    assert {one.kind for one in found.values()} == {FailureKind.NETWORK}
    assert (sorted(found), len(ran)) == (names, 1)
    monkeypatch.setattr(resolve, "ALL_SECONDS", 0.0)
    late = UvResolver(uv, Counting(machine.operations.catalog.host), environment)
    assert {one.kind for one in late.unanswered(names).values()} == {FailureKind.OVERDUE}
    assert ran[1:] == [0.0]
