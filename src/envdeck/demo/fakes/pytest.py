"""Stands in for pytest in the demo: it runs every function `test_*` of every file `test_*.py`."""

import runpy
import sys
import traceback
from pathlib import Path

__version__ = "8"


def main() -> int:
    """Run them, and return the exit code: 1 where one failed, 5 where there are none."""
    places = [Path(word) for word in sys.argv[1:] if not word.startswith("-")] or [Path("tests")]
    sys.path[:0] = [str(Path("src").resolve()), str(Path.cwd())]
    passed = failed = 0
    for file in sorted(file for place in places for file in place.rglob("test_*.py")):
        signs = ""
        for name, test in runpy.run_path(str(file)).items():
            if name.startswith("test_") and callable(test):
                try:
                    test()
                except Exception:  # noqa: BLE001  a test may raise anything
                    traceback.print_exc()
                    signs, failed = signs + "F", failed + 1
                else:
                    signs, passed = signs + ".", passed + 1
        sys.stdout.write(f"{file} {signs}\n")
    sys.stdout.write(f"{passed} passed" + (f", {failed} failed" if failed else "") + "\n")
    if failed:
        return 1
    return 0 if passed else 5


if __name__ == "__main__":
    sys.exit(main())
