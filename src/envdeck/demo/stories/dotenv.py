"""A project whose `.env` is in all the trouble that one can be in."""

import os
import random
import string

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "mailroom")
    token = _made_up("sk_live_", 32)
    workshop.write(
        project,
        {
            "requirements.txt": "courier-http>=0.27\nlanternweb>=2.3,<3\ntidyargs\n",
            "mailroom.py": '"""Sorts the mail."""\n',
            ".env.example": f"""
                # Copy to .env and fill in.
                MAIL_HOST=localhost
                MAIL_PORT=2525
                MAIL_USER=
                MAIL_PASSWORD=changeme
                PAYMENT_TOKEN={token}
                LOG_LEVEL=info
                """,
            ".env": f"""
                MAIL_HOST=mail.example.com
                MAIL_PORT=2525
                MAIL_USER=ada
                MAIL_PORT=587
                MAIL_PASSWORD={_made_up("", 20)}
                OLD_QUEUE = heron
                PAYMENT_TOKEN={_made_up("sk_live_", 32)}
                """,
        },
    )
    os.chmod(os.path.join(project, ".env"), 0o644)
    workshop.repository(project)
    environment = workshop.environment(
        os.path.join(project, ".venv"),
        "courier-http==0.27.0",
        "lanternweb==2.3.1",
        "tidyargs==8.1.7",
        made=220,
        used=4,
    )
    workshop.write(environment, {".env": "MAIL_HOST=localhost\nMAIL_USER=test\n"})
    return Planted("dotenv", project, environment)


def _made_up(prefix: str, length: int) -> str:
    """Return what looks like a secret, and is none: no service has ever given it out."""
    chance = random.Random(f"{prefix}{length}")  # noqa: S311
    return prefix + "".join(chance.choices(string.ascii_letters + string.digits, k=length))


DOTENV = Story(
    "dotenv",
    "a `.env` that is in git, that others may read, with a key twice and one missing, another "
    "in the environment, and a secret in the example",
    _plant,
)
