"""The door to the core, over real environments in a home of their own."""

import os
import shutil
import time
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import (
    Finished,
    Found,
    FoundInterpreter,
    Notice,
    Progress,
    ProjectLink,
    ProjectState,
    Sized,
    Status,
    Unreadable,
)

LATER = 86_400.0


@pytest.fixture
def catalog(host, tmp_path):
    return Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))


@pytest.fixture
def machine(home, make_venv):
    """Three real environments: in a project, in poetry's store, and beside nothing."""
    (home / "work" / "api").mkdir(parents=True)
    (home / "work" / "api" / "pyproject.toml").touch()
    make_venv(home / "work" / "api" / ".venv", creator="uv")
    (home / "blog").mkdir()
    (home / "blog" / "pyproject.toml").write_text('[tool.poetry]\nname = "blog"\n')
    return home


@pytest.fixture
def poetry_environment(machine, host, make_venv):
    name = next(iter(Poetry(host).project_names(str(machine / "blog"))))
    return make_venv(machine / ".cache" / "pypoetry" / "virtualenvs" / f"blog-{name}-py3.12")


@pytest.fixture
def lone(machine, make_venv):
    return make_venv(machine / "Envs" / "lone", creator="virtualenv")


def environments(events):
    found = {}
    for event in events:
        match event:
            case Found(environment):
                found[environment.path] = environment
            case Sized(path, size):
                found[path] = replace(found[path], size=size)
    return found


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_everything_is_found_once_read_and_measured(catalog, machine, poetry_environment, lone):
    events = list(catalog.scan(Scope()))
    found = environments(events)
    assert {path: (one.manager, one.status, one.project.state) for path, one in found.items()} == {
        str(machine / "work/api/.venv"): ("uv", Status.OK, ProjectState.FOUND),
        str(poetry_environment): ("poetry", Status.OK, ProjectState.FOUND),
        str(lone): ("virtualenv", Status.OK, ProjectState.NONE),
    }
    assert found[str(poetry_environment)].project.path == str(machine / "blog")
    assert found[str(machine / "work/api/.venv")].name == "api/.venv"
    assert all(one.size.disk_bytes > 0 and one.packages is not None for one in found.values())
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.complete, last.gone, last.unreadable, last.roots) == (True, (), 0, (str(machine),))
    assert last.visited > 3


def test_what_a_query_asks_for_is_read_and_nothing_else(catalog, machine):
    path = machine / "work/api/.venv"
    (found,) = (
        one for one in environments(catalog.scan(Scope())).values() if one.path == str(path)
    )
    (folder,) = set(found.site_packages)
    for entry in ("Zope.Interface-5.4.0.dist-info", "pandas-1.5.3.dist-info"):
        os.mkdir(os.path.join(folder, entry))
    contents = catalog.contents(found, {"packages"})
    assert contents.drift is None
    assert contents.packages["zope-interface"] == ("5.4.0",)
    assert contents.packages["pandas"] == ("1.5.3",)
    assert catalog.contents(found, ()) == (None, None)
    pyproject = machine / "work/api/pyproject.toml"
    pyproject.write_text('[project]\nname = "api"\nversion = "1"\ndependencies = ["flask"]\n')
    assert catalog.contents(found, {"drift"}) == (None, True)
    assert catalog.contents(replace(found, project=ProjectLink()), {"drift"}) == (None, False)


def test_with_paths_nothing_outside_them_is_listed(catalog, machine, poetry_environment, lone):
    events = list(catalog.scan(Scope((str(machine / "work"),))))
    assert set(environments(events)) == {str(machine / "work/api/.venv")}
    assert set(environments(catalog.scan(Scope((str(machine / ".cache"),))))) == {
        str(poetry_environment)
    }


def test_a_link_that_leads_outside_the_paths_is_said_and_not_listed(catalog, machine, lone):
    (machine / "work" / "linked").symlink_to(lone)
    events = list(catalog.scan(Scope((str(machine / "work"),))))
    assert str(lone) not in environments(events)
    notices = of_kind(events, Notice)
    assert len(notices) == 1
    assert str(lone) in notices[0].message


def test_a_link_is_remembered_with_what_it_leads_to(catalog, machine, lone):
    link = machine / "blog" / ".venv"
    link.symlink_to(lone)
    found = environments(catalog.scan(Scope()))[str(lone)]
    assert found.links == (str(link),)
    assert found.project.path == str(machine / "blog")


def test_a_path_that_is_the_environment_itself(catalog, lone):
    assert set(environments(catalog.scan(Scope((str(lone),))))) == {str(lone)}


def test_the_interpreters_of_what_was_found_come_apart(catalog, machine, lone):
    interpreters = [event.interpreter for event in of_kind(catalog.scan(Scope()), FoundInterpreter)]
    assert all(one.executable != str(lone / "bin" / "python") for one in interpreters)


