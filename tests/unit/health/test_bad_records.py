"""RECORDs and path files that nobody sane wrote: bounds hold, and nothing outside is touched."""

import time

import pytest

from envdeck.core.health import FILE_CHECKS, context
from envdeck.core.health.examine import Examiner
from envdeck.core.inspection.packages import record
from envdeck.core.inspection.packages.record import PresenceReader, digest_of
from envdeck.core.inspection.size import measure
from envdeck.core.system import reach
from envdeck.core.system.host import Host


def whole(made) -> bool:
    """Tell what the walk of a scan says."""
    presence = PresenceReader().expect(str(made.path), (str(made.site),))
    measure(str(made.path), now=0.0, presence=presence)
    return presence.end()


def test_a_record_that_was_read_before_is_not_read_again(made, monkeypatch):
    """The scan tells the digests of what its checks read; one that is not known is read."""
    info = made.install("one", {"one.py": b"v = 1\n"})
    digests = {str(info): digest_of((info / "RECORD").read_bytes())}
    reader, opened = PresenceReader(), []
    read = record.read_bounded

    def watched(path, limit):
        opened.append(path)
        return read(path, limit)

    monkeypatch.setattr(record, "read_bounded", watched)
    for _ in range(3):
        presence = reader.expect(str(made.path), (str(made.site),), digests)
        measure(str(made.path), now=0.0, presence=presence)
        assert presence.end()
        assert len(opened) == 1
    (made.site / "one.py").unlink()
    presence = reader.expect(str(made.path), (str(made.site),), digests)
    measure(str(made.path), now=0.0, presence=presence)
    assert not presence.end()
    assert len(opened) == 1
    reader.expect(str(made.path), (str(made.site),))
    assert len(opened) == 2


def test_the_checks_of_a_scan_read_each_record_once(made, monkeypatch):
    made.install("one", {"one.py": b"v = 1\n"})
    opened = []
    opens = reach.open_file

    def watched(path, flags):
        opened.append(path)
        return opens(path, flags)

    monkeypatch.setattr(reach, "open_file", watched)
    examiner = Examiner(Host("linux", str(made.home), {}))
    examiner.examine(examiner.read(made.environment))
    assert sum(path.endswith("/RECORD") for path in opened) == 1


@pytest.mark.parametrize(
    "row",
    [
        "/etc/passwd,sha256=aaaa,1",
        "../../../../../../etc/passwd,sha256=aaaa,1",
        "../../../../../outside.py,sha256=aaaa,1",
        '"a ""quoted"" /nowhere',
        "no.py",
        ",,",
        "\0,sha256=aaaa,1",
        "x.py,sha256=aaaa," + "9" * 5000,
        "../" * 20_000 + "x,sha256=aaaa,1",
    ],
    ids=lambda row: row[:24],
)
def test_a_row_that_leads_outside_or_nowhere_is_no_finding(made, row):
    """Only `x.py`, which is inside and is not there, is one."""
    info = made.install("one", {"one.py": b"v = 1\n"})
    (info / "RECORD").write_text((info / "RECORD").read_text() + f"\n{row}\n")
    found = made.examine(*FILE_CHECKS, deep=True).findings
    assert [one.check for one in found] == (["missing-file"] if row.startswith("x.py") else [])
    assert whole(made) or found or '"' in row or "\0" in row


def test_a_record_without_hashes_is_compared_by_what_it_has(made):
    info = made.install("one", {"one.py": b"v = 1\n", "two.py": b"w = 2\n"})
    (info / "RECORD").write_text("one.py,,6\ntwo.py,,\n")
    assert made.examine(*FILE_CHECKS, deep=True).findings == ()
    assert whole(made)
    (made.site / "one.py").write_bytes(b"v = 100\n")
    (made.site / "two.py").unlink()
    found = made.examine(*FILE_CHECKS, deep=True).findings
    assert [one.check for one in found] == ["changed-file"], "of two.py nothing is known"
    assert not whole(made)


def test_a_record_of_200_000_rows_is_read_in_seconds_and_told_in_few_words(made):
    info = made.install("one", {"one.py": b"v = 1\n"})
    rows = "".join(f"one/m{number}.py,sha256=aaaa,{number}\n" for number in range(200_000))
    (info / "RECORD").write_text(rows)
    began = time.process_time()
    (found,) = made.examine(*FILE_CHECKS).findings
    assert not whole(made)
    assert time.process_time() - began < 20
    assert found.message.startswith("200,000 files of one 1.0 are missing")
    assert len(repr(found)) < 3000


@pytest.mark.parametrize("content", [b"\x7fELF\0\xff" * 2_000_000, b"import os; " * 1_000_000])
def test_a_path_file_of_ten_megabytes_is_read_in_part_or_not_at_all(made, content):
    (made.site / "huge.pth").write_bytes(content)
    began = time.process_time()
    found = made.examine("code-at-start", "path-pollution")
    assert time.process_time() - began < 5
    assert len(repr(found)) < 6000


def test_where_all_is_there_no_row_is_compared_by_itself(made, monkeypatch):
    """As the scan looks; what is amiss, and a RECORD that is missing, is looked at as before."""
    info = made.install("one", {"one.py": b"v = 1\n"})
    compared = []
    compare = context.compare_lengths
    monkeypatch.setattr(
        context, "compare_lengths", lambda claims: compared.append(claims) or compare(claims)
    )
    assert made.examine(*FILE_CHECKS).findings == ()
    assert compared == []
    (made.site / "one.py").unlink()
    assert [one.check for one in made.examine(*FILE_CHECKS).findings] == ["missing-file"]
    assert len(compared) == 1
    (info / "RECORD").unlink()
    told = made.examine(*FILE_CHECKS).not_checked
    assert any("RECORD cannot be read" in one.reason for one in told)
