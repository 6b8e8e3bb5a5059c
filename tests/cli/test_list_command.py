"""`envdeck list`: the contract of its JSON, its filters and orders, and its text."""

import json
from dataclasses import replace

import pytest

from envdeck.core.model import (
    Creation,
    Finding,
    JointSize,
    LastUsed,
    Notice,
    NotLookedAt,
    ProjectLink,
    ProjectState,
    Python,
    Severity,
    Size,
    Status,
    Unreadable,
)
from envdeck.core.query import Contents

NOW = 1_795_000_000.0
DAY = 86400


def names(result) -> list[str]:
    return [found["name"] for found in json.loads(result.out)["environments"]]


@pytest.fixture
def three(catalog, environment, size_of):
    """Three environments that differ in all that can be chosen or sorted by."""
    api = environment("work/api/.venv", manager="uv", used=NOW - DAY)
    blog = environment(
        "old/blog/venv", version="3.8.18", eol="2024-10-07", used=NOW - 400 * DAY, packages=33
    )
    lost = environment(
        "x/.venv", version=None, status=Status.BROKEN, manager="poetry", packages=None
    )
    catalog.environments = [api, blog, lost]
    catalog.read = {
        api.path: Contents({"idna": ("3.7",)}, drift=False),
        blog.path: Contents({"idna": ("2.9",)}, drift=True),
    }
    catalog.sizes = {api.path: size_of(440_401_920, 3_145_728), blog.path: size_of(9000, 8000)}
    return catalog


def test_the_keys_of_the_json_are_those_of_the_contract_in_its_order(cli, catalog, home):
    from envdeck.core.model import Environment, Identity

    path = f"{home}/work/api/.venv"
    catalog.environments = [
        Environment(
            path=path,
            identity=Identity(1, 2),
            name="api/.venv",
            manager="uv",
            status=Status.OK,
            python=Python("3.12.4", "cpython", f"{path}/bin/python", "/opt/3.12.4"),
            creation=Creation("uv"),
            packages=84,
            last_used=LastUsed(1795000364.9, "pyvenv.cfg atime"),
            project=ProjectLink(ProjectState.FOUND, f"{home}/work/api", "parent folder"),
            links=(f"{home}/link",),
            findings=(Finding("missing", Severity.ERROR, "what", "do"),),
        )
    ]
    catalog.sizes = {path: Size(431221034, 440401920, 3145728)}
    result = cli("list", "--json")
    assert result.code == 0
    assert result.err == ""
    assert json.dumps(json.loads(result.out)) == json.dumps(
        {
            "schema": 1,
            "roots": ["/home/ada"],
            "visited": 1234,
            "unreadable": 0,
            "elapsed_ms": 412,
            "environments": [
                {
                    "path": path,
                    "name": "api/.venv",
                    "manager": "uv",
                    "creator": "uv",
                    "status": "ok",
                    "python": {
                        "version": "3.12.4",
                        "implementation": "cpython",
                        "executable": f"{path}/bin/python",
                        "base": "/opt/3.12.4",
                        "eol": None,
                    },
                    "packages": 84,
                    "size": {
                        "apparent_bytes": 431221034,
                        "disk_bytes": 440401920,
                        "reclaimable_bytes": 3145728,
                    },
                    "last_used": "2026-11-18T11:12:44Z",
                    "last_used_source": "pyvenv.cfg atime",
                    "project": f"{home}/work/api",
                    "links": [f"{home}/link"],
                    "protected": None,
                    "findings": [
                        {
                            "check": "missing",
                            "severity": "error",
                            "subject": "",
                            "message": "what",
                            "remedy": "do",
                            "evidence": {},
                        }
                    ],
                }
            ],
            "not_looked_at": [],
        }
    )


def test_what_is_not_known_is_null_and_never_zero(cli, three):
    lost = json.loads(cli("list", "--json").out)["environments"][-1]
    assert lost["name"] == "x/.venv"
    assert (lost["size"], lost["packages"], lost["last_used"]) == (None, None, None)
    assert lost["python"]["version"] is None


@pytest.mark.parametrize("when", [1e30, -1e30, float("inf"), float("nan")])
def test_a_time_that_no_calendar_holds_is_null(cli, catalog, environment, when):
    catalog.environments = [environment("a/.venv", used=when)]
    result = cli("list", "--json", "--no-size")
    assert json.loads(result.out)["environments"][0]["last_used"] is None


