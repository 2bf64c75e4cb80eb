"""What the farmer may set; the only place that reads the environment and files of settings."""

from plotobot.settings._load import find_settings, load_settings
from plotobot.settings._model import Members, SettingsFile
from plotobot.settings._settings import Settings, limits_of

__all__ = [
    "Members",
    "Settings",
    "SettingsFile",
    "find_settings",
    "limits_of",
    "load_settings",
]
