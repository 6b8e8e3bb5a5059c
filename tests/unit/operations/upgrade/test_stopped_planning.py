"""Planning that is given up: what asks an index is given what to poll."""

from dataclasses import replace

from envdeck.core.catalog import Catalog
from envdeck.core.model import Interpreter, NoPlan
from envdeck.core.operations.api import Operations
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recreate import options as choosing
from envdeck.core.operations.recreate.options import bump_versions
from envdeck.core.system.host import Host


def test_a_forecast_for_a_jump_is_given_up(host: Host, make_venv, home, monkeypatch) -> None:
    path = make_venv(home / "work" / ".venv")
    operations = Operations(Catalog(host))
    environment = operations.catalog.lookup(str(path))
    polled = []

    def forecast(*given, stopped, **_):
        polled.append(stopped())
        return replace(choosing.Forecast("3.13"), problem="not checked")

    monkeypatch.setattr(choosing, "forecast", forecast)
    given_up = operations.until(lambda: True)
    base = environment.python.base_executable
    one = Interpreter(base, environment.python.base, environment.identity, "3.13.1", "cpython", "x")
    for each in (given_up, operations):
        found = bump_versions(each, environment, freeze(environment), one, "newest")
        assert isinstance(found, NoPlan)
    assert polled == [True, False]
    assert given_up.store is operations.store
