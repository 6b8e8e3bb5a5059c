"""What `recreate`, `upgrade`, `create` and `undo` ask for, by their arguments."""

import json
from dataclasses import replace

import pytest

from envdeck.core.model import (
    Doubt,
    Identity,
    Interpreter,
    InterpreterOption,
    InterpreterReason,
    NoPlan,
    Operation,
    PackageChange,
    PackageChoice,
)
from envdeck.core.operations.recreate.forecast import Availability, Forecast, PinForecast
from envdeck.core.operations.recreate.options import (
    RecreateChoices,
    SourceChoice,
)
from envdeck.core.operations.upgrade.model import Fixed, Level, UpgradeCandidate, UpgradeCandidates


@pytest.fixture
def api(catalog, environment, home):
    catalog.environments.append(environment("api/.venv"))
    (home / "api").mkdir()
    return catalog.environments[0].path


def asked(operations) -> tuple:
    """Return what was planned: by which name, and with which words."""
    name, given, named = next(call for call in operations.asked if call[0] != "recover")
    return name, given[1:] if name != "create" else given, named


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ("exact", None, None)),
        (["--python", "3.13", "--jump", "newest"], ("exact", None, "3.13")),
        (["--from", "lock"], ("lock", None, None)),
        (["--from", "lock", "--no-project"], ("lock", None, None)),
        (["--from", "declared", "--python", "3.13"], ("declared", None, "3.13")),
        (["--from", "snapshot:6f3a"], ("snapshot", None, None)),
        (["--from", "~/api/lock"], ("file", "{home}/api/lock", None)),
        (["--python", "~/api/python"], ("exact", None, "{home}/api/python")),
    ],
)
def test_what_is_recreated_from_what(cli, operations, api, home, words, expected):
    for name in ("lock", "python"):
        (home / "api" / name).touch()
    assert cli("recreate", api, *words, "--yes", "--allow", "in-use").code == 0
    name, _, named = asked(operations)
    assert name == "recreate"
    source, file, interpreter = (each and each.format(home=home) for each in expected)
    assert named == {
        "source": source,
        "file": file,
        "snapshot": "6f3a" if source == "snapshot" else None,
        "interpreter": interpreter,
        "jump": "newest" if "--jump" in words else None,
        "groups": None,
        "extras": None,
        "itself": "--no-project" not in words,
        "keep_edits": False,
        "allow": {"in-use"},
        "choices": {},
    }


def test_what_becomes_of_packages_is_chosen_by_name(cli, operations, api):
    words = ["--keep", "Internal_Lib", "--keep", "other", "--release", "third", "--omit", "egg"]
    assert cli("recreate", api, *words, "--yes").code == 0
    _, _, named = asked(operations)
    assert named["choices"] == {
        "internal-lib": PackageChoice.KEEP,
        "other": PackageChoice.KEEP,
        "third": PackageChoice.RELEASE,
        "egg": PackageChoice.OMIT,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "one", "--omit", "One"], "--keep and --omit cannot be combined"),
        (["--from", "lock", "--release", "one"], "--release requires `--from exact`"),
        (["--allow", "unproved"], "guard `unproved` cannot be overridden"),
    ],
)
def test_choices_that_cannot_be(cli, operations, api, words, said):
    result = cli("recreate", api, *words, "--yes")
    assert result.code == 2
    assert said in result.err
    assert not any(name == "recreate" for name, *_ in operations.asked)


@pytest.mark.parametrize("command", ["recreate", "create"])
def test_groups_and_extras_are_those_named(cli, operations, api, home, command):
    target = api if command == "recreate" else str(home / "api")
    words = ["--group", "dev", "--group", "docs", "--extra", "fast"]
    assert cli(command, target, *words, "--yes").code == 0
    _, _, named = asked(operations)
    assert (named["groups"], named["extras"]) == (["dev", "docs"], ["fast"])


def interpreter(version: str) -> Interpreter:
    prefix = f"/opt/{version}"
    return Interpreter(f"{prefix}/python", prefix, Identity(1, 2), version, "cpython", "pyenv")


