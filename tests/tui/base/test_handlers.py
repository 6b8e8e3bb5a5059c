"""Methods that answer messages: each is called by the name of a message that exists."""

import importlib
import inspect
import pkgutil

from textual import events, widgets
from textual.message import Message

import envdeck.tui


def messages(of: type[Message]):
    """Yield all classes that derive from a message class."""
    for each in of.__subclasses__():
        yield each
        yield from messages(each)


def test_every_handler_is_named_by_a_message():
    """A handler with the name of no message is never called, and nothing says so."""
    assert events.Event
    assert widgets.Input  # theirs are loaded when they are asked for
    modules = [
        importlib.import_module(one.name)
        for one in pkgutil.walk_packages(envdeck.tui.__path__, "envdeck.tui.")
    ]
    known = {each.handler_name for each in messages(Message)}
    handlers = {
        f"{owner.__qualname__}.{name}": name
        for module in modules
        for owner in vars(module).values()
        if inspect.isclass(owner) and owner.__module__ == module.__name__
        for name in vars(owner)
        if name.startswith("on_") and callable(getattr(owner, name))
    }
    assert len(handlers) > 50
    assert {where for where, name in handlers.items() if name not in known} == set()
