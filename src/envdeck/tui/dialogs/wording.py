"""Words that dialogs and the views of what was done share."""


def capital(text: str) -> str:
    """Return a sentence as it begins; a path, a file's name or a key keeps its letters."""
    first = text.partition(" ")[0].rstrip(".,:;")
    if any(sign in first for sign in "/\\._="):
        return text
    return text[:1].upper() + text[1:]
