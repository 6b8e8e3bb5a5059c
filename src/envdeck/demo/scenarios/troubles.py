"""Broken, old, moved, large, orphaned."""

import os

from envdeck.demo.pythons import BasePython
from envdeck.demo.workshop import Builder, Created, scenario


def _lines(requirements: str) -> str:
    return "".join(f"{one}\n" for one in requirements.split())


@scenario("Python is end of life, without security fixes")
def end_of_life(builder: Builder) -> Created:
    """An environment with a Python past its end of life."""
    wanted = "inkterm<14\ntallow-templates\nwickrouter\n"
    files = {"requirements.txt": wanted, "blog.py": '"""Thoughts."""\n'}
    project = builder.write("old/blog", files)
    environment = builder.environment(
        f"{project}/venv",
        "inkterm==13.8.0 tallow-templates==3.0.1 wickrouter==1.2.0",
        creator="venv",
        python=builder.others.ended,
        made=1400,
        used=395,
    )
    return Created(project, environment)


@scenario("the largest one, unused for months")
def large(builder: Builder) -> Created:
    """The largest environment, with a package that no index has."""
    wanted = "chorus-models==1.0.0 plotmill==3.9.2 gridframe==2.2.3"
    files = {"requirements.txt": _lines(wanted), "listen.py": '"""Who sings?"""\n'}
    project = builder.write("research/birdsong", files)
    environment = builder.environment(
        f"{project}/.venv",
        f"{wanted} numera==1.26.4",
        creator="venv",
        prompt="birdsong",
        made=430,
        used=210,
    )
    return Created(project, environment)


@scenario("global packages in a Python that no environment uses")
def left_python(builder: Builder) -> Created:
    """An unused Python with packages."""
    left = builder.others.left
    builder.unpack(left.prefix, "courier-http==0.27.0 straightedge==0.6.0", left)
    return Created()


@scenario("folder was renamed, scripts still use the old path")
def moved(builder: Builder) -> Created:
    """An environment in a renamed project."""
    wanted = "courier-http==0.27.0 inkterm==13.8.0 straightedge==0.6.0"
    files = {"requirements.txt": _lines(wanted), "station.py": '"""Rain or shine."""\n'}
    before, project = builder.write("work/weather", files), builder.at("work/weather-station")
    builder.environment(f"{before}/.venv", wanted, creator="venv", prompt="weather")
    os.rename(before, project)
    environment = os.path.join(project, ".venv")
    builder.age(environment, made=280, used=100)
    return Created(project, environment)


@scenario("orphan: its project was deleted")
def orphan(builder: Builder) -> Created:
    """An environment of virtualenvwrapper whose project was deleted."""
    project = builder.at("work/newsletter")
    environment = builder.environment(
        ".virtualenvs/newsletter",
        "gridframe==2.2.0 plotmill==3.9.0 lanternweb==2.1.0",
        creator="virtualenv",
        made=600,
        used=380,
    )
    builder.write(environment, {".project": project})
    return Created(project, environment)


@scenario("experiments without a project, one not used since")
def scratch(builder: Builder) -> Created:
    """Two environments without a project."""
    wanted = "courier-http inkterm"
    one = builder.environment(
        ".virtualenvs/scratch", wanted, creator="virtualenv", made=500, used=33
    )
    other = builder.environment(
        "envs/try-gridframe", "gridframe==3.0.0", creator="venv", made=160, used=160
    )
    return Created(None, one, (other,))


_PRUNED = "plotmill==3.9.2 numera==1.26.4"
"""What uv's cache no longer has."""
_CACHED = "gridframe==2.2.3 quarrydb==4.2.0"


@scenario("hard links: both look large, but deleting one frees little, both together more")
def shared(builder: Builder) -> Created:
    """Two environments that share their files."""
    made: list[str] = []
    for name, age, used in (("forecast", 300.0, 75.0), ("forecast-2", 44.0, 2.0)):
        module = f"{name.replace('-', '_')}.py"
        files = {
            "requirements.txt": _lines(f"{_PRUNED} {_CACHED}"),
            module: '"""What will be."""\n',
        }
        project = builder.write(f"work/{name}", files)
        environment = builder.environment(f"{project}/.venv", prompt=name)
        if made:
            builder.link(made[0], environment)
        else:
            builder.unpack(environment, _PRUNED, builder.python, "uv")
            builder.install(environment, _CACHED)
        builder.age(environment, made=age, used=used)
        made.append(environment)
    return Created(builder.at("work/forecast"), made[0], tuple(made[1:]))


@scenario("broken: base interpreter not found")
def broken(builder: Builder) -> Created:
    """An environment whose base interpreter was removed."""
    own, wanted = builder.python, "lanternweb==2.1.0 quarrydb==4.2.0 quarrydb-migrate==1.1.0"
    files = {"requirements.txt": _lines(wanted), "ledger.py": '"""Who owes what."""\n'}
    project = builder.write("work/ledger", files)
    prefix = builder.at(f".pyenv/versions/{own.other_micro}")
    gone = BasePython(os.path.join(prefix, "bin", f"python{own.minor}"), prefix, own.other_micro)
    environment = builder.environment(
        f"{project}/.venv", wanted, creator="venv", python=gone, made=620, used=150
    )
    return Created(project, environment)


@scenario("broke suddenly: the timeline shows which change did it")
def broke(builder: Builder) -> Created:
    """An environment that worked for weeks, until a package was upgraded and one removed."""
    wanted = "lanternweb==2.1.0 courier-http==0.27.0 gridframe==2.2.3 plotmill==3.9.2 pytest"
    files = {
        "requirements.txt": _lines(wanted.replace("==", ">=")),
        "receipts.py": '"""Who owes us what."""\n',
        "tests/test_receipts.py": """
            from importlib.metadata import requires, version


            def test_charts_have_colours() -> None:
                assert any("huewheel" in one for one in requires("plotmill") or ())
                assert version("huewheel") >= "2"
            """,
    }
    project = builder.write("work/receipts", files)
    path = f"{project}/.venv"
    builder.environment(
        path, f"{wanted} numera==1.26.4 certbundle==2024.8.30", prompt="receipts", made=63, used=1
    )
    builder.look(path, days=63)
    builder.look(path, days=21, good=True)
    builder.install(path, "courier-http==0.28.1 certbundle==2026.10.5")
    builder.look(path, days=20)
    builder.look(path, days=3, good=True)
    builder.install(path, "gridframe==3.0.0 numera==2.1.3")
    builder.uninstall(path, "huewheel")
    builder.age(path, made=63, used=1)
    builder.date(path, "courier_http certbundle", days=20.2)
    builder.date(path, "gridframe numera", days=2.1)
    builder.look(path, days=2)
    return Created(project, path)


@scenario("last used two years ago")
def unused(builder: Builder) -> Created:
    """An environment for which time has passed."""
    wanted = "gridframe==2.2.0 inkterm==13.8.0 numera==1.26.4 tidyargs==8.1.7"
    files = {"requirements.txt": _lines(wanted), "janitor.py": '"""Sweeps tables."""\n'}
    project = builder.write("old/csv-janitor", files)
    environment = builder.environment(f"{project}/venv", wanted, creator="venv", made=900, used=745)
    return Created(project, environment)
