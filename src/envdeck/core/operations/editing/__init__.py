"""Edits of one file of a project: planned, shown, journalled, exchanged and taken back as
environments are."""

from envdeck.core.operations.editing.applying import run_edit
from envdeck.core.operations.editing.plan import EditPlan
from envdeck.core.operations.editing.planning import plan_remedy

__all__ = ["EditPlan", "plan_remedy", "run_edit"]