def test_what_was_seen_is_remembered_and_corrected(catalog, machine, lone):
    list(catalog.scan(Scope()))
    remembered = {one.path: one for one in catalog.remembered(Scope())}
    assert set(remembered) == {str(lone), str(machine / "work/api/.venv")}
    assert remembered[str(lone)].size.disk_bytes > 0
    assert {one.path for one in catalog.remembered(Scope((str(machine / "work"),)))} == {
        str(machine / "work/api/.venv")
    }
    shutil.rmtree(lone)
    last = list(catalog.scan(Scope()))[-1]
    assert last.gone == (str(lone),)
    assert str(lone) not in {one.path for one in catalog.remembered(Scope())}


def test_a_second_scan_reads_only_what_changed(catalog, machine, lone, monkeypatch):
    first = environments(catalog.scan(Scope()))
    read, inspect = [], Inspector.inspect

    def counting(self, candidate, *others):
        read.append(candidate.path)
        return inspect(self, candidate, *others)

    monkeypatch.setattr(Inspector, "inspect", counting)
    assert environments(catalog.scan(Scope())) == first
    assert read == []
    dist_info = next(lone.glob("lib/*/site-packages")) / "shop-1.0.dist-info"
    dist_info.mkdir()
    assert environments(catalog.scan(Scope()))[str(lone)].packages == 1
    assert read == [str(lone)]


def test_what_an_exclusion_hid_is_found_once_it_is_lifted(catalog, machine, lone, host):
    """A folder by which an earlier look passed has not changed since, and was never read."""
    shown = {str(machine / "work" / "api" / ".venv"), str(lone)}
    later = Catalog(replace(host, now=lambda: time.time() + LATER), catalog.index_file)
    for rule in ("work", "Envs", str(machine / "work"), "~/En*"):
        assert len(environments(later.scan(Scope(exclude=(rule,))))) == 1
        assert environments(later.scan(Scope())).keys() == shown


def test_a_base_that_vanishes_is_noticed_by_the_second_scan(catalog, lone):
    list(catalog.scan(Scope()))
    for entry in (lone / "bin").glob("python*"):
        entry.unlink()
    (lone / "bin" / "python").symlink_to("/gone/python3")
    found = environments(catalog.scan(Scope()))[str(lone)]
    assert found.status is Status.BROKEN
    assert [finding.check for finding in found.findings] == ["broken-interpreter"]


def test_a_standard_library_that_goes_and_comes_back_is_noticed(catalog, home, tmp_path):
    base, path = tmp_path / "base", home / "env"
    for prefix in (base, path):
        (prefix / "bin").mkdir(parents=True)
    (base / "bin" / "python3.9").write_bytes(b"\x7fELF")
    (base / "bin" / "python3.9").chmod(0o755)
    (path / "bin" / "python").symlink_to(base / "bin" / "python3.9")
    (base / "lib" / "python3.9").mkdir(parents=True)
    library = base / "lib" / "python3.9" / "os.py"
    library.touch()
    (path / "lib" / "python3.9" / "site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.9.18\n")

    def status():
        return environments(catalog.scan(Scope()))[str(path)].status

    assert status() is Status.OK
    library.unlink()
    assert status() is Status.BROKEN
    library.touch()
    assert status() is Status.OK


def test_a_size_is_measured_anew_after_use(catalog, lone, host):
    made = lone.stat().st_mtime
    clock = iter((made + 60, made + 120, made + 3 * LATER))

    def look():
        now = next(clock)
        at_that_time = replace(catalog, host=replace(host, now=lambda: now))
        return environments(at_that_time.scan(Scope()))[str(lone)].size

    before = look()
    (next(lone.glob("lib/*")) / "data.bin").write_bytes(b"x" * 100_000)
    assert look() == before
    cfg = lone / "pyvenv.cfg"
    os.utime(cfg, ns=(int((made + 2 * LATER) * 1e9), cfg.stat().st_mtime_ns))
    assert look().apparent_bytes == before.apparent_bytes + 100_000


def test_stopping_keeps_what_was_found_and_forgets_nothing(catalog, machine, lone):
    list(catalog.scan(Scope()))
    last = list(catalog.scan(Scope(), stopped=lambda: True))[-1]
    assert (last.complete, last.gone) == (False, ())
    assert len(catalog.remembered(Scope())) == 2


def test_without_sizes_nothing_is_measured(catalog, machine, lone):
    events = list(catalog.scan(Scope(sizes=False)))
    assert of_kind(events, Sized) == []
    assert all(one.size is None for one in environments(events).values())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a database" * 400),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("/proc/version"),
    ],
    ids=["corrupt", "a folder", "not writable"],
)
def test_without_a_memory_it_still_works_and_says_so_once(catalog, machine, lone, tmp_path, spoil):
    (tmp_path / "cache").mkdir()
    spoil(tmp_path / "cache" / "index.sqlite3")
    assert catalog.remembered(Scope()) == ()
    events = list(replace(catalog).scan(Scope()))
    assert set(environments(events)) == {str(lone), str(machine / "work/api/.venv")}
    assert len(of_kind(events, Notice)) <= 1


