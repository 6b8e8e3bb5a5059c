"""An environment whose base interpreter is gone, as after an upgrade of the system."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, python = workshop.at("work", "ledger"), workshop.python
    wanted = "lanternweb==2.1.0\nquarrydb==4.2.0\nquarrydb-migrate==1.1.0\n"
    workshop.write(project, {"requirements.txt": wanted, "ledger.py": '"""Who owes what."""\n'})
    environment = workshop.environment(
        os.path.join(project, ".venv"), *wanted.split(), creator="venv", prompt="ledger"
    )
    version = python.other_micro
    gone = workshop.at(".pyenv", "versions", version)
    cfg = os.path.join(environment, "pyvenv.cfg")
    with open(cfg, encoding="utf-8") as file:
        text = file.read()
    with open(cfg, "w", encoding="utf-8") as file:
        file.write(text.replace(python.prefix, gone).replace(python.version, version))
    scripts = os.path.join(environment, "bin")
    for name in os.listdir(scripts):
        link = os.path.join(scripts, name)
        if os.path.islink(link) and os.path.isabs(os.readlink(link)):
            os.unlink(link)
            os.symlink(os.path.join(gone, "bin", f"python{python.minor}"), link)
    workshop.age(environment, made=620, used=150)
    return Planted("broken", project, environment)


STORY = Story("broken", "the Python that it rests on is no longer there", _plant)
