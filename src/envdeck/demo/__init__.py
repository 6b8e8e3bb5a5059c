"""A home full of environments, built on the fly: to try everything on it without risk.

    with temporary sandboxes: `demo = build(sandbox.path, Host.current(), runs=sys.executable)`

Nothing of the real home is read or written, and no network is asked.
"""

from envdeck.demo.build import Demo, build
from envdeck.demo.sandbox import Sandbox, SandboxError, leftovers, remove
from envdeck.demo.scenarios import SCENARIOS
from envdeck.demo.workshop import Created, DemoError, Scenario

__all__ = [
    "SCENARIOS",
    "Created",
    "Demo",
    "DemoError",
    "Sandbox",
    "SandboxError",
    "Scenario",
    "build",
    "leftovers",
    "remove",
]
