"""Two copies of the program at once, as real processes."""

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from envdeck.core.index import Index, StoredEnvironment, database
from envdeck.core.model import Environment, Identity, Status
from envdeck.core.system.host import Host

WRITER = """
import sys
from envdeck.core.system.host import Host
from envdeck.core.index import Index, StoredEnvironment, database
from envdeck.core.model import Environment, Identity, Status

database.BUSY_SECONDS = 60.0  # nobody is put off because a machine is slow
path, who = sys.argv[1:]
host = Host("linux", "/home/ada", {}, lambda: 1_800_000_000.0)
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
for turn in range(15):
    with Index.open(path, host=host) as index:
        index.folders("/" + who, "").put((turn + 1, who, ""), None, 1)
        assert index.save_environments(
            StoredEnvironment(
                Environment(place, Identity(1, 2), who, "uv", Status.OK), f"{who} {turn}"
            )
            for place in ("/common", "/" + who)
        ), index.notice
        assert len(index.environments()) >= 2
        assert index.notice is None, index.notice
"""


def start(path, who):
    source = Path(sys.modules[Index.__module__].__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, who],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(source)},
    )


def test_processes_share_one_memory(tmp_path):
    path = str(tmp_path / "envdeck" / "index.sqlite3")
    with ExitStack() as started:
        writers = [started.enter_context(start(path, who)) for who in ("one", "two", "three")]
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        outcomes = [(writer.communicate(timeout=60)[1], writer.returncode) for writer in writers]
    assert outcomes == [("", 0)] * 3
    host = Host("linux", "/home/ada", {}, lambda: 1_800_000_000.0)
    with Index.open(path, host=host) as index:
        found = {one.environment.path: one.fingerprint for one in index.environments()}
        assert found.pop("/common") in {"one 14", "two 14", "three 14"}
        assert found == {"/one": "one 14", "/two": "two 14", "/three": "three 14"}
        assert list(index.folders("/two", "")) == [(15, "two", "")]


def test_threads_share_one_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 60.0)
    host = Host("linux", "/home/ada", {}, lambda: 1_800_000_000.0)
    path = str(tmp_path / "envdeck" / "index.sqlite3")
    refused = []

    def save(index, who):
        for turn in range(20):
            environment = Environment(f"/{who}/{turn}", Identity(1, 2), "v", "uv", Status.OK)
            if not index.save_environments([StoredEnvironment(environment)]):
                refused.append(index.notice)
            with Index.open(path, host=host) as another:
                another.environments()

    with Index.open(path, host=host) as index:
        threads = [threading.Thread(target=save, args=(index, who)) for who in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused == []
        assert len(index.environments()) == 60