def test_without_sizes_nothing_is_measured_or_told_from_memory(cli, three, size_of):
    three.environments[0] = replace(three.environments[0], size=size_of(5, 5))
    result = cli("list", "--json", "--no-size")
    assert {found["size"] for found in json.loads(result.out)["environments"]} == {None}
    assert three.scopes[0].sizes is False


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--manager", "uv"], {"api/.venv"}),
        (["--manager", "uv", "--manager", "poetry"], {"api/.venv", "x/.venv"}),
        (["--status", "broken"], {"x/.venv"}),
        (["--status", "ok"], {"api/.venv"}),
        (["--status", "eol"], {"blog/venv"}),
        (["--status", "end of life", "--status", "broken"], {"blog/venv", "x/.venv"}),
        (["--status", "orphan"], set()),
        (["--python", "3.8"], {"blog/venv"}),
        (["--python", "3.1"], set()),
        (["--python", "3"], {"api/.venv", "blog/venv"}),
        (["--python", ">=3.8,<3.10"], {"blog/venv"}),
        (["--python", "~=3.12.0"], {"api/.venv"}),
        (["--unused-for", "90d"], {"blog/venv"}),
        (["--unused-for", "1h"], {"api/.venv", "blog/venv"}),
        (["--min-size", "1MB"], {"api/.venv"}),
        (["--min-size", "9000"], {"api/.venv", "blog/venv"}),
        (["--manager", "uv", "--status", "broken"], set()),
        (["--manager", "uv,poetry"], {"api/.venv", "x/.venv"}),
        (["--filter", "manager:uv,poetry !status:broken"], {"api/.venv"}),
        (["--filter", "python:>=3.8,<3.10"], {"blog/venv"}),
        (["--filter", "package:idna>=3 !drift"], {"api/.venv"}),
        (["--filter", "package:idna", "--filter", "drift"], {"blog/venv"}),
        (["--filter", "!package:idna"], {"x/.venv"}),
        (["--filter", "!blog", "--manager", "venv,poetry"], {"x/.venv"}),
    ],
)
def test_filters_choose(cli, three, options, expected):
    assert set(names(cli("list", "--json", *options))) == expected


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("reclaimable", ["api/.venv", "blog/venv", "x/.venv"]),
        ("size", ["api/.venv", "blog/venv", "x/.venv"]),
        ("name", ["api/.venv", "blog/venv", "x/.venv"]),
        ("python", ["blog/venv", "api/.venv", "x/.venv"]),
        ("used", ["blog/venv", "api/.venv", "x/.venv"]),
    ],
)
def test_each_order_puts_what_is_unknown_last(cli, three, by, expected):
    three.environments.reverse()
    assert names(cli("list", "--json", "--sort", by)) == expected


def test_versions_are_sorted_as_numbers(cli, catalog, environment):
    versions = ["3.10", "3.9.2", "3.13.0rc1", "3.13.0", "odd", "3.9", None]
    catalog.environments = [environment(f"{v}/.venv", version=v) for v in versions]
    result = cli("list", "--json", "--no-size", "--sort", "python")
    found = [env["python"]["version"] for env in json.loads(result.out)["environments"]]
    assert found == ["3.9", "3.9.2", "3.10", "3.13.0", "3.13.0rc1", "odd", None]


def test_every_line_of_ndjson_is_an_environment(cli, three):
    result = cli("list", "--ndjson")
    lines = [json.loads(line) for line in result.out.splitlines()]
    whole = json.loads(cli("list", "--json").out)["environments"]
    assert sorted(lines, key=lambda found: found["path"]) == sorted(
        whole, key=lambda found: found["path"]
    )


def test_ndjson_is_written_while_the_scan_still_runs(cli, three, monkeypatch):
    from envdeck.cli.console import Console

    seen = []
    line = Console.json_line

    def spy(self, value):
        seen.append(value["name"])
        line(self, value)

    real = three.scan

    def scan(scope, stopped=None):
        for event in real(scope):
            yield event
            if type(event).__name__ == "Sized":
                seen.append("next")

    monkeypatch.setattr(Console, "json_line", spy)
    monkeypatch.setattr(three, "scan", scan)
    cli("list", "--ndjson")
    assert seen == ["api/.venv", "next", "blog/venv", "next", "x/.venv"]


def test_the_later_of_two_reports_of_one_path_counts(cli, catalog, environment):
    first = environment("a/.venv")
    catalog.environments = [first, replace(first, manager="poetry")]
    result = json.loads(cli("list", "--json", "--no-size").out)
    assert [found["manager"] for found in result["environments"]] == ["poetry"]


