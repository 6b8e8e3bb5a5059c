"""Making hostile text harmless: what comes from the disk is shown, and never acts."""

import unicodedata

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(text: str) -> str:
    r"""Return text with everything that could act on a terminal written as an escape.

    Controls, line ends, format characters (bidirectional overrides among them), lone
    surrogates and private-use characters become `\x1b`, `\n`, `\u202e`, `\udcff` (one that
    stands for a byte, by PEP 383, becomes that byte: `\xff`). Text that is printable already
    comes back as it is. It says nothing about markup: use `Content`/`Text`, never `str`,
    where a widget would parse it.
    """
    if text.isprintable():
        return text
    return "".join(character if _harmless(character) else _escape(character) for character in text)


def _harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
