"""What every command that changes something does, whatever it is: plan, ask, run, answer."""

import json
import os
import signal

import pytest

from envdeck.core.model import (
    CommandStarted,
    Ending,
    Fact,
    NoPlan,
    Operation,
    OutputLine,
    Refusal,
    Result,
    Step,
    StepProgress,
    StepStarted,
    Target,
)

UNOWNED = Refusal("unowned-files", "2 files in it are yours", path="/x/.venv", overrulable=True)
MOUNT = Refusal("mount", "a disk is mounted in it", hint="umount /x/.venv/data", path="/x/.venv")


@pytest.fixture
def api(catalog, environment, size_of):
    found = environment("api/.venv", size=size_of(500, 400))
    catalog.environments.append(found)
    return found.path


def ran(operations) -> bool:
    return any(call[0] == "run" for call in operations.asked)


def test_what_was_interrupted_is_finished_first(cli, operations, api):
    assert cli("delete", api, "--yes").code == 0
    assert [call[0] for call in operations.asked] == ["recover", "delete", "run"]


def test_the_result_and_the_way_back(cli, operations, api):
    operations.result = Result(Ending.DONE, "it is gone", verified=("all is well",), freed_bytes=7)
    result = cli("delete", api, "--yes")
    assert result.out == "done: it is gone\n  verified: all is well\n  disk: 7 B freed\n"
    assert result.err == f"hint: envdeck undo {operations.ID}\n"


def test_the_json_of_a_plan_and_its_result(cli, operations, api):
    operations.planned = [
        operations.plan(
            api,
            steps=(Step("have uv remove it", ("uv", "--index", "https://ada:pw@example.org/x")),),
            warnings=("it may be a bad idea",),
            reclaims_bytes=400,
        )
    ]
    told = json.loads(cli("delete", api, "--yes", "--json").out)
    plan, result = told.pop("plan"), told.pop("result")
    assert told == {"schema": 1, "operation": "delete", "id": operations.ID}
    assert {name: plan[name] for name in list(plan)[:5]} == {
        "targets": [api],
        "steps": [
            {
                "title": "have uv remove it",
                "command": ["uv", "--index", "https://****@example.org/x"],
            }
        ],
        "warnings": ["it may be a bad idea"],
        "reclaims_bytes": 400,
        "undo": f"envdeck undo {operations.ID}",
    }
    assert {name: result[name] for name in list(result)[:3]} == {
        "status": "done",
        "verified": ["all is well"],
        "message": "api/.venv is in the trash",
    }


def test_a_dry_run_changes_nothing_and_settles_nothing(cli, operations, api):
    result = cli("delete", api, "--dry-run", "--json")
    assert (result.code, json.loads(result.out)["result"]) == (0, None)
    assert [call[0] for call in operations.asked] == ["delete"]


def test_a_plan_as_text(cli, operations, api, home):
    facts = (Fact("rebuilt from", f"{home}/api/uv.lock"), Fact("yours", "a\x1b[2Jb.txt"))
    operations.planned = [
        operations.plan(
            targets=(Target(api, None, "api/.venv", facts),),
            steps=(Step("have it removed", ("uv", "tool", "uninstall", "a b")),),
            warnings=("it is used",),
            frees_now_bytes=0,
            reclaims_bytes=4_000_000,
            kept_until=1_797_592_000.0,
        )
    ]
    assert cli("delete", api, "--dry-run").out.splitlines() == [
        "delete ~/api/.venv",
        "  rebuilt from  ~/api/uv.lock",
        "  yours         a\\x1b[2Jb.txt",
        "steps",
        "  1. have it removed",
        "     $ uv tool uninstall 'a b'",
        "cost",
        "  frees  4.0 MB when the trash is emptied",
        f"  undo   envdeck undo {operations.ID}, until 2026-12-18T11:06:40Z",
        "warning: it is used",
    ]