@pytest.fixture
def choices(operations):
    """A lock that differs, a declaration that cannot be read, and two interpreters."""
    made = RecreateChoices(
        sources=(
            SourceChoice("exact", "current packages, exact versions"),
            SourceChoice(
                "lock",
                "lock file",
                "/x/uv.lock",
                added=(("new", "1.0"),),
                removed=tuple((f"old{number}", "2.0") for number in range(12)),
                changed=(("same", "1", "2"),),
                resolved=False,
            ),
            SourceChoice("declared", "what it declares", problem="a\x1b[2Jb is no table"),
        ),
        interpreters=(
            InterpreterOption(interpreter("3.12.4"), InterpreterReason.CURRENT, default=True),
            InterpreterOption(interpreter("3.13.1"), same_minor=False),
        ),
    )
    operations.recreate_choices = lambda environment, file: made
    return made


def test_what_cannot_be_recreated_exactly_is_told(cli, operations, api, choices):
    options = (PackageChoice.KEEP, PackageChoice.OMIT)
    doubt = Doubt("lib", "Lib", "1.0", "it is an egg", options)
    operations.recreate_choices = lambda environment, file: replace(choices, doubts=(doubt,))
    lines = cli("recreate", api, "--choices").out.splitlines()
    assert "Lib 1.0 cannot be recreated exactly: it is an egg" in lines
    assert "  use --keep lib or --omit lib" in lines
    told = json.loads(cli("recreate", api, "--choices", "--json").out)
    assert told["unproved"] == [
        {
            "name": "lib",
            "version": "1.0",
            "reason": "it is an egg",
            "options": ["keep", "omit"],
            "choice": None,
        }
    ]


def test_what_it_can_be_made_from(cli, api, choices):
    lines = cli("recreate", api, "--choices").out.splitlines()
    assert lines[:5] == [
        "sources",
        "  exact     current packages, exact versions",
        "  lock      lock file (/x/uv.lock)",
        "            ~ same 1 → 2",
        "            + new 1.0",
    ]
    assert "            2 more differences" in lines
    assert "            cannot be used: a\\x1b[2Jb is no table" in lines
    assert lines[-2:] == [
        "CPython 3.12.4  /opt/3.12.4/python  proposed, current",
        "CPython 3.13.1  /opt/3.13.1/python",
    ]


def test_what_becomes_of_it_on_another_interpreter(cli, operations, api, choices):
    asked = []

    def forecast(environment, interpreter, stopped):
        asked.append(interpreter.executable)
        rows = (
            PinForecast("a", "1", Availability.WHEEL),
            PinForecast(
                "b", "2", Availability.GONE, "2.1", "3.0", "https://ada:pw@example.org/ has none"
            ),
        )
        return Forecast("3.13", rows)

    operations.forecast = forecast
    words = ["recreate", api, "--choices", "--python", "3.13"]
    out = cli(*words).out
    assert asked == ["/opt/3.13.1/python"]
    assert "b        2        gone    2.1       3.0     https://****@example.org/ has none" in out
    assert out.endswith("on Python 3.13: 1 of 2 packages have a wheel\n")
    told = json.loads(cli(*words, "--json").out)
    assert [row["verdict"] for row in told["forecast"]["packages"]] == ["wheel", "gone"]
    assert told["sources"][1]["changed"] == [["same", "1", "2"]]
    assert told["interpreters"][1]["same_minor"] is False
    assert [row["proposed"] for row in told["interpreters"]] == [True, False]
    operations.forecast = lambda *given: NoPlan("the index cannot be reached", "try again")
    assert cli(*words).code == 1
    assert cli("recreate", api, "--choices", "--python", "3.1").code == 2


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["recreate", "api/.venv", "--from", "lokc"], "not a source or a file", "`lock`"),
        (["recreate", "api/.venv", "--from", "~/api"], "`~/api` is a folder", "or a file"),
        (
            ["recreate", "api/.venv", "--python", "~/py"],
            "interpreter not found: `~/py`",
            "interpreters",
        ),
        (["recreate", "api/.venv", "--jump", "newest"], "requires --python", "--python 3.13"),
        (
            ["recreate", "api/.venv", "--python", "3.13", "--jump", "newest", "--from", "lock"],
            "--from exact",
            "remove `--from lock`",
        ),
        (["recreate", "api/.venv", "--python", ""], "empty value", "3.13"),
        (["create", "~/api", "--from", "exact"], "not a source or a file", "`declared`"),
        (["create", "~/nowhere"], "does not exist", ""),
        (["upgrade", "api/.venv", "x[y]"], "invalid package", "name>=version"),
        (["upgrade", "api/.venv", "=="], "invalid package", "name==version"),
        (["upgrade", "api/.venv", "x @ https://example.org/x.whl"], "invalid package", "name"),
        (["upgrade", "api/.venv", "x", "--all"], "cannot be combined", "one"),
        (["upgrade", "api/.venv", "--lock"], "--lock requires packages", "--all"),
        (["upgrade", "api/.venv", "x", "--python", "3.13"], "cannot be combined", "separately"),
        (["trash", "list", "x"], "accepts no ID", "envdeck trash"),
        (["trash", "restore"], "requires one ID", "envdeck trash"),
        (["trash", "purge", "--to", "~/x"], "--to requires", "restore ID --to"),
        (["trash", "purge", "--allow", "in-use"], "--allow requires", ""),
        (["trash", "purge", "x", "--expired"], "--expired requires", "purge --expired"),
    ],
)
def test_wrong_usage(cli, operations, api, words, error, hint):
    result = cli(*words, "--yes")
    assert (result.code, operations.asked) == (2, [])
    assert error in result.err
    assert hint in result.err.partition("hint: ")[2]


