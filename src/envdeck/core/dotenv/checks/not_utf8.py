"""Whether a file is UTF-8, which its readers expect."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def not_utf8(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning with the line of the first byte that is none."""
    for document in looked.documents:
        file = document.file
        if file.encoding != "latin-1" or file.problem:
            continue
        data = document.text.encode("latin-1")
        line = 1
        try:
            data.decode()
        except UnicodeDecodeError as error:
            before = data[: error.start]
            line += len(before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) - 1
        yield DotenvFinding(
            "not-utf8",
            Severity.WARNING,
            file.path,
            "it is not UTF-8, and was read as Latin-1; python-dotenv refuses the file",
            "save it as UTF-8",
            line,
        )
