"""Where a scan looks."""

from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.host import Host
from envdeck.core.paths import outermost


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a scan looks."""

    roots: tuple[str, ...] = ()
    """With roots given, only what lies under them; without, the configured ones and every
    known place."""
    sizes: bool = True
    """Whether environments are measured once they are all found."""
    cross_devices: bool = False
    exclude: tuple[str, ...] = ()
    """Folder names, absolute paths, or patterns (`fnmatch`) of either, not to look into."""
    usual_roots: tuple[str, ...] = ()
    """What is walked when no roots are given; none means the home folder."""
    fresh: bool = False
    """Whether everything is read and measured anew, whatever is remembered of it."""
    interpreters: bool = True
    """Whether the interpreters that environments rest on are looked for too."""

    def walked(self, host: Host) -> tuple[str, ...]:
        """Return the real paths of the folders to walk, none of them below another."""
        roots = self.roots or self.usual_roots or (host.home,)
        return outermost(tuple(reach.realpath(host.expand(root)) for root in roots))

    def limits(self, host: Host) -> tuple[str, ...] | None:
        """Return the folders that results must lie under; None where there is no limit."""
        return self.walked(host) if self.roots else None
