"""A project with a real environment, into which real installers put wheels of the test."""

import os
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.model import Environment, Examination, Finding
from envdeck.core.system.host import Host
from support.environments import create_environment, tool_data
from support.wheels import unpacked_pip, write_wheel


class Installed:
    """The environment of a project in a home of its own; nothing comes from a network."""

    def __init__(self, root: Path, flags: tuple[str, ...] = ()) -> None:
        self.home, self.wheels = root / "home", root / "wheels"
        self.project = self.home / "work" / "api"
        self.project.mkdir(parents=True)
        self.wheels.mkdir()
        self.path = create_environment(self.project / ".venv", creator="uv", flags=flags)
        self.site = next(self.path.glob("lib/python*/site-packages"))
        self.python = self.path / "bin" / "python"
        self.host = Host(sys.platform, str(self.home), {"PATH": os.environ["PATH"]})
        self.catalog = Catalog(self.host, index_file=str(root / "index.sqlite3"))

    def wheel(self, name: str, version: str = "1.0", **more: object) -> Path:
        """Write a wheel; with no files, one of a module of its name."""
        files = more.pop("files", None) or {f"{name.replace('-', '_')}.py": f"v = {version!r}\n"}
        return write_wheel(self.wheels, name, version, files, **more)  # type: ignore[arg-type]

    def call(self, *command: object, check: bool = True, **variables: str) -> int:
        """Run a program in the project; return its exit code."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), **variables}
        environ |= {"UV_CACHE_DIR": str(tool_data() / "uv"), "PIP_NO_INPUT": "1"}
        done = subprocess.run(
            list(map(str, command)), cwd=self.project, env=environ, check=False,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{command}\n{done.stdout}{done.stderr}"
        return done.returncode

    def uv(self, verb: str, *arguments: object, check: bool = True) -> int:
        """Run `uv pip VERB` over the environment."""
        links = ("--no-index", "--find-links", self.wheels) if verb == "install" else ()
        return self.call(
            find_uv_bin(), "pip", verb, "-q", "--no-config", "--python", self.python, *links,
            *arguments, check=check,
        )  # fmt: skip

    def pip(self, verb: str, *arguments: object, check: bool = True, before: str = "") -> int:
        """Run `pip VERB` over the environment, by its own interpreter; `before` is code that is run
        in pip's process first."""
        links = ("--no-index", "--find-links", self.wheels) if verb == "install" else ()
        code = f"import sys; from pip._internal.cli.main import main; {before}\nsys.exit(main())"
        return self.call(
            self.python, "-P", "-c", code, verb, "-q", *links, *arguments,
            check=check, PYTHONPATH=str(unpacked_pip()), PIP_DISABLE_PIP_VERSION_CHECK="1",
        )  # fmt: skip

    def runs(self, code: str, *options: str) -> bool:
        """Tell whether its interpreter runs code in the project without a failure."""
        return self.call(self.python, *options, "-c", code, check=False) == 0

    def look(self) -> Environment:
        """Return the environment as it is now."""
        found = self.catalog.lookup(str(self.path))
        assert found is not None
        return found

    def examine(self, *names: str, **more: bool) -> Examination:
        """Run the checks named (all, when none is)."""
        return self.catalog.examine(self.look(), names, **more)

    def findings(self, name: str, **more: bool) -> tuple[Finding, ...]:
        """Return what one check finds."""
        return self.examine(name, **more).findings
