"""The nouns. Values only: frozen, comparable, and free of any look at the disk.

Paths are `str`, absolute, and decoded with surrogate escapes (PEP 383), so that a name that is
not UTF-8 survives the way to the disk and back. They are hostile text until
:func:`envdeck.text.plain` has seen them.
"""

from envdeck.core.model.distribution import Distribution, Script
from envdeck.core.model.doubt import UNPROVED, Choices, Doubt, PackageChoice
from envdeck.core.model.edits import EditedFile, Edits
from envdeck.core.model.environment import (
    Creation,
    Environment,
    Identity,
    LastUsed,
    Python,
    Status,
)
from envdeck.core.model.events import (
    Event,
    Finished,
    Found,
    FoundInterpreter,
    Notice,
    Progress,
    Sized,
    Unreadable,
)
from envdeck.core.model.finding import Finding, Severity
from envdeck.core.model.interpreter import GlobalPackages, Interpreter
from envdeck.core.model.plan import Fact, NoPlan, Operation, Plan, Refusal, Step, Target
from envdeck.core.model.project import ProjectLink, ProjectState
from envdeck.core.model.running import (
    CommandEnded,
    CommandStarted,
    Ending,
    ItemResult,
    OperationEvent,
    OutputLine,
    Result,
    StepProgress,
    StepStarted,
)
from envdeck.core.model.size import JointSize, SharedFiles, Size

__all__ = [
    "UNPROVED",
    "Choices",
    "CommandEnded",
    "CommandStarted",
    "Creation",
    "Distribution",
    "Doubt",
    "EditedFile",
    "Edits",
    "Ending",
    "Environment",
    "Event",
    "Fact",
    "Finding",
    "Finished",
    "Found",
    "FoundInterpreter",
    "GlobalPackages",
    "Identity",
    "Interpreter",
    "ItemResult",
    "JointSize",
    "LastUsed",
    "NoPlan",
    "Notice",
    "Operation",
    "OperationEvent",
    "OutputLine",
    "PackageChoice",
    "Plan",
    "Progress",
    "ProjectLink",
    "ProjectState",
    "Python",
    "Refusal",
    "Result",
    "Script",
    "Severity",
    "SharedFiles",
    "Size",
    "Sized",
    "Status",
    "Step",
    "StepProgress",
    "StepStarted",
    "Target",
    "Unreadable",
]