@pytest.mark.parametrize(
    ("words", "wanted", "lock"),
    [
        (["Re.quests", "urllib3==2.2.3"], {"re-quests": None, "urllib3": "2.2.3"}, False),
        (["--lock", "x", "--allow", "tracked", "y"], {"x": None, "y": None}, True),
        (["--all", "--lock"], None, True),
    ],
)
def test_what_is_upgraded(cli, operations, api, words, wanted, lock):
    assert cli("upgrade", api, *words, "--yes").code == 0
    name, given, named = asked(operations)
    assert (name, given, named["lock"]) == ("upgrade", (wanted,), lock)


def test_an_upgrade_of_the_interpreter(cli, operations, api):
    assert cli("upgrade", api, "--python", "3.13", "--yes").code == 0
    assert asked(operations) == (
        "interpreter",
        ("3.13",),
        {"allow": frozenset(), "keep_edits": False},
    )


@pytest.mark.parametrize(
    "words", [["recreate"], ["upgrade", "--all"], ["upgrade", "--python", "3.13"]]
)
def test_edited_files_are_kept_where_asked(cli, operations, api, words):
    command, *more = words
    assert cli(command, api, *more, "--keep-edits", "--yes").code == 0
    assert asked(operations)[2]["keep_edits"] is True


def test_an_upgrade_of_nothing_tells_what_could_be(cli, operations, api):
    rows = (
        UpgradeCandidate(
            "urllib3", "1.26.2", "1.26.20", "2.2.3", Level.PATCH, ("a requires urllib3<2",)
        ),
        UpgradeCandidate("zope", "1.0", "1.0", "2.0", Level.MAJOR, ("b requires zope<2",)),
    )
    found = UpgradeCandidates(rows, (Fixed("mine", "0.1", "editable install"),), 7)
    operations.candidates = lambda environment, stopped: found
    result = cli("upgrade", api)
    assert result.code == 0
    row = next(line for line in result.out.splitlines() if line.startswith("urllib3"))
    assert row.split(None, 6) == [
        *("urllib3", "1.26.2", "1.26.20", "2.2.3", "patch", "–", "a requires urllib3<2")
    ]
    assert "mine stays at 0.1: editable install" in result.out
    assert result.out.endswith("1 package can be upgraded, 7 up to date\n")
    assert result.err == "hint: envdeck upgrade ~/api/.venv --all\n"
    told = json.loads(cli("upgrade", api, "--json").out)
    assert [row["target"] for row in told["candidates"]] == ["1.26.20", "1.0"]
    assert (told["path"], told["current"]) == (api, 7)


def test_what_is_created(cli, operations, home):
    (home / "api").mkdir()
    assert cli("create", "~/api", "--path", "~/envs/x", "--from", "declared", "--yes").code == 0
    assert asked(operations) == (
        "create",
        (f"{home}/api",),
        {
            "path": f"{home}/envs/x",
            "source": "declared",
            "interpreter": None,
            "groups": None,
            "extras": None,
            "itself": True,
        },
    )


