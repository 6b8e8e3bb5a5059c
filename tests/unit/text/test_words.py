"""Words that the screen and the command line both say."""

import pytest

from envdeck.core.dotenv import Remedy, RemedyKind
from envdeck.core.model import (
    Creation,
    Operation,
    ProjectLink,
    ProjectState,
    Python,
    Refusal,
    StepProgress,
)
from envdeck.core.onboarding.model import StepState
from envdeck.core.operations.recreate.options import SourceChoice
from envdeck.core.operations.transaction.journal import Phase
from envdeck.core.operations.upgrade.model import Fixed
from envdeck.core.project.model import Drift, DriftKind, ProjectPart
from envdeck.text import ago, capitalise, counted, place
from envdeck.text.difference import (
    DRIFT_WORDS,
    UNCHOSEN,
    difference_words,
    drift_words,
    fixed_words,
    part_name,
    part_words,
)
from envdeck.text.environment import (
    creator_words,
    minor_version,
    project_words,
    protection_reason,
    python_name,
)
from envdeck.text.operation import (
    OPERATION_WORDS,
    STEP_WORDS,
    ended_word,
    progress_words,
    refusal_words,
    remedy_words,
    time_kept,
)
from envdeck.text.safe import ASCII, UNICODE

HOME = "/home/ada"


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (1, "package", "1 package"),
        (1204, "package", "1,204 packages"),
        (0, "key", "0 keys"),
        (2, "directory", "2 directories"),
    ],
)
def test_counts(count, noun, words):
    assert counted(count, noun) == words


def test_how_long_ago():
    assert (ago(0, 10), ago(0, 7200)) == ("just now", "2 hours ago")


def test_a_sentence_begins_with_a_capital_but_for_names_of_files():
    assert capitalise("it is gone") == "It is gone"
    assert capitalise("uv.lock is not TOML") == "uv.lock is not TOML"
    assert capitalise("") == ""


def test_a_place_is_named_from_its_project_or_from_home():
    assert place(f"{HOME}/a/uv.lock", 12, HOME, f"{HOME}/a/") == "uv.lock:12"
    assert place(f"{HOME}/ab/uv.lock", None, HOME, f"{HOME}/a") == "~/ab/uv.lock"
    assert place("/x/\x1b[2J", 3, HOME) == "/x/\\x1b[2J:3"
    assert place("", 3, HOME) == ""


def test_what_created_an_environment():
    assert creator_words(Creation()) == ("unknown", "no system packages")
    made = Creation(
        "virtualenv",
        "20.1",
        prompt="a\x1bb",
        relocatable=True,
        seeded=True,
        system_site_packages=True,
    )
    flags = ("system packages visible", "relocatable", "seeded with pip", "prompt a\\x1bb")
    assert creator_words(made) == ("virtualenv 20.1", *flags)


def test_the_name_of_a_python():
    assert python_name(Python("3.12.4", implementation="cpython")) == "CPython 3.12.4"
    assert python_name(Python(None)) == "Python, version unknown"
    assert python_name(Python(None, implementation="own"), unknown=" –") == "own –"
    assert (minor_version("3.13.1"), minor_version(None)) == ("3.13", "")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (ProjectLink(ProjectState.FOUND, "/p"), ("", "/p")),
        (ProjectLink(ProjectState.GONE, "/p"), ("gone", "/p")),
        (ProjectLink(ProjectState.GONE), ("gone", "unknown location")),
        (ProjectLink(ProjectState.UNMOUNTED, "/p"), ("on an unmounted disk", "/p")),
        (ProjectLink(), ("none found", "")),
    ],
)
def test_where_the_project_is(link, words):
    assert project_words(link) == words


def test_a_protection_is_said_without_its_guard():
    assert protection_reason("owned-by-tool: pipx looks after it") == "pipx looks after it"
    assert protection_reason("this is a: b") == "this is a: b"


