"""Reading packages everywhere against `importlib.metadata` doing the same.

`importlib.metadata` is the standard library's reader, and what most tools use. Two rows: what each
distribution says of itself (name, version, summary, licence, requirements, installer, whether it
was asked for, origin, entry points), field by field the same on both sides; and all of it, to
which come sizes (RECORD) and each requirement's marker evaluated for the interpreter of its
environment, by `packaging` on the peer's side. A third row informs: all of ours against the bare
fields of the peer.
"""

import json
from collections.abc import Iterator
from importlib import metadata

from packaging.markers import default_environment
from packaging.requirements import Requirement

from benchmarks.harness import Outcome, paired, ratio
from benchmarks.setting import Setting, environments_of
from envdeck.core.inspection.packages.distributions import read_distributions, read_heads
from envdeck.core.model import Environment


def measure(setting: Setting) -> list[Outcome]:
    environments = environments_of(setting.home)
    rounds = 3

    def heads() -> int:
        return sum(len(read_heads(environment)) for environment in environments)

    def whole() -> int:
        return sum(len(read_distributions(environment)) for environment in environments)

    def fields() -> int:
        return sum(1 for environment in environments for _ in _fields(environment))

    def everything() -> int:
        return sum(1 for environment in environments for _ in _everything(environment))

    count = whole()
    if not count == heads() == fields():
        raise SystemExit(f"error: {count} distributions here, {fields()} there")
    own, peer = paired(heads, fields, rounds, warm=0)
    all_own, all_peer = paired(whole, everything, rounds, warm=0)
    bare = ratio("(all of ours against the peer's fields)", all_own, peer, 1 / 5, "it")
    row = ratio("distributions against `importlib.metadata`, fields", own, peer, 1 / 5, "it")
    return [
        Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {count:,} read"),
        ratio("the same with sizes and requirements", all_own, all_peer, 1 / 5, "it"),
        Outcome(bare.what, bare.measured, "", None, bare.detail),
    ]


def _fields(environment: Environment) -> Iterator[tuple[metadata.Distribution, object]]:
    for found in metadata.distributions(path=list(environment.site_packages)):
        headers = found.metadata
        origin = found.read_text("direct_url.json")
        yield (
            found,
            (
                headers["Name"],
                headers["Version"],
                headers.get("Summary"),
                headers.get("License-Expression") or headers.get("License"),
                headers.get_all("Classifier"),
                headers.get("Requires-Python"),
                found.requires,
                found.read_text("INSTALLER"),
                found.read_text("REQUESTED") is not None,
                json.loads(origin) if origin else None,
                [point for point in found.entry_points if point.group.endswith("_scripts")],
            ),
        )


def _everything(environment: Environment) -> Iterator[object]:
    here = dict(default_environment(), python_full_version=environment.python.version or "")
    here["python_version"] = ".".join(here["python_full_version"].split(".")[:2])
    for found, fields in _fields(environment):
        needed = [Requirement(line) for line in found.requires or ()]
        yield (
            fields,
            sum(file.size or 0 for file in found.files or ()),
            [need for need in needed if not need.marker or need.marker.evaluate(here)],
        )
