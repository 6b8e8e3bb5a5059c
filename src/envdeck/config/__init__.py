"""The person's configuration: one TOML file, typed, checked, and explained when it is wrong."""

from envdeck.config.load import (
    COLUMNS,
    Configuration,
    ConfigurationError,
    SettingOrigin,
    Settings,
    load,
    locate,
)

__all__ = [
    "COLUMNS",
    "Configuration",
    "ConfigurationError",
    "SettingOrigin",
    "Settings",
    "load",
    "locate",
]
