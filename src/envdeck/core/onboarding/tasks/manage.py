"""`manage.py`: Django's own tests and checks."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, FoundTask

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation


def manage_commands(situation: "Situation") -> Iterator[FoundTask]:
    """Yield `manage.py test` and `check`, where `manage.py` is Django's."""
    data = read_bounded(os.path.join(situation.folder, "manage.py"), LIMIT)
    if isinstance(data, Unread) or "django" not in decode(data):
        return
    python = situation.python
    for name in ("test", "check"):
        words = f"python manage.py {name}"
        argv = (python, "manage.py", name) if python is not None else ()
        yield FoundTask(words, argv, name == "test", "" if python is not None else "python")
