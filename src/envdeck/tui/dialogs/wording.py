"""Words that dialogs and the views of what was done share."""

from envdeck.core.dotenv.model import Remedy, RemedyKind
from envdeck.text import plain
from envdeck.tui.panes.words import place
from envdeck.tui.widgets.look import Look


def capital(text: str) -> str:
    """Return a sentence as it begins; a path, a file's name or a key keeps its letters."""
    first = text.partition(" ")[0].rstrip(".,:;")
    if any(sign in first for sign in "/\\._="):
        return text
    return text[:1].upper() + text[1:]


def remedy_title(remedy: Remedy, look: Look) -> str:
    """Return the title of the plan."""
    file = place(remedy.file, None, remedy.project, look)
    match remedy.kind:
        case RemedyKind.CREATE:
            return f"Create {file} from {place(remedy.example, None, remedy.project, look)}"
        case RemedyKind.ADD if len(remedy.keys) == 1:
            return f"Add {plain(remedy.keys[0])} to {file}"
        case RemedyKind.ADD:
            return f"Add {len(remedy.keys):,} keys to {file}"
        case RemedyKind.IGNORE:
            return f"Have git ignore {file}"
        case RemedyKind.PRIVATE:
            return f"Let nobody else read {file}"
