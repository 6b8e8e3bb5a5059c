"""The Health tab: findings with evidence and fix, what takes long, and what is not checked."""

import threading
import time
from dataclasses import replace

import pytest

from envdeck.core.health import CheckScope, Diagnosis, HealthCheck, content_check
from envdeck.core.health import examine as registry
from envdeck.core.model import (
    AuditedPackage,
    AuditState,
    Examination,
    Examined,
    Finding,
    Finished,
    Fix,
    FixKind,
    NoPlan,
    NotChecked,
    Severity,
)
from envdeck.text import width
from envdeck.text.safe import ASCII
from envdeck.tui.detail.health import FOLDED_FROM, AuditGroup, HealthTab, head_line, health_rows
from envdeck.tui.detail.health_report import AskedAnswer, HealthReport
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.dialogs.requests import finding_request
from envdeck.tui.widgets.finding_lines import (
    count_words,
    finding_detail,
    fix_words,
    fixed_together,
    sentence,
    short_counts,
)
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"
NOW = 1_795_000_000.0
LOOK = Display(HOME, lambda: NOW)
PLAIN = Display(HOME, lambda: NOW, ASCII)


def finding(name="idna", check="missing-requirement", severity=Severity.ERROR, **changes):
    base = {
        "subject": name,
        "evidence": (("required_by", ("requests",)), ("requirement", f"{name}<4"), ("deep", False)),
        "fix": Fix(FixKind.INSTALL, (f"{name}<4",)),
    }
    message = f"{name} is not installed; required by requests"
    return Finding(check, severity, message, f"Install {name}<4", **base | changes)


MISSING = finding()
UNSAFE = Finding("code-at-start", Severity.WARNING, f"{HOME}/x.pth runs code", "Display at it")
NOTE = Finding("leftover-distribution", Severity.NOTE, "1 leftover", "", "pip")


def report(*findings, **changes):
    return HealthReport(Examination(findings, changes.pop("not_checked", ())), NOW, **changes)


def said(rows):
    return "\n".join(line_text(row.line) for row in rows)


def test_counts_are_short_and_have_letters_where_there_is_no_unicode():
    assert short_counts((MISSING, MISSING, UNSAFE, NOTE), LOOK)[0] == "2✗ 1!"
    assert short_counts((MISSING, UNSAFE), PLAIN)[0] == "1E 1W"
    assert short_counts((NOTE,), LOOK)[0] == ""
    assert short_counts((MISSING,) * 500, LOOK)[0] == "99+✗"
    assert count_words((MISSING, MISSING, NOTE)) == "2 errors, 1 note"


def test_a_sentence_keeps_the_spelling_of_its_subject():
    assert line_text(sentence(MISSING, LOOK)) == "idna is not installed; required by requests"
    assert line_text(sentence(NOTE, LOOK)) == "pip: 1 leftover"
    assert line_text(sentence(UNSAFE, LOOK)) == "~/x.pth runs code"


def test_below_are_the_evidence_and_what_the_key_does():
    words = fix_words(MISSING, (MISSING, finding("urllib3"), UNSAFE), LOOK)
    text = "\n".join(map(line_text, finding_detail(MISSING, words, LOOK, 60)))
    assert "required by: requests" in text
    assert "requirement: idna<4" in text
    assert "check:       missing-requirement" in text
    assert "Install idna<4" in text
    assert "f: install idna, urllib3 (2 problems)" in text
    assert fix_words(UNSAFE, (UNSAFE,), LOOK) == ""


def test_the_key_names_what_it_changes_and_not_what_the_finding_is_about():
    excluded = replace(MISSING, fix=Fix(FixKind.UPGRADE, ("plotmill[all]>=2",)))
    assert fix_words(excluded, (excluded,), LOOK) == "change the version of plotmill"


def test_many_findings_of_one_check_are_one_row_until_it_is_opened():
    many = [finding(f"p{number}") for number in range(FOLDED_FROM)]
    rows = health_rows(report(*many, UNSAFE), LOOK, 78, ())
    assert [bool(row.key) for row in rows] == [True, True]
    assert f"missing-requirement  {FOLDED_FROM}  p0, p1, p2, p3 and 2 more" in said(rows)
    opened = health_rows(report(*many, UNSAFE), LOOK, 78, {rows[0].key})
    assert len(opened) == 2 + FOLDED_FROM


@pytest.mark.parametrize("look", [LOOK, PLAIN], ids=["unicode", "ascii"])
@pytest.mark.parametrize("cells", [18, 39, 78])
def test_no_line_is_wider_than_the_tab(cells, look):
    hostile = finding("[@click=app.quit]x\x1b[31m" * 5)
    unchecked = (NotChecked("wrong-build", "a reason that is rather long, and goes on"),)
    rows = health_rows(report(hostile, UNSAFE, not_checked=unchecked), look, cells, ())
    lines = [*(row.line for row in rows), *finding_detail(hostile, "fix it", look, cells)]
    assert all(width(line_text(line)) <= cells for line in lines)
    assert "\x1b" not in "".join(map(line_text, lines))