@pytest.mark.parametrize(
    ("words", "more", "hinted"),
    [
        (["recreate"], {"replaced_edits": 1}, True),
        (["upgrade", "--all"], {"replaced_edits": 1}, True),
        (["recreate"], {"replaced_edits": 1, "keep_edits": True}, False),
        (["recreate"], {}, False),
    ],
)
def test_the_option_that_keeps_edits_is_named_where_any_are_replaced(
    cli, operations, api, words, more, hinted
):
    operation = Operation(words[0])
    operations.planned = [operations.plan(api, operation=operation, **more)]
    out = cli(words[0], api, *words[1:], "--dry-run").out
    assert ("hint: use --keep-edits to keep " in out) is hinted


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yep\n", "no\n"])
def test_whatever_is_no_yes_is_a_no(cli, operations, api, answer):
    result = cli("delete", api, answer=answer, terminal=True)
    assert (result.code, ran(operations)) == (1, False)
    assert result.err.endswith("note: nothing changed\n")


def test_an_explicit_yes_acts_and_the_plan_is_shown_before(cli, operations, api):
    operations.planned = [operations.plan(api, undo=None)]
    result = cli("delete", api, answer="y\n", terminal=True)
    assert result.code == 0
    assert result.out.startswith("delete ~/api/.venv\n")
    assert "delete it (cannot be undone)? [y/N] " in result.err
    assert ran(operations)


def test_the_plan_is_seen_though_the_answer_goes_to_a_file(cli, operations, api):
    result = cli("delete", api, "--json", answer="yes\n")
    assert "undo   envdeck undo" in result.err
    assert json.loads(result.out)["result"]["status"] == "done"


def test_nobody_there_to_ask_and_no_yes(cli, operations, api):
    result = cli("delete", api)
    assert (result.code, result.out, ran(operations)) == (2, "", False)
    assert ("recover",) not in operations.asked
    assert "--dry-run" in result.err
    assert "--yes" in result.err


def test_who_cannot_be_asked_is_told_first_what_is_wrong_with_the_request(cli, operations, api):
    result = cli("delete", "nothing")
    assert (result.code, ran(operations)) == (2, False)
    assert result.err.startswith("error: environment not found: `nothing`")
    assert "terminal" not in result.err


def test_quiet_leaves_out_what_went_well(cli, operations, api):
    result = cli("delete", api, "--yes", "--quiet")
    assert (result.code, result.out, result.err, ran(operations)) == (0, "", "", True)


@pytest.mark.parametrize("words", [["--color", "always"], ["--color=always"]])
def test_colour_is_chosen(cli, operations, api, words):
    assert "\x1b[32mdone:" in cli(*words, "delete", api, "--yes").out
    assert "\x1b" not in cli("delete", api, "--yes", "--color=never", colour=True).out


def test_a_guard_refuses_whatever_yes_says(cli, operations, api):
    operations.planned = [operations.plan(api, refusals=(MOUNT, UNOWNED))]
    result = cli("delete", api, "--yes")
    assert (result.code, result.out, ran(operations)) == (3, "", False)
    assert result.err.splitlines() == [
        "error: blocked: /x/.venv: a disk is mounted in it (mount)",
        "hint: umount /x/.venv/data",
        "error: blocked: /x/.venv: 2 files in it are yours (unowned-files)",
        "hint: use `--allow unowned-files` to override",
    ]


def test_a_refusal_in_json(cli, operations, api):
    operations.planned = [operations.plan(api, refusals=(UNOWNED,))]
    result = cli("delete", api, "--yes", "--json")
    told = json.loads(result.out)
    assert result.code == 3
    assert told["result"]["status"] == "refused"
    assert told["result"]["guard"] == "unowned-files"
    assert told["result"]["message"] == "2 files in it are yours"
    assert told["plan"]["refusals"][0]["overrulable"] is True


def test_a_dry_run_tells_what_would_be_refused(cli, operations, api):
    operations.planned = [operations.plan(api, refusals=(MOUNT,))]
    result = cli("delete", api, "--dry-run", "--json")
    assert (result.code, json.loads(result.out)["result"]) == (3, None)
    assert "(mount)" in result.err


def test_a_guard_that_stands_up_while_it_runs(cli, operations, api):
    operations.result = Result(Ending.REFUSED, "it was replaced", guard="not-an-environment")
    result = cli("delete", api, "--yes", "--json")
    assert result.code == 3
    assert json.loads(result.out)["result"]["guard"] == "not-an-environment"


