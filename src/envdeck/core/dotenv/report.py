"""The dotenv files of one project: read, compared and checked."""

from envdeck.core.dotenv.checks import CheckContext, examine
from envdeck.core.dotenv.files import compare, find_files, read_document
from envdeck.core.dotenv.model import DotenvReport, git_states
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.system.host import Host


def read_dotenv(
    project: str, host: Host, *, environment: str | None = None, git: bool = True
) -> DotenvReport:
    """Read the dotenv files of a project, and strays in its environment.

    With `git` False the state in git is not checked. An unreadable file has a `problem`; a missing
    project has no files.
    """
    found = find_files(project, environment)
    documents = tuple(read_document(one, posix=not host.windows) for one in found)
    if git and documents:
        states = git_states([one.file.path for one in documents], host)
        documents = tuple(
            replace(one, file=replace(one.file, git=states[one.file.path])) for one in documents
        )
    files = tuple(one.file for one in documents)
    compared = compare(files)
    findings = examine(CheckContext(project, documents, compared))
    return DotenvReport(project, files, compared, findings)
