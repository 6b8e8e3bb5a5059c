"""`OnboardingStep`, and the equivalent CLI command."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.onboarding.model import Act, Option, StepField, StepState, StepView
from envdeck.core.onboarding.project_state import collect_chosen
from envdeck.core.project.model import Project

if TYPE_CHECKING:
    from envdeck.core.onboarding.project_state import ProjectFacts


class OnboardingStep:
    """One thing that a newcomer needs before work can begin; looking at it changes nothing."""

    name: ClassVar[str]
    """Its name in the contract: `environment`."""
    title: ClassVar[str]
    why: ClassVar[str]
    """Why it matters, in one sentence."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Steps that must hold before this one can be done."""
    after: ClassVar[tuple[str, ...]] = ()
    """Steps that come first as long as they can be done; one that cannot holds nothing up."""

    where_due: ClassVar[bool] = False
    """Whether it is left out of the list where it does not apply."""

    def look(self, situation: "ProjectFacts") -> StepView:
        """Return how it stands, by what was read just now."""
        raise NotImplementedError

    def view(
        self,
        state: StepState,
        message: str,
        *,
        hint: str = "",
        details: Sequence[str] = (),
        commands: Sequence[Sequence[str]] = (),
        safe: bool = False,
        options: tuple[Option, ...] = (),
        fields: tuple[StepField, ...] = (),
        act: "Act | None" = None,
    ) -> StepView:
        """Return this step in a state; the words are those of :class:`StepView`."""
        return StepView(
            self.name,
            self.title,
            self.why,
            state,
            message,
            hint=hint,
            details=tuple(details),
            commands=tuple(tuple(command) for command in commands),
            safe=safe,
            options=options,
            fields=fields,
            act=act,
        )


def envdeck_command(
    name: str, path: str, project: Project, options: Iterable[Option]
) -> tuple[str, ...]:
    """Return the command that does the same, with the groups and extras that are chosen."""
    parts = collect_chosen(project, options)
    words = [word for each in parts.groups or () for word in ("--group", each)]
    words += [word for each in parts.extras or () for word in ("--extra", each)]
    words += [] if parts.itself else ["--no-project"]
    return ("envdeck", name, path, *words)
