"""All of it about one project: its dotenv files, their comparison, and what is wrong."""

from dataclasses import replace

from envdeck.core.dotenv.checks import CheckContext, examine
from envdeck.core.dotenv.files import compare, find_files, read_document
from envdeck.core.dotenv.model import DotenvReport, git_states
from envdeck.core.system.host import Host


def read_dotenv(
    project: str, host: Host, *, environment: str | None = None, git: bool = True
) -> DotenvReport:
    """Read the dotenv files of a project, and one that strayed into its environment.

    With `git` False nothing is asked of git, and what it knows is "not checked". What cannot be
    read is a file with its `problem`; a project that is not there has no files.
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
