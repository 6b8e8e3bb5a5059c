"""The stories of the demo, one a file."""

from envdeck.demo.stories import (
    clone,
    command,
    dotenv,
    drifted,
    end_of_life,
    groups,
    healthy,
    moved,
    orphan,
    poetry,
    requirements,
    shared,
    unreachable_base,
    unused,
)
from envdeck.demo.story import Story

STORIES: tuple[Story, ...] = (
    clone.STORY,
    healthy.STORY,
    drifted.STORY,
    dotenv.STORY,
    shared.STORY,
    unreachable_base.STORY,
    moved.STORY,
    end_of_life.STORY,
    unused.STORY,
    orphan.STORY,
    command.STORY,
    groups.STORY,
    requirements.STORY,
    poetry.STORY,
)
