"""Dotenv file, secrets out of git."""

import os
import re
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.dotenv import DotenvFile, DotenvFinding, FileKind, GitState, Remedy, RemedyKind
from envdeck.core.dotenv.model import Content
from envdeck.core.dotenv.report import reveal
from envdeck.core.dotenv.secrets import has_secret_name
from envdeck.core.model import NoPlan, Plan, Severity
from envdeck.core.onboarding.model import StepAnswers, StepField, StepState, StepView
from envdeck.core.onboarding.project_state import ProjectFacts
from envdeck.core.onboarding.steps.base import OnboardingStep

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_CONNECTION = re.compile(
    r"(?:database|db|sql|postgres|mongo|redis|cache|broker|amqp|rabbit|celery|smtp|mail|elastic)"
    r".*ur[il]\Z|dsn\Z|connection_?string"
)
"""Keys, in lower case, of addresses in which a password often stands."""
_CREATE, _ADD, _SECRET = "no-env-file", "missing-key", "secret-in-example"
_DOTENV_OPTIONS = {_CREATE: "--create", _ADD: "--add-missing"}


class DotenvStep(OnboardingStep):
    """Compares the names of keys; a value is read for nobody but who is asked for it."""

    name: ClassVar = "dotenv"
    title: ClassVar = ".env file"
    why: ClassVar = "Code that reads a missing setting fails at start or later."

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell which keys are missing, and ask for their values."""
        report = situation.dotenv
        examples = [one for one in report.files if one.kind is FileKind.EXAMPLE]
        if not examples:
            return self.view(StepState.SKIPPED, "no .env example in the project")
        found = [one for one in report.findings if one.check in _DOTENV_OPTIONS and one.fix]
        if found:
            return self._open(situation, found)
        private = [one for one in report.files if one.kind is FileKind.ENV]
        unread = [one for one in (*examples, *private) if one.problem]
        if unread:
            lines = [f"{_short(one.path, situation)}: {one.problem}" for one in unread]
            return self.view(
                StepState.CANNOT,
                f"not checked: {lines[0]}",
                hint="make it a readable regular file",
                details=lines[1:],
            )
        if not report.compared:
            return self.view(StepState.SKIPPED, "no example for .env")
        pair = report.compared[0]
        file = next(one for one in report.files if one.path == pair.file)
        left = _placeholders(file, pair.extra)
        names = _short(pair.file, situation), _short(pair.example, situation)
        message = f"{names[0]} has all keys of {names[1]}"
        if left:
            message += f"; placeholders left: {', '.join(left)}"
        return self.view(StepState.DONE, message)

    def _open(self, situation: ProjectFacts, found: list[DotenvFinding]) -> StepView:
        first, remedy = found[0], found[0].fix
        assert remedy is not None  # noqa: S101  only such were taken
        fields = fields_of(situation, remedy)

        def act(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            given = ((each, answers.values.get(each.name, each.default)) for each in fields)
            as_proposed = first.check == _CREATE  # the new file has those from the example itself
            values = {
                each.name: value
                for each, value in given
                if value and not (as_proposed and value == each.default)
            }
            return operations.plan_remedy(remedy, values)

        message = first.message
        if first.check == _ADD:
            message = f"{_short(remedy.file, situation)}: {message}"
        details = [f"{_short(one.file, situation)}: {one.message}" for one in found[1:]]
        words = [_DOTENV_OPTIONS[first.check]]
        if _short(remedy.file, situation) != ".env":
            words += ["--file", _short(remedy.file, situation)]
        return self.view(
            StepState.OPEN,
            message,
            details=details,
            commands=[("envdeck", "dotenv", situation.folder, *words)],
            safe=all(field.default for field in fields),
            fields=fields,
            act=act,
        )


def fields_of(situation: ProjectFacts, remedy: Remedy) -> tuple[StepField, ...]:
    """Return the keys that a remedy asks values for, with what the example proposes: not where
    it has a placeholder, nor where what it has looks like a real secret. What is typed is hidden
    where there is none to propose, and under a name that may be given a secret instead."""
    report = situation.dotenv
    example = next((one for one in report.files if one.path == remedy.example), None)
    keys = {key.name: key for key in example.keys} if example is not None else {}
    secret = {
        one.line
        for one in report.findings
        if one.check == _SECRET and example is not None and one.file == example.path
    }
    published = example is not None and example.git.tracked is True
    fields = []
    for name in remedy.keys:
        key = keys.get(name)
        usable = key is not None and key.has_value and not key.placeholder
        usable = usable and key is not None and key.line not in secret
        default = reveal(remedy.example, name) if usable else None
        hidden = not default or has_secret_name(name) or bool(_CONNECTION.search(name.lower()))
        fields.append(StepField(name, hidden, default or "", published=published))
    return tuple(fields)


def _placeholders(file: DotenvFile, extra: tuple[str, ...]) -> list[str]:
    return [key.name for key in file.keys if key.placeholder and key.name not in extra]


def _short(path: str, situation: ProjectFacts) -> str:
    return os.path.relpath(path, situation.folder)


_MENDED = ("not-ignored", "readable-by-others")
"""What a keystroke fixes, the one that is done first."""
_BY_HAND = ("tracked-by-git", "ever-committed", "secret-in-example")
_SECRETS_OPTIONS = {RemedyKind.IGNORE: "--ignore", RemedyKind.PRIVATE: "--private"}


class SecretsStep(OnboardingStep):
    """Takes the word of the checks of dotenv files, and says which of them could not be made."""

    name: ClassVar = "secrets"
    title: ClassVar = "Secrets not in git"
    why: ClassVar = "Pushed secrets stay in the history for everyone with access."

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell what is wrong, and what could not be checked."""
        report = situation.dotenv
        files = [one for one in report.files if one.kind is not FileKind.STRAY]
        if not files:
            return self.view(StepState.SKIPPED, "no .env files in the project")
        by_hand = [
            one
            for one in report.findings
            if one.check in _BY_HAND and one.severity is not Severity.NOTE
        ]
        mended = [one for one in report.findings if one.check in _MENDED and one.fix]
        mended.sort(key=lambda one: _MENDED.index(one.check))
        if mended:
            return self._open(situation, mended, by_hand)
        if by_hand:
            return self.view(
                StepState.CANNOT,
                _line(by_hand[0], situation),
                hint=by_hand[0].remedy,
                details=[f"{_line(one, situation)}: {one.remedy}" for one in by_hand[1:]],
            )
        shut = [one for one in files if one.problem]
        unread = [f"{_short(one.path, situation)}: {one.problem}" for one in shut]
        unasked = [one for one in files if one.git.problem]
        if unread or unasked:
            reason = unread[0] if unread else unasked[0].git.problem
            return self.view(
                StepState.CANNOT,
                f"not checked: {reason}",
                hint="make it a readable regular file"
                if unread
                else "install git, or check why it cannot read the repository",
                details=unread[1:],
            )
        return self.view(StepState.DONE, _found(files))

    def _open(
        self, situation: ProjectFacts, mended: list[DotenvFinding], by_hand: list[DotenvFinding]
    ) -> StepView:
        first, remedy = mended[0], mended[0].fix
        assert remedy is not None  # noqa: S101  only such were taken

        def act(operations: "Operations", _: StepAnswers) -> Plan | NoPlan:
            return operations.plan_remedy(remedy)

        command = ("envdeck", "dotenv", situation.folder)
        others = [_line(one, situation) for one in mended[1:]]
        return self.view(
            StepState.OPEN,
            _line(first, situation),
            details=[*others, *(f"{_line(one, situation)}: {one.remedy}" for one in by_hand)],
            commands=[
                (*command, _SECRETS_OPTIONS[remedy.kind], "--file", _short(remedy.file, situation))
            ],
            safe=True,
            act=act,
        )


def _found(files: list[DotenvFile]) -> str:
    """Say what was checked, and no more than that."""
    private = [one for one in files if one.kind is FileKind.ENV]
    tracked = [one for one in private if one.git.tracked]
    if tracked:
        sealed = all(one.content is Content.ENCRYPTED for one in tracked)
        what = (
            "every secret is encrypted or kept elsewhere"
            if sealed
            else ("nothing in it looks like a secret")
        )
        names = ", ".join(dict.fromkeys(os.path.basename(one.path) for one in tracked))
        return f"git tracks {names}, and {what}"
    in_git = [one for one in files if one.git != GitState()]
    seen = "no secrets found in the example" if len(private) < len(files) else ""
    if not private:
        return f"no .env file; {seen}"
    closed = "readable only by its owner"
    if any(one.mode is None for one in private):
        closed = "permissions not checked"
    if not in_git:
        alone = f"; {seen}" if seen else ""
        return f"{closed}{alone}; not in a git repository"
    told = f"ignored by git, never committed, {closed}"
    return f"{told}; {seen}" if seen else told


def _line(finding: DotenvFinding, situation: ProjectFacts) -> str:
    line = f":{finding.line}" if finding.line else ""
    return f"{_short(finding.file, situation)}{line}: {finding.message}"