def test_every_value_has_its_words():
    assert set(OPERATION_WORDS) == set(Operation)
    assert set(DRIFT_WORDS) == set(DriftKind)
    assert set(STEP_WORDS) == {state.value for state in StepState}
    for signs in (UNICODE, ASCII):
        assert all(len(signs.step_sign(state)) == 1 for state in StepState)


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (None, ""),
        (StepProgress(1204, 18291, "files"), "1,204 of 18,291 files"),
        (StepProgress(3, None, "packages"), "3 packages"),
        (StepProgress(1000, 2_000_000, "bytes"), "1.0 kB of 2.0 MB"),
        (StepProgress(1000, None, "bytes"), "1.0 kB"),
    ],
)
def test_how_far_a_step_is(progress, words):
    assert progress_words(progress) == words


def test_a_refusal_names_what_it_is_about_once():
    refusal = Refusal("tracked", "git tracks 3 files", path=f"{HOME}/a")
    assert refusal_words(refusal, HOME) == "~/a: git tracks 3 files (tracked)"
    assert refusal_words(Refusal("", f"{HOME}/a is gone", path=f"{HOME}/a"), HOME) == "~/a is gone"


def test_how_a_past_operation_ended():
    words = {phase: ended_word(phase, Operation.DELETE) for phase in Phase}
    assert words[Phase.DONE] == "done"
    assert words[Phase.ROLLED_BACK] == "rolled back"
    assert words[Phase.ATTENTION] == "needs attention"
    assert {words[Phase.PREPARED], words[Phase.STAGING], words[Phase.MOVING]} == {"unfinished"}
    assert ended_word(Phase.ATTENTION, Operation.DELETE, partly_purged=True) == "partly deleted"
    assert ended_word(Phase.DONE, Operation.DELETE, partly_purged=True) == "done"
    assert ended_word(Phase.ROLLED_BACK, Operation.BISECT) == "ended"


def test_how_long_an_item_is_kept():
    assert time_kept(None, 0, over="due") == "for ever"
    assert time_kept(10, 10, over="due") == "due"
    assert time_kept(27 * 86_400, 0, over="due") == "27 days"


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        (RemedyKind.CREATE, (), ("create", ".env from .env.example")),
        (RemedyKind.ADD, ("A\x1b",), ("add", "A\\x1b to .env")),
        (RemedyKind.ADD, ("A", "B"), ("add", "2 keys to .env")),
        (RemedyKind.IGNORE, (), ("add", ".env to .gitignore")),
        (RemedyKind.PRIVATE, (), ("restrict", ".env to its owner")),
    ],
)
def test_what_a_remedy_does(kind, keys, words):
    assert remedy_words(Remedy(kind, "/p/.env", "/p", keys, "/p/.env.example"), HOME) == words


def test_parts_of_a_project():
    assert (part_name(""), part_name("group:dev"), part_name("x")) == ("", "group dev", "x")
    parts = (
        (ProjectPart("", 1204, 3, default=True), ("project dependencies", "3 of 1,204", "default")),
        (
            ProjectPart("extra:docs", 2, 2, counts=True),
            ("extra docs", "2 of 2", "fully installed, included"),
        ),
        (ProjectPart("group:dev", 2, 0), ("group dev", "0 of 2", "not selected")),
    )
    for part, words in parts:
        assert part_words(part) == words


def test_an_extra_package_may_belong_to_what_is_not_chosen():
    assert drift_words(Drift(DriftKind.UNREACHABLE, "a", "", "1")) == "extraneous"
    drift = Drift(DriftKind.UNREACHABLE, "a", "", "1", under=("group:dev",))
    assert drift_words(drift) == UNCHOSEN


def test_how_a_source_differs():
    source = SourceChoice(
        "lock", "it", added=(("new", ""),), removed=(("old", "1"),), changed=(("a", "1", "2"),)
    )
    assert difference_words(source, "→", "–") == [
        ("~", "changed", [("a", "1 → 2")]),
        ("+", "added", [("new", "–")]),
        ("-", "removed", [("old", "1")]),
    ]
    assert difference_words(SourceChoice("exact", "it"), "→", "–") == []


def test_why_a_package_stays():
    assert fixed_words(Fixed("a", "1.0", "is editable")) == "stays at 1.0: is editable"