def test_lookup_goes_by_path_and_by_link(catalog, machine, lone):
    (machine / "short").symlink_to(lone)
    assert catalog.lookup(str(lone)).manager == "virtualenv"
    linked = catalog.lookup(str(machine / "short"))
    assert (linked.path, linked.links) == (str(lone), (str(machine / "short"),))
    assert catalog.lookup(str(machine)) is None
    assert catalog.lookup(str(machine / "nowhere")) is None


def test_what_is_installed_while_one_is_read_is_met_by_the_next_scan(catalog, lone, monkeypatch):
    (site,) = lone.glob("lib/python*/site-packages")
    before = environments(catalog.scan(Scope()))[str(lone)]
    read = Inspector.inspect

    def install_meanwhile(*arguments):
        environment = read(*arguments)
        (site / "late-1.0.dist-info").mkdir()
        os.utime(lone / "pyvenv.cfg", (LATER, (lone / "pyvenv.cfg").stat().st_mtime))  # and use
        return environment

    with monkeypatch.context() as patch:
        patch.setattr(Inspector, "inspect", install_meanwhile)
        assert catalog.lookup(str(lone)).packages == before.packages
    after = environments(catalog.scan(Scope()))[str(lone)]
    assert after.packages == before.packages + 1


def test_refresh_reads_anew(catalog, lone):
    found = environments(catalog.scan(Scope()))[str(lone)]
    (next(lone.glob("lib/*/site-packages")) / "shop-1.0.dist-info").mkdir()
    assert catalog.refresh(found).packages == found.packages + 1
    shutil.rmtree(lone)
    assert catalog.refresh(found) is None


def test_marked_together_shared_files_count_when_all_their_links_go(catalog, machine, make_venv):
    one, two = make_venv(machine / "one"), make_venv(machine / "two")
    packages = next(one.glob("lib/*/site-packages"))
    (packages / "big.bin").write_bytes(b"x" * 1_000_000)
    os.link(packages / "big.bin", next(two.glob("lib/*/site-packages")) / "big.bin")
    found = environments(catalog.scan(Scope((str(machine),))))
    first, second = found[str(one)], found[str(two)]
    assert first.size.reclaimable_bytes <= first.size.disk_bytes - 1_000_000
    together = catalog.together([first, second])
    assert together.reclaimable_bytes == together.disk_bytes
    assert together.disk_bytes < first.size.disk_bytes + second.size.disk_bytes - 900_000
    alone = catalog.together([first])
    assert alone.reclaimable_bytes == first.size.reclaimable_bytes


def test_progress_is_told(catalog, home):
    for number in range(3000):
        (home / f"d{number}").mkdir()
    progress = of_kind(catalog.scan(Scope()), Progress)
    assert all(one.phase == "looking" for one in progress)
    visited = [one.visited for one in progress]
    assert visited == sorted(visited)


def test_unreadable_places_are_counted(catalog, home, monkeypatch):
    (home / "locked").mkdir()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    events = list(catalog.scan(Scope()))
    assert of_kind(events, Unreadable) == [Unreadable(str(home / "locked"), "permission denied")]
    assert events[-1].unreadable == 1


@pytest.mark.parametrize(
    "name", ["[/]", "[@click=app.quit]x", "a\nb", "\x1b[31m", os.fsdecode(b"\xff")]
)
def test_hostile_names_survive_the_memory(catalog, home, make_venv, name):
    made = make_venv(home / "made" / ".venv")  # venv itself refuses some of these names
    (home / name).parent.mkdir(exist_ok=True)
    made.parent.rename(home / name)
    path = home / name / ".venv"
    list(catalog.scan(Scope()))
    assert [one.path for one in catalog.remembered(Scope())] == [str(path)]


def test_what_only_a_path_leads_to_stays_out_of_the_usual_first_frame(catalog, home, make_venv):
    inside = make_venv(home / "in")
    outside = make_venv(home.parent / "grace" / "out")
    list(catalog.scan(Scope()))
    list(catalog.scan(Scope((str(outside.parent),))))
    assert [one.path for one in catalog.remembered(Scope())] == [str(inside)]
    assert [one.path for one in catalog.remembered(Scope((str(outside),)))] == [str(outside)]
    assert list(catalog.scan(Scope()))[-1].gone == ()
    assert [one.path for one in catalog.remembered(Scope((str(outside),)))] == [str(outside)]


def test_a_fresh_look_measures_what_is_remembered_too(catalog, lone):
    before = environments(catalog.scan(Scope()))[str(lone)].size
    (next(lone.glob("lib/*")) / "data.bin").write_bytes(b"x" * 100_000)
    after = environments(catalog.scan(Scope(fresh=True)))[str(lone)].size
    assert after.apparent_bytes == before.apparent_bytes + 100_000


def test_a_project_that_was_removed_since_is_not_compared(catalog, machine):
    found = catalog.lookup(str(machine / "work" / "api" / ".venv"))
    assert catalog.project(found) is not None
    shutil.rmtree(machine / "work" / "api")
    assert catalog.project(found) is None
