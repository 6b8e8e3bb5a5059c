"""The words for what a dotenv file is, who can read it, and what git knows of it."""

from collections.abc import Iterator

from envdeck.core.dotenv.model import DotenvFile, FileKind, GitState, Key, Remedy, RemedyKind
from envdeck.text import plain, size
from envdeck.tui.panes.words import place
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look

KINDS = {
    FileKind.ENV: "",
    FileKind.EXAMPLE: "example",
    FileKind.STRAY: "inside the environment: it goes with it",
}
_ENCODINGS = {"utf-8": "", "utf-8-sig": "begins with a BOM", "latin-1": "latin-1, not UTF-8"}
_NEWLINES = {"\n": "", "\r\n": "CRLF line ends", "\r": "CR line ends"}


def mask(look: Look) -> str:
    """Return what stands for a value: as long for every one."""
    return "••••" if look.unicode else "****"


def facts(file: DotenvFile, look: Look) -> Iterator[Line]:
    """Yield what is told of a file as a whole, what matters most first."""
    yield from (_git(file.git, file.kind, look))
    mode = _mode(file)
    if mode is not None:
        yield (mode,)
    for said in (
        _ENCODINGS.get(file.encoding, plain(file.encoding)),
        _NEWLINES.get(file.newline, "unusual line ends"),
    ):
        if said:
            yield (Part(said, Tone.WARNING),)
    if file.bytes is not None:
        yield (Part(size(file.bytes), Tone.MUTED),)


def _mode(file: DotenvFile) -> Part | None:
    """Return who can read it; of an example, which is for everybody, only who can write it."""
    mode = file.mode
    if mode is None:
        return None
    octal = f"({mode & 0o7777:04o})"
    if mode & 0o002:
        return Part(f"everybody can write it {octal}", Tone.WARNING)
    if file.kind is FileKind.EXAMPLE:
        return None
    if mode & 0o004:
        return Part(f"everybody can read it {octal}", Tone.WARNING)
    if mode & 0o020:
        return Part(f"its group can write it {octal}", Tone.WARNING)
    if mode & 0o040:
        return Part(f"its group can read it {octal}", Tone.WARNING)
    return Part("only you can read it", Tone.MUTED)


def _git(git: GitState, kind: FileKind, look: Look) -> Iterator[Line]:
    if git == GitState():
        return
    secret = kind is not FileKind.EXAMPLE
    told = False
    if git.tracked:
        told = True
        yield (Part("in git", Tone.ERROR if secret else Tone.MUTED),)
    elif git.ignored:
        told = True
        yield (Part("ignored by git", Tone.MUTED),)
    elif git.ignored is False and git.tracked is False:
        told = True
        yield (Part("not ignored by git", Tone.WARNING if secret else Tone.MUTED),)
    if git.committed and not git.tracked:
        told = True
        yield (Part("was committed before", Tone.WARNING if secret else Tone.MUTED),)
    if git.problem:
        why = look.sentence(git.problem)
        yield (Part(f"git not {'all ' if told else ''}checked: {why}", Tone.WARNING),)


def value_word(key: Key, kind: FileKind, look: Look) -> tuple[str, Tone]:
    """Return what stands where the value would; in an example a placeholder is as it should be."""
    if not key.has_value:
        return "empty", Tone.MUTED
    if key.placeholder:
        return "placeholder", Tone.MUTED if kind is FileKind.EXAMPLE else Tone.WARNING
    return mask(look), Tone.MUTED


def remedy_words(remedy: Remedy, look: Look) -> str:
    """Return what a remedy does, for a sentence that begins with the key."""
    file = place(remedy.file, None, remedy.project, look)
    match remedy.kind:
        case RemedyKind.CREATE:
            return f"creates {file} from {place(remedy.example, None, remedy.project, look)}"
        case RemedyKind.ADD if len(remedy.keys) == 1:
            return f"adds {plain(remedy.keys[0])} to {file}"
        case RemedyKind.ADD:
            return f"adds {len(remedy.keys):,} keys to {file}"
        case RemedyKind.IGNORE:
            return f"has git ignore {file}"
        case RemedyKind.PRIVATE:
            return f"lets nobody else read {file}"
