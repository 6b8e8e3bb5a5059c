"""Made-up distributions in the shape that pip and uv leave them in."""

import hashlib
import random
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache

_FIRST = (
    "amber", "birch", "cobalt", "dapper", "ember", "fennel", "gentle", "hollow", "indigo",
    "jolly", "kindled", "lunar", "mellow", "nimble", "ochre", "pebble", "quiet", "russet",
    "silver", "tidal", "umber", "velvet", "willow", "yonder", "zephyr",
)  # fmt: skip
_SECOND = (
    "anchor", "beacon", "cellar", "delta", "engine", "ferry", "garden", "harbour", "island",
    "kettle", "lantern", "meadow", "needle", "orchard", "paddle", "quarry", "ribbon", "saddle",
    "timber", "valley", "wagon", "yarrow",
)  # fmt: skip
_MARKERS = (
    '; python_version < "3.9"', '; sys_platform == "win32"', '; extra == "test"',
    '; extra == "docs"', '; python_version >= "3.8" and extra == "fast"',
    '; platform_python_implementation == "CPython"',
)  # fmt: skip
_LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0", "ISC")
_TOGETHER = 8
"""So many modules lie in one folder, give or take."""
FAMILY = 5
"""So many packages in a row require none but each other: an environment has all of them or none,
so that nothing is missing, as in most environments of a disk."""
_SENTENCE = "It keeps what it was given in the order in which it was given, and says so.\n"


def made_up_name(number: int) -> str:
    """Return a name of two words (and a number beyond the first 500 or so), each different."""
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[number // len(_FIRST) % len(_SECOND)]
    turn = number // (len(_FIRST) * len(_SECOND))
    return f"{first}-{second}" + (f"-{turn}" if turn else "")


@dataclass(frozen=True)
class Package:
    """One release of a made-up distribution."""

    name: str
    version: str
    metadata: bytes
    sources: tuple[tuple[str, int], ...]
    """Path below site-packages, and length in bytes."""
    scripts: tuple[str, ...]
    origin: bytes | None
    """`direct_url.json`."""
    licence_file: bool

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    @property
    def info(self) -> str:
        """Name of the dist-info folder."""
        return f"{self.module}-{self.version}.dist-info"

    def entry_points(self) -> bytes:
        lines = [f"{script} = {self.module}.cli:main" for script in self.scripts]
        return ("[console_scripts]\n" + "\n".join(lines) + "\n").encode()

    def record(self, tag: str | None, small: dict[str, bytes]) -> bytes:
        """Return RECORD: the modules, with their byte code of a cache tag if the installer
        compiles (pip does, uv does not), and the `small` files of the dist-info folder."""
        lines = []
        for path, size in self.sources:
            lines.append(f"{path},{_digest(path)},{size}")
            if tag is not None:
                lines.append(f"{compiled(path, tag)},,")
        lines += [f"{self.info}/{name},{_digest(name)},{len(data)}" for name, data in small.items()]
        lines += [f"{self.info}/METADATA,{_digest('METADATA')},{len(self.metadata)}"]
        lines += [f"../../../bin/{script},{_digest(script)},220" for script in self.scripts]
        return ("\n".join(lines) + f"\n{self.info}/RECORD,,\n").encode()


def compiled(path: str, tag: str) -> str:
    """Return where the byte code of a module goes (PEP 3147)."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def make_packages(count: int, seed: int, *, modules: tuple[int, int]) -> list[Package]:
    """Return that many releases; `modules` is how few and how many modules each has."""
    random_ = random.Random(seed)
    return [_package(number, random_, modules) for number in range(count)]


def _package(number: int, random_: random.Random, modules: tuple[int, int]) -> Package:
    name = made_up_name(number)
    version = f"{2 + random_.randrange(6)}.{random_.randrange(30)}.{random_.randrange(12)}"
    module = name.replace("-", "_")
    names = ["__init__", "cli", *(f"part{index}" for index in range(random_.randint(*modules)))]
    paths = [f"{module}/{item}.py" for item in names[:_TOGETHER]]
    for index, item in enumerate(names[_TOGETHER:]):
        area = f"{module}/area{index // _TOGETHER}"
        paths += [f"{area}/__init__.py"] if index % _TOGETHER == 0 else []
        paths.append(f"{area}/{item}.py")
    sources = [(path, random_.randrange(80, 40_000)) for path in paths]
    origin = None
    if number % 40 == 7:
        origin = (
            b'{"url": "https://git.example/%s.git", "vcs_info": {"vcs": "git", ' % name.encode()
        )
        origin += b'"commit_id": "%s"}}' % hashlib.sha256(name.encode()).hexdigest()[:40].encode()
    return Package(
        name,
        version,
        _metadata(name, version, number, random_),
        tuple(sources),
        (name, f"{name}-admin")[: number % 5 - 2] if number % 5 > 2 else (),
        origin,
        licence_file=number % 5 < 2,
    )


def _metadata(name: str, version: str, number: int, random_: random.Random) -> bytes:
    licence = _LICENCES[number % len(_LICENCES)]
    head = [
        f"Metadata-Version: {'2.4' if number % 3 else '2.1'}",
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: Keeps the {name.replace('-', ' ')} in order",
        f"Home-page: https://{name}.example",
        "Author: Ada Example",
        "Author-email: Ada Example <ada@example.org>",
        f"License-Expression: {licence}" if number % 3 else f"License: {licence}",
        f"Project-URL: Documentation, https://docs.{name}.example",
        f"Project-URL: Source, https://git.example/{name}",
        "Keywords: order,keeping,made-up",
        "Classifier: Development Status :: 5 - Production/Stable",
        *(f"Classifier: Programming Language :: Python :: 3.{minor}" for minor in range(8, 14)),
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown",
    ]
    for _ in range(random_.randrange(9)):
        other = made_up_name(random_.randrange(number - number % FAMILY, number + 1))
        marker = random_.choice(_MARKERS) if random_.random() < 0.5 else ""
        head.append(f"Requires-Dist: {other}{random_.choice(('', '>=1.2', '<9,>=0.4'))}{marker}")
    head += [f"Provides-Extra: {extra}" for extra in ("test", "docs", "fast")[: number % 4]]
    body = f"# {name}\n\n" + _SENTENCE * random_.randrange(10, 120)
    return ("\n".join(head) + "\n\n" + body).encode()


@cache
def _digest(text: str) -> str:
    digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + digest.decode().rstrip("=")
