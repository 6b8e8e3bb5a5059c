"""Broken, old, moved, large, orphaned."""

import os

from envdeck.demo.pythons import BasePython
from envdeck.demo.workshop import Builder, Created, Scenario

_INSTALLED = ("inkterm==13.8.0", "tallow-templates==3.0.1", "wickrouter==1.2.0")


def _end_of_life_plant(workshop: Builder) -> Created:
    project = workshop.at("old", "blog")
    workshop.write(
        project,
        {
            "requirements.txt": "inkterm<14\ntallow-templates\nwickrouter\n",
            "blog.py": '"""Thoughts."""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, "venv"),
        *_INSTALLED,
        creator="venv",
        python=workshop.others.ended,
        made=1400,
        used=395,
    )
    return Created("end-of-life", project, environment)


END_OF_LIFE = Scenario(
    "end-of-life", "its Python gets no fixes any more, not even for security", _end_of_life_plant
)


def _large_plant(workshop: Builder) -> Created:
    project = workshop.at("research", "birdsong")
    workshop.write(
        project,
        {
            "requirements.txt": "chorus-models==1.0.0\nplotmill==3.9.2\ngridframe==2.2.3\n",
            "listen.py": '"""Who sings?"""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, ".venv"),
        "chorus-models==1.0.0",
        "plotmill==3.9.2",
        "gridframe==2.2.3",
        "numera==1.26.4",
        creator="venv",
        prompt="birdsong",
        made=430,
        used=210,
    )
    return Created("large", project, environment)


LARGE = Scenario(
    "large", "it takes more room than any other, and nobody has used it for months", _large_plant
)


def _left_python_plant(workshop: Builder) -> Created:
    left = workshop.others.left
    workshop.unpack(left.prefix, ("courier-http==0.27.0", "straightedge==0.6.0"), left)
    return Created("left-python")


LEFT_PYTHON = Scenario(
    "left-python", "no environment rests on that Python, and it has packages", _left_python_plant
)


def _moved_plant(workshop: Builder) -> Created:
    before, project = workshop.at("work", "weather"), workshop.at("work", "weather-station")
    wanted = "courier-http==0.27.0\ninkterm==13.8.0\nstraightedge==0.6.0\n"
    workshop.write(before, {"requirements.txt": wanted, "station.py": '"""Rain or shine."""\n'})
    workshop.environment(
        os.path.join(before, ".venv"), *wanted.split(), creator="venv", prompt="weather"
    )
    os.rename(before, project)
    environment = os.path.join(project, ".venv")
    workshop.age(environment, made=280, used=100)
    return Created("moved", project, environment)


MOVED = Scenario(
    "moved", "its folder was renamed, and its scripts still name the old one", _moved_plant
)


def _orphan_plant(workshop: Builder) -> Created:
    project = workshop.at("work", "newsletter")
    environment = workshop.environment(
        workshop.at(".virtualenvs", "newsletter"),
        "gridframe==2.2.0",
        "plotmill==3.9.0",
        "lanternweb==2.1.0",
        creator="virtualenv",
        made=600,
        used=380,
    )
    workshop.write(environment, {".project": project})
    return Created("orphan", project, environment)


ORPHAN = Scenario("orphan", "its project is no longer there", _orphan_plant)


def _scratch_plant(workshop: Builder) -> Created:
    scratch = workshop.environment(
        workshop.at(".virtualenvs", "scratch"),
        "courier-http",
        "inkterm",
        creator="virtualenv",
        made=500,
        used=33,
    )
    tried = workshop.environment(
        workshop.at("envs", "try-gridframe"),
        "gridframe==3.0.0",
        creator="venv",
        made=160,
        used=160,
    )
    return Created("scratch", None, scratch, (tried,))


SCRATCH = Scenario(
    "scratch", "made to try something, of no project, and one not used since", _scratch_plant
)


_PRUNED = ("plotmill==3.9.2", "numera==1.26.4")
"""What uv's cache had once, and has no more."""
_CACHED = ("gridframe==2.2.3", "quarrydb==4.2.0")


def _shared_plant(workshop: Builder) -> Created:
    python = workshop.python
    made: list[str] = []
    for name, age, used in (("forecast", 300.0, 75.0), ("forecast-2", 44.0, 2.0)):
        project = workshop.at("work", name)
        workshop.write(
            project,
            {
                "requirements.txt": "".join(f"{line}\n" for line in (*_PRUNED, *_CACHED)),
                f"{name.replace('-', '_')}.py": '"""What will be."""\n',
            },
        )
        place = os.path.join(project, ".venv")
        workshop.environment(place, prompt=name)
        if made:
            workshop.link(made[0], place)
        else:
            workshop.unpack(place, _PRUNED, python, "uv")
            workshop.install(place, *_CACHED)
        workshop.age(place, made=age, used=used)
        made.append(place)
    return Created("shared", workshop.at("work", "forecast"), made[0], tuple(made[1:]))


SHARED = Scenario(
    "shared",
    "hard links: both look large, and deleting one of them would free little, both together more",
    _shared_plant,
)


def _unreachable_base_plant(workshop: Builder) -> Created:
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
    return Created("broken", project, environment)


UNREACHABLE_BASE = Scenario(
    "broken", "the Python that it rests on is no longer there", _unreachable_base_plant
)


def _unused_plant(workshop: Builder) -> Created:
    project = workshop.at("old", "csv-janitor")
    wanted = "gridframe==2.2.0\ninkterm==13.8.0\nnumera==1.26.4\ntidyargs==8.1.7\n"
    workshop.write(project, {"requirements.txt": wanted, "janitor.py": '"""Sweeps tables."""\n'})
    environment = workshop.environment(
        os.path.join(project, "venv"), *wanted.split(), creator="venv", made=900, used=745
    )
    return Created("unused", project, environment)


UNUSED = Scenario(
    "unused", "it was last used two years ago, and takes its room ever since", _unused_plant
)
