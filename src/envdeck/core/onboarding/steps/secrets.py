"""Step: what is in dotenv files stays out of git, and out of others' sight."""

import os
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.dotenv import DotenvFile, DotenvFinding, FileKind, GitState, RemedyKind
from envdeck.core.model import NoPlan, Plan
from envdeck.core.onboarding.model import Answers, State, StepView
from envdeck.core.onboarding.situation import Situation
from envdeck.core.onboarding.step import Step

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations

_MENDED = ("not-ignored", "readable-by-others")
"""What a keystroke mends, the one that is done first."""
_BY_HAND = ("tracked-by-git", "ever-committed", "secret-in-example")
_OPTIONS = {RemedyKind.IGNORE: "--ignore", RemedyKind.PRIVATE: "--private"}


class NoSecretsInGit(Step):
    """Takes the word of the checks of dotenv files, and says which of them could not be made."""

    name: ClassVar = "secrets"
    title: ClassVar = "Secrets are not in git"
    why: ClassVar = "What is pushed once is known to everybody who has, or will have, the history."

    def look(self, situation: Situation) -> StepView:
        """Tell what is wrong, and what could not be checked."""
        report = situation.dotenv
        files = [one for one in report.files if one.kind is not FileKind.STRAY]
        if not files:
            return self.view(State.SKIPPED, "the project has no dotenv file")
        by_hand = [one for one in report.findings if one.check in _BY_HAND]
        mended = [one for one in report.findings if one.check in _MENDED and one.mends]
        mended.sort(key=lambda one: _MENDED.index(one.check))
        if mended:
            return self._open(situation, mended, by_hand)
        if by_hand:
            return self.view(
                State.CANNOT,
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
                State.CANNOT,
                f"not checked: {reason}",
                hint="make it a regular text file that you may read"
                if unread
                else "install git, or see why it does not read the repository",
                details=unread[1:],
            )
        return self.view(State.DONE, _found(files))

    def _open(
        self, situation: Situation, mended: list[DotenvFinding], by_hand: list[DotenvFinding]
    ) -> StepView:
        first, remedy = mended[0], mended[0].mends
        assert remedy is not None  # noqa: S101  only such were taken

        def act(operations: "Operations", _: Answers) -> Plan | NoPlan:
            return operations.plan_remedy(remedy)

        command = ("envdeck", "dotenv", situation.folder)
        others = [_line(one, situation) for one in mended[1:]]
        return self.view(
            State.OPEN,
            _line(first, situation),
            details=[*others, *(f"{_line(one, situation)}: {one.remedy}" for one in by_hand)],
            commands=[(*command, _OPTIONS[remedy.kind], "--file", _short(remedy.file, situation))],
            safe=True,
            act=act,
        )


def _found(files: list[DotenvFile]) -> str:
    """Say what was checked, and no more than that."""
    private = [one for one in files if one.kind is FileKind.ENV]
    in_git = [one for one in files if one.git != GitState()]
    seen = "the example has no secret that can be told" if len(private) < len(files) else ""
    if not private:
        return f"there is no file with values, and {seen}"
    closed = "only its owner can read it"
    if any(one.mode is None for one in private):
        closed = "who else can read it is not checked"
    if not in_git:
        alone = f", and {seen}" if seen else ""
        return f"{closed}{alone}; it is in no git repository"
    told = f"git ignores it, no commit has it, and {closed}"
    return f"{told}; {seen}" if seen else told


def _line(finding: DotenvFinding, situation: Situation) -> str:
    line = f":{finding.line}" if finding.line else ""
    return f"{_short(finding.file, situation)}{line}: {finding.message}"


def _short(path: str, situation: Situation) -> str:
    return os.path.relpath(path, situation.folder)
