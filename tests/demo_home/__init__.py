"""A home folder full of environments, built on the fly for tests: every tool and every state,
without a program that could be run. The pictures are of `envdeck demo`, whose environments work.

Import it with the folder above on `sys.path`: `from demo_home import build`.
"""

from demo_home.cases import Case
from demo_home.home import NOW, DemoHome, build

__all__ = ["NOW", "Case", "DemoHome", "build"]
