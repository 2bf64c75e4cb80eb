"""Changes settings files in place; apart, since a bot that only reads them needs none of it."""

from plotobot.settings._draft import Draft
from plotobot.settings._edit import edit_settings

__all__ = ["Draft", "edit_settings"]
