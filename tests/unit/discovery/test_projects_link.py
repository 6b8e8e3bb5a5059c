"""The link of an environment to its project: which sign wins, and what is gone."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.managers.pdm import Pdm
from envdeck.core.discovery.managers.pipenv import Pipenv
from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.discovery.managers.venv import Venv
from envdeck.core.discovery.prefix import recognise
from envdeck.core.discovery.project_links import ProjectRoots, link, project_mark
from envdeck.core.discovery.project_roots import Disks
from envdeck.core.model import ProjectLink, ProjectState


@pytest.fixture
def roots(host):
    """Return a scan that has met no root, on a machine with nothing mounted."""
    disks = Disks(frozenset({"/"}), removable=(("/media-of-test", 1),))
    return ProjectRoots(host, managers(host), disks)


@pytest.fixture
def linked(host, roots):
    """Return a function that links a candidate, with the manager that claims it by default."""

    def linked_by(candidate, kind=None):
        manager = kind(host) if kind else manager_of(candidate, managers(host))
        return link(candidate, manager, host, roots)

    return linked_by


def found(path, source):
    return ProjectLink(ProjectState.FOUND, str(path), source)


def test_nothing_names_a_project(home, linked, make_candidate):
    assert linked(make_candidate(home / "x/.venv")) == ProjectLink()


def test_the_parent_folder(home, linked, write, make_candidate):
    write(home / "blog/main.py")
    assert linked(make_candidate(home / "blog/.venv")) == found(home / "blog", "parent folder")


def test_a_folder_of_environments_in_a_project(home, linked, write, make_candidate):
    write(home / "blog/pyproject.toml")
    candidate = make_candidate(home / "blog/.venvs/py313")
    assert linked(candidate) == found(home / "blog", "folder 2 levels up")


def test_few_levels_are_climbed_from_a_folder_of_environments(home, linked, write, make_candidate):
    write(home / "blog/pyproject.toml")
    holders = ".venvs/envs/.envs"
    candidate = make_candidate(home / "blog" / holders / "py313")
    assert linked(candidate) == found(home / "blog", "folder 4 levels up")
    candidate = make_candidate(home / "blog" / holders / "venvs" / "py313")
    assert linked(candidate) == ProjectLink()


def test_a_project_that_is_an_environment_itself(home, linked, write, make_candidate):
    write(home / "blog/pyproject.toml")
    assert linked(make_candidate(home / "blog")) == found(home / "blog", "environment folder")


def test_a_store_is_no_project_whatever_lies_in_it(home, linked, write, make_candidate):
    write(home / ".virtualenvs/hook.py")
    write(home / "envs/pyproject.toml")
    assert linked(make_candidate(home / ".virtualenvs/a")) == ProjectLink()
    assert linked(make_candidate(home / "envs/a")) == ProjectLink()


@pytest.mark.parametrize("sign", [".git", ".python-version", ".env", "notes.py"])
def test_the_home_folder_needs_a_manifest(home, linked, write, make_candidate, sign):
    write(home / sign)
    assert linked(make_candidate(home / ".venv")) == ProjectLink()
    write(home / "requirements.txt")
    assert linked(make_candidate(home / ".venv")) == found(home, "parent folder")


def test_a_link_in_a_project(home, linked, write, make_candidate):
    write(home / "blog/pyproject.toml")
    candidate = make_candidate("/stores/x", links=("/else/.venv", f"{home}/blog/.venv"))
    assert linked(candidate) == found(home / "blog", "linked as .venv")


def test_a_root_that_hashes_to_the_name(linked, roots, make_candidate):
    for root in ("/home/ada/work/shop", "/home/ada/work/blog", "/home/ada/work/a-b-c"):
        roots.add(root)
    source = "environment name"  # the names are real ones, the folders not of this disk
    wanted = ProjectLink(ProjectState.GONE, "/home/ada/work/blog", source)
    assert linked(make_candidate("/s/blog-Ldddji1h-py3.13"), Poetry) == wanted
    assert linked(make_candidate("/s/blog-gTTtlNLs"), Pipenv) == wanted
    assert linked(make_candidate("/s/blog-PgukVryC-docs"), Pdm) == wanted
    assert linked(make_candidate("/s/blog-PgukVryC-a-longer-name"), Pdm) == wanted
    assert linked(make_candidate("/s/a-b-c-0lHlstDY-x-y"), Pdm).path == "/home/ada/work/a-b-c"
    assert linked(make_candidate("/s/blog-AAAAAAAA-py3.13"), Poetry) == ProjectLink()


def test_a_root_that_hashes_to_the_name_is_gone_once_it_is_deleted(
    home, host, linked, roots, make_candidate
):
    root = home / "work/blog"
    root.mkdir(parents=True)
    roots.add(str(root))
    (name,) = Poetry(host).project_names(str(root))
    candidate = make_candidate(f"/s/blog-{name}-py3.13")
    assert linked(candidate, Poetry) == found(root, "environment name")
    root.rmdir()
    link_to = linked(candidate, Poetry)
    assert (link_to.state, link_to.path) == (ProjectState.GONE, str(root))


def test_a_root_met_later_is_found_by_asking_again(host, linked, roots, make_candidate):
    candidate = make_candidate("/s/blog-Ldddji1h-py3.13")
    assert linked(candidate, Poetry).state is ProjectState.NONE
    assert roots.awaits(Poetry(host), candidate)
    assert roots.awaits(Venv(host), candidate)
    assert not roots.awaits(Venv(host), make_candidate("/s/plain"))
    roots.add("/home/ada/work/blog")
    roots.add("/home/ada/work/blog")
    assert len(roots) == 1
    assert linked(candidate, Poetry).path == "/home/ada/work/blog"


def test_each_root_is_hashed_once_and_only_when_asked(roots, make_candidate, host):
    hashed = []

    class Counting(Poetry):
        def project_names(self, root):
            hashed.append(root)
            return super().project_names(root)

    tool, candidate = Counting(host), make_candidate("/s/blog-Ldddji1h-py3.13")
    for number in range(50):
        roots.add(f"/work/{number}")
    assert hashed == []
    roots.root_of(tool, make_candidate("/s/unformed"))
    assert hashed == []
    for _ in range(3):
        roots.root_of(tool, candidate)
    roots.add("/home/ada/work/blog")
    assert roots.root_of(tool, candidate) == "/home/ada/work/blog"
    assert len(hashed) == len(set(hashed)) == 51


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("", ProjectState.FOUND),
        ("/gone", ProjectState.GONE),
        ("/file/below", ProjectState.GONE),
        ("/" + "x" * 300, ProjectState.GONE),
    ],
)
def test_the_tools_own_word_is_checked(home, linked, write, make_candidate, path, state):
    write(home / "file")
    write(home / ".virtualenvs/a/.project", f"{home}{path}")
    got = linked(make_candidate(home / ".virtualenvs/a"))
    assert got == ProjectLink(state, f"{home}{path}", ".project file")


def test_what_is_on_an_absent_disk_is_not_gone(home, linked, write, make_candidate):
    write(home / ".virtualenvs/a/.project", "/media-of-test/stick/blog")
    got = linked(make_candidate(home / ".virtualenvs/a"))
    assert (got.state, got.path) == (ProjectState.UNMOUNTED, "/media-of-test/stick/blog")


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (errno.EACCES, ProjectState.FOUND),
        (errno.ENOTCONN, ProjectState.UNMOUNTED),
        (errno.ESTALE, ProjectState.UNMOUNTED),
        (errno.ENOENT, ProjectState.GONE),
    ],
)
def test_what_the_disk_answers_tells(
    home, linked, write, make_candidate, monkeypatch, number, state
):
    write(home / ".virtualenvs/a/.project", "/closed/blog")
    real = os.stat

    def stat(path, *arguments, **options):
        if path == "/closed/blog":
            raise OSError(number, os.strerror(number), path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    assert linked(make_candidate(home / ".virtualenvs/a")).state is state


def test_a_project_moved_with_its_environment_is_not_gone(home, linked, write, make_candidate):
    write(home / "moved/Pipfile")
    write(home / "moved/.venv/.project", f"{home}/before")
    got = linked(make_candidate(home / "moved/.venv", virtualenv="21"))
    assert got == found(home / "moved", "parent folder")


def test_a_word_without_a_path_is_the_last_resort(linked, make_candidate, write, home):
    cfg = {"uv": "0.13.8", "prompt": "job.py"}
    path = home / ".cache/uv/environments-v2/job-4e0b510be963ec57"
    got = linked(make_candidate(path, **cfg))
    assert got == ProjectLink(ProjectState.NONE, None, "script job.py")


def install_in_place(environment, name, root):
    folder = os.path.join(environment, "lib", "python3.13", "site-packages", f"{name}-1.dist-info")
    os.makedirs(folder)
    with open(os.path.join(folder, "direct_url.json"), "w") as file:
        json.dump({"url": f"file://{root}", "dir_info": {"editable": True}}, file)


def test_what_is_installed_in_place(home, linked, write, make_candidate):
    write(home / "work/shop/pyproject.toml")
    write(home / "work/blog/pyproject.toml")
    path = home / "s/blog-Ldddji1h-py3.13"
    install_in_place(path, "a_shop", home / "work/shop")
    wanted = found(home / "work/shop", "editable install of a_shop")
    assert linked(make_candidate(path), Poetry) == wanted
    install_in_place(path, "Blog", home / "work/blog/src")
    wanted = found(home / "work/blog", "editable install of Blog")
    assert linked(make_candidate(path), Poetry) == wanted


def test_what_was_installed_in_place_and_is_gone(home, linked, make_candidate):
    path = home / "s/blog-Ldddji1h-py3.13"
    install_in_place(path, "blog", home / "work/blog/src")
    wanted = ProjectLink(ProjectState.GONE, str(home / "work/blog"), "editable install of blog")
    assert linked(make_candidate(path), Poetry) == wanted
    install_in_place(path, "dependency", home / "work/dependency")
    assert linked(make_candidate(path), Poetry) == wanted
    other = home / "s/other-Ldddji1h-py3.13"
    install_in_place(other, "one", home / "work/one")
    install_in_place(other, "two", home / "work/two")
    assert linked(make_candidate(other), Poetry) == ProjectLink()


def test_a_path_file_that_no_installer_wrote_makes_no_project_gone(
    home, linked, write, make_candidate
):
    def environment(name, *files):
        for file in files:
            text = f"{home}/gone\n" if file.endswith(".pth") else "Name: extra\n"
            write(home / "envs" / name / "lib/python3.13/site-packages" / file, text)
        return linked(make_candidate(home / "envs" / name)).state

    assert environment("one", "extra.pth") is ProjectState.NONE
    assert environment("two", "extra.pth", "extra-1.0.dist-info/METADATA") is ProjectState.GONE
    assert environment("three", "easy-install.pth") is ProjectState.GONE


@pytest.mark.parametrize("maker", ["venv", "virtualenv", "uv"])
def test_real_environments_are_linked_to_the_folder_they_are_in(
    linked, real_environments, maker, tmp_path, write
):
    candidate = recognise(real_environments[maker])
    assert linked(candidate) == ProjectLink()
    copy = tmp_path / "blog/.venv"
    write(tmp_path / "blog/pyproject.toml")
    os.symlink(real_environments[maker], copy)
    got = linked(replace(candidate, links=(str(copy),)))
    assert got == found(tmp_path / "blog", "linked as .venv")


def test_uv_keeps_a_real_environment_centrally(home, linked, write, on):
    """`uv sync --preview-features centralized-project-envs`, offline."""
    project = home / "shop"
    write(project / "pyproject.toml", '[project]\nname = "Shop.App"\nversion = "1"\n')
    cache = home / ".cache/uv"
    command = [sys.executable, "-m", "uv", "sync", "-q", "--offline", "--no-config"]
    command += ["--python", sys.executable, "--preview-features", "centralized-project-envs"]
    environ = {**os.environ, "UV_CACHE_DIR": str(cache), "HOME": str(home)}
    environ.pop("VIRTUAL_ENV", None)
    subprocess.run(command, cwd=project, env=environ, check=True, timeout=60)
    candidate = recognise(os.path.realpath(project / ".venv"))
    assert os.path.dirname(candidate.path) == str(cache / "environments-v2")
    assert manager_of(candidate, managers(on())).name == "uv"
    got = linked(replace(candidate, links=(str(project / ".venv"),)))
    assert got == found(project, "linked as .venv")


def test_a_real_script_has_an_environment_in_the_cache(home, linked, write):
    """`uv run --script`, offline."""
    write(
        home / "job.py", "# /// script\n# dependencies = []\n# ///\nimport sys\nprint(sys.prefix)"
    )
    command = [sys.executable, "-m", "uv", "run", "-q", "--offline", "--no-config", "--python"]
    command += [sys.executable, "--script", "job.py"]
    environ = {**os.environ, "UV_CACHE_DIR": str(home / ".cache/uv"), "HOME": str(home)}
    environ.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        command, cwd=home, env=environ, check=True, timeout=60, capture_output=True, text=True
    )
    candidate = recognise(done.stdout.strip())
    assert linked(candidate) == ProjectLink(ProjectState.NONE, None, "script job.py")


def test_virtualenvwrapper_and_pipenv_share_a_folder(on, home, write, make_candidate):
    host = on(WORKON_HOME="~/w")
    for name, root in (("blog-gTTtlNLs", "/home/ada/work/blog"), ("mine", str(home))):
        write(home / "w" / name / ".project", root)
    found = [manager_of(make_candidate(home / "w" / name), managers(host)).name
             for name in ("blog-gTTtlNLs", "mine")]  # fmt: skip
    assert found == ["pipenv", "virtualenvwrapper"]


def test_the_root_of_a_workspace_counts_however_far_above_its_members_it_is(home, write):
    member = write(home / "shop/libs/web/forms/core/fields/pyproject.toml").parent
    before = project_mark(found(member, ""))
    write(home / "shop/uv.lock")
    assert project_mark(found(member, "")) != before