def test_without_sizes_ndjson_waits_for_nothing_and_the_last_line_holds(cli, catalog, environment):
    first = environment("a/.venv")
    catalog.environments = [first, replace(first, manager="poetry")]
    result = cli("list", "--ndjson", "--no-size")
    assert [json.loads(line)["manager"] for line in result.out.splitlines()] == [
        first.manager,
        "poetry",
    ]


def test_the_text_is_aligned_and_says_the_state_in_words(cli, three, home):
    lines = cli("list").out.splitlines()
    heading = "Status Path Python Manager Packages Reclaimable Last used"
    assert lines[0].split() == heading.split()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "ok ~/work/api/.venv 3.12.4 uv 3 3.1 MB 1 day",
        "● end of life ~/old/blog/venv 3.8.18 venv 33 8.0 kB 1 year",
        "✗ broken ~/x/.venv – poetry – – –",
    ]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[-1] == ("3 environments, 440 MB on disk, 3.2 MB reclaimable, 1 not measured")
    assert "\x1b" not in "".join(lines)


def test_totals_are_those_of_all_together(cli, three, monkeypatch):
    monkeypatch.setattr(three, "together", lambda found: JointSize(5_000_000, 4_000_000))
    assert cli("list").out.endswith("\n3 environments, 5.0 MB on disk, 4.0 MB reclaimable\n")
    assert cli("list", "--no-size").out.endswith("\n3 environments\n")


def test_a_pipe_gets_whole_paths_and_a_terminal_what_fits(cli, catalog, environment):
    catalog.environments = [environment("a" * 90 + "/" + "b" * 90 + "/.venv")]
    piped = cli("list", "--no-size", width=60)
    assert "a" * 90 + "/" + "b" * 90 + "/.venv" in piped.out
    for width in (40, 60, 80, 120):
        shown = cli("list", "--no-size", terminal=True, width=width)
        assert max(len(line) for line in shown.out.splitlines()) <= width
        assert ".venv" in shown.out


def test_a_narrow_terminal_drops_columns_before_it_cuts_the_path(cli, three):
    heading = cli("list", terminal=True, width=50).out.splitlines()[0]
    assert heading.split() == ["Status", "Path", "Reclaimable"]


def test_colour_is_only_added(cli, three):
    import re

    coloured = cli("list", colour=True).out
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == cli("list").out


def test_hostile_names_are_harmless_as_text_and_whole_as_json(cli, catalog, environment):
    names = ["[/]", "[@click=app.quit]x", "a\nb", "\x1b[2Jclear", "\udcff\udcfe", "\u202eevil", "é"]
    catalog.environments = [environment(f"{name}/.venv") for name in names]
    text = cli("list", "--no-size").out
    assert len(text.splitlines()) == len(names) + 3
    assert not {"\x1b", "\u202e", "\udcff"} & set(text)
    assert "[/]" in text
    assert "\\xff\\xfe" in text
    result = cli("list", "--json", "--no-size").out
    assert result.isascii()
    assert sorted(found["path"] for found in json.loads(result)["environments"]) == sorted(
        environment.path for environment in catalog.environments
    )


def test_nothing_found_is_said(cli):
    assert cli("list").out == "no environments found\n"
    assert json.loads(cli("list", "--json").out)["environments"] == []
    assert cli("list", "--ndjson").out == ""


def test_warnings_go_to_the_error_stream(cli, three):
    three.extra = [
        Notice("the memory cannot be used", "remove it"),
        Unreadable("/home/ada/\x1bsecret", "permission denied"),
    ]
    result = cli("list", "--json")
    assert json.loads(result.out)["unreadable"] == 1
    assert result.err.splitlines() == [
        "warning: the memory cannot be used",
        "hint: remove it",
        "warning: cannot read `/home/ada/\\x1bsecret`: permission denied",
    ]


def test_many_unreadable_places_are_counted(cli, three):
    three.extra = [Unreadable(f"/home/ada/{number}", "no") for number in range(1500)]
    assert cli("list").err == "warning: 1,500 unreadable paths\n"


def test_progress_is_for_a_terminal_and_taken_away(cli, three):
    assert cli("list").err == ""
    shown = cli("list", error_terminal=True).err
    assert "looking: 0 folders, 0 environments" in shown
    assert shown.endswith("\r\x1b[K")


