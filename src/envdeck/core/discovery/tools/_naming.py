"""The hash that tools put into the names of environments they keep outside of projects."""

HASH = r"[A-Za-z0-9_-]{8}"
"""Pattern of the eight characters; they may hold the very dash that separates them."""


def encode(path: str) -> bytes:
    """Return a path's bytes: UTF-8, and the raw bytes of a name that is not (PEP 383)."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which Windows allows in a name
        return path.encode("utf-8", "surrogatepass")


def short_hash(data: bytes, algorithm: str = "sha256") -> str:
    """Return the first eight characters of the digest in URL-safe base 64 (RFC 4648)."""
    from base64 import urlsafe_b64encode
    from hashlib import new

    return urlsafe_b64encode(new(algorithm, data, usedforsecurity=False).digest())[:8].decode()