def test_what_was_not_checked_is_told_and_never_counts_as_clean():
    names = ((CheckScope.DEEP, ("changed-file",)), (CheckScope.ONLINE, ("yanked-release",)))
    unchecked = (NotChecked("changed-file", "not asked: --deep does"), NotChecked("a", "why"))
    text = said(health_rows(report(names=names, not_checked=unchecked), LOOK, 78, ()))
    assert "✓ No problems found" in text
    assert "changed-file: only lengths were compared  D: hash every installed file" in text
    assert "yanked-release  A: ask the index and the advisory service" in text
    assert "a: why" in text
    assert "--deep" not in text
    answer = AskedAnswer(Examination((MISSING,)), NOW - 60)
    asked = report(names=names, deep=answer)
    assert "changed-file" not in said(health_rows(asked, LOOK, 78, ()))
    assert asked.findings == (MISSING,)
    assert line_text(head_line(asked, "", LOOK)).startswith("1 error · files hashed 1 minute ago")


def test_five_hundred_findings_do_not_stall(made_up):
    many = report(*(finding(f"p{n}", check=f"check-{n % 50}") for n in range(500)))
    rows = health_rows(many, LOOK, 78, ())
    unfolded = {row.key for row in rows}
    started = time.process_time()
    assert len(health_rows(many, LOOK, 78, unfolded)) == 550
    assert time.process_time() - started < 1  # far beyond what is wanted, for a busy machine


def test_the_fix_is_asked_for_all_of_its_kind_and_without_one_the_remedy_is_said(made_up):
    environment = made_up.environment()

    class Fixes:
        def plan_fix(self, environment, findings, *, allow):
            self.asked = (environment.path, findings, allow)
            return NoPlan("made up")

    fixes, other = Fixes(), finding("urllib3")
    request = finding_request(fixes, environment, MISSING, (MISSING, UNSAFE, other), LOOK)
    assert request.title == "Fix 2 problems of ~/work/api/.venv"
    assert request.paths == (environment.path,)
    assert request.plan(frozenset({"in-use"})) == NoPlan("made up")
    assert fixes.asked == (environment.path, (MISSING, other), {"in-use"})
    assert finding_request(fixes, environment, UNSAFE, (UNSAFE,), LOOK) == "Display at it"
    assert finding_request(object(), environment, MISSING, (MISSING,), LOOK) == "Install idna<4"


def test_an_error_is_fixed_without_what_is_only_outdated(made_up):
    fix = Fix(FixKind.UPGRADE, ("idna>=3.7",))
    unsafe = finding(check="vulnerable-distribution", fix=fix)
    old = finding("six", "outdated-distribution", Severity.NOTE, fix=fix)
    assert fixed_together(unsafe, (unsafe, old)) == (unsafe,)
    assert fixed_together(old, (unsafe, old)) == (old,)
    whole = [replace(one, fix=Fix(FixKind.RECREATE)) for one in (unsafe, old)]
    assert fixed_together(whole[0], whole) == tuple(whole)


def test_the_four_states_of_the_advisories_are_told_with_why_and_when():
    audited = (
        AuditedPackage("certifi", "1", AuditState.CLEAN, asked_at=NOW - 7200),
        AuditedPackage("[red]own", "1", AuditState.SKIPPED, "editable"),
        AuditedPackage("idna", "3.4", AuditState.VULNERABLE, asked_at=NOW - 60),
        AuditedPackage("six", "1", AuditState.NOT_CHECKED, "the service\x1b[31m answered 500"),
    )
    unchecked = (NotChecked("vulnerable-distribution", "six: the service answered 500"),)
    online = AskedAnswer(Examination((), unchecked, audited), NOW)
    rows = health_rows(report(online=online), LOOK, 78, {("audit", AuditState.CLEAN)})
    text = said(rows)
    assert "Advisories  asked 2 hours ago" in text
    assert "✗ 1 vulnerable  idna" in text
    assert "1 not checked  the service\\x1b[31m answered 500" in text
    assert "1 skipped  editable" in text
    assert "✓ 1 clean" in text
    assert "certifi 1  asked 2 hours ago" in text
    assert "Not checked" not in text, "the states say it"
    assert [row.about.state for row in rows if isinstance(row.about, AuditGroup)] == [
        AuditState.VULNERABLE, AuditState.NOT_CHECKED, AuditState.SKIPPED, AuditState.CLEAN,
    ]  # fmt: skip


# the screen


@content_check(Severity.WARNING, CheckScope.DEEP)
def changed_file(_context):
    """Never asked: the source answers."""
    yield Diagnosis("", "")


