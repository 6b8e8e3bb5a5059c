"""An environment whose base interpreter is gone, as after an upgrade of the system."""

import os

from envdeck.demo.pythons import BasePython
from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, own = workshop.at("work", "ledger"), workshop.python
    wanted = "lanternweb==2.1.0\nquarrydb==4.2.0\nquarrydb-migrate==1.1.0\n"
    workshop.write(project, {"requirements.txt": wanted, "ledger.py": '"""Who owes what."""\n'})
    prefix = workshop.at(".pyenv", "versions", own.other_micro)
    gone = BasePython(os.path.join(prefix, "bin", f"python{own.minor}"), prefix, own.other_micro)
    environment = workshop.environment(
        os.path.join(project, ".venv"),
        *wanted.split(),
        creator="venv",
        python=gone,
        made=620,
        used=150,
    )
    return Planted("broken", project, environment)


UNREACHABLE_BASE = Story("broken", "the Python that it rests on is no longer there", _plant)