def test_guards_are_overruled_by_name(cli, operations, api):
    cli("delete", api, "--yes", "--allow", "tracked", "--allow", "in-use")
    assert operations.asked[1][2]["allow"] == {"tracked", "in-use"}


@pytest.mark.parametrize(
    ("name", "why"),
    [("mount", "cannot be overridden"), ("trakced", "choose from symlink, has-dependants")],
)
def test_a_guard_that_cannot_be_overruled(cli, operations, api, name, why):
    result = cli("delete", api, "--yes", "--allow", name)
    assert (result.code, operations.asked) == (2, [])
    assert why in result.err


def test_a_failure_is_rolled_back_and_told_without_secrets(cli, operations, api):
    operations.result = Result(
        Ending.ROLLED_BACK, "https://ada:secret@example.org/ answers 500\x1b[2J", hint="try again"
    )
    result = cli("delete", api, "--yes")
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: https://****@example.org/ answers 500\\x1b[2J\nhint: try again\n"


@pytest.mark.parametrize(("missing", "code"), [(True, 2), (False, 1)])
def test_what_cannot_even_be_planned(cli, operations, api, missing, code):
    operations.planned = [NoPlan("there is not a lock file", "use --from exact", missing)]
    result = cli("recreate", api, "--from", "lock", "--yes", "--json")
    told = json.loads(result.out)
    assert (result.code, told["operation"], told["id"], told["plan"]) == (
        code, "recreate", None, None,
    )  # fmt: skip
    ended = told["result"]
    assert (ended["status"], ended["guard"]) == ("refused", None)
    assert (ended["message"], ended["hint"]) == ("there is not a lock file", "use --from exact")
    assert result.err == "error: there is not a lock file\nhint: use --from exact\n"


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (["undo"], "undo"),
        (["trash", "restore", "20261118-110640-4f2a"], "undo"),
        (["trash", "purge"], "purge"),
        (["upgrade", "api/.venv", "--all"], "upgrade"),
    ],
)
def test_there_is_a_document_without_a_plan_too(cli, operations, api, words, operation):
    operations.planned = [NoPlan("there is nothing")]
    told = json.loads(cli(*words, "--yes", "--json").out)
    assert (told["operation"], told["plan"], told["result"]["status"]) == (
        operation, None, "refused",
    )  # fmt: skip


def test_there_is_a_document_without_an_environment_too(cli):
    result = cli("delete", "nowhere", "--yes", "--json")
    assert result.code == 2
    assert json.loads(result.out)["result"]["message"] in result.err
    assert cli("delete", "nowhere", "--yes").out == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_and_it_rolls_back(cli, operations, api, number):
    before = signal.getsignal(number)
    operations.result = Result(Ending.DONE, "nothing changed")
    operations.meanwhile = lambda: os.kill(os.getpid(), number)
    result = cli("delete", api, "--yes", "--json")
    assert result.code == 130
    assert json.loads(result.out)["result"]["status"] == "rolled-back"
    assert signal.getsignal(number) is before


def test_a_second_interruption_leaves_the_rest_to_the_next_start(cli, operations, api):
    def twice():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            signal.getsignal(signal.SIGINT)  # a call, before which the handler runs

    operations.meanwhile = twice
    result = cli("delete", api, "--yes")
    assert result.code == 130
    assert "hint: envdeck history --recover" in result.err


def test_progress_is_one_line(cli, operations, api):
    operations.events = [StepStarted(0, "install\x1b[2J"), StepProgress(3, 84, "packages")]
    result = cli("delete", api, "--yes", error_terminal=True)
    assert "\r\x1b[K1/1 install\\x1b[2J" in result.err
    assert result.err.count("\n") == 1
    assert cli("delete", api, "--yes").err.count("install") == 0


