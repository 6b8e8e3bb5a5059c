"""Which dependency groups and extras of a project are installed, as a person chose them."""

from collections.abc import Sequence
from dataclasses import dataclass

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project import Lock, Manifest, read_declared, read_locks


@dataclass(frozen=True, slots=True)
class Parts:
    """Groups and extras, normalised; None: those that the project's own tool installs."""

    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None

    @classmethod
    def of(cls, groups: Sequence[str] | None, extras: Sequence[str] | None) -> "Parts":
        """Return them as the readers of manifests and locks name them."""
        return cls(
            None if groups is None else tuple(map(normalise, groups)),
            None if extras is None else tuple(map(normalise, extras)),
        )

    def unknown(self, project: str | None, file: str | None = None) -> str:
        """Say which of them the project does not have; empty where it has them all.

        Whoever misspells a group would else get an environment without it, and no word.
        """
        if not self.groups and not self.extras:
            return ""
        if project is None or file is not None:
            return "groups and extras are those of a project, and there is none to choose from"
        said: tuple[Manifest | Lock, ...] = (*read_declared(project), *read_locks(project))
        for asked, known, what in (
            (self.groups, {name for one in said for name in one.groups}, "group"),
            (self.extras, {name for one in said for name in one.extras}, "extra"),
        ):
            names = {normalise(name) for name in known}
            for name in asked or ():
                if name not in names:
                    has = f"; it has {', '.join(sorted(names))}" if names else ""
                    return f"the project has no {what} `{name}`{has}"
        return ""


DEFAULTS = Parts()
"""What the project's own tool installs without being asked."""
