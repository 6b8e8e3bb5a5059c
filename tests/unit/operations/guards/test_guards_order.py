"""All guards together: their names, their order, who may be overruled, and for what."""

from envdeck.core.model import Operation, Target
from envdeck.core.operations.guards import context as moment
from envdeck.core.operations.guards.check import GUARDS, ask, unchecked
from envdeck.core.operations.guards.context import GuardContext, GuardRequest

OVERRULABLE = {"symlink", "has-dependants", "tracked", "unowned-files", "in-use"}


def test_the_names_of_the_contract_and_who_may_be_overruled():
    names = "not-an-environment protected-path symlink has-dependants mount self owned-by-tool"
    names += " tracked unowned-files in-use read-only"
    assert [guard.name for guard in GUARDS] == names.split(" ")
    assert {guard.name for guard in GUARDS if guard.overrulable} == OVERRULABLE
    everything = {guard.name for guard in GUARDS if Operation.DELETE in guard.operations}
    assert everything == {guard.name for guard in GUARDS}


def test_an_ordinary_environment_may_go(asked, home, make_venv):
    path = make_venv(home / "api" / ".venv")
    for operation in (Operation.DELETE, Operation.RECREATE, Operation.UPGRADE):
        assert asked(path, operation) == {}


def test_what_is_final_comes_first_and_overruling_leaves_it(asked, home, make_venv):
    path = make_venv(home / "venv")
    (path / ".env").write_text("KEY=1")
    read_only = asked(path, read_only=True, allowed=OVERRULABLE | {"read-only"})
    assert list(read_only) == ["read-only"], "and the files were not walked"
    assert list(asked(path)) == ["unowned-files"]
    assert asked(path, allowed={"unowned-files"}) == {}


def test_what_refuses_for_good_saves_the_walk(question, home, monkeypatch):
    """The files of a home folder are not listed to tell that it stays."""
    one = question(home)

    def walking(*_, **__):
        raise AssertionError

    monkeypatch.setattr(moment, "unowned_at", walking)
    one.machine.read_processes = walking
    one.machine.git = walking
    assert {refusal.guard for refusal in ask(one)} >= {"not-an-environment", "protected-path"}
    assert unchecked(one) == ()


def test_read_only_mode_refuses_every_operation(host):
    then = GuardContext(host, read_only=True)
    for operation in Operation:
        target = Target("/somewhere", None)
        one = GuardRequest(operation=operation, target=target, environment=None, machine=then)
        assert "read-only" in {refusal.guard for refusal in ask(one)}


def test_names_with_everything_in_them(asked, home, make_venv):
    path = make_venv(home / "we 'quote' [red]$(x)\n\x1b[31m")
    (path / "a\udcff [b]\n.txt").write_text("x")
    refusal = asked(path)["unowned-files"]
    assert "a\udcff [b]\n.txt" in refusal.message
    assert refusal.path == str(path)


def test_what_could_not_be_checked_is_said(question, home, make_venv, host):
    path = make_venv(home / "work" / ".venv")
    (home / "work" / ".git").mkdir()
    one = question(path)
    assert ask(one) == ()
    said = unchecked(one)
    assert said[0] == "git-tracked files not checked: git is not installed"
    assert said[1].startswith("running processes not checked: ")