def test_verbose_tells_all_that_is_run_and_said(cli, operations, api):
    operations.events = [
        StepStarted(0, "install"),
        CommandStarted(("uv", "pip", "a b"), "/home/ada"),
        OutputLine("fetching https://ada:pw@example.org/\x1b[2J"),
    ]
    lines = cli("delete", api, "--yes", "--verbose").err.splitlines()
    assert lines[:3] == [
        "1/1 install",
        "$ uv pip 'a b'",
        "fetching https://****@example.org/\\x1b[2J",
    ]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_read_only_mode_refuses_everything_wherever_it_is_said(cli, operations, api, place):
    words = ["delete", api, "--yes"]
    words.insert(place, "--read-only")
    result = cli(*words)
    assert (result.code, [call[0] for call in operations.asked]) == (3, ["delete"])
    assert "(read-only)" in result.err
    assert operations.policy.read_only


def test_the_configuration_reaches_the_operations(cli, operations, api, home):
    (home / ".config" / "envdeck").mkdir(parents=True)
    file = home / ".config" / "envdeck" / "config.toml"
    file.write_text('read-only = true\nkeep-days = "for ever"\ndownloads = true\n')
    assert cli("undo", "--yes").code == 3
    policy = operations.policy
    assert (policy.read_only, policy.keep_days, policy.downloads) == (True, None, True)


def test_paths_that_are_no_utf8_are_told_with_surrogates_and_shown_as_bytes(cli, operations, api):
    strange = "/x/caf\udce9 [b]/.venv"
    operations.planned = [operations.plan(strange), operations.plan(strange)]
    told = cli("delete", api, "--dry-run", "--json").out
    assert told.isascii()
    assert json.loads(told)["plan"]["targets"] == [strange]
    assert cli("delete", api, "--dry-run").out.startswith("delete /x/caf\\xe9 [b]/.venv\n")


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("asked", [True, False])
def test_a_signal_while_it_is_planned(cli, operations, api, number, asked):
    before = signal.getsignal(number)

    def planning():
        if asked:  # whoever asks ends in good order, and is not broken off
            operations.stopped()
        os.kill(os.getpid(), number)
        assert operations.stopped()
        assert asked

    operations.planning = planning
    result = cli("upgrade", api, "--all", "--yes", "--json")
    told = json.loads(result.out)
    assert (result.code, told["operation"], told["id"], told["plan"]) == (
        130,
        "upgrade",
        None,
        None,
    )
    assert (told["result"]["status"], told["result"]["stopped"]) == ("rolled-back", True)
    assert result.err == "error: interrupted; nothing changed\n"
    assert not ran(operations)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_breaks_off_what_does_not_end(cli, operations, api, number):
    def planning():
        operations.stopped()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        raise AssertionError

    operations.planning = planning
    assert cli("upgrade", api, "--all", "--dry-run").code == 130


def test_a_signal_while_a_class_is_made(cli, operations, api):
    class Named:
        def __set_name__(self, owner, name):
            os.kill(os.getpid(), signal.SIGTERM)

    operations.planning = lambda: type("Made", (), {"it": Named()})
    result = cli("upgrade", api, "--all", "--yes", "--json")
    assert (result.code, json.loads(result.out)["result"]["stopped"]) == (130, True)


def test_what_recovers_is_not_broken_off(cli, operations, api):
    ended = []

    def recover():
        os.kill(os.getpid(), signal.SIGTERM)
        ended.append(True)
        return ()

    operations.recover = recover
    result = cli("delete", api, "--yes", "--json")
    assert (result.code, ended, operations.asked) == (130, [True], [])
    assert json.loads(result.out)["result"]["stopped"] is True


def test_a_signal_after_all_is_done_changes_nothing_of_what_is_told(cli, operations, api):
    operations.run = lambda plan, tell, stopped: (
        os.kill(os.getpid(), signal.SIGTERM),
        operations.result,
    )[1]
    result = cli("delete", api, "--yes", "--json")
    assert (result.code, json.loads(result.out)["result"]["status"]) == (0, "done")


def test_a_signal_at_the_question(cli, operations, api, monkeypatch):
    monkeypatch.setattr(
        "envdeck.cli.console.Console.ask",
        lambda *_: os.kill(os.getpid(), signal.SIGTERM),
    )
    result = cli("delete", api, "--json", answer="y\n")
    told = json.loads(result.out)
    assert (result.code, told["plan"]["targets"], told["result"]["stopped"]) == (
        130, ["/home/ada/api/.venv"], True,
    )  # fmt: skip
    assert not ran(operations)