@content_check(Severity.WARNING, CheckScope.ONLINE)
def yanked_release(_context):
    """Never asked: the source answers."""
    yield Diagnosis("", "")


@pytest.fixture
def asked_checks(monkeypatch):
    """Two checks that run only when they are asked for."""
    checks: dict[str, HealthCheck] = {one.name: one for one in (changed_file, yanked_release)}
    monkeypatch.setattr(registry, "CONTENT_CHECKS", checks)


@pytest.fixture
def source(made_up):
    found = made_up.environment(findings=(MISSING, UNSAFE), examined=True)
    return made_up.MemorySource([found, made_up.environment(f"{HOME}/work/b/.venv")])


async def opened(pilot, wait_until):
    await pilot.press("g", "5")
    detail = pilot.app.main.panes
    await wait_until(lambda: detail.detail and isinstance(detail.detail.tab, HealthTab))
    tab = detail.detail.tab
    await wait_until(lambda: tab.reading.report and tab.reading.report.at)
    await pilot.pause()
    return tab


async def test_findings_of_the_scan_come_into_the_row_without_moving_the_cursor(
    open_screen, made_up, wait_until
):
    rows = [made_up.environment(f"{HOME}/work/{name}/.venv") for name in "abc"]
    source = made_up.MemorySource(rows)
    source.events = [
        Examined(rows[1].path, (MISSING,)),
        Finished((HOME,), 3, 0, 0.1, complete=False),
    ]
    async with open_screen(source, settled=False) as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("j", "j")
        at = listing.cursor
        await wait_until(lambda: listing.get(rows[1].path).findings)
        assert listing.get(rows[1].path).examined
        assert listing.cursor == at


async def test_the_tab_shows_findings_and_enter_goes_into_what_is_told(
    open_screen, wait_until, source
):
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        assert tab.view.current.about == MISSING
        assert "required by: requests" in "\n".join(map(line_text, tab.about.lines))
        await pilot.press("j")
        await wait_until(lambda: tab.view.current.about == UNSAFE)
        await pilot.press("enter")
        await wait_until(lambda: tab.about.has_focus)
        await pilot.press("h")
        await wait_until(lambda: tab.view.has_focus)
        assert pilot.app.main.panes.inside


async def test_hashing_goes_on_beside_the_screen_and_is_kept(
    open_screen, wait_until, source, asked_checks
):
    go = threading.Event()

    def examine(environment, *, deep, online):
        if deep:
            go.wait(60)
            return Examination((finding("six", "changed-file", Severity.WARNING),))
        return Examination(() if online else environment.findings)

    source.examinations = examine
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        await pilot.press("D")
        await wait_until(lambda: "hashing" in line_text(tab.head.line).lower())
        await pilot.press("j", "k")  # the screen does not wait
        source.told(64, 1204)
        await wait_until(lambda: "64 of 1,204 files" in line_text(tab.head.line))
        go.set()
        await wait_until(lambda: tab.reading.report.deep)
        assert (source.known[0].path, ("changed-file",), True, False) in source.examined
        assert len(tab.reading.report.findings) == 3
        await pilot.press("A")
        await wait_until(lambda: tab.reading.report.online)
        assert "index asked just now" in line_text(tab.head.line)
        assert tab.reading.report.deep


async def test_the_same_key_again_cancels(open_screen, wait_until, source, asked_checks):
    go = threading.Event()

    def examine(environment, *, deep, online):
        del online
        if deep:
            go.wait(60)
        return Examination(environment.findings)

    source.examinations = examine
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        await pilot.press("D")
        await wait_until(lambda: tab.reading.doing)
        await pilot.press("D")
        await wait_until(lambda: not tab.reading.doing)
        assert source.stopped()
        go.set()
        await pilot.pause()
        assert tab.reading.report.deep is None


async def test_a_failure_is_told_where_findings_would_be(open_screen, wait_until, source):
    def examine(_environment, *, deep, online):
        raise OSError("disk [gone]")

    source.examinations = examine
    async with open_screen(source) as pilot:
        await pilot.press("g", "5")
        panes = pilot.app.main.panes
        await wait_until(lambda: panes.detail and isinstance(panes.detail.tab, HealthTab))
        await wait_until(lambda: panes.detail.tab.reading.failure)
        assert "Cannot examine: disk [gone]" in said(panes.detail.tab.view.rows)


async def test_the_fix_opens_its_plan(open_screen, made_up, wait_until, source):
    operations = made_up.MadeUpOperations()
    operations.plan_fix = lambda _environment, _findings, **_allow: NoPlan("made up")
    async with open_screen(source, operations=operations) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_it_can_be_used_at_any_size(open_screen, wait_until, source, size):
    async with open_screen(source, size=size) as pilot:
        tab = await opened(pilot, wait_until)
        assert tab.view.size.height > 0
        await pilot.press("enter")
        await wait_until(lambda: tab.about.has_focus)
        assert tab.about.size.height > 0
