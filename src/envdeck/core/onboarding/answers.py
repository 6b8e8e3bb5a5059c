"""What the walkthrough remembers of a project: what was chosen, and how its command ended.

One small file a project, named by a hash of its folder. It holds no path, no secret and nothing
that a command printed; whatever is wrong with it, it is as if there were none.
"""

import hashlib
import json
import os
from contextlib import suppress
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.system.files import Unread, read_bounded, write_atomically
from envdeck.core.system.host import Host, own_path

SCHEMA = 1
_LIMIT = 64 * 1024
"""Bytes; a real one has some hundred."""
_MOST = 200
"""Options of a step, and characters of the id of one."""
_STEPS = 20


@dataclass(frozen=True, slots=True)
class CommandRun:
    """How a command of the project ended here."""

    option: str
    """`command:pytest`."""
    code: int
    at: float
    """Seconds since the epoch."""
    environment: str
    """What the environment was then: its identity, and the mark of its `pyvenv.cfg`."""


@dataclass(frozen=True, slots=True)
class WalkthroughAnswers:
    """What is remembered of one project."""

    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of a step, the ids of the options that a person chose."""
    ran: CommandRun | None = None


def memory_path(host: Host, project: str) -> str:
    """Return where a project is remembered."""
    name = hashlib.sha256(os.fsencode(project)).hexdigest()
    return os.path.join(own_path(host, "state", "onboarding"), f"{name}.json")


def read_memory(host: Host, project: str) -> WalkthroughAnswers:
    """Return what is remembered; nothing where the file is not one of ours."""
    data = read_bounded(memory_path(host, project), _LIMIT)
    if isinstance(data, Unread):
        return WalkthroughAnswers()
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return WalkthroughAnswers()
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        return WalkthroughAnswers()
    return WalkthroughAnswers(_chosen(told.get("chosen")), _ran(told.get("ran")))


def remember_choice(host: Host, project: str, step: str, options: tuple[str, ...]) -> None:
    """Remember what was chosen for a step."""
    memory = read_memory(host, project)
    chosen = {**memory.chosen, step: options}
    _write(host, project, replace(memory, chosen=chosen))


def remember_run(host: Host, project: str, ran: CommandRun) -> None:
    """Remember how a command ended; the last one alone counts."""
    _write(host, project, replace(read_memory(host, project), ran=ran))


def _write(host: Host, project: str, memory: WalkthroughAnswers) -> None:
    """Write it whole, or not at all: a walkthrough goes on without a memory."""
    path = memory_path(host, project)
    told: dict[str, Any] = {"schema": SCHEMA, "chosen": memory.chosen}
    if memory.ran is not None:
        ran = memory.ran
        told["ran"] = {
            "option": ran.option, "code": ran.code, "at": ran.at, "environment": ran.environment,
        }  # fmt: skip
    data = json.dumps(told).encode()
    if len(data) > _LIMIT:
        return
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        write_atomically(path, data)


def _chosen(told: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(told, dict) or len(told) > _STEPS:
        return {}
    return {
        name: tuple(one for one in ids[:_MOST] if isinstance(one, str) and len(one) <= _MOST)
        for name, ids in told.items()
        if isinstance(ids, list)
    }


def _ran(told: object) -> CommandRun | None:
    if not isinstance(told, dict):
        return None
    option, code, at = told.get("option"), told.get("code"), told.get("at")
    environment = told.get("environment")
    if not isinstance(option, str) or not isinstance(environment, str) or len(option) > _MOST:
        return None
    if isinstance(code, bool) or not isinstance(code, int) or abs(code) > 2**31:
        return None
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < 2**40:
        return None
    return CommandRun(option, code, float(at), environment)
