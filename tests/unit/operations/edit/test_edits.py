"""Each remedy done, shown before, taken back, and taken back again."""

import os
import pickle
import shutil
import stat
import subprocess
from dataclasses import replace

import pytest
from dotenv import dotenv_values

from envdeck.core.model import NoPlan

MARK = "MARK-3f9c"
EXAMPLE = b"# Ada's\r\nHOST=localhost\r\nTOKEN=changeme # yours\r\nDEBUG=\r\n"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_env_is_made_of_the_example_byte_for_byte(desk):
    (desk.project / ".env.example").write_bytes(EXAMPLE)
    plan = desk.done(desk.plan("create"))
    assert (desk.env.read_bytes(), mode(desk.env)) == (EXAMPLE, 0o600)
    assert desk.operations.trash() == ()
    assert plan.targets[0].path == str(desk.env)
    desk.undo()
    assert not desk.env.exists()
    assert [item.manifest.path for item in desk.operations.trash()] == [str(desk.env)]
    desk.undo(desk.operations.history()[0].entry.id)
    assert (desk.env.read_bytes(), mode(desk.env)) == (EXAMPLE, 0o600)
    assert desk.operations.trash() == ()


def test_values_that_are_given_stand_in_the_env_alone(desk):
    (desk.project / ".env.example").write_bytes(EXAMPLE)
    given = {"TOKEN": f"{MARK} it's $5", "NEW": f"{MARK}\nb"}
    plan = desk.done(desk.plan("create", given))
    assert dotenv_values(desk.env, interpolate=False) == {
        "HOST": "localhost",
        "DEBUG": "",
        **given,
    }
    assert desk.env.read_bytes().startswith(b"# Ada's\r\nHOST=localhost\r\nTOKEN='")
    assert (MARK in repr(plan), desk.kept()) == (False, [])


def test_missing_keys_are_added_in_the_order_of_the_example(desk):
    (desk.project / ".env.example").write_bytes(EXAMPLE)
    desk.env.write_bytes(b"HOST=db # here\nMINE=1\n")
    desk.env.chmod(0o640)
    plan = desk.done(desk.plan("add", {"TOKEN": "two words"}, keys=("TOKEN", "DEBUG")))
    new = b"HOST=db # here\nTOKEN='two words'\nDEBUG=\nMINE=1\n"
    assert (desk.env.read_bytes(), mode(desk.env)) == (new, 0o640)
    assert [item.manifest.path for item in desk.operations.trash()] == [str(desk.env)]
    desk.undo(plan.id)
    assert (desk.env.read_bytes(), mode(desk.env)) == (b"HOST=db # here\nMINE=1\n", 0o640)
    desk.undo(desk.operations.history()[0].entry.id)
    assert desk.env.read_bytes() == new
    assert desk.phases() == ["done"] * 3


def test_what_was_there_is_in_the_trash_and_its_values_nowhere_else(desk):
    desk.env.write_text(f"OLD={MARK}\n")
    plan = desk.plan("add", {"NEW": f"{MARK}-2"}, keys=("NEW",))
    assert any("trash" in fact.text for fact in plan.targets[0].facts)
    desk.done(plan)
    (item,) = desk.operations.trash()
    assert mode(item.folder) == 0o700
    assert desk.kept() == ["environment"]
    for text in (repr(plan), repr(desk.operations.history()), repr(item)):
        assert MARK not in text
    desk.undo()
    desk.done(desk.operations.plan_purge())
    assert (desk.kept(), desk.operations.trash()) == ([], ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b"/.env\n"),
        (b"*.pyc", b"*.pyc\n/.env\n"),
        (b"*.pyc\r\n/dist\r\n", b"*.pyc\r\n/dist\r\n/.env\r\n"),
        (b"/.env\n!/.env\n", b"/.env\n!/.env\n/.env\n"),
    ],
)
def test_env_is_added_to_gitignore(desk, before, after):
    ignore = desk.project / ".gitignore"
    if before is not None:
        ignore.write_bytes(before)
    plan = desk.plan("ignore")
    desk.done(plan)
    assert ignore.read_bytes() == after
    assert not any("values" in fact.text for fact in plan.targets[0].facts)  # it has none
    assert isinstance(desk.plan("ignore"), NoPlan)
    desk.undo()
    assert (ignore.read_bytes() if before is not None else ignore.exists()) == (before or False)


