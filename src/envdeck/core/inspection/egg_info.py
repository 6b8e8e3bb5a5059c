"""What setuptools and distutils wrote before `.dist-info`: egg-info, eggs, and egg-links."""

from collections.abc import Iterator

from envdeck.core.files import decode, decode_path
from envdeck.core.inspection.credentials import mask_text

REQUIRES_LIMIT = 64 * 1024
"""Bytes of a `requires.txt`."""
EGG_LINK_LIMIT = 8 * 1024
"""Bytes; it holds two paths."""


def parse_requires(data: bytes) -> tuple[str, ...]:
    """Return a `requires.txt` as requirements of PEP 508.

    Its sections are `[extra]`, `[extra:marker]` or `[:marker]`, and hold for every line below.
    """
    return tuple(_requirements(decode(data)))


def parse_egg_link(data: bytes) -> str | None:
    """Return the folder an `.egg-link` leads to, its first line, or None when it names none."""
    lines = decode_path(data).splitlines()
    return (lines[0].strip() or None) if lines else None


def _requirements(text: str) -> Iterator[str]:
    condition = ""
    for raw in text.replace("\r", "\n").split("\n"):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line[0] == "[" and line[-1] == "]":
            condition = _condition(line[1:-1])
        else:
            yield mask_text(f"{line} ; {condition}" if condition else line)


def _condition(section: str) -> str:
    extra, _, marker = section.partition(":")
    parts = [f"({marker.strip()})"] if marker.strip() else []
    if extra.strip():
        name = extra.strip().replace('"', "")
        parts.append(f'extra == "{name}"')
    return " and ".join(parts)
