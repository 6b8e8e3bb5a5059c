"""Credentials in URLs never leave the core: they are masked where the URL is read."""

import re

MASK = "****"

_PLACEHOLDER = re.compile(r"\$\{[A-Za-z0-9_-]+\}(?::\$\{[A-Za-z0-9_-]+\})?\Z")
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]*://\S+")
_AUTHORITY = re.compile(r"[^/?#]*")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::\d*)?\Z")
_HARMLESS = {"egg", "subdirectory", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


def mask_url(url: str) -> str:
    """Return a URL without its secrets, still telling where it leads.

    The user part becomes `****`, except `git`, which is a name and no secret, and environment
    variables in place of one (both by PEP 610). Values in the query are masked, since signed
    links and tokens stand there; in the fragment, those that pip gives no meaning to.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    user, at, place = _split_user(rest)
    if at and user != "git" and not _PLACEHOLDER.match(user):
        user = MASK
    place, hash_sign, fragment = place.partition("#")
    place, question_mark, query = place.partition("?")
    query = _mask_values(query, set())
    fragment = _mask_values(fragment, _HARMLESS)
    return scheme + separator + user + at + place + question_mark + query + hash_sign + fragment


def mask_text(text: str) -> str:
    """Return text (a requirement with a direct reference, say) with the URLs in it masked."""
    if "://" not in text:
        return text
    return _URL.sub(lambda match: mask_url(match[0]), text)


def _split_user(rest: str) -> tuple[str, str, str]:
    match = _AUTHORITY.match(rest)
    authority = match[0] if match else ""
    if "@" not in authority and _HOST.match(authority):
        return "", "", rest
    # What is neither a host nor has an `@` was cut short by a `/`, `?` or `#` that stands
    # unescaped in a password: the user part then ends at the last `@` of all.
    end = authority.rfind("@") if "@" in authority else rest.rfind("@")
    return (rest[:end], "@", rest[end + 1 :]) if end >= 0 else ("", "", rest)


def _mask_values(text: str, harmless: set[str]) -> str:
    return "&".join(_mask_value(part, harmless) for part in text.split("&"))


def _mask_value(part: str, harmless: set[str]) -> str:
    name, equals, value = part.partition("=")
    if not part or name.lower() in harmless:
        return part
    if not equals:
        return MASK
    return f"{name}={MASK}" if value else part
