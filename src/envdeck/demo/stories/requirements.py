"""A web project with requirements files and a `manage.py`: to be set up from nothing."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_MANAGE = '''
#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shelf.settings")
    execute_from_command_line(sys.argv)
'''


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "bookshelf")
    workshop.write(
        project,
        {
            "requirements.txt": "Django>=5\nquarrydb==4.4.1\n",
            "requirements-dev.txt": "-r requirements.txt\npytest\n",
            "manage.py": _MANAGE,
            "shelf/settings.py": '"""Books, in order."""\n',
            ".env.example": "DEBUG=1\nSECRET_KEY=changeme\n",
        },
    )
    workshop.repository(project, ignored=(".venv/", ".env"))
    return Planted("requirements", project)


REQUIREMENTS = Story("requirements", "requirements files and a `manage.py`", _plant, usual=False)
