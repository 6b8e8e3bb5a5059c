"""Changing an environment without losing anything: plan, show, run, verify, commit, undo.

Here are the functions behind the methods of :class:`~envdeck.core.operations.api.Operations`, each
imported when it is first called: together they take 130 ms, and a command calls one or two.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envdeck.core.operations.change.fix import plan_fix as plan_fix
    from envdeck.core.operations.change.plan import plan_install as plan_install
    from envdeck.core.operations.change.plan import plan_uninstall as plan_uninstall
    from envdeck.core.operations.create import plan_create as plan_create
    from envdeck.core.operations.delete.plan import plan_delete as plan_delete
    from envdeck.core.operations.delete.purge import plan_purge as plan_purge
    from envdeck.core.operations.edit.plan import plan_remedy as plan_remedy
    from envdeck.core.operations.execute import list_pending as list_pending
    from envdeck.core.operations.execute import recover as recover
    from envdeck.core.operations.execute import run as run
    from envdeck.core.operations.recreate.options import create_choices as create_choices
    from envdeck.core.operations.recreate.options import forecast_for as forecast_for
    from envdeck.core.operations.recreate.options import recreate_choices as recreate_choices
    from envdeck.core.operations.recreate.plan import plan_recreate as plan_recreate
    from envdeck.core.operations.run_command import plan_run as plan_run
    from envdeck.core.operations.sources.source import Parts as Parts
    from envdeck.core.operations.undo.plan import plan_undo as plan_undo
    from envdeck.core.operations.upgrade.lock import lock_offer as lock_offer
    from envdeck.core.operations.upgrade.plan import candidates_of as candidates_of
    from envdeck.core.operations.upgrade.plan import plan_interpreter as plan_interpreter
    from envdeck.core.operations.upgrade.plan import plan_upgrade as plan_upgrade

_MODULES = {
    "plan_fix": "change.fix",
    "plan_install": "change.plan",
    "plan_uninstall": "change.plan",
    "plan_create": "create",
    "plan_delete": "delete.plan",
    "plan_purge": "delete.purge",
    "plan_remedy": "edit.plan",
    "list_pending": "execute",
    "recover": "execute",
    "run": "execute",
    "create_choices": "recreate.options",
    "forecast_for": "recreate.options",
    "recreate_choices": "recreate.options",
    "plan_recreate": "recreate.plan",
    "plan_run": "run_command",
    "Parts": "sources.source",
    "plan_undo": "undo.plan",
    "lock_offer": "upgrade.lock",
    "candidates_of": "upgrade.plan",
    "plan_interpreter": "upgrade.plan",
    "plan_upgrade": "upgrade.plan",
}


def __getattr__(name: str) -> object:
    """Import the module of a verb and return it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    verb: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return verb
