"""Events from snapshots: what differs, when, and by whom."""

from envdeck.core.timeline.model import (
    BASE,
    PastOperation,
    Snapshot,
    SnapshotPackage,
    metadata_events,
    operation_events,
    snapshot_events,
    sort_events,
)

HOUR = 3600.0


def snapshot(hour, *packages, source="scan", seen=None, python="3.12.4", base="/opt/py", **times):
    rows = tuple(
        SnapshotPackage(*one) if isinstance(one, tuple) else SnapshotPackage(*one.split("=="))
        for one in packages
    )
    taken, last = hour * HOUR, (hour if seen is None else seen) * HOUR
    installed = tuple((name, at * HOUR) for name, at in times.items())
    return Snapshot(
        "0" * 16, "/e", taken, last, python, base, rows, source=source, installed=installed
    )


def told(snapshots, *operations):
    events = sort_events(
        snapshot_events(sorted(snapshots, key=lambda one: -one.taken_at), operations)
    )
    return [
        (
            one.at / HOUR,
            None if one.earliest is None else one.earliest / HOUR,
            one.kind.value,
            one.subject,
            one.before,
            one.after,
        )
        for one in events
    ]


def test_a_change_lies_between_the_look_that_saw_it_and_the_last_that_did_not():
    found = told([snapshot(1, "idna==1", seen=5), snapshot(9, "idna==2")])
    assert found == [(9, 5, "changed", "idna", "1", "2")]


def test_the_time_of_the_metadata_folder_narrows_it_down():
    old = snapshot(1, "idna==1", seen=5)
    assert told([old, snapshot(9, "idna==2", idna=7)]) == [(7, 5, "changed", "idna", "1", "2")]
    for outside in (4, 10):  # of a copy, or by a clock that was wrong
        assert told([old, snapshot(9, "idna==2", idna=outside)])[0][0] == 9


def test_what_an_operation_left_has_its_time_and_what_it_only_reinstalled_is_not_said():
    before = snapshot(5, ("idna", "1", None, "aa"), ("six", "1", None, "aa"))
    after = snapshot(6, ("idna", "2", None, "bb"), ("six", "1", None, "bb"), source="upgrade")
    operation = PastOperation("id", "upgrade", 5.9 * HOUR, 5.99 * HOUR)
    assert told([before, after], operation) == [(5.99, None, "changed", "idna", "1", "2")]


def test_what_was_reinstalled_by_others_is_said_once():
    before = snapshot(5, ("idna", "1", None, "aa"))
    after = snapshot(6, ("idna", "1", None, "bb"))
    assert told([before, after]) == [(6, 5, "changed", "idna", "1", "1")]
    unknown = snapshot(6, ("idna", "1", None, ""))
    assert told([before, unknown]) == []


def test_another_origin_of_the_same_version_is_a_change():
    before, after = snapshot(5, "idna==1"), snapshot(6, ("idna", "1", "file:///p", "", True))
    (event,) = snapshot_events([after, before], ())
    assert event.detail == "editable, from file:///p"


def test_another_spelling_of_the_same_folder_is_no_change():
    before = snapshot(1, ("mine", "1", "file:///work/a+b", "aa", True))
    after = snapshot(2, ("mine", "1", "file:///work/a%2Bb", "aa", True))
    assert told([before, after]) == []


def test_an_operation_long_before_a_look_explains_nothing():
    before, after = snapshot(1, "idna==1"), snapshot(9, "idna==2", source="upgrade")
    old = PastOperation("id", "upgrade", HOUR, 2 * HOUR)
    assert told([before, after], old) == [(9, 1, "changed", "idna", "1", "2")]


def test_two_metadata_folders_of_one_name_are_one_subject():
    found = told([snapshot(1, "idna==1"), snapshot(2, "idna==1", "idna==2")])
    assert found == [(2, 1, "changed", "idna", "1", "1, 2")]


def test_the_interpreter_is_a_change_of_its_own():
    old = snapshot(1, "idna==1")
    new = snapshot(9, "idna==1", python="3.12.9", **{BASE: 4})
    assert told([old, new]) == [(4, 1, "interpreter", "/opt/py", "3.12.4", "3.12.9")]
    moved = snapshot(9, "idna==1", base="/home/py")
    assert told([old, moved]) == [(9, 1, "interpreter", "/home/py", "/opt/py", "/home/py")]
    assert told([old, snapshot(9, "idna==1", python=None, base=None)]) == []


def test_a_clock_that_was_set_back_makes_no_look_after_its_change():
    new, old = snapshot(3, "idna==2"), snapshot(5, "idna==1")
    (event,) = snapshot_events([new, old], ())
    assert (event.at, event.earliest) == (3 * HOUR, None)


def test_before_the_first_look_only_metadata_tells_and_is_not_certain():
    (event,) = metadata_events(snapshot(5, "idna==1", "six==1", idna=2))
    assert (event.at, event.subject, event.certain, event.source) == (
        2 * HOUR, "idna", False, "metadata",
    )  # fmt: skip
    assert list(metadata_events(snapshot(5, "idna==1", source="create", idna=5))) == []
    assert list(metadata_events(None)) == []


def test_an_operation_stands_before_what_it_changed():
    operation = PastOperation("id", "upgrade", 6 * HOUR, 6 * HOUR)
    events = [
        *snapshot_events(
            [snapshot(6, "six==1", source="upgrade"), snapshot(5, "idna==1")], [operation]
        ),
        *operation_events([operation]),
    ]
    subjects = [one.subject for one in sort_events([*events, *events])]
    assert subjects == ["upgrade", "idna", "six"]


GIT = "https://git.example/shop"


def checked_out(commit, record="aa"):
    return ("shop", "1", GIT, record, False, "git" if commit else "", commit)


def test_another_commit_of_the_same_version_is_told():
    old, new = "1" * 40, "2" * 40
    looks = [snapshot(2, checked_out(new, "bb")), snapshot(1, checked_out(old))]
    (event,) = snapshot_events(looks, ())
    assert (event.subject, event.before, event.after) == ("shop", "1", "1")
    assert event.detail == f"from {GIT}, commit 1111111111 → 2222222222"


def test_a_commit_that_was_not_kept_before_is_no_change():
    looks = [snapshot(2, checked_out("2" * 40)), snapshot(1, checked_out(""))]
    assert told(looks) == []
