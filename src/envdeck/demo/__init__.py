"""A made-up home full of environments, to try everything without risk.

`demo = build_demo(Sandbox.temporary().path, Host.current(), runs=sys.executable)` builds one.

It neither reads nor writes the real home, and needs no network.
"""

from envdeck.demo.build import Demo, build_demo
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
    "build_demo",
    "leftovers",
    "remove",
]