def test_paths_are_the_roots_and_nothing_else(cli, three, home):
    (home / "work" / "api").mkdir(parents=True)
    result = cli("list", str(home / "work"), str(home / "work"), f"{home}/work/./api", "--json")
    assert names(result) == ["api/.venv"]
    assert three.scopes[0].roots == (f"{home}/work", f"{home}/work/api")


def test_the_configuration_says_what_is_left_out(cli, three, home):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('exclude = ["node_*", "~/x"]\ncross-devices = true\n')
    cli("list")
    assert three.scopes[0].exclude == ("node_*", f"{home}/x")
    assert three.scopes[0].cross_devices is True


def test_without_a_terminal_the_screen_is_the_list(cli, three, home):
    assert cli().out == cli("list").out
    (home / "work").mkdir()
    assert cli(str(home / "work")).out == cli("list", str(home / "work")).out


def test_a_folder_that_is_called_as_a_command_is_reached_by_its_path(
    cli, catalog, tmp_path, monkeypatch
):
    for name in ("list", "-x"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    cli("./list")
    cli("--", "-x")
    cli("list", "--no-size", "list")
    cli("list", "--no-size", "--", "-x", "list")
    roots = [scope.roots for scope in catalog.scopes]
    assert roots == [
        (f"{tmp_path}/list",),
        (f"{tmp_path}/-x",),
        (f"{tmp_path}/list",),
        (f"{tmp_path}/-x", f"{tmp_path}/list"),
    ]


def test_options_may_stand_between_paths(cli, catalog, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert cli("list", str(tmp_path / "a"), "--no-size", str(tmp_path / "b")).code == 0
    assert catalog.scopes[0].roots == (f"{tmp_path}/a", f"{tmp_path}/b")


def test_errors_and_warnings_stand_where_ok_would(cli, three, home):
    error, warning, note = (Finding("x", each, "x", "") for each in Severity)
    api, blog, lost = three.environments
    three.environments = [
        replace(api, findings=(error, note, error)),
        replace(api, path=f"{home}/b", findings=(warning,)),
        replace(api, path=f"{home}/c", findings=(note,)),
        replace(blog, findings=(error,)),
        replace(lost, findings=(error,)),
    ]
    result = cli("list", "--no-size", "--sort", "name")
    states = {line[:14].strip() for line in result.out.splitlines()[1:6]}
    assert states == {"✗ 2 errors", "● 1 warning", "ok", "● end of life", "✗ broken"}
    assert result.err == "hint: envdeck doctor\n"
    (home / "work").mkdir()
    assert cli("list", "~/work", "--no-size").err == "hint: envdeck doctor ~/work\n"
    three.environments = [replace(api, findings=(warning,))]
    assert cli("list", "--no-size").err == ""


def test_a_project_without_an_environment_is_called_so(cli, home, catalog):
    (home / "api [x]").mkdir()
    assert cli("list", "~/api [x]").out == "no environments found\n"
    (home / "api [x]" / "pyproject.toml").touch()
    result = cli("list", "~/api [x]")
    assert result.out == "no environments found: ~/api [x] is a project without one\n"
    assert result.err == f"hint: envdeck onboard '{home}/api [x]'\n"
    assert json.loads(cli("list", "~/api [x]", "--json").out)["environments"] == []


def test_that_nothing_matches_is_told_from_finding_nothing(cli, three, catalog):
    assert cli("list", "--manager", "conda").out == "no matches among 3 environments\n"
    catalog.environments = []
    assert cli("list", "--manager", "conda").out == "no environments found\n"


def test_what_was_left_out_is_one_line_for_each_reason(cli, three, home):
    reason, other = "links are not followed", "leads to /x\x1b, which does not exist"
    three.left_out = (
        *(NotLookedAt(f"{home}/{name}", reason, f"envdeck list /disk/{name}") for name in "abcde"),
        NotLookedAt(f"{home}/api/.venv", other, "envdeck create ~/api"),
    )
    assert cli("list").out.splitlines()[-2:] == [
        f"not looked at: ~/a, ~/b, ~/c and 2 more: {reason} (envdeck list PATH)",
        "not looked at: ~/api/.venv: leads to /x\\x1b, which does not exist (envdeck create ~/api)",
    ]
    listed = json.loads(cli("list", "--json").out)["not_looked_at"]
    assert len(listed) == 6
    assert listed[0] == {"path": f"{home}/a", "reason": reason, "hint": "envdeck list /disk/a"}
    three.environments = []
    assert cli("list").out.splitlines()[0] == "no environments found"
    assert len(cli("list").out.splitlines()) == 3
    assert "not looked at" not in cli("list", "--ndjson").out
