"""An edit as a value: what is written is sealed in it, and shown by nothing."""

from dataclasses import dataclass, field

from envdeck.core.dotenv import Remedy
from envdeck.core.model import Plan


class Sealed:
    """Bytes with values in them: no `repr`, no `asdict` and no pickle of a plan shows them."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self) -> bytes:
        """Return them, for the file alone."""
        return self._data

    def __repr__(self) -> str:
        return "Sealed()"

    def __reduce__(self) -> str:
        raise TypeError("what is sealed is not copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPlan(Plan):
    """One file that another takes the place of, or that is made."""

    remedy: Remedy
    named: str
    """The path by which the file was asked for: a link, perhaps, to the one that is edited."""
    content: Sealed = field(repr=False, compare=False)
    """What it is to hold."""
    before: Sealed | None = field(repr=False, compare=False)
    """What it held when it was shown; None where there was none."""
    mode: int | None
    """Its permission bits; None leaves them as they are, or to the umask where it is made."""
    done: str
    """What is said when it is done."""
    verified: tuple[str, ...] = ()
