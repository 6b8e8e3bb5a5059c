"""The person's configuration: one TOML file, typed, checked, and explained when it is wrong."""

from envdeck.config.errors import ConfigurationError
from envdeck.config.loading import Configuration, Origin, load, locate
from envdeck.config.settings import COLUMNS, Settings

__all__ = [
    "COLUMNS",
    "Configuration",
    "ConfigurationError",
    "Origin",
    "Settings",
    "load",
    "locate",
]
