"""Empty environments that the real tools have made once, cast again wherever a story wants one.

A tool takes a quarter of a second for each, and all that differs is where it lies, which Python
it rests on and what its prompt says: these words are replaced in its texts, names and links.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from envdeck.demo.pythons import BasePython

PROMPT = "prompt-of-the-mould"
"""What a mould is made with; it stands nowhere else."""

_PROMPT_LINE = re.compile(r"^prompt *=.*\n", re.MULTILINE)
_PROMPT_FLAG = re.compile(rf" --prompt[= ](?:\"{PROMPT}\"|'{PROMPT}'|{PROMPT})")
_SINCE_311 = re.compile(r"^(?:executable|command) *=.*\n", re.MULTILINE)
_FIRST_WITH_COMMAND = (3, 11)


@dataclass(frozen=True, slots=True)
class Mould:
    """An environment to cast others from."""

    path: str
    creator: str
    python: BasePython
    """The base it rests on."""

    def cast(self, path: str, python: BasePython, prompt: str | None) -> None:
        """Make an environment at a path that is not there yet, as its creator would have made
        it of that Python; without a prompt it has the name of its folder. Raises OSError."""
        words = {
            self.path: path,
            self.python.prefix: python.prefix,
            f"python{self.python.minor}": f"python{python.minor}",
            self.python.version: python.version,
            f"python-version = {self.python.minor}": f"python-version = {python.minor}",
            f"{sys.executable} -m virtualenv": f"{python.executable} -m virtualenv",
            PROMPT: prompt or os.path.basename(path),
        }
        pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))

        def said(text: str) -> str:
            return pattern.sub(lambda match: words[match[0]], text)

        def settled(text: str) -> str:
            return said(self._settled(text, python, named=prompt is not None))

        for folder, folders, files in os.walk(self.path):
            place = path + said(folder[len(self.path) :])
            os.makedirs(place)
            for name in (*folders, *files):
                one, target = os.path.join(folder, name), os.path.join(place, said(name))
                if os.path.islink(one):
                    os.symlink(said(os.readlink(one)), target)
                elif name in files:
                    _copy(one, target, settled if name == "pyvenv.cfg" else said)

    def _settled(self, cfg: str, python: BasePython, *, named: bool) -> str:
        """Leave out of a `pyvenv.cfg` a prompt that nobody has asked for, and what `venv` of
        that Python does not write yet."""
        if not named:
            cfg = _PROMPT_FLAG.sub("", _PROMPT_LINE.sub("", cfg))
        if self.creator == "venv" and python.numbers < _FIRST_WITH_COMMAND:
            cfg = _SINCE_311.sub("", cfg)
        return cfg


def _copy(one: str, target: str, said: Callable[[str], str]) -> None:
    with open(one, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    with open(target, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(said(text))
    os.chmod(target, os.stat(one).st_mode & 0o777)