@pytest.mark.parametrize(
    "words",
    [
        ["undo", "some-id", "--to", "~/x", "--yes", "--allow", "in-use"],
        ["undo", "--to", "~/x", "some-id", "--yes"],
        ["trash", "restore", "some-id", "--to", "~/x", "--yes"],
        ["trash", "restore", "--yes", "--to", "~/x", "some-id"],
    ],
)
def test_what_is_taken_back_and_where_to(cli, operations, home, words):
    assert cli(*words).code == 0
    allow = frozenset({"in-use"} if "--allow" in words else ())
    assert operations.asked[1] == ("undo", ("some-id",), {"to": f"{home}/x", "allow": allow})


def test_the_last_operation_is_taken_back(cli, operations):
    assert cli("undo", "--yes").code == 0
    assert operations.asked[1] == ("undo", (None,), {"to": None, "allow": frozenset()})


def test_what_is_installed(cli, operations, api):
    assert cli("install", api, "idna", "x>=2", "--allow", "in-use", "--yes").code == 0
    allow = frozenset({"in-use"})
    assert asked(operations) == ("install", (["idna", "x>=2"],), {"again": False, "allow": allow})
    operations.asked.clear()
    assert cli("install", api, "--reinstall", "idna", "--yes").code == 0
    assert asked(operations)[2]["again"] is True


def test_what_is_uninstalled(cli, operations, api):
    words = ("idna", "--unneeded", "--allow", "still-required", "requests")
    assert cli("uninstall", api, *words, "--yes").code == 0
    assert asked(operations) == (
        "uninstall",
        (["idna", "requests"],),
        {"unneeded": True, "allow": frozenset({"still-required"})},
    )
    other = cli("delete", api, "--allow", "still-required", "--yes")
    assert (other.code, "unknown guard" in other.err) == (2, True)


CHANGES = (
    PackageChange("idna", None, "3.7"),
    PackageChange("six", "1.16", None),
    PackageChange("urllib3", "1.26.20", "2.5.0"),
    PackageChange("wheel", "0.43", "0.43"),
)


def test_a_plan_tells_what_becomes_of_packages(cli, operations, api):
    plan = operations.plan(api, operation=Operation.UPGRADE, package_changes=CHANGES)
    operations.planned = [plan, plan]
    lines = cli("upgrade", api, "--all", "--dry-run").out.splitlines()
    assert lines[1:6] == [
        "  Package  Now            After",
        "  idna     not installed  3.7",
        "  six      1.16           removed",
        "  urllib3  1.26.20        2.5.0",
        "  wheel    0.43           0.43 (reinstalled)",
    ]
    told = json.loads(cli("upgrade", api, "--all", "--dry-run", "--json").out)
    assert told["plan"]["packages"] == {
        "added": [{"name": "idna", "version": "3.7"}],
        "removed": [{"name": "six", "version": "1.16"}],
        "changed": [{"name": "urllib3", "from": "1.26.20", "to": "2.5.0"}],
        "reinstalled": [{"name": "wheel", "version": "0.43"}],
    }


def test_of_many_packages_the_first_are_listed(cli, operations, api):
    many = tuple(PackageChange(f"p{number:02}", "1", "2") for number in range(20))
    operations.planned = [operations.plan(api, package_changes=many)]
    lines = cli("upgrade", api, "--all", "--dry-run").out.splitlines()
    assert "  p11      1    2" in lines
    assert "  and 8 more (`--json` lists all)" in lines
    assert not any("p12" in line for line in lines)


def test_what_only_the_resolver_can_tell_is_in_the_result(cli, operations, api):
    operations.result = replace(operations.result, package_changes=CHANGES[:1])
    told = json.loads(cli("upgrade", api, "--all", "--yes", "--json").out)
    assert told["plan"]["packages"] is None
    assert told["result"]["packages"]["added"] == [{"name": "idna", "version": "3.7"}]


@pytest.mark.parametrize("how", ["--yes", "--dry-run"])
@pytest.mark.parametrize("words", [("undo",), ("upgrade", "--all"), ("trash", "purge")])
def test_nothing_to_do_is_no_failure(cli, operations, api, words, how):
    words = [words[0], api, *words[1:]] if words[0] == "upgrade" else words
    nothing = NoPlan("nothing to do here", nothing=True)
    operations.planned = [nothing, nothing]
    result = cli(*words, how)
    assert (result.code, result.out, result.err) == (0, "nothing to do here\n", "")
    result = cli(*words, how, "--json")
    told = json.loads(result.out)
    assert (result.code, told["plan"], told["result"]["status"]) == (0, None, "nothing-to-do")
