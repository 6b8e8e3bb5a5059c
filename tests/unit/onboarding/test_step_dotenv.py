"""`.env` and its example, and what of both is in git."""

import os

import pytest

from envdeck.core.model import Ending
from envdeck.core.onboarding.model import StepAnswers, StepState

SECRET = "MARK-3f9c-Tr0ub4dor"
EXAMPLE = "# what it needs\nDATABASE_URL=\nSECRET_KEY=changeme\nPORT=8000\n"


def test_no_example(stands, write):
    write({".env": "A=1\n"})
    assert stands("dotenv").state is StepState.SKIPPED


def test_it_is_made_with_what_is_typed(walk, write, project, operations):
    write({".env.example": EXAMPLE})
    steps = walk()
    view = steps.step("dotenv")
    assert (view.state, view.safe) == (StepState.OPEN, False)
    asked = [(field.name, field.secret, field.default) for field in view.fields]
    assert asked == [
        ("DATABASE_URL", True, ""),
        ("SECRET_KEY", True, ""),
        ("PORT", False, "8000"),
    ]
    plan = steps.plan(view, StepAnswers(values={"SECRET_KEY": SECRET, "DATABASE_URL": "x"}))
    assert SECRET not in repr(plan)
    result = operations.run(plan, lambda _event: None)
    assert result.status is Ending.DONE, result
    steps.ended(view, plan, result)
    made = (project / ".env").read_text()
    assert made == f"# what it needs\nDATABASE_URL=x\nSECRET_KEY={SECRET}\nPORT=8000\n"
    after = walk().step("dotenv")
    assert (after.state, after.message) == (StepState.DONE, ".env has all keys of .env.example")
    assert SECRET not in repr(after)


def test_what_may_be_a_secret_is_hidden_whatever_the_example_proposes(stands, write):
    write({".env.example": "DATABASE_URL=pg://localhost/a\nDB_PASSWORD=a\nBASE_URL=http://a\n"})
    hidden = {field.name: field.secret for field in stands("dotenv").fields}
    assert hidden == {"DATABASE_URL": True, "DB_PASSWORD": True, "BASE_URL": False}


def test_what_the_example_proposes_is_public_where_git_has_it(stands, write, git):
    write({".env.example": "DATABASE_URL=pg://localhost/a\n"})
    assert [field.published for field in stands("dotenv").fields] == [False]
    git("add", ".env.example")
    git("commit", "-qm", "It")
    assert [field.published for field in stands("dotenv").fields] == [True]


def test_what_is_left_as_proposed_is_not_told_as_a_value(walk, write, operations):
    write({".env.example": EXAMPLE})
    steps = walk()
    plan = steps.plan(steps.step("dotenv"), StepAnswers(values={"DATABASE_URL": "x"}))
    told = {fact.label: fact.text for fact in plan.targets[0].facts}
    assert told["values"] == "DATABASE_URL; the rest from the example"


def test_missing_keys_are_added(walk, write, project, operations):
    write({".env.example": EXAMPLE, ".env": f"SECRET_KEY={SECRET}\nDATABASE_URL=x\n"})
    steps = walk()
    view = steps.step("dotenv")
    assert (view.state, view.safe) == (StepState.OPEN, True)  # the example proposes a value
    assert [field.name for field in view.fields] == ["PORT"]
    assert operations.run(steps.plan(view), lambda _event: None).status is Ending.DONE
    assert walk().step("dotenv").state is StepState.DONE
    assert "PORT=8000\n" in (project / ".env").read_text()


def test_a_placeholder_is_said_to_be_one(stands, write):
    write({".env.example": EXAMPLE, ".env": EXAMPLE})
    view = stands("dotenv")
    assert view.state is StepState.DONE
    assert view.message.endswith("placeholders left: SECRET_KEY")


def test_a_secret_in_the_example_is_proposed_to_nobody(stands, write):
    write({".env.example": "TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\n"})
    (field,) = stands("dotenv").fields
    assert field.default == ""
    view = stands("secrets")
    assert view.state is StepState.CANNOT
    assert view.message == ".env.example:1: the value of TOKEN looks like a real secret"


@pytest.mark.parametrize("name", [".env", ".env.example"])
def test_what_cannot_be_read_is_not_checked(stands, write, project, name):
    write({".env.example": EXAMPLE, ".env": EXAMPLE})
    (project / name).unlink()
    os.mkfifo(project / name)
    assert stands("dotenv").state is StepState.CANNOT
    assert stands("dotenv").message == f"not checked: {name}: is a FIFO"
    assert stands("secrets").state is not StepState.DONE


def test_no_file_no_secrets(stands):
    assert stands("secrets").state is StepState.SKIPPED


def test_outside_of_git_only_what_can_be_is_checked(stands, write, project):
    write({".env": "A=1\n"})
    (project / ".env").chmod(0o600)
    view = stands("secrets")
    assert view.state is StepState.DONE
    assert view.message == "readable only by its owner; not in a git repository"


def test_one_after_the_other_is_mended(walk, write, project, git, operations):
    write({".env": f"A={SECRET}\n"})
    (project / ".env").chmod(0o644)
    steps = walk()
    seen = []
    while (view := steps.step("secrets")).state is StepState.OPEN:
        assert view.safe
        seen.append((view.message, view.commands[0][-3:]))
        assert operations.run(steps.plan(view), lambda _event: None).status is Ending.DONE
    assert [command for _, command in seen] == [
        ("--ignore", "--file", ".env"),
        ("--private", "--file", ".env"),
    ]
    assert view.state is StepState.DONE
    assert view.message == "ignored by git, never committed, readable only by its owner"


def test_what_git_has_only_a_person_can_take_out(stands, write, project, git):
    write({".env": f"API_TOKEN={SECRET}\n", ".gitignore": ".env\n"})
    (project / ".env").chmod(0o600)
    git("add", "-f", ".env")
    view = stands("secrets")
    assert view.state is StepState.CANNOT
    assert "tracked by git" in view.message
    assert "rm --cached -- .env`" in view.hint
    git("commit", "-qm", "It")
    git("rm", "-q", "--cached", ".env")
    git("commit", "-qm", "Out")
    view = stands("secrets")
    assert view.state is StepState.CANNOT
    assert "was committed" in view.message
    assert view.hint.startswith("rotate these secrets")
    assert SECRET not in repr(view)


def test_without_git_a_repository_is_not_checked(stands, write, project, git, programs):
    write({".env": "A=1\n", ".gitignore": ".env\n"})
    (project / ".env").chmod(0o600)
    (programs / "git").unlink()
    view = stands("secrets")
    assert view.state is StepState.CANNOT
    assert view.message == "not checked: git is not installed"
