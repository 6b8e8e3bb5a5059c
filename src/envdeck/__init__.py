"""EnvDeck: one terminal screen over every Python environment on this machine."""

__version__ = "0.1.0"
