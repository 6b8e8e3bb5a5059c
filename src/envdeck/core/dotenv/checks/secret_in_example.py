"""Whether an example, which is there for everybody to see, has a real secret in it."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding, FileKind
from envdeck.core.dotenv.reading import names_a_key
from envdeck.core.dotenv.secrets import looks_secret
from envdeck.core.model import Severity


def secret_in_example(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield an error for each value that looks real; it is not quoted."""
    for document in looked.documents:
        if document.file.kind is not FileKind.EXAMPLE:
            continue
        for one in document.statements:
            if one.name is not None and not names_a_key(one):
                named = "what stands here"
            elif looks_secret(one.name or "", one.value if one.name and one.value else one.text):
                named = f"the value of {one.name}" if one.name else "what stands here"
            else:
                continue
            yield line_finding(
                "secret-in-example",
                Severity.ERROR,
                document,
                one.line,
                f"{named} looks like a real secret",
                "put a placeholder like `changeme` there; if it was real, have it replaced by a "
                "new one where it was given out",
            )
