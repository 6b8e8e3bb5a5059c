"""The person's configuration: one TOML file, typed, checked, and explained when it is wrong."""

from envdeck.config.load import Configuration, SettingOrigin, load, locate
from envdeck.config.settings import COLUMNS, ConfigurationError, Settings

__all__ = [
    "COLUMNS",
    "Configuration",
    "ConfigurationError",
    "SettingOrigin",
    "Settings",
    "load",
    "locate",
]
