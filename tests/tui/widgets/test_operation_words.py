"""Words for operations, where no screen is needed to see them."""

from choosing_cases import LOOK

from envdeck.tui.operations.screen import JobList
from envdeck.tui.widgets.operation_words import running_line, subject
from envdeck.tui.workers.operation_queue import Job


def test_what_acts_on_several_tells_how_many(made_up):
    assert subject(made_up.plan("/a/.venv", "/b/.venv"), LOOK, 40) == "2 environments"


def test_where_nothing_runs_there_is_no_line():
    assert running_line((), LOOK, 80) == ()


def test_an_operation_keeps_its_row_by_its_plan(made_up):
    job = Job(made_up.plan("/a/.venv"))
    assert JobList(LOOK).key_of(job) == job.plan.id