def test_what_git_tracks_already_is_told(desk):
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git here")
    desk.env.write_text("A=1\n")
    host = replace(desk.operations.catalog.host, environ={"PATH": os.path.dirname(git)})
    desk.operations.catalog.host = host
    for words in (["init", "-q"], ["add", ".env"]):
        assert desk.plan("ignore").warnings == ()
        subprocess.run([git, "-C", desk.project, *words], check=True)
    (warning,) = desk.plan("ignore").warnings
    assert "rm --cached" in warning


def test_new_gitignore_is_as_any_program_makes_it(desk):
    before = os.umask(0o027)
    try:
        desk.done(desk.plan("ignore"))
    finally:
        os.umask(before)
    assert mode(desk.project / ".gitignore") == 0o640


def test_pattern_names_one_file_and_no_other(desk):
    odd = desk.project / "a *[b]?" / ".env x "
    odd.parent.mkdir()
    odd.write_text("A=1\n")
    desk.done(desk.plan("ignore", file=str(odd)))
    written = (desk.project / ".gitignore").read_text()
    assert written == "/a \\*\\[b]\\?/.env x\\ \n"


def test_read_access_is_taken_and_given_back(desk):
    desk.env.write_bytes(b"A=\xff\0\n")
    desk.env.chmod(0o664)
    desk.done(desk.plan("private"))
    assert (mode(desk.env), desk.env.read_bytes()) == (0o600, b"A=\xff\0\n")
    none = desk.plan("private")
    assert isinstance(none, NoPlan)
    assert none.message.endswith("is already restricted to its owner (mode 0600)")
    desk.undo()
    assert mode(desk.env) == 0o664


def test_attributes_of_the_file_stay(desk):
    desk.env.write_text("A=1\n")
    try:
        os.setxattr(desk.env, "user.note", b"mine")
    except OSError:
        pytest.skip("this disk keeps no attributes")
    desk.done(desk.plan("add", keys=("B",)))
    assert os.getxattr(desk.env, "user.note") == b"mine"


def test_plan_cannot_be_written_anywhere(desk):
    desk.env.write_text("A=1\n")
    plan = desk.plan("add", {"B": MARK}, keys=("B",))
    with pytest.raises(TypeError, match="hidden"):
        pickle.dumps(plan)


def test_words_of_a_plan_fit_a_file(desk):
    desk.env.write_text("A=1\n")
    plan = desk.plan("add", keys=("B",))
    undoing = desk.operations.plan_undo(desk.done(plan).id)
    told = repr((plan, undoing, desk.operations.history(), desk.operations.trash()))
    assert "environment'" not in told.replace("/environment'", "")
    assert plan.undo == f"envdeck undo {plan.id}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_never_written(desk, encoding):
    (desk.project / ".env.example").write_bytes(EXAMPLE.decode().encode(encoding))
    for values in ({}, {"TOKEN": MARK}):
        found = desk.plan("create", values)
        assert isinstance(found, NoPlan)
        assert "is UTF-16" in found.message
        assert found.hint == "save the example as UTF-8 first"
    desk.env.write_bytes("HOST=here\n".encode(encoding))
    (desk.project / ".env.example").write_bytes(EXAMPLE)
    found = desk.plan("add", {"TOKEN": MARK}, keys=("TOKEN", "DEBUG"))
    assert isinstance(found, NoPlan)
    assert found.message.endswith("UTF-16 is not written: save the file as UTF-8 first")


def test_a_latin_1_example_is_taken_as_it_is_and_told(desk):
    example = "NAME=caf\xe9\n".encode("latin-1")
    (desk.project / ".env.example").write_bytes(example)
    plan = desk.plan("create")
    result = desk.run(plan)
    assert desk.env.read_bytes() == example
    assert "python-dotenv does not read the file: it is not in UTF-8" in result.verified
