"""Upgrading in the project's lock: being written."""

from collections.abc import Sequence

from envdeck.core.model import Environment, NoPlan, Plan
from envdeck.core.operations.upgrading.lock_offers import LockOffer


def plan_lock_upgrade(
    operations: object,
    environment: Environment,
    names: Sequence[str],
    offer: LockOffer | None,
    allow: frozenset[str],
) -> Plan | NoPlan:
    """To be."""
    return NoPlan("not yet")
