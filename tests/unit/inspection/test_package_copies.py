"""Packages over all environments: copies, versions, and bytes with linked files counted once."""

import os
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.inspection.packages.copies import (
    CopyReader,
    PackageCopy,
    count_packages,
    measure_packages,
)


def install(folder, name, version, files, link_from=None):
    """Write a wheel's files, or link them all from where it is installed already."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (folder / name).mkdir(exist_ok=True)
    rows = []
    for path, length in {**files, f"{info.name}/METADATA": 40}.items():
        target = folder / path
        if link_from is None:
            target.write_bytes(b"x" * length)
        else:
            os.link(link_from / path, target)
        rows.append(f"{path},,{length}")
    (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,"]) + "\n")
    return info


@pytest.fixture
def environment(home, host, make_venv, tmp_path):
    """Make environments, and read each as the program does."""
    catalog = Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))

    def made(name):
        return catalog.lookup(str(make_venv(home / name / ".venv")))

    return made


def site(environment):
    from pathlib import Path

    return Path(environment.site_packages[0])


def taken(*paths):
    return sum(os.lstat(path).st_blocks * 512 for path in paths)


def test_linked_files_are_counted_once_and_own_ones_each_time(environment):
    first, second, third = (environment(name) for name in ("a", "b", "c"))
    files = {"tool/big.bin": 100_000, "tool/__init__.py": 10}
    install(site(first), "tool", "1.0", files)
    install(site(second), "tool", "1.0", files, link_from=site(first))
    install(site(third), "tool", "1.0", files)
    reader = CopyReader()
    table = measure_packages({one.path: [*reader.read(one)] for one in (first, second, third)})
    use = table.uses["tool"]
    info = "tool-1.0.dist-info"
    linked = taken(*(site(first) / path for path in (*files, f"{info}/METADATA")))
    own = taken(*(site(one) / info / "RECORD" for one in (first, second, third)))
    alone = taken(*(site(third) / path for path in (*files, f"{info}/METADATA")))
    assert (use.environments, use.versions) == (3, {"1.0": 3})
    assert use.shared == linked
    assert use.occupied == linked + own + alone


def test_a_record_counts_nothing_outside_of_its_environment(environment, tmp_path):
    one = environment("a")
    (tmp_path / "huge").write_bytes(b"x" * 1_000_000)
    info = install(site(one), "tool", "1.0", {"tool/a.py": 10})
    (info / "RECORD").write_text(f"{tmp_path}/huge,,\n../../../../../huge,,\ntool/a.py,,10\n")
    (copy,) = [each for each in CopyReader().read(one) if each.text == "tool==1.0"]
    assert copy.own_bytes == taken(site(one) / "tool/a.py")


def test_what_has_no_record_has_no_size(environment):
    one = environment("a")
    (site(one) / "old-1.0.egg-info").mkdir()
    (copy,) = [each for each in CopyReader().read(one) if each.text == "old==1.0"]
    assert copy == PackageCopy("old==1.0")
    assert measure_packages({one.path: (copy,)}).uses["old"].unmeasured == 1


def test_two_of_one_name_are_one_environment():
    table = count_packages({"/a": ["x==1", "x==2", "y==1"], "/b": ["x==2"]})
    use = table.uses["x"]
    assert (use.environments, use.versions) == (2, {"1": 1, "2": 2})
    assert sorted(table.holders("x")) == [("1", "/a"), ("2", "/a"), ("2", "/b")]


def test_what_a_scan_saw_is_remembered_and_read_anew(environment, home, host, tmp_path):
    catalog = Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))
    one = environment("a")
    install(site(one), "tool", "1.0", {"tool/a.py": 10})
    list(catalog.scan(Scope((str(home),), health=True)))
    assert "tool==1.0" in catalog.packages([one], remembered=True).held[one.path]
    install(site(one), "more", "3.0", {"more/a.py": 10})
    assert catalog.packages([one]).uses["more"].environments == 1
    assert "more==3.0" in catalog.packages([one], remembered=True).held[one.path]
    elsewhere = replace(one, path="/elsewhere")
    assert catalog.packages([elsewhere], remembered=True).uses == {}
