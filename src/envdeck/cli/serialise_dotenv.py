"""The JSON contract of dotenv files: keys are only ever added, and no value is in it."""

from typing import TYPE_CHECKING

from envdeck.cli.serialise import SCHEMA, Object

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvFile, DotenvReport


def dotenv_object(report: "DotenvReport") -> Object:
    """Return what `dotenv --json` says."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "files": [_file_object(file) for file in report.files],
        "compared": [
            {
                "file": pair.file,
                "example": pair.example,
                "missing": list(pair.missing),
                "extra": list(pair.extra),
            }
            for pair in report.compared
        ],
        "findings": [
            {
                "check": finding.check,
                "severity": finding.severity.value,
                "message": finding.message,
                "remedy": finding.remedy,
                "file": finding.file,
                "line": finding.line,
            }
            for finding in report.findings
        ],
    }


def _file_object(file: "DotenvFile") -> Object:
    return {
        "path": file.path,
        "kind": file.kind.value,
        "mode": None if file.mode is None else f"{file.mode:04o}",
        "bytes": file.bytes,
        "encoding": file.encoding,
        "link": file.link,
        "problem": file.problem or None,
        "git": {
            "tracked": file.git.tracked,
            "ignored": file.git.ignored,
            "committed": file.git.committed,
            "problem": file.git.problem or None,
        },
        "keys": [
            {
                "name": key.name,
                "line": key.line,
                "has_value": key.has_value,
                "placeholder": key.placeholder,
                "exported": key.exported,
            }
            for key in file.keys
        ],
    }
