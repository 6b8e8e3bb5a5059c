"""Asking which project is walked through: a folder, typed with the folders that are there."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.files import reason_of
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import LineList, ListMessage
from envdeck.tui.workers.latest import IsDropped, Latest

_PAUSE = 0.15
"""Seconds in which nothing is typed before the folders are read."""
_READ = 5_000
"""Entries of a folder that are looked at."""
_SHOWN = 200
"""Folders that are offered."""
_MARKS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "environment.yml",
    "uv.lock",
    "manage.py",
)
"""Files of which one makes a folder a Python project."""


class Folder(NamedTuple):
    """A folder that what is typed may mean."""

    path: str
    project: bool
    """Whether it looks like a Python project."""


def folders_like(typed: str) -> tuple[Folder, ...]:
    """Return the folders that begin as an absolute path does; those in it where it ends in a
    separator. Hidden ones are offered only where a dot was typed. Raises :class:`OSError`."""
    above, name = os.path.split(typed)
    found: list[str] = []
    with reach.scandir(above or os.sep) as entries:
        for number, entry in enumerate(entries):
            if number >= _READ:
                break
            if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
                found.append(entry.path)
    folders = []
    for path in sorted(found):
        if reach.isdir(path):
            is_project = any(reach.lexists(os.path.join(path, mark)) for mark in _MARKS)
            folders.append(Folder(path, is_project))
        if len(folders) == _SHOWN:
            break
    return tuple(folders)


def expand_home(text: str, home: str) -> str:
    """Return a path that was typed, with the home folder where `~` stands for it."""
    return home + text[1:] if text == "~" or text.startswith("~/") else text


class FolderList(LineList[Folder]):
    """The folders that what is typed may mean."""

    def __init__(self, look: Display) -> None:
        super().__init__(classes="folders")
        self._look = look

    def key_of(self, row: Folder) -> object:
        """A folder is named by its path."""
        return row.path

    def draw_row(self, row: Folder, cells: int) -> Line:
        """One folder."""
        note = "  project" if row.project else ""
        path = self._look.short_path(row.path, max(cells - len(note) - 3, 8))
        return Part(" "), Part(path), Part(note, Tone.GOOD)

    def action_mark(self) -> None:
        """Choose the folder under the cursor: put it into the field."""
        if self.current is not None:
            self.post_message(self.Taken(self, self.current))

    def action_open(self) -> None:
        """Go on with the folder under the cursor; without one, with what is typed."""
        if self.current is None and isinstance(self.screen, Dialog):
            self.screen.action_go_on()
        else:
            super().action_open()

    @dataclass
    class Taken(ListMessage):
        """A folder was chosen to be gone on with later."""

        folder: Folder


class ProjectDialog(Dialog[str]):
    """A field for a folder, and below it those that are there; ends with the folder's path."""

    DEFAULT_CSS = """
    ProjectDialog .asking { height: 1fr; }
    ProjectDialog .folders { height: 1fr; margin-top: 1; }
    ProjectDialog.-low .folders { margin-top: 0; }
    ProjectDialog .dialog-said { display: none; }
    ProjectDialog.-saying .dialog-said { display: block; }
    ProjectDialog Input {
        height: 1; border: none; padding: 0 1 !important; background: $boost;
        &:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the keys are its own, whatever keys the actions were given.
        Binding("escape", "back", show=False),
        Binding("down", "to_list", show=False),
        Binding("tab", "complete", show=False),
    ]
    AUTO_FOCUS = "Input"

    def __init__(self, folder: str, look: Display) -> None:
        """Propose a folder, by its absolute path."""
        super().__init__(look)
        self._given = folder
        self._shown = look.path(folder)
        self.field = Input(self._shown, placeholder="project folder", compact=True)
        self.field.cursor_blink = False
        self.folders = FolderList(look)
        self._latest: Latest[tuple[Sequence[Folder], str]] = Latest(self, self._offer)
        self._check: Latest[tuple[str, bool]] = Latest(self, self._end)
        self._asked = ""
        self._read_of: str | None = None
        self._complete_when_read = False

    def body(self) -> Widget:
        """The field, the folders."""
        return Vertical(self.field, self.folders, classes="asking")

    def buttons(self) -> Iterable[Button]:
        """To cancel, and to go on."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(" Set up "),), id=self.CONFIRM)

    def on_mount(self) -> None:
        """Read what is in the folder that was proposed."""
        self.title_label.show((Part("Project setup", Tone.STRONG),))
        self._read()

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of the field, and of the folders."""
        if typing:
            return {"open": "set up", "next_pane": "complete", "back": "cancel"}
        hints = {"mark": "choose", "open": "set up", "previous_pane": "edit path"}
        return {**hints, "back": "cancel"}

    # the folders

    def _typed(self) -> str:
        """Return what is typed as an absolute path, a separator at its end kept: `~` is home;
        the folder that was proposed as it was, since a name that is no text cannot be typed."""
        text = self.field.value.strip()
        if text == self._shown:
            return self._given
        if self._shown and text.startswith(f"{self._shown}/"):
            return self._given + text[len(self._shown) :]
        path = os.path.abspath(expand_home(text, self.look.home) or ".")
        return path + os.sep if text.endswith(os.sep) and path != os.sep else path

    def _read(self, pause: float = 0) -> None:
        typed = self._asked = self._typed()

        def work(_stopped: IsDropped) -> tuple[Sequence[Folder], str]:
            try:
                return folders_like(typed), ""
            except OSError as error:
                return (), reason_of(error)

        self._latest.request(work, pause=pause)

    def _offer(self, found: tuple[Sequence[Folder], str]) -> None:
        """Offer the folders, or say why there is none."""
        self._read_of = self._asked
        folders, problem = found
        said = problem or "no matching folders"
        self.folders.say_instead((Part(self.look.sentence(said), Tone.MUTED),))
        self.folders.show_rows(folders)
        if self._complete_when_read and isinstance(self.focused, Input):
            self.action_complete()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.say("")
        if self._typed() != self._asked:
            self._complete_when_read = False
            self._read(_PAUSE)

    def action_complete(self) -> None:
        """Complete what is typed as far as one can, once the folders are read that it may mean;
        where that is no further, go on."""
        rows: Sequence[Folder] = self.folders.rows
        typed = self._typed()
        in_field = isinstance(self.focused, Input)
        self._complete_when_read = in_field and self._read_of != typed
        if self._complete_when_read:
            if self._asked != typed or self._latest.is_paused:
                self._read()
            return
        if not in_field or not rows:
            self.focus_next()
            return
        common = os.path.commonprefix([row.path for row in rows])  # noqa: RUF071 - of letters
        if len(rows) == 1 and len(common) >= len(typed):
            self._take(common, ending=os.sep)
        elif len(common) > len(typed):
            self._take(common)
        else:
            self.folders.focus()

    def _take(self, path: str, ending: str = "") -> None:
        """Put a path into the field."""
        self._given, self._shown = path, self.look.path(path)
        self.field.value = self._shown + ending
        self.field.cursor_position = len(self.field.value)
        self._read()

    def action_to_list(self) -> None:
        """From the field to the folders."""
        if isinstance(self.focused, Input) and self.folders.rows:
            self.folders.focus()
        else:
            self.action_move("down")

    @on(LineList.Chosen)
    @on(FolderList.Taken)
    def _chosen(self, event: LineList.Chosen | FolderList.Taken) -> None:
        """Put a folder into the field; by `enter` go on with a project, or on in the field."""
        event.stop()
        folder = event.row if isinstance(event, LineList.Chosen) else event.folder
        if isinstance(folder, Folder):
            self._take(folder.path, ending=os.sep)
            if folder.project and isinstance(event, LineList.Chosen):
                self.action_go_on()
            else:
                self.field.focus()

    # going on

    @on(Input.Submitted)
    def action_go_on(self) -> None:
        """Look whether it is there, beside the screen, and end with it."""
        typed = self._typed()
        path = typed.rstrip(os.sep) or os.sep
        self._check.request(lambda _stopped: (path, os.path.isdir(path)))

    def _end(self, checked: tuple[str, bool]) -> None:
        """End with the folder, or say that it is not there."""
        path, there = checked
        if there:
            self.dismiss(path)
        else:
            self.say(f"cannot open folder {self.look.path(path)}")
