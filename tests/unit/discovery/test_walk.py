"""The walk: what it meets, what it passes by, and what a memory spares it."""

import os
import random
import shutil
from pathlib import Path

import pytest

from envdeck.core.discovery import walk as walking
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.prune import Prune
from envdeck.core.discovery.walk import TICK_FOLDERS, Pointer, ProjectRoot, Tick, Walk
from envdeck.core.model import Unreadable
from envdeck.core.operations.transaction.places import Places, trashes_for
from envdeck.core.system.mounts import Mount


class Memory:
    """A memory in a list that counts what had to be read."""

    def __init__(self):
        self.records = []
        self.reads = 0

    def __iter__(self):
        before, self.records = self.records, []
        self.keep = self.records.append
        return iter(before)

    def put(self, record, before, _changed):
        self.reads += record != before
        self.records.append(record)


def environment(path):
    """Make the markers of an environment: enough for the walk."""
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "python").symlink_to("/usr/bin/python3.12")
    (path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return path


def met(root, kind=EnvironmentCandidate, **options):
    walk = Walk(str(root), options.pop("prune", Prune()), **options)
    return [hit for hit in walk if isinstance(hit, kind)]


def test_environments_are_found_at_any_depth(home):
    expected = {str(environment(home / name)) for name in ("a/.venv", "b/c/d/e/env", "venv")}
    assert {hit.path for hit in met(home)} == expected


@pytest.mark.parametrize("name", ["node_modules", ".git", "__pycache__", ".cache", "site-packages"])
def test_pruned_folders_are_not_entered(home, name):
    environment(home / name / "env")
    assert met(home) == []


@pytest.mark.parametrize("rules", [Prune.for_host, lambda host: Prune().alone(frozenset())])
def test_no_trash_of_ours_is_entered(home, host, rules):
    here = str(environment(home / "envs" / ".venv"))
    mounts = (Mount(str(home), "ext4", 1, frozenset(), "/dev/sdb1"),)
    trashes = list(trashes_for(here, host, mounts))[-2:]  # at the top of the mount, and beside
    assert len(set(trashes)) == 2
    for trash in trashes:
        environment(Path(trash) / "20261120-101502-4f2a" / "environment")
    assert [hit.path for hit in met(home, prune=rules(host))] == [here]


def test_what_we_keep_in_the_data_folder_is_not_entered(home, host):
    environment(Path(Places.find(host).trash) / "20261120-101502-4f2a" / "environment")
    assert met(home, prune=Prune.for_host(host)) == []


def test_nothing_is_looked_for_inside_an_environment(home):
    outer = environment(home / "env")
    environment(outer / "share" / "inner")
    assert [hit.path for hit in met(home)] == [str(outer)]


def test_a_suspect_is_walked_on_as_any_folder(home):
    (home / "work").mkdir()
    (home / "work" / "pyvenv.cfg").touch()
    inner = environment(home / "work" / "api" / ".venv")
    assert {hit.path for hit in met(home)} == {str(home / "work"), str(inner)}


def test_a_project_root_that_is_an_environment_is_walked_on(home):
    root = environment(home / "app")
    (root / ".git").mkdir()
    inner = environment(root / "service" / ".venv")
    environment(root / "lib" / "not-looked-at")
    assert {hit.path for hit in met(home)} == {str(root), str(inner)}


def test_the_envs_of_a_conda_prefix_are_entered(home):
    for path in (home / "conda", home / "conda" / "envs" / "ml"):
        (path / "conda-meta").mkdir(parents=True)
        (path / "conda-meta" / "history").touch()
    assert {hit.path for hit in met(home)} == {str(home / "conda"), str(home / "conda/envs/ml")}


def test_a_link_to_an_environment_is_resolved_and_never_walked(home, tmp_path):
    target = environment(tmp_path / "central" / "env")
    (home / ".venv").symlink_to(target)
    (home / "elsewhere").symlink_to(tmp_path)
    pointers = met(home, Pointer)
    assert [(pointer.link, pointer.candidate.path) for pointer in pointers] == [
        (str(home / ".venv"), str(target))
    ]
    assert met(home) == []


def test_a_text_file_called_venv_points_to_an_environment(home, tmp_path):
    target = environment(tmp_path / "central" / "env")
    (home / ".venv").write_text(f"{target}\n")
    assert [pointer.candidate.path for pointer in met(home, Pointer)] == [str(target)]


@pytest.mark.parametrize("content", [b"", b"\0\0", b"/nowhere", b"\xff" * 9000])
def test_a_text_file_that_points_nowhere_is_no_environment(home, content):
    (home / ".venv").write_bytes(content)
    assert met(home, (Pointer, EnvironmentCandidate)) == []


def test_loops_of_links_end(home):
    (home / "a").mkdir()
    (home / "a" / "back").symlink_to(home)
    (home / "self").symlink_to("self")
    walk = Walk(str(home), Prune())
    assert [hit for hit in walk if not isinstance(hit, Tick)] == []
    assert walk.visited == 2


def test_projects_are_told_by_their_files(home):
    for name in ("pyproject.toml", "Pipfile"):
        (home / name / "x").mkdir(parents=True)
        (home / name / "x" / name).touch()
    assert {hit.path for hit in met(home, ProjectRoot)} == {
        str(home / "pyproject.toml" / "x"),
        str(home / "Pipfile" / "x"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "[/]",
        "[@click=app.quit]x",
        "two\nlines",
        "\x1b[31mred",
        "n" * 255,
        os.fsdecode(b"\xff\xfe"),
        "日本",
    ],
)
def test_hostile_names_are_found_like_any(home, name):
    assert [hit.path for hit in [*met(environment(home / name).parent)]] == [str(home / name)]


def test_what_cannot_be_read_is_said_and_what_vanished_is_not(home, monkeypatch):
    (home / "locked").mkdir()
    (home / "vanished").mkdir()
    scandir = os.scandir

    def refusing(path):
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        if path.endswith("vanished"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert met(home, Unreadable) == [Unreadable(str(home / "locked"), "permission denied")]


def test_paths_beyond_what_the_system_takes_are_said(home):
    descriptor = os.open(home, os.O_RDONLY)
    for _ in range(20):  # 20 × 250 bytes is more than PATH_MAX
        os.mkdir("d" * 250, dir_fd=descriptor)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    assert [hit.reason for hit in met(home, Unreadable)] == ["file name too long"]


def test_fifty_thousand_entries_in_one_folder(home):
    (home / "many").mkdir()
    for number in range(50_000):
        os.mknod(home / "many" / f"f{number}")
    environment(home / "many" / "env")
    assert [hit.path for hit in met(home)] == [str(home / "many" / "env")]


def test_depth_ends_the_walk(home):
    environment(home / "one")
    environment(home / "x" / "two")
    assert [hit.path for hit in met(home, depth=1)] == [str(home / "one")]


def test_stopping_keeps_what_was_met(home):
    environment(home / "first" / "env")
    for number in range(3 * TICK_FOLDERS):
        (home / f"d{number}").mkdir()
    walk = Walk(str(home), Prune(), stopped=lambda: True)
    assert sum(isinstance(hit, Tick) for hit in walk) == 0
    assert walk.visited == TICK_FOLDERS


@pytest.mark.parametrize("rule", ["private", "priv*", "~/work/private", "~/work/pr*"])
def test_exclusions_hold_for_names_paths_and_patterns(home, host, rule):
    environment(home / "work" / "private" / "env")
    kept = environment(home / "work" / "open" / "env")
    assert [hit.path for hit in met(home, prune=Prune.for_host(host, [rule]))] == [str(kept)]


def test_the_standard_library_is_passed_by(home):
    environment(home / "py" / "lib" / "python3.12" / "env")
    kept = environment(home / "py" / "lib" / "python-tools" / "env")
    assert [hit.path for hit in met(home)] == [str(kept)]


def disturb(home, chance):
    """Change something below a folder, as people and programs do."""
    folders = sorted(path for path in home.rglob("*") if path.is_dir() and not path.is_symlink())
    folder = chance.choice([home, *folders])
    name = folder / chance.choice("abcdef")
    match chance.randrange(8):
        case 0 | 1 | 2:
            (name / chance.choice("ab") / "x").mkdir(parents=True, exist_ok=True) if not (
                name.is_symlink() or name.is_file()
            ) else None
        case 3 if not os.path.lexists(name):
            environment(name)
        case 4 if folder != home:
            shutil.rmtree(folder)
        case 5 if folder != home:
            shutil.rmtree(folder)
            folder.symlink_to(home)
        case 6 if folder != home and not os.path.lexists(name):
            folder.rename(home / f"moved-{chance.randrange(1000)}")
        case _:
            (folder / chance.choice(["pyproject.toml", "notes.txt"])).touch()


def later(folder):
    """Have the clock of the file system go on, so that no change looks like the one before."""
    probe = folder.parent / "clock"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()


class TestMemory:
    def test_what_has_not_changed_is_not_read_again(self, home):
        environment(home / "a" / ".venv")
        memory = Memory()
        first = met(home, memory=memory)
        reads = memory.reads
        assert met(home, memory=memory) == first
        assert memory.reads == reads > 0

    @pytest.mark.parametrize("seed", range(12))
    def test_whatever_happened_meanwhile_is_seen(self, home, seed):
        """A walk with a memory meets what one without meets, as often as the disk changes."""
        chance = random.Random(seed)
        memory = Memory()
        for _ in range(8):
            for _ in range(chance.randrange(4)):
                disturb(home, chance)
            later(home)
            walks = [Walk(str(home), Prune(), one) for one in (memory, None)]
            looks = [[hit for hit in walk if not isinstance(hit, Tick)] for walk in walks]
            assert sorted(map(repr, looks[0])) == sorted(map(repr, looks[1]))
            folders = {
                str(home),
                *(f"{above}/{name}" for above, names, _ in os.walk(home) for name in names),
            }
            assert len(memory.records) <= len(folders)

    def test_of_what_did_not_change_nothing_is_listed(self, home, monkeypatch):
        for number in range(40):
            disturb(home, random.Random(number))
        memory = Memory()
        first = met(home, object, memory=memory)
        monkeypatch.setattr(walking, "list_folder", None)
        assert met(home, object, memory=memory) == first

    def test_a_folder_that_became_a_link_is_not_walked_into(self, home, tmp_path, monkeypatch):
        for name in ("a", "b", "c"):
            (home / name / "x" / "y").mkdir(parents=True)
        memory = Memory()
        met(home, memory=memory)
        later(home)
        shutil.rmtree(home / "b")
        environment(tmp_path / "elsewhere" / "x")
        (home / "b").symlink_to(tmp_path / "elsewhere")
        stat, asked = os.stat, []
        monkeypatch.setattr(
            os, "stat", lambda path, **how: asked.append(str(path)) or stat(path, **how)
        )
        assert met(home, memory=memory) == []
        assert f"{home}/b/x" not in asked
        assert f"{home}/c/x/y" in asked

    def test_the_root_of_the_disk_is_remembered_as_any(self, monkeypatch):
        memory, asked, stat = Memory(), [], os.stat
        status = stat("/")
        memory.records = [(status.st_ctime_ns ^ status.st_ino, "not-there", ""), (7, "", "")]
        monkeypatch.setattr(
            os, "stat", lambda path, **how: asked.append(str(path)) or stat(path, **how)
        )
        list(Walk("/", Prune(names=frozenset(os.listdir("/"))), memory))
        assert "/not-there" in asked

    def test_records_that_do_not_fit_the_disk_do_no_harm(self, home):
        kept = environment(home / "a" / "b" / ".venv")
        (home / "c").mkdir()
        memory = Memory()
        expected = met(home, memory=memory)
        records = memory.records
        assert [one.path for one in expected] == [str(kept)]
        for count in range(len(records)):
            for damaged in (records[:count], records[count:], [*records, *records[:count]]):
                memory.records = damaged
                later(home)
                assert met(home, memory=memory) == expected

    def test_a_new_environment_is_met(self, home):
        (home / "a").mkdir()
        os.utime(home / "a", (1, 1))
        memory = Memory()
        assert met(home, memory=memory) == []
        new = environment(home / "a" / ".venv")
        assert [hit.path for hit in met(home, memory=memory)] == [str(new)]

    def test_a_link_whose_target_became_an_environment_is_met(self, home, tmp_path):
        (home / ".venv").symlink_to(tmp_path / "central")
        memory = Memory()
        assert met(home, Pointer, memory=memory) == []
        environment(tmp_path / "central")
        assert len(met(home, Pointer, memory=memory)) == 1

    def test_a_removed_folder_is_gone(self, home):
        (home / "a").mkdir()
        memory = Memory()
        met(home, memory=memory)
        (home / "a").rmdir()
        walk = Walk(str(home), Prune(), memory)
        assert [hit for hit in walk if isinstance(hit, Unreadable)] == []


def test_other_devices_are_left_out_when_asked(home, monkeypatch):
    environment(home / "other" / "env")
    kept = environment(home / "here" / "env")
    stat = os.stat

    def on_another_device(path, **options):
        result = stat(path, **options)
        if "/other" not in str(path):
            return result
        fields = list(result)
        fields[2] = result.st_dev + 1
        return os.stat_result(fields)

    monkeypatch.setattr(os, "stat", on_another_device)
    assert [hit.path for hit in met(home, one_device=True)] == [str(kept)]
